//! Delivery: retries, leases, failures that pass and failures that stay.

use std::time::Duration;

use portcullis_ports::notification::Receipt;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::storage::{Expect, Key, RecordStore as _, Write};

use super::dispatch::{Offered, Verdict};
use super::*;
use crate::services::testing::{Bed, BedSettings, Office, bed, bed_sending};

/// Queues the verification mail of a new account and returns its id.
async fn queued(bed: &Bed) -> MessageId {
    bed.queue_code("ada@example.com").await;
    let queue = bed.services.outbox.context.table::<QueueEntry>();
    queue.all(Lane::Codes.as_str()).await.unwrap()[0].message.clone()
}

fn answer(bed: &Bed, outcome: Outcome<Receipt>) {
    bed.post.answers.lock().unwrap().push(outcome);
}

fn passing() -> Reason {
    Reason::passing("busy", "the vendor is busy", Duration::from_secs(1))
}

#[tokio::test]
async fn a_message_is_delivered_once_and_its_text_is_forgotten() {
    let bed = bed().await;
    let id = queued(&bed).await;
    assert_eq!(bed.services.outbox.drain(Lane::Codes).await.unwrap(), 1);
    assert_eq!(bed.services.outbox.drain(Lane::Codes).await.unwrap(), 0);
    assert_eq!(bed.post.sent().len(), 1);
    let view = bed.services.outbox.message(&id).await.unwrap();
    assert_eq!(
        (view.delivery, view.attempts.len(), view.to.as_str()),
        (MessageStatus::Delivered, 1, "a***@example.com")
    );
    let stored = bed
        .services
        .outbox
        .context
        .table::<StoredMessage>()
        .find(id.as_str(), "message")
        .await
        .unwrap()
        .unwrap();
    assert!(stored.body.is_none());
    let message = bed.post.sent().remove(0);
    let code = message.code.unwrap();
    assert!(message.text.contains(&code), "{}", message.text);
    let html = message.html.unwrap();
    assert!(html.contains(&format!(">{code}</p>")), "{html}");
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_later_and_later() {
    let bed = bed().await;
    let id = queued(&bed).await;
    answer(&bed, Outcome::NotSent(passing()));
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert_eq!(
        bed.services.outbox.message(&id).await.unwrap().delivery,
        MessageStatus::Queued
    );
    assert_eq!(
        bed.services.outbox.drain(Lane::Codes).await.unwrap(),
        0,
        "it waits"
    );
    bed.wait(10);
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    let view = bed.services.outbox.message(&id).await.unwrap();
    assert_eq!(
        (view.delivery, view.attempts.len()),
        (MessageStatus::Delivered, 2)
    );
}

#[tokio::test]
async fn a_final_failure_becomes_a_dead_letter_that_can_be_sent_again() {
    let bed = bed().await;
    let id = queued(&bed).await;
    answer(
        &bed,
        Outcome::Declined(Reason::permanent("rejected", "no such mailbox")),
    );
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    let dead = bed.services.outbox.dead_letters().await.unwrap();
    assert_eq!((dead.len(), dead[0].delivery), (1, MessageStatus::Dead));
    assert!(dead[0].attempts[0].detail.contains("no such mailbox"));
    bed.services.outbox.replay(&id).await.unwrap();
    assert!(bed.services.outbox.dead_letters().await.unwrap().is_empty());
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert_eq!(
        bed.services.outbox.message(&id).await.unwrap().delivery,
        MessageStatus::Delivered
    );
    assert_eq!(
        bed.services.outbox.replay(&id).await.unwrap_err().code(),
        MESSAGE_NOT_FOUND
    );
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_sent_again_by_itself() {
    let bed = bed().await;
    let id = queued(&bed).await;
    answer(&bed, Outcome::Unknown(Reference::Ours("lost".into())));
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    bed.wait(3600);
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert!(bed.post.sent().is_empty());
    assert_eq!(
        bed.services.outbox.message(&id).await.unwrap().delivery,
        MessageStatus::Unknown
    );
    assert_eq!(bed.services.outbox.dead_letters().await.unwrap().len(), 1);
}

#[tokio::test]
async fn tries_are_bounded() {
    let bed = bed().await;
    queued(&bed).await;
    for _ in 0..8 {
        answer(&bed, Outcome::NotSent(passing()));
    }
    for _ in 0..12 {
        bed.services.outbox.drain(Lane::Codes).await.unwrap();
        bed.wait(300);
    }
    let dead = bed.services.outbox.dead_letters().await.unwrap();
    assert_eq!(
        dead.iter()
            .map(|letter| letter.attempts.len())
            .collect::<Vec<_>>(),
        [8]
    );
}

#[tokio::test]
async fn a_code_that_comes_too_late_is_not_sent() {
    let bed = bed().await;
    let id = queued(&bed).await;
    bed.wait(3601);
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert!(bed.post.sent().is_empty());
    assert_eq!(
        bed.services.outbox.message(&id).await.unwrap().delivery,
        MessageStatus::Expired
    );
}

/// The first try fails for now; then it is given up, after so many seconds.
async fn dead_after(bed: &Bed, seconds: u64) -> MessageId {
    let id = queued(bed).await;
    bed.wait(seconds);
    answer(bed, Outcome::Unknown(Reference::Ours("lost".into())));
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert_eq!(bed.services.outbox.dead_letters().await.unwrap().len(), 1);
    id
}

#[tokio::test]
async fn a_dead_letter_with_an_expired_code_is_not_sent_again() {
    let bed = bed().await;
    let id = dead_after(&bed, 3500).await;
    bed.wait(101);
    let refused = bed.services.outbox.replay(&id).await.unwrap_err();
    assert_eq!(refused.code(), MESSAGE_EXPIRED);
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert!(bed.post.sent().is_empty());
}

#[tokio::test]
async fn a_code_that_expires_between_the_replay_and_its_turn_is_not_sent() {
    let bed = bed().await;
    let id = dead_after(&bed, 3500).await;
    bed.services.outbox.replay(&id).await.unwrap();
    bed.wait(101);
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert!(bed.post.sent().is_empty());
    let view = bed.services.outbox.message(&id).await.unwrap();
    assert_eq!(view.delivery, MessageStatus::Expired);
    assert!(bed.services.outbox.dead_letters().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_back_off_never_leads_beyond_the_life_of_a_code() {
    let bed = bed().await;
    let id = queued(&bed).await;
    bed.wait(3598);
    answer(&bed, Outcome::NotSent(passing()));
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    let view = bed.services.outbox.message(&id).await.unwrap();
    assert_eq!((view.delivery, view.attempts.len()), (MessageStatus::Expired, 1));
    assert_eq!(bed.services.outbox.waiting(Lane::Codes).await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_among_codes_says_when_it_expires() {
    let bed = bed().await;
    let draft = Draft {
        to: "ada@example.com".parse().map(Destination::Email).unwrap(),
        language: Language::EN,
        subject: "Your code".into(),
        text: "123456".into(),
        code: Some("123456".into()),
        lane: Lane::Codes,
        deliver_by: None,
    };
    let refused = bed.services.outbox.enqueue(&mut Batch::default(), draft).await;
    assert!(refused.is_err());
}

/// Records of a layout in which an entry did not name its channel.
#[tokio::test]
async fn entries_of_an_older_layout_are_taken_over() {
    let bed = bed().await;
    let id = queued(&bed).await;
    let outbox = &bed.services.outbox;
    let queue = outbox.context.table::<QueueEntry>();
    let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
    let mut batch = Batch::default();
    batch.remove(&entry);
    let older =
        serde_json::json!({ "lane": "codes", "due": entry.due, "message": id, "tries": 0, "until": null });
    batch
        .insert(&serde_json::from_value::<QueueEntry>(older).unwrap())
        .unwrap();
    outbox.context.commit(batch).await.unwrap();
    assert_eq!(outbox.drain(Lane::Codes).await.unwrap(), 0);
    outbox.adopt(Lane::Codes).await.unwrap();
    assert_eq!(outbox.drain(Lane::Codes).await.unwrap(), 1);
    assert_eq!(outbox.waiting(Lane::Codes).await.unwrap(), 0);
}

#[tokio::test]
async fn a_worker_that_dies_gives_its_message_back_after_the_lease() {
    let bed = bed().await;
    queued(&bed).await;
    let outbox = &bed.services.outbox;
    let queue = outbox.context.table::<QueueEntry>();
    let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
    outbox.lease(&entry).await.unwrap();
    assert_eq!(outbox.drain(Lane::Codes).await.unwrap(), 0, "somebody holds it");
    bed.wait(31);
    assert_eq!(outbox.drain(Lane::Codes).await.unwrap(), 1);
}

/// The entry of the only message, leased by a worker that is slow.
async fn leased(bed: &Bed) -> QueueEntry {
    let outbox = &bed.services.outbox;
    let queue = outbox.context.table::<QueueEntry>();
    let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
    outbox.lease(&entry).await.unwrap()
}

fn answered(bed: &Bed, leased: &QueueEntry, outcome: Outcome<Receipt>) -> Verdict {
    bed.services
        .outbox
        .judge(leased, vec![Offered::of("main", outcome)])
}

#[tokio::test]
async fn a_late_refusal_brings_back_nothing_that_another_worker_delivered() {
    let bed = bed().await;
    let id = queued(&bed).await;
    let slow = leased(&bed).await;
    bed.wait(31);
    let outbox = &bed.services.outbox;
    outbox.drain(Lane::Codes).await.unwrap();
    let refused = answered(&bed, &slow, Outcome::NotSent(passing()));
    outbox.settle(&slow, &refused).await.unwrap();
    bed.wait(300);
    assert_eq!(outbox.drain(Lane::Codes).await.unwrap(), 0);
    assert_eq!(bed.post.sent().len(), 1);
    let view = outbox.message(&id).await.unwrap();
    assert_eq!(
        (view.delivery, view.attempts.len()),
        (MessageStatus::Delivered, 2)
    );
}

#[tokio::test]
async fn a_late_refusal_leaves_the_message_to_whoever_has_it_now() {
    let bed = bed().await;
    queued(&bed).await;
    let slow = leased(&bed).await;
    bed.wait(31);
    let quick = leased(&bed).await;
    let outbox = &bed.services.outbox;
    let refused = answered(&bed, &slow, Outcome::NotSent(passing()));
    outbox.settle(&slow, &refused).await.unwrap();
    assert_eq!(
        outbox.waiting(Lane::Codes).await.unwrap(),
        1,
        "one message, one entry"
    );
    let declined = Reason::permanent("rejected", "no such mailbox");
    let refused = answered(&bed, &quick, Outcome::Declined(declined));
    outbox.settle(&quick, &refused).await.unwrap();
    assert_eq!(outbox.waiting(Lane::Codes).await.unwrap(), 0);
    assert_eq!(outbox.dead_letters().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_slow_worker_delivered_is_not_given_up_by_the_next_one() {
    let bed = bed().await;
    let id = queued(&bed).await;
    let slow = leased(&bed).await;
    bed.wait(31);
    leased(&bed).await;
    let outbox = &bed.services.outbox;
    let reference = "taken".to_owned();
    let taken = answered(&bed, &slow, Outcome::Done(Receipt { reference }));
    outbox.settle(&slow, &taken).await.unwrap();
    bed.wait(31);
    outbox.drain(Lane::Codes).await.unwrap();
    assert!(bed.post.sent().is_empty());
    assert!(outbox.dead_letters().await.unwrap().is_empty());
    assert_eq!(outbox.waiting(Lane::Codes).await.unwrap(), 0);
    assert_eq!(
        outbox.message(&id).await.unwrap().delivery,
        MessageStatus::Delivered
    );
}

#[tokio::test]
async fn a_message_that_ends_every_worker_is_given_up() {
    let bed = bed().await;
    let id = queued(&bed).await;
    for _ in 0..8 {
        leased(&bed).await;
        bed.wait(31);
    }
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert!(bed.post.sent().is_empty());
    let view = bed.services.outbox.message(&id).await.unwrap();
    assert_eq!(view.delivery, MessageStatus::Unknown);
    assert!(
        view.attempts[0].detail.contains("every try"),
        "{:?}",
        view.attempts
    );
    assert_eq!(bed.services.outbox.dead_letters().await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_workers_send_one_message_once() {
    let bed = bed().await;
    for number in 0..20 {
        bed.queue_code(&format!("user{number}@example.com")).await;
    }
    let (a, b) = tokio::join!(
        bed.services.outbox.drain(Lane::Codes),
        bed.services.outbox.drain(Lane::Codes)
    );
    assert_eq!(a.unwrap() + b.unwrap(), 20);
    assert_eq!(bed.post.sent().len(), 20);
}

/// Queues a message for two senders, the first of which answers like this, and delivers it.
async fn with_a_spare(first: Outcome<Receipt>) -> (MessageView, usize) {
    let offices = vec![Office::new("main"), Office::new("spare")];
    let spare = Arc::clone(&offices[1].post);
    let bed = bed_sending(BedSettings::default(), offices).await;
    let id = queued(&bed).await;
    answer(&bed, first);
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert!(bed.post.sent().is_empty());
    (
        bed.services.outbox.message(&id).await.unwrap(),
        spare.sent().len(),
    )
}

fn asked(view: &MessageView) -> Vec<(&str, &str)> {
    let words = view.attempts.iter();
    words
        .map(|one| (one.sender.as_str(), one.outcome.as_str()))
        .collect()
}

#[tokio::test]
async fn the_next_sender_is_asked_after_a_refusal_of_either_kind() {
    let permanent = Reason::permanent("rejected", "no such route");
    for (first, word) in [
        (Outcome::NotSent(passing()), "not_sent"),
        (Outcome::Declined(permanent), "declined"),
    ] {
        let (view, by_spare) = with_a_spare(first).await;
        assert_eq!(asked(&view), [("main", word), ("spare", "done")]);
        assert_eq!((view.delivery, by_spare), (MessageStatus::Delivered, 1));
    }
}

#[tokio::test]
async fn nobody_else_is_asked_once_the_message_may_be_out() {
    let (view, by_spare) = with_a_spare(Outcome::Unknown(Reference::Ours("lost".into()))).await;
    assert_eq!(asked(&view), [("main", "unknown")]);
    assert_eq!((view.delivery, by_spare), (MessageStatus::Unknown, 0));
}

#[tokio::test]
async fn a_final_refusal_of_one_sender_does_not_end_what_another_may_do_later() {
    let offices = vec![Office::new("main"), Office::new("spare")];
    let spare = Arc::clone(&offices[1].post);
    let bed = bed_sending(BedSettings::default(), offices).await;
    let id = queued(&bed).await;
    answer(&bed, Outcome::NotSent(passing()));
    let declined = Outcome::Declined(Reason::permanent("rejected", "no such route"));
    spare.answers.lock().unwrap().push(declined);
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    let view = bed.services.outbox.message(&id).await.unwrap();
    assert_eq!(view.delivery, MessageStatus::Queued);
    bed.wait(10);
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    let view = bed.services.outbox.message(&id).await.unwrap();
    assert_eq!(
        asked(&view),
        [("main", "not_sent"), ("spare", "declined"), ("main", "done")]
    );
}

#[tokio::test]
async fn dead_letters_are_forgotten_with_their_messages() {
    let bed = bed().await;
    queued(&bed).await;
    answer(&bed, Outcome::Unknown(Reference::Ours("lost".into())));
    bed.services.outbox.drain(Lane::Codes).await.unwrap();
    assert_eq!(bed.services.outbox.waiting(Lane::Dead).await.unwrap(), 1);
    bed.wait(31 * 86_400);
    assert_eq!(bed.services.outbox.waiting(Lane::Dead).await.unwrap(), 0);
}

#[tokio::test]
async fn a_lane_and_a_list_of_dead_letters_go_on_past_what_cannot_be_read() {
    let bed = bed().await;
    for at in 0..100 {
        let put = async |partition: &str, sort: String| {
            let key = Key {
                collection: OUTBOX_QUEUE,
                partition: partition.to_owned(),
                sort,
            };
            let write = Write::Put {
                key,
                body: "{}".into(),
                expires_at: None,
                expect: Expect::Any,
            };
            bed.store.commit(&[write]).await.unwrap();
        };
        put("codes", format!("email#{at:015}#x")).await;
        put("dead", format!("{at:015}#x")).await;
    }
    bed.queue_code("ada@example.com").await;
    assert_eq!(bed.services.outbox.drain(Lane::Codes).await.unwrap(), 1);
    assert_eq!(bed.post.sent().len(), 1);
    assert!(bed.services.outbox.dead_letters().await.unwrap().is_empty());
}
