//! For analysts: any axis of time, any group, and how things are distributed.

use super::board::{Board, Row, Variable};
use super::bureau;
use super::panel::{Column, Panel};
use super::sql::{PLACE, alarms, named};
use super::words::{CHANGES, KINDS};

const AXES: &[(&str, &str)] = &[
    ("violated_at", "[[违规时间|Violated]]"),
    ("raised_at", "[[报警时间|Raised]]"),
    ("changed_at", "[[变更时间|Changed]]"),
    ("accepted_at", "[[受理时间|Accepted]]"),
];

const GROUPS: &[(&str, &str)] = &[
    ("org", "[[部门|Department]]"),
    ("region", "[[地区|Region]]"),
    ("item", "[[职权事项|Item]]"),
    ("category", "[[职权类别|Class of power]]"),
    ("kind", "[[监察点类型|Supervision point]]"),
    ("code", "[[情形|Code]]"),
    ("light", "[[级别|Level]]"),
    ("step", "[[环节|Step]]"),
    ("rules_version", "[[规则版本|Rules version]]"),
];

pub(super) fn explore() -> Board {
    let mut variables = vec![
        Variable::one("axis", "[[时间轴|Axis of time]]", AXES),
        Variable::one("by", "[[分组|Group by]]", GROUPS),
    ];
    variables.extend(bureau::variables());
    variables.push(Variable::several("kind", "[[监察点|Point]]", KINDS));
    Board {
        name: "analysts-explore",
        title: "[[獬豸 · 分析|Xiezhi · Explore]]",
        about: "[[按任一时间轴与分组考察报警|Alarms by any axis of time and any group]]",
        since: "now-1y",
        refresh: "",
        variables,
        rows: vec![groups(), lateness(), data()],
    }
}

fn from() -> String {
    let kind = "$__conditionalAll(kind IN (${kind:singlequote}), $kind)";
    format!("{} AND {kind}", alarms("${axis:raw}"))
}

fn groups() -> Row {
    let from = from();
    let first = format!(
        "(SELECT ${{by:raw}} {from} GROUP BY ${{by:raw}} ORDER BY count() DESC, ${{by:raw}} LIMIT 12)"
    );
    let columns = "countIf(light = 'red') AS \"[[红灯|Red]]\", countIf(light = 'yellow') AS \"[[黄灯|Yellow]]\", \
        uniqExact(case_id) AS \"[[办件|Cases]]\", uniqExact(org) AS \"[[部门数|Departments]]\"";
    let monthly = format!(
        "SELECT month AS \"[[月份|Month]]\", red AS \"[[红灯|Red]]\", yellow AS \"[[黄灯|Yellow]]\", \
         round(100 * (red + yellow - before) / nullIf(before, 0), 1) AS \"[[环比|Change]]\" FROM \
         (SELECT month, red, yellow, lagInFrame(red + yellow) OVER (ORDER BY month ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) \
         AS before FROM (SELECT formatDateTime(toTimeZone(toDateTime(${{axis:raw}}), 'Asia/Shanghai'), '%Y-%m') AS month, \
         countIf(light = 'red') AS red, countIf(light = 'yellow') AS yellow {from} GROUP BY month)) ORDER BY month"
    );
    Row {
        title: "[[分组|Groups]]",
        panels: vec![
            Panel::bars(
                "[[随时间,最多的十二组|Over time, the twelve largest groups]]",
                format!(
                    "SELECT $__timeInterval(${{axis:raw}}) AS time, toString(${{by:raw}}) AS series, count() AS alarms {from} \
                     AND ${{by:raw}} IN {first} GROUP BY time, series ORDER BY time"
                ),
            )
            .size(16, 10),
            Panel::table(
                "[[按月|By month]]",
                monthly,
                vec![Column::new("[[环比|Change]]").unit("percent")],
            )
            .about("[[环比:与上月相比;上月为零时不计|Change from the month before; none where that was zero]]")
            .size(8, 10),
            Panel::table(
                "[[各组|The groups]]",
                format!("SELECT ${{by:raw}} AS \"[[分组|Group]]\", {columns} {from} GROUP BY ${{by:raw}} ORDER BY count() DESC, ${{by:raw}} LIMIT 500"),
                Vec::new(),
            )
            .size(12, 10),
            Panel::ranking(
                "[[一日之内(北京时间)|Hour of the day in China]]",
                format!(
                    "SELECT formatDateTime(toTimeZone(toDateTime(${{axis:raw}}), 'Asia/Shanghai'), '%H:00') AS hour, count() AS alarms {from} \
                     GROUP BY hour ORDER BY hour"
                ),
            )
            .size(12, 10),
        ],
    }
}

