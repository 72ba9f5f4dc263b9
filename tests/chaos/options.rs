//! The command line of `chaos`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Experiments with faults on a real Kafka and an embedded ClickHouse; see docs/reliability.md
#[derive(Debug, Clone, Parser)]
#[command(name = "chaos")]
pub(crate) struct Options {
    /// How long faults are injected in each experiment, seconds
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Records published a second
    #[arg(long, default_value_t = 500)]
    pub(crate) rate: u32,
    /// Of events and faults
    #[arg(long, default_value_t = 20260201)]
    pub(crate) seed: u64,
    /// Only these, such as C1,C4 [default: all]
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// All but these
    #[arg(long, value_delimiter = ',')]
    pub(crate) except: Vec<String>,
    /// Experiments at the same time
    #[arg(long, default_value_t = 1)]
    pub(crate) lanes: usize,
    /// Where the logs of an experiment that failed go, and the report
    #[arg(long, value_name = "DIR", default_value = "target/chaos")]
    pub(crate) out: PathBuf,
    /// What is promised of latency counts as well: for a machine that has nothing else to do
    #[arg(long)]
    pub(crate) punctual: bool,
    /// Only say what there is
    #[arg(long)]
    pub(crate) list: bool,
}

impl Options {
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// For an experiment that does not get better by being longer.
    pub(crate) fn at_most(&self, seconds: u64) -> Self {
        Self { seconds: self.seconds.min(seconds), ..self.clone() }
    }

    pub(crate) fn asks_for(&self, id: &str) -> bool {
        let names = |list: &[String]| list.iter().any(|name| name.eq_ignore_ascii_case(id));
        (self.only.is_empty() || names(&self.only)) && !names(&self.except)
    }
}
