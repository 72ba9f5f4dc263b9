//! ClickHouse without a server: the engine as a library (`libchdb.so`) behind ClickHouse's own HTTP interface.
//!
//! A request comes in through `http`, which reads who asks and what; `exec` runs it on a connection of its own,
//! after `sql` has said what kind of statement it is and `policy` whether it may run; `ffi` is the only module
//! that touches the library. `config` and `server` start and stop it all.
//!
//! What must stay true: no `unsafe` outside `ffi`; inserted data never travels inside statement text; no connection
//! outlives the request it served, except a session's.

mod codec;
mod config;
mod exception;
mod exec;
mod ffi;
mod http;
mod policy;
mod server;
mod session;
mod sql;

pub use config::args::Args;
pub use server::{Failure, run};
