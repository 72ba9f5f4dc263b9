//! Words for time limits: what was to be done by when, what moved the instant due, and how it ended.

use model::catalogue::{Bilingual, Legal, Length, Limit, Scope};
use model::finding::Code;
use model::time::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};

use super::{Words, both};
use crate::verdict::{Standing, Story};

impl Words<'_> {
    pub(super) fn limit(&self) -> Bilingual {
        let Story::Limit { limit, start, end, extended_days, suspensions, carried } = &self.verdict.story
        else {
            return Bilingual::default();
        };
        let subject = self.subject();
        let started = self.calendar.format_short(*start);
        let due = self.verdict.due.map(|d| self.calendar.format_short(d));
        let length = self.item.and_then(|i| i.limits.get(*limit)).map(length).unwrap_or_default();
        let mut zh = format!("{}{started}开始,", subject.zh);
        let mut en = format!("{} started on {started}; ", subject.en);
        if *carried {
            zh.push_str("时限由来文给定");
            en.push_str("its due date was given by the publisher");
        } else {
            zh.push_str(&format!("时限{}", length.zh));
            en.push_str(&format!("the limit is {}", length.en));
        }
        if *extended_days > 0 {
            zh.push_str(&format!(",延期{extended_days}日"));
            en.push_str(&format!(", extended by {extended_days} days"));
        }
        if *suspensions > 0 {
            zh.push_str(&format!(",中止{suspensions}次(不计入)"));
            en.push_str(&format!(", suspended {suspensions} times (not counted)"));
        }
        match &due {
            Some(due) => {
                zh.push_str(&format!(",应于{due}前完成;"));
                en.push_str(&format!(", so it was due before {due}; "));
            }
            None => {
                zh.push_str(",现处于中止;");
                en.push_str(" and the clock now stands; ");
            }
        }
        let ended = end.map(|e| self.calendar.format_short(e));
        let outcome = match (self.verdict.code, self.verdict.standing, ended) {
            (Code::Overdue, _, Some(end)) => {
                let late = duration(self.verdict.late_by_ms.unwrap_or(0));
                both(
                    format!("{end}才结束,超期{}。", late.zh),
                    format!("it ended on {end}, {} late.", late.en),
                )
            }
            (Code::Overdue, _, None) => both("至今未完成,已超期。".into(), "it is still not done.".into()),
            (_, Standing::Superseded, _) => {
                let at = self.at();
                both(
                    format!("{at}预警,此后已超期。"),
                    format!("it was near its end on {at} and then ran over."),
                )
            }
            (_, _, Some(end)) => {
                let at = self.at();
                both(
                    format!("{at}预警,{end}已结束。"),
                    format!("it was near its end on {at} and was done on {end}."),
                )
            }
            (_, _, None) => {
                let at = self.at();
                both(
                    format!("{at}起临近期限,尚未完成。"),
                    format!("it has been near its end since {at} and is not done."),
                )
            }
        };
        both(zh + &outcome.zh, en + &outcome.en)
    }

    /// What a limit is about.
    fn subject(&self) -> Bilingual {
        let Story::Limit { limit, .. } = self.verdict.story else { return Bilingual::default() };
        if self.verdict.step.is_some() {
            let step = self.step();
            let visit = self.verdict.visit.unwrap_or(1);
            return both(
                format!("环节“{}”(第{visit}次)", step.zh),
                format!("Step \"{}\" (visit {visit})", step.en),
            );
        }
        let span = self.item.and_then(|item| match item.limits.get(limit)?.scope {
            Scope::Span { from, to } => Some((&item.steps[from].name, &item.steps[to].name)),
            _ => None,
        });
        match span {
            Some((from, to)) => both(
                format!("阶段“{}”至“{}”", from.zh, to.zh),
                format!("The stage from \"{}\" to \"{}\"", from.en, to.en),
            ),
            None => both("案件".into(), "The case".into()),
        }
    }
}

fn length(limit: &Limit) -> Bilingual {
    let legal = match limit.legal {
        Legal::Statutory => ("法定", "statutory"),
        Legal::Promised => ("承诺", "promised"),
    };
    let amount = match limit.length {
        Length::WorkingDays(n) => (format!("{n}个工作日"), format!("{n} working days")),
        Length::CalendarDays { days, .. } => (format!("{days}日"), format!("{days} calendar days")),
        Length::Elapsed(ms) => {
            let d = duration(ms);
            (d.zh, d.en)
        }
        Length::OfficeTime(ms) => {
            let d = duration(ms);
            (format!("工作时间{}", d.zh), format!("{} of office time", d.en))
        }
    };
    both(format!("{}({})", amount.0, legal.0), format!("{} ({})", amount.1, legal.1))
}

/// The two largest units of a span of time.
fn duration(ms: i64) -> Bilingual {
    let (days, hours, minutes) =
        (ms / MS_PER_DAY, ms % MS_PER_DAY / MS_PER_HOUR, ms % MS_PER_HOUR / MS_PER_MINUTE);
    match (days, hours, minutes) {
        (0, 0, m) => both(format!("{m}分钟"), format!("{m} min")),
        (0, h, 0) => both(format!("{h}小时"), format!("{h} h")),
        (0, h, m) => both(format!("{h}小时{m}分钟"), format!("{h} h {m} min")),
        (d, 0, _) => both(format!("{d}天"), format!("{d} d")),
        (d, h, _) => both(format!("{d}天{h}小时"), format!("{d} d {h} h")),
    }
}
