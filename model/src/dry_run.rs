//! What a dry run says: the alarms that a draft of a rule adds, takes away and changes in history (docs/workflow.md). Bounded,
//! so that it stands whole in the workflow log, where the reviewers see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::FindingId;
use crate::catalogue::Bilingual;
use crate::finding::{Code, Kind, Light};
use crate::hash::Hash;
use crate::time::Instant;

/// Groups of a part, beside those that hold the rest, one a kind.
pub const MAX_GROUPS: usize = 200;
/// Sample alarms of a part, and of one kind and direction of it.
pub const MAX_SAMPLES: usize = 24;
pub const MAX_SAMPLES_OF_A_KIND: usize = 3;
/// Stands for all other organisations, or months.
pub const REST: &str = "*";

/// One dry run. Everything in it follows from the draft, the rules that it was compared with, and history as of an instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Program and version, whose engine it is that judges live too.
    pub engine: String,
    /// The rule and its version, where the draft has them.
    pub rule: Option<String>,
    pub version: Option<u32>,
    /// SHA-256 of the draft's content; of a whole catalogue, its fingerprint.
    pub content: Hash,
    /// Version and fingerprint of the rules that it was compared with.
    pub against: String,
    pub against_hash: Hash,
    /// Facts that happened until then count, and the clock stands there.
    #[serde(with = "text")]
    pub as_of: Instant,
    pub cases: u64,
    pub events: u64,
    /// Had the draft been in force over all of this history, for every case.
    pub history: Part,
    /// What would happen at `as_of` to the cases accepted before, if the draft came into force then; only of a draft that says
    /// `in_flight: migrate`, for one that pins leaves them alone.
    pub switch: Option<Part>,
}

/// The answer to one question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Alarms by the rules as they are, and with the draft. One that has been cleared counts: it was raised.
    pub alarms_before: u64,
    pub alarms_after: u64,
    pub counts: Counts,
    /// Alarms that stay as they are but for the version that they name.
    pub renamed: u64,
    /// By kind, organisation and month of violation in the catalogue's zone; the smallest are put together under [`REST`], so
    /// that the sums always hold.
    pub groups: Vec<Group>,
    pub samples: Vec<Sample>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub added: u64,
    pub removed: u64,
    /// The same alarm with another light, due instant, explanation or the like.
    pub changed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub kind: Kind,
    pub org: String,
    /// Such as `2026-03`.
    pub month: String,
    pub counts: Counts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Added,
    Removed,
    Changed,
}

/// One alarm of those counted, the draw of which is fair and the same every time: those with the smallest ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    pub direction: Direction,
    pub finding_id: FindingId,
    pub case: String,
    pub org: String,
    pub point: String,
    pub kind: Kind,
    pub code: Code,
    pub light: Light,
    #[serde(with = "text")]
    pub violated_at: Instant,
    pub explanation: Bilingual,
    /// What it said before, of one that is changed.
    pub was: Option<Bilingual>,
}

impl Counts {
    pub const fn total(&self) -> u64 {
        self.added + self.removed + self.changed
    }

    pub const fn count(&mut self, direction: Direction) {
        match direction {
            Direction::Added => self.added += 1,
            Direction::Removed => self.removed += 1,
            Direction::Changed => self.changed += 1,
        }
    }

    pub const fn plus(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            removed: self.removed + other.removed,
            changed: self.changed + other.changed,
        }
    }
}

impl Report {
    /// SHA-256 of its JSON, by which the log names it.
    pub fn hash(&self) -> Hash {
        Hash::of(&serde_json::to_vec(self).expect("a report is plain data"))
    }

    /// As it is shown to somebody whose rights cover some organisations only: of the others only sums.
    #[must_use]
    pub fn within(mut self, covers: impl Fn(&str) -> bool) -> Self {
        for part in std::iter::once(&mut self.history).chain(&mut self.switch) {
            part.samples.retain(|sample| covers(&sample.org));
            let groups = std::mem::take(&mut part.groups).into_iter();
            part.groups = summed(groups.map(|group| match group {
                group if covers(&group.org) => group,
                group => Group { org: REST.to_owned(), month: REST.to_owned(), ..group },
            }));
        }
        self
    }
}

