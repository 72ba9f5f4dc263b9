//! Safeguards that can be taken away, to see that the simulator notices. None is taken out of the production code: the
//! simulated log lies in such a way that the code behaves as if it did not have the safeguard.

macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A safeguard taken away.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mutant { $($(#[$doc])* $name,)* }

        impl Mutant {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

mutants! {
    /// No reader compares `prev` with the hash of the entry before.
    PrevUnchecked = "prev-unchecked",
    /// Nor `seq`.
    SeqUnchecked = "seq-unchecked",
    /// Readers compare neither `prev` nor `from`.
    RangeUnchecked = "range-unchecked",
    /// A running owner does not see entries of others.
    ForeignUnnoticed = "foreign-unnoticed",
    /// An append of unknown outcome is taken for one that happened.
    UnknownIsSuccess = "unknown-is-success",
    /// Reading goes on at the group's offset, committed on reading, and not at the ledger's.
    ResumeFromGroup = "resume-from-group",
    /// What a replay finds is told again.
    Retold = "retold-on-replay",
    /// A replay does not take the clock from the entries.
    ClockForgotten = "clock-not-replayed",
    /// A replay does not take the number of fired timers from the entries.
    TimersForgotten = "timers-not-replayed",
    /// The wall clock is followed although facts are unread.
    LagIgnored = "lag-ignored",
    /// A position that is gone is silently moved to the first one kept.
    OffsetReset = "offset-reset",
    /// An entry names a checkpoint whose segments are still on the wire.
    NamedTooEarly = "named-too-early",
    /// Segments that a checkpoint still needs are deleted.
    CleanedTooFar = "cleaned-too-far",
    /// The broker's clock does not bear out the wall clock.
    WitnessUnheard = "witness-unheard",
    /// Each attempt at an insert has another token.
    TokenUnstable = "token-unstable",
    /// The range of an insert is not recorded before it.
    PendingUnrecorded = "pending-unrecorded",
    /// A range counts as stored before it is inserted.
    CommitBeforeInsert = "commit-before-insert",
    /// A batch that the store refuses to the sink's user is dropped.
    RetryDrops = "retry-drops",
    /// Views count every row, also those that replacing would drop.
    ViewDoubles = "view-doubles",
}

impl Mutant {
    /// It changes what readers make of entries.
    pub const fn reads_whole_ledger(self) -> bool {
        matches!(
            self,
            Self::PrevUnchecked
                | Self::SeqUnchecked
                | Self::RangeUnchecked
                | Self::Retold
                | Self::ClockForgotten
                | Self::TimersForgotten
        )
    }
}
