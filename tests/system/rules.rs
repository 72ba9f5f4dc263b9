//! A rule from draft to approved over HTTP, by four people in four roles, with two API processes on one real Kafka: a return
//! on the way, a review of one's own work that is refused, two approvals at once of which one has an effect, a
//! kill -9 of the process in the middle of a command, and an alarm by the new version. Before the first review a dry run over
//! what is stored; what it says of the switch is what the detectors tell when it comes. Then a supervision point's own version, on trial.

mod trial;

use std::io::BufRead;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use identity::KeySource;
use identity::provider::{AUDIENCE, Account, Provider};
use model::catalogue::Bilingual;
use serde_json::{Value, json};
use system_tests::http::{self, Answer};
use system_tests::site::{Scratch, Site};
use system_tests::{PATIENCE, alone, events, programs, say, wait_for};

use crate::contract;

const TEST: &str = "rules";
/// 云泽市城市管理局, and the item that it drafts anew.
const ORG: &str = "119901002600008594";
const OTHER_ORG: &str = "11990100260000488D";
const RULE: &str = "9901-CF-0042";
/// Cases of the item that are stored before.
const CASES: u32 = 84;

pub(crate) fn now() -> model::Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    model::Instant(since.as_millis() as i64)
}

/// Ids and roles. `ma` has two hats; `yan` is of another department; `shen` audits all.
fn accounts() -> Vec<Account> {
    let both = |id: &str| Bilingual { zh: id.to_owned(), en: id.to_owned() };
    let account = |id: &str, roles: &[&str], org: &str| {
        let grants = roles.iter().map(|role| json!({"role": role, "orgs": [org]})).collect();
        Account { id: id.to_owned(), name: both(id), office: both(id), grants }
    };
    let everywhere = json!([{"role": "supervision_bureau", "everywhere": true}]);
    let auditor = Account { grants: everywhere, ..account("shen", &[], ORG) };
    vec![
        account("li", &["submitter"], ORG),
        account("fang", &["legal_office"], ORG),
        account("chen", &["supervision_office"], ORG),
        account("zhou", &["supervision_bureau"], ORG),
        account("wu", &["supervision_bureau"], ORG),
        account("ma", &["submitter", "supervision_office"], ORG),
        account("yan", &["supervision_office"], OTHER_ORG),
        account("wang", &["handler"], ORG),
        auditor,
    ]
}

/// The issuer of the tokens, and the sites' configuration that believes it.
pub(crate) struct Issuer {
    pub(crate) provider: Provider,
    _scratch: Scratch,
    pub(crate) config: String,
}

impl Issuer {
    pub(crate) fn new(name: &str, accounts: Vec<Account>) -> Self {
        let provider = Provider::new("127.0.0.1:1".parse().unwrap(), accounts, now).unwrap();
        let scratch = Scratch::new(&format!("{name}-issuer"));
        let keys = scratch.path("keys.json");
        std::fs::write(&keys, provider.read().unwrap()).unwrap();
        let config = format!(
            "identity: {{issuer: \"{}\", audience: {AUDIENCE}, keys: {keys}, algorithms: [ES256]}}\n",
            provider.issuer()
        );
        Self { provider, _scratch: scratch, config }
    }
}

#[derive(Clone, Copy)]
struct Api<'a> {
    site: &'a Site,
    issuer: &'a Issuer,
    /// As it stands in a path.
    rule: &'a str,
}

