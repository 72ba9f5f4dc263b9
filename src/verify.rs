//! `xiezhi verify`: walks every ledger, and looks whether what it leans on is there: the last fact that it consumed, the
//! segments of its newest checkpoint, and the place that the group has committed.

use std::process::ExitCode;
use std::time::Duration;

use ledger::audit::Audit;
use ledger::chain::Chain;
use ledger::kafka::{KafkaLog, Topics};
use ledger::log::{Log, Stream, next_record};
use ledger::record::Hash;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::cli::VerifyArgs;
use crate::site;

/// Longest wait for an answer about offsets.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.brokers, &args.set);
    let topics = Topics::default();
    let mut group = client.clone();
    let consumer: BaseConsumer = group.set("group.id", site::DETECTORS_GROUP).create()?;
    let metadata = consumer.fetch_metadata(Some(&topics.ledger), TIMEOUT)?;
    let partitions = metadata.topics().first().map_or(0, |t| t.partitions().len()) as i32;
    let mut is_sound = true;
    for partition in 0..partitions {
        let mut log = KafkaLog::new(&client, &topics, partition, std::sync::Arc::default())?;
        let (audit, mut faults) = walk(&mut log, partition)?;
        faults.extend(committed(&consumer, &topics, &audit.chain())?);
        println!("{}", summary(&audit));
        for fault in &faults {
            println!("partition {partition}: {fault}");
        }
        is_sound &= faults.is_empty();
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A client for the brokers, with further settings.
pub(crate) fn client(brokers: &str, settings: &[(String, String)]) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", brokers);
    for (key, value) in settings {
        client.set(key, value);
    }
    client
}

fn summary(audit: &Audit) -> String {
    let Chain { partition, next_seq, position, prev, .. } = audit.chain();
    let Audit { findings, passed_over, losses, .. } = audit;
    let checkpoint = match &audit.checkpoint {
        Some(c) => format!("checkpoint behind entry {} in {} segments", c.at.next_seq, c.segments.len()),
        None => "no checkpoint".to_owned(),
    };
    format!(
        "partition {partition}: {next_seq} entries, {findings} findings, case-events to {position}, {passed_over} passed over, \
         {losses} losses accepted, {checkpoint}, head {prev}"
    )
}

/// Walks one ledger; says what is wrong with it.
fn walk(log: &mut impl Log, partition: i32) -> anyhow::Result<(Audit, Vec<String>)> {
    let (low, high) = log.bounds(Stream::Ledger)?;
    let mut audit = Audit::new(partition);
    if low < high {
        log.seek(Stream::Ledger, low)?;
        while let Some(record) = next_record(log, Stream::Ledger)? {
            if !audit.take(record.offset, &record.bytes) || record.offset + 1 >= high {
                break;
            }
        }
    }
    let mut faults: Vec<String> = audit.fault().iter().map(ToString::to_string).collect();
    faults.extend(anchor(log, &audit)?);
    for segment in audit.checkpoint.iter().flat_map(|c| &c.segments) {
        if let Err(reason) = segment.read(log, |_| Ok(()))? {
            faults.push(format!(
                "the newest checkpoint cannot be used: segment {}: {reason} 检查点不可用",
                segment.id
            ));
        }
    }
    Ok((audit, faults))
}

/// Whether the last fact consumed is still the one that the ledger names.
fn anchor(log: &mut impl Log, audit: &Audit) -> anyhow::Result<Option<String>> {
    let (low, high) = log.bounds(Stream::CaseEvents)?;
    let position = audit.chain().position;
    if position > high {
        return Ok(Some(format!(
            "case-events ends at {high}, but the ledger has come to {position} 事件主题短于台账进度"
        )));
    }
    let Some(anchor) = audit.anchor.filter(|anchor| anchor.offset >= low) else { return Ok(None) };
    log.seek(Stream::CaseEvents, anchor.offset)?;
    let found = next_record(log, Stream::CaseEvents)?;
    let is_same = found.is_some_and(|r| r.offset == anchor.offset && Hash::of(&r.bytes) == anchor.hash);
    let offset = anchor.offset;
    Ok((!is_same).then(|| {
        format!("case-events: the record at offset {offset} is not the one that was processed 事件被改写")
    }))
}

/// Whether the ledger still has the place up to which it had been read back.
fn committed(consumer: &BaseConsumer, topics: &Topics, chain: &Chain) -> anyhow::Result<Option<String>> {
    let mut asked = TopicPartitionList::new();
    asked.add_partition(&topics.case_events, chain.partition);
    let committed = consumer.committed_offsets(asked, TIMEOUT)?;
    let elements = committed.elements();
    let Some(element) = elements.first().filter(|e| matches!(e.offset(), Offset::Offset(_))) else {
        return Ok(None);
    };
    let noted = Chain::of_note(chain.partition, element.metadata());
    Ok(noted.filter(|noted| noted.next_seq > chain.next_seq || (noted.next_seq == chain.next_seq && noted.prev != chain.prev)).map(|noted| {
        format!("the ledger ends behind entry {}, but entry {} had been read back: its tail is gone or was replaced 台账尾部缺失", chain.next_seq, noted.next_seq)
    }))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use ledger::memory::{MemoryLog, Streams};
    use ledger::record::{Anchor, Entry};
    use model::Instant;

    use super::*;

    #[test]
    fn a_fact_that_was_rewritten_is_told() {
        let verify = |fact: &[u8], facts: usize| {
            let chain = Chain::new(0);
            let anchor = Some(Anchor { offset: 0, hash: Hash::of(b"fact") });
            let entry = Entry { to: 1, now: Instant(0), anchor, ..Entry::extending(&chain) };
            let case_events = vec![(Instant(0), fact.to_vec()); facts];
            let streams = Streams { ledger: vec![entry.encode()], case_events, ..Streams::default() };
            walk(&mut MemoryLog::new(Rc::new(RefCell::new(streams))), 0).expect("memory").1
        };
        assert_eq!(verify(b"fact", 1), [""; 0]);
        assert!(verify(b"other", 1)[0].contains("offset 0"));
        assert!(verify(b"fact", 0)[0].contains("ends at 0"));
    }
}
