//! Webhooks: from where, to which path, of whose account, in which form, and what is kept of them.

use portcullis_ports::Kind;
use portcullis_ports::payments::{EventOrigin, EventTopic, NextAction};
use portcullis_ports::simulation::Posted;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_ccbill::simulator::{self, DeliveryFault, Token, WEBHOOK_TOKEN};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::account::{Account, done, money, pending};

async fn posted(account: &Account) -> Posted {
    done(account.charge(&account.stored(Token::GOOD)).await);
    account.vendor.deliver().remove(0)
}

#[tokio::test]
async fn no_password_and_nothing_of_the_member_is_kept_in_either_form() {
    let account = Account::new().await;
    for forms in [false, true] {
        if forms {
            account.vendor.posts_forms();
        }
        let posted = posted(&account).await;
        let raw = String::from_utf8(posted.body.clone()).unwrap();
        let kept = account.verified(&posted).await.unwrap();
        let body = String::from_utf8(kept.body().to_vec()).unwrap();
        for (name, value) in [
            ("password", "member-password"),
            ("username", "ada"),
            ("email", "example.com"),
            ("firstName", "Ada"),
            ("paymentAccount", "693a3b8d"),
            ("expDate", "expDate"),
        ] {
            assert!(raw.contains(name) && raw.contains(value), "it was sent: {name}");
            assert!(
                !body.contains(name) && (value == "ada" || !body.contains(value)),
                "{name}: {body}"
            );
        }
        let event = account.event(&posted).await;
        assert_eq!(
            (event.name.as_str(), event.origin),
            ("UpSaleSuccess", EventOrigin::Own)
        );
        assert!(event.attempt.is_some() && event.payment.is_some());
    }
}

#[tokio::test]
async fn repeats_have_the_same_id_and_other_events_another() {
    let account = Account::new().await;
    account.vendor.will_deliver(DeliveryFault::Duplicate);
    done(account.charge(&account.stored(Token::GOOD)).await);
    done(account.charge(&account.stored(Token::GOOD)).await);
    let all = account.vendor.deliver();
    let mut ids = Vec::new();
    for posted in &all {
        ids.push(account.event(posted).await.id);
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

#[tokio::test]
async fn another_subaccount_is_set_aside_and_a_wrong_digest_is_refused() {
    let account = Account::new().await;
    account.vendor.will_deliver(DeliveryFault::OtherSubaccount);
    let event = account.event(&posted(&account).await).await;
    assert_eq!(event.origin, EventOrigin::ForeignAccount);
    account.vendor.will_deliver(DeliveryFault::UnknownType);
    let event = account.event(&posted(&account).await).await;
    assert_eq!(event.topic, EventTopic::Other("SculptureUnveiled".to_owned()));

    let order = account.page();
    let Some(NextAction::Form { url }) = pending(account.charge(&order).await).action else {
        panic!("no page");
    };
    for (fault, refused) in [(Some(DeliveryFault::WrongDigest), true), (None, false)] {
        if let Some(fault) = fault {
            account.vendor.will_deliver(fault);
        }
        account.pays(&url, "4242424242424242");
        let answer = account.verified(&account.vendor.deliver().remove(0)).await;
        assert_eq!(
            answer.as_ref().err().map(portcullis_ports::Error::kind),
            refused.then_some(Kind::Unauthenticated)
        );
    }
}

#[tokio::test]
async fn the_vendors_digests_of_sales_and_denials_are_right() {
    let vectors: Value = serde_json::from_str(include_str!("data/form_digest.json")).unwrap();
    let account = Account::new().await;
    let mut seen = 0;
    for case in vectors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["kind"] == "response")
    {
        for right in [true, false] {
            let digest = case["digest"].as_str().unwrap();
            let digest = if right {
                digest.to_owned()
            } else {
                digest.replace('2', "3")
            };
            let mut body = json!({
                "clientAccnum": "901234", "clientSubacc": "0007", "transactionId": "1",
                "dynamicPricingValidationDigest": digest,
            });
            for name in ["subscriptionId", "denialId"] {
                if case[name].is_string() {
                    body[name] = case[name].clone();
                }
            }
            let posted = Posted {
                url: Some(format!("/{WEBHOOK_TOKEN}?eventType=NewSaleSuccess")),
                headers: Vec::new(),
                body: body.to_string().into_bytes(),
            };
            assert_eq!(account.verified(&posted).await.is_ok(), right, "{case}");
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
}

#[tokio::test]
async fn each_kind_is_about_what_it_says() {
    let account = Account::new().await;
    let made = done(account.charge(&account.stored(Token::GOOD)).await);
    let payment = made.theirs.clone().unwrap();
    assert!(
        account
            .vendor
            .does(Deed::RefundsThere(&payment, money(100, "USD")))
    );
    assert!(account.vendor.does(Deed::Disputes(
        &payment,
        portcullis_ports::payments::DisputeKind::Chargeback
    )));
    let mut topics = Vec::new();
    for posted in account.vendor.deliver() {
        let event = account.event(&posted).await;
        assert_eq!(event.payment.as_ref(), Some(&payment), "{}", event.name);
        topics.push(event.topic);
    }
    assert_eq!(
        topics,
        [EventTopic::Payment, EventTopic::Refund, EventTopic::Dispute]
    );
}

#[tokio::test]
async fn the_former_token_works_while_it_is_changed() {
    let mut settings = simulator::settings();
    settings["webhook_token"] = json!("another-token-of-24-letters");
    let account = Account::with(settings.clone()).await;
    let posted = posted(&account).await;
    assert_eq!(
        account.verified(&posted).await.unwrap_err().kind(),
        Kind::Unauthenticated
    );
    settings["previous_webhook_token"] = json!(WEBHOOK_TOKEN);
    let both = Account::with(settings).await;
    both.verified(&posted).await.unwrap();
}

proptest! {
    #[test]
    fn any_body_is_taken_apart_or_refused_and_never_more_is_kept(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let account = Account::new().await;
            let posted = Posted {
                url: Some(format!("/{WEBHOOK_TOKEN}?eventType=Refund")),
                headers: Vec::new(),
                body,
            };
            if let Ok(kept) = account.verified(&posted).await {
                let inbound = &**account.connected.inbound.as_ref().unwrap();
                if let Err(error) = kept.split(inbound) {
                    assert_eq!(error.kind(), Kind::Invalid);
                }
            }
        });
    }
}
