//! For operators: how far the pipeline is, and what it could not take.

use super::board::{Board, Row, Variable};
use super::bureau;
use super::panel::{Column, Panel};

pub(super) fn boards() -> Vec<Board> {
    vec![pipeline(), data()]
}

fn pipeline() -> Board {
    Board {
        name: "operators-pipeline",
        title: "[[獬豸 · 流水线|Xiezhi · Pipeline]]",
        about: "[[是否完整、落后多少、哪里受阻;指标见 docs/operations.md|Whether all is complete, how far behind, and where it is held up: docs/operations.md]]",
        since: "now-3h",
        refresh: "10s",
        variables: Vec::new(),
        rows: vec![standing(), flow(), delays(), trouble(), partitions()],
    }
}

fn standing() -> Row {
    Row {
        title: "[[现状|Now]]",
        panels: vec![
            Panel::metric("[[最久未入库|Oldest not stored]]", "max(xiezhi_sink_oldest_unstored_seconds)")
                .unit("s")
                .limits(10.0, 60.0)
                .about("[[尚未处理并入库的最早记录有多旧|Age of the oldest record that is not processed and stored]]"),
            Panel::metric("[[不完整的分区|Incomplete partitions]]", "count(xiezhi_sink_complete) - sum(xiezhi_sink_complete)")
                .limits(1.0, 1000.0),
            Panel::metric("[[停止的分区|Halted partitions]]", "sum(xiezhi_detect_halted) + sum(xiezhi_sink_halted)").limits(1.0, 1.0),
            Panel::metric("[[上次核对距今|Last look]]", "time() - max(xiezhi_sink_completeness_checked_timestamp_ms) / 1000")
                .unit("s")
                .limits(15.0, 60.0),
            Panel::metric("[[内存中的办件|Cases in memory]]", "sum(xiezhi_detect_cases)"),
            Panel::metric("[[其占用|They take]]", "sum(xiezhi_detect_state_bytes)").unit("bytes"),
        ],
    }
}

fn flow() -> Row {
    Row {
        title: "[[流量,每秒|Flow a second]]",
        panels: vec![
            Panel::metrics(
                "[[接收|Ingest]]",
                &[("sum by (outcome) (rate(xiezhi_ingest_records_total[$__rate_interval]))", "{{outcome}}")],
            ),
            Panel::metrics(
                "[[监察|Detection]]",
                &[
                    ("sum(rate(xiezhi_detect_records_total[$__rate_interval]))", "[[事件|events]]"),
                    (
                        "sum(rate(xiezhi_detect_findings_total[$__rate_interval]))",
                        "[[监察结论变更（含试运行）|revisions, shadow ones too]]",
                    ),
                    ("sum(rate(xiezhi_detect_entries_total[$__rate_interval]))", "[[账目|entries]]"),
                ],
            ),
            Panel::metrics(
                "[[入库|Sink]]",
                &[("sum by (table) (rate(xiezhi_sink_rows_total[$__rate_interval]))", "{{table}}")],
            ),
        ],
    }
}

fn delays() -> Row {
    let stored = "histogram_quantile(0.99, sum by (le, topic) (rate(xiezhi_sink_record_stored_seconds_bucket[$__rate_interval])))";
    let insert = "histogram_quantile(0.99, sum by (le, table) (rate(xiezhi_sink_insert_seconds_bucket[$__rate_interval])))";
    let answer = "histogram_quantile(0.95, sum by (le, route) (rate(xiezhi_api_request_seconds_bucket[$__rate_interval])))";
    Row {
        title: "[[延迟|Delays]]",
        panels: vec![
            Panel::metrics(
                "[[最久未入库,按分区|Oldest not stored by partition]]",
                &[("max by (partition) (xiezhi_sink_oldest_unstored_seconds)", "{{partition}}")],
            )
            .unit("s"),
            Panel::metrics("[[从发布到入库,99 %|From Kafka to ClickHouse, 99 %]]", &[(stored, "{{topic}}")])
                .unit("s"),
            Panel::metrics("[[写入,99 %|Inserts, 99 %]]", &[(insert, "{{table}}")]).unit("s"),
            Panel::metrics(
                "[[未入库的记录|Records not stored]]",
                &[("sum by (topic) (xiezhi_sink_lag_records)", "{{topic}}")],
            ),
            Panel::metrics(
                "[[接收延迟|Ingest lag]]",
                &[("max(xiezhi_ingest_lag_seconds)", "[[最近所读记录的年龄|age of the record read last]]")],
            )
            .unit("s"),
            Panel::metrics("[[接口应答,95 %|API answers, 95 %]]", &[(answer, "{{route}}")]).unit("s"),
        ],
    }
}

