//! What may go wrong, how often in one seed, and how often it did.

use crate::chance::Chance;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $word:literal at $rate:literal,)*) => {
        /// A kind of fault. Its rate is per ten thousand opportunities, in a seed that has it at its usual strength.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault { $($(#[$doc])* $name,)* }

        impl Fault {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            const fn usual_rate(self) -> u16 {
                match self { $(Self::$name => $rate,)* }
            }
        }
    };
}

faults! {
    /// A process dies inside a call to log, store or clock.
    Crash = "crash in a call" at 30,
    /// Others act while a process is inside a call.
    Interlude = "preempted in a call" at 60,
    /// A process stands still for a while, and goes on as if nothing had happened.
    Pause = "pause (zombie)" at 200,
    /// Partitions change owners.
    Rebalance = "rebalance" at 300,
    /// Two or three processes own one partition at once.
    Overlap = "several owners at once" at 300,
    BrokerDown = "broker away" at 60,
    AskFailed = "offsets not told" at 60,
    SlowPoll = "slow poll" at 800,
    /// A consumer is told that it is at the end while the new leader's high watermark lags.
    EarlyEnd = "early end of partition" at 60,
    /// The outcome of an append is unknown to its producer: it landed.
    UnknownLanded = "append unknown, landed" at 150,
    /// The outcome of an append is unknown to its producer: it did not land.
    UnknownLost = "append unknown, lost" at 150,
    /// An append that was acknowledged did not land, and those behind it do: the broker had no state of the producer (ADR 24).
    PassedOver = "append passed over" at 900,
    /// It lands after its producer was told that the outcome is unknown.
    UnknownLate = "append unknown, lands late" at 150,
    /// What a dead or released owner had on the wire lands afterwards.
    ZombieAppend = "append lands after its owner" at 4_000,
    AppendRefused = "append refused" at 20,
    /// A record stands in the log twice.
    Duplicate = "append doubled" at 100,
    /// Offsets without a record, as compaction and transaction markers leave them.
    Gap = "gap in offsets" at 200,
    LateFact = "late fact" at 1_500,
    RepeatedFact = "repeated fact" at 1_000,
    ShuffledFact = "shuffled facts" at 1_000,
    PoisonFact = "undecodable fact" at 300,
    ClockSkew = "clock skew" at 5_000,
    ClockForward = "clock jumps forward" at 40,
    ClockBack = "clock jumps back" at 60,
    /// Retention deletes facts at the head of the log.
    Retention = "facts deleted by retention" at 8,
    /// Retention deletes facts that the newest checkpoint stands behind: nothing may come of it.
    CoveredRetention = "covered facts deleted" at 60,
    /// Segments that no checkpoint needs are deleted, as the worker asks for it now and then.
    CommitLost = "commit not made" at 100,
    /// The commit was made, and the sink was told that it failed.
    CommitReplyLost = "commit made, reply lost" at 100,
    /// The store fails for a reason that is not in the rows: access, memory, disk, parts, tables, network.
    StoreFailed = "insert failed" at 300,
    /// The rows are there, and the sink was told that it failed.
    StoreReplyLost = "insert made, reply lost" at 300,
    /// The store blames good rows, at most twice in a row.
    StoreRefusedUnjustly = "good rows refused" at 200,
    /// A row that the store never takes was refused.
    PoisonRow = "poison row refused" at 5_000,
    /// The store remembers only the last few tokens.
    ShortMemory = "tokens soon forgotten" at 2_000,
    Cleaning = "superfluous segments deleted" at 300,
}

const KINDS: usize = Fault::ALL.len();

/// How often each kind strikes in this seed.
#[derive(Debug, Clone)]
pub struct Rates([u16; KINDS]);

impl Rates {
    /// Half of the kinds, each weak, usual or strong: a seed with everything at once would explore little of anything.
    pub fn of(chance: &mut Chance) -> Self {
        let mut rates = [0; KINDS];
        for fault in Fault::ALL {
            let strength = chance.below(6);
            rates[*fault as usize] = match strength {
                0 => fault.usual_rate() / 3 + 1,
                1 => fault.usual_rate(),
                2 => fault.usual_rate().saturating_mul(3),
                _ => 0,
            };
        }
        Self(rates)
    }

    /// The same without these kinds.
    pub fn without(mut self, faults: &[Fault]) -> Self {
        faults.iter().for_each(|fault| self.0[*fault as usize] = 0);
        self
    }

    pub const fn rate(&self, fault: Fault) -> u16 {
        self.0[fault as usize]
    }
}

/// How often each kind has struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struck([u64; KINDS]);

impl Default for Struck {
    fn default() -> Self {
        Self([0; KINDS])
    }
}

impl Struck {
    pub fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }
}
