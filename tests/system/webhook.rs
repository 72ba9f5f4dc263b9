//! The other end of a web hook: one request of a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

pub(crate) struct Request {
    pub(crate) path: String,
    /// `Idempotency-Key`; empty without one.
    pub(crate) key: String,
    pub(crate) body: Value,
    stream: TcpStream,
}

impl Request {
    /// `None`: it was cut off, or is no JSON.
    pub(crate) fn read(stream: TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let path = line.split(' ').nth(1)?.to_owned();
        let (mut length, mut key) = (0, String::new());
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            if line.trim().is_empty() {
                break;
            }
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().ok()?;
                }
                Some((name, value)) if name.eq_ignore_ascii_case("idempotency-key") => {
                    value.trim().clone_into(&mut key);
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self { path, key, body: serde_json::from_slice(&body).ok()?, stream: reader.into_inner() })
    }

    /// Answers and closes. Who has gone meanwhile has no answer.
    pub(crate) fn answer(mut self, status: &str) {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        self.stream.write_all(answer.as_bytes()).ok();
    }
}
