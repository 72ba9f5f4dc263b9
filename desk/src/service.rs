//! A desk on a thread of its own, and the handle that others hold.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use model::Instant;
use tokio::sync::{oneshot, watch};
use workflow::{Command, Machine, Outcome};

use crate::follow::Follower;
use crate::keeper::{Folded, Keeper, Request};
use crate::log::{Log, LogError};
use crate::metrics::Metrics;
use crate::trail::Trail;
use crate::{DeskError, MAX_WAITING};

/// Longest wait for the log in one turn, and so for a command that comes meanwhile.
const TURN: Duration = Duration::from_millis(5);
/// Waits before a log that failed is opened again.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LAST_BACKOFF: Duration = Duration::from_secs(10);

/// Commands go in, and everybody may look at what is folded. Stops when dropped.
pub struct Service {
    requests: SyncSender<Request>,
    folded: Arc<RwLock<Folded>>,
    told: watch::Receiver<u64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What is folded so far.
pub struct View<'a> {
    pub machine: &'a Machine,
    pub trail: &'a Trail,
    /// Entries that count.
    pub entries: u64,
    pub head: workflow::Hash,
}

impl Service {
    /// `open` gives the log, read from its beginning; it is asked again whenever the log has failed.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start<L: Log>(
        open: impl Fn() -> Result<L, LogError> + Send + 'static,
        clock: fn() -> Instant,
        metrics: Metrics,
    ) -> io::Result<Self> {
        let (requests, inbox) = sync_channel(MAX_WAITING);
        let (folded, stop) = (Arc::new(RwLock::new(Folded::default())), Arc::new(AtomicBool::new(false)));
        let (tell, told) = watch::channel(0);
        let room = Room { inbox, folded: folded.clone(), tell, stop: stop.clone(), clock, metrics };
        let thread = std::thread::Builder::new().name("desk".to_owned()).spawn(move || room.serve(open))?;
        Ok(Self { requests, folded, told, stop, thread: Some(thread) })
    }

    /// Gives a command and waits for its outcome, which stands in the log by then.
    ///
    /// # Errors
    /// There is no outcome here; it may come to stand in the log all the same, so repeat the command under its key.
    pub async fn submit(&self, command: Command) -> Result<Outcome, DeskError> {
        let (reply, outcome) = oneshot::channel();
        self.requests.try_send(Request { command, reply }).map_err(|error| match error {
            TrySendError::Full(_) => DeskError::Busy,
            TrySendError::Disconnected(_) => DeskError::Closed,
        })?;
        outcome.await.unwrap_or(Err(DeskError::Closed))
    }

    /// Entries in their order from a seq on, those to come included.
    pub fn follow(&self, from: u64) -> Follower {
        Follower::new(Arc::clone(&self.folded), self.told.clone(), from)
    }

    /// Looks at what is folded.
    ///
    /// # Errors
    /// [`DeskError::NotReady`] until the log has been read to its end.
    pub fn look<T>(&self, look: impl FnOnce(View<'_>) -> T) -> Result<T, DeskError> {
        let folded = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        if !folded.ready {
            return Err(DeskError::NotReady);
        }
        let chain = &folded.chain;
        Ok(look(View {
            machine: chain.machine(),
            trail: &folded.trail,
            entries: chain.len(),
            head: chain.head(),
        }))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the desk's thread panicked");
        }
    }
}

/// What the thread holds.
struct Room {
    inbox: Receiver<Request>,
    folded: Arc<RwLock<Folded>>,
    tell: watch::Sender<u64>,
    stop: Arc<AtomicBool>,
    clock: fn() -> Instant,
    metrics: Metrics,
}

impl Room {
    fn serve<L: Log>(&self, open: impl Fn() -> Result<L, LogError>) {
        let mut backoff = FIRST_BACKOFF;
        while !self.stopped() {
            let failed = open().and_then(|log| self.keep(log, &mut backoff));
            let Err(error) = failed else { return };
            self.metrics.failures.inc();
            tracing::warn!(%error, "the workflow log failed and is read anew");
            self.turn_away_for(backoff, &DeskError::Unavailable(error.to_string()));
            backoff = (backoff * 2).min(LAST_BACKOFF);
        }
    }

    /// Until it is stopped, or the log fails.
    fn keep<L: Log>(&self, log: L, backoff: &mut Duration) -> Result<(), LogError> {
        let mut keeper = Keeper::new(log, self.folded.clone(), self.metrics.clone(), self.tell.clone());
        while !self.stopped() {
            while keeper.has_room()
                && let Ok(request) = self.inbox.try_recv()
            {
                keeper.take(request);
            }
            if let Err(error) = keeper.turn((self.clock)(), TURN) {
                keeper.turn_away(&DeskError::Unavailable(error.to_string()));
                return Err(error);
            }
            *backoff = FIRST_BACKOFF;
        }
        keeper.turn_away(&DeskError::Closed);
        Ok(())
    }

    /// Waits so long; nobody who comes meanwhile waits with it.
    fn turn_away_for(&self, wait: Duration, error: &DeskError) {
        let mut left = wait;
        while !self.stopped() && !left.is_zero() {
            let slice = left.min(TURN);
            match self.inbox.recv_timeout(slice) {
                Ok(request) => drop(request.reply.send(Err(error.clone()))),
                Err(RecvTimeoutError::Timeout) => left -= slice,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
