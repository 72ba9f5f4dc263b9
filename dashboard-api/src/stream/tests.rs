//! The ring and its clients: order, ends, and coming back.

use std::time::Duration;

use identity::Scope;

use super::*;

fn news(kind: &'static str, org: &str, text: &str) -> News {
    let (need, region) = match kind {
        "alarm" => (Need::Alarms, Some(String::new())),
        "order" => (Need::Orders, None),
        _ => (Need::Rules, None),
    };
    News { kind, need, org: org.to_owned(), region, data: format!("\"{text}\"") }
}

fn hub() -> Arc<Hub> {
    let hub = Hub::new(3, &Registry::new()).unwrap();
    hub.open();
    Arc::new(hub)
}

fn all() -> Sight {
    let everywhere = || Some(Scope::Everywhere);
    Sight { alarms: everywhere(), rules: everywhere(), orders: everywhere() }
}

fn listen(hub: &Arc<Hub>, from: &Start) -> Client {
    let seat = hub.admit(None).map_err(|problem| problem.detail).unwrap();
    Client::new(Arc::clone(hub), seat, all(), from, None)
}

/// All that is said until the stream ends.
async fn rest(client: &mut Client) -> String {
    let mut text = String::new();
    while let Some(part) = client.next().await {
        text.push_str(&part);
    }
    text
}

fn data(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
}

fn last_id(text: &str) -> Start {
    let id = text.lines().filter_map(|line| line.strip_prefix("id: ")).next_back();
    Start::Place(id.and_then(Places::parse))
}

/// Entry `seq` of a partition, with so many alarms.
fn tell(hub: &Hub, partition: u16, seq: u64, count: u32) {
    let one = |index| news("alarm", "o", &format!("{partition}/{seq}/{index}"));
    hub.tell(Some(partition), seq, (0..count).map(one).collect());
}

#[tokio::test]
async fn what_is_told_is_heard_in_order_and_once() {
    let hub = hub();
    hub.begin(Some(0), 4);
    let mut client = listen(&hub, &Start::Now);
    tell(&hub, 0, 4, 2);
    tell(&hub, 0, 4, 2);
    tell(&hub, 0, 5, 0);
    hub.tell(None, 0, vec![news("rule", "o", "w")]);
    tell(&hub, 0, 6, 1);
    hub.close();
    let text = rest(&mut client).await;
    assert_eq!(data(&text), ["\"0/4/0\"", "\"0/4/1\"", "\"w\"", "\"0/6/0\""]);
    assert!(text.starts_with("retry: 2000\n\n") && text.contains("event: rule\n"));
}

/// Cut behind every single event, at processes that heard the partitions in other orders.
#[tokio::test]
async fn nothing_is_lost_or_repeated_wherever_the_connection_is_cut() {
    let entries = [(0, 0, 3), (1, 0, 1), (0, 1, 0), (1, 1, 2), (0, 2, 1)];
    let orders = [[0, 1, 2, 3, 4], [1, 0, 3, 2, 4], [0, 2, 4, 1, 3]];
    let process = |order: [usize; 5]| {
        let hub = hub();
        (0..2).for_each(|partition| hub.begin(Some(partition), 0));
        for at in order {
            let (partition, seq, count) = entries[at];
            tell(&hub, partition, seq, count);
        }
        hub
    };
    for first in orders {
        for second in orders {
            for cut in 0..=7 {
                let (hub, again) = (process(first), process(second));
                hub.close();
                again.close();
                let text = rest(&mut listen(&hub, &Start::Kept)).await;
                let blocks: Vec<&str> = text.split_inclusive("\n\n").take(2 + cut).collect();
                let seen = blocks.concat();
                let later = rest(&mut listen(&again, &last_id(&seen))).await;
                let mut union = [data(&seen), data(&later)].concat();
                union.sort_unstable();
                assert_eq!(
                    union,
                    [
                        "\"0/0/0\"",
                        "\"0/0/1\"",
                        "\"0/0/2\"",
                        "\"0/2/0\"",
                        "\"1/0/0\"",
                        "\"1/1/0\"",
                        "\"1/1/1\""
                    ],
                    "cut behind {cut}, {first:?} then {second:?}"
                );
                assert!(!later.contains("reset"));
            }
        }
    }
}

#[tokio::test]
async fn who_was_away_too_long_is_told_so() {
    let hub = hub();
    hub.begin(Some(0), 7);
    tell(&hub, 0, 7, 1);
    for (id, reason) in
        [("1_0.6", "too_old"), ("1_0.9", "unknown"), ("1_0.8.1", "unknown"), ("xyz", "unknown")]
    {
        let mut client = listen(&hub, &Start::Place(Places::parse(id)));
        let opening = client.next().await.unwrap();
        assert!(opening.contains("id: 1_0.8\nevent: reset\n"), "{id}: {opening}");
        assert_eq!(data(&opening), [format!("{{\"reason\":\"{reason}\"}}")]);
    }
    let mut client = listen(&hub, &Start::Place(Places::parse("1_0.7")));
    assert!(!client.next().await.unwrap().contains("reset"));
    assert_eq!(data(&client.next().await.unwrap()), ["\"0/7/0\""]);
}

