//! What vendors report too early, or what somebody repeats too late.

use portcullis_ports::Clock as _;
use portcullis_ports::notification::{DeliveryEvent, DeliveryNews, DeliveryState, Receipt, SuppressionCause};
use portcullis_ports::outcome::{Outcome, Reason};

use super::*;
use crate::services::testing::BedSettings;
use crate::services::testing::vendor::{Heard, destination, report, suppression};

/// The report waits under the name, and the answer that makes the name known takes it.
#[tokio::test]
async fn an_event_that_is_faster_than_our_commit_is_kept_until_the_message_is_known() {
    let heard = Heard::with(BedSettings::default()).await;
    let early = report("not-yet-known", DeliveryState::Delivered);
    heard.hear("1", 3, early.clone()).await.unwrap();
    heard.hear("1", 3, early).await.unwrap();
    let receipt = Receipt {
        reference: "not-yet-known".into(),
    };
    heard
        .deployment
        .post
        .answers
        .lock()
        .unwrap()
        .push(Outcome::Done(receipt));
    let id = heard.sent().await;
    let seen = heard.view(&id).await.report.unwrap();
    assert_eq!(
        (seen.state, seen.detail.as_str()),
        (DeliveryState::Delivered, "as the vendor says")
    );
    heard
        .hear("2", 0, report("not-yet-known", DeliveryState::Sent))
        .await
        .unwrap();
    assert_eq!(
        heard.view(&id).await.report.unwrap().state,
        DeliveryState::Delivered
    );
}

#[tokio::test]
async fn a_report_by_our_name_that_is_faster_than_the_answer_is_kept_as_well() {
    let heard = Heard::with(BedSettings::default()).await;
    heard.deployment.queue_code("ada@example.com").await;
    let outbox = &heard.deployment.services.outbox;
    let id = outbox.waiting_ids(Lane::Codes).await.remove(0);
    heard
        .hear("1", 0, report(id.as_str(), DeliveryState::Failed))
        .await
        .unwrap();
    assert_eq!(heard.view(&id).await.report, None, "nobody was asked yet");
    let theirs = Receipt {
        reference: "theirs".into(),
    };
    heard
        .deployment
        .post
        .answers
        .lock()
        .unwrap()
        .push(Outcome::Done(theirs));
    outbox.drain(Lane::Codes).await.unwrap();
    assert_eq!(heard.view(&id).await.report.unwrap().state, DeliveryState::Failed);
}

/// A worker sent it and was killed before it could say so; its vendor says so instead.
#[tokio::test]
async fn what_a_killed_worker_sent_is_not_sent_again_if_its_vendor_reported_it() {
    for (state, sent) in [
        (DeliveryState::Sent, 0),
        (DeliveryState::Delivered, 0),
        (DeliveryState::Failed, 1),
    ] {
        let heard = Heard::with(BedSettings::default()).await;
        heard.deployment.queue_code("ada@example.com").await;
        let outbox = &heard.deployment.services.outbox;
        let queue = outbox.context.table::<QueueEntry>();
        let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
        outbox.lease(&entry).await.unwrap();
        let id = entry.value.message;
        heard.hear("1", 0, report(id.as_str(), state)).await.unwrap();
        heard.deployment.wait(31);
        outbox.drain(Lane::Codes).await.unwrap();
        assert_eq!(heard.deployment.post.sent().len(), sent, "{state:?}");
        assert_eq!(heard.view(&id).await.delivery, MessageStatus::Delivered);
        assert_eq!(outbox.waiting(Lane::Codes).await.unwrap(), 0);
    }
}

/// The same, and the report comes only when another try has failed and a third is due.
#[tokio::test]
async fn what_a_killed_worker_sent_is_not_sent_again_after_a_try_that_failed() {
    let heard = Heard::with(BedSettings::default()).await;
    heard.deployment.queue_code("ada@example.com").await;
    let outbox = &heard.deployment.services.outbox;
    let queue = outbox.context.table::<QueueEntry>();
    let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
    outbox.lease(&entry).await.unwrap();
    heard.deployment.wait(31);
    let busy = Reason::passing("busy", "later", std::time::Duration::from_secs(5));
    heard
        .deployment
        .post
        .answers
        .lock()
        .unwrap()
        .push(Outcome::NotSent(busy));
    outbox.drain(Lane::Codes).await.unwrap();
    let id = entry.value.message;
    assert_eq!(heard.view(&id).await.delivery, MessageStatus::Queued);
    let asked = heard.deployment.post.sent().len();
    heard
        .hear("1", 0, report(id.as_str(), DeliveryState::Sent))
        .await
        .unwrap();
    heard.deployment.wait(60);
    outbox.drain(Lane::Codes).await.unwrap();
    assert_eq!(heard.view(&id).await.delivery, MessageStatus::Delivered);
    assert_eq!(heard.deployment.post.sent().len(), asked);
}

#[tokio::test]
async fn reports_that_wait_in_vain_are_few_and_forgotten() {
    let heard = Heard::with(BedSettings::default()).await;
    let outbox = &heard.deployment.services.outbox;
    for event in 0..20 {
        let foreign = report("somebody else's", DeliveryState::Delivered);
        heard.hear(&event.to_string(), 0, foreign).await.unwrap();
    }
    let slot = outbox.named("main", "somebody else's").await.unwrap();
    assert_eq!(slot.value.early.len(), 8);
    heard.deployment.wait(601);
    let slot = outbox.named("main", "somebody else's").await.unwrap();
    assert!(slot.value.early.is_empty());
}

