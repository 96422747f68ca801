//! What vendors report: in any order, more than once, too early, forged.

use crate::services::webhooks::Webhooks;
use portcullis_ports::Clock;
use portcullis_ports::connections::Connections;
use portcullis_ports::inbound::{NOT_VERIFIED, UNREADABLE};
use portcullis_ports::notification::{
    ConnectedSender, DeliveryNews, DeliveryState, Receipt, SuppressionCause,
};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::testkit::{AlwaysWell, FakeClock, connection};

use super::dispatch::Offered;
use super::*;
use crate::services::testing::vendor::{Heard, Vendor, destination, report, suppression};
use crate::services::testing::{Bed, BedSettings, Office, Post, bed_sending};

impl Heard<Bed> {
    pub(super) async fn sent(&self) -> MessageId {
        self.deployment.queue_code("ada@example.com").await;
        let queue = self.deployment.services.outbox.context.table::<QueueEntry>();
        let id = queue.all(Lane::Codes.as_str()).await.unwrap()[0].message.clone();
        self.deployment.services.outbox.drain(Lane::Codes).await.unwrap();
        id
    }

    pub(super) async fn view(&self, id: &MessageId) -> MessageView {
        self.deployment.services.outbox.message(id).await.unwrap()
    }
}

#[tokio::test]
async fn what_the_vendor_reports_is_seen_in_the_history() {
    let heard = Heard::with(BedSettings::default()).await;
    let id = heard.sent().await;
    assert_eq!(heard.view(&id).await.report, None);
    heard
        .hear("1", 5, report(id.as_str(), DeliveryState::Delivered))
        .await
        .unwrap();
    let seen = heard.view(&id).await.report.unwrap();
    assert_eq!(
        (seen.sender.as_str(), seen.state, seen.detail.as_str()),
        ("main", DeliveryState::Delivered, "as the vendor says")
    );
    assert_eq!(heard.deployment.clock.now().since(seen.reported_at).as_secs(), 5);
}

#[tokio::test]
async fn a_later_state_never_gives_way_to_an_earlier_one() {
    use DeliveryState::{Delivered, Failed, Sent};
    let heard = Heard::with(BedSettings::default()).await;
    let id = heard.sent().await;
    for (event, state, expected) in [
        ("1", Sent, Sent),
        ("2", Failed, Failed),
        ("3", Sent, Failed),
        ("4", Delivered, Delivered),
        ("5", Failed, Delivered),
        ("6", Sent, Delivered),
    ] {
        heard.hear(event, 0, report(id.as_str(), state)).await.unwrap();
        assert_eq!(heard.view(&id).await.report.unwrap().state, expected, "{event}");
    }
}

