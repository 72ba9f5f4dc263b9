//! Ways that a case should not go, suspensions, extensions; and controls: what looks alike and is in order.

use model::finding::{Code, Light, State};
use model::time::{MS_PER_DAY, MS_PER_HOUR};
use serde_json::json;

use super::World;
use super::draft::{Draft, Expected};
use super::random::Random;
use super::recipe::{PLAIN, Recipe, Says, When};
use super::schedule::Dur::{Calendar, Minutes, Open, Paused, Stalled, Working};
use super::schedule::Leg;

const fn leg(step: &'static str, days: i32) -> Leg {
    Leg::completed(step, Working(days, days + 1))
}

const fn back(step: &'static str, to: &'static str) -> Leg {
    Leg::returned(step, to, Working(1, 1))
}

const fn rollback(point: &'static str) -> Says {
    (point, Code::Rollback, Light::Yellow, State::Raised)
}

const fn repeated(point: &'static str) -> Says {
    (point, Code::RepeatedRollback, Light::Red, State::Raised)
}

const fn implicit(point: &'static str) -> Says {
    (point, Code::ImplicitRollback, Light::Yellow, State::Raised)
}

const fn way(items: &'static [&'static str], route: &'static [Leg], says: &'static [Says]) -> Recipe {
    Recipe { items, route, says, ..PLAIN }
}

const PENALTIES: &[&str] = &["9901-CF-0042", "9901-CF-0211"];

/// Steps gone back without the flow's leave.
pub(super) const ROLLBACKS: &[Recipe] = &[
    way(
        PENALTIES,
        &[
            leg("filing", 1),
            leg("investigation", 3),
            leg("review", 1),
            back("decision", "investigation"),
            leg("investigation", 2),
            leg("review", 1),
            leg("decision", 1),
            leg("execution", 2),
        ],
        &[rollback("r-decision")],
    ),
    way(
        PENALTIES,
        &[
            leg("filing", 1),
            leg("investigation", 2),
            leg("review", 1),
            back("decision", "review"),
            leg("review", 1),
            back("decision", "review"),
            leg("review", 1),
            leg("decision", 1),
            leg("execution", 2),
        ],
        &[rollback("r-decision"), rollback("r-decision"), repeated("r-decision")],
    ),
    way(
        PENALTIES,
        &[
            leg("filing", 1),
            leg("investigation", 2),
            leg("review", 1),
            leg("decision", 1),
            leg("investigation", 1),
            leg("review", 1),
            leg("decision", 1),
            leg("execution", 2),
        ],
        &[implicit("r-decision")],
    ),
    way(
        &["9901-XK-0101"],
        &[
            Leg::completed("acceptance", Minutes(20, 50)),
            leg("review", 1),
            Leg::completed("site_check", Working(1, 1)),
            back("decision", "site_check"),
            Leg::completed("site_check", Working(1, 1)),
            Leg::completed("decision", Minutes(20, 50)),
            leg("delivery", 2),
        ],
        &[rollback("r-decision")],
    ),
    way(
        &["9901-QZ-0003"],
        &[
            Leg::completed("approval", Minutes(20, 50)),
            Leg::completed("seizure", Minutes(20, 50)),
            leg("custody", 2),
            back("disposition", "custody"),
            leg("custody", 1),
            leg("disposition", 1),
        ],
        &[rollback("r-disposition")],
    ),
    way(
        &["9901-ZS-0005"],
        &[
            Leg::completed("declaration", Working(1, 1)),
            Leg::completed("assessment", Working(1, 1)),
            Leg::completed("notice", Working(1, 1)),
            Leg::completed("assessment", Working(1, 1)),
            Leg::completed("notice", Working(1, 1)),
            Leg::completed("payment", Calendar(2, 8)),
        ],
        &[implicit("r-notice")],
    ),
    // Each visit is in time by itself; together they are not, for the clock goes on where it stopped.
    way(
        &["9901-XK-0305"],
        &[
            Leg::completed("acceptance", Minutes(20, 50)),
            Leg::completed("review", Working(3, 3)),
            Leg::returned("site_check", "review", Working(2, 2)),
            Leg::completed("review", Working(5, 5)),
            Leg::completed("site_check", Working(1, 1)),
            Leg::completed("decision", Working(1, 1)),
        ],
        &[
            ("t-review", Code::Overdue, Light::Red, State::Raised),
            ("t-review", Code::DueSoon, Light::Yellow, State::Cleared),
        ],
    ),
];

/// Extensions that came when the limit had already been missed.
pub(super) const LATE_EXTENSIONS: &[Recipe] = &[
    Recipe {
        items: &["9901-JL-0001"],
        legs: &[("decision", Working(19, 22))],
        says: &[
            ("t-decision", Code::Overdue, Light::Red, State::Raised),
            ("t-decision", Code::DueSoon, Light::Yellow, State::Cleared),
        ],
        change: |draft, _, _| extend_late(draft, "decision", "decision"),
        ..PLAIN
    },
    Recipe {
        items: &["9901-XK-0101"],
        legs: &[("delivery", Working(14, 17))],
        says: &[
            ("t-delivery", Code::Overdue, Light::Red, State::Raised),
            ("t-delivery", Code::DueSoon, Light::Yellow, State::Cleared),
        ],
        change: |draft, _, _| extend_late(draft, "delivery", "delivery"),
        ..PLAIN
    },
];

