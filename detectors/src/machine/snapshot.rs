//! The machine's state as bytes, written a piece at a time while the machine goes on, and read back.
//!
//! A save is a run of frames: a length, a kind, a body; numbers little-endian. The first frame is the head (clock, sums,
//! words), the others are cases with their numbers. Saves overlap: of several frames of one case the newest counts, so a
//! restore reads the newest save first and keeps what it has.

use std::collections::HashMap;

use model::finding::State;
use model::{FindingId, Instant};

use super::revise::Standing;
use super::sources::{Heard, Sources, Told};
use super::store::{Case, Store};
use super::{CaseMachine, Counts, StateDigest, Timer};
use crate::facts::Facts;
use crate::symbols::{MAX_SYMBOLS, Symbols};

/// Form of the saved state, its facts and its findings' digests included: another one cannot be read.
pub const STATE_FORMAT: u32 = 1;

const HEAD: u8 = 0;
const CASE: u8 = 1;

/// Saved state that cannot be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged(pub &'static str);

impl CaseMachine {
    /// Cases that changed since the last save began.
    pub fn changed(&self) -> usize {
        self.cases.changed()
    }

    /// Whether the state is one that can be saved: no case stands as rules that are no longer in force had it.
    pub fn is_settled(&self) -> bool {
        self.sweep.is_none() && self.rules.coming().all(|at| at > self.now)
    }

    /// Begins to save the changed cases and those numbered `from..to`, as they are now; says how many they are.
    pub fn begin_save(&mut self, from: u32, to: u32, out: &mut Vec<u8>) -> usize {
        frame(out, HEAD, |out| {
            for n in [
                self.now.0 as u64,
                self.counts.facts,
                self.counts.duplicates,
                self.digest.cases,
                self.digest.sum,
            ] {
                out.extend(n.to_le_bytes());
            }
            out.extend((self.symbols.len() as u32).to_le_bytes());
            self.symbols.words().for_each(|word| text(out, word));
            // Where no silence counts, the head ends here.
            if !self.sources.is_empty() {
                write_sources(&self.sources, out);
            }
        });
        self.cases.begin_save(from, to)
    }

    /// Appends what is still to be saved to `out` until that holds `enough` bytes; `true` once all is written. The machine
    /// may go on meanwhile: a case is written as it was when the save began.
    pub fn save(&mut self, enough: usize, out: &mut Vec<u8>) -> bool {
        self.cases.save(enough, out)
    }
}

pub(super) fn write_case(number: u32, case: &Case, out: &mut Vec<u8>) {
    frame(out, CASE, |out| {
        out.extend(number.to_le_bytes());
        text(out, &case.id);
        out.push(u8::from(case.wake().is_some()));
        out.extend(case.wake().map_or(0, |at| at.0).to_le_bytes());
        out.extend((case.standing.len() as u32).to_le_bytes());
        for finding in &case.standing {
            out.extend(finding.id.0);
            out.extend(finding.revision.to_le_bytes());
            out.push(state_number(finding.state));
            out.extend(finding.raised_at.0.to_le_bytes());
            out.extend(finding.content.to_le_bytes());
        }
        out.extend(case.facts.as_bytes());
    });
}

fn frame(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 4]);
    out.push(kind);
    body(out);
    let length = u32::try_from(out.len() - start - 4).expect("a case is smaller than 4 GiB");
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn write_sources(sources: &Sources, out: &mut Vec<u8>) {
    out.extend((sources.iter().count() as u32).to_le_bytes());
    for source in sources.iter() {
        let Heard { at, until, is_home, told } = source.heard;
        text(out, &source.name);
        out.extend([u8::from(at.is_some()), u8::from(is_home), u8::from(told.is_some())]);
        let told = told.unwrap_or(Told { at: Instant(0), waiting: 0 });
        for n in [at.unwrap_or(Instant(0)).0, until.0, told.at.0, told.waiting as i64] {
            out.extend(n.to_le_bytes());
        }
    }
}

const fn state_number(state: State) -> u8 {
    match state {
        State::Raised => 0,
        State::Cleared => 1,
        State::Retracted => 2,
    }
}

struct Head {
    now: Instant,
    counts: Counts,
    digest: StateDigest,
    symbols: Symbols,
    sources: HashMap<String, Heard>,
}

/// Puts saves together again, the newest first.
pub struct Restorer {
    /// Without any case yet.
    machine: CaseMachine,
    head: Option<Head>,
    cases: Vec<Option<Case>>,
    /// A frame that is not whole yet.
    tail: Vec<u8>,
}

impl Restorer {
    /// `machine` is a new one that has taken over the editions of then, to be filled; `cases` is how many the state has, from a source that can be trusted with
    /// memory.
    pub fn new(machine: CaseMachine, cases: usize) -> Self {
        let cases = std::iter::repeat_with(|| None).take(cases).collect();
        Self { machine, head: None, cases, tail: Vec::new() }
    }

