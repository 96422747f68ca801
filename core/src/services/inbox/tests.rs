//! Deliveries that come again, early, forged, in floods; handlers that fail; a store that is away; replays.

use std::sync::atomic::Ordering;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use portcullis_ports::Clock as _;
use portcullis_ports::inbound::NOT_VERIFIED;
use portcullis_ports::storage::{Range, Record, Scan as _};

use super::testing::*;
use super::*;
use crate::foundation::guard::WEBHOOK_UNAVAILABLE;
use crate::foundation::testing::Node;

#[tokio::test]
async fn a_delivery_is_stored_before_it_is_answered_and_applied_afterwards() {
    let bed = bed().await;
    bed.post("1 add\n2 known\n3 foreign\n4 unsupported")
        .await
        .unwrap();
    assert_eq!(bed.state("1").await, EventState::Stored);
    assert_eq!(bed.tries("1"), 0);
    assert_eq!(bed.apply().await, 4);
    let states = [
        ("1", EventState::Applied),
        ("2", EventState::Unchanged),
        ("3", EventState::Foreign),
        ("4", EventState::Ignored),
    ];
    for (id, state) in states {
        assert_eq!(bed.state(id).await, state, "{id}");
    }
    assert_eq!(bed.effects("1").await, 1);
    assert_eq!(bed.listed(EventState::Foreign).await, ["3"]);
    assert_eq!(bed.listed(EventState::Ignored).await, ["4"]);
    assert_eq!(bed.view("3").await.name, "foreign");
    assert_eq!(*bed.vendor.handshakes.lock().unwrap(), 1);
    let none = bed.inbox.event("senders", "main", "5").await.unwrap_err();
    assert_eq!(none.code(), EVENT_NOT_FOUND);
}

#[tokio::test]
async fn what_comes_again_is_recognised_for_ever() {
    let bed = bed().await;
    for _ in 0..3 {
        bed.post("1 add").await.unwrap();
    }
    bed.apply().await;
    for days in [1, 29, 2, 4_000] {
        bed.pass(Duration::from_hours(24 * days));
        bed.post("1 add\n2 add").await.unwrap();
        bed.apply().await;
        assert_eq!((bed.effects("1").await, bed.effects("2").await), (1, 1));
    }
    // The same event twice in one delivery is one as well.
    bed.post("3 add\n3 add").await.unwrap();
    bed.apply().await;
    assert_eq!(bed.effects("3").await, 1);
}

#[tokio::test]
async fn ten_thousand_deliveries_in_any_order_are_applied_once_each() {
    let bed = bed().await;
    let (genuine, copies) = (250, 40);
    for copy in 0..copies {
        let posts = (0..genuine).map(|at| {
            let id = (at * 7 + copy * 13) % genuine;
            let bed = &bed;
            async move {
                if (id + copy) % 10 == 9 {
                    let forged = bed.post_raw(format!("forged\n{id} add").as_bytes(), None).await;
                    assert_eq!(forged.unwrap_err().code(), NOT_VERIFIED);
                } else {
                    bed.post(&format!("event-{id} add")).await.unwrap();
                }
            }
        });
        join_all(posts).await;
        if copy % 8 == 0 {
            bed.apply().await;
        }
    }
    bed.apply().await;
    for id in 0..genuine {
        assert_eq!(bed.effects(&format!("event-{id}")).await, 1, "{id}");
    }
    let stored = bed.context.table::<Effect>();
    let (all, _) = stored.page("effects", Range::All, 1_000, None).await.unwrap();
    assert_eq!(all.len(), genuine, "and nothing that was forged");
}

#[tokio::test]
async fn a_delivery_with_hundreds_of_events_is_whole() {
    let bed = bed().await;
    let lines: Vec<String> = (0..400).map(|at| format!("{at} add")).collect();
    bed.post(&lines.join("\n")).await.unwrap();
    assert_eq!(bed.apply().await, 400);
    bed.post(&lines.join("\n")).await.unwrap();
    assert_eq!(bed.apply().await, 0);
    assert_eq!((bed.effects("0").await, bed.effects("399").await), (1, 1));
}