/// An hour before the end of a visit that ended days after its limit.
fn extend_late(draft: &mut Draft<'_>, step: &str, limit: &str) -> Option<Vec<Expected>> {
    let end = draft.completed(step)?.end?;
    draft.extend(end.plus_ms(-MS_PER_HOUR), limit, 10);
    Some(vec![Expected::quality(Code::LateExtension)])
}

/// What looks like a violation and is none.
pub(super) const CONTROLS: &[Recipe] = &[
    // The clock stood for longer than the promise is.
    Recipe { items: &["9901-XK-0101"], legs: &[("review", Paused(1, (12, 18), 1))], ..PLAIN },
    Recipe { items: &["9901-CF-0211"], legs: &[("filing", Paused(1, (8, 14), 2))], ..PLAIN },
    Recipe {
        items: &["9901-CF-0042"],
        legs: &[("filing", Paused(1, (8, 12), 2))],
        change: suspend_step,
        ..PLAIN
    },
    // It stands still.
    Recipe {
        items: &["9901-QR-0006"],
        legs: &[("investigation", Stalled(2))],
        when: When::Past("promised", (5, 30)),
        ..PLAIN
    },
    Recipe {
        items: &["9901-CF-0042"],
        legs: &[("filing", Working(10, 12))],
        change: |draft, _, _| extend_early(draft, "filing", "filing", 10),
        ..PLAIN
    },
    Recipe {
        items: &["9901-QZ-0003"],
        legs: &[("custody", Calendar(36, 42))],
        change: |draft, _, _| extend_early(draft, "custody", "holding", 30),
        ..PLAIN
    },
    Recipe {
        items: &["9901-JL-0001"],
        legs: &[("decision", Working(18, 20))],
        change: |draft, _, _| extend_early(draft, "decision", "decision", 10),
        ..PLAIN
    },
    // The publisher's own due replaces ours.
    Recipe { items: &["9901-CF-0042"], legs: &[("filing", Working(10, 13))], change: carry_due, ..PLAIN },
    // Withdrawn: what was open is over.
    Recipe {
        items: &["9901-XK-0101", "9901-XK-0305"],
        legs: &[("review", Open)],
        when: When::Done(12),
        change: withdraw,
        ..PLAIN
    },
    // Ways back that the flow foresees.
    way(
        &["9901-CF-0042"],
        &[
            leg("filing", 1),
            leg("investigation", 2),
            back("review", "investigation"),
            leg("investigation", 2),
            leg("review", 1),
            leg("decision", 1),
            leg("execution", 2),
        ],
        &[],
    ),
    way(
        &["9901-JF-0008"],
        &[
            leg("application", 1),
            leg("survey", 1),
            back("approval", "survey"),
            leg("survey", 1),
            leg("approval", 1),
            Leg::completed("disbursal", Minutes(20, 50)),
        ],
        &[],
    ),
    way(
        &["9901-XK-0305"],
        &[
            Leg::completed("acceptance", Minutes(20, 50)),
            Leg::completed("review", Working(2, 2)),
            Leg::returned("site_check", "review", Working(4, 4)),
            Leg::completed("review", Working(1, 1)),
            Leg::completed("site_check", Working(1, 1)),
            Leg::completed("decision", Working(1, 1)),
        ],
        &[],
    ),
    // A piece of evidence is replaced before the step ends, or taken away where enough remain.
    Recipe { items: &["9901-CF-0042", "9901-XK-0101", "9901-JC-0004"], change: replace_evidence, ..PLAIN },
];

fn suspend_step(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    draft.completed("filing")?.suspends_step = true;
    Some(Vec::new())
}

fn extend_early(draft: &mut Draft<'_>, step: &str, limit: &str, days: u32) -> Option<Vec<Expected>> {
    let start = draft.completed(step)?.start?;
    draft.extend(start.plus_ms(MS_PER_DAY), limit, days);
    Some(Vec::new())
}

fn carry_due(draft: &mut Draft<'_>, world: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let visit = draft.completed("filing")?;
    let start = world.days.day_of(visit.start?);
    visit.due = Some(world.days.end_of(world.days.working_after(start, 20)));
    Some(Vec::new())
}

fn withdraw(draft: &mut Draft<'_>, world: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let start = draft.visits.last()?.start?;
    let day = world.days.working_after(world.days.day_of(start), 1);
    draft.say(world.days.at(day, 640), "case.withdrawn", json!({ "reason": "申请人撤回申请" }));
    Some(Vec::new())
}

fn replace_evidence(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let visit = draft.visits.iter().find(|v| v.completed() && !v.evidence.is_empty())?;
    let (step, end) = (visit.step, visit.end?);
    let old = visit.evidence.first()?.clone();
    let after = random.chance(50);
    // Before the end the new piece may follow the old one's removal; after it, it must be there first.
    let (removed, added) = if after { (120, 60) } else { (-4, -2) };
    let at = |seconds: i64| end.plus_ms(seconds * model::time::MS_PER_SECOND);
    let piece = json!({
        "id": format!("{}-new", old.id), "kind": old.kind, "name": old.name, "sha256": random.digest(),
    });
    draft.say(
        at(removed),
        "evidence.removed",
        json!({ "step": step, "ids": [old.id], "reason": "重复上传" }),
    );
    draft.say(at(added), "evidence.uploaded", json!({ "step": step, "evidence": [piece] }));
    Some(Vec::new())
}
