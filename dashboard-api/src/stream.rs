//! What happens, kept for a while, for those who listen: the ring that every client reads at its own pace.
//!
//! There is one ring and no queue a client: who is slower than the ring is long finds his place gone, is cut off, and is
//! told so when he comes back. What must stay true: an event has the same place (source, seq, index) at every process and
//! after every restart, since it is that of its entry in the log; so an id given by one process is understood by all.

mod client;
mod place;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use identity::Need;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use tokio::sync::watch;

use crate::error::{Problem, ProblemKind};
use crate::limits::{MAX_KEPT_EVENTS, MAX_STREAM_BATCH, MAX_STREAMS_A_PERSON};
pub(crate) use client::{Client, Sight};
pub(crate) use place::Places;

/// A log whose entries are told: `None` for the workflow, else a partition of the ledger.
pub type Source = Option<u16>;

/// One thing that happened, as clients are told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub(crate) kind: &'static str,
    /// What one must have access to.
    pub(crate) need: Need,
    pub(crate) org: String,
    /// `None`: the thing has an organisation and no region.
    pub(crate) region: Option<String>,
    /// JSON in one line, without personal data: it is the same for all.
    pub(crate) data: String,
}

/// News with its place in the logs.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) source: Source,
    pub(crate) seq: u64,
    /// Which of the entry's events it is, and of how many.
    pub(crate) index: u32,
    pub(crate) count: u32,
    pub(crate) news: News,
}

/// See the module.
pub struct Hub {
    ring: Mutex<Ring>,
    /// Events so far; tells clients to look.
    told: watch::Sender<u64>,
    pub(crate) metrics: Metrics,
    most_clients: usize,
    people: Mutex<BTreeMap<String, usize>>,
}

#[derive(Default)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    /// Number of the first event in it; counts up for ever.
    first: u64,
    sources: BTreeMap<Source, Known>,
    /// Whether every source has been begun.
    open: bool,
    closed: bool,
}

/// What is known of a source: all entries `[from, next)` have been told, and their events are in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    from: u64,
    next: u64,
}

impl Ring {
    fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    fn push(&mut self, event: Event) {
        if self.events.len() >= MAX_KEPT_EVENTS
            && let Some(old) = self.events.pop_front()
        {
            self.first += 1;
            if let Some(known) = self.sources.get_mut(&old.source) {
                known.from = known.from.max(old.seq + 1);
            }
        }
        self.events.push_back(Arc::new(event));
    }

    /// Nobody's place in it is good any more.
    fn clear(&mut self) {
        self.first = self.end() + 1;
        self.events.clear();
        for known in self.sources.values_mut() {
            known.from = known.next;
        }
    }
}

/// What stands behind a place of the ring.
pub(crate) enum Behind {
    Events(Vec<Arc<Event>>),
    /// It is no longer in the ring.
    Gone,
    Closed,
}

impl Hub {
    /// At most `most_clients` listen at once.
    ///
    /// # Errors
    /// A name that the registry already has.
    pub fn new(most_clients: usize, registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Metrics::new(registry)?;
        let (told, _) = watch::channel(0);
        Ok(Self { ring: Mutex::default(), told, metrics, most_clients, people: Mutex::default() })
    }

    /// Says that entries of the source come from `seq` on. A source that went on elsewhere meanwhile leaves a hole, and
    /// everybody begins anew behind it.
    pub fn begin(&self, source: Source, seq: u64) {
        let mut ring = self.ring();
        match ring.sources.get_mut(&source) {
            Some(known) if seq <= known.next => {}
            Some(known) => {
                known.next = seq;
                ring.clear();
            }
            None => {
                ring.sources.insert(source, Known { from: seq, next: seq });
            }
        }
    }

    /// Tells one entry, which may have nothing to say. One that was told before is passed over.
    pub fn tell(&self, source: Source, seq: u64, news: Vec<News>) {
        self.begin(source, seq);
        let mut ring = self.ring();
        match ring.sources.get_mut(&source) {
            Some(known) if known.next == seq => known.next = seq + 1,
            _ => return,
        }
        let count = u32::try_from(news.len()).unwrap_or(u32::MAX);
        for (index, news) in (0..count).zip(news) {
            self.metrics.events.with_label_values(&[news.kind]).inc();
            ring.push(Event { source, seq, index, count, news });
        }
        self.metrics.kept.set(i64::try_from(ring.events.len()).unwrap_or(i64::MAX));
        let end = ring.end();
        drop(ring);
        self.told.send_replace(end);
    }

    /// Seq of the source's next entry.
    pub fn next(&self, source: Source) -> Option<u64> {
        self.ring().sources.get(&source).map(|known| known.next)
    }

    /// Every source has been begun, and from now on clients are let in: before, nobody could be told that he has missed
    /// something.
    pub fn open(&self) {
        self.ring().open = true;
    }

