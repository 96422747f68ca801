//! Invoices beside payments and the ledger: owed once, paid once, numbered without a gap.

mod balance;
mod drafts;
mod lists;
mod machine;
mod numbers;

use portcullis_ports::money::{Amount, Currency};
use portcullis_ports::payments::{RefundReason, VendorRef};
use portcullis_ports::testkit::payments::{FakePayments, PaymentFault};

use super::payments::{Shop, balance_payment, key, reference, shop_in, usd};
use crate::areas::invoices::*;
use crate::areas::ledger::{COLLECTING, HOLD_EXCEEDS_PAYABLE, Reason};
use crate::areas::operators::{AdjustCustomer, AdjustmentKind};
use crate::areas::payments::{
    Decision, PayWith, Payer, PaymentView, RefundPayment, RefundState, Settings as Billing, Status,
};
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;
use crate::foundation::taxes::{Percent, TaxRate};
use crate::foundation::testing::{Node, home};
use crate::settings::Settings;
use crate::testing::world_paying_on;

pub(super) fn settings() -> Settings {
    let rate = TaxRate {
        name: "VAT".to_owned(),
        percent: Percent::parse("20").unwrap(),
        inclusive: false,
    };
    Settings {
        billing: Billing {
            taxes: [(TaxCode::parse("standard").unwrap(), rate)].into(),
            ..Billing::default()
        },
        ..Settings::default()
    }
}

pub(super) async fn shop() -> Shop {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    let world = Box::pin(world_paying_on(&node, settings(), &vendor)).await;
    shop_in(world, vendor).await
}

/// One line without tax.
pub(super) fn order(shop: &Shop, minor: i64) -> InvoiceOrder {
    InvoiceOrder {
        subject: shop.ada.subject().clone(),
        currency: Currency::parse("USD").unwrap(),
        lines: vec![OrderLine {
            text: LineText::parse("Plum kettle").unwrap(),
            quantity: 1,
            unit_price: minor,
            tax: None,
            rate: None,
        }],
        origin: InvoiceOrigin::Operator {
            operator: shop.operator.subject().clone(),
        },
        due_at: None,
    }
}

pub(super) fn taxed(shop: &Shop, minor: i64) -> InvoiceOrder {
    let mut order = order(shop, minor);
    order.lines[0].tax = Some(TaxCode::parse("standard").unwrap());
    order
}

pub(super) fn in_browser() -> PayInvoice {
    PayInvoice {
        vendor: None,
        with: PayWith::Fresh { save: false },
    }
}

pub(super) fn why() -> Reason {
    Reason::parse("It was written in error").unwrap()
}

impl Shop {
    pub(super) fn invoices(&self) -> &Invoices {
        &self.world.app.invoices
    }

    pub(super) async fn issue(&self, name: &str, order: InvoiceOrder) -> InvoiceView {
        let command = WriteInvoice { order, issue: true };
        self.invoices()
            .write(&self.operator, &key(name), &command)
            .await
            .unwrap()
    }

    pub(super) async fn invoice(&self, invoice: &InvoiceView) -> InvoiceView {
        self.invoices()
            .get(self.ada.subject(), &invoice.invoice_id)
            .await
            .unwrap()
    }

    pub(super) async fn begin_paying(
        &self,
        name: &str,
        invoice: &InvoiceView,
    ) -> portcullis_ports::Result<PaymentView> {
        self.begin_paying_by(&self.ada, name, invoice).await
    }

    pub(super) async fn begin_paying_by(
        &self,
        who: &SignedIn,
        name: &str,
        invoice: &InvoiceView,
    ) -> portcullis_ports::Result<PaymentView> {
        self.invoices()
            .pay(who, &key(name), &invoice.invoice_id, &in_browser(), &home())
            .await
    }

    /// The invoice is paid by a payment of it.
    async fn pay_invoice(&self, name: &str, invoice: &InvoiceView) -> PaymentView {
        let begun = self.begin_paying(name, invoice).await.unwrap();
        assert!(self.vendor.pay(&reference(&begun)));
        self.complete(&begun).await
    }

    /// A payment of an invoice whose answer is lost, and that an operator gives up; and the vendor's name for it.
    async fn lost(&self, name: &str, invoice: &InvoiceView) -> (PaymentView, VendorRef) {
        self.vendor.will(PaymentFault::AnswerLost);
        self.vendor.refuse_lookups(true);
        let begun = self.begin_paying(name, invoice).await.unwrap();
        assert_eq!(begun.status, Status::Unknown);
        self.world.wait(60);
        // It is sent once more, under the same key.
        self.vendor.will(PaymentFault::AnswerLost);
        let decided = (Decision::NotSent, "The vendor knows nothing of it");
        let given_up = self
            .payments()
            .resolve(&self.operator, &begun.id, decided, &home())
            .await
            .unwrap();
        assert_eq!(given_up.status, Status::Failed);
        self.vendor.refuse_lookups(false);
        let theirs = self.vendor.payments().pop().unwrap().theirs.unwrap();
        (given_up, theirs)
    }

