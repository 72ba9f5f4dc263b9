//! Partitions of a consumer group that nobody holds.
//!
//! A member of a cooperative group that lets partitions go joins the group again afterwards, and only that hands them to
//! another. If it ends in between and comes back under its static id, the broker gives it what it had kept, without a
//! rebalance. What it had let go stays nobody's: the group is stable, no member is late, no error is told. So every member
//! looks now and then, and one of them leaves the group and joins it anew, which is the rebalance that was missed (ADR 34).

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;

/// How often the group is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long partitions may be nobody's before the first member acts. A rebalance takes moments; a member that lets go may
/// take half a session, and a new topic is found by the group's leader within some seconds.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the brokers have to answer.
const ANSWER: Duration = Duration::from_secs(1);
/// How long leaving may take.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
/// The broker makes a static member's id of the static id and a UUID behind a hyphen.
const ID_TAIL: usize = 37;

/// A topic's partition.
pub type Partition = (String, i32);

/// Beside one member of a group.
pub struct Orphans {
    group: String,
    instance: String,
    look: Instant,
    vacancy: Vacancy,
}

impl Orphans {
    /// `instance` is the static id of the member beside which this is.
    pub fn new(group: &str, instance: &str) -> Self {
        let look = Instant::now() + LOOK_EVERY;
        Self { group: group.to_owned(), instance: instance.to_owned(), look, vacancy: Vacancy::default() }
    }

    /// Whether partitions have been nobody's for long, and it is this member that has to join the group anew.
    ///
    /// `wanted` are the partitions that the group is there for; `None` while they are not known. Free but for every 5 s; then it
    /// asks the brokers, and waits 1 s at most.
    pub fn are_ours_to_mend<C: ClientContext>(
        &mut self,
        client: &Client<C>,
        wanted: impl FnOnce() -> Option<Vec<Partition>>,
    ) -> bool {
        let now = Instant::now();
        if now < self.look {
            return false;
        }
        self.look = now + LOOK_EVERY;
        let members = match members(client, &self.group) {
            Ok(members) => members,
            Err(error) => {
                tracing::debug!(group = self.group, %error, "the group could not be looked at");
                None
            }
        };
        let turn = members.and_then(|members| {
            let orphans = orphans(&members, wanted()?);
            if orphans.is_empty() {
                return None;
            }
            tracing::warn!(group = self.group, ?orphans, "partitions are nobody's");
            turn(&members, &self.instance)
        });
        self.vacancy.is_over(now, turn)
    }

    /// Leaves the group for good, as a static member does not by being closed: the others share what it had.
    pub fn leave<C: ConsumerContext>(&self, consumer: &BaseConsumer<C>) {
        consumer.unsubscribe();
        let until = Instant::now() + LEAVE_WITHIN;
        while Instant::now() < until {
            // The callbacks let go. A record that comes all the same was not committed, and is read again.
            drop(consumer.poll(Duration::from_millis(50)));
            let left = members(consumer.client(), &self.group).is_ok_and(|members| {
                members.is_none_or(|members| !members.iter().any(|m| m.is(&self.instance)))
            });
            if left {
                return;
            }
        }
        tracing::warn!(
            group = self.group,
            "the group was not left in time; it ends the membership by itself"
        );
    }
}

/// A member of the group, and what it holds by the group's word.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    id: String,
    holds: Vec<Partition>,
}

impl Member {
    fn is(&self, instance: &str) -> bool {
        self.id.strip_prefix(instance).is_some_and(|tail| tail.len() == ID_TAIL && tail.starts_with('-'))
    }
}

/// The members of a group that is at rest; `None` of one that is not.
fn members<C: ClientContext>(client: &Client<C>, group: &str) -> KafkaResult<Option<Vec<Member>>> {
    let groups = client.fetch_group_list(Some(group), ANSWER)?;
    let Some(group) = groups.groups().iter().find(|found| found.name() == group) else {
        return Ok(None);
    };
    if group.state() != "Stable" {
        return Ok(None);
    }
    let member = |member: &rdkafka::groups::GroupMemberInfo| {
        let holds = holds(member.assignment().unwrap_or_default())?;
        Some(Member { id: member.id().to_owned(), holds })
    };
    Ok(group.members().iter().map(member).collect())
}

/// What nobody holds of what is wanted.
fn orphans(members: &[Member], mut wanted: Vec<Partition>) -> Vec<Partition> {
    let held: HashSet<&Partition> = members.iter().flat_map(|member| &member.holds).collect();
    wanted.retain(|partition| !held.contains(partition));
    wanted
}

