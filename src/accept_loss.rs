//! `xiezhi accept-loss`: an operator's word that facts are gone and that detection goes on without them.

use std::process::ExitCode;

use ledger::kafka::{KafkaLog, Topics};
use ledger::loss::Consent;
use ledger::record::Loss;

use crate::cli::AcceptLossArgs;
use crate::{verify, wall};

pub(crate) fn run(args: &AcceptLossArgs) -> anyhow::Result<ExitCode> {
    let client = verify::client(&args.brokers, &args.set);
    let mut log = KafkaLog::new(&client, &Topics::default(), args.partition, std::sync::Arc::default())?;
    let by = args.by.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "unknown".to_owned());
    let loss = Loss { by, reason: args.reason.clone(), at: wall::now() };
    let consent = Consent { forced: args.force, may_forget: args.forget_state };
    let entry = ledger::loss::accept(&mut log, args.partition, args.to, loss, consent)?;
    println!(
        "partition {}: entry {} says that detection goes on at {} instead of {}, {}",
        args.partition,
        entry.seq,
        entry.to,
        entry.from,
        match entry.checkpoint.map_or(0, |c| c.cases) {
            0 => "with no case in memory".to_owned(),
            cases => format!("with the {cases} cases of the newest checkpoint"),
        }
    );
    Ok(ExitCode::SUCCESS)
}
