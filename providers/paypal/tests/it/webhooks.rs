//! Webhooks: what is believed, what an event is about, what is kept of it.

use portcullis_ports::inbound::{CERTIFICATE_UNAVAILABLE, NOT_VERIFIED, Proof};
use portcullis_ports::payments::{
    Capture, CaptureOrder, DisputeKind, EventObject, EventOrigin, EventTopic, MethodState, Source,
};
use portcullis_ports::simulation::Posted;
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_paypal::simulator::{Behaviour, DeliveryFault};
use serde_json::{Value, json};

use crate::account::{Account, done, pending, usd, with};

async fn posted(account: &Account) -> Posted {
    done(account.charge(&account.stored(Behaviour::Account)).await);
    account.vendor.deliver().remove(0)
}

fn header<'a>(posted: &'a mut Posted, name: &str) -> &'a mut String {
    &mut posted
        .headers
        .iter_mut()
        .find(|(known, _)| known == name)
        .unwrap()
        .1
}

#[tokio::test]
async fn only_what_paypal_signed_for_this_webhook_a_while_ago_is_believed() {
    let account = Account::new().await;
    for fault in [
        DeliveryFault::OtherWebhook,
        DeliveryFault::Alter,
        DeliveryFault::Old,
        DeliveryFault::CertificateElsewhere,
    ] {
        account.vendor.deliver();
        account.vendor.will_deliver(fault);
        let delivery = posted(&account).await;
        assert_eq!(
            account.receive(&delivery).await.unwrap_err().code(),
            NOT_VERIFIED,
            "{fault:?}"
        );
    }
    let genuine = posted(&account).await;
    account.receive(&genuine).await.unwrap();
    for name in [
        "transmission-id",
        "transmission-time",
        "transmission-sig",
        "cert-url",
        "auth-algo",
    ] {
        let name = format!("paypal-{name}");
        let mut without = genuine.clone();
        without.headers.retain(|(known, _)| *known != name);
        assert_eq!(
            account.receive(&without).await.unwrap_err().code(),
            NOT_VERIFIED,
            "{name}"
        );
        let mut other = genuine.clone();
        header(&mut other, &name).push('x');
        assert_eq!(
            account.receive(&other).await.unwrap_err().code(),
            NOT_VERIFIED,
            "{name}"
        );
    }
}

#[tokio::test]
async fn certificates_are_fetched_from_paypal_alone_and_once() {
    let account = Account::new().await;
    let genuine = posted(&account).await;
    for elsewhere in [
        "http://api.sandbox.paypal.com/v1/notifications/certs/CERT-simulated-1",
        "https://paypal.com.example.net/v1/notifications/certs/CERT-simulated-1",
        "https://evilpaypal.com/v1/notifications/certs/CERT-simulated-1",
        "https://me@evil.net/.paypal.com/v1/notifications/certs/CERT-simulated-1",
        "https://evil.net\\.paypal.com/v1/notifications/certs/CERT-simulated-1",
        "https://evil.net#.paypal.com/v1/notifications/certs/CERT-simulated-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-simulated-1",
        "https://www.paypal.com/signin?returnUri=https://evil.net",
        "https://api.paypal.com/v1/notifications/certs/../../redirect",
        "https://api.paypal.com/v1/notifications/certs/",
    ] {
        let mut forged = genuine.clone();
        *header(&mut forged, "paypal-cert-url") = elsewhere.to_owned();
        assert_eq!(
            account.receive(&forged).await.unwrap_err().code(),
            NOT_VERIFIED,
            "{elsewhere}"
        );
    }
    let fetched = || {
        let exchanges = account.client.exchanges();
        exchanges
            .iter()
            .filter(|(request, _)| request.url.contains("/certs/"))
            .count()
    };
    assert_eq!(fetched(), 0, "nothing was asked of anybody else");
    for _ in 0..3 {
        account.receive(&genuine).await.unwrap();
    }
    assert_eq!(fetched(), 1);
    account.vendor.roll_certificate();
    let delivery = posted(&account).await;
    assert_eq!(
        account.verified(&delivery).await.unwrap().proof(),
        Proof::SignedWithTime
    );
    account.receive(&genuine).await.unwrap();
    assert_eq!(fetched(), 2, "PayPal changed to another one");
    let mut invented = genuine.clone();
    *header(&mut invented, "paypal-cert-url") =
        "https://api.paypal.com/v1/notifications/certs/CERT-invented".to_owned();
    for _ in 0..3 {
        assert_eq!(account.receive(&invented).await.unwrap_err().code(), NOT_VERIFIED);
    }
    assert_eq!(fetched(), 3, "that there is none is remembered");
}

#[tokio::test]
async fn where_the_certificate_proves_nothing_paypal_is_asked_with_the_bytes_as_they_came() {
    let account = Account::new().await;
    let mut delivery = posted(&account).await;
    account.will(Fault::Answers(503, String::new()));
    let kept = account.verified(&delivery).await.unwrap();
    assert_eq!(kept.proof(), Proof::ConfirmedByApi);
    {
        let exchanges = account.client.exchanges();
        let (asked, _) = exchanges.last().unwrap();
        let needle = [b"\"webhook_event\":", delivery.body.as_slice(), b"}"].concat();
        assert!(asked.body.ends_with(&needle), "not a byte of it is another one");
    }
    // The certificate is not asked for again at once.
    assert_eq!(
        account.verified(&delivery).await.unwrap().proof(),
        Proof::ConfirmedByApi
    );
    let genuine = delivery.clone();
    delivery.body.push(b' ');
    assert_eq!(
        account.receive(&delivery).await.unwrap_err().code(),
        NOT_VERIFIED,
        "PayPal did not send this"
    );
    // A body that ends early cannot say anything in the place of the question.
    delivery.body = br#"{},"webhook_id":"0EH40505U7160970P"#.to_vec();
    assert_eq!(account.receive(&delivery).await.unwrap_err().code(), NOT_VERIFIED);
    account.will(Fault::Refused);
    assert_eq!(
        account.receive(&genuine).await.unwrap_err().code(),
        CERTIFICATE_UNAVAILABLE,
        "it comes again"
    );

    // Its root is not known here, as after PayPal changed to another authority.
    let account = Account::with(with(json!({ "webhook_roots": null }))).await;
    let delivery = posted(&account).await;
    assert_eq!(
        account.verified(&delivery).await.unwrap().proof(),
        Proof::ConfirmedByApi
    );
}

