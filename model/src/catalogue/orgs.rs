//! The tree of organisations, and which publishing systems may speak for which of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::event::{Event, Reason, Rejection};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Org {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    pub region: Option<String>,
    /// `source` attributes that may speak for it.
    pub sources: HashSet<String>,
    /// Of some of them: how long they may say nothing before they are taken to be silent, ms.
    pub silent_after: HashMap<String, i64>,
}

/// A source whose silence counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedSource {
    /// The org it speaks for; the first by id, if several.
    pub org: String,
    pub region: Option<String>,
    /// ms.
    pub silent_after: i64,
}

/// Empty: no `orgs.yaml`, so any source may speak for any org.
#[derive(Debug, Clone, Default)]
pub struct Orgs {
    pub by_id: HashMap<String, Org>,
    /// All sources of all orgs: asked at nearly every event.
    sources: HashSet<String>,
    watched: BTreeMap<String, WatchedSource>,
}

impl Orgs {
    pub fn of(by_id: HashMap<String, Org>) -> Self {
        let sources = by_id.values().flat_map(|org| &org.sources).cloned().collect();
        let watched = watched(&by_id);
        Self { by_id, sources, watched }
    }

    /// A source whose silence counts; of the others nothing is held.
    pub fn watched(&self, source: &str) -> Option<&WatchedSource> {
        self.watched.get(source)
    }

    /// All of these, in the order of their names.
    pub fn all_watched(&self) -> impl Iterator<Item = (&str, &WatchedSource)> {
        self.watched.iter().map(|(name, watched)| (name.as_str(), watched))
    }

    /// Whether `source` may publish a case of `org`.
    pub fn may_speak(&self, source: &str, org: &str) -> bool {
        self.by_id.is_empty() || self.by_id.get(org).is_some_and(|o| o.sources.contains(source))
    }

    /// Whether `source` is known to any org at all: events other than `case.accepted` name no org.
    pub fn knows_source(&self, source: &str) -> bool {
        self.by_id.is_empty() || self.sources.contains(source)
    }

    /// Whether an event's source may publish it.
    ///
    /// # Errors
    /// `source_not_authorised`, naming the source and the org.
    pub fn authorise(&self, event: &Event<'_>) -> Result<(), Rejection> {
        let source = event.source.as_ref();
        let sentence = match event.org() {
            Some(org) if !self.may_speak(source, org) => {
                format!(
                    "source \"{source}\" may not speak for org \"{org}\"; orgs.yaml lists the sources of each org"
                )
            }
            None if !self.knows_source(source) => {
                format!("source \"{source}\" is not listed for any org in orgs.yaml")
            }
            Some(_) | None => return Ok(()),
        };
        Err(Rejection::new(Reason::SourceNotAuthorised, sentence))
    }
}

/// Where several orgs have a source in common, the shortest time that any of them gives it counts.
fn watched(by_id: &HashMap<String, Org>) -> BTreeMap<String, WatchedSource> {
    let mut watched: BTreeMap<String, WatchedSource> = BTreeMap::new();
    let orgs: BTreeMap<&String, &Org> = by_id.iter().collect();
    for org in orgs.into_values() {
        for (source, silent_after) in &org.silent_after {
            let first = || WatchedSource {
                org: org.id.clone(),
                region: org.region.clone(),
                silent_after: *silent_after,
            };
            let known = watched.entry(source.clone()).or_insert_with(first);
            known.silent_after = known.silent_after.min(*silent_after);
        }
    }
    watched
}
