//! Cases that fall due in silence while one looks on: accepted just before the present, with a minute's time.

use model::catalogue::Length;
use model::finding::{Code, Light, State};
use model::time::{Instant, MS_PER_SECOND};

use super::World;
use super::draft::Expected;
use super::dress;
use super::profiles::HOTLINE;
use super::random::Random;
use super::recipe::{Story, When, write_down};
use super::schedule::{Laid, Slot};

pub(super) const CASES: u32 = 8;
/// How long before `now` their clocks start, ms.
const OLDEST: i64 = 40 * MS_PER_SECOND;
const YOUNGEST: i64 = 20 * MS_PER_SECOND;
const STEP: &str = "dispatch";

/// The live cases, and when the last of them has fallen due.
pub(super) fn tell(world: &World<'_>, first: u32, many: u32, random: &mut Random) -> (Vec<Story>, Instant) {
    let mut stories = Vec::new();
    let mut last_due = world.days.now;
    for n in 0..many {
        let ago = OLDEST - (OLDEST - YOUNGEST) * i64::from(n) / i64::from(many.max(2) - 1);
        let start = world.days.now.plus_ms(-ago);
        let told = one(world, start, first + n, random);
        last_due = last_due.max(told.as_ref().map_or(last_due, |(_, due)| *due));
        stories.extend(told.map(|(story, _)| story));
    }
    (stories, last_due)
}

fn one(world: &World<'_>, start: Instant, number: u32, random: &mut Random) -> Option<(Story, Instant)> {
    let profile = world.profiles.iter().find(|profile| profile.code == HOTLINE).copied()?;
    let item = world.item(HOTLINE)?;
    let limit = item.limits.iter().find(|limit| limit.id == STEP)?;
    let Length::Elapsed(ms) = limit.length else { return None };
    let before = |seconds: i64| start.plus_ms(-seconds * MS_PER_SECOND);
    let slot = |step, start, end| Slot { step, start, end, returned_to: None, suspended: None };
    let laid = Laid {
        accepted: before(9),
        slots: vec![slot("registration", before(8), Some(before(2))), slot(STEP, start, None)],
        closed: None,
    };
    let draft = dress::dress(world, item, profile, &laid, number, random);
    let expected = vec![
        Expected::new("t-dispatch", Code::Overdue, Light::Red, State::Raised),
        Expected::new("t-dispatch", Code::DueSoon, Light::Yellow, State::Cleared),
    ];
    Some((write_down(&draft, When::Done(0), world, expected), start.plus_ms(ms)))
}
