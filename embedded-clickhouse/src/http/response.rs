//! Responses as a server writes them: status, `X-ClickHouse-…` headers, body.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::exception::Exception;
use crate::exec::{Answer, Head};
use crate::ffi::Stats;

pub(super) enum Outcome {
    Greeting,
    Answer(Box<Answer>),
}

pub(super) fn plain(status: StatusCode, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    set(&mut response, "content-type", "text/plain; charset=UTF-8");
    response
}

pub(super) fn build(version: &str, query_id: &str, outcome: Result<Outcome, Exception>) -> Response {
    let mut response = match outcome {
        Ok(Outcome::Greeting) => return plain(StatusCode::OK, "Ok.\n"),
        Ok(Outcome::Answer(answer)) => rows(*answer),
        Err(exception) => {
            let mut response = plain(exception.status(), exception.body(version));
            set(&mut response, "x-clickhouse-exception-code", &exception.code.to_string());
            response
        }
    };
    set(&mut response, "x-clickhouse-query-id", query_id);
    set(&mut response, "x-clickhouse-server-display-name", "embedded");
    set(&mut response, "x-clickhouse-timezone", "UTC");
    response
}

/// The killer travels with the body: when the client goes, the body is dropped, and the statement ends.
fn rows(answer: Answer) -> Response {
    let Answer { head, pieces, killer } = answer;
    let pieces = ReceiverStream::new(pieces).map(move |piece| {
        let _held = &killer;
        Ok::<_, std::io::Error>(piece)
    });
    let mut response = Response::new(Body::from_stream(pieces));
    write_head(&mut response, &head);
    response
}

fn write_head(response: &mut Response, head: &Head) {
    let format = head.format.as_deref();
    set(response, header::CONTENT_TYPE.as_str(), content_type(format.unwrap_or_default()));
    if let Some(format) = format {
        set(response, "x-clickhouse-format", format);
    }
    if let Some(tag) = &head.tag {
        set(response, "x-clickhouse-exception-tag", tag);
    }
    if let Some(stats) = &head.stats {
        set(response, "x-clickhouse-summary", &summary(stats));
    }
}

/// Leaves out what cannot be a header's value, such as a format's name in another script.
fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn content_type(format: &str) -> &'static str {
    let format = format.to_ascii_lowercase();
    let is_lines = format.contains("eachrow") || format == "jsonlines" || format == "ndjson";
    match format.as_str() {
        json if json.starts_with("json") && !is_lines => "application/json; charset=UTF-8",
        _ if is_lines => "application/x-ndjson; charset=UTF-8",
        csv if csv.starts_with("csvwithnames") => "text/csv; charset=UTF-8; header=present",
        csv if csv.starts_with("csv") => "text/csv; charset=UTF-8; header=absent",
        "native" | "parquet" => "application/octet-stream",
        binary if binary.starts_with("rowbinary") || binary.starts_with("arrow") => {
            "application/octet-stream"
        }
        _ => "text/tab-separated-values; charset=UTF-8",
    }
}

/// A server counts what an insert wrote as read and as result, too.
fn summary(stats: &Stats) -> String {
    let (rows, bytes) = match stats.written_rows {
        0 => (stats.result_rows, stats.result_bytes),
        written => (written, stats.written_bytes),
    };
    format!(
        "{{\"read_rows\":\"{}\",\"read_bytes\":\"{}\",\"written_rows\":\"{}\",\"written_bytes\":\"{}\",\
         \"total_rows_to_read\":\"0\",\"result_rows\":\"{rows}\",\"result_bytes\":\"{bytes}\",\"elapsed_ns\":\"{}\"}}",
        stats.read_rows.max(stats.written_rows),
        stats.read_bytes.max(stats.written_bytes),
        stats.written_rows,
        stats.written_bytes,
        (stats.elapsed_seconds * 1e9) as u64,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_follow_the_format() {
        for (format, expected) in [
            ("JSON", "application/json; charset=UTF-8"),
            ("JSONEachRow", "application/x-ndjson; charset=UTF-8"),
            ("CSV", "text/csv; charset=UTF-8; header=absent"),
            ("CSVWithNames", "text/csv; charset=UTF-8; header=present"),
            ("RowBinary", "application/octet-stream"),
            ("TabSeparated", "text/tab-separated-values; charset=UTF-8"),
        ] {
            assert_eq!(content_type(format), expected, "{format}");
        }
    }

    #[test]
    fn an_insert_is_summed_up_by_what_it_wrote() {
        let stats = Stats { written_rows: 3, written_bytes: 30, ..Stats::default() };
        let summary = summary(&stats);
        for part in ["\"written_rows\":\"3\"", "\"result_rows\":\"3\"", "\"read_bytes\":\"30\""] {
            assert!(summary.contains(part), "{summary}");
        }
    }

    #[test]
    fn an_exception_has_its_number_in_a_header() {
        let exception = Exception::from_engine("Code: 60. DB::Exception: no table");
        let response = build("26.7", "id", Err(exception));
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers()["x-clickhouse-exception-code"], "60");
        assert_eq!(response.headers()["x-clickhouse-query-id"], "id");
    }
}
