//! Money is exact, or an error.

use proptest::prelude::*;

use crate::import::money::{UNITS, Unit, to_fen};

fn unit(name: &str) -> Unit {
    UNITS.iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn amounts_by_unit() {
    let table: &[(&str, &str, Result<u64, &str>)] = &[
        ("35", "元", Ok(3500)),
        ("35.0", "元", Ok(3500)),
        ("35.00000", "元", Ok(3500)),
        ("0", "元", Ok(0)),
        ("0.000", "分", Ok(0)),
        (".5", "元", Ok(50)),
        ("5.", "元", Ok(500)),
        ("+1", "分", Ok(1)),
        ("1.2345", "万元", Ok(1_234_500)),
        ("0.000001", "万元", Ok(1)),
        ("3", "角", Ok(30)),
        ("1.0E7", "元", Ok(1_000_000_000)),
        ("12e-1", "元", Ok(120)),
        ("100000", "亿元", Ok(1_000_000_000_000_000)),
        ("0.005", "元", Err("has more decimals than fen can hold")),
        ("1.5", "分", Err("has more decimals than fen can hold")),
        ("100000.01", "亿元", Err("is more than 10^15 fen")),
        ("1e40", "元", Err("is more than 10^15 fen")),
        ("1e400", "元", Err("is no amount of money")),
        ("-1", "元", Err("is negative")),
        ("", "元", Err("is no decimal number")),
        (".", "元", Err("is no decimal number")),
        ("NaN", "元", Err("is no decimal number")),
        ("Infinity", "元", Err("is no decimal number")),
        ("1,000", "元", Err("is no decimal number")),
        ("１", "元", Err("is no decimal number")),
        ("0x10", "元", Err("is no decimal number")),
        ("35元", "元", Err("is no decimal number")),
        ("1.2.3", "元", Err("is no decimal number")),
        ("99999999999999999999999999999999999999999", "元", Err("has too many digits")),
    ];
    for (text, name, want) in table {
        assert_eq!(to_fen(text, unit(name), None), want.map_err(str::to_owned), "{text} {name}");
    }
}

#[test]
fn separators_must_stand_where_they_belong() {
    let table = [
        ("1,234.50", Ok(123_450)),
        ("12,345,678", Ok(1_234_567_800)),
        ("1,0000", Ok(1_000_000)),
        ("1234", Ok(123_400)),
        ("1,23", Err("has its separators in the wrong places")),
        ("1,234,56", Err("has its separators in the wrong places")),
        (",123", Err("has its separators in the wrong places")),
        ("1234,567", Err("has its separators in the wrong places")),
        ("1.2,345", Err("is no decimal number")),
    ];
    for (text, want) in table {
        assert_eq!(to_fen(text, unit("元"), Some(',')), want.map_err(str::to_owned), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_in_a_unit_comes_back_in_fen(fen in 0_u64..=1_000_000_000_000_000, which in 0..UNITS.len(), zeros in 0..5_usize) {
        let (name, unit) = UNITS[which];
        let shift = match name { "fen" | "分" | "cent" => 0, "jiao" | "角" => 1, "yuan" | "元" | "euro" => 2,
            "千元" => 5, "wan_yuan" | "万元" => 6, "百万元" => 8, _ => 10 };
        let scale = 10_u64.pow(shift);
        let digits = shift as usize;
        let text = if digits == 0 { format!("{fen}") } else { format!("{}.{:0digits$}{}", fen / scale, fen % scale, "0".repeat(zeros)) };
        prop_assert_eq!(to_fen(&text, unit, None), Ok(fen), "{} {}", text, name);
    }

    #[test]
    fn a_digit_below_the_fen_is_never_dropped(yuan in 0_u64..1_000_000, rest in 1_u64..1000, digits in 3_usize..8) {
        prop_assume!(!rest.is_multiple_of(10));
        let text = format!("{yuan}.{rest:0digits$}");
        prop_assert!(to_fen(&text, unit("元"), None).is_err(), "{}", text);
    }

    #[test]
    fn no_text_panics(text in "[0-9.,eE+-]{0,60}|.{0,20}", which in 0..UNITS.len(), grouped: bool) {
        if let Ok(fen) = to_fen(&text, UNITS[which].1, grouped.then_some(',')) {
            prop_assert!(fen <= 1_000_000_000_000_000);
        }
    }
}
