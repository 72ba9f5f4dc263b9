//! The rules of orders once more, made to be obvious: only the list of what was accepted is kept, and every question is
//! answered by reading it from its beginning.

use super::*;

#[derive(Default)]
pub(super) struct Naive {
    /// Accepted deeds, each with the number that it was done to.
    accepted: Vec<(Command, String)>,
    given: Vec<(Command, &'static str)>,
}

fn asked(command: &Command) -> &Deed {
    match &command.action {
        Action::Supervise(deed) => &deed.asked,
        _ => panic!("no deed"),
    }
}

fn facts(command: &Command) -> &Facts {
    match &command.action {
        Action::Supervise(deed) => &deed.facts,
        _ => panic!("no deed"),
    }
}

impl Naive {
    pub(super) fn give(&mut self, command: &Command) -> &'static str {
        if let Some((earlier, answer)) = self.given.iter().find(|(c, _)| c.key == command.key) {
            let same = asked(earlier) == asked(command)
                && earlier.expected == command.expected
                && earlier.actor.person == command.actor.person
                && (earlier.object == command.object || matches!(asked(command), Deed::Open { .. }));
            return if same { answer } else { "key_reused" };
        }
        let answer = self.answer(command);
        self.given.push((command.clone(), answer));
        if answer == "accepted" {
            let number = match asked(command) {
                Deed::Open { .. } => self.next_number(&facts(command).alarms[0].org),
                Deed::Assign { .. } => self.next_number(self.org(&command.object)),
                Deed::Answer { order, .. } | Deed::Withdraw { order, .. } => order.clone(),
                _ => command.object.clone(),
            };
            self.accepted.push((command.clone(), number));
        }
        answer
    }

    /// Every number given out, in its order.
    pub(super) fn numbers(&self, org: &str) -> Vec<&str> {
        let takes = |c: &Command| matches!(asked(c), Deed::Open { .. } | Deed::Assign { .. });
        let all = self.accepted.iter().filter(|(c, _)| takes(c)).map(|(_, number)| number.as_str());
        all.filter(|number| number.starts_with(org)).collect()
    }

    fn next_number(&self, org: &str) -> String {
        format!("{org}-2026-{:04}", self.numbers(org).len() + 1)
    }

    fn opening(&self, number: &str) -> Option<&Command> {
        self.accepted
            .iter()
            .find(|(c, of)| of == number && matches!(asked(c), Deed::Open { .. }))
            .map(|(c, _)| c)
    }

    fn org(&self, number: &str) -> &str {
        self.opening(number).map_or("", |c| facts(c).alarms[0].org.as_str())
    }

    /// What was done to an order (1) and those under it, its opening apart.
    fn steps(&self, number: &str) -> Vec<&(Command, String)> {
        self.accepted
            .iter()
            .filter(|(c, _)| c.object == number && !matches!(asked(c), Deed::Open { .. }))
            .collect()
    }

