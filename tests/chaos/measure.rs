//! Latencies and recoveries from when facts were published and when they had arrived. Pure.

use std::collections::HashMap;

use crate::observer::Arrival;
use crate::stream::{Fact, Published};

/// A fact's way: published, and arrived with its findings, ms since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) published: i64,
    pub(crate) arrived: i64,
}

/// Where each fact stands in `case-events`: partition and offset.
pub(crate) type Places = HashMap<Fact, (usize, u64)>;

/// The ways of all facts that arrived, by publication.
pub(crate) fn ways(published: &Published, places: &Places, arrivals: &[Arrival]) -> Vec<Way> {
    let mut by_partition: HashMap<usize, Vec<Arrival>> = HashMap::new();
    for arrival in arrivals {
        by_partition.entry(arrival.partition).or_default().push(*arrival);
    }
    let way = |(fact, published): (&Fact, &i64)| {
        let (partition, offset) = places.get(fact)?;
        let list = by_partition.get(partition)?;
        let first = list.partition_point(|arrival| arrival.to <= *offset);
        Some(Way { published: *published, arrived: list.get(first)?.at_ms })
    };
    let mut ways: Vec<Way> = published.iter().filter_map(way).collect();
    ways.sort_unstable_by_key(|way| way.published);
    ways
}

pub(crate) fn latencies(ways: &[Way]) -> Vec<i64> {
    let mut all: Vec<i64> = ways.iter().map(|way| way.arrived - way.published).collect();
    all.sort_unstable();
    all
}

/// Of sorted values, the one that `percent` of them do not exceed.
pub(crate) fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let place = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(place - 1).copied()
}

/// For each fault, how long it took until all that had been published before it had arrived, ms, sorted.
pub(crate) fn recoveries(faults: &[i64], ways: &[Way]) -> Vec<i64> {
    let mut latest = 0;
    let mut ways = ways.iter().peekable();
    let mut sorted = faults.to_vec();
    sorted.sort_unstable();
    let mut found = Vec::new();
    for fault in sorted {
        while let Some(way) = ways.next_if(|way| way.published <= fault) {
            latest = latest.max(way.arrived);
        }
        found.push((latest - fault).max(0));
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(at_ms: i64, to: u64) -> Arrival {
        Arrival { at_ms, partition: 0, to }
    }

    #[test]
    fn a_fact_has_arrived_when_the_position_is_behind_it() {
        let (a, b) = (Fact::new("s", "a"), Fact::new("s", "b"));
        let published = HashMap::from([(a, 100), (b, 200)]);
        let places = HashMap::from([(a, (0, 0)), (b, (0, 1))]);
        let arrivals = [arrival(150, 1), arrival(300, 2)];
        let ways = ways(&published, &places, &arrivals);
        assert_eq!(latencies(&ways), [50, 100]);
        assert_eq!(recoveries(&[250, 120, 900], &ways), [0, 30, 50]);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<i64> = (1..=100).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (Some(50), Some(99)));
        assert_eq!((percentile(&[7], 99), percentile(&[], 50)), (Some(7), None));
    }
}
