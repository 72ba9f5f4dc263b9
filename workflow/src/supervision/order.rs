//! An order of both tiers, and how its numbers are written.

use model::Instant;
use serde::{Deserialize, Serialize};

use super::deed::{Deed, Term};
use crate::people::Role;

/// Where numbers are taken from: one series an organisation and civil year, for both tiers.
pub fn register(org: &str, year: i32) -> String {
    format!("{org}-{year}")
}

/// `<org>-<year>-<serial>`, the serial with four digits at least.
pub fn number(register: &str, serial: u32) -> String {
    format!("{register}-{serial:04}")
}

/// The organisation that a number is of.
pub fn org_of(number: &str) -> Option<&str> {
    let (register, _) = number.rsplit_once('-')?;
    register.rsplit_once('-').map(|(org, _)| org)
}

pub fn serial_of(number: &str) -> Option<u32> {
    number.rsplit_once('-')?.1.parse().ok()
}

/// Where an order (1) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The office has not opened an order (2) yet.
    Open,
    /// A handler has not answered yet.
    Assigned,
    /// All handlers of this round have; the office is to reply.
    Answered,
    /// 已回复: before the bureau.
    Replied,
    /// 退回: before the office again.
    Returned,
    /// 撤销
    Revoked,
    /// 维持
    Upheld,
    Withdrawn,
}

impl Stage {
    pub const ALL: [Self; 8] = [
        Self::Open,
        Self::Assigned,
        Self::Answered,
        Self::Replied,
        Self::Returned,
        Self::Revoked,
        Self::Upheld,
        Self::Withdrawn,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Answered => "answered",
            Self::Replied => "replied",
            Self::Returned => "returned",
            Self::Revoked => "revoked",
            Self::Upheld => "upheld",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Revoked | Self::Upheld | Self::Withdrawn)
    }

    /// Whether the office has it.
    pub const fn is_with_office(self) -> bool {
        matches!(self, Self::Open | Self::Assigned | Self::Answered | Self::Returned)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Pending,
    Answered,
    Withdrawn,
}

impl TaskState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// An order (2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Task {
    pub number: String,
    pub handler: String,
    pub opened: Instant,
    pub term: Term,
    /// From 0; the office's replies to earlier rounds were sent back.
    pub round: u32,
    pub state: TaskState,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Record {
    pub at: Instant,
    pub person: String,
    pub role: Role,
    /// The order that it was done to, of either tier.
    pub order: String,
    pub deed: Deed,
}

/// An order (1) with the orders (2) under it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    pub number: String,
    pub org: String,
    /// The organisation above it, if it has one.
    pub above: Option<String>,
    pub alarms: Vec<String>,
    pub opened: Instant,
    /// When it came to where it is.
    pub since: Instant,
    /// Of the present round.
    pub term: Term,
    /// By when it is to be closed, whatever rounds there are.
    pub close_by: Instant,
    pub stage: Stage,
    pub round: u32,
    pub tasks: Vec<Task>,
    /// Accepted commands so far.
    pub revision: u64,
    pub history: Vec<Record>,
    /// Alarms of which a later revision came while it was open.
    pub changed: Vec<String>,
}

impl Order {
    pub fn task(&self, number: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.number == number)
    }

    pub fn pending(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.state == TaskState::Pending)
    }

    /// Who answered an order (2) in it, and so cannot reply.
    pub(super) fn answerers(&self) -> impl Iterator<Item = &str> {
        self.hands(|deed| matches!(deed, Deed::Answer { .. }))
    }

    /// Who answered or replied in it, and so cannot decide.
    pub(super) fn repliers(&self) -> impl Iterator<Item = &str> {
        self.hands(|deed| matches!(deed, Deed::Answer { .. } | Deed::Reply { .. }))
    }

    fn hands(&self, did: fn(&Deed) -> bool) -> impl Iterator<Item = &str> {
        self.history.iter().filter(move |record| did(&record.deed)).map(|record| record.person.as_str())
    }

    /// Of an order that the office has: what the orders (2) of this round make of it.
    pub(super) fn stage_of_round(&self) -> Stage {
        let has = |state| self.tasks.iter().any(|task| task.round == self.round && task.state == state);
        if has(TaskState::Pending) {
            Stage::Assigned
        } else if has(TaskState::Answered) {
            Stage::Answered
        } else if self.round == 0 {
            Stage::Open
        } else {
            Stage::Returned
        }
    }
}
