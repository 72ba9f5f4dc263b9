//! What the handlers share.

use std::sync::Arc;

use axum::Router;
use identity::Identity;
use model::Instant;
use model::catalogue::Orgs;
use prometheus::Registry;

use crate::access::Gate;
use crate::limits::Limits;
use crate::orders::Orders;
use crate::registers::Registers;
use crate::rules::Rules;
use crate::store::AlarmReader;
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
    /// Addresses of signing in, before the gate.
    pub(crate) pages: Router,
}

impl ApiState {
    /// Without identity: whoever reaches it may read all. Registers the request metrics; the registry refuses a second
    /// state of the same process.
    pub fn new(
        reader: Arc<dyn AlarmReader>,
        registry: &Registry,
        limits: Limits,
    ) -> Result<Self, prometheus::Error> {
        let gate =
            Gate { identity: None, orgs: Arc::new(Arc::default), clock: || Instant(0), has_login: false };
        Ok(Self {
            reader,
            metrics: RequestMetrics::new(registry)?,
            limits,
            gate,
            rules: None,
            registers: None,
            orders: None,
            pages: Router::new(),
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
        self.gate = Gate { identity: Some(identity), orgs, clock, has_login: self.gate.has_login };
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

    /// Addresses of signing in, which take no token; a browser without one is led to `/session/login` among them.
    #[must_use]
    pub fn with_login(mut self, pages: Router) -> Self {
        self.gate.has_login = true;
        self.pages = pages;
        self
    }
}
