//! `xiezhi backup` and `restore`: the topics that nothing can compute again, in a directory of files, and back onto
//! brokers that have none of them.
//!
//! What must stay true: every record comes back at its own offset, since the ledger names facts by theirs; what is kept is
//! proved by digest before a broker sees any of it; a backup that cannot be restored at its place is refused, not mended.

mod line;
mod manifest;
mod put;
mod take;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use ingest::topics::{self, Layout, ensure_topics};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::cli::{BackupArgs, RestoreArgs};
use crate::verify;
use manifest::Manifest;

/// In this order: what an entry of a log leans on is kept after the log, hence at least as far. The ledger names facts and
/// editions; a command names alarms, which facts give again.
const KEPT: [&str; 6] = [
    topics::LEDGER,
    topics::REFERENCE,
    topics::WORKFLOW,
    topics::INCIDENTS,
    topics::DEAD_LETTERS,
    topics::CASE_EVENTS,
];
/// Longest wait for an answer about topics.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

pub(crate) fn backup(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let client = ingest::reader(&verify::client(&args.brokers, &args.set), "xiezhi-backup");
    let consumer: BaseConsumer = client.create()?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
    let mut manifest = Manifest::load(&args.out)?.unwrap_or_default();
    for topic in KEPT {
        let partitions = partitions(&consumer, topic)?;
        ensure!(partitions > 0, "topic {topic:?} is missing: these are not the brokers of a site");
        manifest.expect(topic, partitions)?;
        for partition in 0..partitions as i32 {
            let new = take::partition(&consumer, &args.out, &mut manifest, topic, partition)?;
            println!("{topic} {partition}: {new} new records, {} in all", manifest.end(topic, partition));
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn restore(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let dir = args.from.as_path();
    let manifest = Manifest::load(dir)?.with_context(|| format!("{} holds no backup", dir.display()))?;
    let records = prove(dir, &manifest)?;
    let Some(brokers) = &args.brokers else {
        println!("{records} records are whole and in their places");
        return Ok(ExitCode::SUCCESS);
    };
    let client = verify::client(brokers, &args.set);
    make(&client, &manifest, args.replication)?;
    for (topic, partition, parts) in manifest.partitions() {
        let put = put::partition(&client, dir, topic, partition, parts)?;
        println!("{topic} {partition}: {put} records");
    }
    println!("{records} records are in their places: `xiezhi verify`, then start the site 恢复完成");
    Ok(ExitCode::SUCCESS)
}

/// Reads all that is kept, and says how many records that is.
fn prove(dir: &Path, manifest: &Manifest) -> anyhow::Result<u64> {
    let mut records = 0;
    for (topic, partition, parts) in manifest.partitions() {
        manifest::contiguous(parts).map_err(|why| anyhow::anyhow!("{topic} {partition}: {why}"))?;
        for part in parts {
            records += line::read(dir, part, |_| Ok(()))?;
        }
    }
    Ok(records)
}

/// Makes the topics as a site would, after a look that no record is in the way.
fn make(client: &ClientConfig, manifest: &Manifest, replication: usize) -> anyhow::Result<()> {
    let consumer: BaseConsumer = ingest::reader(client, "xiezhi-restore").create()?;
    for topic in KEPT {
        let (found, kept) = (partitions(&consumer, topic)?, manifest.partitions_of(topic));
        ensure!(
            found == 0 || found == kept,
            "topic {topic:?} has {found} partitions here and {kept} in the backup: delete it, it is made anew"
        );
        for partition in 0..found as i32 {
            let (_, high) = consumer.fetch_watermarks(topic, partition, TIMEOUT)?;
            ensure!(
                high == 0,
                "topic {topic:?} has records already: restore onto brokers without a site's topics"
            );
        }
    }
    let case_partitions = manifest.partitions_of(topics::CASE_EVENTS);
    let layout = Layout { case_partitions, inbound_partitions: 1, replication };
    ensure_topics(client, &layout.topics([])?)?;
    Ok(())
}

/// How many partitions a topic has; none where it is missing.
fn partitions(consumer: &BaseConsumer, topic: &str) -> anyhow::Result<usize> {
    let metadata = consumer.fetch_metadata(None, TIMEOUT).context("the brokers' topics cannot be read")?;
    Ok(metadata.topics().iter().find(|t| t.name() == topic).map_or(0, |t| t.partitions().len()))
}
