//! Which alarms are meant.

use std::collections::BTreeMap;

use model::time::Instant;

use crate::dto::rfc3339;

/// The time that orders and bounds a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// When the case was accepted.
    Accepted,
    /// When the rule was broken.
    Violated,
    /// When the alarm was first raised.
    #[default]
    Raised,
    /// When its current revision was made.
    Changed,
}

impl Axis {
    pub(crate) const ALL: [Self; 4] = [Self::Accepted, Self::Violated, Self::Raised, Self::Changed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Violated => "violated",
            Self::Raised => "raised",
            Self::Changed => "changed",
        }
    }
}

/// What an alarm is filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Org,
    /// The region or any of its subdivisions.
    Region,
    /// That region alone.
    RegionIs,
    Item,
    Category,
    Kind,
    Code,
    Light,
    State,
    Case,
    Step,
    RulesVersion,
}

impl Field {
    pub(crate) const ALL: [Self; 12] = [
        Self::Org,
        Self::Region,
        Self::RegionIs,
        Self::Item,
        Self::Category,
        Self::Kind,
        Self::Code,
        Self::Light,
        Self::State,
        Self::Case,
        Self::Step,
        Self::RulesVersion,
    ];

    /// The parameter's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Region => "region",
            Self::RegionIs => "region_is",
            Self::Item => "item",
            Self::Category => "category",
            Self::Kind => "kind",
            Self::Code => "code",
            Self::Light => "light",
            Self::State => "state",
            Self::Case => "case",
            Self::Step => "step",
            Self::RulesVersion => "rules_version",
        }
    }

    /// Whether an alarm may lack it; an empty value then asks for those that do.
    pub(crate) const fn is_optional(self) -> bool {
        matches!(self, Self::Region | Self::RegionIs | Self::Category | Self::Step)
    }
}

/// Alarms that match one of the values of every field named, with their time in `[from, to)` of the axis. Without a
/// state, the retracted ones are left out: they never held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub fields: BTreeMap<Field, Vec<String>>,
    pub axis: Axis,
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    /// The shadow alarms of rules on trial, instead of alarms.
    pub shadow: bool,
}

impl Filter {
    /// The view that has what is meant.
    pub(crate) const fn view(&self) -> &'static str {
        if self.shadow { "shadow_alarms" } else { "alarms" }
    }

    /// The filter narrowed to one value of one field.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<String>) -> Self {
        self.fields.insert(field, vec![value.into()]);
        self
    }

    /// The filter narrowed to the part of `[from, to)` that it covers already.
    #[must_use]
    pub(crate) fn within(mut self, from: Instant, to: Instant) -> Self {
        self.from = Some(self.from.map_or(from, |old| old.max(from)));
        self.to = Some(self.to.map_or(to, |old| old.min(to)));
        self
    }

    /// Names and values in a fixed order: what a link and a cursor are made of.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let fields = self.fields.iter();
        let mut pairs: Vec<_> =
            fields.flat_map(|(field, values)| values.iter().map(|v| (field.name(), v.clone()))).collect();
        if self.axis != Axis::default() || self.from.is_some() || self.to.is_some() {
            pairs.push(("axis", self.axis.name().to_owned()));
        }
        let bounds = [("from", self.from), ("to", self.to)];
        pairs.extend(bounds.into_iter().filter_map(|(name, at)| Some((name, rfc3339(at?)))));
        pairs.extend(self.shadow.then(|| ("shadow", "only".to_owned())));
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_has_one_order() {
        let filter = Filter { from: Some(Instant(0)), ..Filter::default() };
        let filter = filter.with(Field::Light, "red").with(Field::Org, "a b");
        let text: Vec<String> =
            filter.pairs().iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(text, ["org=a b", "light=red", "axis=raised", "from=1970-01-01T00:00:00.000Z"]);
    }

    #[test]
    fn a_range_only_shrinks() {
        let filter = Filter { from: Some(Instant(5)), ..Filter::default() }.within(Instant(0), Instant(9));
        assert_eq!((filter.from, filter.to), (Some(Instant(5)), Some(Instant(9))));
    }
}
