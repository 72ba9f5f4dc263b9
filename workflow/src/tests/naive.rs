//! The same rules once more, made to be obvious: nothing is kept but the list of what was accepted, and every question
//! is answered by reading that list from its beginning.

use super::*;

#[derive(Default)]
pub(super) struct Naive {
    /// Accepted commands, each with the version it is about.
    accepted: Vec<(Command, u32)>,
    /// Every command ever given, with its answer.
    given: Vec<(Command, &'static str)>,
}

impl Naive {
    /// The code of the answer, and the effect if it is `accepted`.
    pub(super) fn give(&mut self, command: &Command, now: Instant) -> &'static str {
        if let Some((earlier, answer)) = self.given.iter().find(|(c, _)| c.key == command.key) {
            return if earlier == command { answer } else { "key_reused" };
        }
        let answer = self.answer(command, now);
        self.given.push((command.clone(), answer));
        if answer == "accepted" {
            let drafts =
                self.about(&command.object).filter(|(c, _)| matches!(c.action, Action::Draft { .. })).count();
            let version = command.action.version().unwrap_or(drafts as u32 + 1);
            self.accepted.push((command.clone(), version));
        }
        answer
    }

    fn about<'a>(&'a self, object: &'a str) -> impl DoubleEndedIterator<Item = &'a (Command, u32)> + 'a {
        self.accepted.iter().filter(move |(c, _)| c.object == object)
    }

    fn on<'a>(&'a self, object: &'a str, version: u32) -> impl DoubleEndedIterator<Item = &'a Command> + 'a {
        self.about(object).filter(move |(_, v)| *v == version).map(|(c, _)| c)
    }

    /// The last thing that was done to a version, dry runs apart.
    fn stage(&self, object: &str, version: u32) -> &'static str {
        let later_draft = self.on(object, version + 1).next().is_some();
        let last = self.on(object, version).rev().find(|c| !matches!(c.action, Action::AttachDryRun { .. }));
        match last.map(|c| &c.action) {
            Some(Action::Draft { .. }) if later_draft => "replaced",
            Some(Action::Draft { .. }) => "draft",
            Some(Action::PassLegally { .. }) => "legal",
            Some(Action::Submit { .. }) => "submitted",
            Some(Action::PassFirst { .. }) => "first",
            Some(Action::PassFinal { .. }) => "approved",
            Some(Action::Return { .. }) => "returned",
            Some(Action::Withdraw { .. }) => "withdrawn",
            Some(Action::AttachDryRun { .. } | Action::Supervise(_)) | None => "none",
        }
    }

    /// Authors of a version: its own, and those of the versions before it that it replaced or that were returned.
    fn authors<'a>(&'a self, object: &'a str, version: u32) -> Vec<&'a str> {
        let mut authors = Vec::new();
        for v in (1..=version).rev() {
            let goes_on = v == version || ["replaced", "returned"].contains(&self.stage(object, v));
            if !goes_on {
                break;
            }
            authors.extend(self.on(object, v).take(1).map(|c| c.actor.person.as_str()));
        }
        authors
    }

    fn took_part(&self, object: &str, version: u32, person: &str) -> bool {
        let hand = |c: &&Command| {
            matches!(c.action, Action::PassLegally { .. } | Action::Submit { .. } | Action::PassFirst { .. })
        };
        let acted = self.on(object, version).filter(hand).any(|c| c.actor.person == person);
        acted || self.authors(object, version).contains(&person)
    }

    fn content<'a>(&'a self, object: &'a str, version: u32) -> Option<&'a serde_json::Value> {
        self.on(object, version).find_map(|c| match &c.action {
            Action::Draft { content, .. } => Some(content),
            _ => None,
        })
    }

    fn answer(&self, command: &Command, now: Instant) -> &'static str {
        let object = command.object.as_str();
        let drafts =
            self.about(object).filter(|(c, _)| matches!(c.action, Action::Draft { .. })).count() as u32;
        let revision = self.about(object).count() as u64;
        let Some(version) = command.action.version() else {
            return self.answer_draft(command, drafts, revision);
        };
        if drafts == 0 {
            return "no_such_object";
        }
        if command.expected != revision {
            return "stale";
        }
        if !command.actor.orgs.contains(ORG) {
            return "wrong_org";
        }
        if version == 0 || version > drafts {
            return "no_such_version";
        }
        let stage = self.stage(object, version);
        let (role, reviews) = match (&command.action, stage) {
            (Action::PassLegally { .. } | Action::Return { .. }, "draft") => (Role::LegalOffice, true),
            (Action::PassFirst { .. } | Action::Return { .. }, "submitted") => {
                (Role::SupervisionOffice, true)
            }
            (Action::PassFinal { .. } | Action::Return { .. }, "first") => (Role::SupervisionBureau, true),
            (Action::Submit { .. }, "legal") => (Role::Submitter, false),
            (Action::AttachDryRun { .. }, "draft" | "legal" | "submitted") => (Role::Submitter, false),
            (Action::Withdraw { .. }, "draft" | "legal" | "submitted" | "first") => (Role::Submitter, false),
            _ => return "wrong_state",
        };
        if command.actor.role != role {
            return "wrong_role";
        }
        if reviews && self.took_part(object, version, &command.actor.person) {
            return "own_work";
        }
        let passed_it = |c: &Command| {
            matches!(c.action, Action::PassLegally { .. }) && c.actor.person == command.actor.person
        };
        if matches!(command.action, Action::Submit { .. }) && self.on(object, version).any(passed_it) {
            return "own_work";
        }
        self.answer_rest(command, version, now)
    }

    fn answer_draft(&self, command: &Command, drafts: u32, revision: u64) -> &'static str {
        let Action::Draft { org, content, .. } = &command.action else { return "accepted" };
        let last = self.stage(&command.object, drafts);
        if command.expected != revision {
            "stale"
        } else if !command.actor.orgs.contains(org) {
            "wrong_org"
        } else if command.actor.role != Role::Submitter {
            "wrong_role"
        } else if ["legal", "submitted", "first"].contains(&last) {
            "under_review"
        } else if self.content(&command.object, drafts) == Some(content) && last != "withdrawn" {
            "unchanged"
        } else {
            "accepted"
        }
    }

    fn answer_rest(&self, command: &Command, version: u32, now: Instant) -> &'static str {
        let object = command.object.as_str();
        match &command.action {
            Action::AttachDryRun { report, .. } => {
                let text = self.content(object, version).map(ToString::to_string).unwrap_or_default();
                if report.content == Hash::of(text.as_bytes()) { "accepted" } else { "other_content" }
            }
            Action::Submit { lint, .. } if lint.errors > 0 => "lint_errors",
            Action::Return { reason, .. } if reason.trim().is_empty() => "return_reason",
            Action::PassFirst { .. } => {
                let run = self.on(object, version).any(|c| matches!(c.action, Action::AttachDryRun { .. }));
                if run { "accepted" } else { "no_dry_run" }
            }
            Action::PassFinal { shadow_days: 367.., .. } => "bad_shadow",
            Action::PassFinal { from, .. } => {
                let taken = self.about(object).any(
                    |(c, _)| matches!(c.action, Action::PassFinal { from: earlier, .. } if earlier >= *from),
                );
                if taken || *from < now { "too_early" } else { "accepted" }
            }
            _ => "accepted",
        }
    }
}
