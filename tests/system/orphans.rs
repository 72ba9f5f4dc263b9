//! A member that ends between letting partitions go and joining again, and comes back under its static id: the broker hands
//! it what it had kept without a rebalance, and what it let go is nobody's. The others must notice, and share it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use system_tests::site::Site;
use system_tests::{PATIENCE, alone, programs, say, wait_for};

const TEST: &str = "orphans";
const GROUPS: [(&str, &str); 2] = [("xiezhi-detectors", "^case-events$"), ("xiezhi-ingest", r"^inbound\..+")];
const POLL: Duration = Duration::from_millis(50);

#[test]
fn orphans() {
    let _alone = alone();
    let catalogue = programs::root().join("deploy/catalogues/demo");
    let stores = Site::configured("orphans-stores", &catalogue, "roles: [sink]\n");
    let first = GROUPS.map(|(group, topics)| Rival::join(&stores.kafka, group, topics));
    let all = first.each_ref().map(|rival| rival.is_given());

    let (kafka, clickhouse) = (&stores.kafka, &stores.clickhouse);
    let config = format!(
        "instance: b\nroles: [ingest, detectors]\nkafka: {{brokers: \"{kafka}\"}}\nclickhouse: {{url: \"{clickhouse}\"}}\n"
    );
    let site = Site::configured("orphans-site", &catalogue, &config);
    let gone = first.each_ref().map(|rival| rival.is_asked_to_let_go());
    // Under the same id, while the first ones are as good as dead: in the middle of letting go.
    let second = GROUPS.map(|(group, topics)| Rival::join(kafka, group, topics));
    let kept = second.each_ref().map(|rival| rival.is_given());
    for ((all, gone), kept) in all.iter().zip(gone).zip(kept) {
        assert!(gone > 0 && kept > 0 && gone + kept == *all, "{gone} let go and {kept} kept of {all}");
    }
    let began = Instant::now();
    let metrics = ["xiezhi_detect_partitions", "xiezhi_ingest_assigned_partitions"];
    assert_eq!(metrics.map(|metric| site.metric(metric)), [0.0; 2], "what was let go is nobody's");
    for (metric, gone) in metrics.into_iter().zip(gone) {
        wait_for("what nobody held is held", PATIENCE, || (site.metric(metric) >= gone as f64).then_some(()));
        say(TEST, &format!("{gone} of {metric} found an owner after {:.1} s", began.elapsed().as_secs_f64()));
    }
    assert!(site.said().contains("partitions are nobody's"), "{}", site.said());
    first.into_iter().chain(second).for_each(Rival::end);
    site.stop();
    stores.stop();
}

enum Event {
    Given(usize),
    Asked(usize),
}

struct Context {
    events: Sender<Event>,
    /// Closed when the member may go on with letting go.
    until: Mutex<Receiver<()>>,
}

impl ClientContext for Context {}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance
            && self.events.send(Event::Asked(list.count())).is_ok()
        {
            let ended = self.until.lock().unwrap().recv();
            assert!(ended.is_err(), "nothing is ever sent");
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance
            && list.count() > 0
        {
            // Nobody may listen any more.
            drop(self.events.send(Event::Given(list.count())));
        }
    }
}

/// A member of a group that does nothing with what it holds, and stops in the middle of letting some of it go.
struct Rival {
    events: Receiver<Event>,
    go_on: Sender<()>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Rival {
    fn join(kafka: &str, group: &str, topics: &str) -> Self {
        let (tell, events) = mpsc::channel();
        let (go_on, until) = mpsc::channel();
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", kafka)
            .set("group.id", group)
            .set("group.instance.id", "rival")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "60000")
            .set("enable.auto.commit", "false");
        let context = Context { events: tell, until: until.into() };
        let consumer: BaseConsumer<Context> = config.create_with_context(context).unwrap();
        consumer.subscribe(&[topics]).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                drop(consumer.poll(POLL));
            }
        });
        Self { events, go_on, stop, thread }
    }

    fn is_given(&self) -> usize {
        match self.hear() {
            Event::Given(count) => count,
            Event::Asked(_) => panic!("asked before anything was given"),
        }
    }

    fn is_asked_to_let_go(&self) -> usize {
        match self.hear() {
            Event::Asked(count) => count,
            Event::Given(count) => panic!("{count} more given"),
        }
    }

    fn hear(&self) -> Event {
        self.events.recv_timeout(PATIENCE).expect("the group says something")
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        drop((self.events, self.go_on));
        self.thread.join().expect("a rival ends well");
    }
}
