//! The inbound side against librdkafka's mock brokers: records in, records out, under errors, restarts and rebalances.
//!
//! Where something is awaited, it is awaited by reading the topic it must appear in.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod faults;
mod flow;
mod harness;
mod live;
mod tools;
