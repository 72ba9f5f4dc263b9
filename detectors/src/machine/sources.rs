//! Sources whose silence counts: for which instant the last sign of life of each vouches, and which cases wait for the next.
//!
//! No case is judged at an instant beyond that: what its source has to say of it may still be on its way. Timers beyond it
//! stand with the source, so they are no reason to wake; a sign brings forward those that it reaches.

use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use model::catalogue::{Orgs, WatchedSource};
use model::finding::{Cause, Change, Code, Kind, Light, State};
use model::{Catalogue, Finding, FindingId, Instant};

use super::digest::Fnv;
use crate::explain::silence::{Silence, explain};
use crate::history::History;
use crate::verdict::DATA_QUALITY;

/// A source, and what is known of it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    watched: WatchedSource,
    pub(super) heard: Heard,
    /// Timers of its cases that lie beyond what it vouches for.
    waiting: BTreeSet<(Instant, u32)>,
}

/// What its signs of life have said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Heard {
    /// The last sign; none yet.
    pub(super) at: Option<Instant>,
    /// Its cases may be judged at instants up to here.
    pub(super) until: Instant,
    /// What is to be said of its silence is said in this partition.
    pub(super) is_home: bool,
    /// The silence that has been told and has not ended.
    pub(super) told: Option<Told>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Told {
    pub(super) at: Instant,
    /// Cases that waited then.
    pub(super) waiting: u64,
}

impl Heard {
    /// Nothing, so far: `until` is how far its cases have been judged without being held.
    pub(super) const fn nothing(until: Instant) -> Self {
        Self { at: None, until, is_home: false, told: None }
    }
}

/// In the order of their names.
#[derive(Debug, Default)]
pub(super) struct Sources {
    all: Vec<Source>,
    by_name: HashMap<String, u32>,
}

impl Sources {
    pub(super) fn of(orgs: &Orgs) -> Self {
        let all = orgs.all_watched().map(|(name, watched)| Source::new(name, watched, Instant(i64::MIN)));
        Self::named(all.collect())
    }

    fn named(all: Vec<Source>) -> Self {
        let by_name = (0..).zip(&all).map(|(number, source)| (source.name.clone(), number)).collect();
        Self { all, by_name }
    }

    /// Whose silence counts from now on, and for how long. What was heard of a source stays; one that is new vouches for what has
    /// been judged. Gives back the timers of cases whose source is waited for no more, or that it vouches for by now.
    pub(super) fn follow(
        &mut self,
        orgs: &Orgs,
        now: Instant,
        rules: &Catalogue,
        out: &mut Vec<Finding>,
    ) -> Vec<(Instant, u32)> {
        let mut before: HashMap<String, Source> =
            std::mem::take(&mut self.all).into_iter().map(|source| (source.name.clone(), source)).collect();
        let mut released = Vec::new();
        let mut all = Vec::new();
        for (name, watched) in orgs.all_watched() {
            let known = before.remove(name);
            all.push(match known {
                Some(source) => source.rewatched(watched, now, &mut released),
                None => Source::new(name, watched, now),
            });
        }
        let mut gone: Vec<Source> = before.into_values().collect();
        gone.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for mut source in gone {
            if let Some(told) = source.heard.told.take() {
                out.push(source.finding(told, Some(now), now, rules));
            }
            released.extend(source.waiting);
        }
        *self = Self::named(all);
        released
    }

    /// Whether these are the sources whose silence counts, each with its time.
    pub(super) fn are_of(&self, orgs: &Orgs) -> bool {
        let own = self.all.iter().map(|source| (source.name.as_str(), &source.watched));
        own.eq(orgs.all_watched())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.iter()
    }

    /// The source that the case's governing acceptance came from, if its silence counts.
    pub(super) fn of_case(&self, history: &History<'_>) -> Option<u32> {
        if self.all.is_empty() {
            return None;
        }
        history.accepted().and_then(|at| self.by_name.get(&*history.events()[at].source).copied())
    }

    /// The instant at which a case of a source is judged when the clock says `now`.
    pub(super) fn judging(&self, source: Option<u32>, now: Instant) -> Instant {
        source.map_or(now, |source| now.min(self.all[source as usize].heard.until))
    }

    /// Takes a timer that its source does not vouch for yet. `false`: it is none of these.
    pub(super) fn hold(&mut self, source: Option<u32>, at: Instant, case: u32) -> bool {
        let source = source.map(|source| &mut self.all[source as usize]).filter(|s| at > s.heard.until);
        source.is_some_and(|source| source.waiting.insert((at, case)))
    }

    /// Forgets a timer, which most likely stands with `source`; a late acceptance may have come from another one.
    pub(super) fn release(&mut self, source: Option<u32>, at: Instant, case: u32) {
        let likely = source.map(|source| &mut self.all[source as usize]);
        if !likely.is_some_and(|s| s.waiting.remove(&(at, case))) {
            for source in &mut self.all {
                source.waiting.remove(&(at, case));
            }
        }
    }

    /// Timers that wait for a sign of life.
    pub(super) fn timers(&self) -> usize {
        self.all.iter().map(|source| source.waiting.len()).sum()
    }

    /// Cases that wait for a sign of life, as far as they have something due by `now`.
    pub(super) fn held(&self, now: Instant) -> usize {
        let due = |source: &Source| source.waiting.range(..=(now, u32::MAX)).count();
        self.all.iter().filter(|source| source.heard.until < now).map(due).sum()
    }

