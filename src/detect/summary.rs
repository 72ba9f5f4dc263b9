//! What was read and what was found, as a small table.

use std::collections::BTreeMap;
use std::io::{self, Write};

use model::Finding;
use model::finding::{Code, Kind, Light, State};

use super::read::Tally;

#[derive(Default)]
pub(crate) struct Summary {
    lines: u64,
    rejected: u64,
    duplicates: u64,
    cases: usize,
    found: BTreeMap<(Kind, Code), Colours>,
    /// Found on trial: no alarms.
    shadows: u64,
}

#[derive(Default)]
struct Colours {
    yellow: u64,
    red: u64,
    cleared: u64,
}

impl Summary {
    pub(crate) fn read(&mut self, tally: &Tally, duplicates: u64, cases: usize) {
        (self.lines, self.rejected) = (tally.lines, tally.rejected);
        (self.duplicates, self.cases) = (duplicates, cases);
    }

    pub(crate) fn finding(&mut self, finding: &Finding) {
        if finding.shadow {
            self.shadows += 1;
            return;
        }
        let tally = self.found.entry((finding.kind, finding.code)).or_default();
        match (finding.state, finding.light) {
            (State::Raised, Light::Yellow) => tally.yellow += 1,
            (State::Raised, Light::Red) => tally.red += 1,
            (State::Cleared | State::Retracted, _) => tally.cleared += 1,
        }
    }

    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{} events of {} cases; {} duplicates, {} rejected",
            self.lines - self.rejected - self.duplicates,
            self.cases,
            self.duplicates,
            self.rejected
        )?;
        writeln!(out, "{:<22} {:<20} {:>9} {:>9} {:>9}", "kind", "code", "yellow", "red", "cleared")?;
        let mut total = Colours::default();
        for ((kind, code), tally) in &self.found {
            line(out, kind.as_str(), code.as_str(), tally)?;
            total.yellow += tally.yellow;
            total.red += tally.red;
            total.cleared += tally.cleared;
        }
        line(out, "total", "", &total)?;
        if self.shadows > 0 {
            writeln!(out, "besides, {} shadow alarms of rules on trial", self.shadows)?;
        }
        Ok(())
    }
}

fn line(out: &mut dyn Write, kind: &str, code: &str, tally: &Colours) -> io::Result<()> {
    writeln!(out, "{kind:<22} {code:<20} {:>9} {:>9} {:>9}", tally.yellow, tally.red, tally.cleared)
}
