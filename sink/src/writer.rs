//! The ClickHouse side: puts rows in and does not come back before they are known to be there.
//!
//! Every class of error is retried for ever, authentication, a full disk and an unknown table included: they are
//! outages, not reasons to drop. Only an error that speaks of the rows themselves, and repeats, leads to a search for
//! the culprits, which are then kept as dead letters.

use std::ops::Range;
use std::time::{Duration, Instant};

use clickhouse::error::Error as ClickHouseError;
use clickhouse::{Client, RowOwned, RowWrite};

use crate::bisect::Bisect;
use crate::config::{Form, SinkConfig};
use crate::kind::Kind;
use crate::metrics::TopicMetrics;
use crate::progress::Token;
use crate::retry::{Backoff, Stop, Stopped};
use crate::row::{DeadLetterRow, Refusable, Rows};

/// Set for each insert, because their defaults changed between versions of ClickHouse. All exist in 26.2 and later.
const SETTINGS: [(&str, &str); 9] = [
    ("async_insert", "0"),
    ("insert_deduplicate", "1"),
    ("deduplicate_insert", "enable"),
    ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    // A batch is one block, and with it one atomic part.
    ("max_insert_block_size", "1048449"),
    ("min_insert_block_size_rows", "1048449"),
    ("min_insert_block_size_bytes", "1073741824"),
    ("max_insert_threads", "1"),
    ("input_format_parallel_parsing", "0"),
];

/// Errors that blame the data: 6 CANNOT_PARSE_TEXT, 27 CANNOT_PARSE_INPUT, 69 ARGUMENT_OUT_OF_BOUND, 117 INCORRECT_DATA,
/// 131 TOO_LARGE_STRING_SIZE, 190 SIZES_OF_ARRAYS_DONT_MATCH, 321 VALUE_IS_OUT_OF_RANGE, 469 VIOLATED_CONSTRAINT.
const DATA_ERRORS: [u32; 8] = [6, 27, 69, 117, 131, 190, 321, 469];

/// So many times must one range be refused in a row before it is believed.
const REFUSALS: u32 = 3;

pub(crate) struct Writer {
    client: Client,
    timeout: Duration,
    quorum: bool,
    backoff: Backoff,
    stop: Stop,
    metrics: TopicMetrics,
    kind: Kind,
}

/// What became of one range of rows.
enum Verdict {
    Stored,
    Refused(String),
}

impl Writer {
    pub(crate) fn new(config: &SinkConfig, kind: Kind, stop: Stop, metrics: TopicMetrics) -> Self {
        Self {
            client: config.client(),
            timeout: Duration::from_millis(config.insert_timeout_ms.max(1)),
            quorum: matches!(config.form, Form::Replicated { .. }),
            backoff: Backoff::new(config.retry_min_ms, config.retry_max_ms, config.seed ^ kind as u64),
            stop,
            metrics,
            kind,
        }
    }

    /// Stores a batch. Progress comes last: it says that all before it is there.
    pub(crate) async fn store(&self, rows: &Rows, token: Token) -> Result<(), Stopped> {
        let token = format!("{}/{token}", self.kind.name());
        self.put_all("dead_letters_log", &rows.dead_letters, &token).await?;
        self.put_or_reject("case_events_log", &rows.case_events, &token).await?;
        self.put_all("case_events_progress_log", &rows.events_progress, &token).await?;
        tokio::try_join!(
            self.put_or_reject("findings_log", &rows.findings, &token),
            self.put_or_reject("alarms_current", &rows.alarms, &token),
        )?;
        self.put_all("ledger_progress_log", &rows.progress, &token).await
    }

