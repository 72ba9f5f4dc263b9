//! `xiezhi verify`: walks a ledger and names the first record that does not fit.

use std::collections::HashSet;
use std::process::ExitCode;

use ledger::chain::{Chain, Misfit};
use ledger::kafka::KafkaLog;
use ledger::log::{Log, LogEvent, Stream};
use ledger::record::{Entry, Hash};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::cli::VerifyArgs;

pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &args.brokers);
    for (key, value) in &args.set {
        client.set(key, value);
    }
    let topics = ledger::kafka::Topics::default();
    let consumer: BaseConsumer = client.create()?;
    let metadata = consumer.fetch_metadata(Some(&topics.ledger), std::time::Duration::from_secs(10))?;
    let partitions = metadata.topics().first().map_or(0, |t| t.partitions().len()) as i32;
    let mut broken = false;
    for partition in 0..partitions {
        let mut log = KafkaLog::new(&client, &topics, partition, std::sync::Arc::default())?;
        let walk = walk(&mut log, partition)?;
        println!(
            "partition {partition}: {} entries, {} findings, case-events to {}, {} passed over, head {}",
            walk.chain.next_seq, walk.findings, walk.chain.position, walk.passed_over, walk.chain.prev
        );
        if let Some((offset, misfit)) = walk.broken {
            println!(
                "partition {partition}: the record at offset {offset} breaks the chain: {}",
                say(misfit)
            );
            broken = true;
        }
    }
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Walk {
    chain: Chain,
    findings: u64,
    passed_over: u64,
    broken: Option<(i64, Misfit)>,
}

fn walk(log: &mut impl Log, partition: i32) -> anyhow::Result<Walk> {
    let (low, high) = log.bounds(Stream::Ledger)?;
    log.seek(Stream::Ledger, low)?;
    let mut walk = Walk { chain: Chain::new(partition), findings: 0, passed_over: 0, broken: None };
    let mut stale = HashSet::new();
    let mut next = low;
    while next < high {
        match log.poll(std::time::Duration::from_secs(1))? {
            Some(LogEvent::Record { stream: Stream::Ledger, offset, bytes, .. }) => {
                next = offset + 1;
                match walk.chain.accept(&bytes) {
                    Ok(entry) => walk.findings += entry.findings.len() as u64,
                    Err(misfit) if is_stale(misfit, &bytes, &mut stale) => walk.passed_over += 1,
                    Err(misfit) => {
                        walk.broken.get_or_insert((offset, misfit));
                    }
                }
            }
            Some(LogEvent::End { stream: Stream::Ledger }) => break,
            Some(_) | None => {}
        }
    }
    Ok(walk)
}

/// Whether a record that does not count is what a retry or a late owner leaves behind: it repeats a place that is taken,
/// or goes on from a record that does. Anything else has lost the record before it.
fn is_stale(misfit: Misfit, bytes: &[u8], stale: &mut HashSet<Hash>) -> bool {
    let follows = || Entry::decode(bytes).is_ok_and(|entry| stale.contains(&entry.prev));
    let is_stale = misfit == Misfit::Behind || follows();
    if is_stale {
        stale.insert(Hash::of(bytes));
    }
    is_stale
}

fn say(misfit: Misfit) -> &'static str {
    match misfit {
        Misfit::NotAnEntry => "it is no ledger entry",
        Misfit::OtherFormat => "it has another format version",
        Misfit::OtherPartition => "it belongs to another partition",
        Misfit::Behind => "its place is taken",
        Misfit::Ahead => "an entry before it is missing",
        Misfit::PrevHash => "the entry before it was altered, or it was put here from elsewhere",
        Misfit::Range => "its offsets do not follow on those before",
        Misfit::Clock => "its clock goes back",
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use ledger::memory::{MemoryLog, Streams};
    use model::Instant;

    use super::*;

    /// Five entries of one owner.
    fn entries() -> Vec<Vec<u8>> {
        let mut chain = Chain::new(0);
        (0..5).map(|n| extend(&mut chain, n)).collect()
    }

    fn extend(chain: &mut Chain, now: i64) -> Vec<u8> {
        let entry = Entry {
            v: ledger::record::FORMAT,
            partition: 0,
            seq: chain.next_seq,
            from: chain.position,
            to: chain.position + 10,
            now: Instant(now),
            timers: 0,
            reference: 0,
            findings: Vec::new(),
            digest: Hash::ZERO,
            prev: chain.prev,
        };
        let bytes = entry.encode();
        chain.accept(&bytes).expect("extends");
        bytes
    }

    fn verify(ledger: Vec<Vec<u8>>) -> Option<i64> {
        let streams = Streams { ledger, ..Streams::default() };
        let mut log = MemoryLog::new(Rc::new(RefCell::new(streams)));
        walk(&mut log, 0).expect("memory").broken.map(|(offset, _)| offset)
    }

    #[test]
    fn what_was_altered_dropped_inserted_or_moved_is_named() {
        let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
            let mut ledger = entries();
            change(&mut ledger);
            verify(ledger)
        };
        assert_eq!(with(&|_| ()), None);
        let alter = |l: &mut Vec<Vec<u8>>| {
            l[2] =
                String::from_utf8(l[2].clone()).expect("text").replace("\"now\":2", "\"now\":3").into_bytes();
        };
        assert_eq!(with(&alter), Some(3), "the record after the altered one no longer fits");
        assert_eq!(with(&|l| drop(l.remove(2))), Some(2));
        assert_eq!(with(&|l| l.insert(2, b"garbage".to_vec())), Some(2));
        assert_eq!(with(&|l| l.swap(1, 3)), Some(1));
    }

    #[test]
    fn a_late_owners_records_are_passed_over() {
        let mut ledger = entries();
        let mut late = Chain::new(0);
        ledger[..3].iter().for_each(|bytes| drop(late.accept(bytes)));
        let stale: Vec<_> = (0..3).map(|n| extend(&mut late, 100 + n)).collect();
        ledger.splice(4..4, stale);
        assert_eq!(verify(ledger), None);
    }
}
