//! Registers that are put over HTTP while a site is at work: an alarm goes with the certificate that was missing, and an
//! organisation that comes to the tree may publish and is seen from above, without a restart.

use std::time::{SystemTime, UNIX_EPOCH};

use identity::KeySource;
use identity::provider::{AUDIENCE, Account, Provider};
use model::Instant;
use model::catalogue::Bilingual;
use serde_json::{Value, json};
use system_tests::http::{self, Answer};
use system_tests::site::Site;
use system_tests::{PATIENCE, alone, programs, wait_for};

const TEST: &str = "registers";
const CITY: &str = "11990100260000111F";
const ORG: &str = "119901002600008594";
const SOURCE: &str = "urn:cn-org:119901002600008594:penalty";
const NEW: &str = "11990100260007777K";
const ITEM: &str = "9901-CF-0042";

fn now() -> Instant {
    Instant(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64)
}

fn provider() -> Provider {
    let account = |id: &str, grant: Value| {
        let both = || Bilingual { zh: id.to_owned(), en: id.to_owned() };
        Account { id: id.to_owned(), name: both(), office: both(), grants: json!([grant]) }
    };
    let accounts = vec![
        account("zhang", json!({"role": "registrar", "orgs": [ORG]})),
        account("root", json!({"role": "administrator", "everywhere": true})),
        account("wang", json!({"role": "handler", "under": CITY})),
    ];
    Provider::new("127.0.0.1:1".parse().unwrap(), accounts, now).unwrap()
}

/// An investigation by two officers, of whom one is in no register.
fn investigated(case: &str, officer: &str, (org, source): (&str, &str)) -> [String; 3] {
    let at = now().0 - 60_000;
    let event = |n: i64, kind: &str, data: Value| {
        json!({"specversion": "1.0", "id": format!("{case}-{n}"), "source": source, "type": kind, "subject": case,
               "time": Instant(at + n * 1_000).to_string(), "data": data})
        .to_string()
    };
    let step = json!({"step": "investigation", "officers": ["CG-001", officer]});
    [
        event(0, "case.accepted", json!({"item": ITEM, "org": org, "title": "占道经营", "region": "990100"})),
        event(1, "step.started", step.clone()),
        event(2, "step.completed", step),
    ]
}

struct Api<'a> {
    site: &'a Site,
    provider: &'a Provider,
}

impl Api<'_> {
    fn get(&self, person: &str, path: &str) -> Answer {
        let token = self.provider.token(person).unwrap();
        http::send(&format!("{}{path}", self.site.api), &token, &[], None).unwrap()
    }

    fn put(&self, person: &str, path: &str, key: &str, table: &str) -> Answer {
        let token = self.provider.token(person).unwrap();
        let url = format!("{}/api/v1/registers/{path}", self.site.api);
        http::put(&url, &token, &[("idempotency-key", key)], table).unwrap()
    }

    fn unqualified(&self, person: &str, case: &str, state: &str) -> usize {
        let path = format!("/api/v1/alarms?case={case}&code=unqualified_officer&state={state}");
        let answer = self.get(person, &path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["alarms"].as_array().map_or(0, Vec::len)
    }

    fn await_unqualified(&self, person: &str, case: &str, state: &str) {
        wait_for(&format!("{case} has its alarm {state}"), PATIENCE, || {
            (self.unqualified(person, case, state) > 0).then_some(())
        });
    }
}

#[test]
fn registers() {
    let _alone = alone();
    let provider = provider();
    let keys = system_tests::site::Scratch::new("registers-issuer");
    std::fs::write(keys.path("keys.json"), provider.read().unwrap()).unwrap();
    let config = format!(
        "identity: {{issuer: \"{}\", audience: {AUDIENCE}, keys: {}, algorithms: [ES256]}}\n",
        provider.issuer(),
        keys.path("keys.json")
    );
    let mut site = Site::configured(TEST, &programs::root().join("deploy/catalogues/demo"), &config);
    let file = site.scratch.lines("first.jsonl", investigated("known", "CG-099", (ORG, SOURCE)));
    site.publish(["--org", ORG], &file);
    let stranger = (NEW, "urn:new:penalty");
    let early = site.scratch.lines("early.jsonl", investigated("early", "CG-100", stranger));
    let late = site.scratch.lines("late.jsonl", investigated("late", "CG-100", stranger));
    {
        let api = Api { site: &site, provider: &provider };
        api.await_unqualified("wang", "known", "raised");
        certificate(&api);
    }
    // Whom nobody knows is turned away; once the tree has him he is let in, and seen by who stands above him.
    site.publish(["--org", NEW], &early);
    wait_for("the stranger is turned away", PATIENCE, || {
        (site.number("SELECT count() FROM xiezhi.dead_letters WHERE reason = 'source_not_authorised'") > 0)
            .then_some(())
    });
    organisation(&Api { site: &site, provider: &provider });
    site.await_editions(2);
    site.publish(["--org", NEW], &late);
    {
        let api = Api { site: &site, provider: &provider };
        api.await_unqualified("wang", "late", "raised");
        assert_eq!(api.unqualified("wang", "early", "raised"), 0);
        let overview = api.get("root", "/api/v1/registers").json();
        let by: Vec<&Value> =
            overview["published"].as_array().unwrap().iter().map(|edition| &edition["by"]).collect();
        assert_eq!(by, ["root", "zhang"], "newest first: {overview}");
        let metrics = http::get(&format!("{}/metrics", site.metrics)).unwrap().text();
        assert!(
            metrics.contains("xiezhi_officers_expiring ") && metrics.contains("xiezhi_calendar_days_left ")
        );
    }
    by_command(&site);
    // What came by editions is there after a restart from the same directory.
    site.kill9();
    site.start_again();
    let api = Api { site: &site, provider: &provider };
    wait_for("the tree is there again", PATIENCE, || {
        api.get("wang", "/api/v1/alarms?case=late").json()["alarms"]
            .as_array()
            .filter(|a| !a.is_empty())
            .map(|_| ())
    });
    site.stop();
}

