//! Limits that cannot be met: the steps' own limits add up to more than the limit over all of them, by the shortest way
//! through the flow and by whatever day the case starts. Suspensions and extensions move both and are left out.

use super::Lint;
use super::limits::same_unit;
use super::spans::Measure;
use crate::catalogue::{Length, Limit, ProblemCode, Scope, both};
use crate::time::{MS_PER_DAY, MS_PER_HOUR};

/// The steps of a way and the sum of their limits.
type Way = (i64, Vec<usize>);

pub(super) fn check(lint: &mut Lint<'_>) {
    let measure = Measure::new(lint);
    for (i, total) in lint.item.limits.iter().enumerate() {
        if total.open_ended {
            continue;
        }
        let (from, ends) = match total.scope {
            Scope::Step(_) => continue,
            Scope::Case => (0, lint.flow.ends().collect()),
            Scope::Span { from, to } => (from, vec![to]),
        };
        let scale = Scale::of(lint, total, &measure);
        if let Some((sum, way)) = shortest_way(lint, &scale, from, &ends)
            && sum > scale.whole
        {
            note(lint, i, &scale, sum, &way);
        }
    }
}

/// In what the limits of one comparison are counted.
struct Scale {
    /// What the total allows, and what each step takes at its tightest limit.
    whole: i64,
    steps: Vec<i64>,
    /// Days of this kind, else ms.
    days: Option<(&'static str, &'static str)>,
}

impl Scale {
    /// Limits of one unit are compared as they are, others by the bounds that hold for every start.
    fn of(lint: &Lint<'_>, total: &Limit, measure: &Measure<'_>) -> Self {
        let tight = |step: usize, amount: &dyn Fn(Length) -> i64| {
            let own = lint.item.limits.iter().filter(|l| l.scope == Scope::Step(step) && !l.open_ended);
            own.map(|l| amount(l.length)).min().unwrap_or(0)
        };
        let all =
            |amount: &dyn Fn(Length) -> i64| (0..lint.item.steps.len()).map(|s| tight(s, amount)).collect();
        let mut others =
            lint.item.limits.iter().filter(|l| matches!(l.scope, Scope::Step(_)) && !l.open_ended);
        let rolls = matches!(total.length, Length::CalendarDays { roll_forward: true, .. });
        if !rolls && others.all(|l| same_unit(l.length, total.length)) {
            let days = match total.length {
                Length::WorkingDays(_) => Some(("个工作日", "working days")),
                Length::CalendarDays { .. } => Some(("日", "days")),
                Length::Elapsed(_) | Length::OfficeTime(_) => None,
            };
            return Self { whole: plain(total.length), steps: all(&plain), days };
        }
        let whole = measure.longest(total.length);
        Self { whole, steps: all(&|length| measure.shortest(length)), days: None }
    }

    fn shown(&self, amount: i64) -> (String, String) {
        match self.days {
            Some((zh, en)) => (format!("{amount} {zh}"), format!("{amount} {en}")),
            None if amount % MS_PER_DAY == 0 => {
                let days = amount / MS_PER_DAY;
                (format!("{days} 个 24 小时"), format!("{days} times 24 h"))
            }
            None => {
                let hours = amount / MS_PER_HOUR;
                (format!("{hours} 小时"), format!("{hours} h"))
            }
        }
    }
}

fn plain(length: Length) -> i64 {
    match length {
        Length::WorkingDays(days) | Length::CalendarDays { days, .. } => i64::from(days),
        Length::Elapsed(ms) | Length::OfficeTime(ms) => ms,
    }
}

/// The way on which the steps' limits add up to the least.
fn shortest_way(lint: &Lint<'_>, scale: &Scale, from: usize, ends: &[usize]) -> Option<Way> {
    let steps = &lint.item.steps;
    let mut best: Vec<Option<(i64, usize)>> = vec![None; steps.len()];
    let mut open = std::collections::BTreeSet::from([(scale.steps[from], from)]);
    best[from] = Some((scale.steps[from], from));
    while let Some((sum, at)) = open.pop_first() {
        for next in &steps[at].next {
            let there = sum.saturating_add(scale.steps[*next]);
            if best[*next].is_none_or(|(known, _)| there < known) {
                best[*next] = Some((there, at));
                open.insert((there, *next));
            }
        }
    }
    let (sum, end) = ends.iter().filter_map(|end| Some((best[*end]?.0, *end))).min()?;
    let mut way = vec![end];
    while let Some((_, before)) = best[way[way.len() - 1]]
        && before != way[way.len() - 1]
    {
        way.push(before);
    }
    way.reverse();
    Some((sum, way))
}

fn note(lint: &mut Lint<'_>, limit: usize, scale: &Scale, sum: i64, way: &[usize]) {
    let ((sum_zh, sum_en), (whole_zh, whole_en)) = (scale.shown(sum), scale.shown(scale.whole));
    let steps: Vec<&str> = way.iter().map(|step| lint.step_id(*step)).collect();
    let steps = steps.join(" → ");
    let message = both!(
        "无法满足：即使走最短的路径（{steps}），各环节时限之和至少为 {sum_zh}，而总时限至多为 {whole_zh}；请缩短环节时限，或延长总时限",
        "cannot be met: even by the shortest way ({steps}) the steps' own limits add up to {sum_en}, and this one allows {whole_en} at most; shorten theirs, or lengthen it"
    );
    lint.note(&format!("limits[{limit}]"), ProblemCode::LimitCannotBeMet, message);
}
