//! The configuration file of a site: one section an area, unknown keys refused, no default that hides a choice.

mod api;
mod identity;
mod notify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use ledger::clock::ClockMode;
use model::Instant;
use rdkafka::config::ClientConfig;
use serde::Deserialize;
use workflow::supervision::{Clearing, Terms};

pub(crate) use identity::Issuer;
pub(crate) use notify::Recipient;

/// Shorter, and a pause of the machine moves partitions; longer, and a dead process holds them for minutes.
const SESSION_TIMEOUT_MS: std::ops::RangeInclusive<u32> = 1_000..=300_000;

/// Of a year there are about so many.
const SUPERVISION_DAYS: std::ops::RangeInclusive<u32> = 1..=250;

/// What an operator writes; see docs/operations.md.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Site {
    /// Directory of the catalogue.
    pub(crate) catalogue: PathBuf,
    /// Name of this process among its like: the static member id of its consumer groups.
    #[serde(default = "default_instance")]
    pub(crate) instance: String,
    /// Where local data live: the local Kafka, the embedded ClickHouse.
    #[serde(default = "default_data")]
    pub(crate) data: PathBuf,
    #[serde(default)]
    pub(crate) kafka: Kafka,
    #[serde(default)]
    pub(crate) clickhouse: ClickHouse,
    #[serde(default)]
    pub(crate) clock: Clock,
    #[serde(default)]
    pub(crate) listen: Listen,
    #[serde(default)]
    pub(crate) supervision: Supervision,
    #[serde(default)]
    pub(crate) api: api::Bounds,
    /// Who is told of alarms; nobody where empty.
    #[serde(default)]
    pub(crate) notify: Vec<Recipient>,
    /// Absent: the API serves loopback alone.
    pub(crate) identity: Option<Issuer>,
    #[serde(default = "all_roles")]
    pub(crate) roles: Vec<Role>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Kafka {
    /// Absent: a local broker is started in `data`.
    pub(crate) brokers: Option<String>,
    /// Partitions of `case-events` and `ledger`, when they are made.
    pub(crate) partitions: usize,
    pub(crate) inbound_partitions: usize,
    pub(crate) replication: usize,
    /// How long the consumer groups wait for a silent process before others take its partitions over, ms. No guarantee
    /// rests on it: who comes back late is judged by the ledger's rule.
    pub(crate) session_timeout_ms: u32,
    /// Most partitions of other processes that this one follows, to take them over at once.
    pub(crate) standbys: usize,
    /// Further settings of the Kafka client (security and tuning).
    pub(crate) properties: BTreeMap<String, String>,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            brokers: None,
            partitions: 4,
            inbound_partitions: 1,
            replication: 1,
            session_timeout_ms: 10_000,
            standbys: 0,
            properties: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClickHouse {
    /// Absent: the embedded ClickHouse is started in `data`.
    pub(crate) url: Option<String>,
    /// Who writes; its password is in the environment variable named.
    pub(crate) user: Option<String>,
    pub(crate) password_env: Option<String>,
    /// Who reads for the API; the writer where absent.
    pub(crate) reader: Option<String>,
    pub(crate) reader_password_env: Option<String>,
    pub(crate) form: sink::Form,
}

/// What moves the logical clock.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clock {
    #[default]
    Wall,
    EventTime,
    /// RFC 3339: a closed log, judged as of then.
    Until(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Listen {
    pub(crate) api: String,
    pub(crate) metrics: String,
}

impl Default for Listen {
    fn default() -> Self {
        Self { api: "127.0.0.1:8080".to_owned(), metrics: "127.0.0.1:9464".to_owned() }
    }
}

/// Times of supervision orders, working days (docs/orders.md).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Supervision {
    /// A red alarm gets its order within so many.
    pub(crate) order_within: u32,
    /// An order is closed within so many.
    pub(crate) close_within: u32,
    /// A yellow alarm that nobody took up counts as cleared after so many; 0: never.
    pub(crate) yellow_clears_after: u32,
}

impl Default for Supervision {
    fn default() -> Self {
        let Terms { order_within, close_within } = Terms::default();
        Self {
            order_within,
            close_within,
            yellow_clears_after: Clearing::default().yellow_after.unwrap_or(0),
        }
    }
}

impl Supervision {
    pub(crate) fn terms(&self) -> Terms {
        Terms { order_within: self.order_within, close_within: self.close_within }
    }

    pub(crate) fn clearing(&self) -> Clearing {
        Clearing { yellow_after: Some(self.yellow_clears_after).filter(|days| *days > 0) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    Ingest,
    Detectors,
    Feed,
    Sink,
    Api,
}

fn default_instance() -> String {
    "xiezhi-0".to_owned()
}

fn default_data() -> PathBuf {
    PathBuf::from(".xiezhi")
}

fn all_roles() -> Vec<Role> {
    vec![Role::Ingest, Role::Detectors, Role::Feed, Role::Sink, Role::Api]
}

impl Site {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} cannot be used", path.display()))
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let site: Self = serde_saphyr::from_str(text)?;
        if let Some(key) = ingest::reserved(site.kafka.properties.keys().map(String::as_str)) {
            bail!("kafka.properties: {key} is reserved: the guarantees rest on it; take it out");
        }
        if site.kafka.partitions == 0 || site.kafka.inbound_partitions == 0 || site.kafka.replication == 0 {
            bail!("kafka: partitions, inbound_partitions and replication must be at least 1");
        }
        if !SESSION_TIMEOUT_MS.contains(&site.kafka.session_timeout_ms) {
            bail!("kafka.session_timeout_ms must be from 1000 to 300000");
        }
        let days = [site.supervision.order_within, site.supervision.close_within];
        if days.iter().any(|days| !SUPERVISION_DAYS.contains(days)) {
            bail!("supervision: order_within and close_within must be from 1 to 250 working days");
        }
        if let Some(issuer) = &site.identity {
            issuer.check()?;
        }
        site.api.check()?;
        notify::check(&site.notify)?;
        site.clock.mode()?;
        Ok(site)
    }

    /// A site for a demonstration or a test, in one directory, on ports of its own.
    pub(crate) fn local(catalogue: PathBuf, data: PathBuf) -> Self {
        Self {
            catalogue,
            instance: default_instance(),
            data,
            kafka: Kafka::default(),
            clickhouse: ClickHouse::default(),
            clock: Clock::Wall,
            listen: Listen::default(),
            supervision: Supervision::default(),
            api: api::Bounds::default(),
            notify: Vec::new(),
            identity: None,
            roles: all_roles(),
        }
    }

    pub(crate) fn session_timeout(&self) -> Duration {
        Duration::from_millis(self.kafka.session_timeout_ms.into())
    }

    /// Base settings of every Kafka client.
    pub(crate) fn client(&self, brokers: &str) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", brokers);
        client.set("client.id", &self.instance);
        // Back within a second when a broker is: by default an attempt may come 10 s after the one before.
        client.set("reconnect.backoff.max.ms", "1000");
        for (key, value) in &self.kafka.properties {
            client.set(key, value);
        }
        client
    }
}

