//! The discretion standards of an item (自由裁量标准): which fine for which circumstances.

use super::cursor::{Fields, both};
use super::text::{Index, ids};
use crate::catalogue::{ProblemCode, Standard, Tier};

/// 10^15 fen, as in events.
const MAX_FEN: i64 = 1_000_000_000_000_000;

pub(super) fn read(item: &Fields<'_>) -> Vec<Standard> {
    let elements: Vec<_> = item.list("discretion").iter().map(|at| at.fields(&["id", "tiers"])).collect();
    let index = Index::read(ProblemCode::InvalidValue, ("裁量标准", "standard"), &elements);
    let tiers = |fields: &Option<Fields<'_>>| fields.as_ref().map(read_tiers).unwrap_or_default();
    elements.iter().enumerate().map(|(i, f)| Standard { id: index.id(i), tiers: tiers(f) }).collect()
}

fn read_tiers(standard: &Fields<'_>) -> Vec<Tier> {
    let Some(at) = standard.need("tiers") else { return Vec::new() };
    let list = at.list();
    if at.is_list() && list.is_empty() {
        at.note(ProblemCode::MissingKey, both!("至少要有一个档次", "a standard has at least one tier"));
    }
    let elements: Vec<_> = list.iter().map(|at| at.fields(&["id", "circumstances", "fine_fen"])).collect();
    let index = Index::read(ProblemCode::InvalidValue, ("档次", "tier"), &elements);
    elements.iter().enumerate().map(|(i, f)| read_tier(index.id(i), f.as_ref())).collect()
}

fn read_tier(id: String, fields: Option<&Fields<'_>>) -> Tier {
    let circumstances = fields.map(|f| ids(&f.list("circumstances"))).unwrap_or_default();
    let fine_fen = fields.map(read_fine).unwrap_or_default();
    Tier { id, circumstances, fine_fen }
}

fn read_fine(tier: &Fields<'_>) -> (Option<i64>, Option<i64>) {
    let Some(at) = tier.get("fine_fen") else { return (None, None) };
    let Some(fields) = at.fields(&["min", "max"]) else { return (None, None) };
    let bound = |key: &str| fields.get(key).and_then(|at| at.int(0..=MAX_FEN));
    let (min, max) = (bound("min"), bound("max"));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let message = both!("min {min} 大于 max {max}", "min {min} is above max {max}");
        at.note(ProblemCode::OutOfRange, message);
    }
    (min, max)
}
