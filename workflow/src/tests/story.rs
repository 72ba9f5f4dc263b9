//! The deck's review from draft to force, with everything that may go wrong on the way.

use super::*;

/// To first review, by people of their own.
fn to_first_review(desk: &mut Desk, version: u32, content: u32) {
    let steps = [
        ("li", Role::Submitter, draft(content)),
        ("fa", Role::LegalOffice, Action::PassLegally { version }),
        ("li", Role::Submitter, Action::AttachDryRun { version, report: dry_run(content) }),
        ("li", Role::Submitter, Action::Submit { version, lint: CLEAN }),
    ];
    for (person, role, action) in steps {
        let outcome = desk.give(person, role, action.clone());
        assert!(
            matches!(outcome, Outcome::Accepted { version: v, .. } if v == version),
            "{action:?}: {outcome:?}"
        );
    }
}

fn review(desk: &mut Desk, version: u32, from: i64) {
    let first = desk.give("chu", Role::SupervisionOffice, Action::PassFirst { version });
    assert_eq!(refused(&first), "accepted");
    let last = desk.give(
        "shen",
        Role::SupervisionBureau,
        Action::PassFinal { version, from: Instant(from), shadow_days: 0 },
    );
    assert_eq!(refused(&last), "accepted");
}

#[test]
fn from_draft_to_force_to_superseded() {
    let mut desk = Desk::default();
    to_first_review(&mut desk, 1, 1);
    review(&mut desk, 1, 2_000);
    let phase = |desk: &Desk, version, at| desk.object().phase(version, Instant(at));
    assert_eq!(phase(&desk, 1, 1_999), Some(Phase::Scheduled));
    assert_eq!(phase(&desk, 1, 2_000), Some(Phase::InForce));
    to_first_review(&mut desk, 2, 2);
    assert_eq!(phase(&desk, 2, 9_000), Some(Phase::Open), "nothing is in force before the final review");
    review(&mut desk, 2, 3_000);
    assert_eq!(
        (phase(&desk, 1, 2_999), phase(&desk, 2, 2_999)),
        (Some(Phase::InForce), Some(Phase::Scheduled))
    );
    assert_eq!(
        (phase(&desk, 1, 3_000), phase(&desk, 2, 3_000)),
        (Some(Phase::Superseded), Some(Phase::InForce))
    );
    assert_eq!(desk.object().in_force(Instant(1_999)), None);
}

#[test]
fn a_return_needs_a_reason_and_is_edited_and_sent_again() {
    let mut desk = Desk::default();
    to_first_review(&mut desk, 1, 1);
    let back = |reason: &str| Action::Return { version: 1, reason: reason.to_owned() };
    assert_eq!(refused(&desk.give("chu", Role::SupervisionOffice, back("  "))), "return_reason");
    assert_eq!(refused(&desk.give("chu", Role::SupervisionOffice, back("时限与法定不符"))), "accepted");
    assert_eq!(
        refused(&desk.give("li", Role::Submitter, Action::Submit { version: 1, lint: CLEAN })),
        "wrong_state"
    );
    assert_eq!(refused(&desk.give("li", Role::Submitter, draft(1))), "unchanged");
    to_first_review(&mut desk, 2, 2);
    review(&mut desk, 2, 5_000);
    let State::Returned { by, reason } = &desk.object().versions[0].state else { panic!("not returned") };
    assert_eq!((by.as_str(), reason.as_str()), ("chu", "时限与法定不符"));
    assert_eq!(desk.object().versions[0].content, json!({"code": 1}), "a version keeps its content");
}

#[test]
fn nobody_passes_his_own_work_under_whatever_hat() {
    let mut desk = Desk::default();
    desk.give("li", Role::Submitter, draft(1));
    assert_eq!(refused(&desk.give("li", Role::LegalOffice, Action::PassLegally { version: 1 })), "own_work");
    desk.give("wang", Role::Submitter, draft(2));
    let pass = Action::PassLegally { version: 2 };
    assert_eq!(
        refused(&desk.give("li", Role::LegalOffice, pass.clone())),
        "own_work",
        "his draft lives on in it"
    );
    assert_eq!(refused(&desk.give("fa", Role::LegalOffice, pass)), "accepted");
    let submission = Action::Submit { version: 2, lint: CLEAN };
    assert_eq!(
        refused(&desk.give("fa", Role::Submitter, submission)),
        "own_work",
        "who passed it cannot submit it"
    );
    desk.give("zhao", Role::Submitter, Action::AttachDryRun { version: 2, report: dry_run(2) });
    desk.give("zhao", Role::Submitter, Action::Submit { version: 2, lint: CLEAN });
    let first = Action::PassFirst { version: 2 };
    for person in ["wang", "zhao", "fa"] {
        assert_eq!(
            refused(&desk.give(person, Role::SupervisionOffice, first.clone())),
            "own_work",
            "{person}"
        );
    }
    assert_eq!(refused(&desk.give("chu", Role::SupervisionOffice, first)), "accepted");
    let last = Action::PassFinal { version: 2, from: Instant(2_000), shadow_days: 0 };
    assert_eq!(refused(&desk.give("chu", Role::SupervisionBureau, last.clone())), "own_work");
    assert_eq!(refused(&desk.give("shen", Role::SupervisionBureau, last)), "accepted");
}

