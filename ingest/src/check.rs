//! Whether an inbound record may enter the log of facts: bytes, organisations and a clock in, a case id or a rejection
//! out. Pure.
//!
//! What a record must look like is decided by [`model::event::decode`]; this adds the one question that needs reference
//! data, whether the source may speak at all.

use std::borrow::Cow;

use model::catalogue::Orgs;
use model::event::{Event, Reason, Rejection, decode};
use model::time::Instant;

/// A record that may enter: its case id is the key under which it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<'a> {
    pub case: Cow<'a, str>,
    pub source: Cow<'a, str>,
    /// No fact: the source says that it is there.
    pub is_heartbeat: bool,
}

/// Checks one record as it was published. `clock` bounds how far ahead its times may be.
pub fn check<'a>(bytes: &'a [u8], orgs: &Orgs, clock: Instant) -> Result<Checked<'a>, Rejection> {
    let event = decode(bytes, clock)?;
    authorise(&event, orgs)?;
    Ok(Checked { is_heartbeat: event.is_heartbeat(), case: event.case, source: event.source })
}

/// Only `case.accepted` names an organisation. For the other types it is enough that the source is known to one: which
/// case belongs to whom is known only to the detectors, where the accepted fact is.
fn authorise(event: &Event<'_>, orgs: &Orgs) -> Result<(), Rejection> {
    let source = &event.source;
    let refusal = match event.org() {
        Some(org) if orgs.may_speak(source, org) => return Ok(()),
        None if orgs.knows_source(source) => return Ok(()),
        Some(org) => format!(
            "member \"source\": {source:?} is not among the sources of org {org:?} (member \"data.org\") in orgs.yaml"
        ),
        None => format!("member \"source\": {source:?} is not a source of any org in orgs.yaml"),
    };
    Err(Rejection::new(Reason::SourceNotAuthorised, refusal))
}

#[cfg(test)]
mod tests {
    use model::catalogue::Org;
    use proptest::prelude::*;

    use super::*;

    const NOW: Instant = Instant(1_782_748_800_000);

    fn orgs() -> Orgs {
        let org = |id: &str, source: &str| {
            let sources = [source.to_owned()].into();
            (id.to_owned(), Org { id: id.to_owned(), sources, ..Org::default() })
        };
        Orgs::of([org("A", "urn:a"), org("B", "urn:b")].into())
    }

    fn accepted(source: &str, org: &str) -> Vec<u8> {
        format!(
            r#"{{"specversion":"1.0","id":"1","source":"{source}","type":"case.accepted","subject":"c-1",
                "time":"2026-06-29T08:00:00+08:00","data":{{"item":"x","org":"{org}"}}}}"#
        )
        .into_bytes()
    }

    fn closed(source: &str) -> Vec<u8> {
        format!(
            r#"{{"specversion":"1.0","id":"2","source":"{source}","type":"case.closed","subject":"c-1",
                "time":"2026-06-29T09:00:00+08:00","data":{{}}}}"#
        )
        .into_bytes()
    }

    fn reason(bytes: &[u8], orgs: &Orgs) -> Option<Reason> {
        check(bytes, orgs, NOW).err().map(|r| r.reason)
    }

    #[test]
    fn a_source_speaks_for_its_own_org_only() {
        let orgs = orgs();
        assert_eq!(check(&accepted("urn:a", "A"), &orgs, NOW).map(|c| c.case.into_owned()), Ok("c-1".into()));
        assert_eq!(reason(&accepted("urn:a", "B"), &orgs), Some(Reason::SourceNotAuthorised));
        assert_eq!(reason(&accepted("urn:a", "nobody"), &orgs), Some(Reason::SourceNotAuthorised));
    }

    #[test]
    fn an_event_without_org_needs_a_known_source() {
        let orgs = orgs();
        assert_eq!(reason(&closed("urn:b"), &orgs), None);
        assert_eq!(reason(&closed("urn:stranger"), &orgs), Some(Reason::SourceNotAuthorised));
    }

    #[test]
    fn without_a_register_anyone_may_speak() {
        assert_eq!(reason(&accepted("urn:stranger", "anything"), &Orgs::default()), None);
        assert_eq!(reason(&closed("urn:stranger"), &Orgs::default()), None);
    }

    #[test]
    fn the_shape_is_judged_before_the_source() {
        let orgs = orgs();
        assert_eq!(reason(b"", &orgs), Some(Reason::InvalidJson));
        assert_eq!(reason(&accepted("urn:stranger", ""), &orgs), Some(Reason::InvalidValue));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(check(&bytes, &Orgs::default(), NOW).is_err());
        }

        #[test]
        fn no_damage_to_a_good_record_makes_it_panic(at in 0_usize..200, byte in any::<u8>()) {
            let mut bytes = accepted("urn:a", "A");
            let at = at % bytes.len();
            bytes[at] = byte;
            // Either answer is right; it must be an answer.
            drop(check(&bytes, &orgs(), NOW));
        }
    }
}
