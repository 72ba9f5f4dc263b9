//! Between the sink and ClickHouse: takes requests through, and swallows the reply to some inserts. ClickHouse has the
//! rows then, and the sink does not know.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::random::Random;
use crate::stream::now_ms;

/// Of the replies to inserts, in percent.
const SWALLOWED: usize = 15;

pub(crate) struct Proxy {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    random: Mutex<Random>,
    active: AtomicBool,
    inserts: AtomicU64,
    /// When a reply was swallowed, ms since 1970.
    swallowed: Mutex<Vec<i64>>,
}

impl Proxy {
    /// Serves until the program ends.
    pub(crate) fn start(server: &str, random: Random) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let shared = Arc::new(Shared {
            server: server.trim_start_matches("http://").to_owned(),
            random: Mutex::new(random),
            active: AtomicBool::new(true),
            inserts: AtomicU64::new(0),
            swallowed: Mutex::default(),
        });
        let serve = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&serve);
                std::thread::spawn(move || shared.carry(client));
            }
        });
        Self { url, shared }
    }

    /// No further reply is swallowed. When those before were, and how many inserts there were.
    pub(crate) fn calm(&self) -> (Vec<i64>, u64) {
        self.shared.active.store(false, Ordering::Relaxed);
        let swallowed = self.shared.swallowed.lock().expect("no panic").clone();
        (swallowed, self.shared.inserts.load(Ordering::Relaxed))
    }
}

impl Shared {
    /// One connection of the sink. Both directions end when one of them does.
    fn carry(&self, client: TcpStream) -> Option<()> {
        let server = TcpStream::connect(&self.server).ok()?;
        let is_insert = Arc::new(AtomicBool::new(false));
        let (from, to, flag) = (client.try_clone().ok()?, server.try_clone().ok()?, Arc::clone(&is_insert));
        std::thread::spawn(move || requests(from, to, &flag));
        self.replies(&server, &client, &is_insert);
        // The other side may have gone already.
        drop((client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both)));
        Some(())
    }

    fn replies(&self, mut server: &TcpStream, mut client: &TcpStream, is_insert: &AtomicBool) -> Option<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = server.read(&mut buffer).ok().filter(|read| *read > 0)?;
            if is_insert.swap(false, Ordering::SeqCst) {
                self.inserts.fetch_add(1, Ordering::Relaxed);
                let unlucky = self.random.lock().expect("no panic").chance(SWALLOWED);
                if unlucky && self.active.load(Ordering::Relaxed) {
                    self.swallowed.lock().expect("no panic").push(now_ms());
                    return None;
                }
            }
            client.write_all(&buffer[..read]).ok()?;
        }
    }
}

/// Takes requests through and notes when one is an insert: the client writes the statement into the address.
fn requests(mut from: TcpStream, mut to: TcpStream, is_insert: &AtomicBool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let head = &buffer[..read.min(4_096)];
        if head.starts_with(b"POST ")
            && head.windows(12).any(|part| part.eq_ignore_ascii_case(b"insert+into+"))
        {
            is_insert.store(true, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Write));
}
