//! `xiezhi repair`: compares ClickHouse with Kafka and inserts again what is missing.

use std::process::ExitCode;

use anyhow::Context;

use crate::cli::RepairArgs;
use crate::verify;

pub(crate) fn run(args: &RepairArgs) -> anyhow::Result<ExitCode> {
    let client = verify::client(&args.brokers, &args.set);
    let password = match &args.password_env {
        Some(name) => {
            std::env::var(name).with_context(|| format!("environment variable {name} is not set"))?
        }
        None => String::new(),
    };
    let config = sink::SinkConfig {
        clickhouse_url: args.clickhouse.clone(),
        clickhouse_user: args.user.clone(),
        clickhouse_password: sink::Secret(password),
        ..sink::SinkConfig::default()
    };
    let scope = sink::Scope { newest: args.newest, dry_run: args.dry_run };
    let found = sink::repair(&config, &client, scope)?;
    for (topic, partition, from, to) in &found.gaps {
        println!("{topic} partition {partition}: rows of [{from}, {to}) are missing");
    }
    let rows: u64 = found.missing.values().sum();
    for (table, rows) in &found.missing {
        println!("{table}: {rows} rows {}", if args.dry_run { "missing" } else { "inserted again" });
    }
    println!("{} records compared, {rows} rows were missing", found.records);
    Ok(if args.dry_run && rows > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
