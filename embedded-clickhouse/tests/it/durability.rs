//! What was acknowledged is there, what was not is there whole or not at all.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::{Gateway, Scratch, shared_with, wait_until};

const BATCH: u64 = 100;

#[test]
fn kill_9_loses_no_acknowledged_row() {
    let data = Scratch::new();
    let acknowledged = AtomicU64::new(0);
    for round in 0..3 {
        let mut gateway = Gateway::start(data.path(), &[]);
        gateway.sql(
            "CREATE TABLE IF NOT EXISTS t (batch UInt64, n UInt64) ENGINE = MergeTree ORDER BY (batch, n)",
        );
        std::thread::scope(|scope| {
            for writer in 0..2 {
                let (url, acknowledged) = (gateway.url.clone(), &acknowledged);
                scope.spawn(move || write_until_it_dies(&url, round * 2 + writer, acknowledged));
            }
            while acknowledged.load(Ordering::Acquire) < (round + 1) * 20 {
                std::thread::yield_now();
            }
            gateway.child.kill().expect("killed");
        });
    }
    let gateway = Gateway::start(data.path(), &[]);
    let partial = "SELECT count() FROM (SELECT batch FROM t GROUP BY batch HAVING count() != 100)";
    assert_eq!(gateway.sql(partial), "0\n");
    let batches: u64 = gateway.sql("SELECT uniqExact(batch) FROM t").trim().parse().expect("a count");
    let known = acknowledged.load(Ordering::Acquire);
    // Each of two writers may have had one batch in flight at each of three kills.
    assert!((known..=known + 6).contains(&batches), "{batches} batches for {known} acknowledgements");
}

fn write_until_it_dies(url: &str, writer: u64, acknowledged: &AtomicU64) {
    let address = url.strip_prefix("http://").expect("a URL");
    for number in 0.. {
        let batch = writer * 1_000_000 + number;
        let rows: String = (0..BATCH).map(|n| format!("{batch}\t{n}\n")).collect();
        let body = format!("INSERT INTO t FORMAT TSV\n{rows}");
        match post(address, &body) {
            Some(answer) if answer.starts_with("HTTP/1.1 200") => acknowledged.fetch_add(1, Ordering::AcqRel),
            Some(answer) => panic!("refused: {answer}"),
            None => return,
        };
    }
}

/// `None` when the server is gone.
fn post(address: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head =
        format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer).filter(|answer| !answer.is_empty())
}

#[test]
fn a_body_that_breaks_off_inserts_nothing() {
    let gateway = shared_with("truncated");
    gateway.sql("CREATE TABLE truncated.t (n UInt64) ENGINE = MergeTree ORDER BY n");
    let address = gateway.url.strip_prefix("http://").expect("a URL");
    let rows: String = (0..1000).map(|n| format!("{n}\n")).collect();
    let statement = "INSERT INTO truncated.t FORMAT TSV\n";
    let short = format!("Content-Length: 1000000\r\n\r\n{statement}{rows}");
    let chunk = format!("{:x}\r\n{statement}{rows}\r\n", statement.len() + rows.len());
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{chunk}");
    let open = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO truncated.t%'";
    for rest in [short, chunked] {
        let mut stream = TcpStream::connect(address).expect("connected");
        write!(stream, "POST / HTTP/1.1\r\nHost: x\r\n{rest}").expect("sent");
        wait_until("the insert to open", || gateway.sql(open) != "0\n");
        stream.shutdown(Shutdown::Write).expect("cut off");
        // Returns once the server has given the request up.
        drop(stream.read_to_end(&mut Vec::new()));
        wait_until("the insert to end", || gateway.sql(open) == "0\n");
    }
    assert_eq!(gateway.sql("SELECT count() FROM truncated.t"), "0\n");
}
