//! What the composition root decides about the inbound side, and the limits that hold otherwise.

use std::time::Duration;

use crate::error::IngestError;

/// How `run` reads, forwards and commits.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestConfig {
    /// Consumer group.
    pub group: String,
    /// Static member id, unique among running processes and the same after a restart (an ordinal): a restarted process
    /// takes its partitions back at once and fences whoever still uses the id.
    pub instance: String,
    pub case_events: String,
    pub dead_letters: String,
    /// Records forwarded and not yet acknowledged, at most.
    pub max_in_flight_records: usize,
    /// Bytes forwarded and not yet acknowledged; passed by at most one record.
    pub max_in_flight_bytes: usize,
    pub commit_every: Duration,
    /// How often to look for new inbound topics.
    pub find_topics_every: Duration,
    /// How long the group waits for a silent member.
    pub session_timeout: Duration,
    /// How long a revoked or stopping member waits for what is in flight. Shorter than the session.
    pub drain_deadline: Duration,
}

impl IngestConfig {
    pub fn new(instance: impl Into<String>) -> Self {
        Self {
            group: "xiezhi-ingest".into(),
            instance: instance.into(),
            case_events: crate::topics::CASE_EVENTS.into(),
            dead_letters: crate::topics::DEAD_LETTERS.into(),
            max_in_flight_records: 20_000,
            max_in_flight_bytes: 32 * 1024 * 1024,
            commit_every: Duration::from_millis(500),
            find_topics_every: Duration::from_secs(5),
            session_timeout: Duration::from_secs(12),
            drain_deadline: Duration::from_secs(5),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), IngestError> {
        let wrong = if self.group.is_empty() || self.instance.is_empty() {
            "group and instance must not be empty"
        } else if self.drain_deadline * 2 > self.session_timeout {
            "drain_deadline must be at most half of session_timeout: a member that drains must not be taken for dead"
        } else if self.max_in_flight_records == 0 || self.max_in_flight_bytes == 0 {
            "max_in_flight_records and max_in_flight_bytes must be above 0"
        } else if self.max_in_flight_records > 1_000_000 || self.max_in_flight_bytes > 1024 * 1024 * 1024 {
            "max_in_flight_records may be at most 1000000 and max_in_flight_bytes 1 GiB"
        } else {
            return Ok(());
        };
        Err(IngestError::Config(wrong.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_a_slow_drain_is_not() {
        let config = IngestConfig::new("ingest-0");
        assert!(config.validate().is_ok());
        let slow = IngestConfig { drain_deadline: Duration::from_secs(7), ..config };
        assert!(matches!(slow.validate(), Err(IngestError::Config(_))));
    }
}
