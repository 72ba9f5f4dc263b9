//! The composition root: builds the parts of a site, runs them on threads of their own, and stops them in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context, anyhow};
use dashboard_api::Hub;
use ledger::reference::{self, Editions};
use ledger::worker::WorkerConfig;
use model::Catalogue;
use prometheus::Registry;
use rdkafka::config::ClientConfig;

use crate::config::{Role, Site};
use crate::live::{self, Live};
use crate::people::People;
use crate::stream::Teller;
use crate::{local, wall};

/// The consumer group of the detectors.
pub(crate) const DETECTORS_GROUP: &str = "xiezhi-detectors";

/// Where the stores of a site are, local parts included.
pub(crate) struct Stores {
    pub(crate) brokers: String,
    pub(crate) clickhouse_url: String,
    /// Stopped last, in this order: ClickHouse, then Kafka.
    parts: Vec<local::Part>,
}

/// Starts what the configuration leaves to us.
pub(crate) fn stores(site: &Site) -> anyhow::Result<Stores> {
    let mut parts = Vec::new();
    let clickhouse_url = match &site.clickhouse.url {
        Some(url) => url.clone(),
        None => {
            let part = local::clickhouse(&site.data.join("clickhouse"))?;
            let url = part.address.clone();
            parts.push(part);
            url
        }
    };
    let brokers = match &site.kafka.brokers {
        Some(brokers) => brokers.clone(),
        None => {
            let part = local::kafka(&site.data.join("kafka"))?;
            let brokers = part.address.clone();
            parts.push(part);
            brokers
        }
    };
    Ok(Stores { brokers, clickhouse_url, parts })
}

/// A running site.
pub(crate) struct Running {
    pub(crate) api: std::net::SocketAddr,
    pub(crate) metrics: std::net::SocketAddr,
    /// The demonstration's identity provider.
    pub(crate) provider: Option<Arc<identity::provider::Provider>>,
    stop: Arc<AtomicBool>,
    threads: Vec<(&'static str, JoinHandle<anyhow::Result<()>>)>,
}

/// Makes the topics and starts every role.
pub(crate) fn start(
    site: &Site,
    stores: &Stores,
    catalogue: &Arc<Catalogue>,
    people: &People,
) -> anyhow::Result<Running> {
    let client = site.client(&stores.brokers);
    make_topics(site, &client, catalogue)?;
    let registry = Registry::new();
    let stop = Arc::new(AtomicBool::new(false));
    let api = listener(&site.listen.api)?;
    let metrics = listener(&site.listen.metrics)?;
    let doors = people.doors(api.local_addr()?)?;
    let mut running = Running {
        provider: doors.provider.clone(),
        api: api.local_addr()?,
        metrics: metrics.local_addr()?,
        stop: Arc::clone(&stop),
        threads: Vec::new(),
    };
    wall::end_when_set_back(&stop)?;
    let has = |role| site.roles.contains(&role);
    let editions = Arc::<Editions>::default();
    {
        let (client, editions, stop) = (client.clone(), Arc::clone(&editions), stop.clone());
        running.spawn("reference", move || {
            reference::follow(&client, &ledger::kafka::Topics::default().reference, &editions, &stop);
            Ok(())
        })?;
    }
    let live = Arc::new(Live::new(&site.catalogue, catalogue, &editions));
    if has(Role::Sink) {
        let (config, client, registry, stop) =
            (sink_config(site, stores)?, client.clone(), registry.clone(), stop.clone());
        running.spawn("sink", move || Ok(sink::run(&config, &client, &registry, stop)?))?;
    }
    if has(Role::Detectors) {
        let config = worker_config(site, &client, catalogue, &editions)?;
        let metrics = ledger::worker::Metrics::new(&registry)?;
        let stop = stop.clone();
        running.spawn("detectors", move || Ok(ledger::worker::run(&config, &metrics, &stop)?))?;
    }
    if has(Role::Feed) {
        let (client, topics, stop) = (client.clone(), ledger::kafka::Topics::default(), stop.clone());
        running.spawn("feed", move || Ok(ledger::feed::run(&client, &topics, &stop)?))?;
    }
    if has(Role::Ingest) {
        let session_timeout = site.session_timeout();
        let config = ingest::IngestConfig {
            session_timeout,
            drain_deadline: session_timeout / 2,
            ..ingest::IngestConfig::new(format!("{}-ingest", site.instance))
        };
        let (client, registry, stop) = (client.clone(), registry.clone(), stop.clone());
        let known = Arc::clone(&live);
        running.spawn("ingest", move || {
            // Who may speak by an edition would be turned away by the file.
            known.await_read();
            Ok(ingest::run(&config, &client, || known.orgs(), wall::now, &registry, &stop)?)
        })?;
        let (layout, live) = (layout(site), Arc::clone(&live));
        let (client, stop) = (site.client(&stores.brokers), running.stop.clone());
        running.spawn("topics", move || {
            live.make_topics(&layout, &client, &stop);
            Ok(())
        })?;
    }
    let connection = connection(site, stores)?;
    let door = if has(Role::Api) {
        let (rules, enactor) =
            crate::rules::start(&client, &live, (&site.catalogue, &connection), &registry)?;
        let registers = live::registers(&client, &live);
        crate::expiry::register(&live, &registry)?;
        let limits = site.api.limits();
        let hub = Arc::new(Hub::new(limits.streams, &registry)?);
        let teller = Teller::new(client.clone(), rules.desk(), Arc::clone(&hub));
        let (stopping, halt, stop) = (stop.clone(), stop.clone(), stop.clone());
        running.spawn("stream", move || {
            teller.run(&stopping);
            Ok(())
        })?;
        running.spawn("rules", move || {
            enactor.run(&stop);
            Ok(())
        })?;
        let orders = orders(site, &live, &rules);
        let overseer = overseer(site, &live, &rules, &connection, &registry)?;
        running.spawn("overseer", move || overseer.run(&halt))?;
        for messenger in crate::notify::messengers(site, &client, &connection, &live, &registry)? {
            let stop = running.stop.clone();
            running.spawn("notify", move || {
                messenger(&stop);
                Ok(())
            })?;
        }
        let reference = dashboard_api::Reference::of_files(live.start());
        Some(crate::serve::Door {
            listener: api,
            doors,
            live,
            rules,
            registers,
            orders,
            reference,
            limits,
            hub,
        })
    } else {
        None
    };
    running.spawn("api", move || crate::serve::run(door, metrics, &connection, &registry, &stop))?;
    Ok(running)
}

impl Running {
    fn spawn(
        &mut self,
        name: &'static str,
        body: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(body)?;
        self.threads.push((name, thread));
        Ok(())
    }

