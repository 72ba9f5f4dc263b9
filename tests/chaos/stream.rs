//! The events of an experiment: the demonstration's stream, in which some records are late, some come twice and some are
//! none, and what the batch oracle makes of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use system_tests::site::Scratch;
use system_tests::{events, programs};

use crate::cluster::catalogue;
use crate::random::Random;

/// Records of a case, on average.
const RECORDS_A_CASE: u32 = 13;

const WARM_UP: usize = 200;

pub(crate) struct Record {
    pub(crate) bytes: Vec<u8>,
    /// Whose inbound topic it goes to.
    pub(crate) org: String,
    /// Names the fact; `None` for what is none.
    pub(crate) fact: Option<Fact>,
}

/// A fact's source and id, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fact(u64);

impl Fact {
    pub(crate) fn new(source: &str, id: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (source, id).hash(&mut hasher);
        Self(hasher.finish())
    }
}

pub(crate) struct Stream {
    pub(crate) records: Vec<Record>,
    /// How many records must become dead letters, by reason.
    pub(crate) rejected: BTreeMap<String, u64>,
}

/// The members that say where a record belongs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    source: Option<String>,
    id: Option<serde_json::Value>,
}

/// Changes the order and the number of records.
pub(crate) type Shape = fn(&mut Vec<Vec<u8>>, &mut Random);

pub(crate) fn as_generated(_: &mut Vec<Vec<u8>>, _: &mut Random) {}

/// One in five comes much later, one in ten comes twice, and neighbours change places.
pub(crate) fn flood(lines: &mut Vec<Vec<u8>>, random: &mut Random) {
    let (mut on_time, mut late) = (Vec::new(), Vec::new());
    for line in lines.drain(..) {
        let twice = random.chance(10).then(|| line.clone());
        let place = if random.chance(20) { &mut late } else { &mut on_time };
        place.push(line);
        late.extend(twice);
    }
    on_time.chunks_mut(500).for_each(|chunk| random.shuffle(chunk));
    random.shuffle(&mut late);
    // Late records come anywhere in the last four fifths.
    let start = on_time.len() / 5;
    for line in late {
        lines.push(line);
    }
    let late = std::mem::take(lines);
    let gap = (on_time.len() - start) / (late.len() + 1);
    let mut late = late.into_iter();
    for (n, line) in on_time.into_iter().enumerate() {
        lines.push(line);
        if n >= start && (n - start).is_multiple_of(gap.max(1)) {
            lines.extend(late.next());
        }
    }
    lines.extend(late);
}

/// Months become seconds, and they have just passed: a stream as departments send it, in which next to nothing is overdue when
/// it comes. Limits of a minute are over by then, so that none falls due while all is compared.
pub(crate) fn live(lines: &mut Vec<Vec<u8>>, _: &mut Random) {
    const FASTER: i64 = 1_000_000;
    let now = now_ms();
    let just = now - 300_000;
    for line in lines {
        let Ok(mut event) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
        let Some(time) = event["time"].as_str().and_then(model::Instant::parse) else { continue };
        event["time"] = model::Instant(just - (now - time.0) / FASTER).to_string().into();
        *line = event.to_string().into_bytes();
    }
}

/// Beyond what the generator spoils: records that no publisher of JSON would send.
pub(crate) fn poison(lines: &mut Vec<Vec<u8>>, random: &mut Random) {
    let bombs: [fn() -> Vec<u8>; 4] = [
        || b"[".repeat(100_000),
        || br#"{"a":"#.repeat(40_000),
        || (0..=255).filter(|byte| *byte != b'\n' && *byte != b'\r').collect(),
        || [&b"{\"specversion\":\"1.0\",\"id\":\""[..], &b"x".repeat(1_500_000), b"\"}"].concat(),
    ];
    for n in 0..(lines.len() / 500).max(8) {
        // The large ones are few: it is their kind that matters, not the weight.
        let bomb = if n % 4 == 3 && n > 12 { bombs[2] } else { bombs[n % 4] };
        lines.insert(random.below(lines.len() + 1), bomb());
    }
}

