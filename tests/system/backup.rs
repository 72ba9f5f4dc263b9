//! The drill of docs/recovery.md: ClickHouse is lost, Kafka is lost, the machine is lost; a site elsewhere is made of a
//! backup and the catalogue alone. What readers see, and what people decided, is what it was.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::Instant;

use identity::provider::Account;
use model::catalogue::Bilingual;
use serde_json::{Value, json};
use system_tests::events::{self, ORG, UNTIL};
use system_tests::site::{Scratch, Site};
use system_tests::{PATIENCE, alone, http, processes, programs, say, wait_for};

use crate::rules::Issuer;

const TEST: &str = "backup";
const CASES: u32 = 300;
/// What the API needs to be asked as somebody.
const PERSON: &str = "zhou";
/// What stays behind is when a row came into ClickHouse, and nothing else.
const VIEWS: [&str; 6] = ["findings", "alarms", "case_events", "cases", "dead_letters", "incidents"];

#[test]
fn backup() {
    let _alone = alone();
    let catalogue = programs::root().join("deploy/catalogues/demo");
    let kept = Scratch::new("backup-kept");
    let issuer = issuer();
    let settings = format!("clock: {{until: \"{UNTIL}\"}}\n{}", issuer.config);
    let lines = events::stream(CASES);
    let before = {
        let mut site = Site::configured(TEST, &catalogue, &settings);
        let (first, second) = lines.split_at(lines.len() / 2);
        publish(&mut site, first, lines.len() / 2);
        let order = open_an_order(&site, &issuer);
        backs_up(&site, &kept);
        publish(&mut site, second, lines.len());
        publish_letters(&mut site);
        // Only what is new: the directory is the same.
        backs_up(&site, &kept);
        let none = backs_up(&site, &kept);
        assert!(new_records(&none).iter().all(|new| *new == 0), "{none}");
        let seen = Seen::of(&site, &issuer, &order);
        site.stop();
        seen
    };
    let broker = Broker::start();
    let began = Instant::now();
    programs::well(&mut programs::xiezhi(["restore", "--from", &kept.path("")]));
    restores(&broker, &kept).map_err(|said| panic!("{said}")).unwrap();
    say(TEST, &format!("proved and restored in {:.1} s", began.elapsed().as_secs_f64()));
    let again = restores(&broker, &kept).expect_err("there is something already");
    assert!(again.contains("has records already"), "{again}");
    let settings = format!("{settings}kafka: {{brokers: \"{}\"}}\n", broker.address);
    let site = Site::configured("backup-elsewhere", &catalogue, &settings);
    site.await_settled(lines.len() as u64, PATIENCE);
    wait_for("dead letters are stored", PATIENCE, || {
        (site.number("SELECT count() FROM xiezhi.dead_letters") == before.letters()).then_some(())
    });
    assert_eq!(Seen::of(&site, &issuer, &before.order), before);
    let said = programs::well(&mut programs::xiezhi(["verify", "--brokers", &site.kafka]));
    assert!(!programs::text(&said.stdout).contains("breaks"));
    // It is the same log still: the backup goes on with the new site.
    backs_up(&site, &kept);
    say(TEST, &format!("{} alarms, an order and all else as before, elsewhere", before.counts[1]));
    site.stop();
}

fn issuer() -> Issuer {
    let both = |text: &str| Bilingual { zh: text.to_owned(), en: text.to_owned() };
    let grants = json!([{"role": "supervision_bureau", "everywhere": true}]);
    Issuer::new(
        TEST,
        vec![Account { id: PERSON.to_owned(), name: both(PERSON), office: both("bureau"), grants }],
    )
}

/// What readers see, and what people decided.
#[derive(Debug, PartialEq)]
struct Seen {
    counts: Vec<u64>,
    digests: Vec<String>,
    order: String,
    told: Value,
}

