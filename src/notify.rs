//! Tells people of alarms, each recipient at a pace of his own: web hooks are sent every revision, an Alertmanager how things
//! stand (ADR 32, docs/notifications.md). What is decided is in `choice` and `message`, which know no clock, log or network.

mod alertmanager;
mod choice;
mod hook;
mod message;
mod metrics;
mod web;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;
use dashboard_api::Connection;
use prometheus::Registry;
use rdkafka::config::ClientConfig;

use crate::config::{Recipient, Site};
use crate::live::Live;
use alertmanager::Alertmanager;
use hook::Hook;
use metrics::Metrics;
use web::Web;

/// Waits between two attempts to tell somebody.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LAST_WAIT: Duration = Duration::from_secs(60);

/// Runs until it is told to stop.
pub(crate) type Messenger = Box<dyn FnOnce(&AtomicBool) + Send>;

/// The messengers of a site, one for each recipient.
///
/// # Errors
/// A recipient's token or authorities cannot be used.
pub(crate) fn messengers(
    site: &Site,
    client: &ClientConfig,
    connection: &Connection,
    live: &Arc<Live>,
    registry: &Registry,
) -> anyhow::Result<Vec<Messenger>> {
    let metrics = Metrics::new(registry)?;
    let messenger = |recipient: &Recipient| -> anyhow::Result<Messenger> {
        let token = crate::site::secret(recipient.token_env.as_deref())?;
        let metrics = metrics.of(&recipient.name);
        let web = |address: &str| Web::new(address, token.as_deref(), recipient.ca.as_ref());
        if let Some(address) = &recipient.alertmanager {
            let web = web(&format!("{}/api/v2/alerts", address.trim_end_matches('/')))?;
            let teller = Alertmanager::new(recipient.clone(), web, connection, Arc::clone(live), metrics)?;
            return Ok(Box::new(move |stop: &AtomicBool| teller.run(stop)));
        }
        let web = web(recipient.webhook.as_deref().unwrap_or_default())?;
        let hook =
            Hook::new(recipient.clone(), web, (client, site.instance.as_str()), Arc::clone(live), metrics);
        Ok(Box::new(move |stop: &AtomicBool| hook.run(stop)))
    };
    let named =
        |recipient: &Recipient| messenger(recipient).with_context(|| format!("notify.{}", recipient.name));
    site.notify.iter().map(named).collect()
}

/// Doubles up to the longest.
fn longer(wait: Duration) -> Duration {
    (wait * 2).min(LAST_WAIT)
}