    pub(super) async fn adjust(&self, name: &str, kind: AdjustmentKind, amount: Amount) {
        let command = AdjustCustomer {
            kind,
            amount,
            reason: Reason::parse("Two days without service").unwrap(),
        };
        let operators = &self.world.app.operators;
        operators
            .adjust(&self.operator, &key(name), self.ada.subject(), &command)
            .await
            .unwrap();
    }

    /// Every account adds up, and every chain holds.
    pub(super) async fn ledger_holds(&self) {
        let ledgers = self.world.app.ledgers(self.world.store.clone());
        let mut findings = Vec::new();
        let told = &mut |finding: &crate::areas::ledger::Finding| findings.push(format!("{finding:?}"));
        ledgers.verify_all(None, told).await.unwrap();
        assert!(findings.is_empty(), "{findings:#?}");
    }

    /// What the house has of an account.
    pub(super) async fn house(&self, account: &str) -> i64 {
        let totals = self.world.app.ledger.house_totals().await.unwrap();
        let of_account = totals.iter().filter(|total| total.account.to_string() == account);
        of_account.map(|total| total.moved.net()).sum()
    }
}

#[tokio::test]
async fn an_invoice_is_owed_with_its_tax_and_paid_by_one_payment() {
    let shop = shop().await;
    let issued = shop.issue("one", taxed(&shop, 10_000)).await;
    assert_eq!(
        (issued.state, issued.number.as_deref(), issued.total, issued.due),
        (InvoiceState::Open, Some("INV-000001"), 12_000, 12_000)
    );
    assert_eq!(shop.balance().await.owed, 12_000);
    assert_eq!(
        (shop.house("revenue").await, shop.house("tax").await),
        (-10_000, -2_000)
    );
    let same = shop.issue("one", taxed(&shop, 10_000)).await;
    assert_eq!(same.invoice_id, issued.invoice_id, "one key is one invoice");

    let begun = shop.begin_paying("pay", &issued).await.unwrap();
    assert_eq!(
        (begun.status, begun.amount.minor),
        (Status::RequiresAction, 12_000)
    );
    assert_eq!(shop.invoice(&issued).await.collecting, Some(begun.id.clone()));
    let again = shop.begin_paying("pay", &issued).await.unwrap();
    assert_eq!(again.id, begun.id, "one key is one payment");
    let second = shop.begin_paying("other", &issued).await.unwrap_err();
    assert_eq!(second.code(), COLLECTING);
    assert!(shop.vendor.pay(&reference(&begun)));
    for _ in 0..2 {
        assert_eq!(shop.complete(&begun).await.status, Status::Succeeded);
        let paid = shop.invoice(&issued).await;
        assert_eq!(
            (paid.state, paid.paid_by_payments, paid.due, paid.collecting),
            (InvoiceState::Paid, 12_000, 0, None)
        );
    }
    assert_eq!(shop.balance().await.owed, 0);
    let late = shop.begin_paying("late", &issued).await.unwrap_err();
    assert_eq!(late.code(), INVOICE_STATE);
    let again = shop.begin_paying("pay", &issued).await.unwrap();
    assert_eq!((again.id, again.status), (begun.id, Status::Succeeded));
    shop.ledger_holds().await;
}

#[tokio::test]
async fn an_invoice_and_the_balance_never_collect_the_same_debt() {
    let shop = shop().await;
    let issued = shop.issue("one", order(&shop, 5_000)).await;
    let whole = shop.begin("balance", &balance_payment(None)).await;
    assert_eq!(whole.amount.minor, 5_000);
    let refused = shop.begin_paying("a", &issued).await.unwrap_err();
    assert_eq!(refused.code(), HOLD_EXCEEDS_PAYABLE);
    assert_eq!(shop.invoice(&issued).await.collecting, None, "nothing was begun");
    let payments = shop.payments();
    payments.cancel(&shop.ada, &whole.id, &home()).await.unwrap();

    let begun = shop.begin_paying("b", &issued).await.unwrap();
    let refused = payments
        .create(&shop.ada, &key("c"), &balance_payment(None), &home())
        .await;
    assert_eq!(refused.unwrap_err().code().name(), "nothing-due");
    payments.cancel(&shop.ada, &begun.id, &home()).await.unwrap();
    let free = shop.invoice(&issued).await;
    assert_eq!((free.state, free.collecting), (InvoiceState::Open, None));
    assert_eq!(shop.pay_invoice("d", &issued).await.status, Status::Succeeded);
    assert_eq!(shop.invoice(&issued).await.state, InvoiceState::Paid);
}

