//! The HTTP side of a site: the API, and the metrics on a port of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dashboard_api::{
    ApiState, ClickHouseReader, Connection, Connections, Hub, Limits, Orders, Reference, Registers, Rules,
};
use prometheus::{IntGauge, Registry};

use crate::live::Live;
use crate::people::Doors;

/// How soon a stop is seen.
const LOOK: Duration = Duration::from_millis(50);

/// Where the API listens, and whom it lets in.
pub(crate) struct Door {
    pub(crate) listener: std::net::TcpListener,
    pub(crate) doors: Doors,
    pub(crate) live: Arc<Live>,
    pub(crate) rules: Rules,
    pub(crate) registers: Registers,
    pub(crate) orders: Orders,
    pub(crate) limits: Limits,
    pub(crate) hub: Arc<Hub>,
    pub(crate) reference: Reference,
}

/// Serves until `stop` is set. Without `api` only metrics are served.
pub(crate) fn run(
    api: Option<Door>,
    metrics: std::net::TcpListener,
    connection: &Connection,
    registry: &Registry,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let metrics = tokio::net::TcpListener::from_std(metrics)?;
        let operations = dashboard_api::serve(
            metrics,
            dashboard_api::metrics_router(registry.clone()),
            Connections::new(&Limits::default(), IntGauge::new("scrapes", "Connections that scrape.")?),
            stopped(Arc::clone(stop)),
        );
        match api {
            None => operations.await?,
            Some(Door { listener, doors, live, rules, registers, orders, reference, limits, hub }) => {
                let reader = ClickHouseReader::new(connection, limits.query);
                let state = ApiState::new(Arc::new(reader), registry, limits)?;
                let state = state.with_rules(rules).with_registers(registers).with_orders(orders);
                let state = doors.hang(state.with_reference(reference).with_hub(hub), &live);
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let connections = state.connections();
                let router = dashboard_api::router(state);
                let api = dashboard_api::serve(listener, router, connections, stopped(Arc::clone(stop)));
                tokio::try_join!(api, operations)?;
            }
        }
        Ok(())
    })
}

async fn stopped(stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits for Ctrl-C, SIGTERM, or for `over` to say so.
pub(crate) fn wait_for_signal(over: impl Fn() -> bool) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok(()),
                interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
                () = tokio::time::sleep(LOOK) => if over() { return Ok(()) },
            }
        }
    })
}