#[tokio::test]
async fn nobody_waits_for_a_message_of_ours_that_is_gone() {
    let heard = Heard::with(BedSettings::default()).await;
    let id = heard.sent().await;
    heard.deployment.wait(31 * 86_400);
    let late = report(id.as_str(), DeliveryState::Delivered);
    heard.hear("1", 0, late).await.unwrap();
    let slot = heard
        .deployment
        .services
        .outbox
        .named("main", id.as_str())
        .await
        .unwrap();
    assert!(slot.value.early.is_empty());
}

#[tokio::test]
async fn one_early_event_does_not_hold_the_others_back() {
    let heard = Heard::with(BedSettings::default()).await;
    let id = heard.sent().await;
    let at = heard.deployment.clock.now();
    let event = |id: &str, news| DeliveryEvent {
        id: id.into(),
        at,
        news,
    };
    let both = [
        event("1", report("not-yet-known", DeliveryState::Sent)),
        event("2", report(id.as_str(), DeliveryState::Delivered)),
    ];
    heard.vendor.events.lock().unwrap().extend(both);
    heard.post(b"genuine").await.unwrap();
    assert_eq!(
        heard.view(&id).await.report.unwrap().state,
        DeliveryState::Delivered
    );
}

/// A vendor that signs no time signs for ever: who saw a genuine wish pass by can send it again whenever it suits.
#[tokio::test]
async fn a_wish_that_was_captured_cannot_undo_a_later_one_however_late_it_comes_again() {
    let heard = Heard::with(BedSettings::default()).await;
    let to = destination("+15005550006");
    let stop = suppression("+15005550006", SuppressionCause::OptOut);
    let start = DeliveryNews::Welcome { to: to.clone() };
    let find = async || {
        !heard
            .deployment
            .services
            .suppressions
            .find(&to)
            .await
            .unwrap()
            .is_empty()
    };
    heard.hear("SM1:STOP", 0, stop.clone()).await.unwrap();
    heard.deployment.wait(60);
    heard.hear("SM2:START", 0, start.clone()).await.unwrap();
    for days in [0, 1, 8, 400] {
        heard.deployment.wait(days * 86_400);
        heard.hear("SM1:STOP", 0, stop.clone()).await.unwrap();
        assert!(!find().await, "after {days} days");
    }
    heard.hear("SM3:STOP", 0, stop).await.unwrap();
    assert!(find().await, "another message, another wish");
    heard.deployment.wait(30 * 86_400);
    heard.hear("SM2:START", 0, start).await.unwrap();
    assert!(find().await, "nor does an old START lift a later STOP");
}

/// The same where a vendor signs the time of an event; and what is old is known by its age besides.
#[tokio::test]
async fn a_wish_with_a_signed_time_is_recognised_for_ever_and_too_old_to_come_late() {
    const WEEK: u64 = 7 * 86_400;
    let heard = Heard::with(BedSettings::default()).await;
    let to = destination("ada@example.com");
    let bounce = || suppression("ada@example.com", SuppressionCause::Bounce);
    let find = async || {
        !heard
            .deployment
            .services
            .suppressions
            .find(&to)
            .await
            .unwrap()
            .is_empty()
    };
    heard.hear_in(b"dated", "1", 0, bounce()).await.unwrap();
    assert!(find().await);
    heard.deployment.services.suppressions.lift(&to).await.unwrap();
    let mut age = 0;
    for days in [0, 6, 1, 400] {
        heard.deployment.wait(days * 86_400);
        age += days * 86_400;
        heard.hear_in(b"dated", "1", age, bounce()).await.unwrap();
        assert!(!find().await, "after {age} s");
        heard.hear_in(b"dated", "1", 0, bounce()).await.unwrap();
        assert!(!find().await, "after {age} s, with another time");
    }
    heard.hear_in(b"dated", "2", WEEK, bounce()).await.unwrap();
    assert!(!find().await, "too late");
    heard.hear_in(b"dated", "3", WEEK - 1, bounce()).await.unwrap();
    assert!(find().await, "in time");
}

#[tokio::test]
async fn what_an_older_program_applied_is_not_applied_again() {
    let heard = Heard::with(BedSettings::default()).await;
    let outbox = &heard.deployment.services.outbox;
    let context = &outbox.context;
    let pseudonym = context.keyring.pseudonym("delivery-event", &["main", "SM1:STOP"]);
    let mut batch = Batch::default();
    let applied = records::Applied {
        pseudonym: pseudonym.unwrap(),
        until: None,
    };
    batch.insert(&applied).unwrap();
    context.commit(batch).await.unwrap();
    let stop = || suppression("+15005550006", SuppressionCause::OptOut);
    let suppressed = async || {
        let to = destination("+15005550006");
        let found = heard.deployment.services.suppressions.find(&to).await;
        found.unwrap().len()
    };
    heard.hear("SM1:STOP", 0, stop()).await.unwrap();
    assert_eq!(suppressed().await, 0);
    heard.hear("SM2:STOP", 0, stop()).await.unwrap();
    assert_eq!(suppressed().await, 1);
}
