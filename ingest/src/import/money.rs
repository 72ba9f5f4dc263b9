//! Decimal text to integer fen, exactly: digits are moved, never divided, and no float is involved.
//!
//! What fen cannot hold (`0.005 元`) is an error, never a rounding.

use std::borrow::Cow;

/// The largest amount the contract allows, in fen.
const MOST: u128 = 1_000_000_000_000_000;

/// How many decimal digits a unit stands above the fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit(u8);

/// Every unit by name. The euro and its cent are there for the registers that count in them: the contract's fen is
/// then the cent.
pub(super) const UNITS: &[(&str, Unit)] = &[
    ("fen", Unit(0)),
    ("分", Unit(0)),
    ("cent", Unit(0)),
    ("jiao", Unit(1)),
    ("角", Unit(1)),
    ("yuan", Unit(2)),
    ("元", Unit(2)),
    ("euro", Unit(2)),
    ("千元", Unit(5)),
    ("wan_yuan", Unit(6)),
    ("万元", Unit(6)),
    ("百万元", Unit(8)),
    ("亿元", Unit(10)),
];

/// Fen from a decimal number, e.g. `35`, `35.0`, `1,234.50` (with that separator declared) or `1.2E7`.
pub(super) fn to_fen(text: &str, unit: Unit, thousands: Option<char>) -> Result<u64, String> {
    let digits = Digits::read(text.trim(), thousands)?;
    digits.scaled(i32::from(unit.0))
}

/// A decimal number as its digits and the power of ten of the last one.
struct Digits {
    value: u128,
    exponent: i32,
}

impl Digits {
    fn read(text: &str, thousands: Option<char>) -> Result<Self, String> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, read_exponent(power)?),
            None => (text, 0),
        };
        if mantissa.starts_with('-') {
            return Err("is negative".to_owned());
        }
        let mantissa = mantissa.strip_prefix('+').unwrap_or(mantissa);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut number = Self { value: 0, exponent };
        let mut seen = false;
        let ungrouped = check_groups(whole, thousands)?;
        for digit in ungrouped.chars().chain(fraction.chars()) {
            let Some(digit) = digit.to_digit(10) else { return Err("is no decimal number".to_owned()) };
            number.value = number
                .value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u128::from(digit)))
                .ok_or("has too many digits")?;
            seen = true;
        }
        if !seen {
            return Err("is no decimal number".to_owned());
        }
        number.exponent -= i32::try_from(fraction.len()).map_err(|_| "has too many digits")?;
        Ok(number)
    }

    fn scaled(self, by: i32) -> Result<u64, String> {
        let Self { mut value, exponent } = self;
        let mut exponent = exponent + by;
        while exponent < 0 && value.is_multiple_of(10) && value > 0 {
            value /= 10;
            exponent += 1;
        }
        if value == 0 {
            return Ok(0);
        }
        if exponent < 0 {
            return Err("has more decimals than fen can hold".to_owned());
        }
        while exponent > 0 && value <= MOST {
            value *= 10;
            exponent -= 1;
        }
        if value > MOST {
            return Err("is more than 10^15 fen".to_owned());
        }
        u64::try_from(value).map_err(|_| "is more than 10^15 fen".to_owned())
    }
}

fn read_exponent(text: &str) -> Result<i32, String> {
    let exponent: i32 = text.parse().map_err(|_| "is no decimal number")?;
    if exponent.abs() > 99 { Err("is no amount of money".to_owned()) } else { Ok(exponent) }
}

/// The whole part without its separators, which must stand before groups of three (or four, as in 1,0000).
fn check_groups(whole: &str, thousands: Option<char>) -> Result<Cow<'_, str>, String> {
    let Some(separator) = thousands.filter(|separator| whole.contains(*separator)) else {
        return Ok(Cow::Borrowed(whole));
    };
    let mut groups = whole.split(separator);
    let first = groups.next().map_or(0, str::len);
    let size = whole.rsplit(separator).next().map_or(0, str::len);
    if !(size == 3 || size == 4) || first == 0 || first > size || groups.any(|group| group.len() != size) {
        return Err("has its separators in the wrong places".to_owned());
    }
    Ok(Cow::Owned(whole.replace(separator, "")))
}
