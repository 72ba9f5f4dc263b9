//! What the promise asks of a server: every setting that is pinned must exist on it. A server that does not know one
//! would do without it, silently or not, so the sink does not start on it.

use clickhouse::Client;

use crate::error::Error;
use crate::writer::SETTINGS;

/// Of the tables (`migrate.rs`).
const TABLE_SETTINGS: [&str; 4] = [
    "non_replicated_deduplication_window",
    "replicated_deduplication_window",
    "fsync_after_insert",
    "fsync_part_directory",
];

/// Refuses a server on which a pinned setting does not exist.
pub(crate) async fn check(client: &Client) -> Result<(), Error> {
    let client = client.clone().with_database("default");
    let mut missing = missing(&client, "settings", &SETTINGS.map(|(name, _)| name)).await?;
    missing.extend(self::missing(&client, "merge_tree_settings", &TABLE_SETTINGS).await?);
    if missing.is_empty() {
        return Ok(());
    }
    let version: String = client.query_raw("SELECT version()").fetch_one().await?;
    Err(Error::Unsupported { version, missing: missing.join(", ") })
}

async fn missing(client: &Client, of: &str, wanted: &[&str]) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT arrayJoin(['{}']) AS name WHERE name NOT IN (SELECT name FROM system.{of}) ORDER BY name",
        wanted.join("', '")
    );
    Ok(client.query_raw(&sql).fetch_all().await?)
}
