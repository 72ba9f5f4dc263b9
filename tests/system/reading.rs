//! Everything that reads a running site: its HTTP API, and ClickHouse's own clients.

use system_tests::events::{self, UNTIL};
use system_tests::site::Site;
use system_tests::{PATIENCE, alone, programs, say};

use crate::listening::Listener;
use crate::{api, clients};

/// Over all faults, and over more than one page.
const CASES: u32 = 280;

#[test]
fn reading() {
    let _alone = alone();
    let catalogue = programs::root().join("deploy/catalogues/demo");
    let mut site = Site::start("reading", &catalogue, &format!("{{until: \"{UNTIL}\"}}"));
    let lines = events::stream(CASES);
    let file = site.scratch.lines("events.jsonl", &lines);
    let listener = Listener::start(&site);
    // The sources say whose events these are.
    site.publish(["--catalogue", &catalogue.display().to_string()], &file);
    site.await_settled(lines.len() as u64, PATIENCE);
    clients::check(&site);
    api::check(&site);
    let heard = listener.finish(&site);
    say("reading", &format!("stopped in {:.1} s, nothing left", site.stop().as_secs_f64()));
    heard.check();
}
