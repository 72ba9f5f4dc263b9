//! The ClickHouse side: one attempt at an insert, and what came of it.
//!
//! Every class of error says that nothing is known, authentication, a full disk and an unknown table included: they are
//! outages, not reasons to drop. Only an error that speaks of the rows themselves is a refusal.

use std::ops::Range;
use std::time::{Duration, Instant};

use clickhouse::error::Error as ClickHouseError;
use clickhouse::{Client, RowOwned, RowWrite};
use tokio::runtime::Handle;

use crate::config::{Form, SinkConfig};
use crate::kind::Kind;
use crate::metrics::{Metrics, TopicMetrics};
use crate::retry::Stop;
use crate::row::Rows;
use crate::store::{Outcome, Store};

/// Set for each insert, because their defaults changed between versions of ClickHouse. All exist in 26.2 and later.
pub(crate) const SETTINGS: [(&str, &str); 12] = [
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
    // A view that fails fails the insert.
    ("materialized_views_ignore_errors", "0"),
    // The reply is sent when all is done, so that its status says how it went.
    ("http_wait_end_of_query", "1"),
    ("send_progress_in_http_headers", "0"),
];

/// Errors that blame the data: 6 CANNOT_PARSE_TEXT, 27 CANNOT_PARSE_INPUT, 69 ARGUMENT_OUT_OF_BOUND, 117 INCORRECT_DATA,
/// 131 TOO_LARGE_STRING_SIZE, 190 SIZES_OF_ARRAYS_DONT_MATCH, 321 VALUE_IS_OUT_OF_RANGE, 469 VIOLATED_CONSTRAINT.
const DATA_ERRORS: [u32; 8] = [6, 27, 69, 117, 131, 190, 321, 469];

pub(crate) struct Writer {
    client: Client,
    runtime: Handle,
    timeout: Duration,
    quorum: bool,
    stop: Stop,
    metrics: TopicMetrics,
}

impl Writer {
    pub(crate) fn new(
        config: &SinkConfig,
        kind: Kind,
        runtime: Handle,
        stop: Stop,
        metrics: &Metrics,
    ) -> Self {
        Self {
            client: config.client(),
            runtime,
            timeout: Duration::from_millis(config.insert_timeout_ms.max(1)),
            quorum: matches!(config.form, Form::Replicated { .. }),
            stop,
            metrics: metrics.of(kind),
        }
    }

    /// Tries once, or until the sink is to end.
    async fn put<R: RowOwned + RowWrite>(&self, table: &str, rows: &[R], token: &str) -> Outcome {
        let began = Instant::now();
        let outcome = tokio::select! {
            _stopped = self.stop.given() => return Outcome::Failed("the sink is to end".to_owned()),
            outcome = self.attempt(table, rows, token) => outcome,
        };
        match outcome {
            Ok(()) => {
                self.metrics.insert_seconds(table).observe(began.elapsed().as_secs_f64());
                Outcome::Stored
            }
            Err(error) => {
                // A schema change makes the cached column list wrong; another failure does not make it right.
                self.client.clear_cached_metadata().await;
                judge(&error)
            }
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

impl Store for Writer {
    fn insert(&mut self, rows: &Rows, range: Range<usize>, token: &str) -> Outcome {
        let table = rows.table();
        self.runtime.block_on(async {
            match rows {
                Rows::DeadLetters(rows) => self.put(table, &rows[range], token).await,
                Rows::CaseEvents(rows) => self.put(table, &rows[range], token).await,
                Rows::EventsProgress(rows) => self.put(table, &rows[range], token).await,
                Rows::Findings(rows) => self.put(table, &rows[range], token).await,
                Rows::Progress(rows) => self.put(table, &rows[range], token).await,
                Rows::Incidents(rows) => self.put(table, &rows[range], token).await,
                Rows::Standings(rows) => self.put(table, &rows[range], token).await,
            }
        })
    }
}

fn judge(error: &ClickHouseError) -> Outcome {
    let blames_rows = code(error).is_some_and(|code| DATA_ERRORS.contains(&code));
    if blames_rows { Outcome::Refused(error.to_string()) } else { Outcome::Failed(error.to_string()) }
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
}
