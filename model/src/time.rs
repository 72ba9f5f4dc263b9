//! Instants and civil days as plain integers. Conversions between the two need a zone and live in [`crate::calendar`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Finer parts of an input are cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

/// A civil date: days since 1970-01-01 in the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i32);

pub const MS_PER_SECOND: i64 = 1_000;
pub const MS_PER_MINUTE: i64 = 60 * MS_PER_SECOND;
pub const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;
pub const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;

impl Instant {
    /// The earliest `time` an event may carry: 1990-01-01T00:00:00Z (contract, section 1).
    pub const EARLIEST: Self = Self(631_152_000_000);
    /// The latest instant any member may carry: 9998-12-31T00:00:00Z.
    pub const LATEST: Self = Self(253_370_678_400_000);

    /// Reads RFC 3339 with an offset. `None` where the text is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        // RFC 3339 is a narrow profile; jiff reads more (week dates, basic format, no seconds), so the shape is checked first.
        let b = text.as_bytes();
        let shaped = b.len() >= 20
            && b[4] == b'-'
            && b[7] == b'-'
            && matches!(b[10], b'T' | b't' | b' ')
            && b[13] == b':'
            && b[16] == b':'
            && matches!(b[b.len() - 1], b'Z' | b'z' | b'0'..=b'9')
            && (matches!(b[b.len() - 1], b'Z' | b'z') || b[b.len() - 3] == b':');
        if !shaped {
            return None;
        }
        if let Some(fast) = parse_common(b) {
            return Some(fast);
        }
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(Self(timestamp.as_millisecond()))
    }

    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// `YYYY-MM-DDThh:mm:ss[.f{1,3}](Z|±hh:mm)`, by far the commonest form; `None` sends the rest to the full parser.
fn parse_common(b: &[u8]) -> Option<Instant> {
    // Of a known length, so that no place is checked at run time.
    let (b, rest) = b.split_first_chunk::<19>()?;
    let two = |h: u8, l: u8| -> Option<i64> {
        let (h, l) = (h.wrapping_sub(b'0'), l.wrapping_sub(b'0'));
        (h < 10 && l < 10).then(|| i64::from(h) * 10 + i64::from(l))
    };
    let year = two(b[0], b[1])? * 100 + two(b[2], b[3])?;
    let (month, day) = (two(b[5], b[6])?, two(b[8], b[9])?);
    let (hour, minute, second) = (two(b[11], b[12])?, two(b[14], b[15])?, two(b[17], b[18])?);
    if !(1..=12).contains(&month) || day < 1 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if day > 28 && day > days_in_month(year, month) {
        return None;
    }
    let (ms, offset) = milliseconds(rest)?;
    let offset_minutes = match offset {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (h, m) = (two(*h0, *h1)?, two(*m0, *m1)?);
            if h > 23 || m > 59 {
                return None;
            }
            if *sign == b'+' { h * 60 + m } else { -(h * 60 + m) }
        }
        _ => return None,
    };
    let days = i64::from(Day::from_ymd(year as i32, month as u8, day as u8).0);
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset_minutes * 60;
    Some(Instant(seconds * 1_000 + ms))
}

/// Of `[.f{1,}]`, and what follows it; what is finer is cut off.
fn milliseconds(b: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', digits @ ..] = b else { return Some((0, b)) };
    let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(length);
    let ms = digits.iter().zip([100, 10, 1]).map(|(digit, unit)| i64::from(digit - b'0') * unit).sum();
    (length > 0).then_some((ms, rest))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Day {
    /// The day of a valid civil date (days from civil, H. Hinnant).
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Self {
        let (month, day) = (i32::from(month), i32::from(day));
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        Self(era * 146_097 + doe - 719_468)
    }

    /// Year, month, day.
    pub fn ymd(self) -> (i32, u8, u8) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        (yoe + era * 400 + i32::from(month <= 2), month as u8, day as u8)
    }

    pub fn year(self) -> i32 {
        self.ymd().0
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let date: jiff::civil::Date = text.parse().ok()?;
        (text.len() == 10)
            .then(|| Self::from_ymd(i32::from(date.year()), date.month() as u8, date.day() as u8))
    }

    /// 0 is Monday, 6 is Sunday.
    pub fn weekday(self) -> u8 {
        (self.0 + 3).rem_euclid(7) as u8
    }

    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.ymd();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_there_and_back() {
        for n in -800_000..800_000 {
            let (y, m, d) = Day(n).ymd();
            assert_eq!(Day::from_ymd(y, m, d), Day(n));
        }
        assert_eq!(Day::from_ymd(2026, 2, 13).weekday(), 4);
        assert_eq!(Day::parse("2026-02-13"), Some(Day::from_ymd(2026, 2, 13)));
        assert_eq!(Day::parse("2026-02-30"), None);
    }

    #[test]
    fn rfc_3339_and_nothing_else() {
        let at = |s| Instant::parse(s).map(|i| i.0);
        assert_eq!(at("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(at("2026-06-30T00:00:00+08:00"), Some(1_782_748_800_000));
        assert_eq!(at("2026-06-30T00:00:00.5+08:00"), Some(1_782_748_800_500));
        assert_eq!(at("2026-06-30T00:00:00.123456789Z"), Some(1_782_777_600_123));
        for bad in [
            "2026-06-30",
            "2026-06-30T00:00:00",
            "2026-06-30T00:00Z",
            "20260630T000000Z",
            "2026-13-30T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-06-30T24:00:00Z",
            "2026-06-30T00:00:00+8:00",
            "2026-06-30T00:00:00.Z",
            "next monday",
            "",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_fast_form_equals_the_full_parser() {
        for text in ["2024-02-29T23:59:59.999-11:30", "1999-12-31T00:00:00Z", "2013-06-18T00:00:00+02:00"] {
            let full: jiff::Timestamp = text.parse().expect("valid");
            assert_eq!(Instant::parse(text), Some(Instant(full.as_millisecond())));
        }
    }
}
