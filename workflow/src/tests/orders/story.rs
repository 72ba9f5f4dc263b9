//! The deck's five steps, a return, and what else may happen on the way.

use std::collections::BTreeMap;

use model::Calendar;
use model::calendar::DEFAULT_OFFICE_HOURS;

use super::*;

fn code(outcome: &Outcome) -> &'static str {
    refused(outcome)
}

/// As far as the bureau's desk.
fn replied() -> House {
    let mut house = House::default();
    assert_eq!(house.does("", BUREAU, open(&["m1", "m2"])), 1);
    assert_eq!(house.does(FIRST, OFFICE, assign("wang")), 2);
    house.does(FIRST, HANDLER, answer(SECOND));
    house.does(FIRST, OFFICE, reply());
    house
}

#[test]
fn the_five_steps_end_in_a_revocation() {
    let mut house = House::default();
    house.does("", BUREAU, open(&["m1", "m2"]));
    assert_eq!(house.waits(Role::SupervisionOffice, "chen"), [("assign", FIRST.to_owned())]);
    assert_eq!(code(&house.give(FIRST, OFFICE, reply())), "not_assigned");
    house.does(FIRST, OFFICE, assign("wang"));
    assert_eq!(house.waits(Role::Handler, "wang"), [("answer", SECOND.to_owned())]);
    assert_eq!(house.waits(Role::Handler, "liu"), [], "another handler");
    assert_eq!(code(&house.give(FIRST, OFFICE, reply())), "unanswered");
    assert_eq!(code(&house.give(FIRST, ("liu", Role::Handler, MARKETS), answer(SECOND))), "not_addressed");
    house.does(FIRST, HANDLER, answer(SECOND));
    house.does(FIRST, OFFICE, reply());
    assert_eq!(house.waits(Role::SupervisionBureau, "zhou"), [("decide", FIRST.to_owned())]);
    house.does(FIRST, BUREAU, revoke());
    assert_eq!(house.order(SECOND).stage, Stage::Revoked, "found by either number");
    assert!(house.machine.waits(NOW).is_empty());
    assert_eq!(code(&house.give("", BUREAU, open(&["m1"]))), "already_revoked");
}

#[test]
fn what_is_sent_back_goes_round_again_under_a_new_number() {
    let mut house = replied();
    house.does(FIRST, BUREAU, send_back());
    assert_eq!(house.order(FIRST).stage, Stage::Returned);
    assert_eq!(code(&house.give(FIRST, OFFICE, reply())), "not_assigned", "the old answer does not count");
    assert_eq!(house.does(FIRST, OFFICE, assign("wang")), 3);
    house.does(FIRST, HANDLER, answer("markets-2026-0003"));
    house.does(FIRST, OFFICE, reply());
    house.does(FIRST, BUREAU, uphold());
    assert_eq!(house.does("", BUREAU, open(&["m1"])), 4, "what was upheld may get another order");
}

#[test]
fn nobody_decides_on_his_own_answer() {
    let mut house = House::default();
    house.does("", BUREAU, open(&["m1"]));
    house.does(FIRST, OFFICE, assign("chen"));
    house.does(FIRST, ("chen", Role::Handler, MARKETS), answer(SECOND));
    assert_eq!(code(&house.give(FIRST, OFFICE, reply())), "own_answer");
    assert_eq!(house.waits(Role::SupervisionOffice, "chen"), []);
    house.does(FIRST, ("zhou", Role::SupervisionOffice, MARKETS), reply());
    assert_eq!(code(&house.give(FIRST, BUREAU, revoke())), "own_answer");
    house.does(FIRST, ("qian", Role::SupervisionBureau, MARKETS), revoke());
}

#[test]
fn what_was_opened_may_be_withdrawn_and_its_number_stays() {
    let mut house = House::default();
    house.does("", BUREAU, open(&["m1"]));
    house.does(FIRST, OFFICE, assign("nobody"));
    house.does(FIRST, OFFICE, withdraw(SECOND));
    assert_eq!(house.order(FIRST).stage, Stage::Open);
    assert_eq!(house.does(FIRST, OFFICE, assign("wang")), 3, "no gap, no number twice");
    assert_eq!(code(&house.give("", BUREAU, open(&["m1"]))), "under_order");
    house.does(FIRST, BUREAU, withdraw(FIRST));
    assert!(house.waits(Role::Handler, "wang").is_empty());
    assert_eq!(house.does("", BUREAU, open(&["m1"])), 4);
}

