//! From cases to the stream of records as it is published: mostly in the order of events over all departments, some of
//! them late, some of them twice, some of them spoiled.

use std::collections::BTreeMap;

use model::event::Reason;
use model::time::{Instant, MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND};
use serde_json::{Value, json};

use super::draft::Fact;
use super::random::Random;
use super::recipe::Story;
use super::spoil::{Spoiling, bytes};
use super::{Record, World};

const DUPLICATE_PERCENT: usize = 5;
/// One record in so many is spoiled.
const SPOILED_ONE_IN: usize = 100;
/// At least so many are, so that a short stream has every reason too.
const LEAST_SPOILED: usize = 40;

/// A stream in the making.
#[derive(Default)]
pub(super) struct Stream {
    pub(super) records: Vec<Record>,
    pub(super) valid: u64,
    pub(super) duplicates: u64,
    pub(super) rejected: BTreeMap<Reason, u64>,
}

pub(super) fn publish(stories: &[Story], world: &World<'_>, random: &mut Random) -> Stream {
    let mut stream = Stream::default();
    let now = world.days.now;
    for story in stories {
        for (number, fact) in story.facts.iter().enumerate() {
            let (envelope, ready) = envelope(story, number, fact, world, random);
            let at = arrival(ready, random).min(now);
            let bytes = bytes(&envelope);
            stream.valid += 1;
            if random.chance(DUPLICATE_PERCENT) {
                let again = repetition(at, random).min(now);
                stream.records.push(Record { org: story.org.to_owned(), at: again, bytes: bytes.clone() });
                stream.duplicates += 1;
            }
            stream.records.push(Record { org: story.org.to_owned(), at, bytes });
        }
    }
    spoil(stories, world, random, &mut stream);
    // Stable, so that records of one moment keep the order in which they were made.
    stream.records.sort_by_key(|record| record.at);
    stream
}

/// The CloudEvent, and the instant from which on it can be published.
fn envelope(
    story: &Story,
    number: usize,
    fact: &Fact,
    world: &World<'_>,
    random: &mut Random,
) -> (Value, Instant) {
    let mut envelope = json!({
        "specversion": "1.0",
        "id": format!("{}-{:03}", story.case, number + 1),
        "source": story.source,
        "type": fact.kind,
        "subject": story.case,
        "time": world.days.text(fact.at),
        "data": fact.data,
    });
    let lag = match story.entry_lag.filter(|_| number == 0) {
        Some(lag) => lag,
        None if random.chance(20) => return (envelope, fact.at),
        None => random.between(0, 5 * MS_PER_MINUTE) / MS_PER_SECOND * MS_PER_SECOND,
    };
    let recorded = fact.at.plus_ms(lag).min(world.days.now);
    envelope["recordedtime"] = json!(world.days.text(recorded));
    (envelope, recorded)
}

/// Most records come at once, some hours later, a few after days.
fn arrival(ready: Instant, random: &mut Random) -> Instant {
    let late = match random.below(100) {
        0..93 => random.between(MS_PER_SECOND, 90 * MS_PER_SECOND),
        93..98 => random.between(MS_PER_HOUR, 8 * MS_PER_HOUR),
        _ => random.between(MS_PER_DAY, 4 * MS_PER_DAY),
    };
    ready.plus_ms(late)
}

/// A record comes again soon after, as by a retry, or much later, as by a rerun.
fn repetition(first: Instant, random: &mut Random) -> Instant {
    let after = if random.chance(70) {
        random.between(MS_PER_SECOND, 5 * MS_PER_MINUTE)
    } else {
        random.between(MS_PER_HOUR, 20 * MS_PER_DAY)
    };
    first.plus_ms(after)
}

fn spoil(stories: &[Story], world: &World<'_>, random: &mut Random, stream: &mut Stream) {
    if stories.is_empty() {
        return;
    }
    let mut spoiling = Spoiling::default();
    for n in 0..(stream.records.len() / SPOILED_ONE_IN).max(LEAST_SPOILED) {
        let story = random.pick(stories);
        let Some(fact) = story.facts.first() else { continue };
        let (mut envelope, ready) = envelope(story, 0, fact, world, random);
        envelope["id"] = json!(format!("spoiled-{n}"));
        envelope["subject"] = json!(format!("YZ-SPOILED-{n:05}"));
        let (reason, bytes) = spoiling.spoil(envelope);
        *stream.rejected.entry(reason).or_default() += 1;
        let at = arrival(ready, random).min(world.days.now);
        stream.records.push(Record { org: story.org.to_owned(), at, bytes });
    }
}
