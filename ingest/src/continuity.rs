//! Whether reading goes on where it stopped. Pure.
//!
//! `auto.offset.reset=earliest` mends a position that no longer exists without a word; this finds the word to say.

/// How the first record of an assignment fits the position that was committed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continuity {
    /// Nothing was committed before, or the record is at the place expected.
    Kept,
    /// Records `[from, until)` are not there. Lost, if the log begins after `from`; otherwise they are no records
    /// (transaction markers).
    Ahead { from: i64, until: i64 },
    /// The log is shorter than what had been read: truncated, or the topic was made anew.
    Rewound { from: i64, to: i64 },
}

pub(crate) fn judge(committed: Option<i64>, first: i64) -> Continuity {
    match committed {
        Some(from) if first > from => Continuity::Ahead { from, until: first },
        Some(from) if first < from => Continuity::Rewound { from, to: first },
        Some(_) | None => Continuity::Kept,
    }
}

/// Of the records `[from, until)` that did not come, those that retention removed: the log now begins at `low`.
pub(crate) fn lost(from: i64, until: i64, low: i64) -> i64 {
    (low.min(until) - from).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relation_of_place_and_record() {
        assert_eq!(judge(None, 7), Continuity::Kept);
        assert_eq!(judge(Some(7), 7), Continuity::Kept);
        assert_eq!(judge(Some(5), 7), Continuity::Ahead { from: 5, until: 7 });
        assert_eq!(judge(Some(9), 7), Continuity::Rewound { from: 9, to: 7 });
    }

    #[test]
    fn only_what_the_log_no_longer_has_is_lost() {
        assert_eq!(lost(5, 10, 0), 0);
        assert_eq!(lost(5, 10, 5), 0);
        assert_eq!(lost(5, 10, 8), 3);
        assert_eq!(lost(5, 10, 12), 5);
    }
}
