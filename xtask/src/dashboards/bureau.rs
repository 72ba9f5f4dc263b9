//! For the bureau: how things stand, what alarms there are, how the departments do.

use super::board::{Board, Row, Variable};
use super::panel::{Column, Panel};
use super::sql::{LIGHT, PLACE, SHOWN, alarms, day, named};
use super::words::{CATEGORIES, CODES, KINDS, LIGHTS, STATES};

const LISTED: u32 = 200;

pub(super) fn boards() -> Vec<Board> {
    vec![overview(), list(), departments()]
}

/// The filters of whoever looks at alarms.
pub(super) fn variables() -> Vec<Variable> {
    // Of a county come its city and its province as well: each stands for all below it.
    let regions = "SELECT DISTINCT arrayJoin([concat(substring(region, 1, 2), '0000'), \
        concat(substring(region, 1, 4), '00'), region]) AS value FROM xiezhi.alarm_counts \
        WHERE length(region) = 6 ORDER BY value";
    let of = |column: &str| {
        format!(
            "SELECT DISTINCT {column} AS value FROM xiezhi.alarm_counts WHERE {column} != '' ORDER BY value"
        )
    };
    vec![
        Variable::query("region", "[[地区|Region]]", regions),
        Variable::query("org", "[[部门|Department]]", &of("org")),
        Variable::query("item", "[[职权事项|Item]]", &of("item")),
        Variable::several("light", "[[级别|Level]]", LIGHTS),
    ]
}

pub(super) fn alarm_column(name: &'static str) -> Column {
    Column::new(name)
        .wide(120)
        .link("[[报警详情|Alarm]]", "${console:raw}/api/v1/alarms/${__value.raw:percentencode}")
}

pub(super) fn case_column(name: &'static str) -> Column {
    let timeline = "${console:raw}/api/v1/cases/${__value.raw:percentencode}/timeline";
    Column::new(name).wide(150).link("[[办件经过|Timeline]]", timeline)
}

/// Leads to the department's page here, and to its alarms in the console.
pub(super) fn org_column(name: &'static str) -> Column {
    let here = "/d/xiezhi-bureau-alarms-[[zh|en]]?var-org=${__value.raw:percentencode}&${__url_time_range}";
    let there = "${console:raw}/?lang=[[zh|en]]&org=${__value.raw:percentencode}";
    Column::new(name).wide(190).link("[[该部门的报警|Its alarms]]", here).link("[[控制台|Console]]", there)
}

pub(super) fn item_column(name: &'static str) -> Column {
    let here = "/d/xiezhi-bureau-alarms-[[zh|en]]?var-item=${__value.raw:percentencode}&${__url_time_range}";
    let there = "${console:raw}/?lang=[[zh|en]]&item=${__value.raw:percentencode}";
    Column::new(name).wide(150).link("[[该事项的报警|Its alarms]]", here).link("[[控制台|Console]]", there)
}

