//! Runs requests: one blocking thread and one connection each, within named limits.
//!
//! What must stay true: a request waits for a slot before it takes a thread; an error is answered only after the
//! request's body has been read; a reading statement whose client has gone is killed; data of an insert is committed
//! only when its body has ended soundly.

pub(crate) mod body;
mod context;
mod hello;
mod insert;
mod killer;
mod reply;
mod select;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::exception::{Code, Exception};
use crate::ffi::{Class, Connection, Params};
use crate::policy::{self, Rights, Verdict};
use crate::session::{Sessions, Wish};
use crate::sql::{self, Kind, Statement};
use body::RequestBody;
use context::Context;
use killer::Killer;
pub(crate) use reply::{Answer, Head, random_letters};
use reply::{Reply, reply_channel};

/// How long a request may wait for a slot before it is told to come back.
const SLOT_WAIT: Duration = Duration::from_secs(10);
/// Results that cannot be streamed are held in memory up to this size, as the engine counts: constant columns cost it
/// nothing, so the last word is the engine's own memory limit, which the held output counts against.
const WHOLE_RESULT_BYTES_MAX: u64 = 256 << 20;

/// One statement as a client asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) user: String,
    pub(crate) rights: Rights,
    /// From the address or a form; the body follows it.
    pub(crate) query: String,
    pub(crate) database: Option<String>,
    pub(crate) default_format: Option<String>,
    pub(crate) session: Option<Wish>,
    pub(crate) roles: Vec<String>,
    pub(crate) settings: Params,
    pub(crate) params: Params,
    pub(crate) compress: bool,
    /// `wait_end_of_query=1`: no byte before the outcome is known.
    pub(crate) in_one_piece: bool,
    pub(crate) protocol_version: u64,
}

impl Request {
    fn default_format(&self) -> &str {
        self.default_format.as_deref().unwrap_or("TabSeparated")
    }
}

/// The engine and everything requests share.
pub(crate) struct Engine {
    pub(crate) version: String,
    arguments: Vec<String>,
    /// Holds the engine open between requests.
    keeper: Mutex<Option<Connection>>,
    sessions: Arc<Sessions<Connection>>,
    /// Reading and inserting are counted apart: a client that uploads slowly must not keep others from reading.
    queries: Arc<Semaphore>,
    inserts: Arc<Semaphore>,
    slots: u32,
    last_tag: AtomicU64,
}

impl Engine {
    pub(crate) fn open(arguments: Vec<String>, slots: u16) -> Result<Self, Exception> {
        let keeper = Connection::open(&arguments)?;
        let version = keeper.query(b"SELECT version()", "TabSeparated", &Params::new())?;
        Ok(Engine {
            version: String::from_utf8_lossy(version.as_ref()).trim().to_owned(),
            arguments,
            keeper: Mutex::new(Some(keeper)),
            sessions: Arc::default(),
            queries: Arc::new(Semaphore::new(usize::from(slots))),
            inserts: Arc::new(Semaphore::new(usize::from(slots))),
            slots: u32::from(slots),
            last_tag: AtomicU64::new(0),
        })
    }

