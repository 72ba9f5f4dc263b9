//! Lint: what a catalogue that can be used says, and nobody can have meant (docs/lint.md, code by code).
//!
//! Loading refuses what cannot be understood. Lint looks at rules that are understood: limits that cannot be met,
//! points that can never find anything or always do. Its errors keep a draft from being submitted; they do not keep a
//! catalogue that is in force from being used, for a mistaken rule is mended by people, not by stopping.

mod flow;
mod forms;
mod limits;
mod officers;
mod points;
mod rollback;
mod spans;
#[cfg(test)]
mod tests;
mod tiers;
mod totals;
mod waivers;

use self::flow::Flow;
use crate::catalogue::{Bilingual, Catalogue, Inspection, Item, Problem, ProblemCode, Source};
use crate::time::Day;

impl Inspection {
    /// Everything that a reviewer should know, by file and line: the problems of loading, what lint finds where there is
    /// no error, and calendars that deadlines of `today` need; without what is waived.
    pub fn findings(&self, today: Day) -> Vec<Problem> {
        let mut found = self.problems.clone();
        if let Some(catalogue) = &self.catalogue {
            found.extend(catalogue.missing_calendars(today));
            for source in &self.sources {
                found.extend(Lint::new(source, catalogue, today).run());
            }
        }
        found = waivers::apply(self, found);
        found.sort_by(|a, b| (&a.file, a.line, a.column, &a.path).cmp(&(&b.file, b.line, b.column, &b.path)));
        found.dedup();
        found
    }
}

/// One item under the eyes of all rules.
struct Lint<'a> {
    source: &'a Source,
    item: &'a Item,
    catalogue: &'a Catalogue,
    flow: Flow<'a>,
    /// The year of which limits are measured where there is no calendar.
    today: Day,
    found: Vec<Problem>,
}

impl<'a> Lint<'a> {
    fn new(source: &'a Source, catalogue: &'a Catalogue, today: Day) -> Self {
        let item = &*source.item;
        Self { source, item, catalogue, flow: Flow::new(&item.steps), today, found: Vec::new() }
    }

    fn run(mut self) -> Vec<Problem> {
        flow::check(&mut self);
        points::check(&mut self);
        rollback::check(&mut self);
        officers::check(&mut self);
        forms::check(&mut self);
        limits::check(&mut self);
        totals::check(&mut self);
        tiers::check(&mut self);
        self.found
    }

    fn note(&mut self, path: &str, code: ProblemCode, message: Bilingual) {
        self.found.push(self.source.problem(path, code, message));
    }

    fn step_id(&self, step: usize) -> &'a str {
        &self.item.steps[step].id
    }

    /// `a, b, c` of steps.
    fn step_ids(&self, steps: impl IntoIterator<Item = usize>) -> String {
        let ids: Vec<&str> = steps.into_iter().map(|step| self.step_id(step)).collect();
        ids.join(", ")
    }
}