#[tokio::test]
async fn what_is_paid_on_the_balance_pays_other_debts_first_and_then_invoices_by_age() {
    let shop = shop().await;
    shop.charge(usd(1_000)).await;
    let first = shop.issue("one", order(&shop, 2_000)).await;
    let second = shop.issue("two", order(&shop, 3_000)).await;
    shop.paid("a", &balance_payment(Some(usd(1_500)))).await;
    let (one, two) = (shop.invoice(&first).await, shop.invoice(&second).await);
    assert_eq!((one.paid_from_balance, one.due, two.due), (500, 1_500, 3_000));
    shop.paid("b", &balance_payment(Some(usd(2_500)))).await;
    let (one, two) = (shop.invoice(&first).await, shop.invoice(&second).await);
    assert_eq!((one.state, two.due), (InvoiceState::Paid, 2_000));
    shop.adjust("gift", AdjustmentKind::Credit, usd(500)).await;
    assert_eq!(shop.invoice(&second).await.due, 1_500);
    let begun = shop.begin_paying("c", &second).await.unwrap();
    assert_eq!(begun.amount.minor, 1_500);
}

#[tokio::test]
async fn what_is_to_the_credit_pays_the_next_invoice() {
    let shop = shop().await;
    shop.adjust("gift", AdjustmentKind::Credit, usd(700)).await;
    let paid = shop.issue("one", order(&shop, 600)).await;
    assert_eq!((paid.state, paid.paid_from_balance), (InvoiceState::Paid, 600));
    let rest = shop.issue("two", order(&shop, 600)).await;
    assert_eq!(
        (rest.state, rest.paid_from_balance, rest.due),
        (InvoiceState::Open, 100, 500)
    );
    assert_eq!(shop.balance().await.owed, 500);
}

#[tokio::test]
async fn nothing_and_what_is_too_small_reach_no_vendor() {
    let shop = shop().await;
    let nothing = shop.issue("zero", order(&shop, 0)).await;
    assert_eq!((nothing.state, nothing.due), (InvoiceState::Paid, 0));
    assert_eq!(nothing.number.as_deref(), Some("INV-000001"));
    // The vendor takes 50 and more.
    let small = shop.issue("small", order(&shop, 30)).await;
    assert_eq!(
        (small.state, small.rolled_over, small.due),
        (InvoiceState::Paid, 30, 0)
    );
    assert_eq!(shop.balance().await.owed, 30, "it is owed all the same");
    let next = shop.issue("next", order(&shop, 100)).await;
    assert_eq!((next.carried, next.due), (30, 130));
    assert_eq!(shop.pay_invoice("pay", &next).await.amount.minor, 130);
    assert_eq!(shop.balance().await.owed, 0);
    let last = shop.issue("last", order(&shop, 100)).await;
    assert_eq!(last.carried, 0, "it is asked for once");
    assert_eq!(shop.vendor.payments().len(), 1);
}

#[tokio::test]
async fn what_is_too_small_for_the_vendor_that_collects_is_left_for_the_next_time() {
    let shop = shop().await;
    let issued = shop.issue("one", order(&shop, 1_000)).await;
    shop.adjust("gift", AdjustmentKind::Credit, usd(970)).await;
    let source = Source::internal("test");
    let payer = Payer::Present(&shop.ada);
    let collected = shop
        .invoices()
        .collect(payer, &key("try"), &issued.invoice_id, &in_browser(), &source)
        .await
        .unwrap();
    assert!(matches!(collected, Collected::Nothing), "{collected:?}");
    let paid = shop.invoice(&issued).await;
    assert_eq!(
        (paid.state, paid.rolled_over, paid.paid_from_balance),
        (InvoiceState::Paid, 30, 970)
    );
    assert!(shop.vendor.payments().is_empty());
    assert_eq!(shop.issue("two", order(&shop, 100)).await.carried, 30);
}

