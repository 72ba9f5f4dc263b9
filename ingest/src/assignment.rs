//! The partitions this process holds, each with a frontier of its own. Pure.
//!
//! A partition that is revoked and assigned again is a new assignment with a new generation. What was in flight for the
//! old one settles into nothing: its records were left uncommitted, and whoever holds the partition reads them again.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::frontier::{AckFrontier, Span};

/// Which record, under which assignment: what travels with a forwarded record and comes back when it has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    generation: u64,
    span: Span,
}

impl Ticket {
    /// The record's own offset: a span ends just after it.
    pub(crate) fn offset(&self) -> i64 {
        self.span.until - 1
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset())
    }
}

/// What became of a record that was offered to its assignment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The first record of the assignment, and the position that had been committed for it, where known.
    First(Ticket, Option<i64>),
    Next(Ticket),
    /// The log was truncated or made anew: this offset had been read. Counted from here again.
    Rewound(Ticket),
    /// Not ours (any more). It is not tracked, so it is never committed.
    Unassigned,
}

/// A position to commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

#[derive(Debug)]
struct Assignment {
    generation: u64,
    /// `None` before the first record.
    frontier: Option<AckFrontier>,
    /// Where reading should begin.
    resumes_at: Option<i64>,
    /// Where it did begin.
    began_at: i64,
    /// The position whose commit was asked for last.
    asked: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Assignments {
    held: HashMap<Arc<str>, BTreeMap<i32, Assignment>>,
    generations: u64,
}

impl Assignments {
    pub(crate) fn assign(&mut self, topic: &str, partition: i32) {
        self.generations += 1;
        let generation = self.generations;
        let fresh = Assignment { generation, frontier: None, resumes_at: None, began_at: 0, asked: 0 };
        match self.held.get_mut(topic) {
            Some(partitions) => drop(partitions.insert(partition, fresh)),
            None => drop(self.held.insert(topic.into(), [(partition, fresh)].into())),
        }
    }

