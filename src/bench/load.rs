//! Cases of one kind, so many of them open at a time, their events in the order of arrival. It never ends, keeps only the
//! open cases in memory, and is a function of its arguments: events come as fast as they can be written down.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use model::Instant;
use model::time::{MS_PER_DAY, MS_PER_HOUR};

use super::script::{Fact, Flaw, SCRIPTS};
use crate::cli::LoadArgs;
use crate::random::Random;

/// Monday 2024-01-01, 09:00 in China.
const START: Instant = Instant(1_704_070_800_000);
/// The open cases of the beginning were accepted over so many days: about as long as a case takes.
const SPREAD_DAYS: i64 = 25;
/// A late event arrives at most this much after its time.
const LATEST: i64 = 3 * MS_PER_DAY;

/// A case on its way.
pub(super) struct Case {
    pub(super) number: u64,
    pub(super) flaw: Option<Flaw>,
    script: &'static [Fact],
    /// Events told so far.
    pub(super) told: usize,
}

pub(super) struct Load {
    random: Random,
    late_percent: usize,
    twice_percent: usize,
    violating_percent: usize,
    cases: Vec<Case>,
    /// When each case tells its next event.
    due: BinaryHeap<Reverse<(Instant, u32)>>,
    /// Lines that arrive later than they happened, or again.
    held: BinaryHeap<Reverse<(Instant, Vec<u8>)>>,
    begun: u64,
}

impl Load {
    pub(super) fn new(args: &LoadArgs) -> Self {
        let mut load = Self {
            random: Random::new(args.seed),
            late_percent: usize::from(args.late),
            twice_percent: usize::from(args.twice),
            violating_percent: usize::from(args.violating),
            cases: Vec::with_capacity(args.open as usize),
            due: BinaryHeap::with_capacity(args.open as usize),
            held: BinaryHeap::new(),
            begun: 0,
        };
        for slot in 0..args.open {
            let case = load.begin();
            load.cases.push(case);
            let at = START.plus_ms(load.random.between(0, SPREAD_DAYS * MS_PER_DAY / 1_000) * 1_000);
            load.due.push(Reverse((at, slot)));
        }
        load
    }

    fn begin(&mut self) -> Case {
        self.begun += 1;
        let script = *self.random.pick(SCRIPTS);
        let flawed = self.random.chance(self.violating_percent);
        let flaw = flawed.then(|| *self.random.pick(Flaw::of(script)));
        Case { number: self.begun, flaw, script, told: 0 }
    }

    /// Appends the next line to `line`.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) {
        loop {
            let due = self.due.peek().map(|Reverse((at, _))| *at);
            if let Some(Reverse((at, held))) = self.held.peek()
                && due.is_none_or(|due| *at <= due)
            {
                line.extend_from_slice(held);
                self.held.pop();
                return;
            }
            if self.tell(line) {
                return;
            }
        }
    }

    /// The next event of the case whose turn it is; `false` if it arrives later.
    fn tell(&mut self, line: &mut Vec<u8>) -> bool {
        let Some(Reverse((at, slot))) = self.due.pop() else { return false };
        let case = &mut self.cases[slot as usize];
        let fact = case.script[case.told];
        case.told += 1;
        fact.write(case, at, &mut self.random, line);
        let next = match case.script.get(case.told) {
            Some(next) => at.plus_ms(next.wait(case, &mut self.random)),
            None => {
                self.cases[slot as usize] = self.begin();
                at.plus_ms(self.random.between(1, 4) * MS_PER_HOUR / 2)
            }
        };
        self.due.push(Reverse((next, slot)));
        if self.random.chance(self.twice_percent) {
            self.hold(at, line.clone());
        }
        if self.random.chance(self.late_percent) {
            self.hold(at, std::mem::take(line));
            return false;
        }
        true
    }

    fn hold(&mut self, at: Instant, line: Vec<u8>) {
        let arrival = at.plus_ms(self.random.between(1, LATEST));
        self.held.push(Reverse((arrival, line)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;

    use detectors::machine::CaseMachine;
    use model::Catalogue;

    use super::*;

    fn lines(args: &LoadArgs) -> Vec<Vec<u8>> {
        let mut load = Load::new(args);
        let one = |_| {
            let mut line = Vec::new();
            load.next(&mut line);
            line
        };
        (0..args.events).map(one).collect()
    }

    const ARGS: LoadArgs = LoadArgs { events: 60_000, open: 500, seed: 7, violating: 50, late: 5, twice: 3 };

    #[test]
    fn the_load_has_the_shape_that_it_promises() {
        let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/catalogues/demo");
        let catalogue = Arc::new(Catalogue::load(&catalogue).expect("the demo's catalogue"));
        let mut machine = CaseMachine::new(Arc::clone(&catalogue));
        let lines = lines(&ARGS);
        for line in &lines {
            let event = model::event::decode(line, Instant::LATEST).expect("a good record");
            catalogue.orgs.authorise(&event).expect("a source that may speak");
            machine.absorb(&event);
        }
        let mut codes = BTreeMap::new();
        machine.settle(START, |findings| {
            findings.iter().for_each(|f| *codes.entry(f.code).or_insert(0) += 1);
        });
        assert!(codes.len() >= 9, "{codes:?}");
        let bytes: usize = lines.iter().map(Vec::len).sum();
        assert!((430..510).contains(&(bytes / lines.len())), "{} bytes", bytes / lines.len());
        let events = machine.counts().facts as usize / machine.cases();
        assert!((10..=13).contains(&events), "{events} events a case");
        assert!(machine.counts().duplicates > 1_000);
    }

    #[test]
    fn the_same_arguments_make_the_same_load() {
        let args = LoadArgs { events: 2_000, ..ARGS };
        assert_eq!(lines(&args), lines(&args));
        assert_ne!(lines(&args), lines(&LoadArgs { seed: 8, ..args }));
    }
}
