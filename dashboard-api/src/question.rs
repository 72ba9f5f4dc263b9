//! What can be asked, as values that cannot be wrong: filters, pages, groupings. Pure; knows neither HTTP nor SQL.
//!
//! What must stay true: [`Filter::pairs`] is the filter's one written form, so a link made from it asks the same thing
//! again.

mod filter;
mod group;

use identity::Scope;
use model::FindingId;
use model::time::Instant;

pub use filter::{Axis, Field, Filter};
pub use group::Group;

/// One page of alarms, newest first by the filter's axis, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    pub filter: Filter,
    /// What the asker may see; never part of what he asks.
    pub scope: Scope,
    pub after: Option<Keyset>,
    pub limit: u32,
}

/// Where a page of alarms ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyset {
    pub at: Instant,
    pub id: FindingId,
}

/// Alarms counted by groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsQuery {
    pub filter: Filter,
    pub scope: Scope,
    pub by: Vec<Group>,
    /// IANA name of the zone in which a day is a day.
    pub zone: String,
    pub limit: u32,
}

/// Dead letters, newest record first, then by coordinates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetterQuery {
    /// Any of the values, for each field that is named.
    pub fields: Vec<(DeadLetterField, Vec<String>)>,
    /// Bounds of the record's time, `[from, to)`.
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    pub after: Option<LetterKeyset>,
    pub scope: Scope,
    pub limit: u32,
}

/// Where a page of dead letters ended. `part` tells rows of one record apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterKeyset {
    pub at: Instant,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub part: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLetterField {
    Reason,
    Topic,
    Org,
    Partition,
}

impl DeadLetterField {
    pub(crate) const ALL: [Self; 4] = [Self::Reason, Self::Topic, Self::Org, Self::Partition];

    /// The parameter, and the column as well.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::Topic => "topic",
            Self::Org => "org",
            Self::Partition => "partition",
        }
    }
}

impl DeadLetterQuery {
    /// The written form of everything but the page.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let fields = self.fields.iter();
        let mut pairs: Vec<_> =
            fields.flat_map(|(field, values)| values.iter().map(|v| (field.name(), v.clone()))).collect();
        let bounds = [("from", self.from), ("to", self.to)];
        pairs.extend(bounds.into_iter().filter_map(|(name, at)| Some((name, crate::dto::rfc3339(at?)))));
        pairs
    }
}