#[tokio::test]
async fn an_event_is_applied_once_however_often_it_comes() {
    let heard = Heard::with(BedSettings::default()).await;
    let to = destination("ada@example.com");
    let opt_out = suppression("ada@example.com", SuppressionCause::OptOut);
    heard.hear("1", 60, opt_out.clone()).await.unwrap();
    heard.deployment.services.suppressions.lift(&to).await.unwrap();
    heard.hear("1", 0, opt_out).await.unwrap();
    assert!(
        heard
            .deployment
            .services
            .suppressions
            .find(&to)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_old_event_about_a_foreign_message_is_left_alone() {
    let heard = Heard::with(BedSettings::default()).await;
    heard
        .hear("1", 61, report("somebody-elses", DeliveryState::Failed))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_report_decides_what_was_unknown() {
    for (state, delivery, dead) in [
        (DeliveryState::Sent, MessageStatus::Delivered, 0),
        (DeliveryState::Delivered, MessageStatus::Delivered, 0),
        (DeliveryState::Failed, MessageStatus::Dead, 1),
    ] {
        let heard = Heard::with(BedSettings::default()).await;
        let unknown = Outcome::Unknown(Reference::Ours("lost".into()));
        heard.deployment.post.answers.lock().unwrap().push(unknown);
        let id = heard.sent().await;
        assert_eq!(heard.view(&id).await.delivery, MessageStatus::Unknown);
        heard.hear("1", 0, report("lost", state)).await.unwrap();
        assert_eq!(heard.view(&id).await.delivery, delivery);
        let waiting = heard
            .deployment
            .services
            .outbox
            .waiting(Lane::Dead)
            .await
            .unwrap();
        assert_eq!(waiting, dead, "{state:?}");
        assert_eq!(
            heard.deployment.services.outbox.replay(&id).await.is_ok(),
            dead == 1
        );
    }
}

#[tokio::test]
async fn a_report_that_is_faster_than_an_unknown_answer_decides_it_as_well() {
    for (state, delivery) in [
        (DeliveryState::Delivered, MessageStatus::Delivered),
        (DeliveryState::Failed, MessageStatus::Dead),
    ] {
        let heard = Heard::with(BedSettings::default()).await;
        let busy = Reason::passing("busy", "the vendor is busy", std::time::Duration::from_secs(1));
        heard
            .deployment
            .post
            .answers
            .lock()
            .unwrap()
            .push(Outcome::NotSent(busy));
        let id = heard.sent().await;
        heard.deployment.wait(10);
        let outbox = &heard.deployment.services.outbox;
        let queue = outbox.context.table::<QueueEntry>();
        let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
        let leased = outbox.lease(&entry).await.unwrap();
        heard.hear("1", 0, report(id.as_str(), state)).await.unwrap();
        let unknown = Outcome::Unknown(Reference::Ours(id.to_string()));
        let verdict = outbox.judge(&leased, vec![Offered::of("main", unknown)]);
        outbox.settle(&leased, &verdict).await.unwrap();
        assert_eq!(heard.view(&id).await.delivery, delivery, "{state:?}");
    }
}

#[tokio::test]
async fn what_was_reported_of_one_try_says_nothing_of_the_next() {
    let heard = Heard::with(BedSettings::default()).await;
    let unknown = |name: &str| Outcome::Unknown(Reference::Ours(name.into()));
    let answer = |outcome| heard.deployment.post.answers.lock().unwrap().push(outcome);
    answer(unknown("first"));
    let id = heard.sent().await;
    let failed = |name| report(name, DeliveryState::Failed);
    heard.hear("1", 0, failed("first")).await.unwrap();
    heard.deployment.services.outbox.replay(&id).await.unwrap();
    answer(unknown("second"));
    heard.deployment.services.outbox.drain(Lane::Codes).await.unwrap();
    assert_eq!(heard.view(&id).await.delivery, MessageStatus::Unknown);
    heard.hear("2", 0, failed("second")).await.unwrap();
    assert_eq!(heard.view(&id).await.delivery, MessageStatus::Dead);
}

#[tokio::test]
async fn a_vendor_may_call_a_message_by_our_name() {
    let heard = Heard::with(BedSettings::default()).await;
    let receipt = Receipt {
        reference: "theirs".into(),
    };
    heard
        .deployment
        .post
        .answers
        .lock()
        .unwrap()
        .push(Outcome::Done(receipt));
    let id = heard.sent().await;
    heard
        .hear("1", 0, report(id.as_str(), DeliveryState::Sent))
        .await
        .unwrap();
    heard
        .hear("2", 0, report("theirs", DeliveryState::Delivered))
        .await
        .unwrap();
    assert_eq!(
        heard.view(&id).await.report.unwrap().state,
        DeliveryState::Delivered
    );
}

#[tokio::test]
async fn names_of_one_sender_mean_nothing_to_another() {
    let vendor = Arc::new(Vendor::default());
    let offices = vec![Office::new("other"), Office::new("main").hearing(vendor.clone())];
    let bed = bed_sending(BedSettings::default(), offices).await;
    let heard = Heard {
        deployment: bed,
        vendor,
    };
    let id = heard.sent().await;
    assert_eq!(heard.view(&id).await.attempts[0].sender, "other");
    heard
        .hear("1", 0, report(id.as_str(), DeliveryState::Failed))
        .await
        .unwrap();
    assert_eq!(heard.view(&id).await.report, None);
}

#[tokio::test]
async fn what_is_forged_or_unreadable_changes_nothing() {
    let heard = Heard::with(BedSettings::default()).await;
    assert_eq!(heard.post(b"forged").await.unwrap_err().code(), NOT_VERIFIED);
    let unreadable = heard.post(b"garbage").await.unwrap_err();
    assert_eq!(
        (unreadable.code(), unreadable.detail()),
        (UNREADABLE, "The field `event` is missing.")
    );
    assert_eq!(unreadable.fields()[0].pointer, "/event");
    assert!(!heard.deployment.services.webhooks.has("senders", "elsewhere"));
}

#[tokio::test]
async fn a_report_between_two_tries_does_not_disturb_the_delivery() {
    let heard = Heard::with(BedSettings::default()).await;
    let passing = Reason::passing("busy", "busy", std::time::Duration::from_secs(1));
    heard
        .deployment
        .post
        .answers
        .lock()
        .unwrap()
        .push(Outcome::NotSent(passing));
    let id = heard.sent().await;
    let queue = heard.deployment.services.outbox.context.table::<QueueEntry>();
    heard.deployment.wait(10);
    let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
    let mut leased = heard.deployment.services.outbox.lease(&entry).await.unwrap();
    let stored = heard
        .deployment
        .services
        .outbox
        .stored(&id)
        .await
        .unwrap()
        .unwrap();
    let offered = heard
        .deployment
        .services
        .outbox
        .offer(&mut leased, &stored)
        .await
        .unwrap()
        .offered;
    heard
        .hear("1", 0, report(id.as_str(), DeliveryState::Delivered))
        .await
        .unwrap();
    let verdict = heard.deployment.services.outbox.judge(&leased, offered);
    heard
        .deployment
        .services
        .outbox
        .settle(&leased, &verdict)
        .await
        .unwrap();
    let view = heard.view(&id).await;
    assert_eq!(
        (view.delivery, view.attempts.len()),
        (MessageStatus::Delivered, 2)
    );
    assert_eq!(view.report.unwrap().state, DeliveryState::Delivered);
}

#[tokio::test]
async fn whatever_a_vendor_calls_its_trouble_it_is_told_alike() {
    let heard = Heard::with(BedSettings::default()).await;
    let error = heard.post(b"no answer").await.unwrap_err();
    assert_eq!(error.code(), crate::foundation::guard::WEBHOOK_UNAVAILABLE);
    assert_eq!(
        error.retry(),
        portcullis_ports::Retry::Later(std::time::Duration::from_secs(5))
    );
}

#[tokio::test]
async fn what_is_not_served_here_is_taken_and_left_alone() {
    let heard = Heard::with(BedSettings::default()).await;
    let what = "a wish on a channel that is not served";
    heard
        .hear("1", 0, DeliveryNews::Unsupported { what })
        .await
        .unwrap();
    assert!(
        heard
            .deployment
            .services
            .suppressions
            .list()
            .await
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_sender_whose_vendor_posts_and_that_no_service_hears_does_not_start() {
    let sender = ConnectedSender {
        sender: Arc::new(Post::default()),
        mailbox: None,
        inbound: Some(Arc::new(Vendor::default())),
        lookup: None,
        probe: Arc::new(AlwaysWell),
    };
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::default());
    let connections = Connections::default().with(connection::<Senders>("main", sender));
    let refused = Webhooks::new(&clock).require_handlers(&connections).unwrap_err();
    let said = format!("{:?}", refused.context());
    assert!(
        said.contains("no area takes the webhooks of senders.main"),
        "{said}"
    );
}
