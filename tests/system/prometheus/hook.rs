//! A web hook: it keeps what Alertmanager tells it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

type Told = BTreeMap<String, Value>;

pub(super) struct Hook {
    pub(super) address: String,
    told: Arc<Mutex<Told>>,
}

impl Hook {
    /// It listens for as long as the test runs.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address").to_string();
        let told = Arc::new(Mutex::new(Told::new()));
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if let Some((path, body)) = take(stream) {
                    keep(&kept, &path, &body);
                }
            }
        });
        Self { address, told }
    }

    /// By alert: its labels, annotations, and the path that it came to.
    pub(super) fn told(&self) -> Told {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn keep(told: &Mutex<Told>, path: &str, body: &Value) {
    for alert in body["alerts"].as_array().into_iter().flatten() {
        let name = alert["labels"]["alertname"].as_str().unwrap_or_default().to_owned();
        let said = json!({"path": path, "labels": alert["labels"], "annotations": alert["annotations"]});
        told.lock().unwrap_or_else(PoisonError::into_inner).insert(name, said);
    }
}

/// One request, answered and closed: its path and its JSON.
fn take(stream: TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    reader.get_mut().write_all(answer).ok()?;
    Some((path, serde_json::from_slice(&body).ok()?))
}
