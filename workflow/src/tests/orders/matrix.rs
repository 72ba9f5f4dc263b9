//! The rights matrix: every role, for its own organisation, another or none, as the person meant and as others, with every
//! deed, in every state. What is expected is the table of docs/orders.md, written out here.

use super::*;

const ROLES: [Role; 8] = [
    Role::Handler,
    Role::Submitter,
    Role::Registrar,
    Role::LegalOffice,
    Role::SupervisionOffice,
    Role::SupervisionBureau,
    Role::Analyst,
    Role::Administrator,
];

/// A house in each stage; the order is FIRST, its last order (2) SECOND where there is one.
fn stages() -> Vec<(Stage, House)> {
    let mut house = House::default();
    let mut all = Vec::new();
    house.does("", BUREAU, open(&["m1"]));
    all.push((Stage::Open, house.clone()));
    house.does(FIRST, OFFICE, assign("wang"));
    all.push((Stage::Assigned, house.clone()));
    house.does(FIRST, HANDLER, answer(SECOND));
    all.push((Stage::Answered, house.clone()));
    house.does(FIRST, OFFICE, reply());
    all.push((Stage::Replied, house.clone()));
    for (stage, last) in [
        (Stage::Returned, send_back()),
        (Stage::Revoked, revoke()),
        (Stage::Upheld, uphold()),
        (Stage::Withdrawn, withdraw(FIRST)),
    ] {
        let mut house = house.clone();
        house.does(FIRST, BUREAU, last);
        all.push((stage, house));
    }
    for (stage, house) in &all {
        assert_eq!(house.order(FIRST).stage, *stage);
    }
    all
}

fn deeds() -> [Deed; 9] {
    [
        open(&["m1"]),
        open(&["m2"]),
        assign("wang"),
        answer(SECOND),
        reply(),
        revoke(),
        uphold(),
        send_back(),
        withdraw(FIRST),
    ]
}

/// Whether the table of docs/orders.md allows it to somebody who took no part, or to the handler who is meant.
fn allowed(deed: &Deed, role: Role, person: &str, stage: Stage) -> bool {
    use Stage::{Answered, Assigned, Open, Replied, Returned, Upheld, Withdrawn};
    let (needed, stages): (Role, &[Stage]) = match deed {
        Deed::Open { alarms, .. } if alarms[0] == "m2" => (Role::SupervisionBureau, &Stage::ALL),
        Deed::Open { .. } => (Role::SupervisionBureau, &[Upheld, Withdrawn]),
        Deed::Assign { .. } => (Role::SupervisionOffice, &[Open, Assigned, Answered, Returned]),
        Deed::Answer { .. } => (Role::Handler, &[Assigned]),
        Deed::Reply { .. } => (Role::SupervisionOffice, &[Answered]),
        Deed::Revoke { .. } | Deed::Uphold { .. } | Deed::SendBack { .. } => {
            (Role::SupervisionBureau, &[Replied])
        }
        Deed::Withdraw { .. } => (Role::SupervisionBureau, &[Open, Assigned, Answered, Replied, Returned]),
        _ => (Role::Administrator, &[]),
    };
    let meant = !matches!(deed, Deed::Answer { .. }) || person == "wang";
    role == needed && stages.contains(&stage) && meant
}

#[test]
fn the_rights_matrix_holds_in_every_cell() {
    let (mut cells, mut allows, mut wrong) = (0, 0, Vec::new());
    for (stage, house) in stages() {
        for asked in deeds() {
            for role in ROLES {
                for org in [Some(MARKETS), Some(HOUSING), Some(""), None] {
                    for person in ["nobody-yet", "wang", "chen", "zhou"] {
                        // Who answered does not reply, and who answered or replied does not decide.
                        let answered = stage >= Stage::Answered && person == "wang";
                        let replied = stage >= Stage::Replied && person == "chen";
                        let barred = match asked {
                            Deed::Reply { .. } => answered,
                            Deed::Revoke { .. } | Deed::Uphold { .. } | Deed::SendBack { .. } => {
                                answered || replied
                            }
                            _ => false,
                        };
                        let expected =
                            org == Some(MARKETS) && allowed(&asked, role, person, stage) && !barred;
                        let orgs = org.map(str::to_owned).into_iter().collect();
                        let actor = Actor { person: person.to_owned(), role, orgs };
                        let revision = house.order(FIRST).revision;
                        let command = deed("cell", FIRST, revision, actor, asked.clone(), NOW);
                        let is = matches!(house.machine.judge(&command, NOW), Outcome::Accepted { .. });
                        cells += 1;
                        allows += u32::from(is);
                        if is != expected {
                            wrong.push(format!(
                                "{person} {role:?} of {org:?}, {} in {stage:?}: {is}",
                                asked.name()
                            ));
                        }
                    }
                }
            }
        }
    }
    println!("{cells} cells, {allows} allowed, {} wrong", wrong.len());
    assert!(allows > 50, "the matrix says nothing");
    assert!(wrong.is_empty(), "{} of {cells} cells, such as {}", wrong.len(), wrong[0]);
}
