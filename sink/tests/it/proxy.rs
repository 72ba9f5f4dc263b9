//! Stands between the sink and ClickHouse and spoils it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Requests go through, replies to inserts do not come back.
    Mute,
    /// Connections are closed at once.
    Refuse,
}

pub(crate) struct Proxy {
    port: u16,
    mode: Arc<AtomicU8>,
}

impl Proxy {
    pub(crate) fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let mode = Arc::new(AtomicU8::new(Mode::Pass as u8));
        let (shared, upstream) = (mode.clone(), upstream.trim_start_matches("http://").to_owned());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.load(Ordering::Relaxed) == Mode::Refuse as u8 {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(&upstream) {
                    join(client, server, &shared);
                }
            }
        });
        Self { port, mode }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::Relaxed);
    }
}

/// Copies both ways, each on a thread.
fn join(client: TcpStream, server: TcpStream, mode: &Arc<AtomicU8>) {
    let (from, to) = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
    let insert = Arc::new(AtomicU8::new(0));
    let (asks, answers) = ((mode.clone(), insert.clone()), (mode.clone(), insert));
    thread::spawn(move || {
        copy(from, to, |bytes| {
            let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned();
            if head.starts_with("POST") {
                asks.1.store(u8::from(head.contains("insert_deduplication_token")), Ordering::Relaxed);
            }
            asks.0.load(Ordering::Relaxed) != Mode::Refuse as u8
        });
    });
    thread::spawn(move || {
        copy(server, client, |_| {
            let muted = answers.0.load(Ordering::Relaxed) == Mode::Mute as u8;
            !(muted && answers.1.load(Ordering::Relaxed) == 1)
        });
    });
}

/// Copies as long as `pass` says so; then keeps the line open and silent until the other side ends it.
fn copy(mut from: TcpStream, mut to: TcpStream, pass: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0 || (pass(&buffer[..count]) && to.write_all(&buffer[..count]).is_err()) {
            break;
        }
    }
    // The peer may have gone already.
    to.shutdown(Shutdown::Both).ok();
}