fn overview() -> Board {
    let from = alarms("raised_at");
    let by_light = |light: &str| format!("SELECT count() AS alarms {from} AND light = '{light}'");
    let open = "isNotNull(accepted_at) AND isNull(closed_at) AND isNull(withdrawn_at)";
    let share = format!(
        "SELECT round(100 * countIf(case_id IN (SELECT case_id FROM xiezhi.alarms WHERE {SHOWN})) \
         / nullIf(count(), 0), 1) AS share FROM xiezhi.cases WHERE $__timeFilter(accepted_at) AND {PLACE}"
    );
    let console = "${console:raw}/?lang=[[zh|en]]&light=";
    let now = Row {
        title: "[[态势|How things stand]]",
        panels: vec![
            Panel::stat("[[红灯报警|Red alarms]]", by_light("red"))
                .colour("red")
                .about("[[所选时间内首次报警、未收回的红灯|Red alarms first raised in the chosen time and not retracted]]")
                .link("[[控制台|Console]]", &format!("{console}red")),
            Panel::stat("[[黄灯预警|Yellow alarms]]", by_light("yellow"))
                .colour("yellow")
                .about("[[所选时间内首次报警、未收回的黄灯|Yellow alarms first raised in the chosen time and not retracted]]")
                .link("[[控制台|Console]]", &format!("{console}yellow")),
            Panel::stat("[[涉及办件|Cases with alarms]]", format!("SELECT uniqExact(case_id) AS cases {from}")),
            Panel::stat(
                "[[受理办件|Cases accepted]]",
                format!("SELECT count() AS cases FROM xiezhi.cases WHERE $__timeFilter(accepted_at) AND {PLACE}"),
            ),
            Panel::stat(
                "[[在办办件|Open cases]]",
                format!("SELECT count() AS cases FROM xiezhi.cases WHERE {open} AND {PLACE}"),
            )
            .about("[[目前已受理、未办结、未撤回的办件,与所选时间无关|Accepted and neither closed nor withdrawn now, whatever the chosen time]]"),
            Panel::stat("[[报警办件占比|Share with alarms]]", share)
                .unit("percent")
                .about("[[所选时间内受理的办件中,有过报警的比例|Of the cases accepted in the chosen time, those that had any alarm]]"),
        ],
    };
    let day = day("raised_at");
    let light = named("light", LIGHTS);
    let trend = Row {
        title: "[[趋势与构成|Trend and composition]]",
        panels: vec![
            Panel::bars(
                "[[每日报警|Alarms a day]]",
                format!("SELECT {day} AS time, {light} AS series, count() AS alarms {from} GROUP BY time, series ORDER BY time"),
            )
            .about("[[按北京时间的自然日|By civil day in China]]"),
            Panel::ranking("[[按监察点类型|By supervision point]]", ranked(&named("kind", KINDS), &from)).size(6, 8),
            Panel::pie("[[按职权类别|By class of power]]", ranked(&named("category", CATEGORIES), &from)).size(6, 8),
        ],
    };
    let most = Row {
        title: "[[最多的|The most]]",
        panels: vec![
            Panel::table(
                "[[报警最多的部门|Departments with most alarms]]",
                counted("org", "[[部门|Department]]", &from),
                vec![org_column("[[部门|Department]]")],
            ),
            Panel::table(
                "[[报警最多的事项|Items with most alarms]]",
                counted("item", "[[职权事项|Item]]", &from),
                vec![item_column("[[职权事项|Item]]")],
            ),
        ],
    };
    Board {
        name: "bureau-overview",
        title: "[[獬豸 · 监察总览|Xiezhi · Overview]]",
        about: "[[全局态势:报警、办件、部门与事项|Alarms, cases, departments and items at a glance]]",
        since: "now-30d",
        refresh: "1m",
        variables: variables(),
        rows: vec![now, trend, most],
    }
}

fn ranked(name: &str, from: &str) -> String {
    format!(
        "SELECT {name} AS name, count() AS alarms {from} GROUP BY name ORDER BY alarms DESC, name LIMIT 20"
    )
}

/// A table of the first values of a column by their alarms.
fn counted(column: &str, title: &str, from: &str) -> String {
    format!(
        "SELECT {column} AS \"{title}\", countIf(light = 'red') AS \"[[红灯|Red]]\", \
         countIf(light = 'yellow') AS \"[[黄灯|Yellow]]\", uniqExact(case_id) AS \"[[办件|Cases]]\" {from} \
         GROUP BY {column} ORDER BY count() DESC, {column} LIMIT 20"
    )
}

