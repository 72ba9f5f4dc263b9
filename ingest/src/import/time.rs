//! Times of an export to RFC 3339 with an offset.
//!
//! A text that carries its offset keeps it. A text without one is civil time in the declared zone: at the end of
//! summer time, where a civil time happens twice, the earlier instant is taken; a civil time that never happened is an
//! error, as is an instant the contract has no room for.

use std::io::Write as _;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// 1990-01-01T00:00:00Z and the end of the year 9998.
const FIRST: i64 = 631_152_000;
const LAST: i64 = 253_370_764_799;

/// How a time is written in an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// Date, time of day and offset.
    Rfc3339,
    /// A date, or a date and a time of day parted by `T` or a space, with or without an offset.
    Iso,
    EpochSeconds,
    EpochMillis,
    /// As C's `strptime` has it.
    Pattern(String),
}

/// The formats of a time, tried in order, and the zone of texts that have no offset.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    pub(super) formats: Vec<Format>,
    pub(super) zone: Option<TimeZone>,
}

/// A civil time, its offset if the text had one, and the digits after the second as they were written.
struct Read<'t> {
    at: DateTime,
    offset: Option<Offset>,
    fraction: &'t str,
}

impl Format {
    pub(super) fn named(name: &str) -> Result<Self, String> {
        match name {
            "rfc3339" => Ok(Self::Rfc3339),
            "iso" => Ok(Self::Iso),
            "epoch_s" => Ok(Self::EpochSeconds),
            "epoch_ms" => Ok(Self::EpochMillis),
            pattern if pattern.contains('%') => Self::pattern(pattern),
            _ => Err("is no time format; use rfc3339, iso, epoch_s, epoch_ms or a pattern such as \"%Y-%m-%d %H:%M\""
                .to_owned()),
        }
    }

    fn pattern(pattern: &str) -> Result<Self, String> {
        let sample = TimeZone::UTC.to_ambiguous_zoned_datetime(DateTime::constant(2024, 5, 6, 7, 8, 9, 0));
        let sample = sample.compatible().map_err(|error| error.to_string())?;
        let text = strtime::format(pattern, &sample).map_err(|error| error.to_string())?;
        let read = BrokenDownTime::parse(pattern, &text).map_err(|error| error.to_string())?;
        if read.timestamp().is_none() {
            read.to_date().map_err(|error| error.to_string())?;
        }
        Ok(Self::Pattern(pattern.to_owned()))
    }

    /// Whether a text of this format may come without an offset.
    pub(super) fn needs_zone(&self) -> bool {
        match self {
            Self::Iso => true,
            Self::Rfc3339 | Self::EpochSeconds | Self::EpochMillis => false,
            Self::Pattern(pattern) => {
                !["%z", "%:z", "%::z", "%Q", "%s"].iter().any(|part| pattern.contains(part))
            }
        }
    }
}

impl Clock {
    /// Appends the instant of `text` as RFC 3339, without quotes.
    pub(super) fn write(&self, text: &str, out: &mut Vec<u8>) -> Result<(), String> {
        let text = text.trim();
        let mut why = String::new();
        for format in &self.formats {
            match self.write_as(format, text, out) {
                Ok(()) => return Ok(()),
                Err(error) => why = error,
            }
        }
        Err(if self.formats.len() > 1 { "fits none of the time formats".to_owned() } else { why })
    }

    fn write_as(&self, format: &Format, text: &str, out: &mut Vec<u8>) -> Result<(), String> {
        match format {
            Format::Rfc3339 => {
                let read = read_iso(text).filter(|read| read.offset.is_some());
                self.write_read(&read.ok_or("is no RFC 3339 time with an offset")?, out)
            }
            Format::Iso => self.write_read(&read_iso(text).ok_or("is no ISO 8601 date and time")?, out),
            Format::EpochSeconds => {
                let seconds = text.parse().map_err(|_| "is no whole number of seconds")?;
                self.write_instant(seconds, 0, out)
            }
            Format::EpochMillis => {
                let millis: i64 = text.parse().map_err(|_| "is no whole number of milliseconds")?;
                self.write_instant(millis.div_euclid(1000), millis.rem_euclid(1000), out)
            }
            Format::Pattern(pattern) => self.write_pattern(pattern, text, out),
        }
    }

    fn write_pattern(&self, pattern: &str, text: &str, out: &mut Vec<u8>) -> Result<(), String> {
        let misfit = |_| format!("does not fit {pattern:?}");
        let read = BrokenDownTime::parse(pattern, text).map_err(misfit)?;
        if let Some(instant) = read.timestamp() {
            return self.write_instant(instant.as_second(), i64::from(instant.subsec_millisecond()), out);
        }
        let date = read.to_date().map_err(misfit)?;
        let time = if read.hour().is_some() { read.to_time().map_err(misfit)? } else { Time::midnight() };
        let nanos = format!("{:09}", time.subsec_nanosecond());
        let fraction = nanos.trim_end_matches('0');
        self.write_read(&Read { at: date.to_datetime(time), offset: read.offset(), fraction }, out)
    }

