//! Every stored fact, read from ClickHouse case by case: no more than a page of facts and a few thousand cases are held.

use dashboard_api::{Connection, History};
use model::Instant;
use model::event::decode;

use super::Questions;

/// Cases judged together.
const CASES: usize = 4_096;

/// Asks every stored case; returns how many facts there were. `tell` hears how many records of how many are done.
pub(super) fn read(
    connection: &Connection,
    questions: &mut Questions,
    tell: &dyn Fn(u64, u64),
) -> anyhow::Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut history = History::new(connection);
    let total = runtime.block_on(history.count())?;
    let (mut machine, mut events, mut done, clock) = (questions.machine(), 0, 0, questions.at);
    while let Some(page) = runtime.block_on(history.next())? {
        for fact in &page {
            // A case's facts come together, so those before it are complete.
            if machine.cases() >= CASES && machine.id(machine.cases() as u32 - 1) != fact.case {
                questions.ask(std::slice::from_ref(&machine), 1);
                events += machine.counts().facts;
                machine = questions.machine();
            }
            take(&mut machine, &fact.record, clock);
        }
        done += page.len() as u64;
        tell(done, total.max(done));
    }
    questions.ask(std::slice::from_ref(&machine), 1);
    Ok(events + machine.counts().facts)
}

/// What is more than a day ahead of the clock is not known yet.
fn take(machine: &mut detectors::machine::CaseMachine, record: &str, clock: Instant) {
    match decode(record.as_bytes(), clock) {
        Ok(event) => machine.absorb(&event),
        Err(rejection) => tracing::debug!(reason = rejection.reason.as_str(), "a stored fact does not count"),
    }
}
