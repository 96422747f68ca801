//! The lanes on a clock that stands still: silent senders, dead senders, leases, stopping, defects.

mod yard;

use std::sync::atomic::Ordering;
use std::time::Duration;

use event_listener::Event;
use portcullis_ports::Clock;
use portcullis_ports::testkit::{FakeClock, MemoryStore};
use yard::{EMAIL, Manner, SMS, Yard, settle};

use super::*;
use crate::foundation::testing::Observed;

const LEASE: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(15);
/// As slow as a sender may be.
const ALMOST: Duration = Duration::from_secs(14);

#[tokio::test]
async fn a_silent_sender_keeps_nobody_elses_codes() {
    let yard = Yard::with(&[
        ("mail", EMAIL, 4, Manner::Silent),
        ("texts", SMS, 4, Manner::Takes),
    ])
    .await;
    yard.queue(Lane::Codes, "ada@example.com", 1_000).await;
    yard.beside(async {
        settle().await;
        assert_eq!(yard.sender("mail").asked(), 4, "as many as it takes at once");
        let id = yard.queue(Lane::Codes, "+15005550006", 1).await.remove(0);
        settle().await;
        assert_eq!(
            yard.delivery(&id).await,
            MessageStatus::Delivered,
            "without a second passing"
        );
    })
    .await;
}

#[tokio::test]
async fn each_message_that_ends_makes_room_for_the_next() {
    let yard = Yard::with(&[("mail", EMAIL, 4, Manner::Silent)]).await;
    yard.queue(Lane::Codes, "ada@example.com", 1).await;
    yard.beside(async {
        settle().await;
        assert_eq!(yard.sender("mail").asked(), 1);
        yard.sender("mail").behaves(Manner::Takes);
        yard.queue(Lane::Codes, "ada@example.com", 500).await;
        for _ in 0..20 {
            settle().await;
        }
        assert_eq!(yard.sender("mail").sent(), 500, "beside the one that hangs");
    })
    .await;
}

#[tokio::test]
async fn a_sender_is_asked_no_more_at_once_than_it_takes_and_codes_have_half_of_it_for_themselves() {
    let yard = Yard::with(&[("mail", EMAIL, 6, Manner::Waits)]).await;
    yard.queue(Lane::Notices, "ada@example.com", 100).await;
    yard.beside(async {
        settle().await;
        assert_eq!(yard.sender("mail").asked(), 3);
        yard.queue(Lane::Codes, "ada@example.com", 100).await;
        settle().await;
        assert_eq!(
            yard.sender("mail").asked(),
            6,
            "three codes go out beside the notices"
        );
        yard.sender("mail").behaves(Manner::Takes);
        yard.sender("mail").released.notify(usize::MAX);
        for _ in 0..20 {
            settle().await;
        }
        assert_eq!(yard.sender("mail").sent(), 200);
        assert!(yard.sender("mail").peak.load(Ordering::SeqCst) <= 6);
    })
    .await;
}

#[tokio::test]
async fn after_a_silent_first_sender_the_second_has_everything() {
    let yard = Yard::with(&[
        ("silent", EMAIL, 4, Manner::Silent),
        ("works", EMAIL, 16, Manner::Takes),
    ])
    .await;
    let ids = yard.queue(Lane::Codes, "ada@example.com", 50).await;
    yard.beside(async {
        yard.pass(Duration::from_secs(20)).await;
        let silent = yard.sender("silent").asked();
        assert!(
            silent <= 4 + 1,
            "asked {silent} times: four at first, one on trial"
        );
        assert_eq!(yard.sender("works").sent(), 50 - silent);
        // What the silent one was given may have been sent: nobody else is given it.
        for id in &ids {
            assert!(matches!(
                yard.delivery(id).await,
                MessageStatus::Delivered | MessageStatus::Unknown | MessageStatus::Queued
            ));
        }
        yard.queue(Lane::Codes, "ada@example.com", 10).await;
        settle().await;
        let known = yard.sender("works").sent();
        assert!(
            known >= 59 - silent,
            "{known}: no code waits for the silent one any more"
        );
    })
    .await;
}

#[tokio::test]
async fn messages_wait_for_a_dead_sender_and_use_up_no_tries() {
    let yard = Yard::with(&[("mail", EMAIL, 4, Manner::Unreachable)]).await;
    let ids = yard.queue(Lane::Notices, "ada@example.com", 200).await;
    yard.beside(async {
        yard.pass(Duration::from_mins(30)).await;
        let asked = yard.sender("mail").asked();
        assert!(asked < 60, "asked {asked} times in half an hour");
        yard.sender("mail").behaves(Manner::Takes);
        yard.pass(Duration::from_mins(10)).await;
        assert_eq!(yard.sender("mail").sent(), 200);
    })
    .await;
    for id in &ids {
        assert_eq!(yard.delivery(id).await, MessageStatus::Delivered);
    }
}