fn trouble() -> Row {
    Row {
        title: "[[异常|Trouble]]",
        panels: vec![
            Panel::metrics(
                "[[拒收,按原因|Rejected by reason]]",
                &[(
                    "sum by (reason) (increase(xiezhi_ingest_rejected_total[$__rate_interval]))",
                    "{{reason}}",
                )],
            ),
            Panel::metrics(
                "[[易手与故障|Takeovers and failures]]",
                &[
                    (
                        "sum(increase(xiezhi_detect_acquisitions_total[$__rate_interval]))",
                        "[[接管|acquired]]",
                    ),
                    ("sum(increase(xiezhi_detect_losses_total[$__rate_interval]))", "[[失去|lost]]"),
                    ("sum(increase(xiezhi_detect_failures_total[$__rate_interval]))", "[[失败|failed]]"),
                ],
            ),
            Panel::metrics(
                "[[接收受阻|Ingest held up]]",
                &[
                    (
                        "sum(rate(xiezhi_ingest_throttled_seconds_total[$__rate_interval]))",
                        "[[限流|throttled]]",
                    ),
                    (
                        "sum(rate(xiezhi_ingest_commit_errors_total[$__rate_interval]))",
                        "[[提交失败|commit errors]]",
                    ),
                    (
                        "sum(rate(xiezhi_ingest_client_errors_total[$__rate_interval]))",
                        "[[客户端错误|client errors]]",
                    ),
                ],
            ),
        ],
    }
}

/// What ClickHouse itself says: it does not need Prometheus.
fn partitions() -> Row {
    let complete = "SELECT `partition` AS \"[[分区|Partition]]\", published_to AS \"[[已发布至|Published to]]\", \
        processed_to AS \"[[已处理至|Processed to]]\", stored_to AS \"[[已入库至|Stored to]]\", ledger_lag AS \"[[账目落后|Ledger lag]]\", \
        oldest_age_ms AS \"[[最久未入库|Oldest not stored]]\", if(halted, '[[停止|halted]]', if(complete = 1, '[[完整|complete]]', \
        '[[不完整|incomplete]]')) AS \"[[状态|State]]\", checked_at AS \"[[核对时间|Checked]]\" FROM xiezhi.completeness \
        ORDER BY complete, `partition`";
    let progress = "SELECT `partition` AS \"[[分区|Partition]]\", last_seq AS \"[[账目号|Entry]]\", `to` AS \"[[事件至|Events to]]\", \
        `now` AS \"[[逻辑时钟|Clock]]\", stored_at AS \"[[入库时间|Stored]]\", hash AS \"[[链上摘要|Hash]]\" FROM xiezhi.ledger_progress \
        ORDER BY `partition`";
    Row {
        title: "[[分区(ClickHouse 所述)|Partitions, as ClickHouse says]]",
        panels: vec![
            Panel::table(
                "[[完整性|Completeness]]",
                complete.to_owned(),
                vec![Column::new("[[最久未入库|Oldest not stored]]").unit("ms")],
            ),
            Panel::table("[[账目进度|Progress of the ledger]]", progress.to_owned(), Vec::new()),
        ],
    }
}

