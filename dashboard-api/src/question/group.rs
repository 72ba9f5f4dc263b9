//! What alarms are counted by, and the filter that lists exactly the alarms of one group.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::time::{Instant, MS_PER_HOUR};

use super::filter::{Field, Filter};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The civil day of the filter's axis.
    Day,
    /// The hour of the filter's axis in which the civil clock shows one number.
    Hour,
    Org,
    Region,
    Item,
    Category,
    Kind,
    Code,
    Light,
    State,
}

impl Group {
    pub(crate) const ALL: [Self; 10] = [
        Self::Day,
        Self::Hour,
        Self::Org,
        Self::Region,
        Self::Item,
        Self::Category,
        Self::Kind,
        Self::Code,
        Self::Light,
        Self::State,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Org => "org",
            Self::Region => "region",
            Self::Item => "item",
            Self::Category => "category",
            Self::Kind => "kind",
            Self::Code => "code",
            Self::Light => "light",
            Self::State => "state",
        }
    }

    /// The filter of the alarms whose value here is `value`. A value of this group that the filter let through is
    /// narrower than what the filter says of it, so it takes that place.
    pub(crate) fn narrow(self, filter: Filter, value: &str, zone: &TimeZone) -> Filter {
        let field = match self {
            Self::Day => return within_day(filter, value, zone),
            Self::Hour => return within_hour(filter, value),
            Self::Region => return within_region(filter, value),
            Self::Org => Field::Org,
            Self::Item => Field::Item,
            Self::Category => Field::Category,
            Self::Kind => Field::Kind,
            Self::Code => Field::Code,
            Self::Light => Field::Light,
            Self::State => Field::State,
        };
        filter.with(field, value)
    }
}

/// A group is one region without its subdivisions; the filter may have been a whole province.
fn within_region(mut filter: Filter, value: &str) -> Filter {
    filter.fields.remove(&Field::Region);
    filter.with(Field::RegionIs, value)
}

fn within_day(filter: Filter, day: &str, zone: &TimeZone) -> Filter {
    let bounds = || -> Option<(Instant, Instant)> {
        let date: Date = day.parse().ok()?;
        Some((start_of(date, zone)?, start_of(date.tomorrow().ok()?, zone)?))
    };
    match bounds() {
        Some((from, to)) => filter.within(from, to),
        None => filter,
    }
}

fn within_hour(filter: Filter, start: &str) -> Filter {
    match Instant::parse(start) {
        Some(from) => filter.within(from, from.plus_ms(MS_PER_HOUR)),
        None => filter,
    }
}

fn start_of(date: Date, zone: &TimeZone) -> Option<Instant> {
    let start = date.to_zoned_datetime(zone.clone()).ok()?.start_of_day().ok()?;
    Some(Instant(start.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_of_the_zone() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let filter = Group::Day.narrow(Filter::default(), "2026-03-02", &zone);
        assert_eq!(filter.from, Instant::parse("2026-03-02T00:00:00+08:00"));
        assert_eq!(filter.to, Instant::parse("2026-03-03T00:00:00+08:00"));
    }

    #[test]
    fn a_day_of_23_hours_has_23() {
        let zone = TimeZone::get("Europe/Rome").unwrap();
        let filter = Group::Day.narrow(Filter::default(), "2026-03-29", &zone);
        assert_eq!(filter.to.unwrap().0 - filter.from.unwrap().0, 23 * 3_600_000);
    }

    #[test]
    fn an_hour_is_named_by_its_beginning() {
        let filter = Group::Hour.narrow(Filter::default(), "2026-03-02T06:00:00.000Z", &TimeZone::UTC);
        assert_eq!(filter.from, Instant::parse("2026-03-02T06:00:00Z"));
        assert_eq!(filter.to, Instant::parse("2026-03-02T07:00:00Z"));
    }

    #[test]
    fn a_region_of_a_province_is_asked_for_alone() {
        let province = Filter::default().with(Field::Region, "370000");
        let filter = Group::Region.narrow(province, "370102", &TimeZone::UTC);
        assert_eq!(filter, Filter::default().with(Field::RegionIs, "370102"));
    }
}
