//! The arguments of `xiezhi dry-run`: what is tried, on which history.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use model::Instant;

use super::{Format, instant, setting};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("subject").required(true)), group(ArgGroup::new("history").required(true)))]
pub(crate) struct DryRunArgs {
    /// The catalogue's directory: the rules as they are, where no edition is published
    #[arg(long, value_name = "DIR")]
    pub(crate) catalogue: PathBuf,
    /// Try this catalogue instead of it
    #[arg(long, value_name = "DIR", group = "subject")]
    pub(crate) draft: Option<PathBuf>,
    /// Try this item, YAML or JSON, in its place in the catalogue
    #[arg(long, value_name = "FILE", group = "subject")]
    pub(crate) item: Option<PathBuf>,
    /// Try a version of this rule out of the workflow log
    #[arg(long, value_name = "ID", group = "subject", requires = "version", requires = "brokers")]
    pub(crate) rule: Option<String>,
    /// Its number
    #[arg(long, value_name = "N", requires = "rule")]
    pub(crate) version: Option<u32>,
    /// Bootstrap servers of Kafka: compare with the last published edition instead of the directory
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: Option<String>,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// HTTP address of ClickHouse: try it on all that is stored there
    #[arg(long, value_name = "URL", group = "history")]
    pub(crate) clickhouse: Option<String>,
    /// Who reads there
    #[arg(long, default_value = "default")]
    pub(crate) user: String,
    /// Environment variable that holds its password
    #[arg(long, value_name = "NAME")]
    pub(crate) password_env: Option<String>,
    /// History as of then, RFC 3339 [default: the largest event time of the files; of ClickHouse, now]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) until: Option<Instant>,
    /// How to print the result; JSON is what a submitter attaches to the version
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Where rejected lines of files go [default: standard error]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Threads for files [default: one a processor]; the result is the same on any number
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Case events, JSON lines, also .gz and .zst: try it on these
    #[arg(value_name = "EVENTS", group = "history")]
    pub(crate) files: Vec<PathBuf>,
}
