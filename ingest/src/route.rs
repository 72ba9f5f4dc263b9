//! Into whose inbound topic a line belongs. Pure.

use std::borrow::Cow;
use std::collections::HashMap;

use model::catalogue::Orgs;
use serde::Deserialize;

/// What the publisher needs of a line. A line without them is published all the same, if it has somewhere to go.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    #[serde(borrow)]
    pub(crate) subject: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) source: Option<Cow<'a, str>>,
}

impl<'a> Head<'a> {
    pub(crate) fn of(line: &'a [u8]) -> Self {
        serde_json::from_slice(line).unwrap_or_default()
    }
}

/// How a line finds its organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    by_source: Option<HashMap<String, String>>,
    otherwise: Option<String>,
}

impl Route {
    /// Every line is of this organisation.
    pub fn to(org: impl Into<String>) -> Self {
        Self { by_source: None, otherwise: Some(org.into()) }
    }

    /// By the line's `source`: the organisation that `orgs` gives that source to (the first by id, if several), or the one
    /// that a source of the form `urn:cn-org:<org>[:<system>]` names; where neither is, `otherwise`. Most events name no
    /// organisation of their own, so the source is what there is.
    pub fn by_source(orgs: &Orgs, otherwise: Option<String>) -> Self {
        let mut by_source: HashMap<String, String> = HashMap::new();
        for org in orgs.by_id.values() {
            for source in &org.sources {
                let first = by_source.entry(source.clone()).or_insert_with(|| org.id.clone());
                if org.id < *first {
                    first.clone_from(&org.id);
                }
            }
        }
        Self { by_source: Some(by_source), otherwise }
    }

    pub(crate) fn org<'a>(&'a self, head: &'a Head<'_>) -> Option<&'a str> {
        let by_source = self.by_source.as_ref().zip(head.source.as_deref()).and_then(|(register, source)| {
            register.get(source).map(String::as_str).or_else(|| org_in_urn(source))
        });
        by_source.or(self.otherwise.as_deref())
    }
}

fn org_in_urn(source: &str) -> Option<&str> {
    source.strip_prefix("urn:cn-org:")?.split(':').next().filter(|org| !org.is_empty())
}

#[cfg(test)]
mod tests {
    use model::catalogue::Org;

    use super::*;

    fn org_of(route: &Route, line: &str) -> Option<String> {
        route.org(&Head::of(line.as_bytes())).map(str::to_owned)
    }

    #[test]
    fn a_source_leads_to_its_org() {
        let sources = ["urn:x:penalty".to_owned()].into();
        let org = Org { id: "A".into(), sources, ..Org::default() };
        let orgs = Orgs::of([("A".to_owned(), org)].into());
        let route = Route::by_source(&orgs, None);
        assert_eq!(org_of(&route, r#"{"source":"urn:x:penalty"}"#), Some("A".into()));
        assert_eq!(org_of(&route, r#"{"source":"urn:cn-org:B7:penalty"}"#), Some("B7".into()));
        assert_eq!(org_of(&route, r#"{"source":"urn:cn-org::penalty"}"#), None);
        assert_eq!(org_of(&route, "no json"), None);
        let route = Route::by_source(&orgs, Some("Z".into()));
        assert_eq!(org_of(&route, "no json"), Some("Z".into()));
    }

    #[test]
    fn a_fixed_org_takes_everything() {
        let route = Route::to("A");
        assert_eq!(org_of(&route, r#"{"source":"urn:cn-org:B7:penalty"}"#), Some("A".into()));
        assert_eq!(org_of(&route, "\u{0}"), Some("A".into()));
    }

    #[test]
    fn the_head_is_read_past_everything_else() {
        let head = Head::of(br#"{"id":1,"subject":"c-\u0031","data":{"a":[1,2]},"source":"s"}"#);
        assert_eq!((head.subject.as_deref(), head.source.as_deref()), (Some("c-1"), Some("s")));
        assert_eq!(Head::of(br#"{"subject":7}"#), Head::default());
    }
}