fn list() -> Board {
    let from = alarms("raised_at");
    let (day, kind) = (day("raised_at"), named("kind", KINDS));
    let latest = format!(
        "SELECT raised_at AS \"[[报警时间|Raised]]\", light AS \"[[级别|Level]]\", kind AS \"[[监察点|Point]]\", \
         code AS \"[[情形|Code]]\", state AS \"[[状态|State]]\", org AS \"[[部门|Department]]\", item AS \"[[职权事项|Item]]\", \
         case_id AS \"[[办件|Case]]\", finding_id AS \"[[报警编号|Alarm]]\", \
         explanation_[[zh|en]] AS \"[[说明|Explanation]]\" {from} ORDER BY raised_at DESC, finding_id LIMIT {LISTED}"
    );
    let standing = format!("FROM xiezhi.alarms WHERE state = 'raised' AND {PLACE} AND {LIGHT}");
    let late = format!(
        "SELECT due AS \"[[应办结时间|Due]]\", dateDiff('hour', due, now()) AS \"[[已超时|Late by]]\", \
         org AS \"[[部门|Department]]\", item AS \"[[职权事项|Item]]\", case_id AS \"[[办件|Case]]\", step AS \"[[环节|Step]]\", \
         finding_id AS \"[[报警编号|Alarm]]\" {standing} AND code = 'overdue' AND isNull(late_by_ms) \
         ORDER BY due, finding_id LIMIT {LISTED}"
    );
    let soon = format!(
        "SELECT due AS \"[[应办结时间|Due]]\", dateDiff('hour', now(), due) AS \"[[尚余|Left]]\", \
         org AS \"[[部门|Department]]\", item AS \"[[职权事项|Item]]\", case_id AS \"[[办件|Case]]\", step AS \"[[环节|Step]]\", \
         finding_id AS \"[[报警编号|Alarm]]\" {standing} AND code = 'due_soon' ORDER BY due, finding_id LIMIT {LISTED}"
    );
    let places = || {
        vec![
            org_column("[[部门|Department]]"),
            item_column("[[职权事项|Item]]"),
            case_column("[[办件|Case]]"),
            alarm_column("[[报警编号|Alarm]]"),
        ]
    };
    let mut columns = places();
    columns.extend([
        Column::new("[[级别|Level]]").wide(70).named(LIGHTS),
        Column::new("[[监察点|Point]]").wide(130).named(KINDS),
        Column::new("[[情形|Code]]").wide(140).named(CODES),
        Column::new("[[状态|State]]").wide(80).named(STATES),
    ]);
    let mut lateness = places();
    lateness.push(Column::new("[[已超时|Late by]]").unit("h"));
    let mut remaining = places();
    remaining.push(Column::new("[[尚余|Left]]").unit("h"));
    Board {
        name: "bureau-alarms",
        title: "[[獬豸 · 报警|Xiezhi · Alarms]]",
        about: "[[逐条报警,可追溯到办件|Alarm by alarm, down to the case]]",
        since: "now-30d",
        refresh: "1m",
        variables: variables(),
        rows: vec![
            Row {
                title: "[[所选时间内的报警|Alarms of the chosen time]]",
                panels: vec![
                    Panel::bars(
                        "[[每日报警,按监察点|Alarms a day by point]]",
                        format!(
                            "SELECT {day} AS time, {kind} AS series, count() AS alarms {from} GROUP BY time, series ORDER BY time"
                        ),
                    ),
                    Panel::table(
                        "[[按情形|By code]]",
                        counted("code", "[[情形|Code]]", &from),
                        vec![Column::new("[[情形|Code]]").named(CODES)],
                    )
                    .size(12, 8),
                    Panel::table("[[最新报警|Latest alarms]]", latest, columns).size(24, 12),
                ],
            },
            Row {
                title: "[[目前(与所选时间无关)|Now, whatever the chosen time]]",
                panels: vec![
                    Panel::table(
                        "[[超期未办,最久的在前|Overdue and not done, the longest first]]",
                        late,
                        lateness,
                    ),
                    Panel::table("[[即将到期|Due soon]]", soon, remaining),
                ],
            },
        ],
    }
}

