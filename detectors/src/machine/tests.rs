//! Any order, any repetition, any moments of the clock: the same findings stand in the end.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use model::event::{Body, Decision, Discretion, Event, Field, Piece};
use model::finding::{Change, State};
use model::time::{MS_PER_DAY, MS_PER_HOUR};
use model::{Catalogue, Finding, FindingId, Instant};
use proptest::prelude::*;

use super::*;

mod dry_runs;
mod editions;
mod shadow;
mod silence;
mod watching;

const ITEM: &str = r#"
code: i
name: {zh: 事项, en: item}
category: penalty
max_entry_lag_hours: 24
steps:
  - {id: a, name: a, next: [b]}
  - {id: b, name: b, next: [c, a]}
  - {id: c, name: c, next: []}
limits:
  - {id: total, scope: case, days: 5, unit: calendar_day, warn_days: 2}
  - {id: span, scope: {from: a, to: b}, days: 2, unit: working_day, stages: [{used: 0.5, light: yellow}, {late: 0, light: yellow}, {late: 1, light: red}]}
  - {id: a, scope: {step: a}, hours: 9, unit: working_hour, visits: accumulate}
  - {id: b, scope: {step: b}, hours: 20, unit: hour}
  - {id: window, scope: {from: a, to: c}, days: 1, unit: calendar_day, open_ended: true}
points:
  - {id: p1, kind: time_limit, limit: total}
  - {id: p2, kind: time_limit, limit: span}
  - {id: p3, kind: time_limit, limit: a}
  - {id: p4, kind: time_limit, limit: b}
  - {id: p5, kind: time_limit, limit: window}
  - {id: p6, kind: officer_qualification, step: a}
  - {id: p7, kind: step_rollback, step: b}
  - {id: p8, kind: evidence, step: a, required: [{kind: photo, min: 1}]}
  - {id: p9, kind: decision_basis, step: b, negative: [refused], required_fields: [reason, x]}
  - {id: p10, kind: discretion, step: b}
  - {id: p11, kind: penalty_execution, step: c}
discretion:
  - id: s
    tiers: [{id: t, circumstances: [first], fine_fen: {min: 10, max: 20}}]
"#;

fn catalogue() -> Arc<Catalogue> {
    let files = [
        ("items/i.yaml", ITEM),
        ("officers.csv", "officer_id,name,org,certificate_no,valid_from,valid_to\no1,n,o,1,,\n"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Arc::new(Catalogue::from_files(files).unwrap_or_else(|problems| panic!("{problems:?}")))
}

fn start() -> Instant {
    Instant::parse("2026-03-02T08:00:00+08:00").expect("instant")
}

fn body(kind: u8, x: u8) -> Body<'static> {
    let step: Cow<'_, str> = ["a", "b", "c", "nowhere"][usize::from(x % 4)].into();
    let other: Cow<'_, str> = ["a", "b", "c"][usize::from(x / 4 % 3)].into();
    let officers = || ["o1".into(), "ghost".into()].into_iter().take(usize::from(x % 3)).collect();
    match kind {
        0 => Body::CaseAccepted { item: "i".into(), org: "o".into(), region: None, due: vec![] },
        1..=3 => Body::StepStarted {
            step,
            officers: officers(),
            due: (x > 250).then(|| start().plus_ms(MS_PER_DAY)),
        },
        4 => Body::OfficersAuthorized { step, officers: officers() },
        5..=7 => {
            let fields = vec![Field { name: "x".into(), blank: x.is_multiple_of(2) }];
            Body::StepCompleted { step, officers: officers(), fields }
        }
        8 => Body::StepReturned { from: step, to: other },
        9 => Body::EvidenceUploaded { step, pieces: vec![Piece { id: other, kind: "photo".into() }] },
        10 => Body::EvidenceRemoved { step, ids: vec![other] },
        11 => Body::DecisionMade(Decision {
            step,
            decision: if x.is_multiple_of(5) { "refused".into() } else { "yes".into() },
            cites_basis: x.is_multiple_of(3),
            has_reason: x.is_multiple_of(2),
            fine_fen: (!x.is_multiple_of(4)).then_some(i64::from(x % 30)),
            discretion: Some(Discretion {
                standard: Some("s".into()),
                tier: (!x.is_multiple_of(3)).then_some("t".into()),
                circumstances: if x.is_multiple_of(2) { vec!["first".into()] } else { vec![] },
            }),
        }),
        12 => Body::ChargeAdded { fen: i64::from(x % 10) },
        13 => Body::PenaltyExecuted { fen: i64::from(x % 20), has_voucher: x.is_multiple_of(2) },
        14 => Body::ClockSuspended { step: (x.is_multiple_of(2)).then_some(step) },
        15 => Body::ClockResumed { step: (x.is_multiple_of(2)).then_some(step) },
        16 => Body::LimitExtended {
            limit: ["total", "span", "a", "b"][usize::from(x % 4)].into(),
            days: 1 + u32::from(x % 2),
        },
        17 => Body::CaseClosed,
        _ => Body::CaseWithdrawn,
    }
}

fn events() -> impl Strategy<Value = Vec<Event<'static>>> {
    let one = (
        prop_oneof![3 => 0u8..18, 1 => 1u8..8],
        any::<u8>(),
        0i64..9 * 24,
        0u8..2,
        prop_oneof![Just(None), (0i64..60).prop_map(Some)],
    );
    prop::collection::vec(one, 1..24).prop_map(|list| {
        let made = list.into_iter().enumerate().map(|(i, (kind, x, hour, case, lag))| Event {
            id: format!("e{i}").into(),
            source: "s".into(),
            case: format!("c{case}").into(),
            time: start().plus_ms(hour * MS_PER_HOUR),
            recorded: lag.map(|lag| start().plus_ms((hour + lag) * MS_PER_HOUR)),
            body: body(if i < 2 { 0 } else { kind }, x),
        });
        made.collect()
    })
}

