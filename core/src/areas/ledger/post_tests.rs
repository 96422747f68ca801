//! Posting: what every transaction does to a balance, holds and their ends, and many who post at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use portcullis_ports::Clock as _;
use portcullis_ports::id::PaymentId;
use portcullis_ports::money::{AMOUNT_OVERFLOW, Amount, Money};

use super::testing::{captured, dollars, held, ledger, ledger_on, main, payment, reason, sold, subject, usd};
use super::*;
use crate::foundation::table::Batch;
use crate::foundation::testing::Node;

/// The postings of a transaction in words.
fn words(postings: &[Posting]) -> Vec<String> {
    let word = |posting: &Posting| format!("{} / {} {}", posting.debit(), posting.credit(), posting.minor());
    postings.iter().map(word).collect()
}

#[test]
fn every_transaction_moves_the_accounts_of_the_design() {
    let (main, cents) = (main(), dollars(100));
    let taxed = Sale::taxed(dollars(100), dollars(19)).unwrap();
    let customer = |transaction: Transaction| words(transaction.postings());
    let house = |transaction: HouseTransaction| words(transaction.postings());
    let sale = ["customer / revenue 100", "customer / tax 19"];
    assert_eq!(customer(Transaction::sale(&taxed, payment())), sale);
    assert_eq!(customer(Transaction::sale_restored(&taxed, payment())), sale);
    assert_eq!(
        customer(Transaction::sale_reversed(&taxed, payment())),
        ["revenue / customer 100", "tax / customer 19"]
    );
    let comes_in = ["processor/main / customer 100"];
    let goes_out = ["customer / processor/main 100"];
    assert_eq!(customer(Transaction::hold(&main, cents, payment())), comes_in);
    assert_eq!(customer(Transaction::capture(&main, cents, payment())), comes_in);
    assert_eq!(customer(Transaction::refund(&main, cents, payment())), goes_out);
    assert_eq!(
        customer(Transaction::refund_failed(&main, cents, payment())),
        comes_in
    );
    assert_eq!(
        customer(Transaction::dispute_withdrawn(&main, cents, payment())),
        goes_out
    );
    assert_eq!(
        customer(Transaction::dispute_reinstated(&main, cents, payment())),
        comes_in
    );
    assert_eq!(
        customer(Transaction::write_off(cents, payment(), reason())),
        ["write_off / customer 100"]
    );
    assert_eq!(
        customer(Transaction::credit(cents, payment(), reason())),
        ["goodwill / customer 100"]
    );
    assert_eq!(
        customer(Transaction::debit(cents, payment(), reason())),
        ["customer / goodwill 100"]
    );
    assert_eq!(
        customer(Transaction::adopted(&main, cents, payment(), reason())),
        ["suspense/main / customer 100"]
    );
    assert_eq!(
        house(HouseTransaction::fee(&main, cents, payment())),
        ["fees/main / processor/main 100"]
    );
    assert_eq!(
        house(HouseTransaction::fee_returned(&main, cents, payment())),
        ["processor/main / fees/main 100"]
    );
    assert_eq!(
        house(HouseTransaction::unmatched(&main, cents, payment())),
        ["processor/main / suspense/main 100"]
    );
    assert_eq!(
        house(HouseTransaction::unmatched_returned(&main, cents, payment())),
        ["suspense/main / processor/main 100"]
    );
    assert_eq!(
        house(HouseTransaction::payout(&main, cents, payment())),
        ["bank / processor/main 100"]
    );
    assert_eq!(
        house(HouseTransaction::payout_returned(&main, cents, payment())),
        ["processor/main / bank 100"]
    );
}

#[test]
fn a_sale_has_one_currency() {
    let yen = Amount::new(Money::new(1, "JPY".parse().unwrap())).unwrap();
    assert!(Sale::taxed(dollars(1), yen).is_err());
}

#[tokio::test]
async fn a_purchase_leaves_a_debt_as_it_is() {
    let bed = ledger().await;
    let ada = subject("ada");
    bed.post_one(&ada, sold(500)).await;
    bed.post(&ada, &[sold(300), captured(300)]).await.unwrap();
    let balance = bed.ledger.balance(&ada, usd()).await.unwrap();
    assert_eq!(
        (balance.payable, balance.debits_posted, balance.credits_posted),
        (500, 800, 300)
    );
}

#[tokio::test]
async fn transactions_of_one_commit_follow_each_other() {
    let bed = ledger().await;
    let ada = subject("ada");
    let posted = bed.post(&ada, &[sold(100), held(100), sold(5)]).await.unwrap();
    let numbers: Vec<u64> = posted.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    // The end of the hold, and a new one, in one commit as well.
    let posted = bed
        .post(&ada, &[captured(90).settling(2), held(15)])
        .await
        .unwrap();
    assert_eq!(posted[1].number, 5);
    let balance = bed.ledger.balance(&ada, usd()).await.unwrap();
    assert_eq!(
        (
            balance.owed,
            balance.credits_pending,
            balance.payable,
            balance.entries
        ),
        (15, 15, 0, 5)
    );
    let verified = bed.ledgers().verify(&ada, usd()).await.unwrap().unwrap();
    assert_eq!(verified.entries, 5);
}