    /// Runs one request; returns when its outcome is known or its first rows are there.
    pub(crate) async fn run(
        self: &Arc<Self>,
        request: Request,
        mut body: RequestBody,
    ) -> Result<Answer, Exception> {
        let is_insert = if request.query.trim().is_empty() {
            sql::begins_insert(body.peek().await.unwrap_or_default())
        } else {
            sql::begins_insert(request.query.as_bytes())
        };
        let slot = match self.slot(is_insert).await {
            Ok(slot) => slot,
            Err(refusal) => {
                body.drain().await;
                return Err(refusal);
            }
        };
        let killer = Killer::new(self);
        let switch = killer.switch();
        let (reply, outcome) = reply_channel(request.compress);
        let engine = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            Worker { engine: &engine, request: &request, switch, reply }.run(body);
            drop(slot);
        });
        outcome.answer(killer).await
    }

    async fn slot(&self, is_insert: bool) -> Result<OwnedSemaphorePermit, Exception> {
        let slots = Arc::clone(if is_insert { &self.inserts } else { &self.queries });
        match tokio::time::timeout(SLOT_WAIT, slots.acquire_owned()).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_)) => Err(Exception::new(Code::NetworkError, "The server is stopping")),
            Err(_) => {
                let message = format!("Too many simultaneous queries. Maximum: {}", self.slots);
                Err(Exception::new(Code::TooManyQueries, message))
            }
        }
    }

    fn next_tag(&self) -> String {
        format!("gateway-{}", self.last_tag.fetch_add(1, Ordering::Relaxed))
    }

    /// Closes the sessions whose time is up.
    pub(crate) fn sweep_sessions(&self) {
        drop(self.sessions.sweep(Instant::now()));
    }

    /// Resolves when no request runs any more; none can start afterwards.
    pub(crate) async fn all_ended(&self) {
        for slots in [&self.queries, &self.inserts] {
            let all = slots.acquire_many(self.slots).await;
            slots.close();
            drop(all);
        }
    }

    pub(crate) fn kill_everything(&self) {
        killer::kill(&self.arguments, "1");
    }

    /// Every connection must be closed before the process exits.
    pub(crate) fn close(&self) {
        self.sessions.clear();
        drop(self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// One request on its blocking thread.
struct Worker<'a> {
    engine: &'a Engine,
    request: &'a Request,
    switch: killer::Switch,
    reply: Reply,
}

impl Worker<'_> {
    fn run(mut self, mut body: RequestBody) {
        let outcome = self.serve(&mut body);
        self.switch.off();
        if let Err(exception) = outcome {
            // A client that is still sending only sees the answer once its body has been read.
            body.drain_blocking();
            self.reply.fail(exception);
        }
    }

    fn serve(&mut self, body: &mut RequestBody) -> Result<(), Exception> {
        let (text, statement) = body.collect_statement(&self.request.query)?;
        policy::check_words(self.request.rights, statement.hazards, &self.request.params)?;
        match &statement.kind {
            Kind::Empty => return Err(Exception::new(Code::SyntaxError, "Empty query")),
            Kind::Insert { .. } => policy::check_insert(self.request.rights)?,
            Kind::Command { .. } if statement.hazards.uses_input => {
                let message = "INSERT SELECT FROM input() is not possible here; insert into a table instead";
                return Err(Exception::new(Code::NotImplemented, message));
            }
            Kind::Command { .. } | Kind::Select { .. } => {}
        }
        let mut context =
            Context::open(self.engine, self.request, self.switch.tag(), &self.caps(&statement))?;
        let outcome = self.serve_on(context.connection(), &text, &statement, body);
        context.close(outcome.is_err());
        outcome
    }

    fn serve_on(
        &mut self,
        connection: &Connection,
        text: &[u8],
        statement: &Statement,
        body: &mut RequestBody,
    ) -> Result<(), Exception> {
        if let Kind::Insert { format, head_end, data_start } = &statement.kind {
            let format = format.as_deref().or(self.request.default_format.as_deref()).unwrap_or("Values");
            let head = insert::Head { sql: &text[..*head_end], format, first_data: &text[*data_start..] };
            let stats = insert::run(connection, &head, &self.request.params, body)?;
            self.reply.begin(Head { format: None, stats: Some(stats), tag: None });
            return Ok(());
        }
        let analysis = connection.classify(text);
        match policy::check_statement(self.request.rights, &analysis)? {
            Verdict::ExplainSyntax => return Err(select::syntax_error(connection, text)),
            Verdict::Run => {}
        }
        if hello::is_hello(self.request, text) {
            hello::answer(self.request.protocol_version, &self.engine.version, &mut self.reply);
            return Ok(());
        }
        if analysis.class() == Class::ReadOnly {
            self.switch.on();
        }
        let run = select::Run { connection, text, request: self.request, version: &self.engine.version };
        run.answer(&statement.kind, &mut self.reply)
    }

    /// Limits of our own on top of the client's settings.
    fn caps(&self, statement: &Statement) -> Vec<(String, String)> {
        let in_one_piece = match &statement.kind {
            Kind::Select { format } => select::joining(self.request, format.as_deref()).is_none(),
            Kind::Empty | Kind::Command { .. } | Kind::Insert { .. } => false,
        };
        let cap = ("max_result_bytes".to_owned(), WHOLE_RESULT_BYTES_MAX.to_string());
        if in_one_piece { vec![cap] } else { Vec::new() }
    }
}