    /// Takes the next bytes of a save; frames may be cut anywhere.
    ///
    /// # Errors
    /// Bytes that no save wrote.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Damaged> {
        let mut tail = std::mem::take(&mut self.tail);
        tail.extend_from_slice(bytes);
        let mut rest: &[u8] = &tail;
        while let Some((length, behind)) = rest.split_first_chunk::<4>()
            && let Some((body, next)) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)
        {
            self.frame(body)?;
            rest = next;
        }
        self.tail = rest.to_vec();
        Ok(())
    }

    /// A save ends here.
    ///
    /// # Errors
    /// It was cut off.
    pub fn end_save(&mut self) -> Result<(), Damaged> {
        if self.tail.is_empty() { Ok(()) } else { Err(Damaged("a save was cut off")) }
    }

    fn frame(&mut self, body: &[u8]) -> Result<(), Damaged> {
        let mut cursor = Cursor(body);
        match cursor.byte()? {
            HEAD if self.head.is_some() => Ok(()),
            HEAD => {
                self.head = Some(read_head(&mut cursor)?);
                Ok(())
            }
            CASE => {
                let number = cursor.u32()?;
                let slot = self.cases.get_mut(number as usize).ok_or(Damaged("a case has no place"))?;
                if slot.is_none() {
                    *slot = Some(read_case(cursor)?);
                }
                Ok(())
            }
            _ => Err(Damaged("a frame of unknown kind")),
        }
    }

    /// # Errors
    /// Cases are missing, or they are not those that were saved.
    pub fn finish(self) -> Result<CaseMachine, Damaged> {
        let Some(head) = self.head else { return Err(Damaged("there is no head")) };
        let cases: Option<Vec<Case>> = self.cases.into_iter().collect();
        let cases = cases.ok_or(Damaged("a case is missing"))?;
        let mut machine = self.machine;
        machine.sources.restore(&head.sources, head.now);
        let mut timers = Vec::new();
        for (number, case) in (0..).zip(&cases) {
            machine.digest.add(&case.id, &case.facts, &case.standing);
            machine.heap += case.heap_bytes();
            let Some(at) = case.wake() else { continue };
            let source = if machine.sources.is_empty() {
                None
            } else {
                machine.sources.of_case(&case.facts.history(&head.symbols))
            };
            if !machine.sources.hold(source, at, number) {
                timers.push((at, Timer::Case(number)));
            }
        }
        if machine.digest != head.digest {
            return Err(Damaged("the digest differs"));
        }
        let silences = (0..).zip(machine.sources.iter());
        timers.extend(silences.filter_map(|(n, source)| Some((source.silence()?, Timer::Silence(n)))));
        machine.rules.come_to(head.now);
        timers.extend(machine.rules.coming().map(|at| (at, Timer::Edition)));
        machine.timers = timers.into_iter().collect();
        machine.cases = Store::of(cases);
        (machine.now, machine.symbols, machine.counts) = (head.now, head.symbols, head.counts);
        Ok(machine)
    }
}

fn read_sources(cursor: &mut Cursor<'_>) -> Result<HashMap<String, Heard>, Damaged> {
    let mut sources = HashMap::new();
    if cursor.0.is_empty() {
        return Ok(sources);
    }
    for _ in 0..cursor.u32()? {
        let name = cursor.text()?.to_owned();
        let [was_heard, is_home, is_told] = *cursor.chunk()?;
        let mut instant = || cursor.u64().map(|ms| Instant(ms as i64));
        let (at, until) = (instant()?, instant()?);
        let told = Told { at: instant()?, waiting: cursor.u64()? };
        let (at, told) = ((was_heard != 0).then_some(at), (is_told != 0).then_some(told));
        sources.insert(name, Heard { at, until, is_home: is_home != 0, told });
    }
    Ok(sources)
}

fn read_head(cursor: &mut Cursor<'_>) -> Result<Head, Damaged> {
    let now = Instant(cursor.u64()? as i64);
    let counts = Counts { facts: cursor.u64()?, duplicates: cursor.u64()? };
    let digest = StateDigest { cases: cursor.u64()?, sum: cursor.u64()? };
    let words = cursor.u32()?;
    let mut symbols = Symbols::default();
    for number in 0..words.min(MAX_SYMBOLS as u32) {
        if symbols.number(cursor.text()?) != Some(number) {
            return Err(Damaged("a word stands twice"));
        }
    }
    let sources = read_sources(cursor)?;
    Ok(Head { now, counts, digest, symbols, sources })
}

fn read_case(mut cursor: Cursor<'_>) -> Result<Case, Damaged> {
    let id = cursor.text()?.into();
    let has_wake = cursor.byte()? != 0;
    let wake = Instant(cursor.u64()? as i64);
    let findings = cursor.u32()?;
    let standing: Result<Box<[Standing]>, Damaged> =
        (0..findings).map(|_| read_standing(&mut cursor)).collect();
    Ok(Case::new(id, Facts::of_bytes(cursor.0), standing?, has_wake.then_some(wake)))
}

fn read_standing(cursor: &mut Cursor<'_>) -> Result<Standing, Damaged> {
    Ok(Standing {
        id: FindingId(*cursor.chunk()?),
        revision: cursor.u32()?,
        state: match cursor.byte()? {
            0 => State::Raised,
            1 => State::Cleared,
            2 => State::Retracted,
            _ => return Err(Damaged("a finding's state is unknown")),
        },
        raised_at: Instant(cursor.u64()? as i64),
        content: cursor.u64()?,
    })
}

/// Reads what may have been damaged: nothing here may panic.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], Damaged> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or(Damaged("a frame is too short"))?;
        self.0 = rest;
        Ok(chunk)
    }

    fn byte(&mut self) -> Result<u8, Damaged> {
        self.chunk::<1>().map(|chunk| chunk[0])
    }

    fn u32(&mut self) -> Result<u32, Damaged> {
        self.chunk().map(|chunk| u32::from_le_bytes(*chunk))
    }

    fn u64(&mut self) -> Result<u64, Damaged> {
        self.chunk().map(|chunk| u64::from_le_bytes(*chunk))
    }

    fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.u32()? as usize;
        let (text, rest) = self.0.split_at_checked(length).ok_or(Damaged("a frame is too short"))?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Damaged("a text is not UTF-8"))
    }
}