    pub(super) fn stage(&self, number: &str) -> &'static str {
        let steps = self.steps(number);
        let turns = |(c, of): &&(Command, String)| match asked(c) {
            Deed::Assign { .. } | Deed::Answer { .. } => false,
            Deed::Withdraw { .. } => of == number,
            _ => true,
        };
        let last = steps.iter().rposition(turns);
        match last.map(|at| asked(&steps[at].0)) {
            Some(Deed::Reply { .. }) => return "replied",
            Some(Deed::Revoke { .. }) => return "revoked",
            Some(Deed::Uphold { .. }) => return "upheld",
            Some(Deed::Withdraw { .. }) => return "withdrawn",
            _ => {}
        }
        let round = &steps[last.map_or(0, |at| at + 1)..];
        let asked_now =
            round.iter().filter(|(c, _)| matches!(asked(c), Deed::Assign { .. })).map(|(_, of)| of);
        let states: Vec<&str> = asked_now.map(|of| self.task_state(number, of)).collect();
        if states.contains(&"pending") {
            "assigned"
        } else if states.contains(&"answered") {
            "answered"
        } else if last.is_some() {
            "returned"
        } else {
            "open"
        }
    }

    fn task_state(&self, number: &str, task: &str) -> &'static str {
        let steps = self.steps(number);
        let of = |step: &&&(Command, String)| step.1 == task;
        match steps.iter().filter(of).map(|(c, _)| asked(c)).next_back() {
            Some(Deed::Answer { .. }) => "answered",
            Some(Deed::Withdraw { .. }) => "withdrawn",
            Some(Deed::Assign { .. }) => {
                // With an order (1) everything under it goes.
                let gone =
                    steps.iter().any(|(c, of)| of == number && matches!(asked(c), Deed::Withdraw { .. }));
                if gone { "withdrawn" } else { "pending" }
            }
            _ => "none",
        }
    }

    fn handler(&self, number: &str, task: &str) -> Option<String> {
        self.steps(number).iter().filter(|(_, of)| of == task).find_map(|(c, _)| match asked(c) {
            Deed::Assign { handler, .. } => Some(handler.clone()),
            _ => None,
        })
    }

    /// Whether he answered, or, if that counts, replied.
    fn has_answered(&self, number: &str, person: &str, replies: bool) -> bool {
        let own = |c: &Command| c.actor.person == person;
        let answers = |c: &Command| match asked(c) {
            Deed::Answer { .. } => true,
            Deed::Reply { .. } => replies,
            _ => false,
        };
        self.steps(number).iter().any(|(c, _)| own(c) && answers(c))
    }

    fn answer(&self, command: &Command) -> &'static str {
        let text = match asked(command) {
            Deed::Open { opinion, .. } | Deed::Assign { opinion, .. } => opinion,
            Deed::Answer { reason, .. }
            | Deed::Reply { reason, .. }
            | Deed::Revoke { reason, .. }
            | Deed::Uphold { reason }
            | Deed::SendBack { reason, .. }
            | Deed::Withdraw { reason, .. } => reason,
            _ => return "not in this model",
        };
        if text.trim().is_empty() {
            return "bad_text";
        }
        match asked(command) {
            Deed::Open { alarms, .. } => self.answer_open(command, alarms),
            asked => self.answer_step(command, asked),
        }
    }

    fn answer_open(&self, command: &Command, alarms: &[String]) -> &'static str {
        let once = alarms.iter().collect::<BTreeSet<_>>().len() == alarms.len();
        if alarms.is_empty() || !once {
            return "bad_alarms";
        }
        let known = &facts(command).alarms;
        if known.iter().any(|fact| fact.org != known[0].org) {
            return "several_orgs";
        }
        if command.actor.role != Role::SupervisionBureau {
            return "wrong_role";
        }
        if !command.actor.orgs.contains(&known[0].org) {
            return "wrong_org";
        }
        for fact in known {
            if fact.state == "retracted" {
                return "not_standing";
            }
            let on_it =
                |c: &Command| matches!(asked(c), Deed::Open { alarms, .. } if alarms.contains(&fact.id));
            let last = self.accepted.iter().filter(|(c, _)| on_it(c)).map(|(_, of)| of).next_back();
            match last.map(|number| self.stage(number)) {
                Some("revoked") => return "already_revoked",
                None | Some("upheld" | "withdrawn") => {}
                Some(_) => return "under_order",
            }
        }
        "accepted"
    }

    fn answer_step(&self, command: &Command, asked_now: &Deed) -> &'static str {
        let (number, actor) = (command.object.as_str(), &command.actor);
        if self.opening(number).is_none() {
            return "no_such_order";
        }
        if command.expected != self.steps(number).len() as u64 + 1 {
            return "stale";
        }
        if !actor.orgs.contains(self.org(number)) {
            return "wrong_org";
        }
        let stage = self.stage(number);
        let needed = match asked_now {
            Deed::Answer { .. } => Role::Handler,
            Deed::Assign { .. } | Deed::Reply { .. } => Role::SupervisionOffice,
            Deed::Withdraw { order, .. } if order != number => {
                if self.task_state(number, order) == "none" {
                    return "no_such_order";
                }
                Role::SupervisionOffice
            }
            _ => Role::SupervisionBureau,
        };
        if actor.role != needed {
            return "wrong_role";
        }
        let with_office = ["open", "assigned", "answered", "returned"].contains(&stage);
        match asked_now {
            Deed::Assign { .. } if !with_office => "order_state",
            Deed::Answer { order, .. } => match self.handler(number, order) {
                None => "no_such_order",
                Some(handler) if handler != actor.person => "not_addressed",
                Some(_) if self.task_state(number, order) != "pending" => "order_state",
                Some(_) => "accepted",
            },
            Deed::Withdraw { order, .. } if order != number => {
                if self.task_state(number, order) == "pending" { "accepted" } else { "order_state" }
            }
            Deed::Withdraw { .. } if ["revoked", "upheld", "withdrawn"].contains(&stage) => "order_state",
            Deed::Reply { .. } => match stage {
                "assigned" => "unanswered",
                "open" | "returned" => "not_assigned",
                "answered" if self.has_answered(number, &actor.person, false) => "own_answer",
                "answered" => "accepted",
                _ => "order_state",
            },
            Deed::Revoke { .. } | Deed::Uphold { .. } | Deed::SendBack { .. } => {
                if stage != "replied" {
                    "order_state"
                } else if self.has_answered(number, &actor.person, true) {
                    "own_answer"
                } else {
                    "accepted"
                }
            }
            _ => "accepted",
        }
    }
}
