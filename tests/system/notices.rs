//! Notifications of a real site. Web hooks to a receiver that loses replies, turns away and is cut off, over a kill of the site
//! in the middle: everything is delivered, under one key, to those whom it is for; what a point on trial finds is told to nobody. A real Alertmanager has what stands, groups
//! it, and resolves what is over.

mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::{Value, json};
use system_tests::events::{self, ORG};
use system_tests::site::{Scratch, Site};
use system_tests::{PATIENCE, alone, programs, say, wait_for};

use crate::prometheus::{Server, tool};
use crate::rules::now;
use receiver::{Delivery, GROUPS, Receiver};

const TEST: &str = "notices";
/// Every fault twice.
const CASES: u32 = 14;
/// All alarms; red ones alone; all, but on working days alone.
const RECIPIENTS: [&str; 3] = ["office", "bureau", "resting"];
/// As the configuration has it by default.
const PARTITIONS: i32 = 4;

/// A finding's id and revision.
type Revision = (String, u64);

#[test]
fn notices() {
    let _alone = alone();
    let scratch = Scratch::new("alertmanager");
    let catalogue = with_days_off(&scratch.0);
    let receiver = Receiver::start();
    let alertmanager = tool("alertmanager").map(|program| {
        let route = "receiver: groups, group_by: [org, light], group_wait: 0s, group_interval: 1s, repeat_interval: 1h";
        let hook = format!("[{{url: '{}{GROUPS}', send_resolved: true}}]", receiver.url);
        let config = format!("route: {{{route}}}\nreceivers: [{{name: groups, webhook_configs: {hook}}}]");
        Server::alertmanager_with(&program, &scratch, &config)
    });
    let config = config(&receiver, alertmanager.as_ref().map(|server| server.address.as_str()));
    let mut site = Site::configured(TEST, &catalogue, &config);
    begun(&site);
    let lines = events::stream(CASES);
    let stored = troubled(&mut site, &receiver, &lines);
    told(&receiver, "office", &stored, |_| true);
    told(&receiver, "bureau", &stored, |light| light == "red");
    assert_eq!(receiver.asked("/resting"), 0, "nobody is told on a day off");
    if let Some(alertmanager) = &alertmanager {
        grouped(&site, alertmanager, &receiver);
        resolved(&mut site, &receiver);
    }
    rested(&mut site, &receiver);
    site.stop();
}

/// The demonstration's catalogue, but that one point is on trial and it is a holiday: yesterday, today and tomorrow.
fn with_days_off(scratch: &Path) -> std::path::PathBuf {
    let from = programs::root().join("deploy/catalogues/demo");
    programs::well(std::process::Command::new("cp").arg("-r").arg(from).arg(scratch));
    let item = scratch.join(format!("demo/items/{}.yaml", events::ITEM));
    let text = std::fs::read_to_string(&item).unwrap();
    let (point, until) = ("{id: e-investigation,", now().to_string());
    assert!(text.contains(point));
    std::fs::write(&item, text.replace(point, &format!("{point} shadow_until: '{until}',"))).unwrap();
    let mut years: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for days in -1..=1 {
        let day = now().plus_ms(days * model::time::MS_PER_DAY).to_string()[..10].to_owned();
        years.entry(day[..4].to_owned()).or_default().push(day);
    }
    for (year, days) in years {
        let file = scratch.join(format!("demo/calendar/{year}.yaml"));
        std::fs::write(file, format!("year: {year}\nholidays: [{}]\n", days.join(", "))).unwrap();
    }
    scratch.join("demo")
}

fn config(receiver: &Receiver, alertmanager: Option<&str>) -> String {
    let hook =
        |name: &str, more: &str| format!("  - {{name: {name}, webhook: '{}/{name}'{more}}}\n", receiver.url);
    let [office, bureau, resting] = RECIPIENTS;
    let hooks =
        [hook(office, ""), hook(bureau, ", from: red"), hook(resting, ", working_days: true")].concat();
    let alertmanager =
        alertmanager.map(|address| format!("  - {{name: groups, alertmanager: 'http://{address}'}}\n"));
    format!("notify:\n{hooks}{}", alertmanager.unwrap_or_default())
}

