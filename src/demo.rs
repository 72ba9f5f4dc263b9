//! `xiezhi demo`: everything on this machine, a stream with a known truth, and its alarms to look at.

mod generator;
mod look;
mod people;
mod publish;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use identity::provider::Provider;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{DemoArgs, GenerateArgs};
use crate::config::Site;
use crate::people::People;
use crate::{catalogue_check, local, serve, site, wall};
use generator::{Generated, Plan};
use look::{Seen, Store};

/// How long after the last deadline the truth must be there.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let began = std::time::Instant::now();
    let data = tempdir()?;
    let site = Site {
        listen: crate::config::Listen { api: args.api.clone(), metrics: args.metrics.clone() },
        ..Site::local(local::find("deploy/catalogues/demo")?, data.path.clone())
    };
    let catalogue = Arc::new(catalogue_check::load(&site.catalogue)?);
    eprintln!("Starting Kafka and ClickHouse ...");
    let stores = site::stores(&site)?;
    eprintln!("Starting ingest, detectors, sink and API ...");
    let running = site::start(&site, &stores, &catalogue, &People::Demo(people::accounts()))?;
    let plan = Plan { seed: args.seed, cases: args.cases, now: wall::now() };
    let generated = generator::generate(&plan, &catalogue);
    publish::publish(&site.client(&stores.brokers), &generated.records)?;
    let store = Store::new(&stores.clickhouse_url)?;
    let met = watch(&store, &generated, || running.healthy())?;
    look::table(&mut std::io::stdout().lock(), &store.alarms()?)?;
    let truth = &generated.truth;
    let rejected: u64 = truth.rejected.values().sum();
    println!("\n{} events, {} of them again, {rejected} that are none.", truth.valid, truth.duplicates);
    let verdict = if met { "equal to" } else { "NOT equal to" };
    println!(
        "\nThe alarms are {verdict} the stream's own known truth ({:.0} s after the start).",
        began.elapsed().as_secs_f64()
    );
    if !met {
        look::differences(&mut std::io::stdout().lock(), truth, &store.seen()?)?;
    }
    if !args.exit {
        println!("\n  alarms      http://{}/    (pick who you are)", running.api);
        if let Some(provider) = &running.provider {
            let header = token_file(&data.path, provider)?;
            println!(
                "  API         curl -H @{} 'http://{}/api/v1/alarms?light=red&limit=5'",
                header.display(),
                running.api
            );
        }
        println!("  OpenAPI     http://{}/api/v1/openapi.json", running.api);
        println!("  metrics     http://{}/metrics", running.metrics);
        println!(
            "  ClickHouse  {}  (curl '{0}/?query=SELECT+count()+FROM+xiezhi.alarms')",
            stores.clickhouse_url
        );
        println!("  Kafka       {}", stores.brokers);
        println!("\nCtrl-C stops everything.");
        serve::wait_for_signal(|| !running.healthy())?;
    }
    running.stop()?;
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A header with a token of the supervision bureau, for curl; readable by its owner alone.
fn token_file(dir: &Path, provider: &Provider) -> anyhow::Result<PathBuf> {
    let path = dir.join("bureau.header");
    let token = provider.token(people::BUREAU).context("the supervision bureau has no token")?;
    let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
    writeln!(file, "Authorization: Bearer {token}")?;
    Ok(path)
}

/// `xiezhi generate`: the stream alone, into a file.
pub(crate) fn write(args: &GenerateArgs) -> anyhow::Result<ExitCode> {
    let catalogue = catalogue_check::load(&args.catalogue)?;
    let plan = Plan { seed: args.seed, cases: args.cases, now: args.now.unwrap_or_else(wall::now) };
    let generated = generator::generate(&plan, &catalogue);
    let cannot = || format!("cannot write {}", args.out.display());
    let mut out = BufWriter::new(File::create(&args.out).with_context(cannot)?);
    for record in &generated.records {
        out.write_all(&record.bytes).and_then(|()| out.write_all(b"\n")).with_context(cannot)?;
    }
    out.flush().with_context(cannot)?;
    let truth = &generated.truth;
    let (spoiled, findings): (u64, u64) = (truth.rejected.values().sum(), truth.findings.values().sum());
    eprintln!(
        "{} events, {} of them again, {spoiled} that are none; {findings} findings",
        truth.valid, truth.duplicates
    );
    Ok(ExitCode::SUCCESS)
}

/// Looks on until the truth is there. Deadlines still fall due in silence while it does.
fn watch(store: &Store, generated: &Generated, healthy: impl Fn() -> bool) -> anyhow::Result<bool> {
    let expected: u64 = generated.truth.findings.values().sum();
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} findings stand, {elapsed}")?;
    let bar = ProgressBar::with_draw_target(Some(expected), ProgressDrawTarget::stderr()).with_style(style);
    bar.set_message("Detecting");
    let settles = generated.truth.settles_at;
    let give_up = settles.plus_ms(SETTLED_WITHIN.as_millis() as i64);
    loop {
        let seen = store.seen()?;
        let now = wall::now();
        bar.set_position(seen.findings.values().sum());
        let left = (settles.0 - now.0) / 1_000;
        if left > 0 {
            bar.set_message(format!("Waiting {left} s for deadlines that fall due in silence"));
        }
        let met = now >= settles && truth_met(generated, &seen);
        if met || now >= give_up || !healthy() {
            bar.finish_and_clear();
            return Ok(met);
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}

fn truth_met(generated: &Generated, seen: &Seen) -> bool {
    let truth = &generated.truth;
    truth.findings == seen.findings && truth.rejected == seen.rejected
}

/// A directory that goes when the demonstration goes.
struct TempDir {
    path: std::path::PathBuf,
}

fn tempdir() -> anyhow::Result<TempDir> {
    let path = std::env::temp_dir().join(format!("xiezhi-demo-{}", std::process::id()));
    std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(TempDir { path })
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "left behind");
        }
    }
}
