//! The five steps of the deck (slides 35 and 36) over HTTP, on a real Kafka and the embedded ClickHouse, by five roles: alarms
//! are raised, an order (1) is opened on them, the office opens its order (2), the handler answers, the office replies, the
//! bureau sends it back, and after another round revokes the alarms. In between: replies that come too early, a handler
//! who is not meant, one of another department who sees nothing, and to-do lists whose counts are those of the lists.

mod missing;

use std::io::BufRead;
use std::time::Instant;

use identity::provider::Account;
use model::catalogue::Bilingual;
use serde_json::{Value, json};
use system_tests::http::{self, Answer};
use system_tests::site::Site;
use system_tests::{PATIENCE, alone, programs, say, wait_for};

use crate::rules::{Issuer, now};

const TEST: &str = "orders";
/// 云泽市城市管理局 and one of its items.
const ORG: &str = "119901002600008594";
const OTHER_ORG: &str = "11990100260000488D";
const ITEM: &str = "9901-CF-0042";

/// `zhou` of the bureau, `chen` of the office, `wang` and `liu` who handle cases, `li` who submits rules; `yan` handles another
/// department's cases; `shen` sees everything.
fn accounts() -> Vec<Account> {
    let both = |id: &str| Bilingual { zh: id.to_owned(), en: id.to_owned() };
    let account = |id: &str, role: &str, org: &str| {
        let grants = json!([{"role": role, "orgs": [org]}]);
        Account { id: id.to_owned(), name: both(id), office: both(id), grants }
    };
    let everywhere = json!([{"role": "supervision_bureau", "everywhere": true}]);
    vec![
        account("zhou", "supervision_bureau", ORG),
        account("chen", "supervision_office", ORG),
        account("wang", "handler", ORG),
        account("liu", "handler", ORG),
        account("li", "submitter", ORG),
        account("yan", "handler", OTHER_ORG),
        account("qian", "supervision_office", OTHER_ORG),
        Account { grants: everywhere, ..account("shen", "analyst", ORG) },
    ]
}

struct Api<'a> {
    site: &'a Site,
    issuer: &'a Issuer,
}

