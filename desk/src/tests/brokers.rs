//! Desks over (mock) Kafka brokers.

use rdkafka::config::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use super::*;

fn start(config: &ClientConfig) -> Service {
    let config = config.clone();
    Service::start(move || KafkaLog::open(&config, "workflow"), || Instant(1_000), metrics()).expect("desk")
}

/// Repeats a command under its key until there is an outcome, as clients do.
async fn submit(desk: &Service, command: &Command) -> Outcome {
    for _ in 0..200 {
        match desk.submit(command.clone()).await {
            Ok(outcome) => return outcome,
            Err(error) => println!("{}: {error}", command.key),
        }
    }
    panic!("no outcome for {}", command.key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn desks_agree_and_a_new_one_comes_to_the_same_state() {
    let cluster: MockCluster<'static, DefaultProducerContext> = MockCluster::new(1).expect("mock brokers");
    cluster.create_topic("workflow", 1, 1).expect("a topic");
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers());
    let (one, two) = (start(&config), start(&config));
    for command in to_first_review() {
        assert!(is_accepted(&submit(&one, &command).await), "{command:?}");
    }
    let reviews: Vec<Command> = (0..8).map(|i| first_review(&format!("r{i}"), &format!("chu-{i}"))).collect();
    let outcomes = {
        let give = |i: usize| submit(if i < 4 { &one } else { &two }, &reviews[i]);
        tokio::join!(give(0), give(1), give(2), give(3), give(4), give(5), give(6), give(7))
    };
    let outcomes: [Outcome; 8] = outcomes.into();
    assert_eq!(outcomes.iter().filter(|o| is_accepted(o)).count(), 1, "{outcomes:?}");
    // A desk that is gone takes nothing with it; the same command under its key has the same answer elsewhere.
    drop(one);
    let three = start(&config);
    for (command, outcome) in reviews.iter().zip(&outcomes) {
        assert_eq!(submit(&three, command).await, *outcome);
        assert_eq!(submit(&two, command).await, *outcome);
    }
    let heads = [&two, &three].map(|desk| desk.look(|view| (view.head, view.entries)).expect("ready"));
    assert_eq!(heads[0], heads[1]);
    assert_eq!(heads[0].1, 4 + 8, "every command stands in the log once");
}
