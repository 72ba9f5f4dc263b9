//! How far a client has come: in each log, the next event that it wants. Written as the ids of events.

use std::collections::BTreeMap;

use super::{Event, Source};

/// Longest id that is looked at, bytes: a thousand partitions far along.
const MAX_ID_BYTES: usize = 16 * 1024;
/// What ids begin with; another form will have another.
const FORM: &str = "1";

/// By source: seq of the next entry, and which of its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(BTreeMap<Source, (u64, u32)>);

impl Places {
    /// At the first event of these entries.
    pub(super) fn of(seqs: impl Iterator<Item = (Source, u64)>) -> Self {
        Self(seqs.map(|(source, seq)| (source, (seq, 0))).collect())
    }

    /// Those that are not there yet.
    pub(super) fn add(&mut self, seqs: impl Iterator<Item = (Source, u64)>) {
        for (source, seq) in seqs {
            self.0.entry(source).or_insert((seq, 0));
        }
    }

    pub(super) fn get(&self, source: Source) -> Option<(u64, u32)> {
        self.0.get(&source).copied()
    }

    /// Whether the event is wanted; from then on it is not.
    pub(super) fn pass(&mut self, event: &Event) -> bool {
        let place = self.0.entry(event.source).or_default();
        if (event.seq, event.index) < *place {
            return false;
        }
        let is_last = event.index + 1 >= event.count;
        *place = if is_last { (event.seq + 1, 0) } else { (event.seq, event.index + 1) };
        true
    }

    /// `1_w12_0.4005.2_1.33`: the workflow's seq, then partition, seq and, within an entry, index. Opaque to clients.
    pub(crate) fn id(&self) -> String {
        let mut id = FORM.to_owned();
        for (source, (seq, index)) in &self.0 {
            match source {
                None => id.push_str(&format!("_w{seq}")),
                Some(partition) => id.push_str(&format!("_{partition}.{seq}")),
            }
            if *index > 0 {
                id.push_str(&format!(".{index}"));
            }
        }
        id
    }

    pub(crate) fn parse(id: &str) -> Option<Self> {
        if id.len() > MAX_ID_BYTES {
            return None;
        }
        let mut parts = id.split('_');
        if parts.next() != Some(FORM) {
            return None;
        }
        let mut places = BTreeMap::new();
        for part in parts {
            let (source, rest) = match part.strip_prefix('w') {
                Some(rest) => (None, rest),
                None => {
                    let (partition, rest) = part.split_once('.')?;
                    (Some(partition.parse().ok()?), rest)
                }
            };
            let (seq, index) = rest.split_once('.').unwrap_or((rest, "0"));
            if places.insert(source, (seq.parse().ok()?, index.parse().ok()?)).is_some() {
                return None;
            }
        }
        Some(Self(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_they_were() {
        let mut places = Places::of([(None, 12), (Some(0), 4005), (Some(7), u64::MAX)].into_iter());
        places.0.insert(Some(1), (3, 2));
        assert_eq!(places.id(), "1_w12_0.4005_1.3.2_7.18446744073709551615");
        assert_eq!(Places::parse(&places.id()), Some(places));
        assert_eq!(Places::parse("1"), Some(Places::default()));
    }

    #[test]
    fn what_is_no_id_of_ours_is_none() {
        let long = format!("1_w{}", "1".repeat(MAX_ID_BYTES));
        for id in ["", "2_w1", "1_", "1_w", "1_wx", "1_0", "1_0.", "1_0.-1", "1_0.1_0.2", "1_99999.1", &long]
        {
            assert_eq!(Places::parse(id), None, "{id}");
        }
    }
}