impl Api<'_> {
    fn get(&self, person: &str, path: &str) -> Answer {
        let token = self.issuer.provider.token(person).unwrap();
        http::send(&format!("{}{path}", self.site.api), &token, &[], None).unwrap()
    }

    fn post(&self, person: &str, path: &str, key: &str, body: &Value) -> Answer {
        let token = self.issuer.provider.token(person).unwrap();
        let url = format!("{}{path}", self.site.api);
        http::send(&url, &token, &[("idempotency-key", key)], Some(body)).unwrap()
    }

    /// Does something about an order; its revision afterwards.
    fn does(&self, person: &str, order: &str, expected: u64, action: &Value) -> Value {
        let key = format!("{person}-{order}-{expected}");
        let body = json!({"expected": expected, "action": action});
        let answer = self.post(person, &format!("/api/v1/orders/{order}/commands"), &key, &body);
        assert_eq!(answer.status, 200, "{person} {action}: {}", answer.text());
        let said = answer.json();
        assert_eq!(said["revision"], expected + 1, "{said}");
        said
    }

    fn may_not(&self, person: &str, order: &str, expected: u64, action: &Value, status: u16, reason: &str) {
        let key = format!("no-{person}-{order}-{expected}-{reason}");
        let body = json!({"expected": expected, "action": action});
        let answer = self.post(person, &format!("/api/v1/orders/{order}/commands"), &key, &body);
        refused(&answer, status, reason);
    }

    fn order(&self, person: &str, number: &str) -> Value {
        let answer = self.get(person, &format!("/api/v1/orders/{number}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    fn life(&self, alarm: &str) -> Value {
        self.get("zhou", &format!("/api/v1/alarms/{alarm}")).json()["life"].clone()
    }

    /// What waits for somebody, and for anybody in his organisations. Counts are those of the lists, always.
    fn todo(&self, person: &str) -> (Vec<String>, Vec<String>) {
        let answer = self.get(person, "/api/v1/todo");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let todo = answer.json();
        let list = |name: &str| -> Vec<String> {
            let items = todo[name]["items"].as_array().unwrap();
            assert_eq!(todo[name]["count"], items.len(), "{person}: {todo}");
            let text = |item: &Value| {
                format!(
                    "{} {}",
                    item["what"].as_str().unwrap_or("follow"),
                    item["object"].as_str().unwrap_or("")
                )
            };
            items.iter().map(text).collect()
        };
        let (mine, unit) = (list("mine"), list("unit"));
        assert!(mine.iter().all(|item| unit.contains(item)), "{person}: {todo}");
        list("followed");
        (mine, unit)
    }
}

fn refused(answer: &Answer, status: u16, reason: &str) {
    let problem = answer.json();
    assert_eq!((answer.status, &problem["reason"]), (status, &json!(reason)), "{problem}");
    let said = |language: &str| problem["message"][language].as_str().is_some_and(|text| !text.is_empty());
    assert!(said("zh") && said("en"), "{problem}");
}

fn nothing() -> (Vec<String>, Vec<String>) {
    (Vec::new(), Vec::new())
}

/// Cases whose investigation ended without evidence: red alarms. Their ids.
fn alarms(site: &mut Site, issuer: &Issuer, began: model::Instant) -> Vec<String> {
    let source = format!("urn:cn-org:{ORG}:penalty");
    let mut lines = Vec::new();
    for case in ["order-a", "order-b"] {
        let mut event = |n: i64, kind: &str, data: Value| {
            let time = began.plus_ms(n).to_string();
            let id = format!("{case}-{n}");
            let event = json!({"specversion": "1.0", "id": id, "source": source, "type": kind, "subject": case, "time": time, "data": data});
            lines.push(event.to_string());
        };
        event(0, "case.accepted", json!({"item": ITEM, "org": ORG, "title": "占道经营"}));
        event(1, "step.started", json!({"step": "investigation"}));
        event(2, "step.completed", json!({"step": "investigation"}));
    }
    let file = site.scratch.lines("orders.jsonl", lines);
    site.publish(["--org", ORG], &file);
    let api = Api { site, issuer };
    wait_for("both cases have their alarms", PATIENCE, || {
        let answer = api.get("zhou", "/api/v1/alarms?light=red&code=evidence_missing");
        let list = (answer.status == 200).then(|| answer.json())?;
        let ids: Vec<String> = list["alarms"]
            .as_array()?
            .iter()
            .filter_map(|alarm| Some(alarm["id"].as_str()?.to_owned()))
            .collect();
        let cases: Vec<&str> = list["alarms"].as_array()?.iter().filter_map(|a| a["case"].as_str()).collect();
        (cases.contains(&"order-a") && cases.contains(&"order-b")).then_some(ids)
    })
}

#[test]
fn orders() {
    let _alone = alone();
    let catalogue = programs::root().join("deploy/catalogues/demo");
    let issuer = Issuer::new(TEST, accounts());
    let mut site = Site::configured(TEST, &catalogue, &issuer.config);
    let alarms = alarms(&mut site, &issuer, now().plus_ms(-1_000));
    let began = Instant::now();
    let (first, other) = {
        let api = Api { site: &site, issuer: &issuer };
        strangers(&api, &alarms);
        let first = opened(&api, &alarms);
        let register = first.rsplit_once('-').unwrap().0.to_owned();
        answered(&api, &first, &register);
        sent_back_and_revoked(&api, &first, &register, &alarms);
        let other = another(&api, &register, &alarms);
        followed(&api);
        told(&api, &first);
        (first, other)
    };
    let changed = a_fact_changes(&mut site, &issuer, &other);
    heard(&Api { site: &site, issuer: &issuer }, &first, &changed);
    say(TEST, &format!("the story took {:.1} s", began.elapsed().as_secs_f64()));
    site.stop();
}

/// Who has no token, another role, or another department.
fn strangers(api: &Api<'_>, alarms: &[String]) {
    assert_eq!(api.site.get("/api/v1/orders").status, 401);
    assert_eq!(api.get("li", "/api/v1/orders").status, 403);
    assert_eq!(api.get("yan", "/api/v1/orders").json()["orders"], json!([]));
    let body = json!({"alarms": [alarms[0]], "opinion": "请查明"});
    assert_eq!(api.post("yan", "/api/v1/orders", "k", &body).status, 404, "he does not see the alarm");
    refused(&api.post("wang", "/api/v1/orders", "k", &body), 403, "wrong_role");
    let none = json!({"alarms": [], "opinion": "请查明"});
    assert_eq!(api.post("zhou", "/api/v1/orders", "k0", &none).status, 400);
    let twice = json!({"alarms": [alarms[0], alarms[0]], "opinion": "请查明"});
    refused(&api.post("zhou", "/api/v1/orders", "k1", &twice), 422, "bad_alarms");
    let silent = json!({"alarms": [alarms[0]], "opinion": " "});
    refused(&api.post("zhou", "/api/v1/orders", "k2", &silent), 422, "bad_text");
    assert_eq!(api.life(&alarms[0])["state"], "open");
    assert!(api.life(&alarms[0])["order_by"].is_string(), "a red one is to have its order");
}

/// ① The bureau opens (1) on both alarms; asked again, it is the same order.
fn opened(api: &Api<'_>, alarms: &[String]) -> String {
    let body = json!({"alarms": alarms, "opinion": "请查明未上传证据的原因", "days": 10});
    let one = api.post("zhou", "/api/v1/orders", "open", &body);
    assert_eq!(one.status, 200, "{}", one.text());
    let again = api.post("zhou", "/api/v1/orders", "open", &body);
    assert_eq!((again.status, again.json()), (200, one.json()), "one effect, one answer");
    refused(&api.post("zhou", "/api/v1/orders", "another", &body), 409, "under_order");
    let first = one.json()["order"].as_str().unwrap().to_owned();
    assert!(first.starts_with(ORG) && first.ends_with("-0001"), "{first}");
    for alarm in alarms {
        let life = api.life(alarm);
        assert_eq!((&life["state"], &life["order"]), (&json!("under_supervision"), &json!(first)));
    }
    let waits = vec![format!("assign {first}")];
    assert_eq!(api.todo("chen"), (waits.clone(), waits.clone()));
    assert_eq!(api.todo("wang"), (Vec::new(), waits), "his unit has it, he does not");
    for stranger in ["yan", "qian"] {
        assert_eq!(api.todo(stranger), nothing());
    }
    first
}

/// ② The office opens (2), ③ the handler answers, ④ the office replies; each of them not before its time.
fn answered(api: &Api<'_>, first: &str, register: &str) {
    let second = format!("{register}-0002");
    let reply = json!({"do": "reply", "reason": "情况属实"});
    let answer = json!({"do": "answer", "reason": "记录仪故障", "evidence": ["维修单 2026-17"]});
    let assign = json!({"do": "assign", "handler": "wang", "opinion": "请说明原因", "days": 5});
    api.may_not("chen", first, 1, &reply, 409, "not_assigned");
    api.may_not("zhou", first, 1, &assign, 403, "wrong_role");
    assert_eq!(api.does("chen", first, 1, &assign)["order"], json!(second));
    api.may_not("chen", first, 2, &reply, 409, "unanswered");
    api.may_not("liu", &second, 2, &answer, 403, "not_addressed");
    for stranger in ["yan", "qian"] {
        for number in [first, &second] {
            let seen = api.get(stranger, &format!("/api/v1/orders/{number}"));
            assert!(seen.status == 404 && !seen.text().contains("记录仪"), "{}", seen.text());
            let path = format!("/api/v1/orders/{number}/commands");
            let body = json!({"expected": 2, "action": answer});
            assert_eq!(api.post(stranger, &path, "k", &body).status, 404);
        }
    }
    assert_eq!(api.todo("wang").0, [format!("answer {second}")]);
    assert_eq!(api.todo("liu").0, [] as [String; 0]);
    api.may_not("wang", &second, 1, &answer, 409, "stale");
    api.does("wang", &second, 2, &answer);
    assert_eq!(api.todo("chen").0, [format!("reply {first}")]);
    api.does("chen", first, 3, &reply);
    assert_eq!(api.todo("zhou").0, [format!("decide {first}")]);
    assert_eq!(api.todo("chen").0, [] as [String; 0]);
}

/// ⑤ The bureau is not content; after another round it revokes, with a category.
fn sent_back_and_revoked(api: &Api<'_>, first: &str, register: &str, alarms: &[String]) {
    let third = format!("{register}-0003");
    let body = json!({"expected": 4, "action": {"do": "revoke", "category": "no_such", "reason": "x"}});
    assert_eq!(api.post("zhou", &format!("/api/v1/orders/{first}/commands"), "bad", &body).status, 400);
    let replied = api.get("zhou", "/api/v1/orders?stage=replied").json();
    assert_eq!(replied["orders"][0]["number"], json!(first), "已回复的督办");
    assert_eq!(api.life(&alarms[0])["state"], "replied");
    api.does("zhou", first, 4, &json!({"do": "send_back", "reason": "请附维修记录", "days": 3}));
    assert_eq!(api.life(&alarms[0])["state"], "returned");
    api.may_not("chen", first, 5, &json!({"do": "reply", "reason": "同前"}), 409, "not_assigned");
    api.does("chen", first, 5, &json!({"do": "assign", "handler": "wang", "opinion": "请补充"}));
    api.does("wang", &third, 6, &json!({"do": "answer", "reason": "已附", "evidence": ["维修记录"]}));
    api.does("chen", first, 7, &json!({"do": "reply", "reason": "证据齐全"}));
    let revoke = json!({"do": "revoke", "category": "objective_cause", "reason": "设备故障", "evidence": ["维修记录"]});
    api.may_not("chen", first, 8, &revoke, 403, "wrong_role");
    api.does("zhou", first, 8, &revoke);
    for alarm in alarms {
        assert_eq!(api.life(alarm)["state"], "revoked");
    }
    let order = api.order("wang", &third);
    assert_eq!((&order["number"], &order["stage"]), (&json!(first), &json!("revoked")), "by either number");
    let history = order["history"].as_array().unwrap();
    let done: Vec<&str> = history.iter().map(|record| record["do"].as_str().unwrap()).collect();
    assert_eq!(
        done,
        ["open", "assign", "answer", "reply", "send_back", "assign", "answer", "reply", "revoke"]
    );
    assert_eq!(history[8]["category"], "objective_cause");
    for person in ["zhou", "chen", "wang", "shen"] {
        assert_eq!(api.todo(person), nothing(), "{person}");
    }
}

/// What is revoked stays so; other alarms get the next number, and what was opened can be withdrawn.
fn another(api: &Api<'_>, register: &str, alarms: &[String]) -> Value {
    let body = json!({"alarms": [alarms[0]], "opinion": "再查"});
    refused(&api.post("zhou", "/api/v1/orders", "revoked", &body), 409, "already_revoked");
    let list = api.get("zhou", "/api/v1/alarms?light=red").json();
    let other = list["alarms"].as_array().unwrap().iter().find(|alarm| alarm["code"] == "too_few_officers");
    let other = other.expect("an alarm of another kind").clone();
    let body = json!({"alarms": [other["id"]], "opinion": "请查明"});
    let opened = api.post("zhou", "/api/v1/orders", "other", &body).json();
    assert_eq!(opened["order"], json!(format!("{register}-0004")), "no gap: {opened}");
    let number = opened["order"].as_str().unwrap();
    api.does("zhou", number, 1, &json!({"do": "withdraw", "reason": "误开"}));
    assert_eq!(api.order("shen", number)["stage"], "withdrawn");
    assert_eq!(api.life(other["id"].as_str().unwrap())["state"], "open");
    let numbers = api.get("zhou", "/api/v1/orders?limit=1").json();
    assert_eq!(numbers["orders"].as_array().unwrap().len(), 1);
    let next = api.get("zhou", numbers["next"].as_str().unwrap()).json();
    assert_eq!(next["orders"].as_array().unwrap().len(), 1, "the pages join: {next}");
    other
}

/// A later fact takes the alarm back while it is under an order: all parties are told, and the order stands. Its
/// number.
fn a_fact_changes(site: &mut Site, issuer: &Issuer, alarm: &Value) -> String {
    let (id, case) = (alarm["id"].as_str().unwrap(), alarm["case"].as_str().unwrap());
    let number = {
        let api = Api { site, issuer };
        let body = json!({"alarms": [id], "opinion": "请查明"});
        let opened = api.post("zhou", "/api/v1/orders", "again", &body).json();
        let number = opened["order"].as_str().unwrap().to_owned();
        api.does("chen", &number, 1, &json!({"do": "assign", "handler": "wang", "opinion": "请说明"}));
        number
    };
    // Two officers were there all along; their system was late to say so.
    let time = model::Instant::parse(alarm["violated_at"].as_str().unwrap()).unwrap().plus_ms(-1).to_string();
    let event = json!({"specversion": "1.0", "id": "late", "source": format!("urn:cn-org:{ORG}:penalty"), "type": "officers.authorized",
        "subject": case, "time": time, "data": {"step": "investigation", "officers": ["CG-001", "CG-003"]}});
    let file = site.scratch.lines("late.jsonl", [event.to_string()]);
    site.publish(["--org", ORG], &file);
    let api = Api { site, issuer };
    let changed = format!("fact_changed {number}");
    wait_for("the parties are told", PATIENCE, || api.todo("zhou").0.contains(&changed).then_some(()));
    for person in ["chen", "wang"] {
        assert!(api.todo(person).0.contains(&changed), "{person}");
    }
    let order = api.order("zhou", &number);
    assert_eq!(
        (&order["alarms"][0]["state"], &order["alarms"][0]["changed"]),
        (&json!("retracted"), &json!(true))
    );
    assert_eq!(api.life(id)["state"], "under_supervision", "nothing disappears");
    api.does("zhou", &number, 2, &json!({"do": "withdraw", "reason": "报警已收回"}));
    assert_eq!(api.life(id)["state"], "retracted");
    assert_eq!(api.todo("zhou"), nothing());
    number
}

/// The live stream told the parties all that was done, in order, each once over two connections.
fn heard(api: &Api<'_>, first: &str, changed: &str) {
    let url = format!("{}/api/v1/stream?from=kept", api.site.api);
    let token = format!("Bearer {}", api.issuer.provider.token("wang").unwrap());
    let (mut news, mut last_id) = (Vec::new(), None);
    for until in [5, 13] {
        let resumed = last_id.iter().map(|id: &String| ("last-event-id", id.as_str()));
        let headers: Vec<_> = std::iter::once(("authorization", token.as_str())).chain(resumed).collect();
        let (mut id, mut event) = (None, String::new());
        for line in http::listen(&url, &headers).unwrap().lines().map_while(Result::ok) {
            match line.split_once(": ") {
                Some(("id", text)) => id = Some(text.to_owned()),
                Some(("event", text)) => event = text.to_owned(),
                Some(("data", text)) if event == "order" => {
                    let told: Value = serde_json::from_str(text).unwrap();
                    news.extend(
                        [told]
                            .into_iter()
                            .filter(|told| [first, changed].iter().any(|n| told["first"] == *n)),
                    );
                }
                _ => {}
            }
            if news.len() == until {
                break;
            }
        }
        last_id = id;
    }
    let done = |number: &str| -> Vec<String> {
        let of = news.iter().filter(|told| told["first"] == number);
        of.map(|told| format!("{} {}", told["action"].as_str().unwrap(), told["revision"])).collect()
    };
    let story = "open 1, assign 2, answer 3, reply 4, send_back 5, assign 6, answer 7, reply 8, revoke 9";
    assert_eq!(done(first).join(", "), story);
    assert_eq!(done(changed).join(", "), "open 1, assign 2, notice null, withdraw 3");
}

/// A case is followed with a reason, by one person alone.
fn followed(api: &Api<'_>) {
    let follow = |action: &str, reason: &str| json!({"action": action, "kind": "case", "id": "order-a", "reason": reason});
    assert_eq!(api.post("yan", "/api/v1/follows", "f0", &follow("follow", "看看")).status, 404);
    refused(&api.post("wang", "/api/v1/follows", "f1", &follow("follow", "")), 422, "bad_text");
    let answer = api.post("wang", "/api/v1/follows", "f2", &follow("follow", "群众投诉"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let list = |person: &str| api.get(person, "/api/v1/todo").json()["followed"].clone();
    let own = list("wang");
    assert_eq!((&own["count"], &own["items"][0]["reason"]), (&json!(1), &json!("群众投诉")), "{own}");
    assert_eq!(list("liu")["count"], 0);
    refused(&api.post("wang", "/api/v1/follows", "f3", &follow("follow", "再次")), 409, "followed_already");
    assert_eq!(api.post("wang", "/api/v1/follows", "f4", &follow("unfollow", "已处理")).status, 200);
    assert_eq!(list("wang")["count"], 0);
}

/// All of it stands in the one trail, refusals included.
fn told(api: &Api<'_>, first: &str) {
    let trail = api.get("shen", "/api/v1/audit?limit=500").json();
    let entries = trail["entries"].as_array().unwrap();
    assert_eq!(trail["total"].as_u64().unwrap(), entries.len() as u64);
    let of_order =
        entries.iter().filter(|entry| entry["rule"] == json!(first) && entry["outcome"] == "accepted");
    assert_eq!(of_order.count(), 8, "its opening is told under the register: {trail}");
    for reason in ["wrong_role", "unanswered", "not_addressed", "stale", "under_order", "already_revoked"] {
        assert!(entries.iter().any(|entry| entry["reason"] == reason), "{reason}");
    }
    let foreign = api.get("qian", "/api/v1/audit?limit=500").json();
    assert_eq!(foreign["entries"], json!([]), "another department's office sees none of it");
}
