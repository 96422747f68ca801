//! What operators read of a payment: everything that happened to it, in its order, and whose doing it was.

use portcullis_ports::payments::RefundReason;
use portcullis_ports::testkit::payments::PaymentFault;

use super::*;
use crate::areas::ledger::EntryKind;

async fn timeline(shop: &Shop, payment: &PaymentView) -> Vec<TimelineItem> {
    let timeline = shop.payments().timeline(&payment.id).await.unwrap();
    assert!(timeline.complete);
    timeline.items
}

fn kinds(items: &[TimelineItem]) -> Vec<TimelineKind> {
    items.iter().map(|item| item.kind).collect()
}

#[tokio::test]
async fn it_tells_of_calls_answers_states_and_postings_in_the_order_in_which_they_happened() {
    use TimelineKind::{Answer, Begun, Call, Posting, Status as State};
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(1_999))).await;
    let items = timeline(&shop, &paid).await;
    let told = kinds(&items);
    assert_eq!(told[..5], [Begun, Call, Answer, State, State], "{told:?}");
    assert!(told[5..].iter().all(|kind| *kind == Posting), "{told:?}");
    assert_eq!((items[0].minor, items[0].by.as_str()), (Some(1_999), "client"));
    assert_eq!(
        (items[1].step, items[1].call, items[1].again),
        (Some(CallStep::Charge), Some(1), Some(false))
    );
    assert_eq!(items[2].outcome, Some(CallOutcome::Answered));
    assert_eq!(items[2].sent_at_ms, Some(items[1].at_ms));
    assert_eq!(
        (items[3].from, items[3].status),
        (Some(Status::Sending), Some(Status::RequiresAction))
    );
    assert_eq!(items[4].status, Some(Status::Succeeded));
    let posted: Vec<_> = items[5..].iter().map(|item| item.entry_kind).collect();
    assert!(posted.contains(&Some(EntryKind::Sale)) && posted.contains(&Some(EntryKind::Capture)));
    assert!(items[5..].iter().all(|item| !item.postings.is_empty()));
    let commits: Vec<u32> = items.iter().map(|item| item.commit).collect();
    assert!(commits.is_sorted() && commits.first() == Some(&1), "{commits:?}");
}

#[tokio::test]
async fn a_lost_call_is_told_as_unknown_and_again_when_it_is_resent() {
    let shop = shop().await;
    shop.vendor.will(PaymentFault::AnswerLost);
    let lost = shop.begin("one", &purchase(usd(700))).await;
    assert_eq!(lost.status, Status::Unknown);
    let items = timeline(&shop, &lost).await;
    let unknown = items
        .iter()
        .find(|item| item.kind == TimelineKind::Answer)
        .unwrap();
    assert_eq!(unknown.outcome, Some(CallOutcome::Unknown));
    shop.vendor.heal();
    shop.world.wait(600);
    shop.watch().await;
    let items = timeline(&shop, &lost).await;
    let mut answers = items.iter();
    let newest = answers.rfind(|item| item.kind == TimelineKind::Answer).unwrap();
    assert_eq!(
        (newest.call, newest.outcome),
        (Some(1), Some(CallOutcome::Answered))
    );
    let found = items
        .iter()
        .rfind(|item| item.kind == TimelineKind::Status)
        .unwrap();
    assert_eq!(
        (found.from, found.by.as_str()),
        (Some(Status::Unknown), "payments")
    );
}

#[tokio::test]
async fn what_an_operator_decides_stands_before_what_follows_from_it() {
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(700))).await;
    let command = RefundPayment {
        amount: Some(usd(200)),
        reason: RefundReason::Requested,
    };
    let refund = shop
        .payments()
        .refund(&shop.operator, &key("r"), &paid.id, &command, &home())
        .await
        .unwrap();
    let items = timeline(&shop, &paid).await;
    let at = items
        .iter()
        .position(|item| item.kind == TimelineKind::Decision)
        .unwrap();
    assert_eq!(items[at].operator.as_ref(), Some(shop.operator.subject()));
    assert_eq!(items[at].decision.as_deref(), Some("payment_refund_begun"));
    let behind = &items[at + 1..];
    let call = behind
        .iter()
        .find(|item| item.kind == TimelineKind::Call)
        .unwrap();
    assert_eq!(
        (call.step, call.refund_id.as_ref(), call.minor),
        (Some(CallStep::Refund), Some(&refund.refund.id), Some(200))
    );
    let state = behind
        .iter()
        .rfind(|item| item.kind == TimelineKind::Refund)
        .unwrap();
    assert_eq!(state.refund_state, Some(RefundState::Succeeded));
    let posted: Vec<_> = behind.iter().filter_map(|item| item.entry_kind).collect();
    assert_eq!(posted, [EntryKind::Refund, EntryKind::SaleReversed]);
}

#[tokio::test]
async fn the_timeline_of_a_payment_that_nobody_knows_is_not_found() {
    let shop = shop().await;
    let unknown = portcullis_ports::id::PaymentId::parse("pay_00000000000000000000000000").unwrap();
    let refused = shop.payments().timeline(&unknown).await.unwrap_err();
    assert_eq!(refused.code(), PAYMENT_NOT_FOUND);
}
