//! What is done to a cluster, and when: the timetables are pure, so that a seed says all.

use std::fmt;
use std::time::Duration;

use crate::cluster::{Cluster, SESSION_TIMEOUT_MS};
use crate::random::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    KillDetector(usize),
    KillSink,
    KillIngest,
    KillAll,
    /// SIGSTOP and SIGCONT.
    Freeze(usize),
    Thaw(usize),
    /// An instance of the detectors joins, leaves in order, is lost for good.
    Join(usize),
    Leave(usize),
    Lose(usize),
    /// `kill -9`, or an orderly stop, and up again.
    KillBroker,
    RestartBroker,
    BrokerAway,
    BrokerBack,
    KillStore,
    StoreAway,
    StoreBack,
    /// A detector's wall clock goes wrong by so many seconds; 0 puts it right.
    Jump(usize, i64),
}

/// An action, so long after the beginning.
pub(crate) type Step = (Duration, Action);

impl Action {
    /// Whether it does harm, and is not the mending of one.
    pub(crate) fn is_fault(self) -> bool {
        !matches!(self, Self::Thaw(_) | Self::BrokerBack | Self::StoreBack | Self::Jump(_, 0))
    }

    pub(crate) fn apply(self, cluster: &mut Cluster) {
        match self {
            Self::KillDetector(n) => cluster.detectors[n].kill9(),
            Self::KillSink => cluster.sink.kill9(),
            Self::KillIngest => cluster.ingest.kill9(),
            Self::KillAll => cluster.children().for_each(crate::child::Child::kill9),
            Self::Freeze(n) => cluster.detectors[n].signal("STOP"),
            Self::Thaw(n) => cluster.detectors[n].signal("CONT"),
            Self::Join(n) => cluster.detectors[n].start(),
            Self::Leave(n) => cluster.detectors[n].stop(),
            Self::Lose(n) => cluster.detectors[n].take_away(),
            Self::KillBroker => cluster.broker.kill9(),
            Self::RestartBroker => {
                cluster.broker.stop();
                cluster.broker.start();
            }
            Self::BrokerAway => cluster.broker.stop(),
            Self::BrokerBack => cluster.broker.start(),
            Self::KillStore => cluster.store.kill9(),
            Self::StoreAway => cluster.store.take_away(),
            Self::StoreBack => cluster.store.start(),
            Self::Jump(n, seconds) => cluster.set_clock(n, seconds),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

/// Every `gap`, as long as there is a gap left to recover in.
fn every(gap: Duration, within: Duration, mut action: impl FnMut(usize) -> Action) -> Vec<Step> {
    let at = |n: usize| gap * (n as u32 + 1);
    (0..).take_while(|n| at(*n) + gap <= within).map(|n| (at(n), action(n))).collect()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) fn none(_: Duration, _: &mut Random) -> Vec<Step> {
    Vec::new()
}

pub(crate) fn kill_detectors(within: Duration, random: &mut Random) -> Vec<Step> {
    every(seconds(2), within, |_| Action::KillDetector(random.below(2)))
}

pub(crate) fn kill_sink(within: Duration, _: &mut Random) -> Vec<Step> {
    every(seconds(2), within, |_| Action::KillSink)
}

pub(crate) fn kill_ingest(within: Duration, _: &mut Random) -> Vec<Step> {
    every(seconds(5), within, |_| Action::KillIngest)
}

pub(crate) fn kill_all(within: Duration, _: &mut Random) -> Vec<Step> {
    every(seconds(10), within, |_| Action::KillAll)
}

/// Asleep for more than twice the session's length, then awake for about one.
pub(crate) fn zombies(within: Duration, random: &mut Random) -> Vec<Step> {
    let asleep = Duration::from_millis(SESSION_TIMEOUT_MS * 5 / 2);
    let round = asleep + Duration::from_millis(SESSION_TIMEOUT_MS);
    let freezes = every(round, within, |_| Action::Freeze(random.below(2)));
    let pair = |(at, action)| match action {
        Action::Freeze(n) => [(at, action), (at + asleep, Action::Thaw(n))],
        other => [(at, other), (at, other)],
    };
    freezes.into_iter().flat_map(pair).collect()
}

/// The third and the fourth instance come and go; half of the goings are sudden.
pub(crate) fn storm(within: Duration, random: &mut Random) -> Vec<Step> {
    every(seconds(5), within, |n| {
        let guest = 2 + n / 2 % 2;
        match (n.is_multiple_of(2), random.chance(50)) {
            (true, _) => Action::Join(guest),
            (false, true) => Action::Leave(guest),
            (false, false) => Action::Lose(guest),
        }
    })
}

pub(crate) fn bounce_broker(within: Duration, random: &mut Random) -> Vec<Step> {
    // Longer than its start takes, so that there is something to bounce.
    let gap = if within < seconds(120) { seconds(12) } else { seconds(20) };
    every(gap, within, |_| if random.chance(50) { Action::KillBroker } else { Action::RestartBroker })
}

pub(crate) fn broker_away(within: Duration, _: &mut Random) -> Vec<Step> {
    vec![(within.mul_f64(0.25), Action::BrokerAway), (within.mul_f64(0.6), Action::BrokerBack)]
}

pub(crate) fn store_away(within: Duration, _: &mut Random) -> Vec<Step> {
    vec![(within.mul_f64(0.2), Action::StoreAway), (within.mul_f64(0.7), Action::StoreBack)]
}

pub(crate) fn kill_store(within: Duration, _: &mut Random) -> Vec<Step> {
    every(seconds(5), within, |_| Action::KillStore)
}

/// An hour ahead, an hour behind, a year ahead; each comes right again.
pub(crate) fn jumps(within: Duration, _: &mut Random) -> Vec<Step> {
    const HOUR: i64 = 3_600;
    let at = |part: f64, n, seconds| (within.mul_f64(part), Action::Jump(n, seconds));
    vec![
        at(0.1, 0, HOUR),
        at(0.3, 0, 0),
        at(0.35, 1, -HOUR),
        at(0.55, 1, 0),
        at(0.6, 0, 365 * 24 * HOUR),
        at(0.85, 0, 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_all_and_another_one_something_else() {
        let plan = |seed| kill_detectors(seconds(600), &mut Random::new(seed, "C1"));
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
        assert_eq!(plan(1).len(), 299);
    }

    #[test]
    fn who_falls_asleep_wakes_after_its_session_and_before_the_next() {
        let plan = zombies(seconds(60), &mut Random::new(7, "C4"));
        assert!(plan.len() >= 8 && plan.is_sorted_by_key(|step| step.0), "{plan:?}");
        for pair in plan.chunks(2) {
            let [(from, Action::Freeze(n)), (to, Action::Thaw(m))] = pair else { panic!("{pair:?}") };
            assert!(n == m && *to - *from > Duration::from_millis(SESSION_TIMEOUT_MS), "{pair:?}");
        }
    }

    #[test]
    fn a_guest_comes_before_it_goes() {
        let plan = storm(seconds(60), &mut Random::new(7, "C5"));
        for pair in plan.chunks(2) {
            let (Action::Join(n), gone) = (pair[0].1, pair.get(1)) else { panic!("{pair:?}") };
            assert!(gone.is_none_or(|(_, a)| matches!(a, Action::Leave(m) | Action::Lose(m) if *m == n)));
        }
    }
}