impl Clock {
    pub(crate) fn mode(&self) -> anyhow::Result<ClockMode> {
        Ok(match self {
            Self::Wall => ClockMode::Wall,
            Self::EventTime => ClockMode::EventTime,
            Self::Until(at) => {
                let at = Instant::parse(at).with_context(|| {
                    format!("clock.until: \"{at}\" is no RFC 3339 instant with an offset")
                })?;
                ClockMode::Until(at)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_needs_only_a_catalogue() {
        let site = Site::parse("catalogue: deploy/catalogues/demo").expect("usable");
        assert_eq!(site.roles.len(), 5);
        assert_eq!(site.kafka.partitions, 4);
    }

    /// Of the Helm chart's values only the site is ours.
    #[derive(Deserialize)]
    struct Values {
        site: Site,
    }

    #[test]
    fn the_configurations_of_deploy_can_be_used() {
        for text in [include_str!("../deploy/compose/site.yaml"), include_str!("../deploy/systemd/site.yaml")]
        {
            let site = Site::parse(text).expect("usable");
            assert!(site.kafka.brokers.is_some() && site.clickhouse.url.is_some());
        }
        let values: Values =
            serde_saphyr::from_str(include_str!("../deploy/helm/xiezhi/values.yaml")).expect("usable");
        assert!(values.site.kafka.brokers.is_some());
    }

    #[test]
    fn what_would_break_the_guarantees_is_refused() {
        let refused = |text: &str| Site::parse(text).expect_err("refused").to_string();
        assert!(
            refused("catalogue: x\nkafka: {properties: {enable.auto.commit: \"true\"}}").contains("reserved")
        );
        assert!(refused("catalogue: x\nbrokers: y").contains("brokers"));
        assert!(refused("catalogue: x\nkafka: {session_timeout_ms: 10}").contains("session_timeout_ms"));
        assert!(refused("catalogue: x\nsupervision: {order_within: 0}").contains("order_within"));
        let issuer = "catalogue: x\nidentity: {issuer: a, audience: b, keys: c, ";
        assert!(refused(&format!("{issuer}algorithms: [HS256]}}")).contains("HS256"));
        assert!(refused(&format!("{issuer}algorithms: []}}")).contains("identity.algorithms"));
        assert!(
            refused("catalogue: x\napi: {person: {per_second: 0, burst: 5}}")
                .contains("api.person.per_second")
        );
        assert!(refused("catalogue: x\nclock: {until: yesterday}").contains("yesterday"));
    }
}
