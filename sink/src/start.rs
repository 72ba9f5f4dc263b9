//! Where to begin reading a partition, and when not to: a partition whose log no longer has what was not yet stored is
//! halted and says so, instead of going on behind the gap. Pure.

use std::fmt;

use ledger::chain::Chain;

use crate::kind::Kind;
use crate::progress::Progress;
use crate::source::{Found, Mark};

/// Why a partition is not read. An operator has to look: nothing heals these by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// The records `[from, to)` were deleted before they were stored.
    Lost { from: i64, to: i64 },
    /// The log ends before what is already stored: it was cut, or the topic was made anew.
    Cut { stored: i64, end: i64 },
    /// The ledger's beginning was deleted, and without it no entry can be proved valid.
    NoBeginning { low: i64 },
    /// The records of the pending range are not those that were announced.
    Changed { from: i64, to: i64 },
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { from, to } => {
                write!(f, "the records [{from}, {to}) were deleted before they were stored")
            }
            Self::Cut { stored, end } => {
                write!(f, "stored up to {stored}, but the log ends at {end}: it was cut or made anew")
            }
            Self::NoBeginning { low } => {
                write!(f, "the ledger begins at {low} and no state of its chain is recorded")
            }
            Self::Changed { from, to } => {
                write!(f, "the records [{from}, {to}) are not those announced before the insert")
            }
        }
    }
}

/// Decides where to read on.
pub(crate) fn start(kind: Kind, found: &Found) -> Result<Progress, Halt> {
    match recorded(kind, found) {
        Some(progress) => resume(progress, found),
        None => begin(kind, found),
    }
}

fn recorded(kind: Kind, found: &Found) -> Option<Progress> {
    let Mark { offset, metadata } = found.committed.as_ref()?;
    match (kind, Progress::parse(found.partition, *offset, metadata)) {
        // An offset without a chain proves nothing about the ledger; repeating it from its beginning is harmless.
        (Kind::Ledger, progress) => progress.filter(|p| p.chain.is_some()),
        // Set by an operator's tool.
        (_, None) => Some(Progress::at(*offset, None)),
        (_, progress) => progress,
    }
}

fn resume(progress: Progress, found: &Found) -> Result<Progress, Halt> {
    let needed = progress.pending.map_or(progress.offset, |(range, _)| range.to);
    if progress.offset < found.low {
        return Err(Halt::Lost { from: progress.offset, to: found.low });
    }
    if needed > found.high {
        return Err(Halt::Cut { stored: needed, end: found.high });
    }
    Ok(progress)
}

fn begin(kind: Kind, found: &Found) -> Result<Progress, Halt> {
    match kind {
        Kind::Ledger if found.low > 0 => Err(Halt::NoBeginning { low: found.low }),
        Kind::Ledger => Ok(Progress::at(0, Some(Chain::new(found.partition)))),
        _ => Ok(Progress::at(found.low, None)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::progress::{Pending, Token};

    fn found(low: i64, high: i64, committed: Option<(i64, String)>) -> Found {
        let committed = committed.map(|(offset, metadata)| Mark { offset, metadata });
        Found { partition: 0, low, high, committed }
    }

    #[test]
    fn a_first_start_reads_from_the_beginning() {
        assert_eq!(start(Kind::CaseEvents, &found(5, 9, None)), Ok(Progress::at(5, None)));
        let chain = Some(Chain::new(0));
        assert_eq!(start(Kind::Ledger, &found(0, 9, None)), Ok(Progress::at(0, chain)));
        assert_eq!(start(Kind::Ledger, &found(5, 9, None)), Err(Halt::NoBeginning { low: 5 }));
    }

    #[test]
    fn a_restart_goes_on_where_it_stood_or_says_what_is_missing() {
        let plain = Progress::at(7, None);
        let at = |low, high| start(Kind::CaseEvents, &found(low, high, Some((7, plain.metadata()))));
        assert_eq!(at(0, 7), Ok(plain.clone()));
        assert_eq!(at(8, 9), Err(Halt::Lost { from: 7, to: 8 }));
        assert_eq!(at(0, 6), Err(Halt::Cut { stored: 7, end: 6 }));
    }

    #[test]
    fn a_pending_range_must_still_be_there_whole() {
        let range = Pending { from: 7, to: 9, records: 2, crc: 1 };
        let token = Token::of("t", &BTreeMap::from([(0, range)]));
        let pending = Progress { offset: 7, pending: Some((range, token)), chain: None };
        let at = |low, high| start(Kind::CaseEvents, &found(low, high, Some((7, pending.metadata()))));
        assert_eq!(at(7, 9), Ok(pending.clone()));
        assert_eq!(at(7, 8), Err(Halt::Cut { stored: 9, end: 8 }));
    }

    #[test]
    fn an_offset_set_by_a_tool_is_obeyed_except_for_the_ledger() {
        let tool = |kind| start(kind, &found(0, 9, Some((3, String::new()))));
        assert_eq!(tool(Kind::DeadLetters), Ok(Progress::at(3, None)));
        assert_eq!(tool(Kind::Ledger), Ok(Progress::at(0, Some(Chain::new(0)))));
    }
}
