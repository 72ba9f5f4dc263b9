//! How long a start from a checkpoint takes, and what an open case costs in memory. Not a test: figures depend on the machine.
//!
//!     cargo run --release -p ledger --example restore -- 1000000 [SHARE]
//!
//! The production actor over a log that makes its facts up: each case has four facts (accepted, a step started, evidence, a
//! suspension) and stays open. Of SHARE percent (0 if not given) the step is completed instead, by two officers whom no register
//! has: three findings a case, which the edition that brings their certificates takes back. Ledger and segments are files, so a
//! broker is not in the figures. The restore is a process of its own, so that its memory is nobody else's.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant as Wall};

use ledger::actor::{Actor, Limits, Report, Settings};
use ledger::clock::ClockMode;
use ledger::log::{Log, LogError, LogEvent, Progress, Stream};
use model::catalogue::{Edition, Shelf};
use model::{Catalogue, Instant};

const ITEM: &str = "
code: '3701-CF-0042'
name: item
category: penalty
steps: [{id: filing, name: a, next: [inquiry]}, {id: inquiry, name: b}]
limits:
  - {id: total, scope: case, days: 90, unit: calendar_day, warn_days: 5}
  - {id: filing, scope: {step: filing}, days: 7, unit: working_day}
points:
  - {id: p1, kind: time_limit, limit: total}
  - {id: p2, kind: time_limit, limit: filing}
  - {id: p3, kind: officer_qualification, step: filing}
  - {id: p4, kind: evidence, step: filing, required: [{kind: photo, min: 1}]}
";
const FACTS: i64 = 4;

/// Records one after another in a file.
struct Records {
    file: File,
    places: Vec<(u64, usize)>,
}

impl Records {
    fn open(path: &Path) -> Self {
        let file = File::options().read(true).append(true).create(true).open(path).expect("a file");
        let (mut places, mut at) = (Vec::new(), 0);
        let mut length = [0; 8];
        while file.read_exact_at(&mut length, at).is_ok() {
            let size = u64::from_le_bytes(length);
            places.push((at + 8, size as usize));
            at += 8 + size;
        }
        Self { file, places }
    }

    fn push(&mut self, bytes: &[u8]) {
        let at = self.places.last().map_or(0, |(at, size)| at + *size as u64);
        self.file.write_all(&(bytes.len() as u64).to_le_bytes()).expect("room on the disk");
        self.file.write_all(bytes).expect("room on the disk");
        self.places.push((at + 8, bytes.len()));
    }

    fn get(&self, at: i64) -> Option<Vec<u8>> {
        let (place, size) = *self.places.get(usize::try_from(at).ok()?)?;
        let mut bytes = vec![0; size];
        self.file.read_exact_at(&mut bytes, place).expect("what was written");
        Some(bytes)
    }
}

struct MadeUp {
    facts: i64,
    /// Cases with findings that an edition takes back, percent.
    share: i64,
    ledger: Records,
    segments: Records,
    at: [i64; 3],
    /// Streams whose end has been told.
    told: [bool; 3],
    needed_from: i64,
    editions: Vec<Arc<Edition>>,
}

impl MadeUp {
    fn open((facts, share): (i64, i64), directory: &Path) -> Self {
        let [ledger, segments] = ["ledger", "segments"].map(|name| Records::open(&directory.join(name)));
        Self {
            facts,
            share,
            ledger,
            segments,
            at: [0; 3],
            told: [false; 3],
            needed_from: 0,
            editions: Vec::new(),
        }
    }

    fn slot(stream: Stream) -> usize {
        match stream {
            Stream::CaseEvents => 0,
            Stream::Ledger => 1,
            Stream::Segments => 2,
        }
    }
}

fn start() -> Instant {
    Instant::parse("2026-03-02T08:00:00+08:00").expect("instant")
}