#[tokio::test]
async fn currencies_are_accounts_of_their_own_in_one_commit() {
    let bed = ledger().await;
    let ada = subject("ada");
    let yen = "JPY".parse().unwrap();
    let sale = Sale::untaxed(Amount::new(Money::new(700, yen)).unwrap());
    bed.post(&ada, &[sold(100), Transaction::sale(&sale, payment())])
        .await
        .unwrap();
    let balances = bed.ledger.balances(&ada).await.unwrap();
    let owed: Vec<_> = balances.iter().map(|one| (one.currency, one.owed)).collect();
    assert_eq!(owed, [(yen, 700), (usd(), 100)]);
    assert_eq!(bed.ledger.balances(&subject("bob")).await.unwrap(), []);
}

#[tokio::test]
async fn a_pending_entry_ends_once() {
    let bed = ledger().await;
    let ada = subject("ada");
    bed.post_one(&ada, sold(100)).await;
    let hold = bed.post_one(&ada, held(60)).await.number;
    bed.post_one(&ada, Transaction::void(usd(), hold, payment()))
        .await;
    let balance = bed.ledger.balance(&ada, usd()).await.unwrap();
    assert_eq!((balance.credits_pending, balance.payable), (0, 100));
    let again = bed.post(&ada, &[captured(60).settling(hold)]).await.unwrap_err();
    assert_eq!(again.code(), PENDING_ENTRY_ENDED);
    // A sale was never pending, and the account of another currency has no such entry.
    let sale = bed.post(&ada, &[captured(60).settling(1)]).await.unwrap_err();
    assert_eq!(sale.code(), PENDING_ENTRY_ENDED);
    // Of two ends that meet one counts.
    let hold = bed.post_one(&ada, held(60)).await.number;
    let (capture, capture_again) = ([captured(60).settling(hold)], [captured(60).settling(hold)]);
    let ends = join_all([bed.post(&ada, &capture), bed.post(&ada, &capture_again)]).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
    assert_eq!(bed.ledger.balance(&ada, usd()).await.unwrap().owed, 40);
}

#[tokio::test]
async fn pending_debits_are_settled_like_holds() {
    let bed = ledger().await;
    let ada = subject("ada");
    let usage = bed.post_one(&ada, sold(100).pending()).await.number;
    let balance = bed.ledger.balance(&ada, usd()).await.unwrap();
    assert_eq!((balance.debits_pending, balance.payable), (100, 0));
    assert_eq!(
        bed.ledger.house_totals().await.unwrap(),
        [],
        "nothing is earned yet"
    );
    bed.post_one(&ada, sold(80).settling(usage)).await;
    let balance = bed.ledger.balance(&ada, usd()).await.unwrap();
    assert_eq!((balance.debits_pending, balance.payable), (0, 80));
}

#[tokio::test]
async fn no_more_is_held_than_is_payable_unless_that_is_meant() {
    let bed = ledger().await;
    let (ada, context) = (subject("ada"), &bed.base.context);
    bed.post_one(&ada, sold(100)).await;
    let hold = async |minor, limit| {
        let mut batch = Batch::default();
        let (main, amount) = (main(), dollars(minor));
        bed.ledger
            .hold(&mut batch, &ada, (&main, amount), limit, payment())
            .await?;
        context.commit(batch).await
    };
    let over = hold(101, HoldLimit::Payable).await.unwrap_err();
    assert_eq!(over.code(), HOLD_EXCEEDS_PAYABLE);
    hold(70, HoldLimit::Payable).await.unwrap();
    let over = hold(31, HoldLimit::Payable).await.unwrap_err();
    assert_eq!(over.code(), HOLD_EXCEEDS_PAYABLE);
    hold(30, HoldLimit::Payable).await.unwrap();
    hold(50, HoldLimit::None).await.unwrap();
    assert_eq!(
        bed.ledger.balance(&ada, usd()).await.unwrap().credits_pending,
        150
    );
}