#[test]
fn what_a_step_needs() {
    let mut desk = Desk::default();
    assert_eq!(
        refused(&desk.give("li", Role::Submitter, Action::Submit { version: 1, lint: CLEAN })),
        "no_such_object"
    );
    assert_eq!(refused(&desk.give("li", Role::Handler, draft(1))), "wrong_role");
    let list = Action::Draft { org: ORG.to_owned(), content: json!([1]), in_flight: InFlight::Pin };
    assert_eq!(refused(&desk.give("li", Role::Submitter, list)), "bad_content");
    let other =
        Action::Draft { org: "elsewhere".to_owned(), content: json!({}), in_flight: InFlight::Migrate };
    assert_eq!(refused(&desk.give("li", Role::Submitter, other)), "wrong_org");
    desk.give("li", Role::Submitter, draft(1));
    assert_eq!(
        refused(&desk.give("fa", Role::LegalOffice, Action::PassLegally { version: 7 })),
        "no_such_version"
    );
    assert_eq!(refused(&desk.give("fa", Role::LegalOffice, Action::PassLegally { version: 1 })), "accepted");
    assert_eq!(refused(&desk.give("li", Role::Submitter, draft(3))), "under_review");
    let lint = Lint { errors: 1, warnings: 0 };
    assert_eq!(
        refused(&desk.give("li", Role::Submitter, Action::Submit { version: 1, lint })),
        "lint_errors"
    );
    desk.give("li", Role::Submitter, Action::Submit { version: 1, lint: CLEAN });
    assert_eq!(
        refused(&desk.give("chu", Role::SupervisionOffice, Action::PassFirst { version: 1 })),
        "no_dry_run"
    );
    let foreign = Action::AttachDryRun { version: 1, report: dry_run(2) };
    assert_eq!(refused(&desk.give("li", Role::Submitter, foreign)), "other_content");
    desk.give("li", Role::Submitter, Action::AttachDryRun { version: 1, report: dry_run(1) });
    desk.give("chu", Role::SupervisionOffice, Action::PassFirst { version: 1 });
    let past = Action::PassFinal { version: 1, from: Instant(999), shadow_days: 0 };
    assert_eq!(refused(&desk.give("shen", Role::SupervisionBureau, past)), "too_early");
}

#[test]
fn a_trial_is_for_a_version_that_pins() {
    for (in_flight, shadow_days, answer) in [
        (InFlight::Pin, 30, "accepted"),
        (InFlight::Pin, 367, "bad_shadow"),
        (InFlight::Migrate, 1, "bad_shadow"),
        (InFlight::Migrate, 0, "accepted"),
    ] {
        let mut desk = Desk::default();
        let Action::Draft { org, content, .. } = draft(1) else { panic!("a draft") };
        desk.give("li", Role::Submitter, Action::Draft { org, content, in_flight });
        desk.give("fa", Role::LegalOffice, Action::PassLegally { version: 1 });
        desk.give("li", Role::Submitter, Action::AttachDryRun { version: 1, report: dry_run(1) });
        desk.give("li", Role::Submitter, Action::Submit { version: 1, lint: CLEAN });
        desk.give("chu", Role::SupervisionOffice, Action::PassFirst { version: 1 });
        let last = Action::PassFinal { version: 1, from: Instant(2_000), shadow_days };
        assert_eq!(
            refused(&desk.give("shen", Role::SupervisionBureau, last)),
            answer,
            "{in_flight:?} {shadow_days}"
        );
    }
}

#[test]
fn of_two_who_saw_the_same_the_second_is_refused() {
    let mut desk = Desk::default();
    to_first_review(&mut desk, 1, 1);
    let seen = desk.object().revision;
    let pass = |key: &str, person: &str| {
        command(key, seen, actor(person, Role::SupervisionOffice), Action::PassFirst { version: 1 })
    };
    assert_eq!(refused(&desk.machine.step(&pass("a", "chu"), Instant(0))), "accepted");
    let second = desk.machine.step(&pass("b", "qian"), Instant(0));
    assert_eq!(second, Outcome::Refused(Reason::Stale { revision: seen + 1 }));
}

#[test]
fn a_repeated_key_has_one_effect_and_is_no_one_elses() {
    let mut desk = Desk::default();
    let first = command("k", 0, actor("li", Role::Submitter), draft(1));
    let outcome = desk.machine.step(&first, Instant(0));
    assert_eq!(desk.machine.step(&first, Instant(5)), outcome);
    assert_eq!(desk.object().versions.len(), 1);
    let other = command("k", 1, actor("li", Role::Submitter), draft(2));
    assert_eq!(desk.machine.step(&other, Instant(6)), Outcome::Refused(Reason::KeyReused));
    let again = command("late", 1, actor("fa", Role::LegalOffice), Action::PassFirst { version: 1 });
    let refusal = desk.machine.step(&again, Instant(7));
    assert_eq!(desk.machine.step(&again, Instant(8)), refusal, "a refusal is an answer too");
}

#[test]
fn refusals_are_sentences_in_both_languages() {
    let Outcome::Refused(reason) = Desk::default().give("fa", Role::LegalOffice, draft(1)) else {
        panic!("accepted")
    };
    let refusal = reason.refusal();
    assert_eq!(refusal.code, "wrong_role");
    assert_eq!(
        (refusal.message.zh.as_str(), refusal.message.en.as_str()),
        ("此操作须由送审人员进行", "this is for the submitter to do")
    );
    let json = serde_json::to_value(&reason).expect("JSON");
    assert_eq!(json["reason"], refusal.code, "the code stands in the log as people see it");
}