    pub(crate) fn revoke(&mut self, topic: &str, partition: i32) {
        if let Some(partitions) = self.held.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.held.remove(topic);
            }
        }
    }

    /// Notes the position that the group has committed, to compare the first record with.
    pub(crate) fn resumes_at(&mut self, topic: &str, partition: i32, position: i64) {
        if let Some(held) = self.held.get_mut(topic).and_then(|p| p.get_mut(&partition)) {
            held.resumes_at = Some(position);
        }
    }

    pub(crate) fn take(&mut self, topic: &str, partition: i32, offset: i64) -> Taken {
        let Some(topic) = self.held.get_key_value(topic).map(|(name, _)| name.clone()) else {
            return Taken::Unassigned;
        };
        let Some(held) = self.held.get_mut(&topic).and_then(|p| p.get_mut(&partition)) else {
            return Taken::Unassigned;
        };
        let first = held.frontier.is_none();
        if let Some(frontier) = &mut held.frontier
            && let Some(span) = frontier.take(offset)
        {
            return Taken::Next(Ticket { topic, partition, generation: held.generation, span });
        }
        if !first {
            self.generations += 1;
            held.generation = self.generations;
        }
        let span = Span { from: offset, until: offset + 1 };
        held.frontier.insert(AckFrontier::starting_at(offset)).take(offset);
        (held.began_at, held.asked) = (offset, offset);
        let ticket = Ticket { topic, partition, generation: held.generation, span };
        if first { Taken::First(ticket, held.resumes_at) } else { Taken::Rewound(ticket) }
    }

    /// Settles a record, unless its assignment is over.
    pub(crate) fn settle(&mut self, ticket: &Ticket) {
        if let Some(held) = self.held.get_mut(&ticket.topic).and_then(|p| p.get_mut(&ticket.partition))
            && held.generation == ticket.generation
            && let Some(frontier) = &mut held.frontier
        {
            frontier.settle(ticket.span);
        }
    }

    /// Every position that has moved since this was last asked.
    pub(crate) fn moved(&mut self) -> Vec<Position> {
        let before = self.positions();
        before.into_iter().filter(|at| self.ask(at)).collect()
    }

    /// Every position behind which something has settled.
    pub(crate) fn positions(&self) -> Vec<Position> {
        let mut positions = Vec::new();
        for (topic, partitions) in &self.held {
            for (&partition, held) in partitions {
                if let Some(offset) = held.frontier.as_ref().map(AckFrontier::position)
                    && offset > held.began_at
                {
                    positions.push(Position { topic: topic.clone(), partition, offset });
                }
            }
        }
        positions
    }

    fn ask(&mut self, at: &Position) -> bool {
        let held = self.held.get_mut(&at.topic).and_then(|p| p.get_mut(&at.partition));
        held.is_some_and(|held| std::mem::replace(&mut held.asked, at.offset) != at.offset)
    }

    /// Whether records of this partition are still in flight.
    pub(crate) fn is_open(&self, topic: &str, partition: i32) -> bool {
        let held = self.held.get(topic).and_then(|p| p.get(&partition));
        held.and_then(|h| h.frontier.as_ref()).is_some_and(AckFrontier::is_open)
    }

    /// Every partition held.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, i32)> {
        self.held.iter().flat_map(|(topic, p)| p.keys().map(|partition| (&**topic, *partition)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(taken: Taken) -> Ticket {
        match taken {
            Taken::First(ticket, _) | Taken::Next(ticket) | Taken::Rewound(ticket) => ticket,
            Taken::Unassigned => panic!("not assigned"),
        }
    }

    fn moved(assignments: &mut Assignments) -> Vec<(i32, i64)> {
        assignments.moved().into_iter().map(|at| (at.partition, at.offset)).collect()
    }

    #[test]
    fn nothing_is_committed_before_something_settled() {
        let mut held = Assignments::default();
        held.assign("t", 0);
        held.resumes_at("t", 0, 40);
        assert_eq!(moved(&mut held), []);
        let first = held.take("t", 0, 40);
        assert!(matches!(first, Taken::First(_, Some(40))));
        assert_eq!(moved(&mut held), []);
        assert!(held.is_open("t", 0));
        held.settle(&ticket(first));
        assert_eq!(moved(&mut held), [(0, 41)]);
        assert_eq!(moved(&mut held), [], "asked for once");
        assert_eq!(held.positions().len(), 1, "and again on demand");
        assert!(!held.is_open("t", 0));
    }

    #[test]
    fn a_late_acknowledgement_finds_no_home() {
        let mut held = Assignments::default();
        held.assign("t", 0);
        let old = ticket(held.take("t", 0, 5));
        held.revoke("t", 0);
        held.settle(&old);
        held.assign("t", 0);
        let new = ticket(held.take("t", 0, 5));
        held.settle(&old);
        assert_eq!(moved(&mut held), []);
        held.settle(&new);
        assert_eq!(moved(&mut held), [(0, 6)]);
    }

    #[test]
    fn a_foreign_record_is_not_tracked() {
        let mut held = Assignments::default();
        assert_eq!(held.take("t", 0, 5), Taken::Unassigned);
        held.assign("t", 0);
        assert_eq!(held.take("t", 1, 5), Taken::Unassigned);
        assert_eq!(held.iter().collect::<Vec<_>>(), [("t", 0)]);
    }

    #[test]
    fn a_rewound_log_is_counted_from_its_new_place() {
        let mut held = Assignments::default();
        held.assign("t", 0);
        let old = ticket(held.take("t", 0, 90));
        let rewound = held.take("t", 0, 3);
        assert!(matches!(rewound, Taken::Rewound(_)));
        held.settle(&old);
        assert_eq!(moved(&mut held), []);
        let rewound = ticket(rewound);
        assert_eq!(rewound.offset(), 3);
        held.settle(&rewound);
        assert_eq!(moved(&mut held), [(0, 4)]);
        assert!(matches!(held.take("t", 0, 4), Taken::Next(_)));
    }
}
