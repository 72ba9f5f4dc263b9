//! The store over ClickHouse's HTTP interface: runs what [`super::sql`] writes, and judges what went wrong.

use std::time::Duration;

use clickhouse::error::Error;
use clickhouse::{Client, Row, RowOwned, RowRead};
use identity::Scope;
use model::FindingId;

use super::rows::{
    AlarmRow, CaseRow, CountRow, DeadLetterRow, EventRow, IncidentRow, NameRow, ProgressRow, StandingRow,
    StatsRow,
};
use super::sql::{self, Sql, Value};
use super::{AlarmReader, Answer, StoreError};
use crate::question::{DeadLetterQuery, Filter, ListQuery, StatsQuery};

/// Where ClickHouse is, and as whom it is read.
#[derive(Clone)]
pub struct Connection {
    pub url: String,
    pub database: String,
    pub user: Option<String>,
    pub password: Option<String>,
}

impl Connection {
    /// Nothing is sent yet.
    pub(crate) fn client(&self) -> Client {
        let mut client = Client::default().with_url(&self.url).with_database(&self.database);
        if let Some(user) = &self.user {
            client = client.with_user(user);
        }
        if let Some(password) = &self.password {
            client = client.with_password(password);
        }
        client
    }
}

#[derive(Clone)]
pub struct ClickHouseReader {
    client: Client,
}

impl ClickHouseReader {
    /// Nothing is sent yet; `query` bounds what each query may take.
    pub fn new(connection: &Connection, query: Duration) -> Self {
        let client = connection
            .client()
            .with_setting("max_execution_time", query.as_secs().max(1).to_string())
            .with_setting("result_overflow_mode", "throw");
        Self { client }
    }

    async fn rows<T: Row + RowOwned + RowRead>(&self, sql: Sql) -> Result<Vec<T>, StoreError> {
        let rows = sql.max_rows.to_string();
        let mut query = self.client.query(&sql.text).with_setting("max_result_rows", rows);
        for (name, value) in &sql.values {
            query = match value {
                Value::Text(text) => query.param(name, text),
                Value::Texts(texts) => query.param(name, texts),
                Value::Number(number) => query.param(name, number),
            };
        }
        query.fetch_all().await.map_err(judge)
    }

    async fn first<T: Row + RowOwned + RowRead>(&self, sql: Sql) -> Result<Option<T>, StoreError> {
        Ok(self.rows(sql).await?.into_iter().next())
    }
}

impl AlarmReader for ClickHouseReader {
    fn alarms<'a>(&'a self, query: &'a ListQuery) -> Answer<'a, Vec<AlarmRow>> {
        Box::pin(self.rows(sql::list(query)))
    }

    fn count<'a>(&'a self, filter: &'a Filter, scope: &'a Scope) -> Answer<'a, u64> {
        let sql = sql::count(filter, scope);
        Box::pin(async { Ok(self.first::<CountRow>(sql).await?.map_or(0, |row| row.number)) })
    }

    fn alarm<'a>(&'a self, id: FindingId, scope: &'a Scope) -> Answer<'a, Option<AlarmRow>> {
        Box::pin(async move {
            match self.first(sql::alarm(id, scope)).await? {
                Some(row) => Ok(Some(row)),
                None => self.first(sql::shadow_alarm(id, scope)).await,
            }
        })
    }

    fn alarms_of<'a>(&'a self, ids: &'a [FindingId], scope: &'a Scope) -> Answer<'a, Vec<AlarmRow>> {
        Box::pin(self.rows(sql::alarms_of(ids, scope)))
    }

    fn revisions<'a>(&'a self, id: FindingId, limit: u32, scope: &'a Scope) -> Answer<'a, Vec<AlarmRow>> {
        Box::pin(self.rows(sql::revisions(id, limit, scope)))
    }

    fn events<'a>(
        &'a self,
        case: &'a str,
        ids: Option<&'a [String]>,
        limit: u32,
        scope: &'a Scope,
    ) -> Answer<'a, Vec<EventRow>> {
        Box::pin(self.rows(sql::events(case, ids, limit, scope)))
    }

    fn case<'a>(&'a self, case: &'a str, scope: &'a Scope) -> Answer<'a, Option<CaseRow>> {
        Box::pin(self.first(sql::case(case, scope)))
    }

    fn stats<'a>(&'a self, query: &'a StatsQuery) -> Answer<'a, Vec<StatsRow>> {
        Box::pin(self.rows(sql::stats(query)))
    }

    fn dead_letters<'a>(&'a self, query: &'a DeadLetterQuery) -> Answer<'a, Vec<DeadLetterRow>> {
        Box::pin(self.rows(sql::dead_letters(query)))
    }

    fn progress(&self) -> Answer<'_, Vec<ProgressRow>> {
        Box::pin(self.rows(sql::progress()))
    }

    fn completeness(&self) -> Answer<'_, Vec<StandingRow>> {
        Box::pin(self.rows(sql::completeness()))
    }

    fn incidents(&self, limit: u32) -> Answer<'_, Vec<IncidentRow>> {
        Box::pin(self.rows(sql::incidents(limit)))
    }

    fn missing_views(&self) -> Answer<'_, Vec<String>> {
        Box::pin(async {
            let rows: Vec<NameRow> = self.rows(sql::missing_views()).await?;
            Ok(rows.into_iter().map(|row| row.name).collect())
        })
    }
}

/// Whose fault it is: the network's, the missing migrations', the question's, or ours.
pub(super) fn judge(error: Error) -> StoreError {
    let text = error.to_string();
    match error {
        Error::Network(_) | Error::TimedOut => StoreError::Unreachable(text),
        Error::BadResponse(_) => match code(&text) {
            // UNKNOWN_TABLE, UNKNOWN_DATABASE
            Some(60 | 81) => StoreError::NotMigrated(text),
            // TOO_MANY_ROWS, TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES
            Some(158 | 159 | 160 | 241 | 396) => StoreError::TooExpensive(text),
            // NETWORK_ERROR, TOO_MANY_SIMULTANEOUS_QUERIES, SOCKET_TIMEOUT, NO_ZOOKEEPER, REPLICA/ALL_CONNECTION_TRIES_FAILED
            Some(202 | 209 | 210 | 225 | 279) => StoreError::Unreachable(text),
            Some(_) => StoreError::Broken(text),
            // No exception of ClickHouse's: something before it answered, a proxy or a process that is starting.
            None => StoreError::Unreachable(text),
        },
        _ => StoreError::Broken(text),
    }
}

/// The number in `Code: 60. DB::Exception: …`.
fn code(text: &str) -> Option<u32> {
    let digits = text.split_once("Code: ")?.1;
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides() {
        let judged = |text: &str| judge(Error::BadResponse(text.to_owned()));
        assert!(matches!(judged("Code: 60. DB::Exception: Unknown table"), StoreError::NotMigrated(_)));
        assert!(matches!(judged("Code: 159. DB::Exception: Timeout"), StoreError::TooExpensive(_)));
        assert!(matches!(judged("Code: 202. DB::Exception: Too many"), StoreError::Unreachable(_)));
        assert!(matches!(judged("Code: 62. DB::Exception: Syntax"), StoreError::Broken(_)));
        assert!(matches!(judged("502 Bad Gateway"), StoreError::Unreachable(_)));
    }
}
