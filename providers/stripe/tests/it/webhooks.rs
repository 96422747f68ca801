//! Webhooks: what is believed, what an event is about, what comes along with it.

use portcullis_ports::Clock as _;
use portcullis_ports::inbound::NOT_VERIFIED;
use portcullis_ports::payments::{
    EventObject, EventOrigin, EventTopic, MethodKind, MethodState, SetupStatus, Source,
};
use portcullis_ports::testkit::payments::{Behaviour, Counterparty as _, Deed};
use portcullis_provider_stripe::simulator::DeliveryFault;
use serde_json::Value;

use crate::account::{Account, done, pending, present};

#[tokio::test]
async fn only_what_stripe_signed_for_this_endpoint_a_moment_ago_is_believed() {
    let account = Account::new().await;
    for fault in [DeliveryFault::Forge, DeliveryFault::Alter, DeliveryFault::Old] {
        account.vendor.deliver();
        account.customer().await;
        account.vendor.will_deliver(fault);
        let delivery = account.vendor.deliver().remove(0);
        let error = account.receive(&delivery).await.unwrap_err();
        assert_eq!(error.code(), NOT_VERIFIED, "{fault:?}");
    }
    account.customer().await;
    let mut delivery = account.vendor.deliver().remove(0);
    delivery.headers.retain(|(name, _)| name != "stripe-signature");
    assert_eq!(account.receive(&delivery).await.unwrap_err().code(), NOT_VERIFIED);
}

#[tokio::test]
async fn what_is_of_others_is_told_apart() {
    let account = Account::new().await;
    for (fault, origin, empty) in [
        (DeliveryFault::OtherAccount, EventOrigin::ForeignAccount, false),
        (DeliveryFault::OtherMode, EventOrigin::ForeignMode, false),
        (DeliveryFault::OtherVersion, EventOrigin::Own, true),
    ] {
        let order = account.token("pm_card_visa", MethodKind::Card).await;
        account.vendor.deliver();
        let made = done(account.charge(&order).await);
        let card = made.method.unwrap().reference.theirs;
        assert!(account.vendor.update_card(card.as_str(), 2039, 7));
        for _ in 0..4 {
            account.vendor.will_deliver(fault);
        }
        let events = account.events().await;
        let named = |name: &str| events.iter().find(|event| event.name == name).unwrap();
        let succeeded = named("payment_intent.succeeded");
        let updated = named("payment_method.automatically_updated");
        assert_eq!((succeeded.origin, updated.origin), (origin, origin), "{fault:?}");
        assert_eq!(updated.object.is_none(), empty, "{fault:?}");
        assert_eq!(succeeded.attempt, Some(order.id), "{fault:?}");
        assert!(succeeded.theirs.is_some(), "{fault:?}: it can be fetched");
    }
    account.customer().await;
    account.vendor.will_deliver(DeliveryFault::UnknownType);
    let events = account.events().await;
    assert_eq!(
        events[0].topic,
        EventTopic::Other("sculpture.unveiled".to_owned())
    );
}

#[tokio::test]
async fn deliveries_repeat_change_places_and_get_lost() {
    let account = Account::new().await;
    for _ in 0..5 {
        account.customer().await;
    }
    for fault in [
        DeliveryFault::Duplicate,
        DeliveryFault::Reorder,
        DeliveryFault::Drop,
    ] {
        account.vendor.will_deliver(fault);
    }
    let ids: Vec<_> = account.events().await.into_iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 5, "one twice, one not at all: {ids:?}");
    assert_eq!(ids[0], ids[1], "a repeat has the same id");
    assert!(ids[2] < ids[3] || ids[3] < ids[4]);
}

