//! One address that takes JSON. Blocking.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

/// From the connection to the whole answer.
const WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Web {
    agent: ureq::Agent,
    address: String,
    authorization: Option<String>,
}

impl Web {
    pub(super) fn new(address: &str, token: Option<&str>, ca: Option<&PathBuf>) -> anyhow::Result<Self> {
        // A redirect is no answer: it could lead a token elsewhere.
        let mut config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(WITHIN))
            .proxy(None);
        if address.starts_with("https://") {
            config = config.tls_config(identity::tls(ca)?);
        }
        let authorization = token.map(|token| format!("Bearer {token}"));
        Ok(Self { agent: config.build().into(), address: address.to_owned(), authorization })
    }

    /// The status of the answer.
    ///
    /// # Errors
    /// There was none: whether the message came is not known.
    pub(super) fn post(&self, key: Option<&str>, body: &str) -> anyhow::Result<u16> {
        let mut request = self.agent.post(&self.address).header("content-type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send(body).with_context(|| self.address.clone())?;
        Ok(answer.status().as_u16())
    }
}
