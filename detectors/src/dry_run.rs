//! What a draft of the rules changes in history: every case judged by the rules as they are and by those with the draft, by
//! the same machine that judges live, and the two answers compared (docs/adr/0028).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use model::calendar::Calendar;
use model::catalogue::Edition;
use model::dry_run::{
    Counts, Direction, Group, MAX_SAMPLES, MAX_SAMPLES_OF_A_KIND, Part, REST, Sample, bounded,
};
use model::finding::Kind;
use model::{Catalogue, Finding, FindingId, Instant};

use crate::machine::CaseMachine;
use crate::rulebook::Rulebook;

/// Groups that a tally holds; what comes beyond is counted under [`REST`].
const MAX_TALLIED_GROUPS: usize = 50_000;

/// A question to history.
#[derive(Debug)]
pub struct Trial {
    before: Rulebook,
    after: Rulebook,
    /// Items whose cases may come out otherwise; `None`: all may, for calendar or officers differ.
    items: Option<HashSet<String>>,
    /// What is found on trial is no alarm. In history trials play no part.
    are_trials_minded: bool,
    at: Instant,
}

/// What a case says to it.
#[derive(Debug, Default)]
pub struct Answer {
    pub before: usize,
    pub after: usize,
    /// In the order of ids.
    pub differences: Vec<Difference>,
    pub renamed: usize,
}

/// One alarm that comes out otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub direction: Direction,
    /// As it is with the draft; of one that is removed, as it was.
    pub finding: Finding,
    pub was: Option<Finding>,
}

impl Trial {
    /// Had `with` been in force over all of history, instead of `current`: every case is judged by it, whenever it was accepted.
    pub fn history(current: Arc<Catalogue>, with: Arc<Catalogue>, at: Instant) -> Self {
        let items = differing(&current, &with);
        let (before, after) = (Rulebook::of(current), Rulebook::of(with));
        Self { before, after, items, are_trials_minded: false, at }
    }

    /// What happens to the cases accepted before, if `with` comes into force at `at` behind the editions that are in force then:
    /// those of items that it changes and that say `in_flight: migrate` go over to it. `None` if there are no such items.
    pub fn switch(
        base: Arc<Catalogue>,
        editions: &[Arc<Edition>],
        with: Catalogue,
        at: Instant,
    ) -> Option<Self> {
        let mut before = Rulebook::of(base);
        let mut in_force = editions.iter().filter(|edition| edition.from <= at);
        in_force.clone().for_each(|edition| before.push(Arc::clone(edition)));
        let last = in_force.next_back().map(AsRef::as_ref);
        let items = differing(last.map_or(before.base(), |last| &last.catalogue), &with);
        let next = Edition::trial(last, with, at);
        // The first edition of all names every item that migrates, those that stay as they are too.
        let goes_over = |items: &HashSet<String>| items.iter().any(|item| next.migrates(item));
        if !items.as_ref().map_or(next.migrates_any(), goes_over) {
            return None;
        }
        let mut after = before.clone();
        after.push(Arc::new(next));
        before.come_to(at);
        after.come_to(at);
        Some(Self { before, after, items, are_trials_minded: true, at })
    }

    /// Judges one case of a machine twice.
    pub fn ask(&self, machine: &CaseMachine, number: u32) -> Answer {
        let before = self.alarms(machine.findings_under(&self.before, number, self.at));
        let is_same =
            self.items.as_ref().is_some_and(|items| !machine.is_of_item(number, |item| items.contains(item)));
        if is_same {
            return Answer { before: before.len(), after: before.len(), ..Answer::default() };
        }
        compare(before, self.alarms(machine.findings_under(&self.after, number, self.at)))
    }

    fn alarms(&self, mut found: Vec<Finding>) -> Vec<Finding> {
        found.retain(|finding| !(self.are_trials_minded && finding.shadow));
        found.iter_mut().for_each(|finding| finding.shadow = false);
        found
    }
}

/// Items of either that are not as in the other; `None` where all cases may differ.
fn differing(old: &Catalogue, new: &Catalogue) -> Option<HashSet<String>> {
    if !old.calendar.is_same(&new.calendar) || old.officers != new.officers {
        return None;
    }
    let codes = old.items.keys().chain(new.items.keys());
    Some(codes.filter(|code| old.items.get(*code) != new.items.get(*code)).cloned().collect())
}

