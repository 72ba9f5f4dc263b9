//! Ends statements whose client has gone.
//!
//! The engine cannot be given a query id, so every statement carries a tag in its `log_comment` setting, and KILL QUERY
//! finds it by that. Only statements that read are killed: a server, too, lets a write finish.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Engine;
use crate::ffi::Connection;
use crate::sql;

/// Dropped with the response; kills the statement if it is still switched on then.
pub(crate) struct Killer {
    engine: Arc<Engine>,
    switch: Switch,
}

/// The worker's end: on while a reading statement runs.
#[derive(Clone)]
pub(super) struct Switch {
    tag: Arc<str>,
    is_on: Arc<AtomicBool>,
}

impl Killer {
    pub(super) fn new(engine: &Arc<Engine>) -> Self {
        let switch = Switch { tag: engine.next_tag().into(), is_on: Arc::default() };
        Killer { engine: Arc::clone(engine), switch }
    }

    pub(super) fn switch(&self) -> Switch {
        self.switch.clone()
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.switch.is_on.load(Ordering::Acquire) {
            let (engine, tag) = (Arc::clone(&self.engine), Arc::clone(&self.switch.tag));
            runtime.spawn_blocking(move || {
                kill(&engine.arguments, &format!("Settings['log_comment'] = {}", sql::quote_text(&tag)));
            });
        }
    }
}

impl Switch {
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    pub(super) fn on(&self) {
        self.is_on.store(true, Ordering::Release);
    }

    pub(super) fn off(&self) {
        self.is_on.store(false, Ordering::Release);
    }
}

/// ASYNC, because waiting for the statement's end would wait for its connection's.
pub(super) fn kill(arguments: &[String], condition: &str) {
    let killed = Connection::open(arguments)
        .and_then(|connection| connection.execute(&format!("KILL QUERY WHERE {condition} ASYNC")));
    if let Err(exception) = killed {
        tracing::warn!(condition, error = exception.text, "a statement could not be killed");
    }
}
