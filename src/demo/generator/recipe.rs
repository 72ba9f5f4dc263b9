//! A recipe says how a case goes and what must stand for it: which item, how long the steps take, where it lies in time,
//! what else is changed. Everything the stream plants, and every control, is one.

use model::catalogue::{Item, Limit};
use model::finding::{Code, Light, State};
use model::time::Day;

use super::draft::{Draft, Expected, Fact};
use super::profiles::Profile;
use super::random::Random;
use super::schedule::{Dur, Laid, Leg, Skeleton};
use super::{World, content, dress, render};

/// Acceptances reach this far back, days; cases that take longer than that reach further.
const SPAN_DAYS: i32 = 100;
/// Days that are tried before a recipe is given up for this `now`.
const TRIES: usize = 400;
/// In how many percent of finished cases a second violation is planted.
const SECOND_PERCENT: usize = 20;

/// Point, code, light and state of a finding.
pub(super) type Says = (&'static str, Code, Light, State);
/// Changes a draft and says what follows; `None` where the case has no place for it.
pub(super) type Change = fn(&mut Draft<'_>, &World<'_>, &mut Random) -> Option<Vec<Expected>>;

/// Where a case lies in time.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// At any time; what would come after the present has not happened yet.
    Anywhere,
    /// Over for at least so many days.
    Done(i32),
    /// A limit's last day passed so many days ago.
    Past(&'static str, (i32, i32)),
    /// A limit has warned and is not yet due.
    Warned(&'static str),
}

#[derive(Clone, Copy)]
pub(super) struct Recipe {
    /// Codes of the items that it may happen to; empty for any.
    pub(super) items: &'static [&'static str],
    /// Steps that take another time than usual.
    pub(super) legs: &'static [(&'static str, Dur)],
    /// The whole way, where it is another than usual.
    pub(super) route: &'static [Leg],
    pub(super) when: When,
    pub(super) says: &'static [Says],
    pub(super) change: Change,
}

/// A case without anything special that ends before the present.
pub(super) const PLAIN: Recipe =
    Recipe { items: &[], legs: &[], route: &[], when: When::Done(0), says: &[], change: unchanged };

/// A clean case, perhaps still on its way.
pub(super) const CLEAN: Recipe = Recipe { when: When::Anywhere, ..PLAIN };

fn unchanged(_: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    Some(Vec::new())
}

/// A case as it is told, and what must stand for it.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) case: String,
    pub(super) org: &'static str,
    pub(super) source: String,
    pub(super) facts: Vec<Fact>,
    /// The acceptance was recorded this much later, ms.
    pub(super) entry_lag: Option<i64>,
    pub(super) expected: Vec<Expected>,
}

/// Tells one case by a recipe; `None` where this `now` has no place for it.
pub(super) fn tell(recipe: &Recipe, world: &World<'_>, number: u32, random: &mut Random) -> Option<Story> {
    let profile = choose(recipe, world, random)?;
    let item = world.item(profile.code)?;
    let legs = if recipe.route.is_empty() { profile.legs } else { recipe.route };
    let skeleton = Skeleton::draw(legs, recipe.legs, random);
    let when = match recipe.when {
        // A step of seconds is not cut in two.
        When::Anywhere if profile.code == super::profiles::HOTLINE => When::Done(0),
        when => when,
    };
    let laid = place(&skeleton, when, item, world, random)?;
    let mut draft = dress::dress(world, item, profile, &laid, number, random);
    let mut expected: Vec<Expected> = recipe
        .says
        .iter()
        .map(|(point, code, light, state)| Expected::new(point, *code, *light, *state))
        .collect();
    expected.extend((recipe.change)(&mut draft, world, random)?);
    if !expected.is_empty() && matches!(when, When::Done(_)) && random.chance(SECOND_PERCENT) {
        content::plant_second(&mut draft, world, random, &mut expected);
    }
    Some(write_down(&draft, when, world, expected))
}

pub(super) fn write_down(
    draft: &Draft<'_>,
    when: When,
    world: &World<'_>,
    mut expected: Vec<Expected>,
) -> Story {
    let mut facts = render::facts(draft, world);
    if matches!(when, When::Anywhere) {
        facts.retain(|fact| fact.at <= world.days.cutoff);
    }
    expected.sort();
    Story {
        case: draft.case.clone(),
        org: draft.desk.org,
        source: draft.desk.source(),
        facts,
        entry_lag: draft.entry_lag,
        expected,
    }
}

fn choose(recipe: &Recipe, world: &World<'_>, random: &mut Random) -> Option<&'static Profile> {
    if recipe.items.is_empty() {
        return world.any_profile(random);
    }
    let code = random.pick(recipe.items);
    world.profiles.iter().find(|profile| profile.code == *code).copied()
}

/// Finds the day of acceptance.
fn place(
    skeleton: &Skeleton,
    when: When,
    item: &Item,
    world: &World<'_>,
    random: &mut Random,
) -> Option<Laid> {
    match when {
        When::Anywhere => {
            let fits = |laid: &Laid| laid.accepted <= world.days.cutoff;
            search(skeleton, world, random_day(world, random), |_| 1, fits)
        }
        When::Done(settled) => {
            let latest = world.days.cutoff.plus_ms(-i64::from(settled) * model::time::MS_PER_DAY);
            let first = random_day(world, random);
            search(skeleton, world, first, |_| 1 + random.days((0, 3)), |laid| laid.finish() <= latest)
        }
        When::Past(limit, by) => {
            let by = random.days(by);
            let limit = limit_of(item, limit)?;
            let fits = |laid: &Laid| {
                let start = laid.clock_start(item, &limit.id);
                start.is_some_and(|start| world.days.due_day(limit, start).plus(by) <= world.days.today)
            };
            search(skeleton, world, world.days.today, |_| 1, fits)
        }
        When::Warned(limit) => warned(skeleton, item, limit_of(item, limit)?, world),
    }
}

/// A limit that warned some days ago and is due some days from now; so no midnight near the present changes it.
fn warned(skeleton: &Skeleton, item: &Item, limit: &Limit, world: &World<'_>) -> Option<Laid> {
    let today = world.days.today;
    let with_margin = |margin: i32| {
        let fits = |laid: &Laid| {
            laid.clock_start(item, &limit.id).is_some_and(|start| {
                let warned = world.days.warned_day(limit, start);
                warned.is_some_and(|day| day.plus(margin) <= today)
                    && world.days.due_day(limit, start) >= today.plus(margin)
            })
        };
        search(skeleton, world, today, |_| 1, fits)
    };
    with_margin(2).or_else(|| with_margin(1))
}

fn limit_of<'i>(item: &'i Item, id: &str) -> Option<&'i Limit> {
    item.limits.iter().find(|limit| limit.id == id)
}

fn random_day(world: &World<'_>, random: &mut Random) -> Day {
    world.days.working_at_or_before(world.days.today.plus(-random.days((0, SPAN_DAYS))))
}

/// Goes back from a day, working day by working day, until the case lies as it should.
fn search(
    skeleton: &Skeleton,
    world: &World<'_>,
    from: Day,
    mut step: impl FnMut(&Laid) -> i32,
    fits: impl Fn(&Laid) -> bool,
) -> Option<Laid> {
    let mut day = world.days.working_at_or_before(from);
    for _ in 0..TRIES {
        let laid = skeleton.lay(day, &world.days);
        if fits(&laid) {
            return Some(laid);
        }
        day = world.days.working_before(day, step(&laid));
    }
    None
}
