//! Arguments of `xiezhi backup` and `xiezhi restore`.

use std::path::PathBuf;

use clap::Args;

use super::setting;

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// Where to keep it; a directory that has a backup already gets what is new since then
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Bootstrap servers of a Kafka without a site's topics [default: only prove that the backup is whole]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: Option<String>,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// The backup's directory
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// Replicas of the topics that are made
    #[arg(long, default_value_t = 1)]
    pub(crate) replication: usize,
}
