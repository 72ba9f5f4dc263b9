//! Who is told of what, when, and whether it was taken. Pure.

use model::{Calendar, Finding, Instant};

use crate::config::Recipient;

/// The longest stretch of days off that is looked through, days.
const MAX_DAYS_OFF: i32 = 60;

/// Whether the recipient hears of such an alarm. What rules on trial find is none.
pub(super) fn is_meant(recipient: &Recipient, finding: &Finding) -> bool {
    let is_his = recipient.orgs.is_empty() || recipient.orgs.contains(&finding.org);
    is_his && finding.light >= recipient.from && !finding.shadow
}

/// Since when it is off, where `now` is on a day off; `None` on a working day.
pub(super) fn off_since(calendar: &Calendar, now: Instant) -> Option<Instant> {
    let today = calendar.day_of(now);
    if calendar.is_working(today) {
        return None;
    }
    let last = (1..=MAX_DAYS_OFF).map(|back| today.plus(-back)).find(|day| calendar.is_working(*day));
    Some(calendar.end_of(last.unwrap_or(today.plus(-1))))
}

/// What a web hook's answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    /// He says that he will never take this one, whoever sends it and how often.
    Refused,
    Again,
}

/// Everything is repeated but what is wrong with the message itself; a wrong token or address is for its owner to mend.
pub(super) const fn verdict(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Taken,
        400 | 413 | 422 => Verdict::Refused,
        _ => Verdict::Again,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::calendar::YearCalendar;
    use model::finding::Light;
    use model::time::{Day, MS_PER_HOUR};

    use super::*;

    fn recipient(text: &str) -> Recipient {
        serde_saphyr::from_str(&format!("{{name: a, webhook: 'http://x/', {text}}}")).unwrap()
    }

    fn found(light: &str, org: &str) -> Finding {
        let id = "00112233445566778899aabbccddeeff";
        serde_json::from_value(serde_json::json!({
            "finding_id": id, "revision": 1, "change": "raised", "cause": "fact", "state": "raised", "case": "c", "item": "i",
            "category": null, "org": org, "region": null, "accepted_at": 0, "point": "p", "kind": "time_limit",
            "code": "overdue", "light": light, "step": null, "visit": null, "violated_at": 0, "due": null, "late_by_ms": null,
            "provisional": false, "raised_at": 0, "changed_at": 0, "detail": null, "events": [],
            "explanation": {"zh": "", "en": ""}, "rules_version": "v",
        }))
        .unwrap()
    }

    #[test]
    fn the_graver_an_alarm_the_more_hear_of_it() {
        let all = [recipient(""), recipient("from: yellow"), recipient("from: red"), recipient("orgs: [o]")];
        let hear = |light: Light, org| {
            let found = found(light.as_str(), org);
            let shadow = Finding { shadow: true, ..found.clone() };
            assert!(!all.iter().any(|r| is_meant(r, &shadow)), "nobody hears of what is found on trial");
            all.iter().map(|r| is_meant(r, &found)).collect::<Vec<_>>()
        };
        assert_eq!(hear(Light::Yellow, "o"), [true, true, false, true]);
        assert_eq!(hear(Light::Red, "o"), [true, true, true, true]);
        assert_eq!(hear(Light::Red, "p"), [true, true, true, false]);
        for org in ["o", "p", ""] {
            let (yellow, red) = (hear(Light::Yellow, org), hear(Light::Red, org));
            assert!(yellow.iter().zip(&red).all(|(yellow, red)| !yellow || *red), "{org}");
        }
    }

    /// 2026-10-01 to 07 are off, Saturday the 10th is worked.
    #[test]
    fn days_off_are_those_of_the_calendar() {
        let day = |d: i32| Day::from_ymd(2026, 10, 1).plus(d - 1);
        let year = YearCalendar { holidays: (1..=7).map(day).collect(), workdays: [day(10)].into() };
        let calendar = Calendar::new("Asia/Shanghai", BTreeMap::from([(2026, year)]), Vec::new()).unwrap();
        let noon = |d| calendar.start_of(day(d)).plus_ms(12 * MS_PER_HOUR);
        let since = |d| off_since(&calendar, noon(d));
        assert_eq!([since(0), since(8), since(9), since(10)], [None; 4], "worked");
        assert_eq!([since(1), since(7)], [Some(calendar.start_of(day(1))); 2], "a holiday");
        assert_eq!(since(11), Some(calendar.start_of(day(11))), "the Sunday after a worked Saturday");
        assert_eq!(off_since(&calendar, calendar.start_of(day(8))), None, "at midnight it is over");
    }

    #[test]
    fn every_answer_means_one_thing() {
        for status in 100..600 {
            let expected = match status {
                200..=299 => Verdict::Taken,
                400 | 413 | 422 => Verdict::Refused,
                _ => Verdict::Again,
            };
            assert_eq!(verdict(status), expected, "{status}");
        }
        for status in [401, 403, 404, 408, 409, 429, 301, 500, 503] {
            assert_eq!(verdict(status), Verdict::Again, "{status} is mended, and it is told again");
        }
    }
}
