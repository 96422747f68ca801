//! What vendors report: in any order, more than once, too early, forged.

use std::sync::Mutex;

use crate::services::webhooks::Webhooks;
use crate::testing::Post;
use async_trait::async_trait;
use portcullis_ports::connections::Connections;
use portcullis_ports::inbound::{Delivery as Posted, Inbound, NOT_VERIFIED, Proof, UNREADABLE};
use portcullis_ports::notification::{
    ConnectedSender, DeliveryEvent, DeliveryNews, DeliveryState, Receipt, SuppressionCause,
};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::testkit::{AlwaysWell, FakeClock, connection};
use portcullis_ports::{Clock, Kind};

use super::dispatch::Offered;
use super::*;
use crate::settings::Settings;
use crate::testing::{Bearer, Office, World, home, world_sending};

/// A vendor whose deliveries hold what the test put there.
#[derive(Default)]
pub(crate) struct Vendor {
    pub(super) events: Mutex<Vec<DeliveryEvent>>,
}

#[async_trait]
impl Inbound for Vendor {
    type Event = DeliveryEvent;

    async fn verify(&self, delivery: &Posted<'_>) -> Result<Proof> {
        if delivery.body == b"forged" {
            return Err(NOT_VERIFIED.error());
        }
        Ok(if delivery.body == b"dated" {
            Proof::SignedWithTime
        } else {
            Proof::Signed
        })
    }

    async fn split(&self, delivery: &Posted<'_>) -> Result<Vec<DeliveryEvent>> {
        if delivery.body == b"no answer" {
            const SILENT: Code = Code::new("silent", Kind::Unavailable, "The vendor does not answer.");
            return Err(SILENT.error().retry_after(std::time::Duration::from_secs(5)));
        }
        if delivery.body == b"garbage" {
            const GARBAGE: Code = Code::new("garbage", Kind::Invalid, "Garbage.");
            let field = "is missing";
            return Err(GARBAGE
                .with_detail("The field `event` is missing.")
                .with_field("/event", field));
        }
        Ok(std::mem::take(&mut *self.events.lock().unwrap()))
    }
}

/// A deployment whose sender `main` has webhooks.
pub(crate) struct Heard {
    pub(crate) world: World,
    pub(super) vendor: Arc<Vendor>,
}

impl Heard {
    pub(crate) async fn with(settings: Settings) -> Self {
        let vendor = Arc::new(Vendor::default());
        let offices = vec![Office::new("main").hearing(vendor.clone())];
        let world = world_sending(settings, offices).await;
        Self { world, vendor }
    }

    pub(super) async fn post(&self, body: &[u8]) -> Result<()> {
        let webhooks = &self.world.app.webhooks;
        let delivery = Posted {
            headers: &Bearer(String::new()),
            url: "https://gate.example.com/webhooks/senders/main",
            body,
            received_at: self.world.app.clock().now(),
        };
        webhooks.receive("senders", "main", &delivery, &home()).await
    }

    /// One event, `ago` seconds old.
    pub(crate) async fn hear(&self, id: &str, ago: u64, news: DeliveryNews) -> Result<()> {
        self.hear_in(b"genuine", id, ago, news).await
    }

    /// The same in a delivery with this body.
    pub(super) async fn hear_in(&self, body: &[u8], id: &str, ago: u64, news: DeliveryNews) -> Result<()> {
        let at = self.world.app.clock().now() - std::time::Duration::from_secs(ago);
        let id = id.to_owned();
        self.vendor
            .events
            .lock()
            .unwrap()
            .push(DeliveryEvent { id, at, news });
        self.post(body).await
    }

    pub(crate) async fn suppress(&self, to: &str, cause: SuppressionCause) {
        let news = suppression(to, cause);
        self.hear(&format!("{to} {cause:?}"), 0, news).await.unwrap();
    }

    pub(super) async fn sent(&self) -> MessageId {
        self.world.sign_up("ada@example.com").await;
        let queue = self.world.app.outbox.context.table::<QueueEntry>();
        let id = queue.all(Lane::Codes.as_str()).await.unwrap()[0].message.clone();
        self.world.app.outbox.drain(Lane::Codes).await.unwrap();
        id
    }

