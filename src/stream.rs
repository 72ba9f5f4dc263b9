//! What feeds the live stream: the ledger, followed from where this site's API last was, and the desk's log.
//!
//! The stream follows the ledger itself and not `alarm-feed`, which may say a revision twice: an entry of the ledger counts
//! once, and its place (partition, seq) is the same for every process, so it can be named in an event's id.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dashboard_api::{Hub, News};
use desk::Service;
use ledger::follow::Follower;
use ledger::kafka::Topics;
use ledger::log::LogError;
use ledger::record::Entry;
use rdkafka::config::ClientConfig;

const GROUP: &str = "xiezhi-stream";
/// How long a broker may gather records before it answers: what an event waits at most.
const GATHER: Duration = Duration::from_millis(50);
/// Longest wait in one turn, and so what a change of a rule waits at most.
const TURN: Duration = Duration::from_millis(100);
/// Records of each partition that are looked through at the start for what clients that come back may have missed.
const LOOK_BACK_RECORDS: i64 = 2_000;
/// The same of the workflow, entries.
const LOOK_BACK_ENTRIES: u64 = 2_000;
/// Entries of the workflow that are told in one turn.
const MAX_TOLD: usize = 1_000;
const COMMIT_EVERY: Duration = Duration::from_secs(5);
/// Between two attempts while Kafka is in trouble.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// See the module.
pub(crate) struct Teller {
    client: ClientConfig,
    desk: Arc<Service>,
    hub: Arc<Hub>,
}

impl Teller {
    pub(crate) fn new(client: ClientConfig, desk: Arc<Service>, hub: Arc<Hub>) -> Self {
        Self { client, desk, hub }
    }

    /// Until `stop` is set; then every stream is ended.
    pub(crate) fn run(&self, stop: &AtomicBool) {
        while let Err(error) = self.serve(stop) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            tracing::warn!(%error, "the live stream's reader is in trouble; trying again");
            std::thread::park_timeout(AGAIN_AFTER);
        }
        self.hub.close();
    }

    fn serve(&self, stop: &AtomicBool) -> Result<(), LogError> {
        let topics = Topics::default();
        let mut follower = Follower::open(&self.client, &topics.ledger, GROUP, GATHER)?;
        for entry in follower.look_back(LOOK_BACK_RECORDS)? {
            self.tell(entry);
        }
        for (partition, seq) in follower.next_seqs() {
            if let Ok(partition) = u16::try_from(partition) {
                self.hub.begin(Some(partition), seq);
            }
        }
        let mut committed = Instant::now();
        let mut is_open = false;
        while !stop.load(Ordering::Relaxed) {
            if let Some(entry) = follower.poll(TURN)? {
                self.tell(entry);
            }
            let is_desk_read = self.tell_workflow();
            if is_desk_read && !is_open {
                is_open = true;
                self.hub.open();
            }
            if committed.elapsed() >= COMMIT_EVERY {
                follower.commit()?;
                committed = Instant::now();
            }
        }
        follower.commit()
    }

    fn tell(&self, entry: Entry) {
        let Ok(partition) = u16::try_from(entry.partition) else { return };
        let seq = entry.seq;
        // What rules on trial find is no alarm.
        let alarms = entry.findings.into_iter().filter(|finding| !finding.shadow);
        let news = alarms.map(|finding| News::alarm(finding, partition, seq));
        self.hub.tell(Some(partition), seq, news.collect());
    }

    /// Tells what the desk has folded since. Whether it has read its log.
    fn tell_workflow(&self) -> bool {
        let next = self.hub.next(None);
        let entries = self.desk.look(|view| {
            let first = next.unwrap_or(view.entries.saturating_sub(LOOK_BACK_ENTRIES));
            let told = view.trail.from(first, None, MAX_TOLD);
            let news = |entry| News::workflow(entry, view.machine).into_iter().collect::<Vec<_>>();
            (first, told.map(|entry| (entry.seq, news(entry))).collect::<Vec<_>>())
        });
        let Ok((first, entries)) = entries else { return false };
        self.hub.begin(None, first);
        for (seq, news) in entries {
            self.hub.tell(None, seq, news);
        }
        true
    }
}