#[tokio::test]
async fn a_delivery_is_sealed_whole_however_long_it_is() {
    let bed = bed().await;
    for count in [300, 2_000] {
        let lines: Vec<String> = (0..count).map(|at| format!("{count}-{at} add")).collect();
        let body = lines.join("\n");
        assert!(count < 2_000 || body.len() > 5 * portcullis_ports::keys::MAX_PLAIN);
        bed.post(&body).await.unwrap();
        assert_eq!(bed.apply().await, count);
    }
}

#[tokio::test]
async fn forged_and_unreadable_deliveries_leave_nothing() {
    let bed = bed().await;
    bed.store.work();
    assert_eq!(
        bed.post_raw(b"forged\n1 add", None).await.unwrap_err().code(),
        NOT_VERIFIED
    );
    let wrong = bed.post_raw(b"genuine\n1 add", Some("guessed")).await;
    assert_eq!(wrong.unwrap_err().code(), NOT_VERIFIED);
    assert_eq!(bed.post("nonsense").await.unwrap_err().kind(), Kind::Invalid);
    assert_eq!(bed.store.work().commits, 0, "nothing was stored");
    bed.post_raw(b"genuine\n1 add", Some("token")).await.unwrap();
    assert_eq!(bed.apply().await, 1);
}

#[tokio::test]
async fn a_store_that_is_away_makes_the_vendor_deliver_again() {
    let bed = bed().await;
    bed.store.forgetful.store(true, Ordering::SeqCst);
    assert_eq!(bed.post("1 add").await.unwrap_err().code(), WEBHOOK_UNAVAILABLE);
    bed.store.forgetful.store(false, Ordering::SeqCst);
    bed.post("1 add").await.unwrap();
    bed.apply().await;
    assert_eq!(bed.effects("1").await, 1);
}

#[tokio::test]
async fn what_the_protocol_asks_for_besides_comes_after_storing() {
    let bed = bed().await;
    *bed.vendor.away.lock().unwrap() = true;
    assert_eq!(bed.post("1 add").await.unwrap_err().code(), WEBHOOK_UNAVAILABLE);
    assert_eq!(bed.state("1").await, EventState::Stored);
    *bed.vendor.away.lock().unwrap() = false;
    bed.post("1 add").await.unwrap();
    assert_eq!(*bed.vendor.handshakes.lock().unwrap(), 2);
    bed.apply().await;
    assert_eq!(bed.effects("1").await, 1);
}

#[tokio::test]
async fn a_process_that_dies_between_storing_and_applying_loses_nothing() {
    let (node, store) = Node::observed();
    let first = bed_on(&node, store.clone()).await;
    first.post("1 add\n2 hangs").await.unwrap();
    // It dies while one event is being applied.
    assert!(first.runners.drain(EVENTS.name).now_or_never().is_none());
    drop(first);
    let again = bed_on(&Node { seed: 5, ..node }, store).await;
    again.apply().await;
    assert_eq!(again.effects("1").await, 1);
    assert_eq!(again.state("2").await, EventState::Stored);
}

#[tokio::test]
async fn effect_and_state_are_one_commit() {
    let bed = bed().await;
    bed.post("1 add").await.unwrap();
    // Whoever is faster makes the whole start over, and the store is away in the middle.
    bed.store.collisions.store(2, Ordering::SeqCst);
    let failing = bed.store.clone();
    let mut commits = 0;
    bed.store.before_commits(move |_| {
        commits += 1;
        failing.forgetful.store(commits == 2, Ordering::SeqCst);
        None
    });
    for _ in 0..4 {
        bed.apply().await;
        bed.pass(Duration::from_mins(2));
    }
    assert_eq!(
        (bed.state("1").await, bed.effects("1").await),
        (EventState::Applied, 1)
    );
    assert!(bed.tries("1") > 1);
}