#[tokio::test]
async fn a_balance_is_collected_by_one_payment() {
    let bed = ledger().await;
    let (ada, context) = (subject("ada"), &bed.base.context);
    let begin = async |payment: &PaymentId| {
        let mut batch = Batch::default();
        bed.ledger
            .begin_collection(&mut batch, &ada, usd(), payment)
            .await?;
        context.commit(batch).await
    };
    let end = async |payment: &PaymentId| {
        let mut batch = Batch::default();
        let ended = bed.ledger.end_collection(&mut batch, &ada, usd(), payment);
        ended.await.unwrap();
        context.commit(batch).await.unwrap();
    };
    let [one, other] =
        ["1", "2"].map(|last| PaymentId::parse(&format!("pay_01h2xcejqtf2nbrexx3vqjhp4{last}")).unwrap());
    begin(&one).await.unwrap();
    begin(&one).await.unwrap();
    assert_eq!(begin(&other).await.unwrap_err().code(), COLLECTING);
    end(&other).await;
    assert_eq!(begin(&other).await.unwrap_err().code(), COLLECTING);
    let balance = bed.ledger.balance(&ada, usd()).await.unwrap();
    assert_eq!(balance.collecting.as_ref(), Some(&one));
    // It outlasts what is posted meanwhile.
    bed.post_one(&ada, sold(5)).await;
    assert_eq!(begin(&other).await.unwrap_err().code(), COLLECTING);
    end(&one).await;
    begin(&other).await.unwrap();
}

#[tokio::test]
async fn so_much_may_be_pending_and_no_more() {
    let bed = ledger().await;
    let ada = subject("ada");
    for _ in 0..MAX_PENDING {
        bed.post_one(&ada, held(1)).await;
    }
    let over = bed.post(&ada, &[held(1)]).await.unwrap_err();
    assert_eq!(over.code(), TOO_MANY_PENDING);
    bed.post(&ada, &[captured(1).settling(7), held(1)]).await.unwrap();
}

#[tokio::test]
async fn what_does_not_fit_changes_nothing() {
    let bed = ledger().await;
    let ada = subject("ada");
    bed.post_one(&ada, sold(i64::MAX)).await;
    let over = bed.post(&ada, &[held(1), sold(1)]).await.unwrap_err();
    assert_eq!(over.code(), AMOUNT_OVERFLOW);
    let balance = bed.ledger.balance(&ada, usd()).await.unwrap();
    assert_eq!((balance.owed, balance.entries), (i64::MAX, 1));
}

#[tokio::test]
async fn entries_never_go_back_in_time() {
    let bed = ledger().await;
    let ada = subject("ada");
    bed.post_one(&ada, sold(1)).await;
    let first = bed.base.clock.now();
    bed.base.clock.set_back(Duration::from_hours(2));
    bed.post_one(&ada, sold(1)).await;
    let page = bed.ledger.entries(&ada, &ListEntries::all(usd())).await.unwrap();
    assert_eq!(page.entries[0].at, first.seconds());
    bed.ledgers().verify(&ada, usd()).await.unwrap().unwrap();
}

/// 64 tasks on two nodes, each posting to the same customer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_on_one_customer_lose_nothing() {
    let Node { clock, memory, .. } = Node::default();
    let mut beds = Vec::new();
    for seed in [1, 2] {
        let node = Node {
            shared: true,
            seed,
            ..Node::over(memory.clone(), clock.clone())
        };
        beds.push(Arc::new(ledger_on(node).await));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..64_usize {
        let bed = Arc::clone(&beds[usize::from(writer >= 60)]);
        tasks.spawn(async move {
            let ada = subject("ada");
            for _ in 0..4 {
                bed.post(&ada, &[sold(3), captured(1)]).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let ledgers = beds[0].ledgers();
    let verified = ledgers.verify(&subject("ada"), usd()).await.unwrap().unwrap();
    assert_eq!((verified.entries, verified.figures.owed()), (512, 512));
    let summary = ledgers
        .verify_all(None, &mut |found| panic!("{found:?}"))
        .await
        .unwrap();
    assert_eq!(summary.findings, 0);
}

#[tokio::test]
async fn collisions_with_other_nodes_are_tried_again() {
    let (node, observed) = Node::observed();
    let bed = ledger_on(node).await;
    let ada = subject("ada");
    bed.post_one(&ada, sold(1)).await;
    observed.collisions.store(20, Ordering::SeqCst);
    bed.post_one(&ada, sold(1)).await;
    assert_eq!(bed.ledger.balance(&ada, usd()).await.unwrap().owed, 2);
}

#[tokio::test]
async fn a_charge_accepted_and_settled_writes_little() {
    let (node, observed) = Node::observed();
    let bed = ledger_on(node).await;
    let ada = subject("ada");
    bed.post(&ada, &[sold(9), captured(9)]).await.unwrap();
    observed.work();
    let hold = bed.post_one(&ada, held(9)).await.number;
    let work = observed.work();
    assert_eq!(
        (work.gets, work.commits, work.writes),
        (1, 1, 2),
        "entry and balance"
    );
    bed.post_one(&ada, captured(9).settling(hold)).await;
    let work = observed.work();
    assert_eq!((work.gets, work.commits, work.writes), (1, 1, 3), "and a line");
    assert_eq!(work.queries, 0);
}
