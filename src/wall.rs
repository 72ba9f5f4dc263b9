//! The machine's clock. The only place that reads it; everything below takes instants as arguments.

use std::time::SystemTime;

use model::Instant;

pub(crate) fn now() -> Instant {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Instant(since.map_or(0, |d| d.as_millis() as i64))
}
