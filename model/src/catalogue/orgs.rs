//! The tree of organisations, and which publishing systems may speak for which of them.

use std::collections::{HashMap, HashSet};

use crate::event::{Event, Reason, Rejection};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Org {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    pub region: Option<String>,
    /// `source` attributes that may speak for it.
    pub sources: HashSet<String>,
}

/// Empty: no `orgs.yaml`, so any source may speak for any org.
#[derive(Debug, Clone, Default)]
pub struct Orgs {
    pub by_id: HashMap<String, Org>,
    /// All sources of all orgs: asked at nearly every event.
    sources: HashSet<String>,
}

impl Orgs {
    pub fn of(by_id: HashMap<String, Org>) -> Self {
        let sources = by_id.values().flat_map(|org| &org.sources).cloned().collect();
        Self { by_id, sources }
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
