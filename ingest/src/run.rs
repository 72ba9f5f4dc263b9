//! Running the inbound side, and when to give up.
//!
//! Delivery is at least once: a record is committed after it has been acknowledged in `case-events` or `dead-letters`,
//! so a crash repeats the tail. Downstream, (source, id) tells repetitions from facts. Order within a case is kept as far
//! as the publisher kept it, and does not matter to the findings.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use model::catalogue::Orgs;
use prometheus::Registry;
use rdkafka::config::ClientConfig;

use crate::consumer::Inbound;
use crate::error::IngestError;
use crate::metrics::Metrics;
use crate::relay::Relay;
use crate::{IngestConfig, settings};

/// How long after a lost session a fencing is taken to be of our own making.
const SELF_FENCING: Duration = Duration::from_secs(60);

/// Runs the inbound side on the calling thread until `stop` is set or it cannot go on.
///
/// `orgs` are asked at every record: who may speak can change while it runs. `base` has the brokers' addresses, security and tuning; reserved settings in it are refused. After an error the caller
/// must end the process: its place in the group may not have been given back.
pub fn run(
    config: &IngestConfig,
    base: &ClientConfig,
    orgs: impl Fn() -> Arc<Orgs>,
    clock: impl Fn() -> model::Instant,
    registry: &Registry,
    stop: &AtomicBool,
) -> Result<(), IngestError> {
    config.validate()?;
    settings::refuse_reserved(base)?;
    let metrics = Metrics::new(registry)?;
    let mut relay = Arc::new(Relay::new(base, config, metrics.clone())?);
    loop {
        let mut inbound = Inbound::join(config, base, relay.clone(), &orgs, &clock, metrics.clone())?;
        let outcome = inbound.read_until(stop).and_then(|()| inbound.finish());
        let session_lost = relay.book().session_lost.take();
        if matches!(outcome, Err(IngestError::Orphaned)) {
            inbound.leave_for_good();
        }
        inbound.close();
        match outcome {
            // When an outage outlasts the session, librdkafka forgets its member id, and a commit that still waited for the
            // coordinator then arrives as a stranger's: the broker says that another process has our instance id, which is
            // final for that client. If one really has, it happens again without an outage before it.
            Err(IngestError::Consumer { error, .. })
                if session_lost.is_some_and(|at| at.elapsed() < SELF_FENCING) =>
            {
                metrics.rejoins.inc();
                tracing::warn!(%error, "membership lost in an outage; joining anew");
                relay.book().forget_membership();
            }
            // What was in flight is read again: nothing behind it was committed.
            Err(error @ IngestError::Stranded { .. }) => {
                metrics.rejoins.inc();
                tracing::warn!(%error, "joining anew with new clients");
                relay = Arc::new(Relay::new(base, config, metrics.clone())?);
            }
            Err(error @ IngestError::Orphaned) => {
                metrics.rejoins.inc();
                tracing::warn!(%error, "joining anew, so that the group shares them");
                relay.book().forget_membership();
            }
            outcome => return outcome,
        }
    }
}