/// What two answers about one case differ in.
pub fn compare(before: Vec<Finding>, after: Vec<Finding>) -> Answer {
    let mut answer = Answer { before: before.len(), after: after.len(), ..Answer::default() };
    let mut old: HashMap<FindingId, Finding> = before.into_iter().map(|f| (f.finding_id, f)).collect();
    for finding in after {
        match old.remove(&finding.finding_id) {
            None => answer.differences.push(Difference { direction: Direction::Added, finding, was: None }),
            Some(was) if was == finding => {}
            Some(was)
                if Finding { rules_version: finding.rules_version.clone(), ..was.clone() } == finding =>
            {
                answer.renamed += 1;
            }
            Some(was) => {
                let direction = Direction::Changed;
                answer.differences.push(Difference { direction, finding, was: Some(was) });
            }
        }
    }
    let gone = |finding| Difference { direction: Direction::Removed, finding, was: None };
    answer.differences.extend(old.into_values().map(gone));
    answer.differences.sort_unstable_by_key(|difference| difference.finding.finding_id);
    answer
}

/// The answers of many cases, summed up. Merged in any order it comes to the same, but for groups beyond the bound.
#[derive(Debug, Default)]
pub struct Tally {
    pub cases: u64,
    part: Part,
    groups: BTreeMap<(Kind, String, String), Counts>,
    samples: BTreeMap<(Direction, Kind), BTreeMap<FindingId, Sample>>,
}

impl Tally {
    pub fn add(&mut self, answer: Answer, calendar: &Calendar) {
        self.cases += 1;
        self.part.alarms_before += answer.before as u64;
        self.part.alarms_after += answer.after as u64;
        self.part.renamed += answer.renamed as u64;
        for Difference { direction, finding, was } in answer.differences {
            self.part.counts.count(direction);
            let month = calendar.format(finding.violated_at);
            let month = month.get(..7).unwrap_or(REST).to_owned();
            self.group(finding.kind, &finding.org, month).count(direction);
            self.draw(direction, finding, was);
        }
    }

    fn group(&mut self, kind: Kind, org: &str, month: String) -> &mut Counts {
        let key = (kind, org.to_owned(), month);
        let is_full = self.groups.len() >= MAX_TALLIED_GROUPS && !self.groups.contains_key(&key);
        self.groups.entry(if is_full { (kind, REST.to_owned(), REST.to_owned()) } else { key }).or_default()
    }

    fn draw(&mut self, direction: Direction, finding: Finding, was: Option<Finding>) {
        let drawn = self.samples.entry((direction, finding.kind)).or_default();
        let id = finding.finding_id;
        let is_late =
            drawn.len() >= MAX_SAMPLES_OF_A_KIND && drawn.keys().next_back().is_some_and(|last| *last < id);
        if is_late {
            return;
        }
        let Finding { finding_id, case, org, point, kind, code, light, violated_at, explanation, .. } =
            finding;
        let was = was.map(|was| was.explanation);
        let sample = Sample {
            direction,
            finding_id,
            case,
            org,
            point,
            kind,
            code,
            light,
            violated_at,
            explanation,
            was,
        };
        drawn.insert(id, sample);
        if drawn.len() > MAX_SAMPLES_OF_A_KIND {
            drawn.pop_last();
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.cases += other.cases;
        self.part.alarms_before += other.part.alarms_before;
        self.part.alarms_after += other.part.alarms_after;
        self.part.renamed += other.part.renamed;
        self.part.counts = self.part.counts.plus(other.part.counts);
        for ((kind, org, month), counts) in other.groups {
            let sum = self.group(kind, &org, month);
            *sum = sum.plus(counts);
        }
        for (class, samples) in other.samples {
            let drawn = self.samples.entry(class).or_default();
            drawn.extend(samples);
            while drawn.len() > MAX_SAMPLES_OF_A_KIND {
                drawn.pop_last();
            }
        }
    }

    /// The bounded form. Of each kind and direction one sample comes before the second of any.
    pub fn into_part(self) -> Part {
        let one = |((kind, org, month), counts)| Group { kind, org, month, counts };
        let groups = bounded(self.groups.into_iter().map(one).collect());
        let mut samples: Vec<(usize, Sample)> =
            self.samples.into_values().flat_map(|drawn| drawn.into_values().enumerate()).collect();
        samples.sort_by_key(|(place, _)| *place);
        samples.truncate(MAX_SAMPLES);
        let mut samples: Vec<Sample> = samples.into_iter().map(|(_, sample)| sample).collect();
        samples.sort_by_key(|sample| (sample.direction, sample.kind, sample.finding_id));
        Part { groups, samples, ..self.part }
    }
}