    pub(super) async fn view(&self, id: &MessageId) -> MessageView {
        self.world.app.outbox.message(id).await.unwrap()
    }
}

pub(crate) fn destination(to: &str) -> Destination {
    to.parse()
        .map(Destination::Email)
        .or_else(|_| to.parse().map(Destination::Sms))
        .unwrap()
}

pub(crate) fn suppression(to: &str, cause: SuppressionCause) -> DeliveryNews {
    DeliveryNews::Suppress {
        to: destination(to),
        cause,
        detail: "as the vendor says".into(),
    }
}

pub(super) fn report(reference: &str, state: DeliveryState) -> DeliveryNews {
    DeliveryNews::Report {
        reference: reference.to_owned(),
        state,
        detail: "as the vendor says".into(),
    }
}

#[tokio::test]
async fn what_the_vendor_reports_is_seen_in_the_history() {
    let heard = Heard::with(Settings::default()).await;
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
    assert_eq!(heard.world.app.clock().now().since(seen.reported_at).as_secs(), 5);
}

#[tokio::test]
async fn a_later_state_never_gives_way_to_an_earlier_one() {
    use DeliveryState::{Delivered, Failed, Sent};
    let heard = Heard::with(Settings::default()).await;
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
    let heard = Heard::with(Settings::default()).await;
    let to = destination("ada@example.com");
    let opt_out = suppression("ada@example.com", SuppressionCause::OptOut);
    heard.hear("1", 60, opt_out.clone()).await.unwrap();
    heard.world.app.suppressions.lift(&to).await.unwrap();
    heard.hear("1", 0, opt_out).await.unwrap();
    assert!(heard.world.app.suppressions.find(&to).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_old_event_about_a_foreign_message_is_left_alone() {
    let heard = Heard::with(Settings::default()).await;
    heard
        .hear("1", 61, report("somebody-elses", DeliveryState::Failed))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_report_decides_what_was_unknown() {
    for (state, delivery, dead) in [
        (DeliveryState::Sent, Delivery::Delivered, 0),
        (DeliveryState::Delivered, Delivery::Delivered, 0),
        (DeliveryState::Failed, Delivery::Dead, 1),
    ] {
        let heard = Heard::with(Settings::default()).await;
        let unknown = Outcome::Unknown(Reference("lost".into()));
        heard.world.post.answers.lock().unwrap().push(unknown);
        let id = heard.sent().await;
        assert_eq!(heard.view(&id).await.delivery, Delivery::Unknown);
        heard.hear("1", 0, report("lost", state)).await.unwrap();
        assert_eq!(heard.view(&id).await.delivery, delivery);
        let waiting = heard.world.app.outbox.waiting(Lane::Dead).await.unwrap();
        assert_eq!(waiting, dead, "{state:?}");
        assert_eq!(heard.world.app.outbox.replay(&id).await.is_ok(), dead == 1);
    }
}

#[tokio::test]
async fn a_report_that_is_faster_than_an_unknown_answer_decides_it_as_well() {
    for (state, delivery) in [
        (DeliveryState::Delivered, Delivery::Delivered),
        (DeliveryState::Failed, Delivery::Dead),
    ] {
        let heard = Heard::with(Settings::default()).await;
        let busy = Reason::passing("busy", "the vendor is busy", std::time::Duration::from_secs(1));
        heard
            .world
            .post
            .answers
            .lock()
            .unwrap()
            .push(Outcome::NotSent(busy));
        let id = heard.sent().await;
        heard.world.wait(10);
        let outbox = &heard.world.app.outbox;
        let queue = outbox.context.table::<QueueEntry>();
        let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
        let leased = outbox.lease(&entry).await.unwrap();
        heard.hear("1", 0, report(id.as_str(), state)).await.unwrap();
        let unknown = Outcome::Unknown(Reference(id.to_string()));
        let verdict = outbox.judge(&leased, vec![Offered::of("main", unknown)]);
        outbox.settle(&leased, &verdict).await.unwrap();
        assert_eq!(heard.view(&id).await.delivery, delivery, "{state:?}");
    }
}

#[tokio::test]
async fn what_was_reported_of_one_try_says_nothing_of_the_next() {
    let heard = Heard::with(Settings::default()).await;
    let unknown = |name: &str| Outcome::Unknown(Reference(name.into()));
    let answer = |outcome| heard.world.post.answers.lock().unwrap().push(outcome);
    answer(unknown("first"));
    let id = heard.sent().await;
    let failed = |name| report(name, DeliveryState::Failed);
    heard.hear("1", 0, failed("first")).await.unwrap();
    heard.world.app.outbox.replay(&id).await.unwrap();
    answer(unknown("second"));
    heard.world.app.outbox.drain(Lane::Codes).await.unwrap();
    assert_eq!(heard.view(&id).await.delivery, Delivery::Unknown);
    heard.hear("2", 0, failed("second")).await.unwrap();
    assert_eq!(heard.view(&id).await.delivery, Delivery::Dead);
}

#[tokio::test]
async fn a_vendor_may_call_a_message_by_our_name() {
    let heard = Heard::with(Settings::default()).await;
    let receipt = Receipt {
        reference: "theirs".into(),
    };
    heard
        .world
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
    let world = world_sending(Settings::default(), offices).await;
    let heard = Heard { world, vendor };
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
    let heard = Heard::with(Settings::default()).await;
    assert_eq!(heard.post(b"forged").await.unwrap_err().code(), NOT_VERIFIED);
    let unreadable = heard.post(b"garbage").await.unwrap_err();
    assert_eq!(
        (unreadable.code(), unreadable.detail()),
        (UNREADABLE, "The field `event` is missing.")
    );
    assert_eq!(unreadable.fields()[0].pointer, "/event");
    assert!(!heard.world.app.webhooks.has("senders", "elsewhere"));
}

#[tokio::test]
async fn a_report_between_two_tries_does_not_disturb_the_delivery() {
    let heard = Heard::with(Settings::default()).await;
    let passing = Reason::passing("busy", "busy", std::time::Duration::from_secs(1));
    heard
        .world
        .post
        .answers
        .lock()
        .unwrap()
        .push(Outcome::NotSent(passing));
    let id = heard.sent().await;
    let queue = heard.world.app.outbox.context.table::<QueueEntry>();
    heard.world.wait(10);
    let entry = queue.all(Lane::Codes.as_str()).await.unwrap().remove(0);
    let mut leased = heard.world.app.outbox.lease(&entry).await.unwrap();
    let stored = heard.world.app.outbox.stored(&id).await.unwrap().unwrap();
    let offered = heard
        .world
        .app
        .outbox
        .offer(&mut leased, &stored)
        .await
        .unwrap()
        .offered;
    heard
        .hear("1", 0, report(id.as_str(), DeliveryState::Delivered))
        .await
        .unwrap();
    let verdict = heard.world.app.outbox.judge(&leased, offered);
    heard.world.app.outbox.settle(&leased, &verdict).await.unwrap();
    let view = heard.view(&id).await;
    assert_eq!((view.delivery, view.attempts.len()), (Delivery::Delivered, 2));
    assert_eq!(view.report.unwrap().state, DeliveryState::Delivered);
}

#[tokio::test]
async fn whatever_a_vendor_calls_its_trouble_it_is_told_alike() {
    let heard = Heard::with(Settings::default()).await;
    let error = heard.post(b"no answer").await.unwrap_err();
    assert_eq!(error.code(), crate::foundation::guard::WEBHOOK_UNAVAILABLE);
    assert_eq!(
        error.retry(),
        portcullis_ports::Retry::Later(std::time::Duration::from_secs(5))
    );
}

#[tokio::test]
async fn what_is_not_served_here_is_taken_and_left_alone() {
    let heard = Heard::with(Settings::default()).await;
    let what = "a wish on a channel that is not served";
    heard
        .hear("1", 0, DeliveryNews::Unsupported { what })
        .await
        .unwrap();
    assert!(heard.world.app.suppressions.list().await.unwrap().is_empty());
}

#[test]
fn a_sender_whose_vendor_posts_and_that_no_service_hears_does_not_start() {
    let sender = ConnectedSender {
        sender: Arc::new(Post::default()),
        mailbox: None,
        inbound: Some(Arc::new(Vendor::default())),
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
