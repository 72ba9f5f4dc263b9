//! Facts to findings: every thread judges cases of its own; the findings are written in the order of case ids.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use detectors::machine::CaseMachine;
use model::calendar::Calendar;
use model::{Finding, Instant};

use super::output;
use super::summary::Summary;
use super::turns::{InTurn, side_by_side};

/// Cases that a thread takes at a time.
const CASES: usize = 256;

/// A case: its machine, and its number there. The first bytes of its id decide nearly every comparison.
struct Place {
    beginning: u128,
    machine: u32,
    number: u32,
}

struct Writing<'a> {
    machines: &'a [CaseMachine],
    places: Vec<Place>,
    until: Instant,
    calendar: &'a Calendar,
    taken: AtomicUsize,
    out: InTurn<(Box<dyn Write + Send>, Summary, io::Result<()>)>,
}

/// Judges all cases at `until` on so many threads. What was written counts in `summary` even if the reader went away.
pub(super) fn write(
    machines: &[CaseMachine],
    until: Instant,
    calendar: &Calendar,
    out: Box<dyn Write + Send>,
    summary: Summary,
    threads: usize,
) -> (Summary, io::Result<()>) {
    let writing = Writing {
        machines,
        places: in_order(machines),
        until,
        calendar,
        taken: AtomicUsize::new(0),
        out: InTurn::new((out, summary, Ok(()))),
    };
    // Errors of writing are kept beside the writer: the summary is complete in any case.
    let work = || -> Result<(), std::convert::Infallible> {
        writing.work();
        Ok(())
    };
    match side_by_side(threads, work) {
        Ok(()) => {}
    }
    let (mut out, summary, written) = writing.out.into_inner();
    (summary, written.and_then(|()| out.flush()))
}

fn in_order(machines: &[CaseMachine]) -> Vec<Place> {
    let of = |(machine, m): (u32, &CaseMachine)| {
        let place = move |(number, id): (u32, &str)| Place { beginning: beginning(id), machine, number };
        (0..).zip(m.ids()).map(place).collect::<Vec<_>>()
    };
    let mut places: Vec<Place> = (0..).zip(machines).flat_map(of).collect();
    let id = |p: &Place| machines[p.machine as usize].id(p.number);
    places.sort_unstable_by(|a, b| a.beginning.cmp(&b.beginning).then_with(|| id(a).cmp(id(b))));
    places
}

/// Ids have no zero bytes, so a shorter one comes first.
fn beginning(id: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = id.len().min(bytes.len());
    bytes[..length].copy_from_slice(&id.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

impl Writing<'_> {
    fn work(&self) {
        let mut text = Vec::new();
        for number in std::iter::repeat_with(|| self.taken.fetch_add(1, Ordering::Relaxed)) {
            let Some(places) = self.places.chunks(CASES).nth(number) else { return };
            let findings: Vec<Finding> = places.iter().flat_map(|place| self.findings(place)).collect();
            text.clear();
            let rendered = findings.iter().try_for_each(|f| output::write(&mut text, f, self.calendar));
            self.out.turn(number as u64, |(out, summary, written)| {
                findings.iter().for_each(|f| summary.finding(f));
                if written.is_ok() {
                    *written = rendered.and_then(|()| out.write_all(&text));
                }
            });
        }
    }

    fn findings(&self, place: &Place) -> Vec<Finding> {
        let mut findings = self.machines[place.machine as usize].findings(place.number, self.until);
        output::sort(&mut findings);
        findings
    }
}
