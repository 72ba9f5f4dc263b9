//! 自由裁量: tiers that fit the same offence twice, and fines that no tier allows.

use super::Lint;
use crate::catalogue::{ProblemCode, Standard, Tier, both};

/// Fines are set in whole yuan, so tiers a yuan apart leave nothing between.
const YUAN: i64 = 100;

pub(super) fn check(lint: &mut Lint<'_>) {
    for (i, standard) in lint.item.discretion.iter().enumerate() {
        let mut order: Vec<usize> = (0..standard.tiers.len()).collect();
        order.sort_by_key(|tier| low(&standard.tiers[*tier]));
        check_overlaps(lint, i, standard, &order);
        check_gaps(lint, i, standard, &order);
    }
}

fn check_overlaps(lint: &mut Lint<'_>, i: usize, standard: &Standard, order: &[usize]) {
    for (at, second) in order.iter().enumerate() {
        let tier = &standard.tiers[*second];
        let overlaps = |first: &&usize| {
            let first = &standard.tiers[**first];
            high(first) >= low(tier) && !told_apart(first, tier)
        };
        let Some(first) = order[..at].iter().find(overlaps) else { continue };
        let id = &standard.tiers[*first].id;
        let from = low(tier);
        let message = both!(
            "与档次“{id}”重叠：同样情节、同样罚款（从 {from} 分起）适用两档；请分开幅度或情节",
            "overlaps the tier \"{id}\": the same circumstances and fine (from {from} fen) fit both; part their ranges or their circumstances"
        );
        lint.note(&format!("discretion[{i}].tiers[{second}]"), ProblemCode::TiersOverlap, message);
    }
}

/// Circumstances decide between two tiers if both have some and share none.
fn told_apart(a: &Tier, b: &Tier) -> bool {
    let some = !a.circumstances.is_empty() && !b.circumstances.is_empty();
    some && !a.circumstances.iter().any(|circumstance| b.circumstances.contains(circumstance))
}

fn check_gaps(lint: &mut Lint<'_>, i: usize, standard: &Standard, order: &[usize]) {
    let Some((first, rest)) = order.split_first() else { return };
    let mut reached = high(&standard.tiers[*first]);
    for place in rest {
        let tier = &standard.tiers[*place];
        let from = low(tier);
        if from > reached.saturating_add(YUAN) {
            let message = both!(
                "罚款在 {reached} 分与 {from} 分之间不适用任何档次：请衔接各档幅度",
                "a fine between {reached} and {from} fen fits no tier: let the ranges meet"
            );
            let path = format!("discretion[{i}].tiers[{place}].fine_fen");
            lint.note(&path, ProblemCode::TiersGap, message);
        }
        reached = reached.max(high(tier));
    }
}

fn low(tier: &Tier) -> i64 {
    tier.fine_fen.0.unwrap_or(0)
}

fn high(tier: &Tier) -> i64 {
    tier.fine_fen.1.unwrap_or(i64::MAX)
}