    /// Stores the rows, and as dead letters those that ClickHouse refuses.
    async fn put_or_reject<R>(&self, table: &'static str, rows: &[R], token: &str) -> Result<(), Stopped>
    where
        R: RowOwned + RowWrite + Refusable,
    {
        let mut plan = Bisect::new(rows.len());
        let mut letters: Vec<DeadLetterRow> = Vec::new();
        while let Some(range) = plan.next() {
            let token = part_of(token, &range, rows.len());
            if let Verdict::Refused(sentence) =
                self.put(table, &rows[range.clone()], &token, REFUSALS).await?
            {
                tracing::warn!(table, rows = range.len(), sentence, "ClickHouse refuses rows");
                letters.extend(plan.refused(range).map(|row| letter(&rows[row], row, sentence)));
            }
        }
        self.metrics.rejected().inc_by(letters.len() as u64);
        self.put_all("dead_letters_log", &letters, &format!("{token}/{table}")).await
    }

    async fn put_all<R: RowOwned + RowWrite>(
        &self,
        table: &'static str,
        rows: &[R],
        token: &str,
    ) -> Result<(), Stopped> {
        if rows.is_empty() {
            return Ok(());
        }
        self.put(table, rows, token, u32::MAX).await.map(|_| ())
    }

    /// Tries until the rows are stored, or were refused for what they are so many times.
    async fn put<R: RowOwned + RowWrite>(
        &self,
        table: &'static str,
        rows: &[R],
        token: &str,
        refusals: u32,
    ) -> Result<Verdict, Stopped> {
        let mut backoff = self.backoff.clone();
        let mut refused = 0;
        loop {
            let began = Instant::now();
            let error = tokio::select! {
                stopped = self.stop.given() => return Err(stopped),
                outcome = self.attempt(table, rows, token) => match outcome {
                    Ok(()) => {
                        self.metrics.recovered(table);
                        self.metrics.rows(table).inc_by(rows.len() as u64);
                        self.metrics.insert_seconds(table).observe(began.elapsed().as_secs_f64());
                        return Ok(Verdict::Stored);
                    }
                    Err(error) => error,
                },
            };
            self.metrics.failed(table);
            let code = code(&error);
            tracing::warn!(table, rows = rows.len(), code, error = %error, "an insert failed and is repeated");
            refused = if code.is_some_and(|c| DATA_ERRORS.contains(&c)) { refused + 1 } else { 0 };
            if refused >= refusals {
                return Ok(Verdict::Refused(error.to_string()));
            }
            // A schema change makes the cached column list wrong; another failure does not make it right.
            self.client.clear_cached_metadata().await;
            self.stop.pause(backoff.next()).await?;
        }
    }

    async fn attempt<R: RowOwned + RowWrite>(
        &self,
        table: &str,
        rows: &[R],
        token: &str,
    ) -> Result<(), ClickHouseError> {
        let whole = async {
            let mut insert = self.client.insert::<R>(table).await?;
            for (name, value) in SETTINGS {
                insert = insert.with_setting(name, value);
            }
            if self.quorum {
                insert = insert.with_setting("insert_quorum", "auto");
            }
            let timeout = Some(self.timeout);
            let mut insert =
                insert.with_setting("insert_deduplication_token", token).with_timeouts(timeout, timeout);
            for row in rows {
                insert.write(row).await?;
            }
            insert.end().await
        };
        tokio::time::timeout(self.timeout * 2, whole).await.map_err(|_| ClickHouseError::TimedOut)?
    }
}

/// The token of a part of the batch; the whole batch has the batch's own.
fn part_of(token: &str, range: &Range<usize>, rows: usize) -> String {
    if range.len() == rows { token.to_owned() } else { format!("{token}/{}-{}", range.start, range.end) }
}

fn letter(row: &impl Refusable, index: usize, sentence: String) -> DeadLetterRow {
    let part = u32::try_from(index).unwrap_or(u32::MAX);
    DeadLetterRow { part, ..row.refused(sentence) }
}

/// The number in `Code: 469. DB::Exception: …`.
fn code(error: &ClickHouseError) -> Option<u32> {
    let ClickHouseError::BadResponse(text) = error else { return None };
    let (_, rest) = text.split_once("Code: ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_an_error_is_read_from_its_text() {
        let bad = |text: &str| code(&ClickHouseError::BadResponse(text.to_owned()));
        assert_eq!(bad("Code: 469. DB::Exception: Constraint"), Some(469));
        assert_eq!(bad("<html>502</html>"), None);
        assert_eq!(code(&ClickHouseError::TimedOut), None);
    }

    #[test]
    fn a_part_of_a_batch_has_a_token_of_its_own() {
        assert_eq!(part_of("t", &(0..4), 4), "t");
        assert_eq!(part_of("t", &(0..2), 4), "t/0-2");
    }
}
