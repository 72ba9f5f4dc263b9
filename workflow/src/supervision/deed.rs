//! What is asked for about orders and alarms, and what whoever writes the command knows beside it.

use std::collections::BTreeSet;

use model::Instant;
use model::calendar::Calendar;
use model::finding::Light;
use serde::{Deserialize, Serialize};

use super::order::{number, org_of, register};

/// One deed with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supervise {
    /// What the person asks for. The same under the same key is the same command, whatever the facts are by then.
    pub asked: Deed,
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
}

impl Supervise {
    /// The number of the order that it is done to, given the command's object and the serial that was acted on.
    pub(crate) fn order(&self, object: &str, serial: u32) -> Option<String> {
        match &self.asked {
            Deed::Open { .. } => Some(number(object, serial)),
            Deed::Assign { .. } => {
                let term = self.facts.term?;
                Some(number(&register(org_of(object)?, term.year), serial))
            }
            Deed::Answer { order, .. } | Deed::Withdraw { order, .. } => Some(order.clone()),
            Deed::Reply { .. } | Deed::Revoke { .. } | Deed::Uphold { .. } | Deed::SendBack { .. } => {
                Some(object.to_owned())
            }
            Deed::Escalate { what, object } if *what != super::Late::OrderMissing => Some(object.clone()),
            Deed::Escalate { .. } | Deed::Notice { .. } | Deed::Follow { .. } | Deed::Unfollow { .. } => None,
        }
    }

    /// The organisation that it is of.
    pub fn org(&self, object: &str) -> Option<String> {
        let place = self.facts.place.as_ref().map(|place| &place.org);
        let known = self.facts.alarms.first().map(|fact| &fact.org).or(place);
        known.cloned().or_else(|| org_of(object).map(str::to_owned))
    }
}

/// `order` is the number of the order that it is done to, where that is not the command's object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// 发起督办 (1): by the bureau, on alarms of one organisation, to its supervision office.
    Open {
        alarms: Vec<String>,
        opinion: String,
        days: u32,
    },
    /// 再次发起督办 (2): by the office, to a handler.
    Assign {
        handler: String,
        opinion: String,
        days: u32,
    },
    /// The handler answers (2).
    Answer {
        order: String,
        reason: String,
        evidence: Vec<String>,
    },
    /// The office answers (1).
    Reply {
        reason: String,
        evidence: Vec<String>,
    },
    /// 撤销: the bureau takes the alarms back.
    Revoke {
        category: Category,
        reason: String,
        evidence: Vec<String>,
    },
    /// 维持: the alarms stand, the order is closed.
    Uphold {
        reason: String,
    },
    /// 退回: another round.
    SendBack {
        reason: String,
        days: u32,
    },
    /// Whoever opened an order takes it back; its number stays.
    Withdraw {
        order: String,
        reason: String,
    },
    /// 重点关注
    Follow {
        thing: Thing,
        reason: String,
    },
    Unfollow {
        thing: Thing,
        reason: String,
    },
    /// A later revision of an alarm under an order.
    Notice {
        alarm: String,
        revision: u32,
    },
    /// Somebody's time is over; what the next level sees.
    Escalate {
        what: super::Late,
        object: String,
    },
}

impl Deed {
    /// The word that it has in records.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Assign { .. } => "assign",
            Self::Answer { .. } => "answer",
            Self::Reply { .. } => "reply",
            Self::Revoke { .. } => "revoke",
            Self::Uphold { .. } => "uphold",
            Self::SendBack { .. } => "send_back",
            Self::Withdraw { .. } => "withdraw",
            Self::Follow { .. } => "follow",
            Self::Unfollow { .. } => "unfollow",
            Self::Notice { .. } => "notice",
            Self::Escalate { .. } => "escalate",
        }
    }

    /// Its texts by the name of their member, each of which must say something.
    pub(super) fn texts(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Open { opinion, .. } | Self::Assign { opinion, .. } => Some(("opinion", opinion)),
            Self::Answer { reason, .. }
            | Self::Reply { reason, .. }
            | Self::Revoke { reason, .. }
            | Self::Uphold { reason }
            | Self::SendBack { reason, .. }
            | Self::Withdraw { reason, .. }
            | Self::Follow { reason, .. }
            | Self::Unfollow { reason, .. } => Some(("reason", reason)),
            Self::Notice { .. } | Self::Escalate { .. } => None,
        }
    }

    pub(super) fn evidence(&self) -> &[String] {
        match self {
            Self::Answer { evidence, .. } | Self::Reply { evidence, .. } | Self::Revoke { evidence, .. } => {
                evidence
            }
            _ => &[],
        }
    }

    pub(super) const fn days(&self) -> Option<u32> {
        match self {
            Self::Open { days, .. } | Self::Assign { days, .. } | Self::SendBack { days, .. } => Some(*days),
            _ => None,
        }
    }
}

