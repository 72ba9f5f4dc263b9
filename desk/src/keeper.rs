//! Keeps one log: folds what is read, proposes one command at a time, and answers when its entry comes back.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use model::Instant;
use tokio::sync::{oneshot, watch};
use workflow::{Chain, Command, Outcome};

use crate::log::{Log, LogError, LogEvent};
use crate::metrics::Metrics;
use crate::trail::Trail;
use crate::{DeskError, MAX_ENTRY_BYTES, MAX_PROPOSALS};

/// A command and who waits for its outcome.
pub(crate) struct Request {
    pub(crate) command: Command,
    pub(crate) reply: oneshot::Sender<Result<Outcome, DeskError>>,
}

/// What readers see.
#[derive(Default)]
pub(crate) struct Folded {
    pub(crate) chain: Chain,
    pub(crate) trail: Trail,
    /// Whether the log was read to its end, so that nothing older is missing.
    pub(crate) ready: bool,
}

/// The command that is on its way.
struct Flight {
    request: Request,
    proposals: u32,
    /// Place of the entry that is on its way; `None`: to be proposed.
    seq: Option<u64>,
}

pub(crate) struct Keeper<L> {
    log: L,
    folded: Arc<RwLock<Folded>>,
    waiting: VecDeque<Request>,
    flight: Option<Flight>,
    metrics: Metrics,
    /// How many entries count, for those who follow.
    told: watch::Sender<u64>,
}

impl<L: Log> Keeper<L> {
    /// Begins anew: what was folded before is dropped.
    pub(crate) fn new(
        log: L,
        folded: Arc<RwLock<Folded>>,
        metrics: Metrics,
        told: watch::Sender<u64>,
    ) -> Self {
        *folded.write().unwrap_or_else(PoisonError::into_inner) = Folded::default();
        Self { log, folded, waiting: VecDeque::new(), flight: None, metrics, told }
    }

    pub(crate) fn take(&mut self, request: Request) {
        self.waiting.push_back(request);
        self.count_waiting();
    }

    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < crate::MAX_WAITING
    }

    /// One event of the log, then one step of the command on its way.
    pub(crate) fn turn(&mut self, now: Instant, wait: Duration) -> Result<(), LogError> {
        match self.log.poll(wait)? {
            Some(LogEvent::Record(bytes)) => self.fold(&bytes),
            Some(LogEvent::End) => {
                self.write(|folded| folded.ready = true);
                self.tell();
            }
            Some(LogEvent::Unknown(reason)) => {
                tracing::warn!(reason, "an entry's append is unknown; it is proposed again at its place");
                self.propose_again();
            }
            None => {}
        }
        self.advance(now)
    }

    /// Tells everybody who waits that there will be no outcome here.
    pub(crate) fn turn_away(&mut self, error: &DeskError) {
        let flight = self.flight.take().map(|flight| flight.request);
        for request in flight.into_iter().chain(self.waiting.drain(..)) {
            answer(request, Err(error.clone()));
        }
        self.count_waiting();
    }

    fn fold(&mut self, bytes: &[u8]) {
        let fit = self.write(|folded| folded.chain.accept(bytes));
        let fit = match fit {
            Ok(fit) => fit,
            Err(misfit) => return self.metrics.count_misfit(misfit),
        };
        self.metrics.count_outcome(&fit.entry.outcome);
        let (seq, command, outcome) = (fit.entry.seq, fit.entry.command.clone(), fit.entry.outcome.clone());
        self.write(|Folded { trail, chain, .. }| trail.push(fit, chain.machine()));
        self.tell();
        self.metrics.entries.set(i64::try_from(seq).unwrap_or(i64::MAX).saturating_add(1));
        match self.flight.take() {
            Some(flight) if flight.request.command == command => answer(flight.request, Ok(outcome)),
            other => self.flight = other,
        }
        // Another entry landed at the place of ours, so ours will not count.
        if self.flight.as_ref().is_some_and(|flight| flight.seq.is_some_and(|own| own <= seq)) {
            self.propose_again();
        }
    }

    /// Who follows looks when there is more; until the log is read to its end there is nothing to see.
    fn tell(&self) {
        if let Some(entries) = self.read(|folded| folded.ready.then(|| folded.chain.len())) {
            self.told.send_replace(entries);
        }
    }

    fn propose_again(&mut self) {
        if let Some(flight) = &mut self.flight {
            flight.seq = None;
        }
    }

    fn advance(&mut self, now: Instant) -> Result<(), LogError> {
        if !self.read(|folded| folded.ready) {
            return Ok(());
        }
        if self.flight.is_none() {
            self.flight = self.waiting.pop_front().map(|request| Flight { request, proposals: 0, seq: None });
            self.count_waiting();
        }
        let Some(mut flight) = self.flight.take() else { return Ok(()) };
        if flight.seq.is_some() {
            self.flight = Some(flight);
            return Ok(());
        }
        if let Some(outcome) = self.read(|folded| folded.chain.machine().answered(&flight.request.command)) {
            answer(flight.request, Ok(outcome));
            return Ok(());
        }
        if flight.proposals >= MAX_PROPOSALS {
            answer(flight.request, Err(DeskError::Busy));
            return Ok(());
        }
        let entry = self.read(|folded| folded.chain.propose(flight.request.command.clone(), now));
        let bytes = entry.encode();
        if bytes.len() > MAX_ENTRY_BYTES {
            answer(flight.request, Err(DeskError::TooLarge(bytes.len())));
            return Ok(());
        }
        flight.seq = Some(entry.seq);
        flight.proposals += 1;
        self.flight = Some(flight);
        self.metrics.proposals.inc();
        self.log.append(&bytes)
    }

    fn read<T>(&self, look: impl FnOnce(&Folded) -> T) -> T {
        look(&self.folded.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Folded) -> T) -> T {
        change(&mut self.folded.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn count_waiting(&self) {
        self.metrics.waiting.set(i64::try_from(self.waiting.len()).unwrap_or(i64::MAX));
    }
}

/// Who no longer waits is not answered; his command stands in the log all the same.
fn answer(request: Request, outcome: Result<Outcome, DeskError>) {
    drop(request.reply.send(outcome));
}
