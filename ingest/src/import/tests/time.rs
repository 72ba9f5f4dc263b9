//! Times: formats, zones, and what is out of range.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::import::time::{Clock, Format};

fn read(format: &str, zone: &str, text: &str) -> Result<String, String> {
    let zone = (!zone.is_empty()).then(|| TimeZone::get(zone).unwrap());
    let formats = format.split('|').map(|name| Format::named(name).unwrap()).collect();
    let mut out = Vec::new();
    Clock { formats, zone }.write(text, &mut out).map(|()| String::from_utf8(out).unwrap())
}

#[test]
fn formats_and_zones() {
    let shanghai = "Asia/Shanghai";
    let table = [
        ("rfc3339", "", "2026-03-02T09:30:00+08:00", "2026-03-02T09:30:00+08:00"),
        ("rfc3339", "", " 2026-03-02t09:30:00.1234z ", "2026-03-02T09:30:00.1234Z"),
        ("rfc3339", shanghai, "2006-07-24T00:00:00-00:30", "2006-07-24T00:00:00-00:30"),
        ("iso", shanghai, "2026-03-02", "2026-03-02T00:00:00+08:00"),
        ("iso", shanghai, "2026-03-02 09:30", "2026-03-02T09:30:00+08:00"),
        ("iso", shanghai, "2026-03-02 09:30:15,25", "2026-03-02T09:30:15.25+08:00"),
        ("iso", shanghai, "2026-03-02T09:30:15+0100", "2026-03-02T09:30:15+01:00"),
        ("iso", shanghai, "2026-03-02 09:30:15 +01", "2026-03-02T09:30:15+01:00"),
        ("iso", "Europe/Rome", "2006-07-24", "2006-07-24T00:00:00+02:00"),
        ("iso", "Europe/Rome", "2006-12-24", "2006-12-24T00:00:00+01:00"),
        ("iso", "Europe/Rome", "2006-10-29 02:30", "2006-10-29T02:30:00+02:00"),
        ("epoch_s", "", "1772000000", "2026-02-25T06:13:20Z"),
        ("epoch_s", shanghai, "1772000000", "2026-02-25T14:13:20+08:00"),
        ("epoch_ms", "", "1772000000007", "2026-02-25T06:13:20.007Z"),
        ("%Y年%m月%d日 %H时%M分", shanghai, "2026年03月02日 09时30分", "2026-03-02T09:30:00+08:00"),
        ("%d/%m/%y %I:%M %p", shanghai, "02/03/26 09:30 PM", "2026-03-02T21:30:00+08:00"),
        ("%Y/%m/%d", shanghai, "2026/3/2", "2026-03-02T00:00:00+08:00"),
        ("%Y-%m-%d %H:%M:%S%.f", shanghai, "2026-03-02 09:30:15.120", "2026-03-02T09:30:15.12+08:00"),
        ("%Y-%m-%d %H:%M %z", "", "2026-03-02 09:30 +0530", "2026-03-02T09:30:00+05:30"),
        ("%s", shanghai, "1772000000", "2026-02-25T14:13:20+08:00"),
        ("%Y/%m/%d|iso", shanghai, "2026-03-02", "2026-03-02T00:00:00+08:00"),
    ];
    for (format, zone, text, want) in table {
        assert_eq!(read(format, zone, text).as_deref(), Ok(want), "{format} {zone} {text}");
    }
}

#[test]
fn what_is_no_time() {
    let shanghai = "Asia/Shanghai";
    let table = [
        ("rfc3339", shanghai, "2026-03-02T09:30:00", "is no RFC 3339 time with an offset"),
        ("rfc3339", "", "2026-02-29T09:30:00Z", "is no RFC 3339 time with an offset"),
        ("rfc3339", "", "2026-03-02T24:00:00Z", "is no RFC 3339 time with an offset"),
        ("rfc3339", "", "2026-03-02T09:30:00+24:00", "is no RFC 3339 time with an offset"),
        ("rfc3339", "", "2026-03-02T09:30:00.1234567890Z", "is no RFC 3339 time with an offset"),
        ("rfc3339", "", "二〇二六年三月二日", "is no RFC 3339 time with an offset"),
        ("rfc3339", "", "1989-12-31T23:59:59Z", "is before 1990"),
        ("rfc3339", "", "1990-01-01T07:59:59+08:00", "is before 1990"),
        ("rfc3339", "", "9999-01-01T00:00:00Z", "is after the year 9998"),
        ("epoch_s", "", "99999999999999", "is after the year 9998"),
        ("epoch_s", "", "1772000000.5", "is no whole number of seconds"),
        ("epoch_ms", "", "x", "is no whole number of milliseconds"),
        ("iso", "", "2026-03-02", "has no offset, and no zone is declared"),
        ("iso", "Europe/Rome", "2026-03-29 02:30", "is a time of day that the zone left out that day"),
        ("%Y/%m/%d", shanghai, "2026-03-02", "does not fit \"%Y/%m/%d\""),
        ("%Y/%m/%d", shanghai, "2026/03/02 x", "does not fit \"%Y/%m/%d\""),
        ("%Y/%m/%d|iso", shanghai, "x", "fits none of the time formats"),
    ];
    for (format, zone, text, want) in table {
        assert_eq!(read(format, zone, text), Err(want.to_owned()), "{format} {zone} {text}");
    }
}

#[test]
fn patterns_are_checked_once() {
    for bad in ["%Y-%q", "%H:%M", "%m-%d", "tomorrow", ""] {
        assert!(Format::named(bad).is_err(), "{bad}");
    }
    assert!(Format::named("%Y-%m-%d").unwrap().needs_zone());
    assert!(!Format::named("%Y-%m-%d %H:%M %:z").unwrap().needs_zone());
}

proptest! {
    #[test]
    fn instants_come_through_unchanged(second in 631_152_000_i64..253_370_764_800, which in 0..3_usize) {
        let zone = ["UTC", "Asia/Shanghai", "Europe/Rome"][which];
        let written = read("epoch_s", zone, &second.to_string()).unwrap();
        let instant: jiff::Timestamp = written.parse().unwrap();
        prop_assert_eq!(instant.as_second(), second);
        prop_assert_eq!(read("rfc3339", "", &written).unwrap(), written.clone());
    }

    #[test]
    fn no_text_panics(text in "[0-9TZ:+. -]{0,30}|.{0,20}") {
        for format in ["rfc3339", "iso", "epoch_s", "epoch_ms", "%Y-%m-%d %H:%M", "%s"] {
            if let Ok(time) = read(format, "Asia/Shanghai", &text) {
                prop_assert!(time.parse::<jiff::Timestamp>().is_ok(), "{}", time);
            }
        }
    }
}
