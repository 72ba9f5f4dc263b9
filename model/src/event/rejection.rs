//! Why a record cannot be taken: a closed code for machines, a sentence for the publisher.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Closed reason codes of dead letters, in the order in which they are judged (contract, reading 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Oversize,
    InvalidUtf8,
    TooDeep,
    InvalidJson,
    NotAnObject,
    UnsupportedVersion,
    MissingMember,
    WrongType,
    InvalidValue,
    UnknownType,
    TimeOutOfRange,
    SourceNotAuthorised,
}

impl Reason {
    pub const ALL: [Self; 12] = [
        Self::Oversize,
        Self::InvalidUtf8,
        Self::TooDeep,
        Self::InvalidJson,
        Self::NotAnObject,
        Self::UnsupportedVersion,
        Self::MissingMember,
        Self::WrongType,
        Self::InvalidValue,
        Self::UnknownType,
        Self::TimeOutOfRange,
        Self::SourceNotAuthorised,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oversize => "oversize",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::InvalidJson => "invalid_json",
            Self::TooDeep => "too_deep",
            Self::NotAnObject => "not_an_object",
            Self::UnsupportedVersion => "unsupported_version",
            Self::MissingMember => "missing_member",
            Self::WrongType => "wrong_type",
            Self::InvalidValue => "invalid_value",
            Self::UnknownType => "unknown_type",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::SourceNotAuthorised => "source_not_authorised",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A record that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {sentence}")]
pub struct Rejection {
    pub reason: Reason,
    /// Names the member and says what would be right.
    pub sentence: String,
}

impl Rejection {
    pub fn new(reason: Reason, sentence: impl Into<String>) -> Self {
        Self { reason, sentence: sentence.into() }
    }
}