    /// Ends every stream.
    pub fn close(&self) {
        self.ring().closed = true;
        self.told.send_modify(|_| {});
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    pub(crate) fn behind(&self, at: u64) -> Behind {
        let ring = self.ring();
        if at < ring.first {
            return Behind::Gone;
        }
        let skipped = usize::try_from(at - ring.first).unwrap_or(usize::MAX);
        let events: Vec<_> = ring.events.iter().skip(skipped).take(MAX_STREAM_BATCH).cloned().collect();
        if events.is_empty() && ring.closed { Behind::Closed } else { Behind::Events(events) }
    }

    /// Where a client begins: at the place that it names, at the oldest event kept, or now. With the number in the ring, and
    /// whether what it has missed is still there.
    pub(crate) fn enter(&self, from: &Start) -> (Places, u64, Option<&'static str>) {
        let ring = self.ring();
        let now = || Places::of(ring.sources.iter().map(|(source, known)| (*source, known.next)));
        match from {
            Start::Now => (now(), ring.end(), None),
            Start::Kept => {
                (Places::of(ring.sources.iter().map(|(s, known)| (*s, known.from))), ring.first, None)
            }
            Start::Place(None) => (now(), ring.end(), Some("unknown")),
            Start::Place(Some(places)) => {
                let misses = ring.sources.iter().find_map(|(source, known)| {
                    let (seq, index) = places.get(*source)?;
                    // Within an entry means that its rest is wanted.
                    let is_ahead = seq > known.next || (seq == known.next && index > 0);
                    (seq < known.from).then_some("too_old").or(is_ahead.then_some("unknown"))
                });
                match misses {
                    Some(why) => (now(), ring.end(), Some(why)),
                    None => {
                        let mut places = places.clone();
                        // What the id did not know of began after it was given.
                        places.add(ring.sources.iter().map(|(source, known)| (*source, known.from)));
                        (places, ring.first, None)
                    }
                }
            }
        }
    }

    /// A seat for one client more.
    ///
    /// # Errors
    /// 503: all are taken, or nothing is known yet; 429: he has enough of them.
    pub(crate) fn admit(self: &Arc<Self>, who: Option<&str>) -> Result<Seat, Problem> {
        if !self.ring().open {
            let detail = "the logs are not read yet; come again";
            return Err(Problem::new(ProblemKind::Unavailable, detail));
        }
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if people.values().sum::<usize>() >= self.most_clients {
            let detail = format!("{} clients listen, and there is no room for more", self.most_clients);
            return Err(Problem::new(ProblemKind::Busy, detail));
        }
        let who = who.unwrap_or_default().to_owned();
        let own = people.entry(who.clone()).or_default();
        if !who.is_empty() && *own >= MAX_STREAMS_A_PERSON {
            let detail = format!("you listen {MAX_STREAMS_A_PERSON} times already; end one of them");
            return Err(Problem::new(ProblemKind::TooMany, detail));
        }
        *own += 1;
        self.metrics.clients.inc();
        Ok(Seat { hub: Arc::clone(self), who })
    }
}

/// Where a client wants to begin.
pub(crate) enum Start {
    Now,
    Kept,
    /// Its last id; `None` if that is none of ours.
    Place(Option<Places>),
}

/// Given back when dropped.
pub(crate) struct Seat {
    hub: Arc<Hub>,
    who: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut people = self.hub.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = people.get_mut(&self.who) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                people.remove(&self.who);
            }
        }
        self.hub.metrics.clients.dec();
    }
}

#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) clients: IntGauge,
    kept: IntGauge,
    events: IntCounterVec,
    pub(crate) resets: IntCounterVec,
    pub(crate) slow: IntCounter,
}

impl Metrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let vec = |name: &str, help: &str, label: &str| IntCounterVec::new(Opts::new(name, help), &[label]);
        let metrics = Self {
            clients: IntGauge::new("xiezhi_stream_clients", "Clients of the live stream.")?,
            kept: IntGauge::new("xiezhi_stream_kept_events", "Events kept for clients that come back.")?,
            events: vec("xiezhi_stream_events_total", "Events told to the live stream.", "event")?,
            resets: vec("xiezhi_stream_resets_total", "Clients told to begin anew, by reason.", "reason")?,
            slow: IntCounter::new("xiezhi_stream_slow_total", "Clients cut off as too slow.")?,
        };
        registry.register(Box::new(metrics.clients.clone()))?;
        registry.register(Box::new(metrics.kept.clone()))?;
        registry.register(Box::new(metrics.events.clone()))?;
        registry.register(Box::new(metrics.resets.clone()))?;
        registry.register(Box::new(metrics.slow.clone()))?;
        Ok(metrics)
    }
}

#[cfg(test)]
mod tests;