    fn write_read(&self, read: &Read<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        let offset = match read.offset {
            Some(offset) => offset,
            None => self.offset_of(read.at)?,
        };
        let instant = offset.to_timestamp(read.at).map_err(|_| "is out of range")?;
        check_range(instant.as_second())?;
        write_time(read.at, read.fraction, offset, out);
        Ok(())
    }

    fn offset_of(&self, at: DateTime) -> Result<Offset, String> {
        let zone = self.zone.as_ref().ok_or("has no offset, and no zone is declared")?;
        match zone.to_ambiguous_timestamp(at).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                Ok(offset)
            }
            AmbiguousOffset::Gap { .. } => Err("is a time of day that the zone left out that day".to_owned()),
        }
    }

    fn write_instant(&self, second: i64, millis: i64, out: &mut Vec<u8>) -> Result<(), String> {
        check_range(second)?;
        let instant = Timestamp::new(second, 0).map_err(|_| "is out of range")?;
        let offset = self.zone.as_ref().map_or(Offset::UTC, |zone| zone.to_offset(instant));
        let fraction = if millis == 0 { String::new() } else { format!("{millis:03}") };
        write_time(offset.to_datetime(instant), &fraction, offset, out);
        Ok(())
    }
}

fn check_range(second: i64) -> Result<(), String> {
    if second < FIRST {
        return Err("is before 1990".to_owned());
    }
    if second > LAST {
        return Err("is after the year 9998".to_owned());
    }
    Ok(())
}

/// `YYYY-MM-DD`, then perhaps `T` or a space and `hh:mm[:ss[.fraction]]`, then perhaps `Z` or an offset.
fn read_iso(text: &str) -> Option<Read<'_>> {
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' || !text.is_ascii() {
        return None;
    }
    let year = i16::try_from(number(&bytes[..4])?).ok()?;
    let date = Date::new(year, two(bytes, 5)?, two(bytes, 8)?).ok()?;
    if bytes.len() == 10 {
        return Some(Read { at: date.to_datetime(Time::midnight()), offset: None, fraction: "" });
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') || bytes.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (two(bytes, 11)?, two(bytes, 14)?);
    let (second, mut rest) = match bytes.get(16) {
        Some(b':') => (two(bytes, 17)?, &text[19..]),
        _ => (0, &text[16..]),
    };
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.').or_else(|| rest.strip_prefix(',')) {
        let end = after.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(after.len());
        if !(1..=9).contains(&end) || bytes.get(16) != Some(&b':') {
            return None;
        }
        (fraction, rest) = after.split_at(end);
    }
    let time = Time::new(hour, minute, second, 0).ok()?;
    Some(Read { at: date.to_datetime(time), offset: read_offset(rest.trim_start())?, fraction })
}

/// Nothing, `Z`, `+hh:mm`, `+hhmm` or `+hh`. The outer `None` is "no offset at all".
fn read_offset(text: &str) -> Option<Option<Offset>> {
    let bytes = text.as_bytes();
    let sign = match bytes.first() {
        None => return Some(None),
        Some(b'Z' | b'z') if bytes.len() == 1 => return Some(Some(Offset::UTC)),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let minutes = match bytes.len() {
        3 => 0,
        5 => two(bytes, 3)?,
        6 if bytes[3] == b':' => two(bytes, 4)?,
        _ => return None,
    };
    let hours = two(bytes, 1)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60);
    Offset::from_seconds(seconds).ok().map(Some)
}

fn two(bytes: &[u8], at: usize) -> Option<i8> {
    number(bytes.get(at..at + 2)?).and_then(|value| i8::try_from(value).ok())
}

fn number(digits: &[u8]) -> Option<u32> {
    let mut value = 0;
    for digit in digits {
        value = value * 10 + char::from(*digit).to_digit(10)?;
    }
    Some(value)
}

fn write_time(at: DateTime, fraction: &str, offset: Offset, out: &mut Vec<u8>) {
    let digits = |value: i8, out: &mut Vec<u8>| {
        let value = value.unsigned_abs();
        out.extend_from_slice(&[b'0' + value / 10, b'0' + value % 10]);
    };
    let year = at.year().unsigned_abs();
    digits(i8::try_from(year / 100).unwrap_or(0), out);
    digits(i8::try_from(year % 100).unwrap_or(0), out);
    for (mark, value) in
        [(b'-', at.month()), (b'-', at.day()), (b'T', at.hour()), (b':', at.minute()), (b':', at.second())]
    {
        out.push(mark);
        digits(value, out);
    }
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    }
    write_offset(offset, out);
}

/// Minutes are enough: no zone had seconds in its offset after 1990.
fn write_offset(offset: Offset, out: &mut Vec<u8>) {
    let seconds = offset.seconds();
    if seconds == 0 {
        out.push(b'Z');
        return;
    }
    let minutes = seconds.abs() / 60;
    let sign = if seconds < 0 { '-' } else { '+' };
    // Writing into a vector cannot fail.
    let _written = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
}