fn data() -> Board {
    let orgs = "SELECT DISTINCT org AS value FROM xiezhi.dead_letters WHERE org != '' ORDER BY value";
    let letters = "FROM xiezhi.dead_letters WHERE $__timeFilter(record_time) AND $__conditionalAll(org IN (${org:singlequote}), $org)";
    let latest = format!(
        "SELECT record_time AS \"[[时间|Time]]\", reason AS \"[[原因|Reason]]\", sentence AS \"[[说明|Explanation]]\", org AS \"[[部门|Department]]\", \
         concat(topic, '/', toString(`partition`), '/', toString(`offset`)) AS \"[[位置|Place]]\" {letters} ORDER BY record_time DESC LIMIT 200"
    );
    let by_org = format!(
        "SELECT org AS \"[[部门|Department]]\", reason AS \"[[原因|Reason]]\", count() AS \"[[条数|Letters]]\", \
         max(record_time) AS \"[[最近|Latest]]\" {letters} GROUP BY org, reason ORDER BY count() DESC, org, reason LIMIT 200"
    );
    let published = "SELECT $__timeInterval(e.stored_at) AS time, e.source AS series, count() AS events FROM xiezhi.case_events AS e \
        WHERE $__timeFilter(e.stored_at) GROUP BY time, series ORDER BY time";
    let last = "SELECT e.source AS \"[[数据来源|Source]]\", count() AS \"[[事件|Events]]\", max(e.stored_at) AS \"[[最近入库|Last stored]]\", \
        max(e.time) AS \"[[最近事件时间|Latest event time]]\" FROM xiezhi.case_events AS e GROUP BY e.source ORDER BY max(e.stored_at), e.source";
    let incidents = "SELECT at AS \"[[时间|Time]]\", kind AS \"[[种类|Kind]]\", if(halts, '[[是|yes]]', '[[否|no]]') AS \"[[是否停止|Halts]]\", \
        topic AS \"[[主题|Topic]]\", `partition` AS \"[[分区|Partition]]\", `from` AS \"[[自|From]]\", `to` AS \"[[至|To]]\", \
        explanation_[[zh|en]] AS \"[[说明|Explanation]]\" FROM xiezhi.incidents WHERE $__timeFilter(at) ORDER BY at DESC LIMIT 200";
    let silent = "SELECT case_id AS \"[[数据来源|Source]]\", violated_at AS \"[[自|Since]]\", explanation_[[zh|en]] AS \"[[说明|Explanation]]\" \
        FROM xiezhi.alarms WHERE code = 'source_silent' AND state = 'raised' ORDER BY violated_at";
    Board {
        name: "operators-data",
        title: "[[獬豸 · 数据接收|Xiezhi · Data received]]",
        about: "[[死信、事件告警与数据来源|Dead letters, incidents and sources]]",
        since: "now-24h",
        refresh: "1m",
        variables: vec![Variable::query("org", "[[部门|Department]]", orgs)],
        rows: vec![
            Row {
                title: "[[死信|Dead letters]]",
                panels: vec![
                    Panel::bars(
                        "[[死信,按原因|Dead letters by reason]]",
                        format!(
                            "SELECT $__timeInterval(record_time) AS time, toString(reason) AS series, count() AS letters {letters} GROUP BY time, series ORDER BY time"
                        ),
                    ),
                    Panel::table(
                        "[[按部门与原因|By department and reason]]",
                        by_org,
                        vec![bureau::org_column("[[部门|Department]]")],
                    )
                    .size(12, 8),
                    Panel::table(
                        "[[最新死信|Latest dead letters]]",
                        latest,
                        vec![Column::new("[[部门|Department]]").wide(190)],
                    )
                    .size(24, 9),
                ],
            },
            Row {
                title: "[[事件告警|Incidents]]",
                panels: vec![
                    Panel::table(
                        "[[事件告警一览|Incidents of the chosen time]]",
                        incidents.to_owned(),
                        Vec::new(),
                    )
                    .about("[[须由运维处理;见 docs/operations.md|For an operator: docs/operations.md]]")
                    .size(24, 8),
                ],
            },
            Row {
                title: "[[数据来源|Sources]]",
                panels: vec![
                    Panel::bars("[[入库事件,按来源|Events stored by source]]", published.to_owned()),
                    Panel::table(
                        "[[各来源的最近消息|Last word of each source]]",
                        last.to_owned(),
                        Vec::new(),
                    )
                    .size(12, 8),
                    Panel::table("[[中断的来源|Silent sources]]", silent.to_owned(), Vec::new()).size(24, 6),
                ],
            },
        ],
    }
}
