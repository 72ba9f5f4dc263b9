//! Pieces of ClickHouse SQL that panels share. Macros are the plugin's own, in the form that its documentation gives.
//!
//! An alias must not be the name of a column of the view: ClickHouse would put it in the column's place in WHERE.

use super::words::Words;

/// A retracted alarm never held: it is shown to nobody who does not ask for it.
pub(super) const SHOWN: &str = "state IN ('raised', 'cleared')";

/// Of alarms and cases alike: the region with all below it (GB/T 2260), organisation, item.
pub(super) const PLACE: &str = "$__conditionalAll(arrayExists(r -> startsWith(region, multiIf(length(r) = 6 AND \
    endsWith(r, '0000'), substring(r, 1, 2), length(r) = 6 AND endsWith(r, '00'), substring(r, 1, 4), r)), \
    array(${region:singlequote})), $region) \
    AND $__conditionalAll(org IN (${org:singlequote}), $org) \
    AND $__conditionalAll(item IN (${item:singlequote}), $item)";

pub(super) const LIGHT: &str = "$__conditionalAll(light IN (${light:singlequote}), $light)";

/// Alarms of the chosen time on an axis, place and light.
pub(super) fn alarms(axis: &str) -> String {
    format!("FROM xiezhi.alarms WHERE {SHOWN} AND $__timeFilter({axis}) AND {PLACE} AND {LIGHT}")
}

/// A civil day in China as an instant: bureaux count by it, and the plugin's intervals begin at midnight UTC.
pub(super) fn day(column: &str) -> String {
    format!("toStartOfDay(toTimeZone(toDateTime({column}), 'Asia/Shanghai'))")
}

/// The words for a column's values, in the language of the dashboard.
pub(super) fn named(column: &str, words: &Words) -> String {
    let list = |pick: fn(&(&'static str, &'static str)) -> &'static str| {
        words.iter().map(|pair| format!("'{}'", pick(pair))).collect::<Vec<_>>().join(", ")
    };
    format!(
        "transform(toString({column}), [{}], [{}], toString({column}))",
        list(|pair| pair.0),
        list(|pair| pair.1)
    )
}
