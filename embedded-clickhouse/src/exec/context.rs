//! The connection a statement runs on, and what is set on it before and taken back after.
//!
//! What must stay true: without a session nothing survives the request, because the connection does not; in a session
//! only what the statement itself did survives. What the request's address sets is undone, as in a server.

use std::time::Instant;

use super::{Engine, Request};
use crate::codec::chunks::read_varint;
use crate::config::READ_ROLE;
use crate::exception::{Code, Exception};
use crate::ffi::{Connection, Params};
use crate::policy::{self, Rights};
use crate::session::Lease;
use crate::sql::{quote_name, quote_text};

pub(super) struct Context {
    connection: Option<Connection>,
    session: Option<Session>,
}

struct Session {
    lease: Lease<Connection>,
    /// Statements that put back what the request's settings changed.
    undo: Vec<String>,
}

impl Context {
    pub(super) fn open(
        engine: &Engine,
        request: &Request,
        tag: &str,
        caps: &Params,
    ) -> Result<Self, Exception> {
        match (&request.session, request.rights) {
            // A reader can neither SET nor make temporary tables, so there is nothing a session could keep.
            (_, Rights::Reader) => Self::for_reader(engine, request, tag, caps),
            (None, _) => Self::for_one_request(engine, request, tag, caps),
            (Some(wish), _) => {
                let lease = engine.sessions.lease(&request.user, wish, Instant::now())?;
                Self::in_session(engine, request, tag, caps, lease)
            }
        }
    }

    fn for_reader(engine: &Engine, request: &Request, tag: &str, caps: &Params) -> Result<Self, Exception> {
        if !request.roles.is_empty() {
            return Err(Exception::new(Code::AccessDenied, "Roles cannot be chosen by this user"));
        }
        let mut arguments = with_arguments(engine, tag, caps);
        arguments.extend(policy::reader_arguments(&request.settings)?);
        let connection = Connection::open(&arguments)?;
        for statement in request.database.iter().map(|name| use_database(name)) {
            connection.execute(&statement)?;
        }
        connection.execute(&format!("SET ROLE {READ_ROLE}"))?;
        Ok(Context { connection: Some(connection), session: None })
    }

    fn for_one_request(
        engine: &Engine,
        request: &Request,
        tag: &str,
        caps: &Params,
    ) -> Result<Self, Exception> {
        let connection = Connection::open(&with_arguments(engine, tag, caps))?;
        for statement in preparations(request, &request.settings) {
            connection.execute(&statement)?;
        }
        Ok(Context { connection: Some(connection), session: None })
    }

    fn in_session(
        engine: &Engine,
        request: &Request,
        tag: &str,
        caps: &Params,
        mut lease: Lease<Connection>,
    ) -> Result<Self, Exception> {
        let connection = match lease.connection.take() {
            Some(connection) => connection,
            None => Connection::open(&engine.arguments)?,
        };
        let mut settings = caps.clone();
        settings.push(("log_comment".to_owned(), tag.to_owned()));
        settings.extend(request.settings.iter().cloned());
        let undo = undo(&connection, request, &settings)?;
        let mut context = Context { connection: Some(connection), session: Some(Session { lease, undo }) };
        for statement in preparations(request, &settings) {
            if let Err(exception) = context.connection().execute(&statement) {
                context.close(true);
                return Err(exception);
            }
        }
        Ok(context)
    }

    pub(super) fn connection(&mut self) -> &Connection {
        self.connection.as_ref().expect("held until close()")
    }

    /// Gives a session its connection back; any other connection is closed.
    pub(super) fn close(mut self, has_failed: bool) {
        let (Some(connection), Some(mut session)) = (self.connection.take(), self.session.take()) else {
            return;
        };
        if has_failed {
            connection.discard_leftovers();
        }
        let undone = session.undo.iter().try_for_each(|statement| connection.execute(statement));
        match undone {
            Ok(()) => session.lease.connection = Some(connection),
            Err(exception) => {
                tracing::warn!(error = exception.text, "a session ends: its settings could not be put back");
            }
        }
    }
}

fn with_arguments(engine: &Engine, tag: &str, caps: &Params) -> Vec<String> {
    let mut arguments = engine.arguments.clone();
    arguments.push(format!("--log_comment={tag}"));
    arguments.extend(caps.iter().map(|(name, value)| format!("--{name}={value}")));
    arguments
}

fn use_database(name: &str) -> String {
    format!("USE {}", quote_name(name))
}

/// The statements that carry out what the request's address and headers ask for.
fn preparations(request: &Request, settings: &Params) -> Vec<String> {
    let mut statements: Vec<String> = request.database.iter().map(|name| use_database(name)).collect();
    if !request.roles.is_empty() {
        let roles: Vec<String> = request.roles.iter().map(|role| quote_name(role)).collect();
        statements.push(format!("SET ROLE {}", roles.join(", ")));
    }
    statements.extend(
        settings.iter().map(|(name, value)| format!("SET {} = {}", quote_name(name), quote_text(value))),
    );
    statements
}

/// The reverse of [`preparations`], read off the session before they run.
fn undo(connection: &Connection, request: &Request, settings: &Params) -> Result<Vec<String>, Exception> {
    let names: Vec<String> = settings.iter().map(|(name, _)| quote_text(name)).collect();
    let sql = format!(
        "SELECT name, changed, value FROM system.settings WHERE name IN ({}) \
         UNION ALL SELECT currentDatabase(), 2, ''",
        names.join(", ")
    );
    let rows = connection.query(sql.as_bytes(), "RowBinary", &Params::new())?;
    let mut statements = Vec::new();
    let (bytes, mut at) = (rows.as_ref(), 0);
    while let Some((name, kind, value)) = read_row(bytes, &mut at) {
        match kind {
            0 => statements.push(format!("SET {} = DEFAULT", quote_name(&name))),
            1 => statements.push(format!("SET {} = {}", quote_name(&name), quote_text(&value))),
            _ if request.database.is_some() => statements.push(use_database(&name)),
            _ => {}
        }
    }
    if !request.roles.is_empty() {
        statements.push("SET ROLE DEFAULT".to_owned());
    }
    Ok(statements)
}

/// One RowBinary row of (String, UInt8, String).
fn read_row(bytes: &[u8], at: &mut usize) -> Option<(String, u8, String)> {
    let name = read_text(bytes, at)?;
    let kind = *bytes.get(*at)?;
    *at += 1;
    Some((name, kind, read_text(bytes, at)?))
}

fn read_text(bytes: &[u8], at: &mut usize) -> Option<String> {
    let length = read_varint(bytes, at)?;
    let text = bytes.get(*at..at.checked_add(length)?)?;
    *at += length;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_where_the_bytes_end() {
        let bytes = b"\x01a\x01\x02bc\x03de";
        let mut at = 0;
        assert_eq!(read_row(bytes, &mut at), Some(("a".to_owned(), 1, "bc".to_owned())));
        assert_eq!(read_row(bytes, &mut at), None);
    }
}