#[test]
fn a_changed_fact_is_told_to_all_parties_until_the_order_is_closed() {
    let mut house = replied();
    let clock = || who(CLOCK, Role::Administrator, MARKETS);
    let notice = |key: &str, revision: u32, actor: Actor| {
        let later = AlarmFact { revision, state: "retracted".to_owned(), ..fact("m2") };
        let asked = Deed::Notice { alarm: "m2".to_owned(), revision };
        let facts = Facts { alarms: vec![later], ..Facts::default() };
        let action = Action::Supervise(Box::new(Supervise { asked, facts }));
        Command { key: key.to_owned(), object: "m2".to_owned(), expected: 0, actor, action }
    };
    let by_person = notice("n0", 2, who("zhou", Role::Administrator, MARKETS));
    assert_eq!(code(&house.machine.step(&by_person, NOW)), "wrong_role", "nobody says so himself");
    assert_eq!(code(&house.machine.step(&notice("n1", 2, clock()), NOW)), "accepted");
    assert_eq!(code(&house.machine.step(&notice("n2", 2, clock()), NOW)), "no_change");
    for (role, person) in
        [(Role::SupervisionBureau, "zhou"), (Role::SupervisionOffice, "chen"), (Role::Handler, "wang")]
    {
        assert!(house.waits(role, person).contains(&("fact_changed", FIRST.to_owned())), "{person}");
    }
    assert_eq!(house.order(FIRST).alarms, ["m1", "m2"], "nothing disappears");
    house.does(FIRST, BUREAU, revoke());
    assert!(house.machine.waits(NOW).is_empty());
}

#[test]
fn who_is_late_is_seen_one_level_up() {
    let mut house = House::default();
    house.does("", BUREAU, open(&["m1"]));
    house.does(FIRST, OFFICE, assign("wang"));
    let late = |house: &House, ms: i64| -> Vec<(&'static str, Role, String)> {
        let late = house.machine.supervision().late(NOW.plus_ms(ms));
        late.into_iter().map(|wait| (wait.what.as_str(), wait.parties[0].role, wait.org)).collect()
    };
    let of = |org: &str| org.to_owned();
    let answer_late = ("answer_late", Role::SupervisionOffice, of(MARKETS));
    let reply_late = ("reply_late", Role::SupervisionBureau, of(MARKETS));
    let closing_late = ("closing_late", Role::SupervisionBureau, of("city"));
    assert_eq!(late(&house, 49), []);
    assert_eq!(late(&house, 50), std::slice::from_ref(&answer_late));
    assert_eq!(late(&house, 100), [answer_late, reply_late.clone()]);
    house.does(FIRST, HANDLER, answer(SECOND));
    assert_eq!(late(&house, 200), [reply_late, closing_late.clone()]);
    house.does(FIRST, OFFICE, reply());
    assert_eq!(late(&house, 200), [closing_late]);
    house.does(FIRST, BUREAU, uphold());
    assert_eq!(late(&house, 999), []);
}

#[test]
fn a_red_alarm_without_an_order_is_told_once_and_until_it_has_one() {
    let mut house = House::default();
    let escalate = |key: &str| {
        let asked = Deed::Escalate { what: Late::OrderMissing, object: "m1".to_owned() };
        let facts = Facts { alarms: vec![fact("m1")], above: Some("city".to_owned()), ..Facts::default() };
        let action = Action::Supervise(Box::new(Supervise { asked, facts }));
        let actor = who(CLOCK, Role::Administrator, MARKETS);
        Command { key: key.to_owned(), object: "m1".to_owned(), expected: 0, actor, action }
    };
    assert_eq!(code(&house.machine.step(&escalate("e1"), NOW)), "accepted");
    assert_eq!(code(&house.machine.step(&escalate("e2"), NOW)), "no_change");
    let waits = house.machine.waits(NOW);
    assert_eq!((waits[0].what.as_str(), waits[0].org.as_str()), ("order_missing", "city"));
    house.does("", BUREAU, open(&["m1"]));
    assert!(house.machine.supervision().late(NOW).is_empty());
}