/// Who is new is told of what comes from now on: from here.
fn begun(site: &Site) {
    for name in RECIPIENTS {
        let mut client = rdkafka::ClientConfig::new();
        client.set("bootstrap.servers", &site.kafka).set("group.id", format!("xiezhi-notify-{name}"));
        let consumer: BaseConsumer = client.create().unwrap();
        wait_for("every recipient has his place", PATIENCE, || {
            let mut asked = TopicPartitionList::new();
            for partition in 0..PARTITIONS {
                asked.add_partition("alarm-feed", partition);
            }
            let places = consumer.committed_offsets(asked, Duration::from_secs(10)).ok()?;
            places.elements().iter().all(|place| matches!(place.offset(), Offset::Offset(_))).then_some(())
        });
    }
}

/// Publishes with the receiver cut off for a while and the site killed in the middle. All revisions, with their lights.
fn troubled(site: &mut Site, receiver: &Receiver, lines: &[String]) -> BTreeMap<Revision, String> {
    for (n, part) in lines.chunks(lines.len().div_ceil(2)).enumerate() {
        let file = site.scratch.lines(&format!("part-{n}.jsonl"), part);
        receiver.cut(true);
        site.publish(["--org", ORG], &file);
        wait_for("the receiver is missed", PATIENCE, || {
            (site.metric("xiezhi_notify_failing") >= 2.0).then_some(())
        });
        let before = receiver.asked("/office");
        receiver.cut(false);
        if n == 0 {
            wait_for("it hears again", PATIENCE, || (receiver.asked("/office") > before + 5).then_some(()));
            site.kill9();
            site.start_again();
        }
    }
    site.await_settled(lines.len() as u64, PATIENCE);
    let shadows = site.number("SELECT count() FROM xiezhi.findings WHERE shadow");
    assert!(shadows > 0, "of these nobody is told");
    stored(site)
}

fn stored(site: &Site) -> BTreeMap<Revision, String> {
    let rows = site.select(
        "SELECT finding_id, toUInt32(revision) AS revision, light FROM xiezhi.findings WHERE NOT shadow",
    );
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| ((text(row, "finding_id"), row["revision"].as_u64().unwrap()), text(row, "light")))
        .collect()
}

/// A recipient has had each revision that is for him, under a key of its own, and no other.
fn told(
    receiver: &Receiver,
    name: &str,
    stored: &BTreeMap<Revision, String>,
    is_for_him: impl Fn(&str) -> bool,
) {
    let expected: BTreeSet<&Revision> =
        stored.iter().filter(|(_, light)| is_for_him(light)).map(|(revision, _)| revision).collect();
    assert!(expected.len() > 10, "{name}: only {}", expected.len());
    let path = format!("/{name}");
    let taken = wait_for(&format!("{name} has heard it all"), PATIENCE, || {
        let taken = receiver.taken(&path);
        let heard: BTreeSet<Revision> = taken.iter().map(revision).collect();
        expected.iter().all(|revision| heard.contains(*revision)).then_some(taken)
    });
    let mut first: BTreeMap<Revision, &Delivery> = BTreeMap::new();
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for delivery in &taken {
        let (id, number) = revision(delivery);
        assert_eq!(delivery.key, format!("{id}/{number}"), "one key, always the same");
        assert_eq!(delivery.body["key"], json!(delivery.key));
        assert!(expected.contains(&(id.clone(), number)), "{name} is told {}", delivery.body);
        match first.get(&(id.clone(), number)) {
            Some(before) => assert_eq!(before.body, delivery.body, "told again it says the same"),
            None => {
                let before = last.insert(id.clone(), number).unwrap_or(0);
                assert!(before < number, "{name}: revision {number} of {id} came after {before}");
                first.insert((id, number), delivery);
            }
        }
        let says =
            |language: &str| delivery.body["text"][language].as_str().is_some_and(|text| text.len() > 10);
        assert!(says("zh") && says("en"), "{}", delivery.body);
    }
    let again = taken.len() - first.len();
    assert!(again > 0, "{name}: replies were lost, so something came twice");
    say(TEST, &format!("{name}: {} notices, each under one key; {again} came again", first.len()));
}

