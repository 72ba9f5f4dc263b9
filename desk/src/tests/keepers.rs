//! Keepers over one log in memory, turn by turn.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::*;
use crate::keeper::{Folded, Keeper, Request};

/// One keeper's hands on a log that all share.
struct MemoryLog {
    shared: Rc<RefCell<Vec<Vec<u8>>>>,
    position: usize,
    told_end: bool,
    /// What becomes of the next appends, last first: whether they land. Each is told unknown.
    script: Rc<RefCell<Vec<bool>>>,
    unknown: usize,
}

impl Log for MemoryLog {
    fn poll(&mut self, _wait: Duration) -> Result<Option<LogEvent>, LogError> {
        if self.unknown > 0 {
            self.unknown -= 1;
            return Ok(Some(LogEvent::Unknown("scripted".to_owned())));
        }
        if let Some(bytes) = self.shared.borrow().get(self.position) {
            self.position += 1;
            return Ok(Some(LogEvent::Record(bytes.clone())));
        }
        Ok((!std::mem::replace(&mut self.told_end, true)).then_some(LogEvent::End))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let scripted = self.script.borrow_mut().pop();
        self.unknown += usize::from(scripted.is_some());
        if scripted.unwrap_or(true) {
            self.shared.borrow_mut().push(bytes.to_vec());
        }
        Ok(())
    }
}

type Answer = oneshot::Receiver<Result<Outcome, DeskError>>;

struct Desk {
    keeper: Keeper<MemoryLog>,
    folded: Arc<RwLock<Folded>>,
    script: Rc<RefCell<Vec<bool>>>,
    told: watch::Receiver<u64>,
}

impl Desk {
    fn open(shared: &Rc<RefCell<Vec<Vec<u8>>>>) -> Self {
        let folded = Arc::new(RwLock::new(Folded::default()));
        let script = Rc::new(RefCell::new(Vec::new()));
        let log = MemoryLog {
            shared: shared.clone(),
            position: 0,
            told_end: false,
            script: script.clone(),
            unknown: 0,
        };
        let (tell, told) = watch::channel(0);
        Self { keeper: Keeper::new(log, folded.clone(), metrics(), tell), folded, script, told }
    }

    fn give(&mut self, command: Command) -> Answer {
        let (reply, answer) = oneshot::channel();
        self.keeper.take(Request { command, reply });
        answer
    }

    fn turn(&mut self) {
        self.keeper.turn(Instant(1_000), Duration::ZERO).expect("turn");
    }

    fn finish(&mut self, mut answer: Answer) -> Result<Outcome, DeskError> {
        for _ in 0..200 {
            self.turn();
            if let Ok(outcome) = answer.try_recv() {
                return outcome;
            }
        }
        panic!("no answer after 200 turns");
    }

    fn head(&self) -> (Hash, u64) {
        let folded = self.folded.read().expect("folded");
        (folded.chain.head(), folded.chain.len())
    }
}

fn shared() -> Rc<RefCell<Vec<Vec<u8>>>> {
    Rc::default()
}

#[test]
fn a_double_approval_at_two_desks_has_one_effect() {
    // Whichever desk turns first, and however often before the other does.
    for lead in 0..6 {
        let log = shared();
        let (mut one, mut two) = (Desk::open(&log), Desk::open(&log));
        for command in to_first_review() {
            let answer = one.give(command);
            assert!(is_accepted(&one.finish(answer).expect("outcome")));
        }
        let (a, b) = (one.give(first_review("a", "chu")), two.give(first_review("b", "qian")));
        for _ in 0..lead {
            two.turn();
        }
        let answers = [one.finish(a).expect("outcome"), two.finish(b).expect("outcome")];
        let refused = answers.iter().filter(|o| !is_accepted(o)).collect::<Vec<_>>();
        assert_eq!(answers.iter().filter(|o| is_accepted(o)).count(), 1, "lead {lead}: {answers:?}");
        assert!(
            refused.iter().all(|o| **o == Outcome::Refused(workflow::Reason::Stale { revision: 5 })),
            "{answers:?}"
        );
        for _ in 0..20 {
            one.turn();
            two.turn();
        }
        assert_eq!(one.head(), two.head());
        assert_eq!(one.head().1, 6, "both stand in the log, one of them refused");
    }
}

