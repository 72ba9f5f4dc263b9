//! Starts the sink: migrations, then one thread a topic, until the stop signal.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus::Registry;
use rdkafka::ClientConfig;
use tokio::runtime::{Builder, Handle};

use crate::config::SinkConfig;
use crate::error::Error;
use crate::kind::Kind;
use crate::metrics::Metrics;
use crate::migrate::migrate;
use crate::pump::{Now, Pump};
use crate::reader::Reader;
use crate::retry::{Backoff, Stop};
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
    let mut threads = Vec::new();
    for kind in Kind::ALL {
        match start(config, kafka, kind, runtime.handle(), &stop, &metrics) {
            Ok(thread) => threads.push((kind, thread)),
            Err(error) => {
                stop.set();
                return join(threads, &stop).and(Err(error));
            }
        }
    }
    join(threads, &stop)
}

/// `false` if the stop signal came first.
async fn migrate_at_last(config: &SinkConfig, stop: &Stop) -> Result<bool, Error> {
    let client = config.client();
    let settings = config.settings();
    let mut backoff = Backoff::new(settings.retry_min, settings.retry_max, settings.seed);
    loop {
        let outcome = tokio::select! {
            _stopped = stop.given() => return Ok(false),
            outcome = migrate(&client, &config.form) => outcome,
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

fn start(
    config: &SinkConfig,
    kafka: &ClientConfig,
    kind: Kind,
    runtime: &Handle,
    stop: &Stop,
    metrics: &Metrics,
) -> Result<JoinHandle<()>, Error> {
    let timeout = Duration::from_millis(config.kafka_timeout_ms.max(1));
    let reader = Reader::new(kafka, &config.group, kind.topic(&config.topics), timeout)?;
    let writer = Writer::new(config, kind, runtime.clone(), stop.clone(), metrics);
    let mut pump = Pump::new(kind, reader, writer, config.settings(), metrics);
    let stop = StopOnPanic(stop.clone());
    let body = move || drive(&mut pump, &stop.0);
    Ok(thread::Builder::new().name(format!("sink-{}", kind.name())).spawn(body)?)
}

fn drive(pump: &mut Pump<Reader, Writer>, stop: &Stop) {
    let began = Instant::now();
    let mut pause = Duration::ZERO;
    while stop.pause_blocking(pause).is_ok() {
        pause = pump.turn(Now { elapsed: began.elapsed(), wall: wall() });
    }
    pump.release();
}

/// The wall clock, ms.
fn wall() -> model::Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    model::Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// One topic's thread that panics ends the others: half a sink would look healthy.
struct StopOnPanic(Stop);

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.set();
        }
    }
}

fn join(threads: Vec<(Kind, JoinHandle<()>)>, stop: &Stop) -> Result<(), Error> {
    let mut outcome = Ok(());
    for (kind, thread) in threads {
        if thread.join().is_err() {
            stop.set();
            outcome = Err(Error::Panicked(kind.name()));
        }
    }
    outcome
}