#[test]
fn an_alarm_lives_as_people_and_facts_have_it_and_red_never_ends_by_age() {
    let calendar =
        Calendar::new("Asia/Shanghai", BTreeMap::new(), DEFAULT_OFFICE_HOURS.to_vec()).expect("zone");
    let raised = Instant(1_780_000_000_000);
    let (house, late) = (replied(), raised.plus_ms(400 * 86_400_000));
    let supervision = house.machine.supervision();
    let life = |fact: &AlarmFact, superseded: bool| {
        supervision.life(fact, superseded, Clearing::default(), &calendar, late).as_str()
    };
    let other =
        |state: &str, light: Light| AlarmFact { state: state.to_owned(), light, raised, ..fact("m9") };
    assert_eq!(life(&fact("m1"), false), "replied");
    assert_eq!(life(&other("raised", Light::Red), false), "open");
    assert_eq!(life(&other("raised", Light::Yellow), false), "auto_cleared");
    assert_eq!(life(&other("cleared", Light::Yellow), true), "superseded");
    assert_eq!(life(&other("cleared", Light::Yellow), false), "cleared");
    assert_eq!(life(&other("retracted", Light::Red), false), "retracted");
    let kept = Clearing { yellow_after: None };
    let open = supervision.life(&other("raised", Light::Yellow), false, kept, &calendar, late);
    assert_eq!(open, Life::Open);
}

#[test]
fn deadlines_are_the_ends_of_working_days_and_numbers_are_of_the_civil_year() {
    let calendar =
        Calendar::new("Asia/Shanghai", BTreeMap::new(), DEFAULT_OFFICE_HOURS.to_vec()).expect("zone");
    let at = |text: &str| Instant::parse(text).expect("instant");
    let term = Terms::default().term(&calendar, at("2026-06-26T23:00:00+08:00"), 5);
    assert_eq!(term.due, at("2026-07-04T00:00:00+08:00"), "Friday's fifth working day is the next Friday");
    assert_eq!(term.close_by, at("2026-07-25T00:00:00+08:00"));
    assert_eq!((term.year, term.provisional), (2026, true));
    assert_eq!(Terms::default().term(&calendar, at("2025-12-31T16:00:00Z"), 1).year, 2026);
}

#[test]
fn the_same_asked_again_is_the_same_command_though_the_facts_have_changed() {
    let mut house = House::default();
    let ask = |now| deed("key", "", 0, who("zhou", Role::SupervisionBureau, MARKETS), open(&["m1"]), now);
    let first = house.machine.step(&ask(NOW), NOW);
    let later = NOW.plus_ms(500);
    assert_eq!(house.machine.step(&ask(later), later), first);
    assert_eq!(house.machine.supervision().orders().count(), 1);
    let other = deed("key", "", 0, who("zhou", Role::SupervisionBureau, MARKETS), open(&["m2"]), NOW);
    assert_eq!(code(&house.machine.step(&other, NOW)), "key_reused");
}

#[test]
fn a_follow_needs_a_reason_to_begin_and_to_end() {
    let mut house = House::default();
    let thing = || Thing::Case { id: "c1".to_owned() };
    let follow = |reason: &str| Deed::Follow { thing: thing(), reason: reason.to_owned() };
    let unfollow = || Deed::Unfollow { thing: thing(), reason: "已办结".to_owned() };
    assert_eq!(code(&house.give("follows", HANDLER, follow(" "))), "bad_text");
    assert_eq!(code(&house.give("follows", HANDLER, unfollow())), "not_followed");
    house.does("follows", HANDLER, follow("重点案件"));
    assert_eq!(code(&house.give("follows", HANDLER, follow("again"))), "followed_already");
    assert_eq!(house.machine.supervision().follows("wang").count(), 1);
    assert_eq!(house.machine.supervision().follows("liu").count(), 0);
    house.does("follows", HANDLER, unfollow());
    assert_eq!(house.machine.supervision().follows("wang").count(), 0);
}

#[test]
fn entries_of_the_older_form_still_count() {
    let mut chain = Chain::default();
    let draft = command("k", 0, actor("li", Role::Submitter), draft(1));
    let entry = Entry { v: 1, ..chain.propose(draft, NOW) };
    assert!(chain.accept(&entry.encode()).is_ok());
    let order = deed("o", "", 0, who("zhou", Role::SupervisionBureau, MARKETS), open(&["m1"]), NOW);
    let entry = chain.propose(order, NOW);
    assert_eq!(entry.order().as_deref(), Some(FIRST));
    assert_eq!(chain.accept(&Entry { v: 1, ..entry.clone() }.encode()), Err(Misfit::OtherFormat));
    assert_eq!(chain.accept(&Entry { v: FORMAT + 1, ..entry.clone() }.encode()), Err(Misfit::OtherFormat));
    assert!(chain.accept(&entry.encode()).is_ok());
}
