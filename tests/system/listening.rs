//! The live stream of a running site, over connections that are cut again and again: what is heard over all of them is
//! every revision of every finding, each once.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;
use system_tests::site::Site;
use system_tests::{PATIENCE, http, say, wait_for};

/// Alarms that one connection is listened to for: 1 to so many.
const MAX_A_CONNECTION: usize = 17;

/// A finding's id and revision.
type Revision = (String, u64);

pub(crate) struct Listener {
    shared: Arc<Shared>,
    thread: JoinHandle<Heard>,
}

#[derive(Default)]
struct Shared {
    heard: AtomicUsize,
    is_over: AtomicBool,
}

#[derive(Default)]
pub(crate) struct Heard {
    revisions: Vec<Revision>,
    connections: usize,
    resets: usize,
    stored: BTreeSet<Revision>,
}

impl Listener {
    /// Listens from now on.
    pub(crate) fn start(site: &Site) -> Self {
        let shared = Arc::new(Shared::default());
        let (own, url) = (Arc::clone(&shared), format!("{}/api/v1/stream?from=kept", site.api));
        // Until the logs are read it turns everybody away.
        wait_for("the stream is open", PATIENCE, || http::listen(&url, &[]).ok().map(drop));
        Self { shared, thread: std::thread::spawn(move || listen(&url, &own)) }
    }

    /// Waits for the last revision that is stored, then lets the site's end be the listener's.
    pub(crate) fn finish(self, site: &Site) -> Ending {
        let rows = site.select("SELECT finding_id, toUInt32(revision) AS revision FROM xiezhi.findings");
        let revision =
            |row: &Value| (row["finding_id"].as_str().unwrap().to_owned(), row["revision"].as_u64().unwrap());
        let stored: BTreeSet<Revision> = rows.iter().map(revision).collect();
        wait_for("every revision is heard", PATIENCE, || {
            (self.shared.heard.load(Ordering::SeqCst) >= stored.len()).then_some(())
        });
        self.shared.is_over.store(true, Ordering::SeqCst);
        Ending { thread: self.thread, stored }
    }
}

/// To be checked once the site has ended, and its streams with it.
pub(crate) struct Ending {
    thread: JoinHandle<Heard>,
    stored: BTreeSet<Revision>,
}

impl Ending {
    pub(crate) fn check(self) {
        let heard = Heard { stored: self.stored, ..self.thread.join().expect("the listener ends well") };
        let once: BTreeSet<Revision> = heard.revisions.iter().cloned().collect();
        assert_eq!(once.len(), heard.revisions.len(), "a revision was heard twice");
        assert_eq!(once, heard.stored, "heard, and stored");
        assert_eq!(heard.resets, 0, "nothing was too old");
        assert!(heard.connections > 20, "only {} connections", heard.connections);
        let (revisions, connections) = (once.len(), heard.connections);
        say("stream", &format!("{revisions} revisions heard, each once, over {connections} connections"));
    }
}

fn listen(url: &str, shared: &Shared) -> Heard {
    let (mut heard, mut last_id) = (Heard::default(), String::new());
    while !shared.is_over.load(Ordering::SeqCst) {
        let headers = if last_id.is_empty() { vec![] } else { vec![("last-event-id", last_id.as_str())] };
        let stream = match http::listen(url, &headers) {
            Ok(stream) => stream,
            Err(_) if shared.is_over.load(Ordering::SeqCst) => break,
            Err(error) => panic!("the stream cannot be had again: {error}"),
        };
        heard.connections += 1;
        let left = 1 + heard.connections % MAX_A_CONNECTION;
        last_id = one_connection(stream, left, &mut heard, shared).unwrap_or(last_id);
    }
    heard
}

/// Until so many alarms have come. The last id.
fn one_connection(
    stream: impl BufRead,
    mut left: usize,
    heard: &mut Heard,
    shared: &Shared,
) -> Option<String> {
    let (mut id, mut event) = (None, String::new());
    // An error in the middle is a connection that was cut.
    for line in stream.lines().map_while(Result::ok) {
        match line.split_once(": ") {
            Some(("id", text)) => id = Some(text.to_owned()),
            Some(("event", name)) => event = name.to_owned(),
            Some(("data", _)) if event == "reset" => heard.resets += 1,
            Some(("data", data)) if event == "alarm" => {
                let alarm: Value = serde_json::from_str(data).expect("data is JSON");
                let revision = alarm["revision"].as_u64().expect("a revision");
                heard.revisions.push((alarm["id"].as_str().expect("an id").to_owned(), revision));
                shared.heard.fetch_add(1, Ordering::SeqCst);
                left -= 1;
                if left == 0 {
                    return id;
                }
            }
            _ => {}
        }
    }
    id
}
