//! The whole system on a real Kafka and the embedded ClickHouse, driven as a user drives it: by its commands, its
//! configuration file, its ports.

#![allow(clippy::unwrap_used, reason = "in a test the panic is the report, in its helpers as well")]

mod api;
mod backup;
mod bad_input;
mod bad_records;
mod clients;
mod contract;
mod demo;
mod dry_run;
mod grafana;
mod lint;
mod listening;
mod notices;
mod orders;
mod orphans;
mod prometheus;
mod reading;
mod real_logs;
mod reference;
mod registers;
mod restart;
mod rules;
mod silence;
mod watching;
mod webhook;
