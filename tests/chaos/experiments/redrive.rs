//! A source that is missing in ingest's catalogue: its records become dead letters. The catalogue is mended, the letters
//! are driven back, and in the end it is as if nothing had been.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use system_tests::programs;
use system_tests::site::Scratch;

use crate::check;
use crate::cluster::{Cluster, Layout, catalogue};
use crate::experiments::Experiment;
use crate::options::Options;
use crate::publisher::Publisher;
use crate::run::Outcome;
use crate::settle::{Goal, settle};
use crate::stream::{self, Record, Stream};

/// Its organisation has another source, and so a topic.
const FORGOTTEN: &str = "urn:cn-org:11990100260000488D:enforcement";
/// Of publishing: that letters go back does not depend on it.
const SECONDS: u64 = 20;
const REASON: &str = "source_not_authorised";

pub(super) fn run(experiment: &Experiment, options: &Options) -> Result<Outcome, String> {
    let (began, options) = (Instant::now(), options.at_most(SECONDS));
    let folder = Scratch::new("T8-catalogue");
    let broken = folder.0.join("catalogue");
    without_source(&broken);
    let layout = Layout { ingest_catalogue: Some(broken.clone()), ..Layout::default() };
    let mut cluster = Cluster::start(experiment.id, &layout, str::to_owned);
    let records = options.rate * options.duration().as_secs() as u32;
    let mut stream = Stream::generate(&cluster.scratch, options.seed, records, stream::as_generated);
    let back = stream.records.iter().filter(|record| is_forgotten(record)).count() as u64;
    let before = first_goal(&stream);
    let shared = Arc::new(stream);
    let publisher = Publisher::start(&cluster.kafka, Arc::clone(&shared), options.rate);
    publisher.go();
    settle(&mut cluster, before, || publisher.delivered())?;
    publisher.finish();
    stream = Arc::into_inner(shared).ok_or("the publisher still holds the stream")?;

    mend(&mut cluster, &broken);
    let mut redrive = programs::xiezhi(["redrive", "--brokers", &cluster.kafka, "--reason", REASON]);
    let said = programs::text(&programs::well(&mut redrive).stderr);
    // Those of nobody come back as further letters.
    let nobodys = stream.rejected.get(REASON).copied().unwrap_or(0);
    *stream.rejected.entry(REASON.to_owned()).or_default() = 2 * nobodys + back;
    let goal = Goal { letters: before.letters + nobodys, facts: stream.facts(), ..before };
    settle(&mut cluster, goal, || before.records)?;
    let verdict = check::judge(&cluster, &stream);
    let said = said.lines().next().unwrap_or_default().to_owned();
    let notes = vec![format!("{back} records of a forgotten source: {said}")];
    if back == 0 {
        return Err("the stream has no record of the forgotten source".to_owned());
    }
    let (events, seconds) = (stream.records.len() as u64, began.elapsed().as_secs());
    Ok(Outcome { verdict, events, notes, seconds, ..Outcome::default() })
}

fn is_forgotten(record: &Record) -> bool {
    let has = || record.bytes.windows(FORGOTTEN.len()).any(|part| part == FORGOTTEN.as_bytes());
    record.fact.is_some() && has()
}

/// All but the forgotten source's facts, and these as letters.
fn first_goal(stream: &Stream) -> Goal {
    let (mut facts, mut back) = (std::collections::HashSet::new(), 0);
    for record in &stream.records {
        if is_forgotten(record) {
            back += 1;
        } else {
            facts.extend(record.fact);
        }
    }
    let letters = stream.rejected.values().sum::<u64>() + back;
    Goal { records: stream.records.len() as u64, facts: facts.len() as u64, letters }
}

fn without_source(to: &Path) {
    let mut copy = std::process::Command::new("cp");
    programs::well(copy.arg("-r").arg(catalogue()).arg(to));
    let orgs = to.join("orgs.yaml");
    let text = std::fs::read_to_string(&orgs).expect("the catalogue has organisations");
    let less = text.replace(&format!(", \"{FORGOTTEN}\""), "");
    assert_ne!(less, text, "{FORGOTTEN} is not where it was");
    std::fs::write(&orgs, less).expect("a file can be written");
}

/// Puts the source back and starts ingest again, as an operator would.
fn mend(cluster: &mut Cluster, broken: &Path) {
    cluster.ingest.stop();
    std::fs::copy(catalogue().join("orgs.yaml"), broken.join("orgs.yaml")).expect("a file can be copied");
    cluster.ingest.start();
    cluster.ingest.await_word("api=");
}
