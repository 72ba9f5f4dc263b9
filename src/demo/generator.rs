//! The stream of `make demo`, with its own known truth: cases of all departments of a city that does not exist, most of
//! them in order, the others with violations planted into them. What must stand at the end follows from the planting;
//! no detector is asked.
//!
//! Deterministic in seed, number of cases and `now`. What was planted lies days away from where the answer would change,
//! so the truth is the same at every hour of every day; only the live cases fall due within a minute after `now`.

mod content;
mod days;
mod draft;
mod dress;
mod flow;
mod live;
mod pace;
mod profiles;
mod quality;
mod recipe;
mod render;
mod schedule;
mod spoil;
mod stream;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use model::catalogue::{Item, Standing, Wanted};
use model::event::Reason;
use model::finding::{Code, Kind, Light, State};
use model::time::{Day, MS_PER_SECOND};
use model::{Catalogue, Instant};

use crate::random::{self, Random};
use days::Days;
use draft::Expected;
use profiles::{DESKS, Desk, PROFILES, Profile, UNSUPERVISED_PROFILE};
use recipe::{CLEAN, Recipe, Story};

const PLANTED_PERCENT: usize = 30;
/// Of the clean cases, those that look like a violation and are none.
const CONTROL_PERCENT: usize = 12;
/// Recipes that are tried for one case before a clean one takes their place.
const TRIES: usize = 50;

pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Cases in all, the live ones included.
    pub(crate) cases: u32,
    /// The moment at which publishing begins.
    pub(crate) now: Instant,
}

pub(crate) struct Generated {
    /// In the order of publishing.
    pub(crate) records: Vec<Record>,
    pub(crate) truth: Truth,
}

pub(crate) struct Record {
    /// Whose inbound topic it goes to.
    pub(crate) org: String,
    /// When it is published: never after `now`.
    pub(crate) at: Instant,
    pub(crate) bytes: Vec<u8>,
}

/// What must be known at `settles_at`, and a minute later still.
pub(crate) struct Truth {
    /// Findings that stand; those that were retracted on the way are none of them.
    pub(crate) findings: BTreeMap<(Kind, Code, Light, State), u64>,
    /// The same, case by case, cases without a finding included.
    #[allow(dead_code, reason = "for tests, and for whoever looks for the case that differs")]
    pub(crate) cases: BTreeMap<String, Vec<Expected>>,
    pub(crate) rejected: BTreeMap<Reason, u64>,
    /// Records that repeat a fact.
    pub(crate) duplicates: u64,
    /// Facts: records that are neither rejected nor repetitions.
    pub(crate) valid: u64,
    /// Shortly after the last live case has fallen due.
    pub(crate) settles_at: Instant,
}

pub(crate) fn generate(plan: &Plan, catalogue: &Catalogue) -> Generated {
    let world = World::new(plan, catalogue);
    let mut random = Random::new(plan.seed);
    let live = live::CASES.min(plan.cases);
    let mut plants = Plants::default();
    let mut stories: Vec<Story> = Vec::with_capacity(plan.cases as usize);
    for number in 1..=plan.cases - live {
        stories.extend(tell_one(&world, number, &mut plants, &mut random));
    }
    let (live, last_due) = live::tell(&world, plan.cases - live + 1, live, &mut random);
    stories.extend(live);
    let stream = stream::publish(&stories, &world, &mut random);
    let mut findings = BTreeMap::new();
    for e in stories.iter().flat_map(|story| &story.expected) {
        *findings.entry((e.kind, e.code, e.light, e.state)).or_default() += 1;
    }
    let truth = Truth {
        findings,
        cases: stories.into_iter().map(|story| (story.case, story.expected)).collect(),
        rejected: stream.rejected,
        duplicates: stream.duplicates,
        valid: stream.valid,
        settles_at: last_due.plus_ms(MS_PER_SECOND),
    };
    Generated { records: stream.records, truth }
}

/// One case: planted, a control, or simply clean.
fn tell_one(world: &World<'_>, number: u32, plants: &mut Plants, random: &mut Random) -> Option<Story> {
    if random.chance(PLANTED_PERCENT) {
        let next = plants.next(random);
        // Recipes that fit any item look for one that has a place for them.
        let story = (0..TRIES).find_map(|_| recipe::tell(next, world, number, random));
        if story.is_some() {
            return story;
        }
    } else if random.chance(CONTROL_PERCENT) {
        let control = random.pick(flow::CONTROLS);
        let story = recipe::tell(control, world, number, random);
        if story.is_some() {
            return story;
        }
    }
    recipe::tell(&CLEAN, world, number, random)
}

/// Every recipe once in each round, in an order of the round's own: so even a short stream has nearly everything.
#[derive(Default)]
struct Plants {
    round: Vec<&'static Recipe>,
}

impl Plants {
    fn next(&mut self, random: &mut Random) -> &'static Recipe {
        if self.round.is_empty() {
            let once = [pace::LATE, pace::OPEN, pace::SOON, flow::ROLLBACKS, flow::LATE_EXTENSIONS];
            // Shorter lists, so twice.
            let twice = [
                content::OFFICERS,
                content::EVIDENCE,
                content::DECISIONS,
                content::DISCRETION,
                content::EXECUTION,
                quality::QUALITY,
            ];
            let all = once.into_iter().chain(twice).chain(twice);
            self.round = all.flatten().collect();
            random.shuffle(&mut self.round);
        }
        self.round.pop().unwrap_or(&CLEAN)
    }
}

/// What every case is told in.
struct World<'c> {
    catalogue: &'c Catalogue,
    days: Days<'c>,
    /// Those whose item the catalogue has.
    profiles: Vec<&'static Profile>,
}

impl<'c> World<'c> {
    fn new(plan: &Plan, catalogue: &'c Catalogue) -> Self {
        let known = |profile: &&Profile| catalogue.items.contains_key(profile.code);
        let profiles = PROFILES.iter().chain([&UNSUPERVISED_PROFILE]).filter(known).collect();
        Self { catalogue, days: Days::new(&catalogue.calendar, plan.now), profiles }
    }

    fn item(&self, code: &str) -> Option<&'c Item> {
        self.catalogue.items.get(code).map(AsRef::as_ref)
    }

    fn any_profile(&self, random: &mut Random) -> Option<&'static Profile> {
        let total: usize = self.profiles.iter().map(|profile| profile.weight).sum();
        let mut place = random.below(total);
        self.profiles.iter().copied().find(|profile| match place.checked_sub(profile.weight) {
            Some(rest) => {
                place = rest;
                false
            }
            None => true,
        })
    }

    fn standing(&self, officer: &str, on: Day) -> Standing {
        self.catalogue.officers.standing(officer, on, Wanted::default())
    }

    /// An officer of some standing on a day, of the desk if it has one, else of another.
    fn officer_of(&self, desk: &Desk, on: Day, standing: Standing, random: &mut Random) -> Option<String> {
        if standing == Standing::NotRegistered && random.chance(60) {
            return Some(format!("{}-X{:02}", desk.prefix, random.between(1, 99)));
        }
        let of = |desk: &Desk| -> Vec<String> {
            desk.officer_ids().filter(|id| self.standing(id, on) == standing).collect()
        };
        let own = of(desk);
        let able = if own.is_empty() { DESKS.iter().flat_map(of).collect() } else { own };
        (!able.is_empty()).then(|| random.pick(&able).clone())
    }
}
