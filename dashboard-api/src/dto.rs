//! What goes over the wire, apart from what the store gives: instants as RFC 3339 in UTC with milliseconds, `null` for
//! what is absent. Changing a type here changes `openapi.json`, which is the contract.

mod alarm;
mod case;
mod command;
mod completeness;
mod dry_run;
mod mask;
mod me;
mod operations;
mod orders;
mod problem;
mod registers;
mod rules;
mod stats;
mod stream;
mod todo;

pub(crate) use self::registers::{
    Calendars, EditionBody, Officer, OfficerList, OrgBody, OrgList, Overview, ReportBody, UploadAnswer,
    YearBody, calendar_until,
};
pub(crate) use alarm::{Alarm, AlarmDetail, AlarmList, keyset, next_cursor};
pub(crate) use case::{Case, Event, Timeline};
pub(crate) use command::{Accepted, ActionBody, CommandBody};
pub(crate) use completeness::{Completeness, IncidentList};
pub(crate) use dry_run::{DryRunBody, DryRunStanding};
pub(crate) use me::Me;
pub(crate) use operations::{DeadLetterList, Health, Progress, letter_keyset};
pub(crate) use orders::{
    AlarmLife, FollowAccepted, FollowBody, FollowWord, OpenBody, OrderAccepted, OrderActionBody,
    OrderCommandBody, OrderDetail, OrderHead, OrderList, ThingWord,
};
pub(crate) use problem::{ProblemBody, Refusals};
pub(crate) use rules::{
    AuditEntry, AuditList, Difference, Differences, LintReport, Rule, RuleHead, RuleList, VersionDetail,
    rule_link,
};
pub(crate) use stats::Stats;
pub(crate) use stream::{OrderNews, ResetNews, RuleNews, line};
pub(crate) use todo::{Followed, Todo, TodoItem, TodoList};

use model::time::{Day, Instant, MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An instant, RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-03-02T01:30:00.000Z")]
pub(crate) struct Time(pub(crate) i64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(Instant(self.0)))
    }
}

pub(crate) fn rfc3339(at: Instant) -> String {
    let day = Day(i32::try_from(at.0.div_euclid(MS_PER_DAY)).unwrap_or_default());
    let rest = at.0.rem_euclid(MS_PER_DAY);
    let (hour, minute) = (rest / MS_PER_HOUR, rest % MS_PER_HOUR / MS_PER_MINUTE);
    let (second, ms) = (rest % MS_PER_MINUTE / MS_PER_SECOND, rest % MS_PER_SECOND);
    format!("{day}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The store's '' is the wire's `null`.
fn present(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// `path?name=value&…`, percent-encoded.
pub(crate) fn link(path: &str, pairs: &[(&str, String)]) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{query}")
}

/// One segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// Cuts rows that were fetched to see whether there are more; says whether there were.
fn cut<T>(rows: &mut Vec<T>, limit: u32) -> bool {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_milliseconds_and_z() {
        assert_eq!(rfc3339(Instant(0)), "1970-01-01T00:00:00.000Z");
        let at = Instant::parse("2026-06-30T09:07:05.04+08:00").unwrap();
        assert_eq!(rfc3339(at), "2026-06-30T01:07:05.040Z");
        assert_eq!(rfc3339(Instant(-1)), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn links_are_encoded() {
        let pairs = [("org", "a&b 区".to_owned()), ("step", String::new())];
        assert_eq!(link("/x", &pairs), "/x?org=a%26b+%E5%8C%BA&step=");
        assert_eq!(segment("a/b 号?"), "a%2Fb%20%E5%8F%B7%3F");
    }
}