/// At most [`MAX_GROUPS`] groups and one a kind for the rest, by kind, organisation and month.
pub fn bounded(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by(|a, b| {
        let place = |g: &Group| (std::cmp::Reverse(g.counts.total()), g.kind);
        place(a).cmp(&place(b)).then_with(|| (&a.org, &a.month).cmp(&(&b.org, &b.month)))
    });
    let rest = groups.split_off(groups.len().min(MAX_GROUPS));
    let rest = rest.into_iter().map(|g| Group { org: REST.to_owned(), month: REST.to_owned(), ..g });
    summed(groups.into_iter().chain(rest))
}

/// One group a kind, organisation and month.
fn summed(groups: impl Iterator<Item = Group>) -> Vec<Group> {
    let mut sums = BTreeMap::<_, Counts>::new();
    for Group { kind, org, month, counts } in groups {
        let sum = sums.entry((kind, org, month)).or_default();
        *sum = sum.plus(counts);
    }
    sums.into_iter().map(|((kind, org, month), counts)| Group { kind, org, month, counts }).collect()
}

/// An instant as RFC 3339 in UTC.
mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::time::Instant;

    pub(super) fn serialize<S: Serializer>(at: &Instant, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Instant, D::Error> {
        let text = String::deserialize(d)?;
        let wrong = || serde::de::Error::custom("an instant is RFC 3339, such as 2026-06-30T00:00:00Z");
        Instant::parse(&text).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(kind: Kind, org: &str, added: u64) -> Group {
        let counts = Counts { added, ..Counts::default() };
        Group { kind, org: org.to_owned(), month: "2026-03".to_owned(), counts }
    }

    fn added(groups: &[Group]) -> u64 {
        groups.iter().map(|group| group.counts.added).sum()
    }

    #[test]
    fn the_smallest_groups_are_put_together_and_the_sums_hold() {
        let groups: Vec<Group> =
            (0..2 * MAX_GROUPS as u64).map(|n| group(Kind::ALL[n as usize % 2], &n.to_string(), n)).collect();
        let kept = bounded(groups.clone());
        assert_eq!(added(&kept), added(&groups));
        let rest: Vec<&Group> = kept.iter().filter(|group| group.org == REST).collect();
        assert_eq!((kept.len(), rest.len()), (MAX_GROUPS + 2, 2));
        assert!(kept.iter().filter(|g| g.org != REST).all(|g| g.counts.added >= MAX_GROUPS as u64));
        assert_eq!(bounded(kept[..5].to_vec()), kept[..5], "few stay as they are");
    }

    #[test]
    fn whoever_sees_one_organisation_sees_sums_of_the_others() {
        let part = Part {
            groups: vec![
                group(Kind::Evidence, "a", 1),
                group(Kind::Evidence, "b", 2),
                group(Kind::Evidence, "c", 3),
            ],
            ..Part::default()
        };
        let report = Report {
            engine: String::new(),
            rule: None,
            version: None,
            content: Hash::ZERO,
            against: String::new(),
            against_hash: Hash::ZERO,
            as_of: Instant(0),
            cases: 0,
            events: 0,
            history: part.clone(),
            switch: Some(part),
        };
        let seen = report.clone().within(|org| org == "a");
        for part in [&seen.history, seen.switch.as_ref().expect("some")] {
            let groups: Vec<_> = part.groups.iter().map(|g| (g.org.as_str(), g.counts.added)).collect();
            assert_eq!(groups, [(REST, 5), ("a", 1)]);
        }
        let json = serde_json::to_value(&report).expect("JSON");
        assert_eq!(json["as_of"], "1970-01-01T00:00:00Z");
        assert_eq!(serde_json::from_value::<Report>(json).expect("a report"), report);
    }
}
