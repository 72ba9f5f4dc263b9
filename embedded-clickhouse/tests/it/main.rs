//! The program as its users meet it: started as a process, asked over HTTP.
//!
//! One binary for all: most tests share one engine and keep to a database of their own; those that kill or stop it
//! start another. The engine's library is fetched once; without it the tests fail and say why.

mod client;
mod curl;
mod durability;
mod lifecycle;
mod readers;
mod sessions;
mod support;
