//! Inserts with data. The rows go through the engine's insert stream and nowhere else: inside statement text the
//! engine would take the first blank line for their end.

use super::body::RequestBody;
use crate::exception::Exception;
use crate::ffi::{Connection, Params, Stats};

pub(super) struct Head<'a> {
    /// Up to, without, its FORMAT clause.
    pub(super) sql: &'a [u8],
    pub(super) format: &'a str,
    /// Data that came with the text.
    pub(super) first_data: &'a [u8],
}

/// Commits only when the body has ended soundly: an error on the way drops the insert, which cancels it.
pub(super) fn run(
    connection: &Connection,
    head: &Head,
    params: &Params,
    body: &mut RequestBody,
) -> Result<Stats, Exception> {
    let insert = connection.insert(head.sql, head.format, params)?;
    let mut is_sound = insert.append(head.first_data);
    while let Some(data) = body.next()? {
        // After a failure the rest is read and thrown away; finish() then says what was wrong.
        is_sound = is_sound && insert.append(&data);
    }
    insert.finish()
}
