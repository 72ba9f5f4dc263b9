//! The section `api`: how much may be asked of it. What is not given is as in [`Limits`].

use anyhow::bail;
use dashboard_api::{Limits, Rate};
use serde::Deserialize;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bounds {
    /// Requests under way at once.
    pub(crate) concurrent_requests: usize,
    /// Connections open at once.
    pub(crate) connections: usize,
    /// Clients of the live stream at once.
    pub(crate) streams: usize,
    /// Of one person; without an identity, of one address.
    pub(crate) person: Often,
    /// Of one address without a token that is believed.
    pub(crate) address: Often,
}

/// Requests a second in the long run, and at once after a rest.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Often {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}

impl From<Rate> for Often {
    fn from(rate: Rate) -> Self {
        Self { per_second: rate.per_second, burst: rate.burst }
    }
}

impl From<Often> for Rate {
    fn from(often: Often) -> Self {
        Self { per_second: often.per_second, burst: often.burst }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        let Limits { concurrent_requests, connections, streams, person, address, .. } = Limits::default();
        Self { concurrent_requests, connections, streams, person: person.into(), address: address.into() }
    }
}

impl Bounds {
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Self { concurrent_requests, connections, streams, person, address } = *self;
        for (key, value) in [
            ("concurrent_requests", concurrent_requests),
            ("connections", connections),
            ("streams", streams),
            ("person.per_second", person.per_second as usize),
            ("person.burst", person.burst as usize),
            ("address.per_second", address.per_second as usize),
            ("address.burst", address.burst as usize),
        ] {
            if value == 0 {
                bail!("api.{key} is 0, which would turn everybody away; it must be at least 1");
            }
        }
        Ok(())
    }

    pub(crate) fn limits(&self) -> Limits {
        let Self { concurrent_requests, connections, streams, person, address } = *self;
        let (person, address) = (person.into(), address.into());
        Limits { concurrent_requests, connections, streams, person, address, ..Limits::default() }
    }
}