#[tokio::test]
async fn a_payment_is_followed_by_its_events() {
    let account = Account::new().await;
    let order = account.fresh();
    let open = pending(account.charge(&order).await);
    let theirs = open.theirs.clone().unwrap();
    assert!(account.vendor.does(Deed::Pays(&theirs)));
    let made = done(account.complete(&order, &open).await);
    let refund = account.refund(&made, 700);
    done(account.connected.payments.refund(&refund).await);
    assert!(
        account
            .vendor
            .does(Deed::Disputes(&theirs, DisputeKind::Chargeback))
    );
    let mut held = account.stored(Behaviour::Card);
    held.capture = Capture::Later;
    let authorized = done(account.charge(&held).await);
    let capture = CaptureOrder {
        id: held.id.clone(),
        key: account.key(),
        resend: false,
        payment: authorized.theirs.clone().unwrap(),
        amount: usd(2_000),
    };
    done(account.connected.holds.as_ref().unwrap().capture(&capture).await);
    let events = account.events().await;
    let named = |name: &str| {
        events
            .iter()
            .find(|event| event.name == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    for name in ["CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED"] {
        let event = named(name);
        assert_eq!(
            (&event.topic, &event.origin),
            (&EventTopic::Payment, &EventOrigin::Own),
            "{name}"
        );
        assert_eq!(
            (&event.payment, &event.attempt),
            (&open.theirs, &Some(order.id.clone())),
            "{name}"
        );
    }
    let given = named("PAYMENT.CAPTURE.REFUNDED");
    assert_eq!(
        (&given.topic, &given.attempt, &given.refund),
        (&EventTopic::Refund, &Some(order.id.clone()), &Some(refund.id))
    );
    let dispute = named("CUSTOMER.DISPUTE.CREATED");
    assert_eq!(
        (&dispute.topic, &dispute.attempt),
        (&EventTopic::Dispute, &Some(order.id))
    );
    let authorization = named("PAYMENT.AUTHORIZATION.CREATED");
    assert_eq!(
        (&authorization.payment, &authorization.attempt),
        (&authorized.theirs, &Some(held.id))
    );
}

#[tokio::test]
async fn what_is_of_others_or_of_tomorrow_is_told_apart() {
    let account = Account::new().await;
    account.vendor.will_deliver(DeliveryFault::OtherAccount);
    account.vendor.will_deliver(DeliveryFault::UnknownType);
    for _ in 0..2 {
        done(account.charge(&account.stored(Behaviour::Account)).await);
    }
    let events = account.events().await;
    assert_eq!(events[0].origin, EventOrigin::ForeignAccount);
    assert_eq!(
        events[1].topic,
        EventTopic::Other("SCULPTURE.UNVEILED".to_owned())
    );
    for fault in [
        DeliveryFault::Duplicate,
        DeliveryFault::Reorder,
        DeliveryFault::Drop,
    ] {
        account.vendor.will_deliver(fault);
    }
    for _ in 0..4 {
        done(account.charge(&account.stored(Behaviour::Account)).await);
    }
    let ids: Vec<_> = account.events().await.into_iter().map(|event| event.id).collect();
    assert_eq!(
        (ids.len(), ids[0] == ids[1]),
        (4, true),
        "one twice, one not at all"
    );
}

#[tokio::test]
async fn a_method_that_its_payer_took_away_is_told() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    let Source::Stored(method) = &order.source else {
        panic!()
    };
    assert!(account.vendor.payer_deletes(method.theirs.as_str()));
    let events = account.events().await;
    match &events[0].object {
        Some(EventObject::Method {
            reference,
            state,
            method: None,
        }) => {
            assert_eq!((reference, *state), (method, MethodState::Detached));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_kept_of_a_delivery_says_nothing_of_payers_and_means_the_same() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    assert!(account.vendor.does(Deed::Disputes(
        made.theirs.as_ref().unwrap(),
        DisputeKind::Chargeback
    )));
    let Source::Stored(method) = &order.source else {
        panic!()
    };
    assert!(account.vendor.payer_deletes(method.theirs.as_str()));
    let personal = |body: &[u8]| {
        let text = String::from_utf8_lossy(body).into_owned();
        text.contains("Ada Lovelace") || text.contains("ada@example.com")
    };
    let inbound = &**account.connected.inbound.as_ref().unwrap();
    let mut held = 0;
    for posted in account.vendor.deliver() {
        held += usize::from(personal(&posted.body));
        let kept = account.verified(&posted).await.unwrap();
        assert!(!personal(kept.body()));
        let whole: Value = serde_json::from_slice(&posted.body).unwrap();
        let unread =
            portcullis_ports::testkit::delivery("application/json", "", whole.to_string().as_bytes());
        assert_eq!(inbound.split(&unread).unwrap(), inbound.split(&kept).unwrap());
    }
    assert!(held >= 2, "PayPal posts what is known of payers: {held}");
}