    /// Puts back what was saved. What was not heard of then vouches for what has been judged: it was not held.
    pub(super) fn restore(&mut self, saved: &HashMap<String, Heard>, now: Instant) {
        for source in &mut self.all {
            source.heard = saved.get(&source.name).copied().unwrap_or(Heard::nothing(now));
        }
    }

    /// Of the sources that were heard: independent of which others are watched.
    pub(super) fn digest(&self) -> u64 {
        let one = |source: &Source| {
            let mut hash = Fnv::default();
            (&source.name, source.heard).hash(&mut hash);
            hash.finish()
        };
        self.all.iter().filter(|s| s.heard.at.is_some()).map(one).fold(0, u64::wrapping_add)
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(super) fn get_mut(&mut self, source: u32) -> &mut Source {
        &mut self.all[source as usize]
    }
}

/// The timer of a silence, before a sign and after it; and the timers of cases that the sign reaches.
#[derive(Debug, Default)]
pub(super) struct Moved {
    pub(super) silence_before: Option<Instant>,
    pub(super) silence: Option<Instant>,
    pub(super) cases: BTreeSet<(Instant, u32)>,
}

impl Source {
    fn new(name: &str, watched: &WatchedSource, until: Instant) -> Self {
        let (name, watched) = (name.to_owned(), watched.clone());
        Self { name, watched, heard: Heard::nothing(until), waiting: BTreeSet::new() }
    }

    /// With another time after which it is silent. It never takes back what it has vouched for and what was judged by that; a
    /// silence that has been told stands as it was told.
    fn rewatched(
        mut self,
        watched: &WatchedSource,
        now: Instant,
        released: &mut Vec<(Instant, u32)>,
    ) -> Self {
        self.watched = watched.clone();
        if let (Some(at), None) = (self.heard.at, self.heard.told) {
            self.heard.until = at.plus_ms(watched.silent_after).max(self.heard.until.min(now));
        }
        let beyond = self.waiting.split_off(&(self.heard.until.plus_ms(1), 0));
        released.extend(std::mem::replace(&mut self.waiting, beyond));
        self
    }

    /// A sign of life, heard at `at`. One that was overtaken by a later one changes nothing: signs may come twice. Nor does one from
    /// before the source was waited for.
    pub(super) fn hear(
        &mut self,
        (at, is_home): (Instant, bool),
        now: Instant,
        rules: &Catalogue,
        out: &mut Vec<Finding>,
    ) -> Option<Moved> {
        let until = at.plus_ms(self.watched.silent_after);
        let is_old = match self.heard.at {
            Some(_) => until <= self.heard.until,
            None => at < self.heard.until,
        };
        if is_old {
            return None;
        }
        if let Some(told) = self.heard.told.take() {
            out.push(self.finding(told, Some(at), now, rules));
        }
        let silence_before = self.silence();
        self.heard.at = Some(at);
        self.heard.until = until.max(self.heard.until);
        self.heard.is_home |= is_home;
        let beyond = self.waiting.split_off(&(self.heard.until.plus_ms(1), 0));
        let cases = std::mem::replace(&mut self.waiting, beyond);
        Some(Moved { silence_before, silence: self.silence(), cases })
    }

    /// When its silence is to be told, if nothing is heard before.
    pub(super) fn silence(&self) -> Option<Instant> {
        let is_open = self.heard.is_home && self.heard.at.is_some() && self.heard.told.is_none();
        is_open.then_some(self.heard.until)
    }

    /// It has been silent for too long.
    pub(super) fn tell(&mut self, now: Instant, rules: &Catalogue, out: &mut Vec<Finding>) {
        let told = Told { at: now, waiting: self.waiting.len() as u64 };
        self.heard.told = Some(told);
        out.push(self.finding(told, None, now, rules));
    }

    /// One silence is one finding, whatever is said of it: from `heard.at` on.
    fn finding(&self, told: Told, ended: Option<Instant>, now: Instant, rules: &Catalogue) -> Finding {
        let Self { name, watched, heard, .. } = self;
        let since = heard.at.unwrap_or(heard.until);
        let item = "";
        let discriminator = since.0.to_string();
        let (change, cause, state) = match ended {
            None => (Change::Raised, Cause::Clock, State::Raised),
            Some(_) => (Change::Cleared, Cause::Fact, State::Cleared),
        };
        let words = Silence { source: name, org: &watched.org, since, ended, waiting: told.waiting };
        Finding {
            finding_id: FindingId::of(
                name,
                item,
                DATA_QUALITY,
                Code::SourceSilent,
                None,
                None,
                &discriminator,
            ),
            revision: if ended.is_none() { 1 } else { 2 },
            change,
            cause,
            state,
            case: name.clone(),
            item: item.to_owned(),
            category: None,
            org: watched.org.clone(),
            region: watched.region.clone(),
            accepted_at: since,
            point: DATA_QUALITY.to_owned(),
            kind: Kind::DataQuality,
            code: Code::SourceSilent,
            light: Light::Red,
            step: None,
            visit: None,
            violated_at: heard.until,
            due: None,
            late_by_ms: None,
            provisional: false,
            raised_at: told.at,
            changed_at: now,
            detail: None,
            events: Vec::new(),
            explanation: explain(&words, &rules.calendar),
            rules_version: rules.version.clone(),
            shadow: false,
        }
    }
}
