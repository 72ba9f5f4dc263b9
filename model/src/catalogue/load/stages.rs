//! The stages of a limit: when which light comes on (contract, section 2, and readings 14 and 16).

use super::cursor::{At, Fields, both};
use super::item::Context;
use super::limits::{Amount, MAX_DAYS, Unit};
use super::text::listed;
use crate::catalogue::{ProblemCode, Stage, StageAt};
use crate::finding::Light;
use crate::time::MS_PER_DAY;

const MILLION: u32 = 1_000_000;
const DECIMALS: usize = 6;

/// The stages in the order of the file, or what `warn_days` says; then the red at due that is understood.
pub(super) fn read(
    limit: &Fields<'_>,
    amount: Option<Amount>,
    open_ended: bool,
    context: Context,
) -> Vec<Stage> {
    let listed = limit.list("stages");
    let mut stages: Vec<Stage> = Vec::new();
    for at in &listed {
        let Some(stage) = read_one(at, amount) else { continue };
        note_hidden(at, stage, &stages, open_ended);
        note_from_start(at, stage, amount);
        stages.push(stage);
    }
    // `stages` say all there is to say; without them red at due, and yellow `warn_days` before.
    if listed.is_empty()
        && let Some((at, stage)) = read_warn_days(limit, amount, context)
    {
        note_hidden(&at, stage, &stages, open_ended);
        note_from_start(&at, stage, amount);
        stages.push(stage);
    }
    if !stages.iter().any(|s| matches!(s.at, StageAt::Late(_))) {
        stages.push(Stage { at: StageAt::Late(0), light: Light::Red });
    }
    stages
}

fn read_one(at: &At<'_>, amount: Option<Amount>) -> Option<Stage> {
    let fields = at.fields(&["before", "used", "late", "light"])?;
    let light =
        fields.need("light").and_then(|at| at.word(&[("yellow", Light::Yellow), ("red", Light::Red)]));
    let given: Vec<&str> = ["before", "used", "late"].into_iter().filter(|key| fields.has(key)).collect();
    if given.len() != 1 {
        let found = listed(given.iter().copied());
        let message = both!(
            "before、used、late 须恰好给出一个，现有：{found}",
            "a stage has exactly one of before, used, late; found: {found}"
        );
        at.note(ProblemCode::ConflictingKeys, message);
        return None;
    }
    let one = amount.map_or(1, |a| a.one);
    let count =
        |key: &str| fields.get(key).and_then(|at| at.int(0..=MAX_DAYS * MS_PER_DAY / one.max(60_000)));
    let stage_at = match given[0] {
        "before" => count("before").map(|n| StageAt::Before(n * one)),
        "late" => count("late").map(|n| StageAt::Late(n * one)),
        _ => fields.get("used").and_then(|at| read_used(&at)).map(StageAt::Used),
    };
    Some(Stage { at: stage_at?, light: light? })
}

/// A share in (0, 1] as millionths, exactly as written.
fn read_used(at: &At<'_>) -> Option<u32> {
    let text = at.decimal()?;
    let share = millionths(&text).filter(|m| (1..=MILLION).contains(m));
    if share.is_none() {
        let message = both!(
            "{text} 超出范围：应大于 0、不大于 1，至多 {DECIMALS} 位小数",
            "{text} is out of range: above 0, at most 1, with up to {DECIMALS} decimals"
        );
        at.note(ProblemCode::OutOfRange, message);
    }
    share
}

fn millionths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > DECIMALS || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = format!("{fraction:0<DECIMALS$}").parse().ok()?;
    whole.checked_mul(MILLION)?.checked_add(fraction)
}

/// `warn_days` is a yellow stage. In hour units a day is 24 h, or one office day for `working_hour`.
fn read_warn_days<'t>(
    limit: &Fields<'t>,
    amount: Option<Amount>,
    context: Context,
) -> Option<(At<'t>, Stage)> {
    let at = limit.get("warn_days")?;
    let days = at.int(0..=MAX_DAYS)?;
    let before = match amount?.unit {
        Unit::WorkingDay | Unit::CalendarDay => days,
        Unit::Hour => days * MS_PER_DAY,
        Unit::WorkingHour => days * context.office_day_ms,
    };
    Some((at, Stage { at: StageAt::Before(before), light: Light::Yellow }))
}

fn note_hidden(at: &At<'_>, stage: Stage, earlier: &[Stage], open_ended: bool) {
    let outshone = |late: i64| {
        earlier.iter().any(|s| matches!(s.at, StageAt::Late(k) if k <= late) && s.light >= stage.light)
    };
    let message = match stage.at {
        StageAt::Before(_) | StageAt::Used(_) if open_ended => both!(
            "open_ended 的时限到期前不提醒",
            "an open-ended limit is a window: nothing is shown before its end"
        ),
        StageAt::Before(0) | StageAt::Used(MILLION) => {
            both!("到期时刻的提前提醒不会出现", "a warning at the due instant itself is never shown")
        }
        StageAt::Late(late) if outshone(late) => {
            both!(
                "更早的阶段灯级已不低于此：灯只升不降",
                "an earlier stage shows this light already: it never falls"
            )
        }
        _ => return,
    };
    at.note(ProblemCode::StageNeverShown, message);
}

fn note_from_start(at: &At<'_>, stage: Stage, amount: Option<Amount>) {
    let (StageAt::Before(before), Some(amount)) = (stage.at, amount) else { return };
    if before < amount.total {
        return;
    }
    let message = if amount.in_days() {
        let days = amount.total;
        both!(
            "提前量不小于时限本身（{days} 天），起算当日即提醒",
            "not below the limit's {days} days: it is shown from the first day on"
        )
    } else {
        both!(
            "提前量不小于时限本身，起算当日即提醒",
            "not below the limit itself: it is shown from the first day on"
        )
    };
    at.note(ProblemCode::WarnedFromStart, message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        for (text, expected) in [("0.8", 800_000), ("1", 1_000_000), ("0.000001", 1), ("0.29", 290_000)] {
            assert_eq!(millionths(text), Some(expected), "{text}");
        }
        for text in ["0.0000001", "-0.5", "NaN", "", "1.-5", "99999"] {
            assert_eq!(millionths(text), None, "{text}");
        }
    }
}
