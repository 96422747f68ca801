//! Invoices under anything that may happen to them, in any order: the books agree after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::areas::payments::{Filter, Purpose};
use portcullis_ports::payments::Handed;

/// What happens.
#[derive(Debug, Clone)]
enum Act {
    Issue(i64, bool),
    Pay(usize),
    PayBalance(i64),
    Succeed(usize),
    Fail(usize),
    CancelPayment(usize),
    Refund(usize, i64),
    RefundFails(usize),
    Void(usize),
    GiveUp(usize),
    Adjust(AdjustmentKind, i64),
    /// The answer of the next commit is lost, or it fails at this call.
    StoreFails(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let at = 0_usize..6;
    prop_oneof![
        4 => (prop_oneof![3 => -3_000_i64..9_000, 1 => 1_i64..50], any::<bool>()).prop_map(|(minor, tax)| Act::Issue(minor, tax)),
        5 => at.clone().prop_map(Act::Pay),
        2 => (50_i64..6_000).prop_map(Act::PayBalance),
        6 => at.clone().prop_map(Act::Succeed),
        1 => at.clone().prop_map(Act::Fail),
        2 => at.clone().prop_map(Act::CancelPayment),
        4 => (at.clone(), 1_i64..5_000).prop_map(|(at, minor)| Act::Refund(at, minor)),
        1 => at.clone().prop_map(Act::RefundFails),
        1 => at.clone().prop_map(Act::Void),
        1 => at.prop_map(Act::GiveUp),
        1 => (prop_oneof![Just(AdjustmentKind::Credit), Just(AdjustmentKind::Charge)], 1_i64..4_000)
            .prop_map(|(kind, minor)| Act::Adjust(kind, minor)),
        1 => (0_usize..20).prop_map(Act::StoreFails),
    ]
}

/// One of them, whatever the number.
fn nth<T>(all: Vec<T>, at: usize) -> Option<T> {
    let count = all.len().max(1);
    all.into_iter().nth(at % count)
}

struct Machine {
    shop: Shop,
    steps: usize,
}

impl Machine {
    async fn payments(&self) -> Vec<PaymentView> {
        let subject = self.shop.ada.subject();
        let filter = Filter::default();
        let list = self.shop.payments().list(subject, &filter, 200, None);
        list.await.unwrap().items
    }

    async fn invoices(&self) -> Vec<InvoiceView> {
        let subject = self.shop.ada.subject();
        let command = ListInvoices::default();
        let list = self.shop.invoices().list(subject, &command, true);
        list.await.unwrap().invoices
    }

    async fn payment(&self, at: usize) -> Option<PaymentView> {
        nth(self.payments().await, at)
    }

    async fn invoice(&self, at: usize) -> Option<InvoiceView> {
        nth(self.invoices().await, at)
    }

    /// Whatever is refused is refused: only the books count.
    async fn act(&mut self, act: &Act) {
        self.steps += 1;
        let (shop, name) = (&self.shop, format!("step-{}", self.steps));
        let subject = shop.ada.subject().clone();
        match act {
            Act::Issue(minor, tax) => {
                let order = if *tax {
                    taxed(shop, *minor)
                } else {
                    order(shop, *minor)
                };
                let command = WriteInvoice { order, issue: true };
                drop(shop.invoices().write(&shop.operator, &key(&name), &command).await);
            }
            Act::Pay(at) => {
                if let Some(invoice) = self.invoice(*at).await {
                    drop(shop.begin_paying(&name, &invoice).await);
                }
            }
            Act::PayBalance(minor) => {
                let command = balance_payment(Some(usd(*minor)));
                drop(
                    shop.payments()
                        .create(&shop.ada, &key(&name), &command, &home())
                        .await,
                );
            }
            Act::Succeed(at) | Act::Fail(at) => {
                let Some(payment) = self.payment(*at).await.filter(|one| one.reference.is_some()) else {
                    return;
                };
                let theirs = reference(&payment);
                if matches!(act, Act::Fail(_)) {
                    shop.vendor.fail(&theirs);
                } else if !shop.vendor.pay(&theirs) {
                    shop.vendor.succeed_late(&theirs);
                }
                let handed = Handed::default();
                drop(
                    shop.payments()
                        .complete(&shop.ada, &payment.id, &handed, &home())
                        .await,
                );
            }
            Act::CancelPayment(at) => {
                if let Some(payment) = self.payment(*at).await {
                    drop(shop.payments().cancel(&shop.ada, &payment.id, &home()).await);
                }
            }
            Act::Refund(at, minor) => {
                if let Some(payment) = self.payment(*at).await {
                    // More than is left becomes all that is left.
                    let left = shop.get(&payment).await.refundable.minor;
                    let command = RefundPayment {
                        amount: (*minor < left).then(|| usd(*minor)),
                        reason: RefundReason::Requested,
                    };
                    let refunded = shop
                        .payments()
                        .refund(&shop.operator, &key(&name), &payment.id, &command, &home())
                        .await;
                    drop(refunded);
                }
            }
            Act::RefundFails(at) => {
                let refunds = shop.vendor.payments().into_iter().flat_map(|one| one.refunds);
                if let Some(refund) = nth(refunds.collect(), *at) {
                    shop.vendor.fail_refund(&refund.theirs);
                }
            }
            Act::Void(at) | Act::GiveUp(at) => {
                if let Some(invoice) = self.invoice(*at).await {
                    let id = &invoice.invoice_id;
                    let ended = if matches!(act, Act::Void(_)) {
                        shop.invoices().void(&shop.operator, &subject, id, &why()).await
                    } else {
                        shop.invoices()
                            .give_up(&shop.operator, &subject, id, &why())
                            .await
                    };
                    drop(ended);
                }
            }
            Act::Adjust(kind, minor) => shop.adjust(&name, *kind, usd(*minor)).await,
            Act::StoreFails(after) => {
                if after % 2 == 0 {
                    shop.world.store.commit_then_fail_next();
                } else {
                    shop.world.store.fail_next(*after);
                }
                let command = WriteInvoice {
                    order: taxed(shop, 777),
                    issue: true,
                };
                drop(shop.invoices().write(&shop.operator, &key(&name), &command).await);
                shop.world.store.fail_next(0);
            }
        }
    }

