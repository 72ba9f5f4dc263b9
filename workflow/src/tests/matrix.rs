//! Every role, at every action, for the rule of his own organisation or another, in every state: allowed is what the table of
//! docs/workflow.md says, and nothing else.

use super::*;

/// A person who has taken no part.
const NEW: &str = "new";
const STATES: [&str; 8] =
    ["draft", "legally_passed", "submitted", "first_passed", "approved", "returned", "replaced", "withdrawn"];

/// A row of the table: roles, and states that go with each of them where there are several.
struct Row {
    action: String,
    roles: Vec<Role>,
    states: Vec<String>,
    /// In any state in which nothing is under review.
    is_free: bool,
}

fn table() -> Vec<Row> {
    let page = include_str!("../../../docs/workflow.md");
    let lines = page.lines().skip_while(|line| !line.starts_with("| command (`do`)")).skip(2);
    lines.take_while(|line| line.starts_with('|')).map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let known = |role: &Role| Some((cells[1].find(&role.name().en)?, *role));
    let mut roles: Vec<(usize, Role)> = Role::ALL.iter().filter_map(known).collect();
    roles.sort_unstable_by_key(|(at, _)| *at);
    Row {
        action: words(cells[0]).remove(0),
        roles: roles.into_iter().map(|(_, role)| role).collect(),
        states: words(cells[2]),
        is_free: cells[2] == "nothing under review",
    }
}

impl Row {
    fn allows(&self, role: Role, state: Option<&str>) -> bool {
        let Some(at) = self.roles.iter().position(|r| *r == role) else { return false };
        if self.is_free {
            return !matches!(state, Some("legally_passed" | "submitted" | "first_passed"));
        }
        let place = self.states.iter().position(|s| Some(s.as_str()) == state);
        // Of several roles each has the state that stands at its place.
        place.is_some_and(|place| self.roles.len() == 1 || place == at)
    }
}

fn actions() -> Vec<Action> {
    let version = 1;
    vec![
        draft(9),
        Action::PassLegally { version },
        Action::AttachDryRun { version, report: dry_run(1) },
        Action::Submit { version, lint: CLEAN },
        Action::PassFirst { version },
        Action::PassFinal { version, from: Instant(2_000), shadow_days: 0 },
        Action::Return { version, reason: "why".to_owned() },
        Action::Withdraw { version },
    ]
}

/// A rule whose first version is in this state.
fn in_state(state: &str) -> Desk {
    let mut desk = Desk::default();
    let to_approval = [
        ("li", Role::Submitter, draft(1)),
        ("fa", Role::LegalOffice, Action::PassLegally { version: 1 }),
        ("li", Role::Submitter, Action::AttachDryRun { version: 1, report: dry_run(1) }),
        ("li", Role::Submitter, Action::Submit { version: 1, lint: CLEAN }),
        ("chu", Role::SupervisionOffice, Action::PassFirst { version: 1 }),
        (
            "shen",
            Role::SupervisionBureau,
            Action::PassFinal { version: 1, from: Instant(1_500), shadow_days: 0 },
        ),
    ];
    let (steps, last) = match state {
        "draft" => (1, None),
        "legally_passed" => (3, None),
        "submitted" => (4, None),
        "first_passed" => (5, None),
        "approved" => (6, None),
        "returned" => {
            (1, Some(("fa", Role::LegalOffice, Action::Return { version: 1, reason: "why".to_owned() })))
        }
        "replaced" => (1, Some(("li", Role::Submitter, draft(2)))),
        "withdrawn" => (1, Some(("li", Role::Submitter, Action::Withdraw { version: 1 }))),
        other => panic!("no way to {other}"),
    };
    for (person, role, action) in to_approval.into_iter().take(steps).chain(last) {
        assert_eq!(refused(&desk.give(person, role, action)), "accepted");
    }
    assert_eq!(desk.object().versions[0].state.as_str(), state);
    desk
}

#[test]
fn allowed_is_what_the_table_says_and_nothing_else() {
    let table = table();
    let names: Vec<&str> = table.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(names, actions().iter().map(Action::name).collect::<Vec<_>>(), "every action has its row");
    let (mut cells, mut allowed, mut wrong) = (0, 0, Vec::new());
    for state in std::iter::once(None).chain(STATES.map(Some)) {
        let desk = state.map_or_else(Desk::default, in_state);
        let expected = desk.machine.object("3701-CF-0042").map_or(0, |object| object.revision);
        for (row, action) in table.iter().zip(actions()) {
            for role in Role::ALL {
                for orgs in [vec![ORG], vec!["elsewhere"], vec![], vec!["elsewhere", ORG]] {
                    let covers = orgs.contains(&ORG);
                    let actor = Actor {
                        person: NEW.to_owned(),
                        role,
                        orgs: orgs.into_iter().map(str::to_owned).collect(),
                    };
                    let command = command("cell", expected, actor, action.clone());
                    let outcome = desk.machine.judge(&command, Instant(1_000));
                    let may = covers && row.allows(role, state);
                    cells += 1;
                    allowed += u32::from(may);
                    if (refused(&outcome) == "accepted") != may {
                        wrong.push(format!(
                            "{state:?} {} {} {covers}: {outcome:?}",
                            role.as_str(),
                            row.action
                        ));
                    }
                }
            }
        }
    }
    println!("{cells} cells, {allowed} allowed");
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong, such as {}", wrong.len(), wrong[0]);
    assert_eq!(cells, 9 * 8 * 8 * 4);
    assert!(allowed > 30, "only {allowed}");
}