impl Stream {
    /// Some `records` of a seed, with files `events.jsonl` and `rejects.jsonl` in `scratch`.
    pub(crate) fn generate(scratch: &Scratch, seed: u64, records: u32, shape: Shape) -> Self {
        let (raw, cases) = (scratch.path("generated.jsonl"), (records / RECORDS_A_CASE).max(60));
        let demo = catalogue().display().to_string();
        let (seed_text, cases) = (seed.to_string(), cases.to_string());
        // The last deadlines of the stream fall due within its next minute; here they are over when it begins.
        let now = model::Instant(now_ms() - 60_000).to_string();
        let mut generate = programs::xiezhi(["generate", "--catalogue", &demo, "--seed", &seed_text]);
        programs::well(generate.args(["--cases", &cases, "--now", &now, "--out", &raw]));
        let mut lines = lines_of(&raw);
        shape(&mut lines, &mut Random::new(seed, "stream"));
        Self::of(scratch, lines)
    }

    /// These lines, whatever they are.
    pub(crate) fn of(scratch: &Scratch, lines: Vec<Vec<u8>>) -> Self {
        scratch.lines("events.jsonl", &lines);
        detect(scratch);
        let mut rejected = BTreeMap::new();
        let mut bad = HashSet::new();
        for line in lines_of(scratch.path("rejects.jsonl")) {
            let row: serde_json::Value = serde_json::from_slice(&line).expect("a reject is JSON");
            bad.insert(row["line"].as_u64().expect("a reject has a line"));
            let reason = row["reason"].as_str().expect("a reject has a reason");
            *rejected.entry(reason.to_owned()).or_default() += 1;
        }
        let numbered = lines.into_iter().zip(1..);
        let records: Vec<Record> =
            numbered.map(|(bytes, number)| record(bytes, !bad.contains(&number))).collect();
        Self { records, rejected }
    }

    /// How many records are published before the experiment begins, so that every part is at work.
    pub(crate) fn warm_up(&self) -> usize {
        self.records.len().min(WARM_UP)
    }

    /// How many different facts there are.
    pub(crate) fn facts(&self) -> u64 {
        facts(&self.records)
    }
}

/// How many different facts are among these records.
pub(crate) fn facts(records: &[Record]) -> u64 {
    records.iter().filter_map(|record| record.fact).collect::<HashSet<Fact>>().len() as u64
}

fn record(bytes: Vec<u8>, is_fact: bool) -> Record {
    let head: Head = serde_json::from_slice(&bytes).unwrap_or_default();
    // `urn:cn-org:<org>:<system>`. Whoever does not say who he is publishes where he may.
    let org = head.source.as_deref().and_then(|source| source.split(':').nth(2));
    let known = org.filter(|org| org.len() == 18).unwrap_or(events::ORG).to_owned();
    let id = head.id.as_ref().and_then(|id| id.as_str());
    let fact = head.source.as_deref().zip(id).filter(|_| is_fact).map(|(source, id)| Fact::new(source, id));
    Record { bytes, org: known, fact }
}

/// Runs the batch oracle over `events.jsonl`, as of now: findings go to `findings.jsonl`.
pub(crate) fn detect(scratch: &Scratch) -> String {
    let (events, rejects) = (scratch.path("events.jsonl"), scratch.path("rejects.jsonl"));
    let (findings, now) = (scratch.path("findings.jsonl"), model::Instant(now_ms()).to_string());
    let mut detect = programs::xiezhi(["detect", "--until", &now, "--out", &findings]);
    detect.args(["--rejects", &rejects, "--catalogue"]).arg(catalogue());
    programs::well(detect.arg(&events));
    findings
}

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("the clock is past 1970").as_millis() as i64
}

pub(crate) fn lines_of(path: impl AsRef<Path>) -> Vec<Vec<u8>> {
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()));
    BufReader::new(file).split(b'\n').map(|line| line.expect("the file can be read")).collect()
}

/// When each fact was published first, ms since 1970.
pub(crate) type Published = HashMap<Fact, i64>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_loses_nothing_and_doubles_a_tenth() {
        let before: Vec<Vec<u8>> = (0..10_000).map(|n| n.to_string().into_bytes()).collect();
        let mut after = before.clone();
        flood(&mut after, &mut Random::new(1, "x"));
        let distinct: HashSet<&Vec<u8>> = after.iter().collect();
        assert_eq!(distinct.len(), before.len());
        assert!((10_800..11_200).contains(&after.len()), "{}", after.len());
        let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        assert!(moved > 9_000, "{moved}");
    }
}
