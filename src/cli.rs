//! The command line: what others script against, so its forms change only with the contract.

mod backup;
mod dry_run;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::Instant;

pub(crate) use backup::{BackupArgs, RestoreArgs};
pub(crate) use dry_run::DryRunArgs;

/// Exit status for unusable arguments or catalogue.
pub(crate) const EXIT_UNUSABLE: u8 = 2;

/// Supervision of administrative power 行政权力电子监察: events in, explained alarms out.
#[derive(Debug, Parser)]
#[command(name = "xiezhi", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the detectors over files: no broker, no database
    Detect(DetectArgs),
    /// Try a draft of the rules on history: which alarms it adds, takes away and changes 试运行
    DryRun(DryRunArgs),
    /// Work on a catalogue 职权目录
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Map CSV, XES or JSON lines of an existing system onto case events, on standard output
    Import(ImportArgs),
    /// Publish case events to the inbound topics
    Publish(PublishArgs),
    /// The rules of a running installation: published editions of the catalogue 目录版本
    #[command(subcommand)]
    Reference(ReferenceCommand),
    /// Registers out of tables: officers, organisations, calendars, items 名册导入
    #[command(subcommand)]
    Register(RegisterCommand),
    /// Put dead letters back into the topics they came from
    Redrive(RedriveArgs),
    /// Run a site: ingest, detectors, sink, API
    Run(RunArgs),
    /// Start everything on this machine, publish a stream with a known truth, and show its alarms
    Demo(DemoArgs),
    /// Write a stream of events like the demonstration's into a file: for trials, measurements and tests
    Generate(GenerateArgs),
    /// Compare ClickHouse with Kafka and insert again what is missing
    Repair(RepairArgs),
    /// Keep the topics that nothing can compute again in a directory 备份
    Backup(BackupArgs),
    /// Prove a backup, and put it back onto brokers that have none of its topics 恢复
    Restore(RestoreArgs),
    /// Walk the ledger and name the first record that was altered, dropped, inserted or moved
    Verify(VerifyArgs),
    /// Say that facts are lost and that detection of a halted partition goes on without them 确认数据丢失
    AcceptLoss(AcceptLossArgs),
    /// Make load of a known shape, for measurements
    #[command(subcommand)]
    Bench(BenchCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Case events under the demo's catalogue, on standard output, in the order of arrival
    Events(LoadArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LoadArgs {
    /// Events in all
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) events: u64,
    /// Cases open at a time
    #[arg(long, default_value_t = 51_000)]
    pub(crate) open: u32,
    /// Seed of the stream
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Cases with a violation, percent
    #[arg(long, default_value_t = 10, value_parser = percent())]
    pub(crate) violating: u8,
    /// Events that arrive up to three days late, percent
    #[arg(long, default_value_t = 0, value_parser = percent())]
    pub(crate) late: u8,
    /// Events that arrive twice, percent
    #[arg(long, default_value_t = 0, value_parser = percent())]
    pub(crate) twice: u8,
}

fn percent() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(0..=100)
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The mapping, YAML (docs/import.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: PathBuf,
    /// Exports: .csv, .xes, .jsonl, also .gz and .zst; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// Publish everything as this org
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// Find each event's org by its source, from this catalogue's orgs.yaml
    #[arg(long, value_name = "DIR")]
    pub(crate) catalogue: Option<PathBuf>,
    /// Events a second [default: as fast as the brokers take them]
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Replicas of inbound topics that do not exist yet
    #[arg(long, default_value_t = 1)]
    pub(crate) replication: usize,
    /// Case events, JSON lines, also .gz and .zst; `-` is standard input
    #[arg(required = true, value_name = "EVENTS")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReferenceCommand {
    /// Publish a catalogue as the next edition: detectors take it over without a restart
    Publish(ReferencePublishArgs),
    /// List the editions, or write the last one's files into a directory
    Show(ReferenceShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ReferencePublishArgs {
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// The catalogue's directory
    #[arg(long, value_name = "DIR")]
    pub(crate) catalogue: PathBuf,
    /// Cases accepted from then on are judged by its items [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) from: Option<Instant>,
    /// Who publishes it; it stays on record [default: the user of this machine]
    #[arg(long)]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReferenceShowArgs {
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// Write the files of the last edition there instead of listing
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegisterCommand {
    /// Read CSV or XLSX into a catalogue, with a report of every row; only looks, unless --write or --publish
    Import(RegisterImportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RegisterImportArgs {
    /// What the tables are
    pub(crate) register: RegisterName,
    /// Tables: .csv (UTF-8, GBK) or .xlsx; of a catalogue several, or one workbook
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Headers of one's own, YAML over the shipped ones (docs/registers.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// The catalogue's directory that it goes into [default with --brokers: the last edition]
    #[arg(long, value_name = "DIR", required_unless_present = "brokers")]
    pub(crate) catalogue: Option<PathBuf>,
    /// Only officers of this org; those of others stay; may be repeated
    #[arg(long)]
    pub(crate) org: Vec<String>,
    /// Keep what stands and is not in the tables
    #[arg(long)]
    pub(crate) merge: bool,
    /// Take the good rows where others are refused
    #[arg(long)]
    pub(crate) partial: bool,
    /// Write the files into the catalogue's directory
    #[arg(long, requires = "catalogue", conflicts_with = "publish")]
    pub(crate) write: bool,
    /// Publish the result as the next edition
    #[arg(long, requires = "brokers")]
    pub(crate) publish: bool,
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: Option<String>,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// Who publishes it; it stays on record [default: the user of this machine]
    #[arg(long)]
    pub(crate) by: Option<String>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RegisterName {
    /// 执法人员, a row a certificate
    Officers,
    /// 机构
    Orgs,
    /// 节假日与调休
    #[value(alias = "calendar")]
    Calendars,
    /// 职权事项: the tables items, steps, limits, points
    Catalogue,
}

#[derive(Debug, Args)]
pub(crate) struct RedriveArgs {
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// Only letters with this reason; may be repeated
    #[arg(long)]
    pub(crate) reason: Vec<String>,
    /// Only letters of this org
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// First offset in dead-letters
    #[arg(long, value_name = "OFFSET")]
    pub(crate) from: Option<i64>,
    /// Offset in dead-letters to stop before
    #[arg(long, value_name = "OFFSET")]
    pub(crate) to: Option<i64>,
    /// Only letters written at this instant or later
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) since: Option<Instant>,
    /// Only count
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The site's configuration, YAML (docs/operations.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Stop once the alarms equal the known truth; status 0 only then
    #[arg(long)]
    pub(crate) exit: bool,
    /// Seed of the stream
    #[arg(long, default_value_t = 20260201)]
    pub(crate) seed: u64,
    /// Cases in the stream
    #[arg(long, default_value_t = 2_000)]
    pub(crate) cases: u32,
    /// Where the API listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) api: String,
    /// Where the metrics are
    #[arg(long, default_value = "127.0.0.1:9464")]
    pub(crate) metrics: String,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// The catalogue's directory: deploy/catalogues/demo, whose items the stream knows
    #[arg(long, value_name = "DIR")]
    pub(crate) catalogue: PathBuf,
    /// Seed of the stream
    #[arg(long, default_value_t = 20260201)]
    pub(crate) seed: u64,
    /// Cases in the stream; one has some ten events
    #[arg(long, default_value_t = 2_000)]
    pub(crate) cases: u32,
    /// The stream's present: cases lie some hundred days before it [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) now: Option<Instant>,
    /// Where the events go, one a line, as they are published: late, doubled and spoiled ones are among them
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RepairArgs {
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// HTTP address of ClickHouse
    #[arg(long, value_name = "URL")]
    pub(crate) clickhouse: String,
    /// Who writes there
    #[arg(long, default_value = "default")]
    pub(crate) user: String,
    /// Environment variable that holds its password
    #[arg(long, value_name = "NAME")]
    pub(crate) password_env: Option<String>,
    /// Only the newest records of each partition, so many
    #[arg(long, value_name = "RECORDS")]
    pub(crate) newest: Option<i64>,
    /// Only look; status 1 if anything is missing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptLossArgs {
    /// Bootstrap servers of Kafka
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// A further setting of the Kafka client
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// The partition that has halted
    #[arg(long)]
    pub(crate) partition: i32,
    /// Offset of case-events to go on at
    #[arg(long, value_name = "OFFSET")]
    pub(crate) to: i64,
    /// Why; it stays in the ledger
    #[arg(long)]
    pub(crate) reason: String,
    /// Who says so [default: the user of this machine]
    #[arg(long)]
    pub(crate) by: Option<String>,
    /// Go on even if no checkpoint is left, without any case
    #[arg(long)]
    pub(crate) forget_state: bool,
    /// Go on even if nothing is seen to be lost
    #[arg(long)]
    pub(crate) force: bool,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE is expected")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueCommand {
    /// Check a catalogue; exit 1 on errors
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The catalogue's directory
    pub(crate) dir: PathBuf,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// The day, YYYY-MM-DD, whose deadlines need a calendar; by default today
    #[arg(long)]
    pub(crate) today: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct DetectArgs {
    /// The catalogue's directory
    #[arg(long, value_name = "DIR")]
    pub(crate) catalogue: PathBuf,
    /// The logical clock at the end, RFC 3339 [default: the largest event time]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) until: Option<Instant>,
    /// Where findings go, one JSON object a line [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Where rejected lines go, with file and line [default: standard error]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Threads [default: one a processor]; the output is the same on any number
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Case events, JSON lines, also .gz and .zst; `-` is standard input
    #[arg(required = true, value_name = "EVENTS")]
    pub(crate) files: Vec<PathBuf>,
}

pub(crate) fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text)
        .ok_or_else(|| "RFC 3339 with an offset is expected, such as 2026-06-30T00:00:00+08:00".to_owned())
}