/// All cases are accepted first, then each goes on.
fn fact(offset: i64, (facts, share): (i64, i64)) -> Vec<u8> {
    let cases = facts / FACTS;
    let (case, kind) = (offset % cases, offset / cases);
    let (kind, data) = match kind {
        0 => ("case.accepted", r#"{"item":"3701-CF-0042","org":"11370100MB2858001A"}"#),
        1 => ("step.started", r#"{"step":"filing","officers":["37010001","37010002"]}"#),
        2 => ("evidence.uploaded", r#"{"step":"filing","evidence":[{"id":"IMG_0001","kind":"photo"}]}"#),
        _ if case % 100 < share => {
            ("step.completed", r#"{"step":"filing","officers":["37010001","37010002"]}"#)
        }
        _ => ("clock.suspended", r#"{"reason":"r"}"#),
    };
    let time = start().plus_ms(offset % 86_400_000);
    format!(
        r#"{{"specversion":"1.0","id":"ev-{offset:012}","source":"urn:cn-org:11370100MB2858001A:penalty","type":"{kind}","subject":"AJ2026{case:010}","time":"{time}","data":{data}}}"#
    )
    .into_bytes()
}

impl Log for MadeUp {
    fn bounds(&mut self, stream: Stream) -> Result<(i64, i64), LogError> {
        Ok(match stream {
            Stream::CaseEvents => (0, self.facts),
            Stream::Ledger => (0, self.ledger.places.len() as i64),
            Stream::Segments => (0, self.segments.places.len() as i64),
        })
    }

    fn seek(&mut self, stream: Stream, offset: i64) -> Result<(), LogError> {
        self.at[Self::slot(stream)] = offset;
        Ok(())
    }

    fn poll(&mut self, stream: Stream, _wait: Duration) -> Result<Option<LogEvent>, LogError> {
        let at = &mut self.at[Self::slot(stream)];
        let bytes = match stream {
            Stream::CaseEvents => (*at < self.facts).then(|| fact(*at, (self.facts, self.share))),
            Stream::Ledger => self.ledger.get(*at),
            Stream::Segments => self.segments.get(*at),
        };
        let told = std::mem::replace(&mut self.told[Self::slot(stream)], bytes.is_none());
        let Some(bytes) = bytes else { return Ok((!told).then_some(LogEvent::End)) };
        *at += 1;
        Ok(Some(LogEvent::Record { offset: *at - 1, timestamp: start(), bytes }))
    }

    fn append(&mut self, stream: Stream, bytes: Vec<u8>) -> Result<(), LogError> {
        match stream {
            Stream::Segments => self.segments.push(&bytes),
            _ => self.ledger.push(&bytes),
        }
        Ok(())
    }

    fn edition(&mut self, number: usize, _wait: Duration) -> Result<Option<Arc<Edition>>, LogError> {
        Ok(self.editions.get(number).cloned())
    }

    fn report(&mut self, progress: Progress) {
        self.needed_from = progress.segments_from;
    }
}

/// Resident memory of this process, bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

fn actor((cases, share): (i64, i64), directory: &Path) -> Actor<MadeUp> {
    let files = [("items/i.yaml".to_owned(), ITEM.to_owned())];
    let rules = Arc::new(Catalogue::from_files(files).expect("a catalogue"));
    let limits = Limits { checkpoint_entries: u64::MAX, ..Limits::default() };
    let settings = Settings { partition: 0, rules, clock: ClockMode::Wall, limits };
    Actor::new(settings, MadeUp::open((cases * FACTS, share), directory))
}

fn process((cases, share): (i64, i64), directory: &Path) {
    let (mut actor, began, mut slowest) = (actor((cases, share), directory), Wall::now(), Duration::ZERO);
    while actor.position().is_none_or(|(position, confirmed)| position < cases * FACTS || !confirmed) {
        let turn = Wall::now();
        actor.turn(start(), Duration::ZERO).expect("a whole log");
        slowest = slowest.max(turn.elapsed());
    }
    let took = began.elapsed().as_secs_f64();
    let facts = cases * FACTS;
    println!(
        "processed  {facts} facts of {cases} cases in {took:.1} s, {:.0}/s; longest turn {slowest:?}",
        facts as f64 / took
    );
    let log = actor.log_mut();
    let sizes = || log.segments.places.iter().map(|(_, size)| *size as f64 / 1e6);
    let needed: f64 = sizes().skip(log.needed_from as usize).sum();
    println!("segments   {:.0} MB written, {needed:.0} MB needed", sizes().sum::<f64>());
    println!("checkpoints {}", actor.tally().checkpoints);
}

/// A calendar that moves the deadlines of all open cases, and certificates that take back what was found for want of them.
fn reissue(actor: &mut Actor<MadeUp>, cases: i64) {
    let calendar = "year: 2026\nholidays: [2026-03-04, 2026-03-06, 2026-03-09]\n";
    let officers =
        "officer_id,name,org,certificate_no,valid_from,valid_to\n37010001,a,o,1,,\n37010002,b,o,2,,\n";
    let files = [("items/i.yaml", ITEM), ("calendar/2026.yaml", calendar), ("officers.csv", officers)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let mut shelf = Shelf::default();
    let record = shelf.propose(&files, None, (start(), "example")).expect("an edition");
    actor.log_mut().editions.extend(shelf.take(&record.encode()).expect("readable"));
    let (began, before, mut slowest) = (Wall::now(), actor.tally(), Duration::ZERO);
    while actor.rules() != (1, 0) || actor.position().is_none_or(|(_, confirmed)| !confirmed) {
        let turn = Wall::now();
        actor.turn(start(), Duration::ZERO).expect("a whole log");
        slowest = slowest.max(turn.elapsed());
    }
    let took = began.elapsed().as_secs_f64();
    let (entries, findings) =
        (actor.tally().entries - before.entries, actor.tally().findings - before.findings);
    println!(
        "reissued   {cases} cases looked at again in {took:.1} s, {findings} findings told, {entries} entries; longest turn {slowest:?}"
    );
}

fn restore((cases, share): (i64, i64), directory: &Path) {
    let mut actor = actor((cases, share), directory);
    let (before, began) = (resident(), Wall::now());
    let report = actor.turn(start(), Duration::ZERO).expect("a whole log");
    let took = began.elapsed().as_secs_f64();
    let Some(Report::Acquired(found)) = report else { panic!("{report:?}") };
    println!(
        "restored   {} cases in {took:.1} s, {} facts of them again, digest agrees: {}",
        found.cases, found.records, found.digest_agrees
    );
    let estimate = actor.state().map_or(0, |(_, _, bytes)| bytes) as f64 / found.cases as f64;
    let resident = (resident() - before) as f64 / found.cases as f64;
    println!("memory     {resident:.0} bytes a case by resident set, {estimate:.0} by estimate");
    reissue(&mut actor, cases);
}

fn main() {
    let mut args = std::env::args().skip(1);
    let cases: i64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let share: i64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    match args.next() {
        Some(directory) => restore((cases, share), Path::new(&directory)),
        None => {
            let directory = std::env::temp_dir().join(format!("restore-{}", std::process::id()));
            std::fs::create_dir_all(&directory).expect("a directory");
            process((cases, share), &directory);
            let program = std::env::current_exe().expect("this program");
            let status =
                Command::new(program).args([cases.to_string(), share.to_string()]).arg(&directory).status();
            std::fs::remove_dir_all(&directory).expect("the directory is ours");
            assert!(status.is_ok_and(|s| s.success()), "the restore failed");
        }
    }
}