    /// All is looked at until nothing is news, and what stands on the balance pays what is open.
    async fn rest(&self) {
        let shop = &self.shop;
        let look = async || {
            for payment in self.payments().await {
                shop.world.wait(120);
                drop(
                    shop.payments()
                        .complete(&shop.ada, &payment.id, &Handed::default(), &home())
                        .await,
                );
            }
        };
        look().await;
        for invoice in self.invoices().await {
            let name = format!("rest-{}", invoice.invoice_id);
            if let Ok(begun) = shop.begin_paying(&name, &invoice).await {
                drop(shop.payments().cancel(&shop.ada, &begun.id, &home()).await);
            }
        }
        look().await;
    }

    /// What came to be, so that it is known that it was tried.
    async fn seen(&self) -> BTreeSet<&'static str> {
        let mut seen = BTreeSet::new();
        for invoice in self.invoices().await {
            seen.insert(invoice.state.as_str());
            let figures = [
                ("carried", invoice.carried),
                ("rolled over", invoice.rolled_over),
                ("paid from the balance", invoice.paid_from_balance),
                ("paid by payments", invoice.paid_by_payments),
                ("refunded", invoice.refunded),
            ];
            seen.extend(
                figures
                    .into_iter()
                    .filter(|(_, minor)| *minor > 0)
                    .map(|(name, _)| name),
            );
        }
        seen
    }

    async fn check(&self) {
        let (invoices, payments) = (self.invoices().await, self.payments().await);
        let mut due = 0;
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for invoice in &invoices {
            let nets: i64 = invoice.lines.iter().map(|line| line.net).sum();
            let taxes: i64 = invoice.taxes.iter().map(|tax| tax.tax).sum();
            assert_eq!(nets + taxes, invoice.total, "{invoice:#?}");
            assert!(
                invoice.due >= 0 && invoice.paid_by_payments >= 0 && invoice.paid_from_balance >= 0,
                "{invoice:#?}"
            );
            assert_eq!(
                invoice.due > 0,
                invoice.state == InvoiceState::Open,
                "{invoice:#?}"
            );
            due += invoice.due;
            *numbers.entry(invoice.number.clone().unwrap()).or_default() += 1;
            let of_it = payments.iter().filter(|payment| {
                payment.purpose
                    == Purpose::Invoice {
                        invoice: invoice.invoice_id.clone(),
                    }
            });
            let open: Vec<_> = of_it.filter(|one| !one.status.is_final() && !one.late).collect();
            let collecting = invoice.collecting.iter().collect::<Vec<_>>();
            let open_ids: Vec<_> = open
                .iter()
                .map(|one| &one.id)
                .filter(|id| Some(*id) == invoice.collecting.as_ref())
                .collect();
            assert_eq!(open_ids, collecting, "what collects it is open: {invoice:#?}");
        }
        let expected: BTreeMap<String, usize> = (1..=invoices.len())
            .map(|number| (format!("INV-{number:06}"), 1))
            .collect();
        assert_eq!(numbers, expected, "no number is left out or given twice");
        let balances = self
            .shop
            .world
            .app
            .ledger
            .balances(self.shop.ada.subject())
            .await
            .unwrap();
        if let Some(balance) = balances.first() {
            let collecting: i64 = invoices
                .iter()
                .filter(|one| one.collecting.is_some())
                .map(|one| one.due)
                .sum();
            let pending = i64::try_from(balance.credits_pending).unwrap();
            assert!(
                pending >= collecting.min(balance.owed),
                "what is collected is held"
            );
            let asked = due - collecting;
            assert!(
                asked <= balance.owed.max(0),
                "{asked} is asked for, and {} owed",
                balance.owed
            );
        }
        self.shop.ledger_holds().await;
    }
}

#[test]
fn the_books_agree_whatever_happens() {
    let config = Config {
        cases: 48,
        ..Config::default()
    };
    let acts = proptest::collection::vec(act(), 1..40);
    let seen = Mutex::new(BTreeSet::new());
    let ran = TestRunner::new(config).run(&acts, |acts| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut machine = Machine {
                shop: shop().await,
                steps: 0,
            };
            for act in &acts {
                Box::pin(machine.act(act)).await;
            }
            machine.rest().await;
            machine.check().await;
            let came = machine.seen().await;
            seen.lock().unwrap().extend(came);
        });
        Ok(())
    });
    ran.unwrap();
    let seen = seen.into_inner().unwrap();
    for wanted in [
        "open",
        "paid",
        "void",
        "uncollectible",
        "rolled over",
        "paid from the balance",
        "paid by payments",
        "refunded",
    ] {
        assert!(seen.contains(wanted), "{wanted} never came to be: {seen:?}");
    }
}
