//! When the steps of one case begin and end. Lengths are drawn first, then laid out from a day of acceptance: so the
//! same case can be tried on one day after another until it lies where it should.

use model::catalogue::{Item, Scope};
use model::time::{Day, Instant, MS_PER_MINUTE, MS_PER_SECOND};

use super::days::Days;
use super::random::Random;

/// How long a step takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dur {
    Seconds(i64, i64),
    Minutes(i64, i64),
    /// Ends on the n-th working day after its start; 0 is within the hour.
    Working(i32, i32),
    /// Ends on the n-th day after its start.
    Calendar(i32, i32),
    /// Ends on the n-th working day after its start, between two minutes of the day.
    At(i32, i64, i64),
    /// The clock is suspended after some working days, for some, and goes on for some.
    Paused(i32, (i32, i32), i32),
    /// Not ended.
    Open,
    /// Not ended, the clock suspended after some working days.
    Stalled(i32),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Leg {
    pub(super) step: &'static str,
    dur: Dur,
    /// In how many percent of cases the step is taken.
    percent: usize,
    /// Where it is returned to, if it does not end in completion.
    returned_to: Option<&'static str>,
}

impl Leg {
    pub(super) const fn completed(step: &'static str, dur: Dur) -> Self {
        Self { step, dur, percent: 100, returned_to: None }
    }

    pub(super) const fn returned(step: &'static str, to: &'static str, dur: Dur) -> Self {
        Self { step, dur, percent: 100, returned_to: Some(to) }
    }

    pub(super) const fn in_percent(self, percent: usize) -> Self {
        Self { percent, ..self }
    }
}

/// A leg with its length drawn.
#[derive(Debug)]
struct Drawn {
    step: &'static str,
    returned_to: Option<&'static str>,
    length: Length,
    /// Until the next step begins, ms.
    gap: i64,
}

#[derive(Debug)]
enum Length {
    Elapsed(i64),
    Working { days: i32, minute: i64 },
    Calendar { days: i32, minute: i64 },
    Paused { before: i32, pause: i32, after: i32, minute: i64 },
    Open { stalled: Option<i32> },
}

/// A visit of a step in time.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) step: &'static str,
    pub(super) start: Instant,
    pub(super) end: Option<Instant>,
    pub(super) returned_to: Option<&'static str>,
    pub(super) suspended: Option<(Instant, Option<Instant>)>,
}

#[derive(Debug, Clone)]
pub(super) struct Laid {
    pub(super) accepted: Instant,
    pub(super) slots: Vec<Slot>,
    /// `None` where a step is still open.
    pub(super) closed: Option<Instant>,
}

/// A case before it has a place in time.
#[derive(Debug)]
pub(super) struct Skeleton {
    drawn: Vec<Drawn>,
    /// When it is accepted, ms after midnight.
    hour: i64,
}

impl Skeleton {
    /// Draws a case's lengths. A step in `instead` is taken for certain, and takes as long as is said there.
    pub(super) fn draw(legs: &[Leg], instead: &[(&'static str, Dur)], random: &mut Random) -> Self {
        let mut drawn = Vec::new();
        for leg in legs {
            let other = instead.iter().find(|(step, _)| *step == leg.step).map(|(_, dur)| *dur);
            let taken = random.chance(leg.percent);
            if taken || other.is_some() {
                let length = length(other.unwrap_or(leg.dur), random);
                let gap = random.between(2 * MS_PER_MINUTE, 8 * MS_PER_MINUTE);
                drawn.push(Drawn { step: leg.step, returned_to: leg.returned_to, length, gap });
            }
        }
        let hour = random.between(545 * MS_PER_MINUTE, 650 * MS_PER_MINUTE) / MS_PER_SECOND * MS_PER_SECOND;
        Self { drawn, hour }
    }

    /// Lays the case out from the day of its acceptance.
    pub(super) fn lay(&self, day: Day, days: &Days<'_>) -> Laid {
        let accepted = days.at(day, 0).plus_ms(self.hour);
        let mut laid = Laid { accepted, slots: Vec::with_capacity(self.drawn.len()), closed: None };
        let mut at = accepted.plus_ms(2 * MS_PER_MINUTE);
        for leg in &self.drawn {
            let (end, suspended) = leg.length.from(at, days);
            laid.slots.push(Slot { step: leg.step, start: at, end, returned_to: leg.returned_to, suspended });
            match end {
                Some(end) => at = end.plus_ms(leg.gap),
                None => return laid,
            }
        }
        // Whatever is planted after the last step still comes before the close.
        laid.closed = Some(at.plus_ms(10 * MS_PER_MINUTE));
        laid
    }
}

fn length(dur: Dur, random: &mut Random) -> Length {
    // Early enough that steps of minutes still fit into the day, and not at lunch.
    let (morning, afternoon) = (random.between(545, 700), random.between(815, 900));
    let minute = if random.chance(60) { morning } else { afternoon };
    match dur {
        Dur::Seconds(low, high) => Length::Elapsed(random.between(low * MS_PER_SECOND, high * MS_PER_SECOND)),
        Dur::Minutes(low, high) => Length::Elapsed(random.between(low * MS_PER_MINUTE, high * MS_PER_MINUTE)),
        Dur::Working(low, high) => match random.days((low, high)) {
            0 => Length::Elapsed(random.between(15 * MS_PER_MINUTE, 50 * MS_PER_MINUTE)),
            days => Length::Working { days, minute },
        },
        Dur::Calendar(low, high) => Length::Calendar { days: random.days((low, high)), minute },
        Dur::At(days, low, high) => Length::Working { days, minute: random.between(low, high) },
        Dur::Paused(before, pause, after) => {
            Length::Paused { before, pause: random.days(pause), after, minute }
        }
        Dur::Open => Length::Open { stalled: None },
        Dur::Stalled(after) => Length::Open { stalled: Some(after) },
    }
}

type Pause = Option<(Instant, Option<Instant>)>;

impl Length {
    fn from(&self, start: Instant, days: &Days<'_>) -> (Option<Instant>, Pause) {
        let first = days.day_of(start);
        match *self {
            Self::Elapsed(ms) => (Some(start.plus_ms(ms)), None),
            Self::Working { days: n, minute } => (Some(days.at(days.working_after(first, n), minute)), None),
            Self::Calendar { days: n, minute } => (Some(days.at(first.plus(n), minute)), None),
            Self::Paused { before, pause, after, minute } => {
                let from = days.working_after(first, before);
                let to = days.working_after(from, pause);
                let end = days.at(days.working_after(to, after), minute);
                (Some(end), Some((days.at(from, 615), Some(days.at(to, 630)))))
            }
            Self::Open { stalled } => {
                let from = stalled.map(|n| days.at(days.working_after(first, n), 615));
                (None, from.map(|from| (from, None)))
            }
        }
    }
}

impl Laid {
    /// The last instant at which anything happens.
    pub(super) fn finish(&self) -> Instant {
        let last = self.slots.last().map_or(self.accepted, |slot| slot.end.unwrap_or(slot.start));
        self.closed.unwrap_or(last).max(self.accepted)
    }

    /// Where the clock of a limit starts.
    pub(super) fn clock_start(&self, item: &Item, limit: &str) -> Option<Instant> {
        let step = match item.limits.iter().find(|l| l.id == limit)?.scope {
            Scope::Case => return Some(self.accepted),
            Scope::Span { from, .. } => from,
            Scope::Step(step) => step,
        };
        let id = &item.steps[step].id;
        self.slots.iter().find(|slot| slot.step == *id).map(|slot| slot.start)
    }
}
