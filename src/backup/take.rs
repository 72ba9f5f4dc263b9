//! From Kafka into files: what has come since the last time, after a look that it is the same log.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::TIMEOUT;
use super::line::{Bytes, Kept, Writer};
use super::manifest::{Manifest, Part};

/// A file is closed after so many records: what an interrupted run loses.
const PART_RECORDS: i64 = 1_000_000;
/// Nothing came for this long, though the log is longer.
const STALLED_AFTER: Duration = Duration::from_secs(30);

/// Keeps what a partition has now and the directory does not. How many records that was.
pub(super) fn partition(
    consumer: &BaseConsumer,
    dir: &Path,
    manifest: &mut Manifest,
    topic: &str,
    partition: i32,
) -> anyhow::Result<i64> {
    let (low, high) = consumer
        .fetch_watermarks(topic, partition, TIMEOUT)
        .with_context(|| format!("{topic} {partition} cannot be asked"))?;
    let begin = begin(manifest.last(topic, partition), low, high)
        .map_err(|why| anyhow::anyhow!("{topic} {partition}: {why}"))?;
    let mut reader = Reader { consumer, topic, partition };
    reader.seek(begin.read_from)?;
    if let Some(last) = &begin.last {
        let found = reader.next(begin.read_from, high)?;
        ensure!(
            found.digest() == *last,
            "{topic} {partition}: offset {} is not the record that was kept: another site's log, or made anew",
            begin.read_from
        );
    }
    let mut next = begin.keep_from;
    while next < high {
        let mut writer = Writer::new(dir, topic, partition, next)?;
        while next < high && writer.records() < PART_RECORDS {
            writer.add(&reader.next(next, high)?)?;
            next += 1;
        }
        manifest.add(topic, partition, writer.finish(dir)?);
        manifest.save(dir)?;
    }
    // Also what is empty is known to be so.
    manifest.save(dir)?;
    Ok(high - begin.keep_from)
}

/// Where to read, where to begin keeping, and the digest of the record before that.
#[derive(Debug, PartialEq, Eq)]
struct Begin {
    read_from: i64,
    keep_from: i64,
    last: Option<String>,
}

fn begin(last: Option<&Part>, low: i64, high: i64) -> Result<Begin, String> {
    let Some(Part { to, last, .. }) = last else {
        if low > 0 {
            return Err(format!(
                "the records [0, {low}) are gone: what is left cannot be put back at its place"
            ));
        }
        return Ok(Begin { read_from: 0, keep_from: 0, last: None });
    };
    if *to > high {
        return Err(format!(
            "it ends at {high} and is kept up to {to}: it was cut, made anew, or is another site's"
        ));
    }
    if *to < low {
        return Err(format!("the records [{to}, {low}) were deleted before they were kept"));
    }
    let is_there = *to > low;
    Ok(Begin {
        read_from: if is_there { to - 1 } else { *to },
        keep_from: *to,
        last: is_there.then(|| last.clone()),
    })
}

struct Reader<'a> {
    consumer: &'a BaseConsumer,
    topic: &'a str,
    partition: i32,
}

impl Reader<'_> {
    fn seek(&mut self, offset: i64) -> anyhow::Result<()> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(self.topic, self.partition, Offset::Offset(offset))?;
        Ok(self.consumer.assign(&list)?)
    }

    /// The next record; `at` and `end` only say how far it has come.
    fn next(&mut self, at: i64, end: i64) -> anyhow::Result<Kept> {
        let until = Instant::now() + STALLED_AFTER;
        while Instant::now() < until {
            match self.consumer.poll(Duration::from_millis(100)) {
                // A record of what was assigned before may still be on its way.
                Some(Ok(record)) if record.topic() == self.topic && record.partition() == self.partition => {
                    return Ok(kept(&record));
                }
                Some(Err(error)) if is_final(&error) => {
                    return Err(error).with_context(|| format!("{} {} at {at}", self.topic, self.partition));
                }
                _ => {}
            }
        }
        bail!(
            "{} {}: nothing came for {} s at {at} of {end}",
            self.topic,
            self.partition,
            STALLED_AFTER.as_secs()
        );
    }
}

/// Errors that waiting does not mend.
fn is_final(error: &KafkaError) -> bool {
    let gone = [RDKafkaErrorCode::OffsetOutOfRange, RDKafkaErrorCode::AutoOffsetReset];
    matches!(error, KafkaError::MessageConsumptionFatal(_))
        || error.rdkafka_error_code().is_some_and(|code| gone.contains(&code))
}

fn kept(record: &BorrowedMessage<'_>) -> Kept {
    let bytes = |bytes: &[u8]| Bytes(bytes.to_vec());
    let headers = record.headers().map(|headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(bytes))).collect()
    });
    Kept {
        offset: record.offset(),
        ms: record.timestamp().to_millis(),
        key: record.key().map(bytes),
        value: record.payload().map(bytes),
        headers: headers.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_where_it_stood_or_says_why_it_cannot() {
        let last = Part { file: String::new(), from: 0, to: 7, sha256: String::new(), last: "d".to_owned() };
        let at = |low, high| begin(Some(&last), low, high);
        let known = Begin { read_from: 6, keep_from: 7, last: Some("d".to_owned()) };
        assert_eq!(
            (at(0, 9), at(6, 7)),
            (Ok(known), Ok(Begin { read_from: 6, keep_from: 7, last: Some("d".to_owned()) }))
        );
        assert_eq!(at(7, 9), Ok(Begin { read_from: 7, keep_from: 7, last: None }));
        assert!(at(8, 9).unwrap_err().contains("[7, 8)"));
        assert!(at(0, 6).unwrap_err().contains("ends at 6 and is kept up to 7"));
        assert_eq!(begin(None, 0, 9), Ok(Begin { read_from: 0, keep_from: 0, last: None }));
        assert!(begin(None, 3, 9).unwrap_err().contains("[0, 3) are gone"));
    }
}