impl Api<'_> {
    fn get(&self, person: &str, path: &str) -> Answer {
        let token = self.issuer.provider.token(person).unwrap();
        http::send(&format!("{}{path}", self.site.api), &token, &[], None).unwrap()
    }

    fn ask(&self, person: &str, key: &str, expected: u64, action: &Value) -> Result<Answer, String> {
        let token = self.issuer.provider.token(person).unwrap();
        let url = format!("{}/api/v1/rules/{}/commands", self.site.api, self.rule);
        let body = json!({"expected": expected, "action": action});
        http::send(&url, &token, &[("idempotency-key", key)], Some(&body)).map_err(|error| error.to_string())
    }

    /// Accepted, with this revision.
    fn does(&self, person: &str, expected: u64, action: Value) {
        let answer =
            self.ask(person, &format!("{}-{person}-{expected}", self.rule), expected, &action).unwrap();
        assert_eq!(answer.status, 200, "{person} {action}: {}", answer.text());
        assert_eq!(answer.json()["revision"], expected + 1, "{person} {action}");
    }

    /// Refused, with this status and reason.
    fn may_not(&self, person: &str, expected: u64, action: Value, status: u16, reason: &str) {
        let key = format!("no-{}-{person}-{expected}-{reason}", self.rule);
        let answer = self.ask(person, &key, expected, &action).unwrap();
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["reason"]),
            (status, &json!(reason)),
            "{person} {action}: {problem}"
        );
        let said =
            |language: &str| problem["message"][language].as_str().is_some_and(|text| !text.is_empty());
        assert!(said("zh") && said("en"), "{problem}");
    }

    fn dry_run(&self, person: &str, version: u32) -> Answer {
        let token = self.issuer.provider.token(person).unwrap();
        let url = format!("{}{}", self.site.api, self.of_dry_run(version));
        http::send(&url, &token, &[], Some(&json!({}))).unwrap()
    }

    fn of_dry_run(&self, version: u32) -> String {
        format!("/api/v1/rules/{}/versions/{version}/dry-run", self.rule)
    }

    /// The submitter's dry run, attached in his name.
    fn tried(&self, person: &str, version: u32) -> Value {
        let before = self.rule("li")["revision"].as_u64().unwrap();
        let begun = self.dry_run(person, version);
        assert_eq!(begun.status, 202, "{}", begun.text());
        let ended = wait_for("the dry run is attached", PATIENCE, || {
            let standing = self.get("chen", &self.of_dry_run(version)).json();
            assert_ne!(standing["state"], "failed", "{standing}");
            (standing["state"] == "attached").then_some(standing)
        });
        assert_eq!(self.rule("li")["revision"], before + 1);
        ended
    }

    fn rule(&self, person: &str) -> Value {
        let answer = self.get(person, &format!("/api/v1/rules/{}", self.rule));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Until the desk has read its log.
    fn await_desk(&self) {
        wait_for("the desk is ready", PATIENCE, || {
            (self.get("chen", "/api/v1/rules").status == 200).then_some(())
        });
    }
}

/// The item as it stands in the catalogue, with one limit changed.
fn content(catalogue: &Path, days: u32) -> Value {
    let files = std::fs::read_dir(catalogue.join("items")).unwrap();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let text = texts.into_iter().find(|text| text.contains(RULE)).unwrap();
    let mut item: Value = serde_saphyr::from_str(&text).unwrap();
    let limits = item["limits"].as_array_mut().unwrap();
    let limit = limits.iter_mut().find(|limit| limit["id"] == "filing").unwrap();
    limit["days"] = json!(days);
    item
}

/// Two days, and three officers: there are not that many in any case.
pub(crate) fn stricter(catalogue: &Path) -> Value {
    let mut item = content(catalogue, 2);
    let points = item["points"].as_array_mut().unwrap();
    let officers = points.iter_mut().find(|point| point["kind"] == "officer_qualification").unwrap();
    officers["min_officers"] = json!(3);
    item
}

fn draft(content: &Value, in_flight: &str) -> Value {
    json!({"do": "draft", "org": ORG, "content": content, "in_flight": in_flight})
}

/// What is stored before anybody drafts: cases with and without violations, all over.
struct History {
    file: String,
    kafka: String,
    clickhouse: String,
    catalogue: String,
}

impl History {
    fn publish(stores: &mut Site, catalogue: &Path) -> Self {
        let lines = events::stream(CASES);
        let count = lines.len() as u64;
        let file = stores.scratch.lines("history.jsonl", lines);
        stores.publish(["--org", ORG], &file);
        stores.await_settled(count, PATIENCE);
        let (kafka, clickhouse) = (stores.kafka.clone(), stores.clickhouse.clone());
        Self { file, kafka, clickhouse, catalogue: catalogue.display().to_string() }
    }

    /// Alarms that stand, by the rules as they are.
    fn alarms(&self) -> u64 {
        let sql = "SELECT count() FROM xiezhi.alarms WHERE state != 'retracted'";
        http::post(&self.clickhouse, sql).unwrap().text().trim().parse().unwrap()
    }

