//! The case events of the contract as a table: which types there are, and what their `data` may hold.
//!
//! A mapping is checked against this table before the first row, so that a forgotten member is an error in the
//! mapping and not a heap of dead letters later.

/// What a member of `data` holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// 1 to 128 bytes, NFC, no control characters.
    Id,
    /// Any text.
    Text,
    /// Integer fen.
    Money,
    /// A whole number of days, 1 to 3,660.
    Days,
    /// An instant with an offset.
    Instant,
    /// A list of ids.
    Ids,
    /// An object with members of any name, all of one shape.
    Named(&'static Shape),
    /// An object with these members.
    Object(&'static [Member]),
    /// A list of such objects.
    Objects(&'static [Member]),
    /// Whatever the mapping says (members the contract does not know).
    Any,
}

/// A member the contract knows.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

/// A type of case event.
#[derive(Debug)]
pub(super) struct EventType {
    pub(super) name: &'static str,
    pub(super) data: &'static [Member],
}

const fn must(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: true }
}

const fn may(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: false }
}

const fn event(name: &'static str, data: &'static [Member]) -> EventType {
    EventType { name, data }
}

use Shape::{Days, Id, Ids, Instant, Money, Named, Object, Objects, Text};

const PIECE: &[Member] = &[must("id", Id), must("kind", Id), may("name", Text), may("sha256", Text)];
const BASIS: &[Member] = &[may("law", Text), may("article", Text)];
const DISCRETION: &[Member] = &[may("standard", Id), may("tier", Id), may("circumstances", Ids)];
const VOUCHER: &[Member] = &[must("id", Id), may("sha256", Text)];

/// Every type, in the order of the contract.
pub(super) const EVENT_TYPES: &[EventType] = &[
    event(
        "case.accepted",
        &[
            must("item", Id),
            must("org", Id),
            may("region", Text),
            may("title", Text),
            may("applicant", Text),
            may("channel", Text),
            may("due", Named(&Instant)),
        ],
    ),
    event("step.started", &[must("step", Id), may("officers", Ids), may("due", Instant)]),
    event("officers.authorized", &[must("step", Id), must("officers", Ids)]),
    event("step.completed", &[must("step", Id), may("officers", Ids), may("fields", Named(&Text))]),
    event("step.returned", &[must("from", Id), must("to", Id), may("reason", Text)]),
    event("evidence.uploaded", &[must("step", Id), must("evidence", Objects(PIECE))]),
    event("evidence.removed", &[must("step", Id), must("ids", Ids), may("reason", Text)]),
    event(
        "decision.made",
        &[
            must("step", Id),
            must("decision", Id),
            may("basis", Objects(BASIS)),
            may("reason", Text),
            may("fine_fen", Money),
            may("discretion", Object(DISCRETION)),
        ],
    ),
    event("charge.added", &[must("amount_fen", Money), may("reason", Text)]),
    event("penalty.executed", &[must("fine_fen", Money), may("vouchers", Objects(VOUCHER))]),
    event("clock.suspended", &[must("reason", Text), may("step", Id)]),
    event("clock.resumed", &[may("step", Id)]),
    event("limit.extended", &[must("scope", Id), must("days", Days), may("document", Text)]),
    event("case.closed", &[may("outcome", Text)]),
    event("case.withdrawn", &[may("reason", Text)]),
    event("source.heartbeat", &[]),
];

pub(super) fn event_type(name: &str) -> Option<&'static EventType> {
    EVENT_TYPES.iter().find(|event| event.name == name)
}

impl EventType {
    pub(super) fn member(&self, name: &str) -> Option<&'static Member> {
        self.data.iter().find(|member| member.name == name)
    }
}
