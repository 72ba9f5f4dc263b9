//! Offsets committed within a time, and clients let go of within one.
//!
//! A synchronous commit of librdkafka waits without a limit. One that is under way when its broker is forgotten (the
//! same that strands a client, ADR 31) is never answered, and a client that waits for such an answer never closes either
//! (ADR 40). An asynchronous one has no answer that the binding passes on. So whoever commits outside of a group's membership
//! does it through a [`Committer`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;

/// How long a client that has nothing to finish may take to close.
pub const CLOSES_WITHIN: Duration = Duration::from_secs(5);
/// Clients of a process that may be left to themselves; at the next one it ends, to be started again.
const MAX_LEFT: usize = 20;

static LEFT: AtomicUsize = AtomicUsize::new(0);

/// Commits for a group that has no members, on a thread of its own that may be left to itself.
pub struct Committer {
    config: ClientConfig,
    clerk: Option<Clerk>,
    patience: Duration,
}

/// A client that reads nothing, and the thread that waits for its answers. It ends when nobody asks any more.
struct Clerk {
    asked: SyncSender<TopicPartitionList>,
    answered: Receiver<KafkaResult<()>>,
}

impl Clerk {
    fn new(config: &ClientConfig) -> KafkaResult<Self> {
        let client: BaseConsumer = config.create()?;
        let (asked, asks) = mpsc::sync_channel::<TopicPartitionList>(1);
        let (answers, answered) = mpsc::sync_channel(1);
        let work = move || {
            for offsets in asks {
                let outcome = client.commit(&offsets, CommitMode::Sync);
                // Its errors would gather; what they are, the answer says.
                while client.poll(Duration::ZERO).is_some() {}
                if answers.send(outcome).is_err() {
                    return;
                }
            }
        };
        let spawned = thread::Builder::new().name("commit".to_owned()).spawn(work);
        spawned.map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        Ok(Self { asked, answered })
    }

    /// `None`: there is no answer in time.
    fn commit(&self, offsets: &TopicPartitionList, patience: Duration) -> Option<KafkaResult<()>> {
        self.asked.send(offsets.clone()).ok()?;
        self.answered.recv_timeout(patience).ok()
    }
}

impl Committer {
    /// `config` names the group; `patience` is how long an answer is waited for. The client is made for the first commit.
    pub fn new(config: &ClientConfig, patience: Duration) -> Self {
        Self { config: config.clone(), clerk: None, patience }
    }

    /// Returns when the broker has them.
    ///
    /// # Errors
    /// They may have been committed, and may yet be: nothing is known. The next commit is by a client of its own.
    ///
    /// # Panics
    /// As [`let_go`].
    pub fn commit(&mut self, offsets: &TopicPartitionList) -> KafkaResult<()> {
        let clerk = match self.clerk.take() {
            Some(clerk) => clerk,
            None => Clerk::new(&self.config)?,
        };
        let Some(outcome) = clerk.commit(offsets, self.patience) else {
            leave("answer a commit");
            return Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::OperationTimedOut));
        };
        if outcome.is_ok() {
            self.clerk = Some(clerk);
        }
        outcome
    }
}

/// Drops a client, and leaves it to itself where that takes longer: librdkafka is known to hang in closing after a broker has
/// bounced, and for an answer that never comes.
///
/// # Panics
/// Too many are left to themselves already: each holds threads and memory, and a process that is started again has none.
pub fn let_go<C: Send + 'static>(client: C, within: Duration) {
    let (tell, told) = mpsc::sync_channel(1);
    let close = move || {
        drop(client);
        // Nobody may wait any more.
        tell.send(()).unwrap_or_default();
    };
    // A thread that cannot be had drops what it was given, here and now.
    let spawned = thread::Builder::new().name("let-go".to_owned()).spawn(close);
    if spawned.is_ok() && told.recv_timeout(within) == Err(RecvTimeoutError::Timeout) {
        leave("close");
    }
}

fn leave(what: &str) {
    let left = LEFT.fetch_add(1, Ordering::Relaxed) + 1;
    tracing::warn!(left, "a Kafka client does not {what} and is left to itself");
    assert!(left <= MAX_LEFT, "{left} Kafka clients hang: this process is to be started again");
}