    /// The same dry run by the command, over the files or what is stored.
    fn by_command(&self, version: u32, as_of: &str, over: &[&str]) -> Value {
        let version = version.to_string();
        let subject = ["--rule", RULE, "--version", &version, "--brokers", &self.kafka];
        let rest = ["--catalogue", &self.catalogue, "--until", as_of, "--format", "json"];
        let all = ["dry-run"].iter().chain(&subject).chain(&rest).chain(over);
        let output = programs::well(&mut programs::xiezhi(all));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Begun by a submitter, a dry run attaches itself in his name. What it says is what the command says of the same history.
fn tried(api: &Api<'_>, person: &str, version: u32, history: &History) -> Value {
    let ended = api.tried(person, version);
    let (run, report) = (&ended["dry_run"], &ended["report"]);
    assert_eq!((&run["is_computed"], &run["content"]), (&json!(true), &report["content"]), "{ended}");
    assert_eq!(report["content"], api.rule("li")["versions"][version as usize - 1]["hash"]);
    assert_eq!(report["cases"], CASES);
    // Live, deadlines fall once the clock has caught up.
    let before = &report["history"]["alarms_before"];
    wait_for("live has come to as many alarms", PATIENCE, || {
        (*before == json!(history.alarms())).then_some(())
    });
    let as_of = report["as_of"].as_str().unwrap();
    for over in [&[history.file.as_str()][..], &["--clickhouse", &history.clickhouse]] {
        let said = history.by_command(version, as_of, over);
        assert_eq!(&said["detail"], report, "{over:?}");
        assert_eq!(said["report"], run["report"], "{over:?}");
    }
    report.clone()
}

#[test]
fn rules() {
    let _alone = alone();
    let catalogue = programs::root().join("deploy/catalogues/demo");
    let issuer = Issuer::new(TEST, accounts());
    // The stores live in a process of their own, so that an API process can be killed without them.
    let mut stores = Site::configured(
        "rules-stores",
        &catalogue,
        &format!("{}roles: [ingest, detectors, sink]\n", issuer.config),
    );
    let config = format!(
        "{}roles: [api]\nkafka: {{brokers: \"{}\"}}\nclickhouse: {{url: \"{}\", reader: reader}}\n",
        issuer.config, stores.kafka, stores.clickhouse
    );
    let mut first = Site::configured("rules-first", &catalogue, &config);
    let second = Site::configured("rules-second", &catalogue, &config);
    let began = Instant::now();
    let history = History::publish(&mut stores, &catalogue);
    let report;
    {
        let (here, there) = (
            Api { site: &first, issuer: &issuer, rule: RULE },
            Api { site: &second, issuer: &issuer, rule: RULE },
        );
        here.await_desk();
        there.await_desk();
        strangers(&here);
        to_first_review(&here, &catalogue, &history);
        report = returned_and_sent_again(&here, &there, &catalogue, &history);
        two_approvals_at_once(&here, &there);
    }
    killed_in_the_middle(&mut first, &second, &issuer, &catalogue);
    {
        let (here, there) = (
            Api { site: &first, issuer: &issuer, rule: RULE },
            Api { site: &second, issuer: &issuer, rule: RULE },
        );
        audit(&here, &there);
        in_force(&mut stores, &here, &report);
        heard(&there);
        trial::of_a_point(&mut stores, &here, &there);
        contract::check(&here.site.api, &issuer.provider.token("shen").unwrap());
    }
    let said = second.said();
    assert!(said.contains("xiezhi::access") && said.contains("chen") && !said.contains("eyJ"), "{said}");
    say(TEST, &format!("the story took {:.1} s", began.elapsed().as_secs_f64()));
    first.stop();
    second.stop();
    stores.stop();
}

/// Who has no token, no role, or another department, before there is anything.
fn strangers(api: &Api<'_>) {
    assert_eq!(api.site.get("/api/v1/rules").status, 401);
    assert_eq!(api.get("wang", "/api/v1/rules").status, 403);
    let answer = api.ask("wang", "k", 0, &json!({"do": "submit", "version": 1})).unwrap();
    assert_eq!(answer.status, 403, "{}", answer.text());
    let answer = api.ask("li", "", 0, &json!({"do": "submit", "version": 1})).unwrap();
    assert_eq!((answer.status, &answer.json()["parameter"]), (400, &json!("Idempotency-Key")));
    let answer = api.ask("li", "k", 0, &json!({"do": "submit", "version": 1})).unwrap();
    assert_eq!(answer.status, 404, "{}", answer.text());
    let answer = api.ask("li", "k", 0, &json!({"do": "approve"})).unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());
    let foreign = json!({"do": "draft", "org": OTHER_ORG, "content": {"code": RULE}, "in_flight": "pin"});
    api.may_not("li", 0, foreign, 403, "wrong_org");
}

/// The first version, as far as the supervision office's desk; lint stops it once.
fn to_first_review(api: &Api<'_>, catalogue: &Path, history: &History) {
    let mut bad = content(catalogue, 9);
    bad["points"][0]["limit"] = json!("no-such-limit");
    api.does("li", 0, draft(&bad, "pin"));
    api.does("fang", 1, json!({"do": "pass_legally", "version": 1}));
    let lint = api.get("li", &format!("/api/v1/rules/{RULE}/versions/1/lint")).json();
    assert!(lint["errors"].as_u64().unwrap() > 0, "{lint}");
    api.may_not("li", 2, json!({"do": "submit", "version": 1}), 422, "lint_errors");
    api.does("li", 2, json!({"do": "withdraw", "version": 1}));
    api.does("li", 3, draft(&content(catalogue, 9), "pin"));
    api.may_not("li", 4, json!({"do": "pass_legally", "version": 2}), 403, "wrong_role");
    api.does("fang", 4, json!({"do": "pass_legally", "version": 2}));
    let refused = [("chen", 2, 403), ("yan", 2, 404), ("li", 1, 409), ("li", 9, 404)];
    for (person, version, status) in refused {
        let answer = api.dry_run(person, version);
        assert_eq!(answer.status, status, "{person}, version {version}: {}", answer.text());
    }
    let report = tried(api, "li", 2, history);
    assert!(report["history"]["counts"]["changed"].as_u64() > Some(0), "a longer limit: {report}");
    assert_eq!(report["switch"], Value::Null, "it pins");
    api.does("li", 6, json!({"do": "submit", "version": 2}));
    let changes = api.get("chen", &format!("/api/v1/rules/{RULE}/versions/2/diff?against=1")).json();
    let paths: Vec<&str> =
        changes["changes"].as_array().unwrap().iter().map(|c| c["path"].as_str().unwrap()).collect();
    assert!(paths.len() == 1 && paths[0].starts_with("points["), "{changes}");
}

/// The supervision office returns it; it is mended, and goes round again. A foreign office sees nothing of it.
fn returned_and_sent_again(here: &Api<'_>, there: &Api<'_>, catalogue: &Path, history: &History) -> Value {
    here.may_not("chen", 7, json!({"do": "return", "version": 2, "reason": " "}), 422, "return_reason");
    there.does("chen", 7, json!({"do": "return", "version": 2, "reason": "期限过长"}));
    wait_for("the other process has read it", PATIENCE, || (here.rule("li")["revision"] == 8).then_some(()));
    let returned = &here.rule("li")["versions"][1];
    assert_eq!((&returned["state"], &returned["return_reason"]), (&json!("returned"), &json!("期限过长")));
    for path in ["", "/versions/2", "/versions/2/diff", "/versions/2/lint"] {
        let answer = here.get("yan", &format!("/api/v1/rules/{RULE}{path}"));
        assert!(answer.status == 404 && !answer.text().contains("期限"), "{path}: {}", answer.text());
    }
    assert_eq!(here.get("yan", "/api/v1/rules").json()["rules"], json!([]));
    // What was tried in the name of its department, it sees.
    let trail = here.get("yan", &format!("/api/v1/audit?rule={RULE}")).json();
    assert_eq!(trail["entries"].as_array().unwrap().len(), 1, "{trail}");
    assert_eq!(trail["entries"][0]["reason"], "wrong_org");
    let answer = here.ask("yan", "k", 8, &json!({"do": "pass_first", "version": 2})).unwrap();
    assert_eq!(answer.status, 404, "{}", answer.text());
    // Written by one with two hats, so he may not review it under the other.
    here.does("ma", 8, draft(&stricter(catalogue), "migrate"));
    here.does("fang", 9, json!({"do": "pass_legally", "version": 3}));
    let none = here.get("chen", &here.of_dry_run(3)).json();
    assert_eq!((&none["state"], &none["report"]), (&json!("none"), &Value::Null));
    let report = tried(here, "ma", 3, history);
    here.does("li", 11, json!({"do": "submit", "version": 3}));
    here.may_not("ma", 12, json!({"do": "pass_first", "version": 3}), 403, "own_work");
    here.may_not("chen", 11, json!({"do": "pass_first", "version": 3}), 409, "stale");
    here.does("chen", 12, json!({"do": "pass_first", "version": 3}));
    report
}

/// Two of the bureau approve at the same moment, each at a process of his own.
fn two_approvals_at_once(here: &Api<'_>, there: &Api<'_>) {
    wait_for("the other process has read it", PATIENCE, || {
        (there.rule("wu")["revision"] == 13).then_some(())
    });
    let from = soon();
    let approve = json!({"do": "pass_final", "version": 3, "from": from});
    let start = Arc::new(Barrier::new(2));
    let statuses = std::thread::scope(|scope| {
        let both = [(here, "zhou"), (there, "wu")].map(|(api, person)| {
            let (start, approve) = (Arc::clone(&start), &approve);
            scope.spawn(move || {
                start.wait();
                let answer = api.ask(person, "approve", 13, approve).unwrap();
                (answer.status, answer.json())
            })
        });
        both.map(|thread| thread.join().unwrap())
    });
    let mut codes = statuses.each_ref().map(|(status, _)| *status);
    codes.sort_unstable();
    assert_eq!(codes, [200, 409], "{statuses:?}");
    let late = statuses.iter().find(|(status, _)| *status == 409).unwrap();
    assert_eq!(late.1["reason"], "stale", "{statuses:?}");
    let rule = here.rule("li");
    let approved = &rule["versions"][2];
    assert_eq!((&rule["revision"], &approved["state"]), (&json!(14), &json!("approved")));
    assert!(["scheduled", "in_force"].contains(&approved["phase"].as_str().unwrap()), "{approved}");
}

fn soon() -> String {
    now().plus_ms(10_000).to_string()
}

/// Every detector has taken the approved version over without a restart: a case accepted from then on is judged by it, and
/// its alarm names it. One of both processes has published it, once.
fn in_force(stores: &mut Site, here: &Api<'_>, report: &Value) {
    wait_for("the version is in force", PATIENCE, || {
        (here.rule("li")["versions"][2]["phase"] == "in_force").then_some(())
    });
    stores.await_editions(1);
    as_the_dry_run_said(stores, &report["switch"]);
    let event = |n: i64, kind: &str, data: Value| {
        events::event(&format!("story-{n}"), "story", &now().plus_ms(n).to_string(), kind, data).to_string()
    };
    let step = json!({"step": "investigation"});
    let lines = [
        event(0, "case.accepted", json!({"item": RULE, "org": ORG, "title": "占道经营"})),
        event(1, "step.started", step.clone()),
        event(2, "step.completed", step),
    ];
    let file = stores.scratch.lines("story.jsonl", lines);
    stores.publish(["--org", ORG], &file);
    let sql = "SELECT rules_version FROM xiezhi.alarms WHERE case_id = 'story' AND code = 'evidence_missing'";
    let alarm = wait_for("the alarm is there", PATIENCE, || stores.select(sql).pop());
    assert_eq!(alarm["rules_version"], json!(format!("{RULE}/3")), "{alarm}");
    let shown = programs::well(&mut programs::xiezhi(["reference", "show", "--brokers", &stores.kafka]));
    assert_eq!(programs::text(&shown.stdout).lines().count(), 1, "{}", programs::text(&shown.stdout));
}

/// The process that was not killed told every command that was accepted, once and in order, to whom it concerns.
fn heard(api: &Api<'_>) {
    let token = format!("Bearer {}", api.issuer.provider.token("fang").unwrap());
    let url = format!("{}/api/v1/stream?from=kept", api.site.api);
    let lines = http::listen(&url, &[("authorization", &token)]).unwrap().lines().map_while(Result::ok);
    let news = lines.filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let of_rule = news.filter(|news| news["rule"] == RULE).map(|news| news["revision"].as_u64().unwrap());
    let heard: Vec<u64> = of_rule.take(15).collect();
    assert_eq!(heard, (1..=15).collect::<Vec<u64>>());
}

/// The cases accepted before go over to the version; what the detectors tell of them is what the dry run said.
fn as_the_dry_run_said(stores: &Site, switch: &Value) {
    let count = |name: &str| switch["counts"][name].as_u64().unwrap();
    let renamed = switch["renamed"].as_u64().unwrap();
    assert!(count("added") > 0 && count("changed") > 0 && renamed > 0, "{switch}");
    let told = |change: &str| {
        stores.number(&format!(
            "SELECT count() FROM xiezhi.findings WHERE cause = 'rules' AND item = '{RULE}' AND change = '{change}'"
        ))
    };
    // A warning whose limit has passed since is told as cleared.
    let live = || (told("raised") + told("cleared"), told("retracted"), told("updated"));
    let expected = (count("added"), count("removed"), count("changed") + renamed);
    wait_for("all cases have gone over", PATIENCE, || (live() == expected).then_some(()));
}

/// A process dies while a command is on its way; the same command under the same key, at the other process and at the
/// first one started again, has one effect and one answer.
fn killed_in_the_middle(first: &mut Site, second: &Site, issuer: &Issuer, catalogue: &Path) {
    let action = draft(&content(catalogue, 6), "pin");
    let (token, url) =
        (issuer.provider.token("li").unwrap(), format!("{}/api/v1/rules/{RULE}/commands", first.api));
    let body = json!({"expected": 14, "action": action});
    let sent = std::thread::spawn(move || {
        http::send(&url, &token, &[("idempotency-key", "again")], Some(&body)).map(|answer| answer.status)
    });
    std::thread::park_timeout(Duration::from_millis(2));
    first.kill9();
    let cut_off = sent.join().unwrap();
    let there = Api { site: second, issuer, rule: RULE };
    let one = there.ask("li", "again", 14, &action).unwrap();
    assert_eq!(one.status, 200, "{}", one.text());
    first.start_again();
    let here = Api { site: first, issuer, rule: RULE };
    here.await_desk();
    let two = here.ask("li", "again", 14, &action).unwrap();
    assert_eq!((two.status, two.json()), (200, one.json()));
    assert_eq!((one.json()["version"].as_u64(), one.json()["revision"].as_u64()), (Some(4), Some(15)));
    assert_eq!(here.rule("li")["versions"].as_array().unwrap().len(), 4, "one effect");
    let other = here.ask("li", "again", 15, &json!({"do": "withdraw", "version": 4})).unwrap();
    assert_eq!((other.status, &other.json()["reason"]), (422, &json!("key_reused")), "{}", other.text());
    say(TEST, &format!("killed during a command (the client saw {cut_off:?}); repeated twice, one effect"));
}

/// Both processes tell the same trail, refusals included, and its chain has no gap.
fn audit(here: &Api<'_>, there: &Api<'_>) {
    let (one, two) =
        (here.get("shen", "/api/v1/audit?limit=500"), there.get("shen", "/api/v1/audit?limit=500"));
    let (one, two) = (one.json(), two.json());
    assert_eq!(one, two);
    let entries = one["entries"].as_array().unwrap();
    assert_eq!(one["total"].as_u64().unwrap(), entries.last().unwrap()["seq"].as_u64().unwrap() + 1);
    assert_eq!(one["head"], entries.last().unwrap()["hash"]);
    let count = |what: &str| entries.iter().filter(|entry| entry["outcome"] == what).count();
    assert_eq!(count("accepted"), 15, "{one}");
    let reasons: Vec<&str> = entries.iter().filter_map(|entry| entry["reason"].as_str()).collect();
    for reason in ["wrong_org", "lint_errors", "wrong_role", "return_reason", "own_work", "stale"] {
        assert!(reasons.contains(&reason), "{reason} is not in {reasons:?}");
    }
    let own = here.get("chen", "/api/v1/audit?limit=500").json();
    assert_eq!(
        (&own["entries"], &own["total"]),
        (&one["entries"], &Value::Null),
        "all is of his department's rule"
    );
    assert_eq!(here.get("fang", "/api/v1/audit").status, 403);
}
