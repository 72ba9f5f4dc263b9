//! A red alarm of weeks ago that has no order, under the overseer of a real site: the next level is told, once, and no longer when
//! the order is there.

use super::*;

#[test]
fn an_order_that_is_missing_is_told_to_the_next_level() {
    let _alone = alone();
    let catalogue = programs::root().join("deploy/catalogues/demo");
    let issuer = Issuer::new("missing", accounts());
    // Alarms are raised when their events were.
    let mut site = Site::configured("missing", &catalogue, &format!("{}clock: event_time\n", issuer.config));
    let alarms = alarms(&mut site, &issuer, now().plus_ms(-21 * model::time::MS_PER_DAY));
    let api = Api { site: &site, issuer: &issuer };
    let missing = |alarm: &String| format!("order_missing {alarm}");
    wait_for("the next level is told", PATIENCE, || {
        let (mine, _) = api.todo("shen");
        alarms.iter().all(|alarm| mine.contains(&missing(alarm))).then_some(())
    });
    let red = site.number("SELECT count() FROM xiezhi.alarms WHERE light = 'red' AND state = 'raised'");
    let counted = |number: u64| (site.metric("xiezhi_supervision_late") == number as f64).then_some(());
    wait_for("all of them are counted", PATIENCE, || counted(red));
    for below in ["zhou", "chen", "wang", "qian"] {
        assert_eq!(api.todo(below), nothing(), "{below} is not the next level");
    }
    let body = json!({"alarms": alarms, "opinion": "请查明"});
    let opened = api.post("zhou", "/api/v1/orders", "late", &body);
    assert_eq!(opened.status, 200, "{}", opened.text());
    let (mine, _) = api.todo("shen");
    assert!(!alarms.iter().any(|alarm| mine.contains(&missing(alarm))), "it has its order: {mine:?}");
    wait_for("they are no longer counted", PATIENCE, || counted(red - alarms.len() as u64));
    let trail = api.get("shen", "/api/v1/audit?limit=500").json();
    for alarm in &alarms {
        let told = trail["entries"].as_array().unwrap().iter().filter(|entry| {
            entry["action"] == "escalate" && entry["rule"] == json!(alarm) && entry["outcome"] == "accepted"
        });
        let people: Vec<&str> = told.map(|entry| entry["person"].as_str().unwrap()).collect();
        assert_eq!(people, ["xiezhi:clock"], "told once");
    }
    site.stop();
}
