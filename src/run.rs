//! `xiezhi run`: a site, until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::RunArgs;
use crate::config::Site;
use crate::people::People;
use crate::{catalogue_check, serve, site};

pub(crate) fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let config = Site::read(&args.config)?;
    let catalogue = Arc::new(catalogue_check::load(&config.catalogue)?);
    let people = config.identity.clone().map_or(People::Anybody, |issuer| People::Issuer(Box::new(issuer)));
    let stores = site::stores(&config)?;
    let running = site::start(&config, &stores, &catalogue, &people)?;
    println!("kafka={}", stores.brokers);
    println!("clickhouse={}", stores.clickhouse_url);
    println!("metrics=http://{}", running.metrics);
    println!("api=http://{}", running.api);
    serve::wait_for_signal(|| !running.healthy())?;
    let failed = !running.healthy();
    tracing::info!("stopping");
    running.stop()?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