fn lateness() -> Row {
    let from = from();
    let bucket = "multiIf(late_by_ms < 3600000, '1 [[小时内|hour]]', late_by_ms < 86400000, '1 [[天内|day]]', \
        late_by_ms < 259200000, '3 [[天内|days]]', late_by_ms < 604800000, '7 [[天内|days]]', \
        late_by_ms < 2592000000, '30 [[天内|days]]', '[[超过|more than]] 30 [[天|days]]')";
    let delay = "dateDiff('second', violated_at, raised_at)";
    Row {
        title: "[[快慢|Paces]]",
        panels: vec![
            Panel::ranking(
                "[[逾期完成的,迟了多久|Done late: by how much]]",
                format!("SELECT {bucket} AS late, count() AS alarms {from} AND isNotNull(late_by_ms) GROUP BY late ORDER BY min(late_by_ms)"),
            ),
            Panel::table(
                "[[从违规到报警|From violation to alarm]]",
                format!(
                    "SELECT kind AS \"[[监察点|Point]]\", quantile(0.5)({delay}) AS \"[[中位数|Median]]\", \
                     quantile(0.99)({delay}) AS \"99 %\" {from} GROUP BY kind ORDER BY kind"
                ),
                vec![
                    Column::new("[[监察点|Point]]").named(KINDS),
                    Column::new("[[中位数|Median]]").unit("s"),
                    Column::new("99 %").unit("s"),
                ],
            )
            .about("[[含补录与历史数据:事件到得晚,报警就晚|Late entry and history count in: an event that comes late raises its alarm late]]")
            .size(8, 8),
            Panel::table(
                "[[办件历时,按事项|Duration of cases by item]]",
                format!(
                    "SELECT item AS \"[[职权事项|Item]]\", count() AS \"[[办结|Closed]]\", \
                     quantile(0.5)(dateDiff('minute', accepted_at, closed_at)) AS \"[[中位数|Median]]\", \
                     quantile(0.9)(dateDiff('minute', accepted_at, closed_at)) AS \"90 %\" FROM xiezhi.cases \
                     WHERE isNotNull(accepted_at) AND $__timeFilter(closed_at) AND {PLACE} GROUP BY item ORDER BY item"
                ),
                vec![
                    bureau::item_column("[[职权事项|Item]]"),
                    Column::new("[[中位数|Median]]").unit("m"),
                    Column::new("90 %").unit("m"),
                ],
            )
            .size(8, 8),
        ],
    }
}

fn data() -> Row {
    let change = named("change", CHANGES);
    Row {
        title: "[[数据|Data]]",
        panels: vec![
            Panel::bars(
                "[[报警的变更|Revisions of alarms]]",
                format!(
                    "SELECT $__timeInterval(changed_at) AS time, {change} AS series, count() AS revisions FROM xiezhi.findings \
                     WHERE NOT shadow AND $__timeFilter(changed_at) AND {PLACE} GROUP BY time, series ORDER BY time"
                ),
            ),
            Panel::table(
                "[[补录:登记晚于发生多久|Late entry: recorded how long after it happened]]",
                "SELECT e.source AS \"[[数据来源|Source]]\", count() AS \"[[事件|Events]]\", \
                 quantile(0.5)(dateDiff('second', e.time, e.recorded_time)) AS \"[[中位数|Median]]\", \
                 quantile(0.99)(dateDiff('second', e.time, e.recorded_time)) AS \"99 %\" FROM xiezhi.case_events AS e \
                 WHERE isNotNull(e.recorded_time) AND $__timeFilter(e.time) GROUP BY e.source ORDER BY e.source"
                    .to_owned(),
                vec![Column::new("[[中位数|Median]]").unit("s"), Column::new("99 %").unit("s")],
            )
            .about("[[只计给出登记时间的事件|Only events that say when they were recorded]]"),
        ],
    }
}