/// The same from the command line: a table with a mistake changes nothing, the mended one is the next edition.
fn by_command(site: &Site) {
    let import = |name: &str, rows: [&str; 3]| {
        let file = site.scratch.lines(name, rows);
        let arguments =
            ["register", "import", "calendars", &file, "--brokers", &site.kafka, "--publish", "--by", "li"];
        programs::xiezhi(arguments).output().expect("it starts")
    };
    let output =
        import("bad.csv", ["开始日期,结束日期,安排", "2027-01-01,2027-01-03,放假", "2027-01-08,,上班"]);
    let said = programs::text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("bad.csv:3 开始日期") && said.contains("no_make_up_day"), "{said}");
    let output =
        import("good.csv", ["开始日期,结束日期,安排", "2027-01-01,2027-01-03,放假", "2027-01-09,,上班"]);
    assert!(output.status.success(), "{}", programs::text(&output.stderr));
    site.await_editions(3);
    let shown = programs::well(&mut programs::xiezhi(["reference", "show", "--brokers", &site.kafka]));
    let shown = programs::text(&shown.stdout);
    assert!(shown.contains("version yunze-2026.1+calendars.2") && shown.contains("by li"), "{shown}");
}

/// The certificate that was missing is put by his organisation's registrar: the alarm is taken back.
fn certificate(api: &Api<'_>) {
    let table = format!(
        "执法人员编号,姓名,机构,执法证号,有效期起,有效期至,执法区域,执法类别\n\
         CG-099,新同志,{ORG},9901000999,2020/1/1,长期,云泽市,城市管理\n"
    );
    let looked = api.put("zhang", "officers?dry_run=true&merge=true", "", &table);
    assert_eq!((looked.status, &looked.json()["report"]["added"]), (200, &json!(1)), "{}", looked.text());
    let other = table.replace(ORG, "11990100260000488D");
    let refused = api.put("zhang", "officers?expected=0&merge=true", "k0", &other);
    assert_eq!(
        (refused.status, &refused.json()["reason"]),
        (422, &json!("rows_refused")),
        "{}",
        refused.text()
    );
    let done = api.put("zhang", "officers?expected=0&merge=true", "k1", &table);
    assert_eq!((done.status, &done.json()["editions"]), (200, &json!(1)), "{}", done.text());
    let again = api.put("zhang", "officers?expected=0&merge=true", "k1", &table);
    assert_eq!((again.status, &again.json()["editions"]), (200, &json!(1)), "{}", again.text());
    api.await_unqualified("wang", "known", "retracted");
}

/// A new organisation below the city, with a source of its own; who saw less than stands is told so.
fn organisation(api: &Api<'_>) {
    let table = format!(
        "机构编码,机构名称,上级机构,行政区划,数据来源\n{NEW},云泽市新设局,{CITY},990100,urn:new:penalty\n"
    );
    let stale = api.put("root", "orgs?expected=0&merge=true", "k2", &table);
    assert_eq!((stale.status, &stale.json()["reason"]), (409, &json!("stale")), "{}", stale.text());
    wait_for("the first edition is seen", PATIENCE, || {
        (api.get("root", "/api/v1/registers").json()["editions"] == 1).then_some(())
    });
    let done = api.put("root", "orgs?expected=1&merge=true", "k3", &table);
    assert_eq!((done.status, &done.json()["editions"]), (200, &json!(2)), "{}", done.text());
}