#[tokio::test]
async fn a_sender_that_fails_all_the_time_keeps_the_second_from_nothing() {
    for manner in [
        Manner::Unreachable,
        Manner::Refuses(Duration::ZERO),
        Manner::Panics,
    ] {
        let yard = Yard::with(&[("first", EMAIL, 4, manner), ("second", EMAIL, 4, Manner::Takes)]).await;
        yard.queue(Lane::Codes, "ada@example.com", 40).await;
        yard.beside(async {
            yard.pass(Duration::from_secs(2)).await;
            let sent = yard.sender("second").sent();
            // A defect may have happened after the message was out: that one is not given to anybody else.
            let lost = if manner == Manner::Panics {
                yard.sender("first").asked()
            } else {
                0
            };
            assert_eq!(sent + lost, 40);
            assert!(lost <= 4, "{lost}");
        })
        .await;
    }
}

#[tokio::test]
async fn three_slow_senders_in_a_row_never_outlast_the_lease() {
    let slow = Manner::Refuses(ALMOST);
    let senders = [
        ("first", EMAIL, 4, slow),
        ("second", EMAIL, 4, slow),
        ("third", EMAIL, 4, slow),
        ("fourth", EMAIL, 4, Manner::Takes),
    ];
    let clock = Arc::new(FakeClock::default());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let one = Yard::on(clock.clone(), Some((store.clone(), store.clone())), &senders).await;
    let other = Yard::on(clock, Some((store.clone(), store)), &senders).await;
    let id = one.queue(Lane::Codes, "ada@example.com", 1).await.remove(0);
    one.beside(async {
        settle().await;
        assert_eq!(one.sender("first").asked(), 1);
        for second in 0..60 {
            let stolen = other.outbox.drain(Lane::Codes).await.unwrap();
            assert_eq!(stolen, 0, "after {second} s another node took the message");
            one.pass(Duration::from_secs(1)).await;
        }
    })
    .await;
    assert_eq!(one.sender("fourth").sent(), 1);
    assert_eq!(one.delivery(&id).await, MessageStatus::Delivered);
    let view = one.outbox.message(&id).await.unwrap();
    let asked: Vec<_> = view
        .attempts
        .iter()
        .map(|attempt| attempt.sender.as_str())
        .collect();
    assert_eq!(asked, ["first", "second", "third", "fourth"]);
}

