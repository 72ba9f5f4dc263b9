//! Signs of life: which sources have been heard, and when every partition of `case-events` is to be told. Pure.
//!
//! A sign goes out a while after what was heard, not with it: a source that speaks again after a silence has a backlog, and
//! what it says is to stand in the log before the sign that lets the deadlines of its cases fall due.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use model::catalogue::Orgs;
use model::hash::Hash;

/// How long after the first thing heard a sign goes out, at most.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

/// At most one entry a source of the catalogue.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    by_source: HashMap<String, Sign>,
}

#[derive(Debug, Clone, Copy)]
struct Sign {
    /// Heard, and to be told then.
    due: Option<Instant>,
    told: Option<Instant>,
}

impl Signs {
    /// Something valid of a source was forwarded, or it said that it is there.
    pub(crate) fn hear(&mut self, source: &str, orgs: &Orgs, now: Instant) {
        let Some(watched) = orgs.watched(source) else { return };
        if let Some(Sign { due: Some(_), .. }) = self.by_source.get(source) {
            return;
        }
        let quarter = Duration::from_millis(watched.silent_after.unsigned_abs() / 4);
        let sign = self.by_source.entry(source.to_owned()).or_insert(Sign { due: None, told: None });
        let settled = now + quarter.min(SETTLES_WITHIN);
        sign.due = Some(sign.told.map_or(settled, |told| settled.max(told + quarter)));
    }

    /// The sources whose sign is due, each once.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<String> {
        let mut due = Vec::new();
        for (source, sign) in &mut self.by_source {
            if sign.due.take_if(|at| *at <= now).is_some() {
                sign.told = Some(now);
                due.push(source.clone());
            }
        }
        due
    }

    /// Those that have been heard and not told: the process ends.
    pub(crate) fn take_all(&mut self) -> Vec<String> {
        let open = self.by_source.iter_mut().filter_map(|(source, sign)| sign.due.take().map(|_| source));
        open.cloned().collect()
    }
}

/// The partition in which a source's silence is told.
pub(crate) fn home(source: &str, partitions: i32) -> i32 {
    let Hash(bytes) = Hash::of(source.as_bytes());
    let number = u64::from_le_bytes(*bytes.first_chunk().expect("a hash has 32 bytes"));
    (number % u64::from(partitions.unsigned_abs().max(1))) as i32
}

/// The record that stands in a partition.
pub(crate) fn record(source: &str, at: model::Instant, is_home: bool) -> Vec<u8> {
    let event = serde_json::json!({
        "specversion": "1.0",
        "id": format!("heard-{}", at.0),
        "source": source,
        "type": "source.heartbeat",
        "subject": source,
        "time": at.to_string(),
        "data": {"home": is_home},
    });
    event.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use model::catalogue::Org;

    use super::*;

    fn orgs() -> Orgs {
        let silent_after = [("urn:a".to_owned(), 400_000)].into();
        let sources = ["urn:a".to_owned(), "urn:b".to_owned()].into();
        Orgs::of([("A".to_owned(), Org { id: "A".into(), sources, silent_after, ..Org::default() })].into())
    }

    #[test]
    fn a_sign_goes_out_after_a_while_and_not_too_often() {
        let (mut signs, orgs, start) = (Signs::default(), orgs(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        signs.hear("urn:b", &orgs, at(0));
        signs.hear("urn:a", &orgs, at(0));
        signs.hear("urn:a", &orgs, at(9));
        assert!(signs.take_due(at(9)).is_empty(), "what follows is waited for");
        assert_eq!(signs.take_due(at(10)), ["urn:a"]);
        assert!(signs.take_due(at(1_000)).is_empty(), "nothing was heard since");
        signs.hear("urn:a", &orgs, at(20));
        assert!(signs.take_due(at(109)).is_empty());
        assert_eq!(signs.take_due(at(110)), ["urn:a"], "a quarter of the time after the last one");
        signs.hear("urn:a", &orgs, at(120));
        assert_eq!(signs.take_all(), ["urn:a"]);
        assert!(signs.take_due(at(9_000)).is_empty());
    }

    #[test]
    fn what_is_told_can_be_read_by_the_other_side() {
        let at = model::Instant::parse("2026-06-30T09:00:00+08:00").expect("an instant");
        let bytes = record("urn:\"a", at, true);
        let event = model::event::decode(&bytes, at).expect("a good record");
        assert_eq!((event.source.as_ref(), event.time), ("urn:\"a", at));
        assert_eq!(event.body, model::event::Body::SourceHeartbeat { home: true });
        let homes: std::collections::HashSet<i32> = (0..100).map(|n| home(&format!("urn:{n}"), 4)).collect();
        assert_eq!(homes, (0..4).collect(), "every partition has its share");
    }
}