/// In which place this member has to act, from 0: first whoever holds least, since joining anew interrupts it. `None`: it is
/// not one of them.
fn turn(members: &[Member], instance: &str) -> Option<u32> {
    let mut order: Vec<(usize, &Member)> = members.iter().map(|m| (m.holds.len(), m)).collect();
    order.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    let place = order.iter().position(|(_, member)| member.is(instance))?;
    u32::try_from(place).ok()
}

/// Since when something has been nobody's.
#[derive(Debug, Default)]
struct Vacancy(Option<Instant>);

impl Vacancy {
    /// `turn` is `None` if nothing is seen to be amiss. Whoever is next acts if the one before did not.
    fn is_over(&mut self, now: Instant, turn: Option<u32>) -> bool {
        let Some(turn) = turn else {
            self.0 = None;
            return false;
        };
        let since = *self.0.get_or_insert(now);
        now.duration_since(since) >= PATIENCE * (turn + 1)
    }
}

/// Reads an assignment of Kafka's consumer protocol: a version (16 bits), then a list of topics with their partitions; what
/// follows is the assignor's own. Empty: a member that holds nothing. `None`: not such an assignment.
fn holds(assignment: &[u8]) -> Option<Vec<Partition>> {
    if assignment.is_empty() {
        return Some(Vec::new());
    }
    let mut rest = assignment;
    take(&mut rest, 2)?;
    let mut holds = Vec::new();
    for _ in 0..number(&mut rest)? {
        let length = u16::from_be_bytes(take(&mut rest, 2)?.try_into().ok()?);
        let topic = std::str::from_utf8(take(&mut rest, length.into())?).ok()?;
        for _ in 0..number(&mut rest)? {
            holds.push((topic.to_owned(), number(&mut rest)?));
        }
    }
    Some(holds)
}

fn number(rest: &mut &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(take(rest, 4)?.try_into().ok()?))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "-0b0ea7b6-1d6c-4d4d-8c58-3f6f1f0a7c11";

    fn member(instance: &str, partitions: &[i32]) -> Member {
        Member {
            id: format!("{instance}{TAIL}"),
            holds: partitions.iter().map(|&p| ("t".to_owned(), p)).collect(),
        }
    }

    #[test]
    fn an_assignment_is_read_as_kafka_writes_it() {
        let assignment = [
            [0, 1, 0, 0, 0, 2].as_slice(),
            &[0, 1, b'a', 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3],
            &[0, 2, b'b', b'c', 0, 0, 0, 1, 0, 0, 1, 0],
            &[255, 255, 255, 255],
        ]
        .concat();
        let expected = [("a", 0), ("a", 3), ("bc", 256)].map(|(topic, p)| (topic.to_owned(), p));
        assert_eq!(holds(&assignment), Some(expected.to_vec()));
        assert_eq!(holds(&[]), Some(Vec::new()));
        for length in 1..assignment.len() - 4 {
            assert_eq!(holds(&assignment[..length]), None, "cut after {length} bytes");
        }
    }

    #[test]
    fn what_no_member_holds_is_an_orphan() {
        let wanted = || (0..4).map(|p| ("t".to_owned(), p)).collect();
        assert_eq!(orphans(&[member("a", &[2, 3]), member("b", &[])], wanted()), wanted()[..2]);
        assert_eq!(orphans(&[member("a", &[2, 3]), member("b", &[0, 1])], wanted()), []);
    }

    #[test]
    fn whoever_holds_least_is_the_first_to_act() {
        let members = [member("a", &[2, 3]), member("a-1", &[]), member("b", &[])];
        assert_eq!(["a-1", "b", "a", "c"].map(|of| turn(&members, of)), [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn the_next_one_acts_when_the_first_does_not() {
        let (mut vacancy, now) = (Vacancy::default(), Instant::now());
        assert!(!vacancy.is_over(now, Some(1)));
        assert!(!vacancy.is_over(now + PATIENCE, Some(1)));
        assert!(vacancy.is_over(now + PATIENCE, Some(0)));
        assert!(vacancy.is_over(now + PATIENCE * 2, Some(1)));
    }

    #[test]
    fn a_rebalance_in_between_begins_it_anew() {
        let (mut vacancy, now) = (Vacancy::default(), Instant::now());
        assert!(!vacancy.is_over(now, Some(0)));
        assert!(!vacancy.is_over(now + PATIENCE / 2, None));
        assert!(!vacancy.is_over(now + PATIENCE, Some(0)));
        assert!(vacancy.is_over(now + PATIENCE * 2, Some(0)));
    }
}
