//! Messages whose answer was lost: their vendor is asked, and says that it has them, has not, or cannot tell.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::notification::{DeliveryState, MessageLookup, Receipt, Sought};
use portcullis_ports::outcome::{Outcome, Reason, Reference, Resolution};

use super::*;
use crate::services::testing::vendor::{Heard, Vendor, report};
use crate::services::testing::{Bed, BedSettings, Office, bed_sending};

/// Seconds after which an absence is final.
const AFTER: u64 = 30;

/// A vendor that answers lookups as told, the last of its answers for ever.
struct Records {
    answers: Mutex<Vec<Resolution<Receipt>>>,
    asked: Mutex<Vec<(MessageId, Reference, Timestamp)>>,
}

#[async_trait]
impl MessageLookup for Records {
    fn absence_after(&self) -> Duration {
        Duration::from_secs(AFTER)
    }

    async fn lookup(&self, sought: &Sought<'_>) -> Resolution<Receipt> {
        let reference = sought.reference.clone();
        let asked = (sought.message.id.clone(), reference, sought.since);
        self.asked.lock().unwrap().push(asked);
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        }
    }
}

/// A deployment whose sender `main` can look messages up, and has webhooks.
struct Case {
    heard: Heard<Bed>,
    records: Arc<Records>,
}

impl Case {
    async fn new(answers: &[Resolution<Receipt>]) -> Self {
        let records = Arc::new(Records {
            answers: Mutex::new(answers.to_vec()),
            asked: Mutex::default(),
        });
        let vendor = Arc::new(Vendor::default());
        let office = Office::new("main")
            .hearing(vendor.clone())
            .looked_up(records.clone());
        let deployment = bed_sending(BedSettings::default(), vec![office]).await;
        Self {
            heard: Heard { deployment, vendor },
            records,
        }
    }

    /// A message whose answer was lost, and when sending it began.
    async fn lost(&self) -> (MessageId, Timestamp) {
        let id = self.heard.deployment.queue_code("ada@example.com").await;
        let lost = Outcome::Unknown(Reference::Ours(id.to_string()));
        self.answer(lost);
        let since = self.outbox().context.now();
        self.drain().await;
        assert_eq!(self.delivery(&id).await, MessageStatus::Queued);
        (id, since)
    }

    fn answer(&self, outcome: Outcome<Receipt>) {
        self.heard.deployment.post.answers.lock().unwrap().push(outcome);
    }

    fn outbox(&self) -> &Outbox {
        &self.heard.deployment.services.outbox
    }

    async fn drain(&self) {
        self.outbox().drain(Lane::Codes).await.unwrap();
    }

    async fn drain_after(&self, seconds: u64) {
        self.heard.deployment.wait(seconds);
        self.drain().await;
    }

    async fn delivery(&self, id: &MessageId) -> MessageStatus {
        self.heard.view(id).await.delivery
    }

    fn asked(&self) -> usize {
        self.records.asked.lock().unwrap().len()
    }

    fn sent(&self) -> usize {
        self.heard.deployment.post.sent().len()
    }
}

fn found(reference: &str) -> Resolution<Receipt> {
    let reference = reference.to_owned();
    Resolution::Found(Outcome::Done(Receipt { reference }))
}

fn later() -> Resolution<Receipt> {
    Resolution::CannotTell(Reason::passing("busy", "busy", Duration::from_secs(1)))
}

fn never() -> Resolution<Receipt> {
    Resolution::CannotTell(Reason::permanent("vague", "it may be another"))
}

