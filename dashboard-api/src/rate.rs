//! How often one may ask: a token bucket for each person, and one for each address of those who are nobody yet.
//!
//! The address is the connection's own: what a header says of it, anybody may write. Behind a proxy all who have no token
//! share its bucket, and people keep theirs.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::Problem;
use crate::limits::{Limits, MAX_METERED, Rate};
use crate::telemetry::{Bound, RequestMetrics};

/// Shortest time between two clearings of a full meter.
const CLEAR_EVERY: Duration = Duration::from_secs(1);
/// Whoever finds no room in a full meter shares this bucket.
const SHARED: u64 = 0;

/// The buckets of one kind. A bucket is one instant: when it will be full again (the generic cell rate algorithm).
/// Time is an argument, counted from wherever the caller likes.
struct Meter {
    rate: Rate,
    full_at: HashMap<u64, Duration>,
    cleared: Duration,
}

impl Meter {
    fn new(rate: Rate) -> Self {
        Self { rate, full_at: HashMap::new(), cleared: Duration::ZERO }
    }

    /// Takes one request out of the bucket.
    ///
    /// # Errors
    /// It is empty: how long until there is one again.
    fn take(&mut self, key: u64, now: Duration) -> Result<(), Duration> {
        let key = self.room_for(key, now);
        let step = Duration::from_secs(1) / self.rate.per_second.max(1);
        let depth = step * self.rate.burst.max(1);
        let full_at = self.full_at.get(&key).copied().unwrap_or(now).max(now) + step;
        match full_at.checked_sub(now + depth) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.full_at.insert(key, full_at);
                Ok(())
            }
        }
    }

    /// The key, or the shared one where there are too many. Full buckets say nothing and are dropped.
    fn room_for(&mut self, key: u64, now: Duration) -> u64 {
        if self.full_at.len() < MAX_METERED || self.full_at.contains_key(&key) {
            return key;
        }
        if now.saturating_sub(self.cleared) >= CLEAR_EVERY {
            self.cleared = now;
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        if self.full_at.len() < MAX_METERED { key } else { SHARED }
    }
}

/// The meters of a process.
#[derive(Clone)]
pub(crate) struct Meters(Arc<Inner>);

struct Inner {
    people: Mutex<Meter>,
    addresses: Mutex<Meter>,
    keys: RandomState,
    began: Instant,
    metrics: RequestMetrics,
}

impl Meters {
    pub(crate) fn new(limits: &Limits, metrics: RequestMetrics) -> Self {
        Self(Arc::new(Inner {
            people: Mutex::new(Meter::new(limits.person)),
            addresses: Mutex::new(Meter::new(limits.address)),
            keys: RandomState::new(),
            began: Instant::now(),
            metrics,
        }))
    }

    /// # Errors
    /// 429: he asks too often.
    pub(crate) fn person(&self, id: &str) -> Result<(), Problem> {
        self.take(&self.0.people, Bound::PersonRate, id)
    }

    /// # Errors
    /// 429: too much comes from there.
    pub(crate) fn address(&self, peer: Option<IpAddr>) -> Result<(), Problem> {
        self.take(&self.0.addresses, Bound::AddressRate, peer.map(network))
    }

    /// For a site that knows nobody: everybody has a person's rate, by his address.
    pub(crate) fn anybody(&self, peer: Option<IpAddr>) -> Result<(), Problem> {
        self.take(&self.0.people, Bound::PersonRate, peer.map(network))
    }

    fn take(&self, meter: &Mutex<Meter>, bound: Bound, who: impl Hash) -> Result<(), Problem> {
        let key = self.0.keys.hash_one(who);
        let taken = meter.lock().unwrap_or_else(PoisonError::into_inner).take(key, self.0.began.elapsed());
        taken.map_err(|wait| {
            self.0.metrics.turn_away(bound);
            Problem::too_many(wait)
        })
    }
}

/// Where the request comes from; unknown in a test without a listener.
pub(crate) fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// One host of IPv6 has a whole /64 to ask from.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

/// Before addresses that take no token.
pub(crate) async fn by_address(State(meters): State<Meters>, request: Request, next: Next) -> Response {
    match meters.address(peer(&request)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 3 };

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_then_a_steady_rate_then_a_burst_again() {
        let mut meter = Meter::new(RATE);
        let mut taken = |at| meter.take(7, ms(at));
        assert_eq!([taken(0), taken(0), taken(0)], [Ok(()); 3]);
        assert_eq!(taken(0), Err(ms(100)));
        assert_eq!(taken(40), Err(ms(60)), "a refused request costs nothing");
        assert_eq!([taken(100), taken(200)], [Ok(()); 2]);
        assert_eq!(taken(201), Err(ms(99)));
        assert_eq!([taken(9_000), taken(9_000), taken(9_000)], [Ok(()); 3], "no more is saved than a burst");
        assert_eq!(taken(9_000), Err(ms(100)));
    }

    #[test]
    fn over_any_stretch_no_more_than_rate_and_burst() {
        let mut meter = Meter::new(RATE);
        let granted = (0..10_000).filter(|at| meter.take(1, ms(*at)).is_ok()).count();
        assert_eq!(granted, 3 + 99, "ten seconds at ten a second, and the burst at first");
    }

    #[test]
    fn the_map_stays_bounded_and_nobody_passes_unmetered() {
        let mut meter = Meter::new(Rate { per_second: 1, burst: 1 });
        for key in 1..=MAX_METERED as u64 {
            assert_eq!(meter.take(key, ms(5_000)), Ok(()));
        }
        assert_eq!(meter.take(u64::MAX, ms(5_000)), Ok(()), "the first of the shared bucket");
        assert_eq!(meter.take(u64::MAX - 1, ms(5_000)), Err(ms(1_000)), "its second");
        assert!(meter.full_at.len() <= MAX_METERED + 1);
        assert_eq!(meter.take(u64::MAX, ms(6_001)), Ok(()), "full buckets have made room");
        assert_eq!(meter.full_at.len(), 1);
    }

    #[test]
    fn a_host_is_its_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