#[tokio::test]
async fn who_is_too_slow_is_cut_off_and_the_others_are_not() {
    let hub = hub();
    hub.begin(Some(0), 0);
    let (mut slow, mut quick) = (listen(&hub, &Start::Now), listen(&hub, &Start::Now));
    quick.next().await.unwrap();
    slow.next().await.unwrap();
    let mut heard = 0;
    for seq in 0..=MAX_KEPT_EVENTS as u64 {
        tell(&hub, 0, seq, 1);
        heard += data(&quick.next().await.unwrap()).len();
    }
    assert_eq!(heard, MAX_KEPT_EVENTS + 1);
    assert_eq!(slow.next().await, None);
    assert_eq!(hub.metrics.slow.get(), 1);
    let mut back = listen(&hub, &Start::Place(Places::parse("1_0.0")));
    assert!(back.next().await.unwrap().contains("too_old"));
}

#[tokio::test]
async fn a_hole_in_what_is_known_is_nobodys_secret() {
    let hub = hub();
    hub.begin(Some(0), 0);
    tell(&hub, 0, 0, 1);
    let mut client = listen(&hub, &Start::Now);
    client.next().await.unwrap();
    tell(&hub, 0, 5, 1);
    assert_eq!(client.next().await, None, "what it would have missed is not kept");
    let mut back = listen(&hub, &Start::Place(Places::parse("1_0.1")));
    assert!(back.next().await.unwrap().contains("too_old"));
    assert_eq!(hub.next(Some(0)), Some(6));
}

#[tokio::test]
async fn a_token_ends_its_stream_and_silence_is_broken() {
    let hub = hub();
    hub.begin(Some(0), 0);
    let seat = hub.admit(Some("a")).map_err(|problem| problem.detail).unwrap();
    let expires = tokio::time::Instant::now() + Duration::from_millis(200);
    let client = Client::new(Arc::clone(&hub), seat, all(), &Start::Now, Some(expires));
    let mut client = client.with_heartbeat(Duration::from_millis(10));
    client.next().await.unwrap();
    assert_eq!(client.next().await.unwrap(), ": beat\nid: 1_0.0\n\n");
    tell(&hub, 0, 0, 1);
    assert_eq!(data(&client.next().await.unwrap()), ["\"0/0/0\""]);
    let said = rest(&mut client).await;
    assert!(said.starts_with(": beat\nid: 1_0.1\n") && said.contains("event: end\n"), "{said}");
    assert!(tokio::time::Instant::now() >= expires, "not before");
}

#[tokio::test]
async fn an_event_outside_the_scope_is_not_sent() {
    let hub = hub();
    let own = |org: &str| {
        let bounds = identity::Bounds {
            orgs: vec![org.to_owned()],
            seats: vec![org.to_owned()],
            ..Default::default()
        };
        Some(Scope::Within(bounds))
    };
    hub.begin(None, 0);
    let sights = [
        (Sight { alarms: own("a"), rules: own("a"), orders: None }, vec!["\"alarm a\"", "\"rule a\""]),
        (Sight { alarms: own("b"), rules: None, orders: own("a") }, vec!["\"order a\"", "\"alarm b\""]),
        (Sight { alarms: None, rules: own("b"), orders: own("b") }, vec!["\"rule b\"", "\"order b\""]),
    ];
    let mut clients = Vec::new();
    for (sight, expected) in sights {
        let seat = hub.admit(None).map_err(|problem| problem.detail).unwrap();
        clients.push((Client::new(Arc::clone(&hub), seat, sight, &Start::Now, None), expected));
    }
    let all = |org: &str| ["alarm", "rule", "order"].map(|kind| news(kind, org, &format!("{kind} {org}")));
    hub.tell(None, 0, [all("a"), all("b")].concat());
    hub.close();
    for (mut client, expected) in clients {
        assert_eq!(data(&rest(&mut client).await), expected);
    }
}

#[test]
fn seats_are_counted_and_given_back() {
    let hub = hub();
    let seats: Vec<_> =
        (0..3).map(|_| hub.admit(Some("a")).map_err(|problem| problem.kind).unwrap()).collect();
    assert_eq!(hub.admit(Some("b")).map(|_| ()).map_err(|problem| problem.kind), Err(ProblemKind::Busy));
    assert_eq!(hub.metrics.clients.get(), 3);
    drop(seats);
    assert_eq!(hub.metrics.clients.get(), 0);
    let many = Arc::new(Hub::new(100, &Registry::new()).unwrap());
    assert!(
        many.admit(Some("a")).is_err(),
        "nothing is known yet, so nobody can be told that he has missed nothing"
    );
    many.open();
    let own: Vec<_> =
        (0..MAX_STREAMS_A_PERSON).map(|_| many.admit(Some("a")).map_err(|p| p.kind).unwrap()).collect();
    assert_eq!(many.admit(Some("a")).map(|_| ()).map_err(|p| p.kind), Err(ProblemKind::TooMany));
    assert!(many.admit(Some("b")).is_ok());
    drop(own);
}
