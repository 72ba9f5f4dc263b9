//! How long an officer is still qualified: until the last of his certificates ends.

use model::Day;
use model::catalogue::Certificate;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// One of his certificates has no end.
    Open,
    /// This day is the last one; it may be over.
    Until(Day),
    /// He holds none.
    Nothing,
}

/// Until when somebody who holds these is qualified. A certificate that begins later counts: it is the renewal.
pub fn lasting(held: &[Certificate]) -> Lasting {
    let mut last = Lasting::Nothing;
    for certificate in held.iter().filter(|certificate| certificate.is_held()) {
        last = match (last, certificate.valid_to) {
            (_, None) | (Lasting::Open, _) => return Lasting::Open,
            (Lasting::Until(before), Some(day)) => Lasting::Until(before.max(day)),
            (Lasting::Nothing, Some(day)) => Lasting::Until(day),
        };
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_certificate_counts() {
        let held = |number: &str, valid_to: Option<Day>| Certificate {
            number: number.to_owned(),
            name: String::new(),
            org: String::new(),
            valid_from: None,
            valid_to,
            area: String::new(),
            class: String::new(),
        };
        assert_eq!(lasting(&[]), Lasting::Nothing);
        assert_eq!(lasting(&[held("", None)]), Lasting::Nothing, "without a number it is no certificate");
        assert_eq!(lasting(&[held("1", Some(Day(3))), held("2", Some(Day(9)))]), Lasting::Until(Day(9)));
        assert_eq!(lasting(&[held("1", Some(Day(3))), held("2", None)]), Lasting::Open);
    }
}