#[tokio::test]
async fn a_failed_application_is_tried_again_for_a_day_and_dead_then() {
    let bed = bed().await;
    bed.handler.failing.lock().unwrap().push("1".into());
    bed.post("1 add").await.unwrap();
    let begun = bed.clock.now();
    while bed.state("1").await == EventState::Stored {
        bed.apply().await;
        bed.post("1 add").await.unwrap();
        bed.pass(Duration::from_mins(30));
        assert!(bed.clock.now().since(begun) < Duration::from_hours(72));
    }
    assert_eq!(bed.state("1").await, EventState::Dead);
    assert!(bed.clock.now().since(begun) > Duration::from_hours(24));
    assert_eq!(bed.tries("1"), 12);
    assert_eq!(bed.listed(EventState::Dead).await, ["1"]);
    let failure = bed.view("1").await.failure.unwrap();
    assert!(failure.starts_with("internal"), "{failure}");
    // It was never seen as applied: an operator has it applied once the cause is gone.
    bed.handler.failing.lock().unwrap().clear();
    bed.inbox.replay("senders", "main", "1").await.unwrap();
    assert!(bed.listed(EventState::Dead).await.is_empty());
    bed.apply().await;
    assert_eq!(
        (bed.state("1").await, bed.effects("1").await),
        (EventState::Applied, 1)
    );
    assert_eq!(bed.view("1").await.failure, None);
}

#[tokio::test]
async fn an_event_that_its_handler_cannot_stand_is_dead_as_well() {
    let bed = bed().await;
    bed.post("1 panics\n2 hangs").await.unwrap();
    for _ in 0..40 {
        // The process ends while the second one is being applied.
        drop(bed.runners.drain(EVENTS.name).now_or_never());
        bed.pass(Duration::from_hours(10));
    }
    for (id, why) in [("1", "defect"), ("2", "disappeared")] {
        let event = bed.view(id).await;
        assert_eq!(event.state, EventState::Dead, "{id}");
        assert!(event.failure.unwrap().contains(why), "{id}");
        assert_eq!(bed.tries(id), 12, "{id}");
    }
    assert_eq!(bed.listed(EventState::Dead).await.len(), 2);
    let letters = bed.runners.dead_letters().await.unwrap();
    assert_eq!(letters.len(), 2, "and what would apply them waits for somebody");
}