impl Seen {
    fn of(site: &Site, issuer: &Issuer, order: &str) -> Self {
        let of = |what: &str, view: &str| {
            // NULL beside others would swallow the row's digest.
            let except = if view == "cases" { "*" } else { "* EXCEPT (stored_at)" };
            format!("SELECT {what} FROM (SELECT {except} FROM xiezhi.{view})")
        };
        let digest = "sum(cityHash64(toString(tuple(*))))";
        let told = wait_for("the order is known", PATIENCE, || {
            let answer = ask(site, issuer, &format!("/api/v1/orders/{order}"), None);
            (answer.status == 200).then(|| answer.json())
        });
        Self {
            counts: VIEWS.iter().map(|view| site.number(&of("count()", view))).collect(),
            digests: VIEWS.iter().map(|view| site.query(&of(digest, view))).collect(),
            order: order.to_owned(),
            told,
        }
    }

    fn letters(&self) -> u64 {
        self.counts[4]
    }
}

fn publish(site: &mut Site, lines: &[String], stored: usize) {
    let file = site.scratch.lines("events.jsonl", lines);
    site.publish(["--org", ORG], &file);
    site.await_settled(stored as u64, PATIENCE);
}

/// One that is no JSON, in bytes that are no text either.
fn publish_letters(site: &mut Site) {
    let file = site.scratch.lines("letters.jsonl", [&b"{\"id\": \xff\xfe"[..], b"not json"]);
    site.publish(["--org", ORG], &file);
    wait_for("dead letters are stored", PATIENCE, || {
        (site.number("SELECT count() FROM xiezhi.dead_letters") == 2).then_some(())
    });
}

fn ask(site: &Site, issuer: &Issuer, path: &str, body: Option<&Value>) -> http::Answer {
    let token = issuer.provider.token(PERSON).unwrap();
    http::send(&format!("{}{path}", site.api), &token, &[("idempotency-key", "one")], body).unwrap()
}

/// On the first red alarm that there is; its number.
fn open_an_order(site: &Site, issuer: &Issuer) -> String {
    let alarms = "SELECT min(finding_id) FROM xiezhi.alarms WHERE light = 'red' AND state = 'raised'";
    let body = json!({"alarms": [site.query(alarms).trim()], "opinion": "请查明逾期原因", "days": 10});
    let accepted = wait_for("an order is opened", PATIENCE, || {
        let answer = ask(site, issuer, "/api/v1/orders", Some(&body));
        assert!([200, 503].contains(&answer.status), "{}", answer.text());
        (answer.status == 200).then(|| answer.json())
    });
    accepted["order"].as_str().unwrap().to_owned()
}

fn backs_up(site: &Site, kept: &Scratch) -> String {
    let arguments = ["backup", "--brokers", &site.kafka, "--out", &kept.path("")];
    programs::text(&programs::well(&mut programs::xiezhi(arguments)).stdout)
}

fn new_records(said: &str) -> Vec<u64> {
    let count = |line: &str| line.split_once(": ")?.1.split_once(' ')?.0.parse().ok();
    let counts: Vec<u64> = said.lines().filter_map(count).collect();
    assert_eq!(counts.len(), 4 + 4 + 4, "four partitions of two topics, one of four: {said}");
    counts
}

fn restores(broker: &Broker, kept: &Scratch) -> Result<(), String> {
    let arguments = ["restore", "--brokers", &broker.address, "--from", &kept.path("")];
    let Output { status, stderr, .. } = programs::xiezhi(arguments).output().expect("it starts");
    if status.success() { Ok(()) } else { Err(programs::text(&stderr)) }
}

/// A Kafka with nothing in it.
struct Broker {
    child: Child,
    address: String,
    _scratch: Scratch,
}

impl Broker {
    fn start() -> Self {
        let scratch = Scratch::new("backup-broker");
        let own = std::process::id().to_string();
        let script: &Path = &programs::root().join("deploy/kafka/kafka.sh");
        let mut child = programs::tied_to_us(script)
            .args(["foreground", "--dir", &scratch.path("kafka"), "--parent-pid", &own])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let said = BufReader::new(child.stdout.take().expect("it has an output"));
        let mut lines = said.lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.strip_prefix("bootstrap=")?.to_owned()));
        Self { address: address.expect("the broker is ready"), child, _scratch: scratch }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        processes::signal(self.child.id(), "TERM");
        if self.child.wait().is_err() {
            say(TEST, "the broker could not be waited for");
        }
    }
}
