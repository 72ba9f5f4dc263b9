//! Logs that are not what they were: found at the next acquisition, and gone on from only when an operator says so.

use super::*;
use crate::incident::Kind;
use crate::loss;
use crate::record::Loss;

/// Facts of one case, all processed.
fn processed(facts: u8) -> Rc<RefCell<Streams>> {
    let streams = Rc::new(RefCell::new(Streams::default()));
    for n in 0..facts {
        streams.borrow_mut().case_events.push((start(), record(usize::from(n), 0, n % 4, 0)));
    }
    finish(&mut owner(&streams, ClockMode::Until(end())));
    streams
}

/// What stops a new owner.
fn halt(streams: &Rc<RefCell<Streams>>) -> Incident {
    match owner(streams, ClockMode::Until(end())).turn(end(), Duration::ZERO) {
        Err(LogError::Halted(incident)) => *incident,
        other => panic!("{other:?}"),
    }
}

fn accept(streams: &Rc<RefCell<Streams>>, to: i64, may_forget: bool) -> Result<(), loss::NotAccepted> {
    let loss = Loss { by: "o".to_owned(), reason: "r".to_owned(), at: end() };
    let consent = loss::Consent { may_forget, ..loss::Consent::default() };
    loss::accept(&mut MemoryLog::new(Rc::clone(streams)), 0, to, loss, consent).map(drop)
}

#[test]
fn a_log_cut_off_behind_the_ledger_is_not_passed_over() {
    let streams = processed(1);
    streams.borrow_mut().case_events.clear();
    let incident = halt(&streams);
    assert_eq!((incident.kind, incident.from, incident.to), (Kind::FactsRewritten, Some(0), Some(1)));
}

#[test]
fn a_rewritten_log_is_found_by_its_last_record() {
    let streams = processed(3);
    streams.borrow_mut().case_events[2].1 = record(9, 0, 2, 0);
    let incident = halt(&streams);
    assert_eq!((incident.kind, incident.to), (Kind::FactsRewritten, Some(3)));
}

#[test]
fn a_ledger_that_has_lost_its_head_is_not_begun_anew() {
    let streams = processed(3);
    streams.borrow_mut().segments.clear();
    streams.borrow_mut().ledger_from = 1;
    assert_eq!(halt(&streams).kind, Kind::LedgerLost);
}

#[test]
fn an_accepted_loss_is_gone_on_from_with_the_state_of_the_checkpoint() {
    let streams = processed(30);
    // The topic is made anew: one fact of another case, and the old ones are gone.
    let fresh = record(99, 7, 0, 0);
    streams.borrow_mut().case_events = vec![(start(), fresh)];
    assert_eq!(halt(&streams).kind, Kind::FactsRewritten);
    accept(&streams, 0, false).expect("there is a checkpoint");
    for _ in 0..2 {
        let mut owner = owner(&streams, ClockMode::Until(end()));
        finish(&mut owner);
        assert!(owner.take_incidents().iter().any(|incident| incident.kind == Kind::LossAccepted));
        assert_eq!(owner.position(), Some((1, true)));
        assert_eq!(owner.state().map(|(_, cases, _)| cases), Some(2), "the old case and the new one");
    }
}

#[test]
fn without_a_checkpoint_the_operator_must_say_that_the_state_is_lost() {
    let streams = processed(2);
    streams.borrow_mut().case_events.clear();
    assert!(matches!(accept(&streams, 0, false), Err(loss::NotAccepted::StateLost)));
    assert!(matches!(accept(&streams, 1, true), Err(loss::NotAccepted::NoSuchPlace { to: 1, .. })));
    accept(&streams, 0, true).expect("accepted");
    let mut owner = owner(&streams, ClockMode::Until(end()));
    finish(&mut owner);
    assert_eq!(owner.state().map(|(_, cases, _)| cases), Some(0));
}

#[test]
fn a_partition_that_has_lost_nothing_keeps_its_state() {
    let streams = processed(30);
    let refused = accept(&streams, 30, true).expect_err("nothing is lost");
    assert!(matches!(refused, loss::NotAccepted::NothingLost { to: 30, .. }), "{refused}");
    let mut owner = owner(&streams, ClockMode::Until(end()));
    finish(&mut owner);
    assert!(owner.take_incidents().is_empty());
}
