//! One command a thousand times at once, at two desks that know different deadlines for it: one effect, one answer.

use std::sync::Arc;
use std::time::Duration;

use model::finding::Light;
use rdkafka::config::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use workflow::supervision::{AlarmFact, Deed, Facts, Supervise, Term, register};

use super::*;

const REPEATS: i64 = 1_000;
/// Far more than it takes, on a machine that is busy with other things.
const WITHIN: Duration = Duration::from_secs(120);

/// An order on one alarm, as a process writes it whose calendar gives this deadline.
fn open(due: i64) -> Command {
    let fact = AlarmFact {
        id: "a1".to_owned(),
        revision: 1,
        state: "raised".to_owned(),
        light: Light::Red,
        org: ORG.to_owned(),
        region: String::new(),
        item: "item".to_owned(),
        case: "case".to_owned(),
        point: "p".to_owned(),
        code: "overdue".to_owned(),
        raised: Instant(0),
    };
    let asked = Deed::Open { alarms: vec!["a1".to_owned()], opinion: "why".to_owned(), days: 5 };
    let due = Instant(due);
    let term = Some(Term { year: 2026, days: 5, due, close_by: due, provisional: false });
    let facts = Facts { alarms: vec![fact], term, ..Facts::default() };
    let action = Action::Supervise(Box::new(Supervise { asked, facts }));
    let bureau = command("zhou:one", 0, "zhou", Role::SupervisionBureau, action);
    Command { object: register(ORG, 2026), ..bureau }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_repeats_at_once_open_one_order() {
    let cluster: MockCluster<'static, DefaultProducerContext> = MockCluster::new(1).expect("mock brokers");
    cluster.create_topic("workflow", 1, 1).expect("a topic");
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers());
    let start = || {
        let config = config.clone();
        let open = move || KafkaLog::open(&config, "workflow");
        Arc::new(Service::start(open, || Instant(1_000), metrics()).expect("desk"))
    };
    let desks = [start(), start()];
    // As many at once as the desks take; the others wait for their turn.
    let room = Arc::new(Semaphore::new(MAX_WAITING));
    let mut repeats = JoinSet::new();
    for i in 0..REPEATS {
        let (desk, room) = (Arc::clone(&desks[(i % 2) as usize]), Arc::clone(&room));
        repeats.spawn(async move {
            let _turn = room.acquire().await.expect("open");
            loop {
                match desk.submit(open(i)).await {
                    Ok(outcome) => return outcome,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        });
    }
    let outcomes = tokio::time::timeout(WITHIN, repeats.join_all()).await.expect("all are answered");
    assert_eq!(outcomes.len(), REPEATS as usize);
    let one = Outcome::Accepted { version: 1, revision: 1 };
    assert!(outcomes.iter().all(|outcome| *outcome == one), "{outcomes:?}");
    for desk in &desks {
        let mut follower = desk.follow(0);
        assert_eq!(follower.next(9).await.expect("entries").len(), 1, "one entry");
        let orders = desk.look(|view| view.machine.supervision().orders().count()).expect("ready");
        assert_eq!(orders, 1);
    }
}