#[tokio::test]
async fn what_is_given_back_takes_the_sale_back_with_its_tax() {
    let shop = shop().await;
    let issued = shop.issue("one", taxed(&shop, 999)).await;
    let paid = shop.pay_invoice("pay", &issued).await;
    let give = async |name: &str, amount| {
        let command = RefundPayment {
            amount,
            reason: RefundReason::Requested,
        };
        let payments = shop.payments();
        payments
            .refund(&shop.operator, &key(name), &paid.id, &command, &home())
            .await
            .unwrap()
    };
    for (name, amount) in [("a", 1), ("b", 1), ("c", 5)] {
        assert_eq!(
            give(name, Some(usd(amount))).await.refund.state,
            RefundState::Succeeded
        );
    }
    assert_eq!(
        shop.balance().await.owed,
        0,
        "nothing is owed for what was given back"
    );
    let rest = give("rest", None).await.refund;
    let back = shop.invoice(&issued).await;
    assert_eq!((back.state, back.refunded), (InvoiceState::Paid, 1_199));
    assert_eq!((shop.house("revenue").await, shop.house("tax").await), (0, 0));
    // The bank sends the last one back: it is sold again.
    let last = shop.payments().show(&paid.id).await.unwrap();
    let last = last.refunds.iter().find(|one| one.id == rest.id).unwrap().clone();
    assert_eq!(last.amount.minor, 1_192);
    let there = shop.vendor.payments().remove(0).refunds.pop().unwrap();
    assert!(shop.vendor.fail_refund(&there.theirs));
    shop.complete(&paid).await;
    let again = shop.invoice(&issued).await;
    assert_eq!((again.refunded, shop.balance().await.owed), (7, 0));
    assert_eq!(shop.house("revenue").await + shop.house("tax").await, -1_192);
    shop.ledger_holds().await;
}

#[tokio::test]
async fn an_invoice_that_is_taken_back_is_not_owed_and_frees_what_was_paid() {
    let shop = shop().await;
    let draft = WriteInvoice {
        order: taxed(&shop, 1_000),
        issue: false,
    };
    let draft = shop
        .invoices()
        .write(&shop.operator, &key("draft"), &draft)
        .await
        .unwrap();
    assert_eq!(
        (draft.state, draft.number.as_deref()),
        (InvoiceState::Draft, None)
    );
    let subject = shop.ada.subject();
    let hidden = shop.invoices().get(subject, &draft.invoice_id).await.unwrap_err();
    assert_eq!(hidden.code(), INVOICE_NOT_FOUND);
    for _ in 0..2 {
        let issued = shop
            .invoices()
            .issue_draft(&shop.operator, subject, &draft.invoice_id)
            .await
            .unwrap();
        assert_eq!(issued.number.as_deref(), Some("INV-000001"));
    }
    let begun = shop.begin_paying("pay", &draft).await.unwrap();
    let busy = shop
        .invoices()
        .void(&shop.operator, subject, &draft.invoice_id, &why())
        .await
        .unwrap_err();
    assert_eq!(busy.code(), COLLECTING);
    shop.payments()
        .cancel(&shop.ada, &begun.id, &home())
        .await
        .unwrap();
    shop.paid("part", &balance_payment(Some(usd(200)))).await;
    for _ in 0..2 {
        let void = shop
            .invoices()
            .void(&shop.operator, subject, &draft.invoice_id, &why())
            .await
            .unwrap();
        assert_eq!((void.state, void.due), (InvoiceState::Void, 0));
    }
    assert_eq!(shop.balance().await.owed, -200);
    assert_eq!((shop.house("revenue").await, shop.house("tax").await), (0, 0));
    let next = shop.issue("next", order(&shop, 150)).await;
    assert_eq!(next.state, InvoiceState::Paid);
    shop.ledger_holds().await;
}

#[tokio::test]
async fn money_that_comes_for_what_was_given_up_pays_it() {
    let shop = shop().await;
    let issued = shop.issue("one", order(&shop, 1_000)).await;
    let (begun, theirs) = shop.lost("pay", &issued).await;
    let subject = shop.ada.subject();
    let given_up = shop
        .invoices()
        .give_up(&shop.operator, subject, &issued.invoice_id, &why())
        .await
        .unwrap();
    assert_eq!((given_up.state, given_up.due), (InvoiceState::Uncollectible, 0));
    assert_eq!(
        (shop.balance().await.owed, shop.house("write_off").await),
        (0, 1_000)
    );
    assert!(shop.vendor.pay(&theirs));
    assert!(shop.complete(&begun).await.late);
    let paid = shop.invoice(&issued).await;
    assert_eq!((paid.state, paid.paid_by_payments), (InvoiceState::Paid, 1_000));
    assert_eq!((shop.balance().await.owed, shop.house("write_off").await), (0, 0));
    shop.ledger_holds().await;
}

#[tokio::test]
async fn what_is_paid_twice_is_to_the_credit() {
    let shop = shop().await;
    let issued = shop.issue("one", order(&shop, 1_000)).await;
    let (first, theirs) = shop.lost("a", &issued).await;
    shop.pay_invoice("b", &issued).await;
    assert!(shop.vendor.pay(&theirs));
    assert!(shop.complete(&first).await.late);
    let paid = shop.invoice(&issued).await;
    assert_eq!((paid.state, paid.paid_by_payments), (InvoiceState::Paid, 1_000));
    assert_eq!(shop.balance().await.owed, -1_000);
    let next = shop.issue("two", order(&shop, 400)).await;
    assert_eq!(
        (next.state, shop.balance().await.owed),
        (InvoiceState::Paid, -600)
    );
}