#[tokio::test]
async fn whoever_lost_the_lease_asks_nobody_else() {
    let slow = Manner::Refuses(ALMOST);
    let yard = Yard::with(&[("first", EMAIL, 4, slow), ("second", EMAIL, 4, Manner::Takes)]).await;
    yard.queue(Lane::Codes, "ada@example.com", 1).await;
    yard.beside(async {
        yard.pass(Duration::from_secs(1)).await;
        // As if this node had stood still, and another had taken the message meanwhile.
        let outbox = &yard.outbox;
        let queue = outbox.context.table::<QueueEntry>();
        let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
        outbox.lease(&entry).await.unwrap();
        yard.pass(Duration::from_secs(16)).await;
        assert_eq!(yard.sender("second").asked(), 0);
        assert_eq!(outbox.waiting(Lane::Codes).await.unwrap(), 1, "it is the other's");
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_written_down_even_if_the_lease_cannot_be_renewed() {
    let clock = Arc::new(FakeClock::default());
    let memory = Arc::new(MemoryStore::new(clock.clone()));
    let store = Arc::new(Observed::new(memory.clone()));
    let senders = [
        ("first", EMAIL, 4, Manner::Refuses(ALMOST)),
        ("second", EMAIL, 4, Manner::Takes),
    ];
    let yard = Yard::on(clock, Some((memory, store.clone())), &senders).await;
    let id = yard.queue(Lane::Codes, "ada@example.com", 1).await.remove(0);
    yard.beside(async {
        yard.pass(Duration::from_secs(1)).await;
        store.forgetful.store(true, Ordering::SeqCst);
        yard.pass(ALMOST).await;
        store.forgetful.store(false, Ordering::SeqCst);
        yard.pass(Duration::from_secs(2)).await;
        let view = yard.outbox.message(&id).await.unwrap();
        let asked: Vec<_> = view
            .attempts
            .iter()
            .map(|attempt| attempt.sender.as_str())
            .collect();
        assert_eq!(asked, ["first"]);
        yard.pass(Duration::from_mins(1)).await;
        assert_eq!(yard.delivery(&id).await, MessageStatus::Delivered);
    })
    .await;
}

#[tokio::test]
async fn whoever_was_passed_over_did_not_try() {
    let senders = [
        ("first", EMAIL, 4, Manner::Unreachable),
        ("second", EMAIL, 4, Manner::Takes),
    ];
    let yard = Yard::with(&senders).await;
    yard.beside(async {
        // Enough failures to open the circuit of the first sender.
        let mut left_alone = None;
        for _ in 0..40 {
            let id = yard.queue(Lane::Codes, "ada@example.com", 1).await.remove(0);
            let asked = yard.sender("first").asked();
            settle().await;
            assert_eq!(yard.delivery(&id).await, MessageStatus::Delivered);
            if yard.sender("first").asked() == asked {
                left_alone = Some(id);
                break;
            }
        }
        let view = yard.outbox.message(&left_alone.unwrap()).await.unwrap();
        let senders: Vec<_> = view
            .attempts
            .iter()
            .map(|attempt| attempt.sender.as_str())
            .collect();
        assert_eq!(senders, ["second"]);
    })
    .await;
}

#[tokio::test]
async fn an_answer_after_the_deadline_is_no_answer_and_nothing_is_sent_twice() {
    let yard = Yard::with(&[
        ("mail", EMAIL, 4, Manner::Waits),
        ("spare", EMAIL, 4, Manner::Takes),
    ])
    .await;
    let id = yard.queue(Lane::Codes, "ada@example.com", 1).await.remove(0);
    yard.beside(async {
        yard.pass(TIMEOUT).await;
        assert_eq!(yard.delivery(&id).await, MessageStatus::Unknown);
        yard.sender("mail").released.notify(usize::MAX);
        yard.pass(LEASE * 4).await;
        assert_eq!(
            (yard.sender("mail").asked(), yard.sender("spare").asked()),
            (1, 0)
        );
        assert_eq!(yard.outbox.dead_letters().await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_code_that_expires_while_it_waits_for_room_is_not_sent() {
    let yard = Yard::with(&[("mail", EMAIL, 1, Manner::Waits)]).await;
    yard.queue(Lane::Notices, "ada@example.com", 1).await;
    yard.beside(async {
        settle().await;
        let id = yard.queue(Lane::Codes, "ada@example.com", 1).await.remove(0);
        let outbox = &yard.outbox;
        let stored = outbox.stored(&id).await.unwrap().unwrap();
        let mut batch = Batch::default();
        let soon = StoredMessage {
            deliver_by: Some(yard.clock.now() + Duration::from_secs(5)),
            ..stored.value.clone()
        };
        batch.replace(&stored, &soon).unwrap();
        outbox.context.commit(batch).await.unwrap();
        yard.pass(Duration::from_secs(6)).await;
        yard.sender("mail").behaves(Manner::Takes);
        yard.sender("mail").released.notify(usize::MAX);
        yard.pass(Duration::from_secs(2)).await;
        assert_eq!(yard.sender("mail").sent(), 1, "the notice alone");
        assert_eq!(yard.delivery(&id).await, MessageStatus::Expired);
    })
    .await;
}

#[tokio::test]
async fn a_defect_in_one_message_ends_no_other_and_is_not_repeated() {
    let yard = Yard::with(&[("mail", EMAIL, 8, Manner::Waits)]).await;
    yard.queue(Lane::Codes, "ada@example.com", 3).await;
    yard.beside(async {
        settle().await;
        yard.sender("mail").behaves(Manner::Panics);
        let id = yard.queue(Lane::Codes, "ada@example.com", 1).await.remove(0);
        settle().await;
        assert_eq!(yard.delivery(&id).await, MessageStatus::Unknown);
        yard.sender("mail").behaves(Manner::Takes);
        yard.sender("mail").released.notify(usize::MAX);
        yard.pass(LEASE * 2).await;
        assert_eq!((yard.sender("mail").sent(), yard.sender("mail").asked()), (3, 4));
    })
    .await;
}

#[tokio::test]
async fn stopping_finishes_what_is_on_its_way_and_begins_nothing() {
    let yard = Yard::with(&[("mail", EMAIL, 8, Manner::Waits)]).await;
    yard.queue(Lane::Codes, "ada@example.com", 20).await;
    let stop = Event::new();
    let told = stop.listen();
    let outbox = &yard.outbox;
    let work = outbox.work(Lane::Codes, Channel::Email, told);
    let test = async {
        settle().await;
        assert_eq!(yard.sender("mail").asked(), 8);
        stop.notify(1);
        settle().await;
        yard.sender("mail").released.notify(usize::MAX);
    };
    futures_util::join!(work, test);
    assert_eq!((yard.sender("mail").sent(), yard.sender("mail").asked()), (8, 8));
    assert_eq!(outbox.waiting(Lane::Codes).await.unwrap(), 12);
    let mut waiting = 0;
    for entry in outbox.context.table::<QueueEntry>().all("codes").await.unwrap() {
        waiting += usize::from(entry.due <= yard.clock.now());
    }
    assert_eq!(waiting, 12, "and nothing is held");
}