fn revision(delivery: &Delivery) -> Revision {
    let alarm = &delivery.body["alarm"];
    (alarm["finding_id"].as_str().unwrap().to_owned(), alarm["revision"].as_u64().unwrap())
}

/// Alertmanager has exactly what stands, and tells it by organisation and light.
fn grouped(site: &Site, alertmanager: &Server, receiver: &Receiver) {
    let rows = site.select("SELECT finding_id FROM xiezhi.alarms WHERE state = 'raised'");
    let stands: BTreeSet<String> =
        rows.iter().map(|row| row["finding_id"].as_str().unwrap().to_owned()).collect();
    let finding = |alert: &Value| alert["labels"]["finding"].as_str().unwrap().to_owned();
    let alerts = wait_for("Alertmanager has what stands", PATIENCE, || {
        let alerts = alertmanager.get("/api/v2/alerts?active=true");
        let had: BTreeSet<String> = alerts.as_array()?.iter().map(finding).collect();
        (had == stands).then_some(alerts)
    });
    let says =
        |alert: &Value, name: &str| alert["annotations"][name].as_str().is_some_and(|text| !text.is_empty());
    assert!(
        alerts.as_array().unwrap().iter().all(|alert| says(alert, "summary") && says(alert, "summary_zh"))
    );
    let groups = wait_for("it tells groups", PATIENCE, || {
        let told = receiver.taken(GROUPS);
        let alerts = |group: &Delivery| group.body["alerts"].as_array().cloned().unwrap_or_default();
        let heard: BTreeSet<String> = told.iter().flat_map(alerts).map(|alert| finding(&alert)).collect();
        stands.is_subset(&heard).then_some(told)
    });
    for group in &groups {
        let labels = &group.body["groupLabels"];
        let alerts = group.body["alerts"].as_array().unwrap();
        let is_of = |alert: &Value| ["org", "light"].iter().all(|name| alert["labels"][name] == labels[name]);
        assert!(alerts.iter().all(is_of), "{}", group.body);
    }
    say(TEST, &format!("Alertmanager has {} alarms and told them in {} groups", stands.len(), groups.len()));
}

/// A late fact takes an alarm back, and Alertmanager says that it is over.
fn resolved(site: &mut Site, receiver: &Receiver) {
    let sql = "SELECT finding_id, case_id, step, toUnixTimestamp64Milli(violated_at) AS violated FROM xiezhi.alarms \
               WHERE code = 'too_few_officers' AND state = 'raised' LIMIT 1";
    let alarm = site.select(sql).pop().expect("a case has too few officers");
    let violated = alarm["violated"].as_i64().or_else(|| alarm["violated"].as_str()?.parse().ok()).unwrap();
    let officers = json!({"step": alarm["step"], "officers": ["CG-003", "CG-004"]});
    let time = model::Instant(violated - 1).to_string();
    let event =
        events::event("late", alarm["case_id"].as_str().unwrap(), &time, "officers.authorized", officers);
    let file = site.scratch.lines("late.jsonl", [event.to_string()]);
    site.publish(["--org", ORG], &file);
    wait_for("it is told as resolved", PATIENCE, || {
        let told = receiver.taken(GROUPS);
        let mut alerts = told.iter().flat_map(|group| group.body["alerts"].as_array().unwrap());
        alerts
            .any(|alert| alert["labels"]["finding"] == alarm["finding_id"] && alert["status"] == "resolved")
            .then_some(())
    });
}

/// When it is no day off any more, all that was held comes.
fn rested(site: &mut Site, receiver: &Receiver) {
    assert_eq!(receiver.asked("/resting"), 0);
    let path = site.scratch.path("site.yaml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replace("working_days: true", "working_days: false")).unwrap();
    site.kill9();
    site.start_again();
    told(receiver, "resting", &stored(site), |_| true);
}