#[tokio::test]
async fn what_the_vendor_has_is_delivered_and_not_sent_again() {
    let case = Case::new(&[found("theirs")]).await;
    let (id, since) = case.lost().await;
    case.drain_after(AFTER - 1).await;
    assert_eq!(case.asked(), 0, "an absence would not be final yet");
    case.drain_after(1).await;
    let ours = Reference::Ours(id.to_string());
    assert_eq!(*case.records.asked.lock().unwrap(), [(id.clone(), ours, since)]);
    let view = case.heard.view(&id).await;
    assert_eq!(
        (view.delivery, view.reference.as_deref()),
        (MessageStatus::Delivered, Some("theirs"))
    );
    let words: Vec<_> = view.attempts.iter().map(|one| one.outcome.as_str()).collect();
    assert_eq!(words, ["unknown", "done"]);
    assert!(view.attempts[1].detail.contains("the vendor was asked"));
    let stored = case.outbox().stored(&id).await.unwrap().unwrap();
    assert!(stored.body.is_none() && stored.unresolved.is_none());
    assert_eq!(
        (case.sent(), case.outbox().waiting(Lane::Codes).await.unwrap()),
        (0, 0)
    );
    // What the vendor reports by its own name is about this message from now on.
    let delivered = report("theirs", DeliveryState::Delivered);
    case.heard.hear("1", 0, delivered).await.unwrap();
    assert_eq!(
        case.heard.view(&id).await.report.unwrap().state,
        DeliveryState::Delivered
    );
}

#[tokio::test]
async fn what_the_vendor_never_had_is_sent_again_and_only_once() {
    let case = Case::new(&[Resolution::Absent]).await;
    let (id, _) = case.lost().await;
    case.drain_after(AFTER).await;
    assert_eq!((case.asked(), case.sent()), (1, 0));
    case.drain_after(60).await;
    case.drain_after(600).await;
    assert_eq!((case.asked(), case.sent()), (1, 1));
    let view = case.heard.view(&id).await;
    let words: Vec<_> = view.attempts.iter().map(|one| one.outcome.as_str()).collect();
    assert_eq!(
        (view.delivery, words),
        (MessageStatus::Delivered, vec!["unknown", "not_sent", "done"])
    );
}

#[tokio::test]
async fn a_code_that_is_too_late_is_looked_up_and_not_sent() {
    for (resolution, delivery) in [
        (Resolution::Absent, MessageStatus::Expired),
        (found("theirs"), MessageStatus::Delivered),
    ] {
        let case = Case::new(&[resolution]).await;
        let (id, _) = case.lost().await;
        case.drain_after(3601).await;
        case.drain_after(60).await;
        assert_eq!((case.asked(), case.sent()), (1, 0));
        assert_eq!(case.delivery(&id).await, delivery);
    }
}

#[tokio::test]
async fn what_the_vendor_refused_after_all_is_given_up() {
    let declined = Outcome::Declined(Reason::permanent("rejected", "no such number"));
    let case = Case::new(&[Resolution::Found(declined)]).await;
    let (id, _) = case.lost().await;
    case.drain_after(AFTER).await;
    assert_eq!((case.delivery(&id).await, case.sent()), (MessageStatus::Dead, 0));
}

#[tokio::test]
async fn what_cannot_be_told_stays_unknown() {
    let case = Case::new(&[never()]).await;
    let (id, _) = case.lost().await;
    case.drain_after(AFTER).await;
    case.drain_after(3000).await;
    assert_eq!(
        (case.delivery(&id).await, case.asked()),
        (MessageStatus::Unknown, 1)
    );
    let dead = case.outbox().dead_letters().await.unwrap();
    assert!(dead[0].attempts[1].detail.contains("it may be another"));
    // An operator who sends it again all the same is obeyed.
    case.outbox().replay(&id).await.unwrap();
    case.drain().await;
    assert_eq!(
        (case.delivery(&id).await, case.sent()),
        (MessageStatus::Delivered, 1)
    );
}

#[tokio::test]
async fn a_vendor_that_cannot_tell_yet_is_asked_again_and_not_for_ever() {
    let case = Case::new(&[later(), later(), found("theirs")]).await;
    let (id, _) = case.lost().await;
    for asked in 1..=3 {
        case.drain_after(120).await;
        assert_eq!(case.asked(), asked);
    }
    assert_eq!(case.delivery(&id).await, MessageStatus::Delivered);
    let case = Case::new(&[later()]).await;
    let (id, _) = case.lost().await;
    for _ in 0..12 {
        case.drain_after(250).await;
    }
    assert_eq!(
        (case.delivery(&id).await, case.asked()),
        (MessageStatus::Unknown, 5)
    );
    assert_eq!(
        (case.sent(), case.outbox().waiting(Lane::Codes).await.unwrap()),
        (0, 0)
    );
}

