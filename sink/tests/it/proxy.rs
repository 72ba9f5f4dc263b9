//! Stands between the sink and ClickHouse and spoils it: its inserts, apart from those that come by the clock and say how
//! complete the store is.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Requests go through, replies to inserts do not come back.
    Mute,
    /// Connections are closed at once.
    Refuse,
    /// Requests go through, and this is what comes back for inserts; then the connection is closed.
    Answer(&'static str),
}

pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    mode: Mutex<Mode>,
    answers: AtomicUsize,
}

impl Proxy {
    pub(crate) fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared { mode: Mutex::new(Mode::Pass), answers: AtomicUsize::new(0) });
        let (ours, upstream) = (shared.clone(), upstream.trim_start_matches("http://").to_owned());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if ours.mode() == Mode::Refuse {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(&upstream) {
                    join(client, server, &ours);
                }
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.shared.mode.lock().expect("no panic") = mode;
    }

    /// How many inserts were given an answer that is not ClickHouse's.
    pub(crate) fn answers(&self) -> usize {
        self.shared.answers.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        *self.mode.lock().expect("no panic")
    }
}

/// What happens to bytes on their way.
enum Fate {
    Pass,
    Drop,
    Instead(&'static str),
}

/// Copies both ways, each on a thread.
fn join(client: TcpStream, server: TcpStream, shared: &Arc<Shared>) {
    let (from, to) = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
    let is_insert = Arc::new(AtomicBool::new(false));
    let (asks, answers) = ((shared.clone(), is_insert.clone()), (shared.clone(), is_insert));
    thread::spawn(move || {
        copy(from, to, |bytes| {
            let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned();
            if head.starts_with("POST") {
                let is_insert =
                    head.contains("insert_deduplication_token") && !head.contains("standings_log");
                asks.1.store(is_insert, Ordering::Relaxed);
            }
            if asks.0.mode() == Mode::Refuse { Fate::Drop } else { Fate::Pass }
        });
    });
    thread::spawn(move || {
        copy(server, client, |_| match answers.0.mode() {
            _ if !answers.1.load(Ordering::Relaxed) => Fate::Pass,
            Mode::Mute => Fate::Drop,
            Mode::Answer(text) => {
                answers.0.answers.fetch_add(1, Ordering::Relaxed);
                Fate::Instead(text)
            }
            Mode::Pass | Mode::Refuse => Fate::Pass,
        });
    });
}

/// Copies as long as it may; what is dropped leaves the line open and silent until the other side ends it.
fn copy(mut from: TcpStream, mut to: TcpStream, fate: impl Fn(&[u8]) -> Fate) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0 {
            break;
        }
        let written = match fate(&buffer[..count]) {
            Fate::Pass => to.write_all(&buffer[..count]).is_ok(),
            Fate::Drop => true,
            Fate::Instead(text) => to.write_all(text.as_bytes()).is_ok_and(|()| false),
        };
        if !written {
            break;
        }
    }
    // The peer may have gone already.
    to.shutdown(Shutdown::Both).ok();
}