fn end() -> Instant {
    start().plus_ms(12 * MS_PER_DAY)
}

/// What stands, without what depends on when it was said.
fn standing(told: Vec<Finding>) -> BTreeMap<FindingId, Finding> {
    let mut stand = BTreeMap::new();
    for finding in told {
        let revision = stand.get(&finding.finding_id).map_or(0, |f: &Finding| f.revision);
        assert_eq!(finding.revision, revision + 1, "revisions count up by one");
        stand.insert(finding.finding_id, finding);
    }
    stand.retain(|_, f| f.state != State::Retracted);
    for finding in stand.values_mut() {
        finding.change = Change::Raised;
        finding.cause = model::finding::Cause::Fact;
        finding.raised_at = end();
        finding.changed_at = end();
    }
    stand
}

fn at_once(events: &[Event<'_>]) -> BTreeMap<FindingId, Finding> {
    let mut machine = CaseMachine::new(catalogue());
    events.iter().for_each(|e| machine.absorb(e));
    let mut told = Vec::new();
    machine.settle(end(), |findings| told.extend(findings));
    let stand = standing(told);
    stand.into_iter().map(|(id, f)| (id, Finding { revision: 1, ..f })).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_order_and_repetition_ends_the_same(
        events in events(),
        order in prop::collection::vec((any::<prop::sample::Index>(), -24i64..15 * 24), 0..60),
    ) {
        let expected = at_once(&events);
        let mut machine = CaseMachine::new(catalogue());
        let mut told = Vec::new();
        // Random ones first, with the clock moving between them, then all, so that none is left out.
        for (which, hour) in &order {
            machine.step(Input::Fact(which.get(&events)), &mut told);
            machine.step(Input::Clock(start().plus_ms(hour * MS_PER_HOUR).min(end())), &mut told);
        }
        for event in &events {
            machine.step(Input::Fact(event), &mut told);
        }
        machine.step(Input::Clock(end()), &mut told);
        let stand = standing(told).into_iter().map(|(id, f)| (id, Finding { revision: 1, ..f })).collect();
        prop_assert_eq!(expected, stand);
    }

    /// The same inputs make the same outputs and the same state, and the clock alone wakes what must be woken.
    #[test]
    fn same_inputs_same_outputs(events in events()) {
        let run = || {
            let mut machine = CaseMachine::new(catalogue());
            let mut told = Vec::new();
            for event in &events {
                machine.step(Input::Fact(event), &mut told);
                machine.step(Input::Clock(event.time.min(end())), &mut told);
            }
            while let Some(wake) = machine.next_wake().filter(|at| *at <= end()) {
                let before = machine.next_wake();
                machine.step(Input::Clock(wake), &mut told);
                assert_ne!(machine.next_wake(), before, "a timer that fired is gone");
            }
            (told, machine.digest())
        };
        prop_assert_eq!(run(), run());
    }

    /// A machine put together from its saves, each begun at one moment and written while the machine went on, goes on
    /// exactly as the first one did.
    #[test]
    fn what_was_saved_goes_on_as_if_never_stopped(
        events in events(),
        saves in prop::collection::vec((any::<prop::sample::Index>(), 0u32..4, 0u32..4, 0usize..400), 1..6),
    ) {
        let mut saves: Vec<_> = saves.iter().map(|(at, a, b, pace)| (at.index(events.len()), *a, *b, *pace)).collect();
        saves.sort_unstable();
        saves.dedup_by_key(|save| save.0);
        let mut machine = CaseMachine::new(catalogue());
        let mut written: Vec<Vec<u8>> = Vec::new();
        let mut last = None;
        for (n, event) in events.iter().enumerate() {
            let clock = Input::Clock(event.time.min(end()));
            if let Some((_, a, b, pace)) = saves.iter().find(|save| save.0 == n) {
                let most = machine.cases() as u32;
                let mut bytes = Vec::new();
                machine.begin_save(*a.min(b).min(&most), *a.max(b).min(&most), &mut bytes);
                last = Some(n);
                // A part before the machine goes on, the rest after it.
                machine.save(*pace, &mut bytes);
                machine.step(Input::Fact(event), &mut Vec::new());
                machine.step(clock, &mut Vec::new());
                prop_assert!(machine.save(usize::MAX, &mut bytes));
                written.push(bytes);
            } else {
                machine.step(Input::Fact(event), &mut Vec::new());
                machine.step(clock, &mut Vec::new());
            }
        }
        let from = last.expect("one save at least");
        let mut first = CaseMachine::new(catalogue());
        let (before, after) = events.split_at(from);
        let clocked = |machine: &mut CaseMachine, events: &[Event<'_>]| {
            let mut told = Vec::new();
            for event in events {
                machine.step(Input::Fact(event), &mut told);
                machine.step(Input::Clock(event.time.min(end())), &mut told);
            }
            told
        };
        clocked(&mut first, before);
        let mut restorer = Restorer::new(CaseMachine::new(catalogue()), first.cases());
        for save in written.iter().rev() {
            for piece in save.chunks(7) {
                restorer.feed(piece).expect("whole");
            }
            restorer.end_save().expect("whole");
        }
        let mut restored = restorer.finish().expect("whole");
        prop_assert_eq!(restored.changed(), 0);
        prop_assert_eq!(clocked(&mut first, after), clocked(&mut restored, after));
        prop_assert_eq!(first.digest(), restored.digest());
        prop_assert_eq!(first.next_wake(), restored.next_wake());
        prop_assert_eq!(first.state_bytes() - first.cases.frame_bytes(), restored.state_bytes() - restored.cases.frame_bytes());
    }

    /// Bytes that were cut or altered are refused or make a machine that is the same; they never break it.
    #[test]
    fn damaged_saves_are_refused(events in events(), at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<bool>()) {
        let mut machine = CaseMachine::new(catalogue());
        events.iter().for_each(|event| machine.step(Input::Fact(event), &mut Vec::new()));
        let mut bytes = Vec::new();
        machine.begin_save(0, 0, &mut bytes);
        machine.save(usize::MAX, &mut bytes);
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        let mut restorer = Restorer::new(CaseMachine::new(catalogue()), machine.cases());
        let read = restorer.feed(&bytes).and_then(|()| restorer.end_save()).and_then(|()| restorer.finish().map(drop));
        prop_assert!(!cut || read.is_err());
    }

    /// A burst of timers may be spread over several steps without changing what is told.
    #[test]
    fn timers_may_fire_a_few_at_a_time(events in events(), enough in 1usize..5) {
        let mut whole = CaseMachine::new(catalogue());
        let mut parts = CaseMachine::new(catalogue());
        let (mut told_whole, mut told_parts) = (Vec::new(), Vec::new());
        for event in &events {
            whole.step(Input::Fact(event), &mut told_whole);
            parts.step(Input::Fact(event), &mut told_parts);
        }
        whole.step(Input::Clock(end()), &mut told_whole);
        loop {
            let mut some = Vec::new();
            let fired = parts.fire(end(), u32::MAX, enough, &mut some);
            told_parts.extend(some);
            if fired == 0 {
                break;
            }
        }
        prop_assert_eq!(told_whole, told_parts);
        prop_assert_eq!(whole.digest(), parts.digest());
    }
}