    /// Whether every role still runs.
    pub(crate) fn healthy(&self) -> bool {
        self.threads.iter().all(|(_, thread)| !thread.is_finished())
    }

    /// Stops all roles; the first failure of one of them is the error.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::SeqCst);
        let mut outcome = Ok(());
        for (name, thread) in self.threads {
            let ended = thread.join().unwrap_or_else(|_| Err(anyhow!("it panicked"))).context(name);
            if let Err(error) = ended {
                tracing::error!(role = name, error = format!("{error:#}"), "a role failed");
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }
}

impl Drop for Stores {
    fn drop(&mut self) {
        // In order: nothing writes to ClickHouse any more once it goes, and Kafka goes last.
        self.parts.drain(..).for_each(drop);
    }
}

fn listener(address: &str) -> anyhow::Result<std::net::TcpListener> {
    let listener =
        std::net::TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Orders share the desk of the rules; deadlines are counted with the calendar as it stands.
fn orders(site: &Site, live: &Arc<Live>, rules: &dashboard_api::Rules) -> dashboard_api::Orders {
    let (terms, clearing, live) = (site.supervision.terms(), site.supervision.clearing(), Arc::clone(live));
    dashboard_api::Orders::new(rules.desk(), move || live.calendar(), terms, clearing, wall::now)
}

fn overseer(
    site: &Site,
    live: &Arc<Live>,
    rules: &dashboard_api::Rules,
    connection: &dashboard_api::Connection,
    registry: &Registry,
) -> anyhow::Result<crate::overseer::Overseer> {
    let limits = dashboard_api::Limits::default();
    let reader = dashboard_api::ClickHouseReader::new(connection, limits.query);
    crate::overseer::Overseer::new(rules.desk(), reader, Arc::clone(live), site.supervision.terms(), registry)
}

/// Every topic of the site, with an inbound one for each org that publishes.
pub(crate) fn make_topics(site: &Site, client: &ClientConfig, catalogue: &Catalogue) -> anyhow::Result<()> {
    live::ensure_topics(&layout(site), client, &catalogue.orgs)
}

fn layout(site: &Site) -> ingest::topics::Layout {
    ingest::topics::Layout {
        case_partitions: site.kafka.partitions,
        inbound_partitions: site.kafka.inbound_partitions,
        replication: site.kafka.replication,
    }
}

fn worker_config(
    site: &Site,
    client: &ClientConfig,
    catalogue: &Arc<Catalogue>,
    editions: &Arc<Editions>,
) -> anyhow::Result<WorkerConfig> {
    Ok(WorkerConfig {
        client: client.clone(),
        topics: ledger::kafka::Topics::default(),
        group: DETECTORS_GROUP.to_owned(),
        instance: format!("{}-detectors", site.instance),
        session_timeout: site.session_timeout(),
        rules: Arc::clone(catalogue),
        editions: Arc::clone(editions),
        clock: site.clock.mode()?,
        limits: ledger::actor::Limits::default(),
        standbys: site.kafka.standbys,
        wall: wall::now,
    })
}

fn sink_config(site: &Site, stores: &Stores) -> anyhow::Result<sink::SinkConfig> {
    Ok(sink::SinkConfig {
        clickhouse_url: stores.clickhouse_url.clone(),
        clickhouse_user: site.clickhouse.user.clone().unwrap_or_else(|| "default".to_owned()),
        clickhouse_password: sink::Secret(
            secret(site.clickhouse.password_env.as_deref())?.unwrap_or_default(),
        ),
        form: site.clickhouse.form.clone(),
        ..sink::SinkConfig::default()
    })
}

/// The API reads as the reader where there is one; the embedded ClickHouse always has one.
fn connection(site: &Site, stores: &Stores) -> anyhow::Result<dashboard_api::Connection> {
    let settings = &site.clickhouse;
    let embedded = settings.url.is_none().then(|| "reader".to_owned());
    let (user, password) = match settings.reader.clone().or(embedded) {
        Some(reader) => (Some(reader), secret(settings.reader_password_env.as_deref())?),
        None => (settings.user.clone(), secret(settings.password_env.as_deref())?),
    };
    let url = stores.clickhouse_url.clone();
    Ok(dashboard_api::Connection { url, database: "xiezhi".to_owned(), user, password })
}

pub(crate) fn secret(variable: Option<&str>) -> anyhow::Result<Option<String>> {
    variable
        .map(|name| std::env::var(name).with_context(|| format!("environment variable {name} is not set")))
        .transpose()
}
