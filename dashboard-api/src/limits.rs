//! The bounds of the read side, each with its unit. Nothing a client sends can ask for more.

use std::time::Duration;

/// The zone of civil days where none is named.
pub(crate) const DEFAULT_ZONE: &str = "Asia/Shanghai";
/// Largest page of a list, in rows.
pub(crate) const MAX_PAGE_ROWS: u32 = 500;
pub(crate) const DEFAULT_PAGE_ROWS: u32 = 50;
/// Largest number of groups in statistics.
pub(crate) const MAX_STATS_ROWS: u32 = 5_000;
pub(crate) const DEFAULT_STATS_ROWS: u32 = 1_000;
/// Events, and findings, that one timeline shows.
pub(crate) const MAX_TIMELINE_ROWS: u32 = 2_000;
/// Incidents that the list shows.
pub(crate) const MAX_INCIDENTS: u32 = 500;
/// Revisions, and facts, that one alarm shows.
pub(crate) const MAX_DETAIL_ROWS: u32 = 1_000;
/// Bytes of a dead letter's payload, and of its key, that a list shows.
pub(crate) const MAX_PAYLOAD_BYTES: u32 = 4_096;
/// Values that one parameter may be given.
pub(crate) const MAX_VALUES: usize = 100;
/// Bytes of one value; ids have at most 128.
pub(crate) const MAX_VALUE_BYTES: usize = 1_024;
pub(crate) const MAX_QUERY_BYTES: usize = 16 * 1_024;
/// Addresses that read no body ignore a small one and refuse a large one.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1_024;
/// A command with a version's content, which has at most 256 KiB.
pub(crate) const MAX_COMMAND_BYTES: usize = 384 * 1_024;
/// A table of a register: some 100,000 officers as CSV.
pub(crate) const MAX_UPLOAD_BYTES: usize = 8 * 1_024 * 1_024;
/// Changes, and refused rows, that one report lists; their numbers count all.
pub(crate) const MAX_REPORTED: usize = 1_000;
/// Editions that the overview of the registers lists.
pub(crate) const MAX_EDITIONS_SHOWN: usize = 50;

/// Buckets of one meter; whoever comes beyond them shares one.
pub(crate) const MAX_METERED: usize = 16_384;
/// Bytes of a request's line and headers.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1_024;

/// Events that are kept for clients of the stream that come back; a few kilobytes each.
pub(crate) const MAX_KEPT_EVENTS: usize = 10_000;
/// Events that a client of the stream is given at once.
pub(crate) const MAX_STREAM_BATCH: usize = 256;
/// Streams that one person may listen to at once.
pub(crate) const MAX_STREAMS_A_PERSON: usize = 16;
/// Longest silence of a stream.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
/// A client that takes nothing of an answer for so long is cut off.
pub(crate) const WRITE_WITHIN: Duration = Duration::from_secs(30);

/// Requests that one may send: so many a second in the long run, and so many at once after a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub per_second: u32,
    pub burst: u32,
}

/// The bounds that depend on the machine and on those who use it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of the request to the answer.
    pub request: Duration,
    /// What ClickHouse may spend on one query; below `request`, so that its own message arrives.
    pub query: Duration,
    /// From the connection, or the answer before, to the last byte of a request's headers.
    pub head: Duration,
    /// Requests under way at once; one more is turned away with 503.
    pub concurrent_requests: usize,
    /// Connections open at once; one more waits until another is closed.
    pub connections: usize,
    /// Clients of the live stream at once; one more is turned away with 503.
    pub streams: usize,
    /// Of one person; without an identity, of one address.
    pub person: Rate,
    /// Of one address, for what takes no token and for tokens that are not believed.
    pub address: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(15),
            query: Duration::from_secs(10),
            head: Duration::from_secs(10),
            concurrent_requests: 64,
            connections: 1_024,
            streams: 256,
            person: Rate { per_second: 100, burst: 2_000 },
            address: Rate { per_second: 20, burst: 400 },
        }
    }
}
