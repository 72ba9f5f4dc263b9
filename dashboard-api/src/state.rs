//! What the handlers share.

use std::sync::Arc;

use prometheus::Registry;

use crate::limits::Limits;
use crate::store::AlarmReader;
use crate::telemetry::RequestMetrics;

#[derive(Clone)]
pub struct ApiState {
    pub(crate) reader: Arc<dyn AlarmReader>,
    pub(crate) metrics: RequestMetrics,
    pub(crate) limits: Limits,
}

impl ApiState {
    /// Registers the request metrics; the registry refuses a second state of the same process.
    pub fn new(
        reader: Arc<dyn AlarmReader>,
        registry: &Registry,
        limits: Limits,
    ) -> Result<Self, prometheus::Error> {
        Ok(Self { reader, metrics: RequestMetrics::new(registry)?, limits })
    }
}
