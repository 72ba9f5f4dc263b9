//! What the tables must hold when all has settled: what the logs say, each row once.

use std::collections::{BTreeMap, BTreeSet};

use crate::broker::Topic;
use crate::mutant::Mutant;
use crate::store::{Key, Row, is_poison};
use crate::world::World;

pub fn judge(world: &World) -> Result<(), String> {
    let tables = &world.tables;
    if let Some(clash) = &tables.clash {
        return Err(clash.clone());
    }
    // The first layer: as long as no token was forgotten, no row is inserted twice. The second, that a view keeps one row a
    // key, holds without it.
    let replaces = world.mutant != Some(Mutant::ViewDoubles);
    let remembers = tables.window == usize::MAX;
    if (remembers || !replaces)
        && let Some((key, (times, _))) = tables.rows.iter().find(|(_, (times, _))| *times > 1)
    {
        return Err(format!("{key:?} was inserted {times} times"));
    }
    (0..world.partitions()).try_for_each(|partition| {
        events(world, partition)?;
        findings(world, partition)?;
        letters(world, partition)
    })
}

/// Offsets of the records that can be read, those of `case-events` by what the replacing table keeps of them.
fn events(world: &World, partition: usize) -> Result<(), String> {
    let log = world.broker.partition(Topic::CaseEvents, partition);
    let number = partition as u16;
    let stored = world.marks.get(&(Topic::CaseEvents, partition)).map_or(0, |mark| mark.offset);
    let halted = stored < log.low;
    for (offset, record) in log.records() {
        let key = Key::Event { partition: number, offset: offset as u64 };
        let readable = model::event::decode(&record.value, model::Instant::LATEST).is_ok();
        let stored = world.tables.rows.get(&key);
        let letter = is_letter(world, "case-events", number, offset);
        let poison = world.tables.has_poison && is_poison(&key);
        let right = match stored {
            Some((_, Row::Event(row))) => readable && !poison && row.data.0 == *record.value,
            Some(_) => false,
            None => (poison || !readable) && letter,
        };
        // What retention takes before a sink has read it is gone, and a sink that had begun says so.
        if !right && offset >= world.unstored[partition] && !halted {
            return Err(format!("case-events[{partition}] {offset} is not stored as it should be"));
        }
    }
    Ok(())
}

fn findings(world: &World, partition: usize) -> Result<(), String> {
    let mut poisoned = BTreeMap::<u64, u32>::new();
    for told in &world.watches[partition].told {
        let f = &told.finding;
        let key = Key::Finding { id: f.finding_id.to_string(), revision: f.revision };
        let right = match world.tables.rows.get(&key) {
            Some((_, Row::Finding(row))) => {
                let same = (row.state, row.code, row.change)
                    == (f.state.as_str(), f.code.as_str(), f.change.as_str());
                let same = same
                    && row.case_id == f.case
                    && row.events == f.events
                    && row.violated_at == f.violated_at.0;
                same && row.seq == told.seq
            }
            Some(_) => false,
            None => world.tables.has_poison && is_poison(&key),
        };
        if !right {
            return Err(format!("revision {} of {} is not stored as it should be", f.revision, f.finding_id));
        }
        if world.tables.has_poison && is_poison(&key) {
            *poisoned.entry(told.seq).or_default() += 1;
        }
    }
    let number = partition as u16;
    let rows = world.tables.rows.values().filter_map(|(_, row)| match row {
        Row::Finding(row) if row.partition == number => Some((row.finding_id.as_str(), row.revision)),
        _ => None,
    });
    let told: BTreeSet<_> = world.watches[partition]
        .told
        .iter()
        .map(|t| (t.finding.finding_id.to_string(), t.finding.revision))
        .collect();
    for (id, revision) in rows {
        if !told.contains(&(id.to_owned(), revision)) {
            return Err(format!("revision {revision} of {id} is stored and was never told"));
        }
    }
    let letters = world.tables.rows.keys();
    let letters = letters.filter(|key| matches!(key, Key::Letter { topic, partition, .. } if topic == "ledger" && *partition == number));
    let expected: u32 = poisoned.values().sum();
    let found = letters.count();
    if found == expected as usize {
        Ok(())
    } else {
        Err(format!("{expected} findings were refused, {found} are dead letters"))
    }
}

fn letters(world: &World, partition: usize) -> Result<(), String> {
    let log = world.broker.partition(Topic::DeadLetters, partition);
    for (offset, _) in log.records() {
        if !is_letter(world, "dead-letters", partition as u16, offset) {
            return Err(format!("dead-letters[{partition}] {offset} is not stored"));
        }
    }
    Ok(())
}

fn is_letter(world: &World, topic: &str, partition: u16, offset: i64) -> bool {
    let key = Key::Letter { topic: topic.to_owned(), partition, offset: offset as u64, part: 0 };
    world.tables.rows.contains_key(&key)
}
