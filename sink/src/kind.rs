//! The topics, as the code tells them apart (their names are configuration).

use crate::config::Topics;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    CaseEvents,
    Ledger,
    DeadLetters,
    Incidents,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::CaseEvents, Self::Ledger, Self::DeadLetters, Self::Incidents];

    /// Label of metrics, name of the thread.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CaseEvents => "case-events",
            Self::Ledger => "ledger",
            Self::DeadLetters => "dead-letters",
            Self::Incidents => "incidents",
        }
    }

    pub(crate) fn topic(self, topics: &Topics) -> &str {
        match self {
            Self::CaseEvents => &topics.case_events,
            Self::Ledger => &topics.ledger,
            Self::DeadLetters => &topics.dead_letters,
            Self::Incidents => &topics.incidents,
        }
    }
}