#[tokio::test]
async fn lookups_use_up_no_tries() {
    let settings = BedSettings::default();
    let case = Case::new(&[later(), later(), later(), Resolution::Absent]).await;
    let (id, _) = case.lost().await;
    for _ in 1..settings.outbox.attempts - 1 {
        case.answer(Outcome::NotSent(Reason::passing(
            "busy",
            "busy",
            Duration::from_secs(1),
        )));
    }
    for _ in 0..14 {
        case.drain_after(240).await;
    }
    let view = case.heard.view(&id).await;
    assert_eq!((view.delivery, case.sent()), (MessageStatus::Delivered, 1));
}

#[tokio::test]
async fn a_report_says_as_much_as_a_lookup() {
    for (state, delivery) in [
        (DeliveryState::Sent, MessageStatus::Delivered),
        (DeliveryState::Delivered, MessageStatus::Delivered),
    ] {
        let case = Case::new(&[never()]).await;
        let (id, _) = case.lost().await;
        case.heard.hear("1", 0, report(id.as_str(), state)).await.unwrap();
        case.drain_after(AFTER).await;
        assert_eq!(
            (case.delivery(&id).await, case.asked(), case.sent()),
            (delivery, 0, 0)
        );
    }
}

/// The vendor knows a message by its text: another one with the same text is found in its place.
#[tokio::test]
async fn what_is_known_as_another_message_is_not_taken_for_this_one() {
    let case = Case::new(&[found("theirs")]).await;
    let reference = "theirs".to_owned();
    case.answer(Outcome::Done(Receipt { reference }));
    case.heard.deployment.queue_code("grace@example.com").await;
    case.drain().await;
    let (id, _) = case.lost().await;
    case.drain_after(AFTER).await;
    assert_eq!(
        (case.delivery(&id).await, case.asked()),
        (MessageStatus::Unknown, 1)
    );
}

#[tokio::test]
async fn what_a_worker_that_disappeared_had_sent_is_looked_up_before_it_is_sent_again() {
    for (resolution, sent) in [(found("theirs"), 0), (Resolution::Absent, 1), (later(), 1)] {
        let case = Case::new(&[resolution]).await;
        let id = case.heard.deployment.queue_code("ada@example.com").await;
        let since = case.outbox().context.now();
        case.outbox().lease_first(Lane::Codes).await;
        case.drain_after(31).await;
        let ours = Reference::Ours(id.to_string());
        assert_eq!(*case.records.asked.lock().unwrap(), [(id.clone(), ours, since)]);
        assert_eq!(
            (case.delivery(&id).await, case.sent()),
            (MessageStatus::Delivered, sent)
        );
        assert_eq!(case.outbox().waiting(Lane::Codes).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_late_answer_that_leaves_it_open_takes_it_from_nobody() {
    let case = Case::new(&[never()]).await;
    let id = case.heard.deployment.queue_code("ada@example.com").await;
    let outbox = case.outbox();
    let entries = outbox.context.table::<QueueEntry>();
    let entry = entries.all(Lane::Codes.as_str()).await.unwrap().remove(0);
    let slow = outbox.lease(&entry).await.unwrap();
    case.drain_after(31).await;
    assert_eq!(case.delivery(&id).await, MessageStatus::Delivered);
    let open = Outcome::Unknown(Reference::Ours(id.to_string()));
    let mut verdict = outbox.judge(&slow, vec![dispatch::Offered::of("main", open)]);
    outbox.keep_unresolved(&mut verdict, outbox.context.now());
    outbox.settle(&slow, &verdict).await.unwrap();
    assert_eq!(case.delivery(&id).await, MessageStatus::Delivered);
    assert_eq!(outbox.waiting(Lane::Codes).await.unwrap(), 0);
}