#[tokio::test]
async fn a_dead_event_is_applied_when_its_task_is_run_again() {
    let bed = bed().await;
    bed.handler.failing.lock().unwrap().push("1".into());
    bed.post("1 add").await.unwrap();
    for _ in 0..40 {
        bed.apply().await;
        bed.pass(Duration::from_hours(10));
    }
    assert_eq!(bed.state("1").await, EventState::Dead);
    bed.handler.failing.lock().unwrap().clear();
    let letters = bed.runners.dead_letters().await.unwrap();
    bed.runners.replay(EVENTS.name, &letters[0].id).await.unwrap();
    bed.apply().await;
    assert_eq!(bed.state("1").await, EventState::Applied);
    assert_eq!(bed.effects("1").await, 1);
    assert!(bed.runners.dead_letters().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_new_in_a_long_delivery_keeps_it_though_another_was_faster_with_the_rest() {
    let bed = bed().await;
    let lines = |range: std::ops::Range<u32>| {
        let lines: Vec<String> = range.map(|at| format!("{at} add")).collect();
        lines.join("\n")
    };
    let (whole, part) = (lines(0..60), lines(0..30));
    let rival = bed_on(
        &Node {
            seed: 7,
            ..Node::over(bed.memory.clone(), bed.clock.clone())
        },
        bed.store.clone(),
    )
    .await;
    let rival = Arc::new(rival);
    let mut first = true;
    bed.store.before_commits(move |_| {
        if !std::mem::take(&mut first) {
            return None;
        }
        let (rival, part) = (rival.clone(), part.clone());
        Some(async move { rival.post(&part).await.unwrap() }.boxed())
    });
    bed.post(&whole).await.unwrap();
    assert_eq!(bed.apply().await, 60);
    for id in 0..60 {
        assert_eq!(bed.state(&id.to_string()).await, EventState::Applied, "{id}");
    }
}

#[tokio::test]
async fn what_is_early_is_tried_for_a_day_and_unmatched_then() {
    let bed = bed().await;
    bed.post("1 early").await.unwrap();
    bed.apply().await;
    assert_eq!(bed.listed(EventState::Parked).await, ["1"]);
    for _ in 0..23 * 4 {
        bed.pass(Duration::from_mins(15));
        bed.apply().await;
    }
    assert_eq!(bed.state("1").await, EventState::Parked);
    assert!((10..30).contains(&bed.tries("1")), "{}", bed.tries("1"));
    for _ in 0..16 {
        bed.pass(Duration::from_mins(15));
        bed.apply().await;
    }
    assert_eq!(bed.state("1").await, EventState::Unmatched);
    assert_eq!(bed.listed(EventState::Unmatched).await, ["1"]);
    assert!(bed.listed(EventState::Parked).await.is_empty());
    bed.inbox.replay("senders", "main", "1").await.unwrap();
    bed.apply().await;
    assert_eq!(bed.state("1").await, EventState::Parked, "for another day");
}

#[tokio::test]
async fn an_event_that_a_newer_plugin_understands_is_applied_from_what_was_kept() {
    let bed = bed().await;
    bed.post("unknown-1").await.unwrap();
    assert_eq!(bed.apply().await, 0);
    let ignored = bed.listed(EventState::Ignored).await;
    assert!(ignored[0].starts_with("content:"), "{ignored:?}");
    let still = bed
        .inbox
        .replay("senders", "main", &ignored[0])
        .await
        .unwrap_err();
    assert_eq!(still.code(), EVENT_NOT_FOUND);
    bed.vendor.understands.lock().unwrap().push("unknown-1".into());
    bed.inbox.replay("senders", "main", &ignored[0]).await.unwrap();
    bed.apply().await;
    assert_eq!(bed.effects("unknown-1").await, 1);
    assert!(bed.listed(EventState::Ignored).await.is_empty());
    // An event without an id of the vendor is told by what it is in.
    bed.post("- add").await.unwrap();
    bed.post("- add").await.unwrap();
    assert_eq!(bed.apply().await, 1);
    // What the vendor posted without anything in it comes again and is nothing new.
    bed.post("unknown-2").await.unwrap();
    bed.post("unknown-2").await.unwrap();
    assert_eq!(bed.listed(EventState::Ignored).await.len(), 1);
}

#[tokio::test]
async fn a_password_in_a_body_is_nowhere_in_the_store_and_bodies_are_sealed() {
    let bed = bed().await;
    bed.post("secret-event add\npassword hunter2").await.unwrap();
    bed.apply().await;
    assert_eq!(bed.effects("secret-event").await, 1);
    let event = bed.inbox.key("senders", "main", "secret-event").unwrap();
    let event = bed
        .context
        .table::<records::Event>()
        .find(&event, "event")
        .await
        .unwrap();
    let delivery = bed.inbox.delivery(&event.unwrap()).await.unwrap().unwrap();
    assert_eq!(delivery.body(), b"genuine\nsecret-event add");
    let records = bed.memory.scan(&INBOX, None, 100).await.unwrap().records;
    let hex = |text: &str| data_encoding::HEXLOWER.encode(text.as_bytes());
    assert!(records.len() >= 2);
    for record in &records {
        for word in ["hunter2".to_owned(), hex("hunter2"), "genuine".to_owned()] {
            assert!(!record.body.contains(&word), "{word}: {}", record.body);
        }
    }
    let sealed = |record: &&Record| record.body.contains(&hex("genuine"));
    assert_eq!(
        records.iter().filter(sealed).count(),
        1,
        "once, by the key manager"
    );
}

#[tokio::test]
async fn a_delivery_is_kept_for_thirty_days_and_replayed_no_longer() {
    let bed = bed().await;
    bed.post("1 foreign").await.unwrap();
    bed.apply().await;
    bed.pass(Duration::from_secs(KEPT.as_secs() - 1));
    assert!(bed.view("1").await.replayable);
    assert_eq!(bed.listed(EventState::Foreign).await, ["1"]);
    bed.pass(Duration::from_secs(1));
    assert!(!bed.view("1").await.replayable);
    assert!(bed.listed(EventState::Foreign).await.is_empty());
    let gone = bed.inbox.replay("senders", "main", "1").await.unwrap_err();
    assert_eq!(gone.code(), DELIVERY_EXPIRED);
    assert_eq!(
        bed.state("1").await,
        EventState::Foreign,
        "the event is remembered"
    );
}

#[tokio::test]
async fn storing_one_event_is_one_commit() {
    let bed = bed().await;
    bed.store.work();
    bed.post("1 add").await.unwrap();
    assert_eq!(bed.store.work().commits, 1);
    bed.post("1 add").await.unwrap();
    let again = bed.store.work();
    assert_eq!((again.commits, again.gets), (0, 1), "a repeat costs one look");
}
