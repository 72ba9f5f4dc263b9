//! What of the registers runs out, as metrics: certificates of officers, and the calendars. Counted when it is asked for.

use std::sync::Arc;

use model::{Catalogue, Day};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGauge, Registry};
use registers::{Lasting, lasting};

use crate::live::Live;
use crate::wall;

/// A certificate that ends within so many days expires soon.
const SOON_DAYS: i32 = 30;

/// What runs out of a catalogue.
#[derive(Debug, PartialEq, Eq)]
struct Expiry {
    /// Officers whose last certificate ends within [`SOON_DAYS`], today included, and those whose last one is over.
    expiring: i64,
    expired: i64,
    /// Until the end of the last year, from this one on without a gap, that has a calendar; negative: this year has none.
    /// Absent where there are no calendars at all.
    calendar_days: Option<i64>,
}

impl Expiry {
    fn of(catalogue: &Catalogue, today: Day) -> Self {
        let left = |held| match lasting(held) {
            Lasting::Until(day) => Some(day.0 - today.0),
            Lasting::Open | Lasting::Nothing => None,
        };
        let left: Vec<i32> = catalogue.officers.iter().filter_map(|(_, held)| left(held)).collect();
        let count = |is: fn(i32) -> bool| left.iter().filter(|days| is(**days)).count() as i64;
        let has = |year: &i32| catalogue.calendar.years().any(|known| known == *year);
        let end = (today.year()..)
            .take_while(has)
            .last()
            .map_or(-1, |year| i64::from(Day::from_ymd(year, 12, 31).0 - today.0));
        Self {
            expiring: count(|days| (0..=SOON_DAYS).contains(&days)),
            expired: count(|days| days < 0),
            calendar_days: catalogue.calendar.years().next().map(|_| end),
        }
    }
}

/// Registers the metrics of what stands.
pub(crate) fn register(live: &Arc<Live>, registry: &Registry) -> anyhow::Result<()> {
    let gauge = |name: &str, help: &str| IntGauge::new(name, help);
    registry.register(Box::new(Gauges {
        live: Arc::clone(live),
        expiring: gauge(
            "xiezhi_officers_expiring",
            "Officers whose last certificate ends within 30 days, today included",
        )?,
        expired: gauge("xiezhi_officers_expired", "Officers whose last certificate is over")?,
        calendar: gauge(
            "xiezhi_calendar_days_left",
            "Days until the end of the last year, from this one on, that has a calendar; negative: this year has none",
        )?,
    }))?;
    Ok(())
}

struct Gauges {
    live: Arc<Live>,
    expiring: IntGauge,
    expired: IntGauge,
    calendar: IntGauge,
}

impl Collector for Gauges {
    fn desc(&self) -> Vec<&Desc> {
        [&self.expiring, &self.expired, &self.calendar].into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let standing = self.live.standing();
        let catalogue = standing.catalogue();
        let Expiry { expiring, expired, calendar_days } =
            Expiry::of(catalogue, catalogue.calendar.day_of(wall::now()));
        self.expiring.set(expiring);
        self.expired.set(expired);
        self.calendar.set(calendar_days.unwrap_or_default());
        let calendar = calendar_days.map(|_| &self.calendar);
        [&self.expiring, &self.expired].into_iter().chain(calendar).flat_map(Collector::collect).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_out_is_counted_from_today() {
        let file = |(path, text): (&str, &str)| (path.to_owned(), text.to_owned());
        let item = "code: i\nname: i\ncategory: other\nsteps: [{id: a}]\nlimits: [{id: t, scope: case, days: 5, unit: working_day}]\n\
                    points: [{id: p, kind: time_limit, limit: t}]\n";
        let officers = "officer_id,name,org,certificate_no,valid_from,valid_to\na,a,o,1,,2026-12-01\nb,b,o,2,,2026-12-31\n\
                        c,c,o,3,,2026-11-01\nd,d,o,4,,2026-11-01\nd,d,o,5,,2027-11-01\ne,e,o,6,,\n";
        let mut files = vec![file(("items/i.yaml", item)), file(("officers.csv", officers))];
        let today = Day::from_ymd(2026, 11, 28);
        let of = |files: &[(String, String)]| {
            Expiry::of(&Catalogue::from_files(files.to_vec()).unwrap_or_else(|p| panic!("{p:?}")), today)
        };
        assert_eq!(of(&files), Expiry { expiring: 1, expired: 1, calendar_days: None });
        files.push(file(("calendar/2026.yaml", "year: 2026\nholidays: []\nworkdays: []\n")));
        assert_eq!(of(&files).calendar_days, Some(33));
        files[2].1 = files[2].1.replace("2026", "2025");
        assert_eq!(of(&files).calendar_days, Some(-1));
    }
}
