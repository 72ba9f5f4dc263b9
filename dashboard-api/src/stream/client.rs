//! One client's side of the stream, as text/event-stream (HTML, section 9.2).

use std::sync::Arc;
use std::time::Duration;

use identity::Scope;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Behind, Event, Hub, News, Places, Seat, Start};
use crate::dto::{ResetNews, line};
use crate::limits::HEARTBEAT;

/// What a client waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// What the client may see: rows of alarms, and things that have an organisation alone. `None`: none of his roles has access.
pub(crate) struct Sight {
    pub(crate) alarms: Option<Scope>,
    pub(crate) rules: Option<Scope>,
    pub(crate) orders: Option<Scope>,
}

impl Sight {
    fn covers(&self, event: &Event) -> bool {
        let news = &event.news;
        match (&news.region, news.need) {
            (Some(region), identity::Need::Alarms) => {
                self.alarms.as_ref().is_some_and(|scope| scope.covers(&news.org, region))
            }
            (None, identity::Need::Rules) => of_seat(&self.rules, news),
            (None, identity::Need::Orders) => of_seat(&self.orders, news),
            _ => false,
        }
    }
}

fn of_seat(scope: &Option<Scope>, news: &News) -> bool {
    scope.as_ref().is_some_and(|scope| scope.covers_seat(&news.org))
}

/// See the module.
pub(crate) struct Client {
    hub: Arc<Hub>,
    sight: Sight,
    places: Places,
    /// Number in the ring.
    at: u64,
    changes: watch::Receiver<u64>,
    /// What is to be said first.
    opening: Option<String>,
    /// When the token is over; `None` without one.
    expires: Option<Instant>,
    heartbeat: Duration,
    ended: bool,
    _seat: Seat,
}

impl Client {
    pub(crate) fn new(
        hub: Arc<Hub>,
        seat: Seat,
        sight: Sight,
        from: &Start,
        expires: Option<Instant>,
    ) -> Self {
        let changes = hub.changes();
        let (places, at, reset) = hub.enter(from);
        let mut opening = format!("retry: {}\n\n", RETRY.as_millis());
        if let Some(why) = reset {
            hub.metrics.resets.with_label_values(&[why]).inc();
            opening.push_str(&frame(&places.id(), "reset", &line(&ResetNews { reason: why })));
        } else {
            opening.push_str(&beat(&places));
        }
        let (opening, heartbeat) = (Some(opening), HEARTBEAT);
        Self { hub, sight, places, at, changes, opening, expires, heartbeat, ended: false, _seat: seat }
    }

    #[cfg(test)]
    pub(super) fn with_heartbeat(mut self, heartbeat: Duration) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    /// What is to be sent next; `None` ends the stream.
    pub(crate) async fn next(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        if let Some(opening) = self.opening.take() {
            return Some(opening);
        }
        let beat_at = Instant::now() + self.heartbeat;
        loop {
            if self.expires.is_some_and(|at| at <= Instant::now()) {
                self.ended = true;
                return Some(frame(&self.places.id(), "end", "{\"reason\":\"token_expired\"}"));
            }
            self.changes.mark_unchanged();
            match self.hub.behind(self.at) {
                Behind::Closed => return None,
                // Told when he comes back: what is sent now would wait behind what he has not read.
                Behind::Gone => {
                    self.hub.metrics.slow.inc();
                    return None;
                }
                Behind::Events(events) if !events.is_empty() => {
                    let text = self.take(&events);
                    if !text.is_empty() {
                        return Some(text);
                    }
                    continue;
                }
                Behind::Events(_) => {}
            }
            let wake_at = self.expires.map_or(beat_at, |expires| expires.min(beat_at));
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = tokio::time::sleep_until(wake_at) => {
                    if Instant::now() >= beat_at {
                        return Some(beat(&self.places));
                    }
                }
            }
        }
    }

    /// The text of those that are wanted and may be seen.
    fn take(&mut self, events: &[Arc<Event>]) -> String {
        let mut text = String::new();
        for event in events {
            self.at += 1;
            if self.places.pass(event) && self.sight.covers(event) {
                text.push_str(&frame(&self.places.id(), event.news.kind, &event.news.data));
            }
        }
        text
    }
}

fn frame(id: &str, event: &str, data: &str) -> String {
    debug_assert!(!data.contains('\n'), "data is one line");
    format!("id: {id}\nevent: {event}\ndata: {data}\n\n")
}

/// Without data nothing is told to whoever listens, but his last id is this one: who sees little stays young.
fn beat(places: &Places) -> String {
    format!(": beat\nid: {}\n\n", places.id())
}