/// Why an alarm is revoked (DOMAIN 2.6, 2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 已补办
    HandledLate,
    /// 监察点设置错误
    MisconfiguredRule,
    /// 数据错误
    DataFault,
    /// 客观原因
    ObjectiveCause,
    Other,
}

impl Category {
    pub const ALL: [Self; 5] =
        [Self::HandledLate, Self::MisconfiguredRule, Self::DataFault, Self::ObjectiveCause, Self::Other];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HandledLate => "handled_late",
            Self::MisconfiguredRule => "misconfigured_rule",
            Self::DataFault => "data_fault",
            Self::ObjectiveCause => "objective_cause",
            Self::Other => "other",
        }
    }
}

/// What can be followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Thing {
    Alarm { id: String },
    Case { id: String },
}

impl Thing {
    pub fn id(&self) -> &str {
        let (Self::Alarm { id } | Self::Case { id }) = self;
        id
    }
}

/// What was known when the command was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// The alarms that the deed names, as they stood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmFact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<Term>,
    /// Where the followed thing belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The organisation above, which sees what the bureau leaves lying; absent at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<String>,
}

impl Facts {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One revision of an alarm, as far as orders are concerned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmFact {
    pub id: String,
    pub revision: u32,
    /// raised, cleared, retracted
    pub state: String,
    pub light: Light,
    pub org: String,
    pub region: String,
    pub item: String,
    pub case: String,
    pub point: String,
    pub code: String,
    pub raised: Instant,
}

impl AlarmFact {
    pub(super) fn is_retracted(&self) -> bool {
        self.state == "retracted"
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub org: String,
    /// Empty where there is none.
    pub region: String,
}

/// How long somebody has, and the year that his number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Civil year of the opening.
    pub year: i32,
    /// Working days, and the instant at which the last of them ends.
    pub days: u32,
    pub due: Instant,
    /// The instant by which the whole order is to be closed.
    pub close_by: Instant,
    /// Counted through a year that has no calendar.
    pub provisional: bool,
}

/// The site's own times, working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// A red alarm gets its order within so many.
    pub order_within: u32,
    /// An order is closed within so many.
    pub close_within: u32,
}

impl Default for Terms {
    /// DOMAIN 2.3: B001 and B002.
    fn default() -> Self {
        Self { order_within: 5, close_within: 20 }
    }
}

impl Terms {
    /// The time that somebody is given at `now`: the day itself does not count, the last one ends with its midnight.
    pub fn term(&self, calendar: &Calendar, now: Instant, days: u32) -> Term {
        let today = calendar.day_of(now);
        Term {
            year: today.year(),
            days,
            due: end(calendar, now, days),
            close_by: end(calendar, now, self.close_within),
            provisional: !calendar
                .covers_all(today, calendar.day_of(end(calendar, now, days.max(self.close_within)))),
        }
    }

    /// By when an alarm raised then is to have its order.
    pub fn order_by(&self, calendar: &Calendar, raised: Instant) -> Instant {
        end(calendar, raised, self.order_within)
    }
}

/// The end of the n-th working day after the day of `from`.
pub(super) fn end(calendar: &Calendar, from: Instant, days: u32) -> Instant {
    match calendar.nth_working_after(calendar.day_of(from), days) {
        Some(day) => calendar.end_of(day),
        None => Instant::LATEST,
    }
}

/// Ids given twice, for a list that is to have each once.
pub(super) fn has_twice(ids: &[String]) -> bool {
    let all: BTreeSet<&String> = ids.iter().collect();
    all.len() < ids.len()
}
