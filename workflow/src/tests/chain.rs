//! The log: one chain, whoever writes; what does not fit changes nothing.

use super::*;

fn entry(chain: &Chain, key: &str, person: &str, role: Role, action: Action) -> Entry {
    let expected = chain.machine().object("3701-CF-0042").map_or(0, |o| o.revision);
    chain.propose(command(key, expected, actor(person, role), action), Instant(100))
}

#[test]
fn of_two_writers_at_one_place_the_first_to_land_counts() {
    let (mut one, mut two) = (Chain::default(), Chain::default());
    let a = entry(&one, "a", "li", Role::Submitter, draft(1)).encode();
    let b = entry(&two, "b", "wang", Role::Submitter, draft(2)).encode();
    for chain in [&mut one, &mut two] {
        assert!(chain.accept(&a).is_ok());
        assert_eq!(chain.accept(&b), Err(Misfit::Behind), "the other one comes again, behind it");
        assert_eq!(chain.accept(&a), Err(Misfit::Behind), "a producer's retry");
    }
    assert_eq!(one.head(), two.head());
    let again = entry(&two, "b", "wang", Role::Submitter, draft(2)).encode();
    let fit = one.accept(&again).expect("fits");
    assert_eq!(fit.entry.outcome, Outcome::Accepted { version: 2, revision: 2 });
    assert!(two.accept(&again).is_ok());
    assert_eq!((one.head(), one.len()), (two.head(), 2));
}

#[test]
fn what_does_not_extend_the_chain_changes_nothing() {
    let mut chain = Chain::default();
    let first = entry(&chain, "a", "li", Role::Submitter, draft(1));
    assert!(chain.accept(&first.encode()).is_ok());
    let good = entry(&chain, "b", "fa", Role::LegalOffice, Action::PassLegally { version: 1 });
    let mut check = |change: &dyn Fn(&mut Entry), expected| {
        let mut bad = good.clone();
        change(&mut bad);
        let head = chain.head();
        assert_eq!(chain.accept(&bad.encode()), Err(expected));
        assert_eq!((chain.head(), chain.len()), (head, 1));
        assert_eq!(chain.machine().object("3701-CF-0042").map(|o| o.revision), Some(1));
    };
    check(&|e| e.v = FORMAT + 1, Misfit::OtherFormat);
    check(&|e| e.seq = 0, Misfit::Behind);
    check(&|e| e.seq = 2, Misfit::Ahead);
    check(&|e| e.prev = Hash::of(b"x"), Misfit::PrevHash);
    check(&|e| e.now = Instant(99), Misfit::Clock);
    check(&|e| e.command = first.command.clone(), Misfit::Repeated);
    check(&|e| e.command.actor.person = "li".to_owned(), Misfit::Outcome);
    check(&|e| e.outcome = Outcome::Refused(Reason::NoDryRun), Misfit::Outcome);
    assert_eq!(chain.accept(b"garbage"), Err(Misfit::NotAnEntry));
    assert!(chain.accept(&good.encode()).is_ok());
}

#[test]
fn the_record_has_this_form() {
    let mut chain = Chain::default();
    let first = entry(&chain, "a", "li", Role::Submitter, draft(1));
    let zeros = "0".repeat(64);
    let expected = format!(
        r#"{{"v":2,"seq":0,"now":100,"command":{{"key":"a","object":"3701-CF-0042","expected":0,"actor":{{"person":"li","role":"submitter","orgs":["bureau-of-markets"]}},"action":{{"do":"draft","org":"bureau-of-markets","content":{{"code":1}},"in_flight":"pin"}}}},"outcome":{{"outcome":"accepted","version":1,"revision":1}},"prev":"{zeros}"}}"#
    );
    assert_eq!(String::from_utf8(first.encode()).expect("UTF-8"), expected);
    assert!(chain.accept(expected.as_bytes()).is_ok());
    let refused = entry(&chain, "b", "fa", Role::Analyst, Action::PassLegally { version: 1 });
    let json = serde_json::to_value(&refused).expect("JSON");
    assert_eq!(
        json["outcome"],
        json!({"outcome": "refused", "reason": "wrong_role", "needed": "legal_office"})
    );
    assert_eq!(chain.accept(&refused.encode()).expect("fits").entry, refused);
}