fn departments() -> Board {
    let from = alarms("raised_at");
    let (day, kinds) = (day("raised_at"), pivot());
    let sheet = format!(
        "SELECT c.org AS \"[[部门|Department]]\", c.accepted AS \"[[受理|Accepted]]\", c.closed AS \"[[办结|Closed]]\", \
         c.open AS \"[[在办|Open]]\", a.red AS \"[[红灯|Red]]\", a.yellow AS \"[[黄灯|Yellow]]\", \
         round(100 * a.cases / nullIf(c.accepted, 0), 1) AS \"[[百件报警办件|Cases with alarms per 100]]\", \
         c.last AS \"[[最近事件|Last event]]\" FROM \
         (SELECT org, countIf($__timeFilter(accepted_at)) AS accepted, countIf($__timeFilter(closed_at)) AS closed, \
         countIf(isNull(closed_at) AND isNull(withdrawn_at)) AS open, max(last_event_at) AS last \
         FROM xiezhi.cases WHERE isNotNull(accepted_at) AND {PLACE} GROUP BY org) AS c LEFT JOIN \
         (SELECT org, countIf(light = 'red') AS red, countIf(light = 'yellow') AS yellow, uniqExact(case_id) AS cases \
         {from} GROUP BY org) AS a ON a.org = c.org ORDER BY a.red DESC, c.org"
    );
    let pace = format!(
        "SELECT org AS \"[[部门|Department]]\", count() AS \"[[办结|Closed]]\", \
         quantile(0.5)(dateDiff('minute', accepted_at, closed_at)) AS \"[[中位数|Median]]\", \
         quantile(0.9)(dateDiff('minute', accepted_at, closed_at)) AS \"[[九成以内|90 of 100 within]]\" \
         FROM xiezhi.cases WHERE isNotNull(accepted_at) AND $__timeFilter(closed_at) AND {PLACE} GROUP BY org ORDER BY org"
    );
    Board {
        name: "bureau-departments",
        title: "[[獬豸 · 部门|Xiezhi · Departments]]",
        about: "[[各部门的办件与报警;办件量相近的部门之间才宜比较|Cases and alarms of each department; compare those of like size]]",
        since: "now-30d",
        refresh: "5m",
        variables: variables(),
        rows: vec![
            Row {
                title: "[[部门一览|The departments]]",
                panels: vec![
                    Panel::table("[[办件与报警|Cases and alarms]]", sheet, vec![org_column("[[部门|Department]]")])
                        .about("[[在办为目前数,其余为所选时间内|Open is as of now, the rest of the chosen time]]")
                        .size(24, 11),
                    Panel::table(
                        "[[按监察点类型|By supervision point]]",
                        format!("SELECT org AS \"[[部门|Department]]\", {kinds} {from} GROUP BY org ORDER BY count() DESC, org LIMIT 100"),
                        vec![org_column("[[部门|Department]]")],
                    )
                    .size(24, 10),
                ],
            },
            Row {
                title: "[[随时间|Over time]]",
                panels: vec![
                    Panel::bars(
                        "[[报警最多的十个部门,每日|The ten departments with most alarms, by day]]",
                        format!(
                            "SELECT {day} AS time, org AS series, count() AS alarms {from} AND org IN \
                             (SELECT org {from} GROUP BY org ORDER BY count() DESC, org LIMIT 10) \
                             GROUP BY time, series ORDER BY time"
                        ),
                    )
                    .size(12, 10),
                    Panel::table(
                        "[[从受理到办结|From acceptance to closing]]",
                        pace,
                        vec![
                            org_column("[[部门|Department]]"),
                            Column::new("[[中位数|Median]]").unit("m"),
                            Column::new("[[九成以内|90 of 100 within]]").unit("m"),
                        ],
                    )
                    .size(12, 10),
                ],
            },
        ],
    }
}

fn pivot() -> String {
    let column = |(kind, name): &(&str, &str)| format!("countIf(kind = '{kind}') AS \"{name}\"");
    KINDS.iter().map(column).collect::<Vec<_>>().join(", ")
}
