//! Statistics: every number with the list that it counts.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::alarm::ALARMS;
use super::{cut, link, present};
use crate::question::{Filter, Group, StatsQuery};
use crate::store::rows::StatsRow;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    by: Vec<&'static str>,
    /// The time whose day was counted by.
    axis: &'static str,
    zone: String,
    /// Newest day first where counted by day; else the largest group first.
    groups: Vec<StatsGroup>,
    /// Whether there are more groups than were asked for; `total` counts them all the same.
    truncated: bool,
    /// All alarms that match the filters.
    total: u64,
    /// The list that `total` counts.
    link: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatsGroup {
    /// A value for each of `by`; null where the alarms have none.
    key: BTreeMap<&'static str, Option<String>>,
    count: u64,
    /// The list of exactly these alarms.
    link: String,
}

impl Stats {
    /// `rows` were asked for with one more than `limit`.
    pub(crate) fn new(
        query: StatsQuery,
        zone: &TimeZone,
        limit: u32,
        mut rows: Vec<StatsRow>,
        total: u64,
    ) -> Self {
        let truncated = cut(&mut rows, limit);
        let groups = rows.into_iter().map(|row| group(&query, zone, row)).collect();
        Self {
            by: query.by.iter().map(|group| group.name()).collect(),
            axis: query.filter.axis.name(),
            groups,
            truncated,
            total,
            link: link(ALARMS, &query.filter.pairs()),
            zone: query.zone,
        }
    }
}

fn group(query: &StatsQuery, zone: &TimeZone, row: StatsRow) -> StatsGroup {
    let filter = narrow(&query.filter, &query.by, zone, &row.key);
    let keys = query.by.iter().zip(row.key);
    StatsGroup {
        key: keys.map(|(group, value)| (group.name(), present(value))).collect(),
        count: row.number,
        link: link(ALARMS, &filter.pairs()),
    }
}

/// The filter of one group's alarms.
pub(crate) fn narrow(filter: &Filter, by: &[Group], zone: &TimeZone, key: &[String]) -> Filter {
    by.iter().zip(key).fold(filter.clone(), |filter, (group, value)| group.narrow(filter, value, zone))
}