#[tokio::test]
async fn a_payment_is_followed_by_its_events() {
    let account = Account::new().await;
    let order = account.token("pm_card_createDispute", MethodKind::Card).await;
    account.vendor.deliver();
    let made = done(account.charge(&order).await);
    let given = account.stored(Behaviour::Succeeds).await;
    let given_back = done(account.charge(&given).await);
    done(
        account
            .connected
            .payments
            .refund(&account.refund(&given_back, 700))
            .await,
    );
    let events = account.events().await;
    let named = |name: &str| {
        events
            .iter()
            .find(|event| event.name == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    let succeeded = named("payment_intent.succeeded");
    assert_eq!(
        (succeeded.topic.clone(), succeeded.payment.clone()),
        (EventTopic::Payment, made.theirs.clone())
    );
    let charge = named("charge.succeeded");
    assert_eq!(
        (charge.topic.clone(), charge.theirs.clone()),
        (EventTopic::Payment, made.theirs.clone())
    );
    let refund = named("refund.created");
    assert_eq!(
        (refund.payment.clone(), refund.attempt.clone()),
        (given_back.theirs, Some(given.id))
    );
    assert!(refund.refund.is_some() && refund.theirs.is_some());
    let dispute = named("charge.dispute.funds_withdrawn");
    assert_eq!(
        (dispute.topic.clone(), dispute.payment.clone()),
        (EventTopic::Dispute, made.theirs)
    );
    for event in [succeeded, charge, refund, dispute] {
        assert_eq!(event.object, None, "{}: it is fetched", event.name);
    }
    assert_eq!(
        named("payment_intent.created").topic,
        EventTopic::Other("payment_intent.created".to_owned())
    );
}

#[tokio::test]
async fn methods_and_setups_and_pages_are_followed() {
    let account = Account::new().await;
    let vault = account.connected.vault.as_ref().unwrap();
    let customer = account.customer().await;
    let order = account.setup(&customer, &[MethodKind::UsBankDebit]);
    let setup = pending(vault.begin(&order).await);
    assert!(account.vendor.does(Deed::EntersBankAccount(&setup.theirs)));
    let bank = account.vendor.object(setup.theirs.as_str()).unwrap()["payment_method"]
        .as_str()
        .unwrap()
        .to_owned();
    let proof = portcullis_ports::payments::SetupProof {
        setup: setup.theirs.clone(),
        customer: Some(customer.clone()),
        key: account.key(),
        verification: Some(portcullis_ports::payments::Verification::Amounts([45, 32])),
        handed: portcullis_ports::payments::Handed::default(),
        mandate: None,
    };
    done(vault.finish(&proof).await);
    let card = account
        .vendor
        .stored(Behaviour::Succeeds, Some(&customer))
        .unwrap();
    assert!(account.vendor.update_card(card.theirs.as_str(), 2039, 7));
    assert!(account.vendor.withdraw_mandate(&bank));
    done(vault.forget(&card).await);
    let page = account.fresh(Source::HostedPage).await;
    let open = pending(account.charge(&page).await);
    let withdrawal = portcullis_ports::payments::Withdrawal {
        id: page.id.clone(),
        key: account.key(),
        payment: open.theirs.clone(),
        amount: page.amount,
    };
    done(
        account
            .connected
            .approval
            .as_ref()
            .unwrap()
            .withdraw(&withdrawal)
            .await,
    );
    let events = account.events().await;
    let named = |name: &str| {
        events
            .iter()
            .find(|event| event.name == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(named("setup_intent.succeeded").setup, Some(order.id));
    let state = |name: &str| match &named(name).object {
        Some(EventObject::Method {
            state,
            method,
            reference,
        }) => (*state, method.clone(), reference.theirs.to_string()),
        other => panic!("{name}: {other:?}"),
    };
    let (usable, method, _) = state("payment_method.automatically_updated");
    assert_eq!(
        (usable, method.unwrap().expires.unwrap().year),
        (MethodState::Usable, 2039)
    );
    let (withdrawn, none, of) = state("mandate.updated");
    assert_eq!((withdrawn, none, of), (MethodState::MandateWithdrawn, None, bank));
    assert_eq!(state("payment_method.detached").0, MethodState::Detached);
    let expired = named("checkout.session.expired");
    assert_eq!(
        (expired.theirs.clone(), expired.attempt.clone()),
        (open.theirs, Some(page.id))
    );
}

/// What lets whoever reads it go on in a payer's place.
const ACTIONS: [&str; 2] = ["client_secret", "next_action"];

/// Whether `kept` is `posted` without [`ACTIONS`], and with all the rest.
fn is_the_rest(kept: &Value, posted: &Value) -> bool {
    match (kept, posted) {
        (Value::Object(kept), Value::Object(posted)) => {
            let mut rest = posted
                .iter()
                .filter(|(name, _)| !ACTIONS.contains(&name.as_str()));
            let all = rest.all(|(name, value)| kept.get(name).is_some_and(|kept| is_the_rest(kept, value)));
            all && kept
                .keys()
                .all(|name| posted.contains_key(name) && !ACTIONS.contains(&name.as_str()))
        }
        (Value::Array(kept), Value::Array(posted)) => {
            kept.len() == posted.len()
                && kept
                    .iter()
                    .zip(posted)
                    .all(|(kept, posted)| is_the_rest(kept, posted))
        }
        _ => kept == posted,
    }
}

#[tokio::test]
async fn what_is_kept_of_a_delivery_lets_nobody_act_for_a_payer() {
    let account = Account::new().await;
    let order = account.fresh(Source::Fresh { save: false }).await;
    let waiting = pending(account.charge(&order).await);
    assert!(account.vendor.does(Deed::Pays(waiting.theirs.as_ref().unwrap())));
    let mut confirmed = account.stored(Behaviour::Authenticates).await;
    confirmed.presence = present();
    pending(account.charge(&confirmed).await);
    let vault = account.connected.vault.as_ref().unwrap();
    let order = account.setup(confirmed.customer.as_ref().unwrap(), &[MethodKind::UsBankDebit]);
    let setup = pending(vault.begin(&order).await);
    assert!(account.vendor.does(Deed::EntersBankAccount(&setup.theirs)));

    let told = ["_secret_", "/simulated/authenticate/", "/simulated/deposits/"];
    let mut held = [0; 3];
    for posted in account.vendor.deliver() {
        let kept = account.verified(&posted).await.unwrap();
        for (at, secret) in told.iter().enumerate() {
            held[at] += usize::from(String::from_utf8_lossy(&posted.body).contains(secret));
            assert!(!String::from_utf8_lossy(kept.body()).contains(secret), "{secret}");
        }
        let parsed = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap();
        assert!(is_the_rest(&parsed(kept.body()), &parsed(&posted.body)));
        let events = kept
            .split(&**account.connected.inbound.as_ref().unwrap())
            .unwrap();
        assert_eq!(events.len(), 1);
    }
    assert!(
        held.iter().all(|held| *held > 0),
        "Stripe posts them all: {held:?}"
    );
    let from = account.runtime.clock.now() - std::time::Duration::from_mins(1);
    let read = account
        .connected
        .reports
        .as_ref()
        .unwrap()
        .events_since(from, None)
        .await;
    let pictures: Vec<_> = read
        .unwrap()
        .events
        .into_iter()
        .filter_map(|event| match event.object {
            Some(EventObject::Setup(picture)) => Some(picture),
            _ => None,
        })
        .collect();
    assert_eq!(pictures[0].status, SetupStatus::RequiresAction);
    assert!(pictures.iter().all(|picture| picture.action.is_none()));
}
