//! Starts the sink: migrations, then one thread a topic, until the stop signal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clickhouse::Client;
use prometheus::Registry;
use rdkafka::ClientConfig;
use tokio::runtime::{Builder, Handle};

use crate::config::SinkConfig;
use crate::error::Error;
use crate::incident::{Herald, Incident};
use crate::kind::Kind;
use crate::metrics::Metrics;
use crate::migrate::migrate;
use crate::pump::{Now, Pump};
use crate::reader::Reader;
use crate::repair::Repair;
use crate::require;
use crate::retry::{Backoff, Stop};
use crate::watch::Watch;
use crate::writer::Writer;

/// Runs the sink on threads of its own and blocks until `stop` is set, or until something is wrong that no retry can
/// mend. Must not be called from within an asynchronous runtime.
pub fn run(
    config: &SinkConfig,
    kafka: &ClientConfig,
    registry: &Registry,
    stop: Arc<AtomicBool>,
) -> Result<(), Error> {
    let stop = Stop::new(stop);
    let metrics = Metrics::new(registry)?;
    let runtime =
        Builder::new_multi_thread().worker_threads(2).thread_name("sink-http").enable_all().build()?;
    if !runtime.block_on(migrate_at_last(config, &stop))? {
        return Ok(());
    }
    let herald = Herald::new(kafka, &config.topics.incidents)?;
    let parts =
        Parts { config, kafka, runtime: runtime.handle(), stop: &stop, metrics: &metrics, herald: &herald };
    let started = parts.start();
    if started.failure.is_some() {
        stop.set();
    }
    let outcome = join(started.threads, &stop);
    herald.end();
    outcome.and(started.failure.map_or(Ok(()), Err))
}

/// What the threads are made of.
struct Parts<'a> {
    config: &'a SinkConfig,
    kafka: &'a ClientConfig,
    runtime: &'a Handle,
    stop: &'a Stop,
    metrics: &'a Metrics,
    herald: &'a Herald,
}

#[derive(Default)]
struct Started {
    threads: Vec<(&'static str, JoinHandle<()>)>,
    failure: Option<Error>,
}

impl Parts<'_> {
    /// One thread a topic, one that watches, and one that repairs; up to the first that cannot be started.
    fn start(&self) -> Started {
        let mut started = Started::default();
        let pumps = Kind::ALL.into_iter().map(|kind| (kind.name(), self.pump(kind)));
        let others = [("watch", Self::watch as fn(&Self) -> _), ("repair", Self::repair)];
        for (name, thread) in pumps.chain(others.into_iter().map(|(name, start)| (name, start(self)))) {
            match thread {
                Ok(thread) => started.threads.push((name, thread)),
                Err(error) => {
                    started.failure = Some(error);
                    break;
                }
            }
        }
        started
    }

    fn pump(&self, kind: Kind) -> Result<JoinHandle<()>, Error> {
        let (stop, herald) = (self.stop.clone(), self.herald.clone());
        let mut pump =
            Pump::new(kind, self.reader(kind)?, self.writer(kind), self.config.settings(), self.metrics);
        self.spawn(kind.name(), move || drive(&mut pump, kind, &stop, &herald))
    }

    fn watch(&self) -> Result<JoinHandle<()>, Error> {
        let mut watch = Watch {
            case_events: self.reader(Kind::CaseEvents)?,
            ledger: self.reader(Kind::Ledger)?,
            writer: self.writer(Kind::CaseEvents),
            metrics: self.metrics.clone(),
            stop: self.stop.clone(),
        };
        let config = self.config.clone();
        self.spawn("watch", move || watch.run(&config, wall))
    }

    fn repair(&self) -> Result<JoinHandle<()>, Error> {
        let runtime = self.runtime.clone();
        let mut repair = Repair::new(self.config, self.kafka, runtime, self.stop, self.metrics)?;
        let (config, metrics) = (self.config.clone(), self.metrics.clone());
        self.spawn("repair", move || repair.run_every(&config, &metrics, wall))
    }

    fn reader(&self, kind: Kind) -> Result<Reader, Error> {
        Ok(Reader::new(self.kafka, self.config, kind)?)
    }

    fn writer(&self, kind: Kind) -> Writer {
        Writer::new(self.config, kind, self.runtime.clone(), self.stop.clone(), self.metrics)
    }

    /// One thread that panics ends the others: half a sink would look healthy.
    fn spawn(&self, name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
        let stop = StopOnPanic(self.stop.clone());
        let body = move || {
            let _stop = stop;
            body();
        };
        Ok(thread::Builder::new().name(format!("sink-{name}")).spawn(body)?)
    }
}

/// `false` if the stop signal came first.
async fn migrate_at_last(config: &SinkConfig, stop: &Stop) -> Result<bool, Error> {
    let client = config.client();
    let settings = config.settings();
    let mut backoff = Backoff::new(settings.retry_min, settings.retry_max, settings.seed);
    loop {
        let outcome = tokio::select! {
            _stopped = stop.given() => return Ok(false),
            outcome = prepare(&client, config) => outcome,
        };
        match outcome {
            Ok(applied) => {
                tracing::info!(applied, "the tables are up to date");
                return Ok(true);
            }
            Err(Error::ClickHouse(error)) => {
                tracing::warn!(error = %error, "cannot bring the tables up to date; trying again");
            }
            Err(error) => return Err(error),
        }
        if stop.pause(backoff.next()).await.is_err() {
            return Ok(false);
        }
    }
}

/// Whether the server is fit, and then the tables.
async fn prepare(client: &Client, config: &SinkConfig) -> Result<usize, Error> {
    require::check(client).await?;
    migrate(client, &config.form).await
}

fn drive(pump: &mut Pump<Reader, Writer>, kind: Kind, stop: &Stop, herald: &Herald) {
    let began = Instant::now();
    let mut pause = Duration::ZERO;
    let mut told = BTreeMap::new();
    while stop.pause_blocking(pause).is_ok() {
        pause = pump.turn(Now { elapsed: began.elapsed(), wall: wall() });
        if *pump.halted() != told {
            let new = pump.halted().iter().filter(|(partition, halt)| told.get(*partition) != Some(*halt));
            new.for_each(|(partition, halt)| herald.tell(&Incident::of_halt(kind, *partition, halt, wall())));
            told.clone_from(pump.halted());
        }
    }
    pump.release();
}

/// The wall clock, ms.
fn wall() -> model::Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    model::Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

struct StopOnPanic(Stop);

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.set();
        }
    }
}

fn join(threads: Vec<(&'static str, JoinHandle<()>)>, stop: &Stop) -> Result<(), Error> {
    let mut outcome = Ok(());
    for (name, thread) in threads {
        if thread.join().is_err() {
            stop.set();
            outcome = Err(Error::Panicked(name));
        }
    }
    outcome
}
