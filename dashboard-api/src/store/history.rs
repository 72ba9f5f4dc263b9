//! Every stored fact, read through once in the order of its key, a page at a time: the facts of a case come together, and
//! no answer is larger than a page. A page begins behind the key at which the last one ended, so nothing is sorted.

use clickhouse::{Client, Row};
use serde::Deserialize;

use super::StoreError;
use super::clickhouse::{Connection, judge};

/// Facts of a page; one has at most 256 KiB, mostly some hundred bytes.
const PAGE_ROWS: u32 = 10_000;

const COUNT: &str = "SELECT count() FROM case_events";
const PAGE: &str = "SELECT case_id, source, event_id, data FROM case_events \
    WHERE case_id >= {case_id:String} AND (case_id, source, event_id) > ({case_id:String}, {source:String}, {event_id:String}) \
    ORDER BY case_id, source, event_id LIMIT {rows:UInt32}";

/// A publisher's record.
#[derive(Debug, Clone, Default, Row, Deserialize)]
pub struct Fact {
    #[serde(rename = "case_id")]
    pub case: String,
    source: String,
    event_id: String,
    #[serde(rename = "data")]
    pub record: String,
}

/// See the module.
pub struct History {
    client: Client,
    /// The last fact that was read; no id is empty.
    last: Fact,
}

impl History {
    /// Nothing is sent yet.
    pub fn new(connection: &Connection) -> Self {
        Self { client: connection.client(), last: Fact::default() }
    }

    /// How many facts are stored now.
    ///
    /// # Errors
    /// ClickHouse does not answer, or not this.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.client.query(COUNT).fetch_one().await.map_err(judge)
    }

    /// The next page; `None` behind the last.
    ///
    /// # Errors
    /// ClickHouse does not answer, or not this. The next call asks for the same page.
    pub async fn next(&mut self) -> Result<Option<Vec<Fact>>, StoreError> {
        let Fact { case, source, event_id, .. } = &self.last;
        let query = self.client.query(PAGE).param("case_id", case).param("source", source);
        let query = query.param("event_id", event_id).param("rows", PAGE_ROWS);
        let page: Vec<Fact> = query.fetch_all().await.map_err(judge)?;
        let Some(last) = page.last() else { return Ok(None) };
        self.last = Fact { record: String::new(), ..last.clone() };
        Ok(Some(page))
    }
}