#[test]
fn an_append_of_unknown_outcome_is_proposed_again_and_counts_once() {
    for script in [vec![false], vec![true], vec![true, false], vec![false, true, false]] {
        let log = shared();
        let mut desk = Desk::open(&log);
        desk.script.borrow_mut().extend(script.iter().copied());
        let first = to_first_review().remove(0);
        let answer = desk.give(first.clone());
        assert_eq!(desk.finish(answer), Ok(Outcome::Accepted { version: 1, revision: 1 }), "{script:?}");
        for _ in 0..20 {
            desk.turn();
        }
        assert_eq!(desk.head().1, 1, "{script:?}");
        let again = desk.give(first);
        assert_eq!(desk.finish(again), Ok(Outcome::Accepted { version: 1, revision: 1 }), "the same answer");
        assert_eq!(desk.head().1, 1, "and no second entry");
    }
}

#[test]
fn a_desk_that_never_lands_gives_up() {
    let log = shared();
    let mut desk = Desk::open(&log);
    desk.script.borrow_mut().extend([false; 2 * MAX_PROPOSALS as usize]);
    let answer = desk.give(to_first_review().remove(0));
    assert_eq!(desk.finish(answer), Err(DeskError::Busy));
    assert!(log.borrow().is_empty());
}

#[test]
fn foreign_records_change_nothing_and_an_altered_entry_ends_the_chain() {
    let log = shared();
    log.borrow_mut().push(b"not an entry".to_vec());
    let mut desk = Desk::open(&log);
    for command in to_first_review() {
        let answer = desk.give(command);
        desk.finish(answer).expect("outcome");
    }
    let mut altered = log.borrow().clone();
    altered[2] =
        String::from_utf8(altered[2].clone()).expect("UTF-8").replace("\"fa\"", "\"xx\"").into_bytes();
    let mut reader = Desk::open(&Rc::new(RefCell::new(altered)));
    for _ in 0..20 {
        reader.turn();
    }
    assert_eq!(reader.head().1, 2, "what follows the altered entry names the hash of the true one");
    assert_eq!(desk.head().1, 4);
}

#[test]
fn the_trail_says_who_did_what() {
    let mut desk = Desk::open(&shared());
    for command in to_first_review() {
        let answer = desk.give(command);
        desk.finish(answer).expect("outcome");
    }
    let own = desk.give(first_review("own", "li"));
    assert!(!is_accepted(&desk.finish(own).expect("outcome")));
    let folded = desk.folded.read().expect("folded");
    let lines: Vec<String> = folded
        .trail
        .from(1, Some("3701-CF-0042"), 10)
        .map(|e| format!("{} {} {:?}", e.seq, e.person, e.action))
        .collect();
    assert_eq!(
        lines,
        ["1 fa \"pass_legally\"", "2 li \"attach_dry_run\"", "3 li \"submit\"", "4 li \"pass_first\""]
    );
    let last = folded.trail.from(4, None, 10).next().expect("entry");
    let json = serde_json::to_value(last).expect("JSON");
    assert_eq!((&json["outcome"], &json["reason"]), (&"refused".into(), &"own_work".into()));
    assert_eq!(last.hash, folded.chain.head());
}

#[tokio::test]
async fn who_follows_is_told_every_entry_in_order_from_where_he_was() {
    let mut desk = Desk::open(&shared());
    let mut follower = Follower::new(desk.folded.clone(), desk.told.clone(), 0);
    for command in to_first_review() {
        let answer = desk.give(command);
        desk.finish(answer).expect("outcome");
    }
    let seqs = |entries: Vec<TrailEntry>| entries.into_iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(seqs(follower.next(3).await.expect("entries")), [0, 1, 2], "at most as many as asked for");
    assert_eq!(seqs(follower.next(3).await.expect("entries")), [3]);
    let answer = desk.give(first_review("more", "chu"));
    let (told, ()) = tokio::join!(follower.next(3), async { drop(desk.finish(answer)) });
    assert_eq!(seqs(told.expect("entries")), [4], "and waits for what is to come");
    let mut late = Follower::new(desk.folded.clone(), desk.told.clone(), 4);
    assert_eq!(seqs(late.next(3).await.expect("entries")), [4]);
    drop(desk.keeper);
    assert_eq!(follower.next(3).await, Err(NotFollowed::Closed));
}
