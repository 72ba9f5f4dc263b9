//! What the handlers share.

use std::sync::Arc;

use axum::Router;
use identity::Identity;
use model::Instant;
use model::catalogue::Orgs;
use prometheus::Registry;

use crate::access::Gate;
use crate::catalogue::Reference;
use crate::limits::Limits;
use crate::orders::Orders;
use crate::rate::Meters;
use crate::registers::Registers;
use crate::rules::Rules;
use crate::server::Connections;
use crate::store::AlarmReader;
use crate::stream::Hub;
use crate::telemetry::RequestMetrics;

#[derive(Clone)]
pub struct ApiState {
    pub(crate) reader: Arc<dyn AlarmReader>,
    pub(crate) metrics: RequestMetrics,
    pub(crate) limits: Limits,
    pub(crate) gate: Gate,
    /// Absent: this process has no desk.
    pub(crate) rules: Option<Rules>,
    /// Absent: this process knows no editions.
    pub(crate) registers: Option<Registers>,
    /// Absent likewise.
    pub(crate) orders: Option<Orders>,
    /// Empty: nothing is named.
    pub(crate) reference: Reference,
    /// Addresses of signing in, before the gate.
    pub(crate) pages: Router,
    /// Absent: this process tells nothing as it happens.
    pub(crate) hub: Option<Arc<Hub>>,
    /// Whether browsers reach it by https.
    pub(crate) is_https: bool,
}

impl ApiState {
    /// Without identity: whoever reaches it may read all. Registers the request metrics; the registry refuses a second
    /// state of the same process.
    pub fn new(
        reader: Arc<dyn AlarmReader>,
        registry: &Registry,
        limits: Limits,
    ) -> Result<Self, prometheus::Error> {
        let metrics = RequestMetrics::new(registry)?;
        let meters = Meters::new(&limits, metrics.clone());
        let gate = Gate {
            identity: None,
            orgs: Arc::new(Arc::default),
            clock: || Instant(0),
            has_login: false,
            meters,
        };
        Ok(Self {
            reader,
            metrics,
            limits,
            gate,
            rules: None,
            registers: None,
            orders: None,
            reference: Reference::default(),
            pages: Router::new(),
            hub: None,
            is_https: false,
        })
    }

    /// Only who has a token that `identity` believes may ask, and only for what its grants cover in the tree that `orgs` gives at
    /// that time.
    #[must_use]
    pub fn with_identity(
        mut self,
        identity: Arc<Identity>,
        orgs: impl Fn() -> Arc<Orgs> + Send + Sync + 'static,
        clock: fn() -> Instant,
    ) -> Self {
        let orgs = Arc::new(orgs);
        self.gate = Gate { identity: Some(identity), orgs, clock, ..self.gate };
        self
    }

    /// Serves rules and takes commands about them.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// Serves registers and takes tables for them.
    #[must_use]
    pub fn with_registers(mut self, registers: Registers) -> Self {
        self.registers = Some(registers);
        self
    }

    /// Serves orders and to-do lists, and takes commands about them.
    #[must_use]
    pub fn with_orders(mut self, orders: Orders) -> Self {
        self.orders = Some(orders);
        self
    }

    /// Serves the live stream of what the hub is told.
    #[must_use]
    pub fn with_hub(mut self, hub: Arc<Hub>) -> Self {
        self.hub = Some(hub);
        self
    }

    /// Shows a catalogue, for clients to name things by.
    #[must_use]
    pub fn with_reference(mut self, reference: Reference) -> Self {
        self.reference = reference;
        self
    }

    /// Addresses of signing in, which take no token; a browser without one is led to `/session/login` among them.
    #[must_use]
    pub fn with_login(mut self, pages: Router) -> Self {
        self.gate.has_login = true;
        self.pages = pages;
        self
    }

    /// Tells browsers to come by https alone: whatever stands before it speaks https.
    #[must_use]
    pub fn with_https(mut self) -> Self {
        self.is_https = true;
        self
    }

    /// The bound on connections, with its gauge.
    pub fn connections(&self) -> Connections {
        Connections::new(&self.limits, self.metrics.connections.clone())
    }
}
