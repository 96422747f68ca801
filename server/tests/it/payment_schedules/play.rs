//! A schedule that is being played: at one node, or at two that share their store and their vendor.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use portcullis_core::inbox::EventState;
use portcullis_core::payment_methods::{BeginSetup, CompleteSetup};
use portcullis_core::payments::{
    CaptureMode, CreatePayment, Filter, PayWith, PaymentView, Purpose, RefundPayment, Status,
};
use portcullis_ports::Clock as _;
use portcullis_ports::id::PaymentId;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::payments::{DisputeKind, Handed, PaymentEvent, RefundReason, VendorRef};
use portcullis_ports::testkit::payments::{FakePayments, PaymentFault};

use super::acts::Act;
use super::interposed::{Interposed, Interruptions};
use super::posted::Posted;
use super::shop::{Node, Shop, home, key, purchase, usd};
use super::stores::Place;

/// What was asked for under a key, and the payment that it was answered with.
struct Asked {
    command: CreatePayment,
    payment: Option<PaymentId>,
}

pub(super) struct Play {
    place: Place,
    posted: Arc<Posted>,
    pub(super) shops: Vec<Shop>,
    pub(super) vendor: Arc<FakePayments>,
    interruptions: Arc<Interruptions>,
    asked: Mutex<Vec<Asked>>,
    /// Everything that the vendor posted so far.
    events: Mutex<Vec<PaymentEvent>>,
    /// Where payments stood when they were last looked at.
    stood: Mutex<BTreeMap<PaymentId, Status>>,
    /// Whether a fault of the store waits for whoever comes next.
    trapped: Mutex<bool>,
    pub(super) seen: Mutex<BTreeSet<&'static str>>,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn nth<T>(list: &[T], at: usize) -> Option<&T> {
    list.get(at % list.len().max(1))
}

/// A card that Ada keeps.
async fn keep_a_card(shop: &Shop, vendor: &FakePayments) {
    let methods = &shop.node.app.payment_methods;
    let begun = methods
        .begin_setup(&shop.ada, &key("card"), &BeginSetup::default())
        .await
        .unwrap();
    let secret = begun.next_action.and_then(|action| action.client_secret).unwrap();
    let theirs = VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap();
    vendor.enter_card(&theirs).unwrap();
    let done = methods
        .complete_setup(&shop.ada, &begun.setup_id, &CompleteSetup::default())
        .await;
    assert!(done.unwrap().payment_method_id.is_some());
    shop.node.wait(2);
}

impl Play {
    pub(super) async fn begin(place: Place, nodes: usize) -> Arc<Self> {
        let vendor = FakePayments::new(place.clock.clone());
        let posted = Arc::new(Posted::default());
        let interruptions = Arc::new(Interruptions::default());
        let mut shops: Vec<Shop> = Vec::new();
        for at in 0..nodes {
            let interposed = Interposed {
                vendor: vendor.clone(),
                interruptions: interruptions.clone(),
                posted: posted.clone(),
                node: at,
            };
            let node = Node::open(&place, at, interposed.connected()).await;
            shops.push(match shops.first() {
                None => {
                    let shop = Box::pin(Shop::open(node)).await;
                    keep_a_card(&shop, &vendor).await;
                    shop
                }
                Some(first) => Shop {
                    node,
                    ada: first.ada.clone(),
                    operator: first.operator.clone(),
                },
            });
        }
        let play = Arc::new(Self {
            place,
            posted,
            shops,
            vendor,
            interruptions: interruptions.clone(),
            asked: Mutex::default(),
            events: Mutex::default(),
            stood: Mutex::default(),
            trapped: Mutex::default(),
            seen: Mutex::default(),
        });
        interruptions.of(&play);
        play
    }

    pub(super) fn shop(&self, node: usize) -> &Shop {
        &self.shops[node % self.shops.len()]
    }

    /// The payments of Ada, newest first; nothing if the store does not say.
    pub(super) async fn mine(&self, node: usize) -> Vec<PaymentView> {
        let shop = self.shop(node);
        let list = shop
            .payments()
            .list(shop.ada.subject(), &Filter::default(), 200, None)
            .await;
        list.map(|list| list.items).unwrap_or_default()
    }

    async fn ask(&self, node: usize, number: usize) {
        let command = locked(&self.asked).get(number).map(|asked| asked.command.clone());
        let Some(command) = command else {
            return;
        };
        let (shop, name) = (self.shop(node), key(&format!("key-{number}")));
        if let Ok(told) = shop.payments().create(&shop.ada, &name, &command, &home()).await {
            let mut asked = locked(&self.asked);
            let known = asked[number].payment.get_or_insert(told.id.clone());
            assert_eq!(*known, told.id, "one key is one payment");
            if command.with == PayWith::Stored(None) && told.captured.minor > 0 {
                locked(&self.seen).insert("a stored card");
            }
        }
    }

    fn command(balance: bool, stored: bool, later: bool, amount: Amount) -> CreatePayment {
        let purchase = purchase(amount);
        CreatePayment {
            purpose: if balance {
                Purpose::Balance
            } else {
                purchase.purpose.clone()
            },
            amount: Some(amount).filter(|_| !balance),
            with: if stored {
                PayWith::Stored(None)
            } else {
                purchase.with.clone()
            },
            capture: if later {
                CaptureMode::Later
            } else {
                CaptureMode::Now
            },
            ..purchase
        }
    }

    /// Begins a payment under a key of its own, and gives its number.
    async fn begin_one(&self, node: usize, command: CreatePayment) -> usize {
        let number = {
            let mut asked = locked(&self.asked);
            asked.push(Asked {
                command,
                payment: None,
            });
            asked.len() - 1
        };
        self.ask(node, number).await;
        number
    }

    /// The vendor's name of what was asked for, if it got there.
    fn theirs_of(&self, number: usize) -> Option<VendorRef> {
        let payment = locked(&self.asked)[number].payment.clone()?;
        let all = self.vendor.payments();
        let found = all
            .into_iter()
            .find(|one| one.ours.as_ref().is_some_and(|ours| ours.payment == payment));
        found?.theirs
    }

    fn theirs(&self, at: usize) -> Option<VendorRef> {
        nth(&self.vendor.payments(), at).and_then(|payment| payment.theirs.clone())
    }

    /// Lets something happen at a node.
    pub(super) fn act(self: &Arc<Self>, node: usize, act: Act) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            *locked(&self.trapped) = matches!(act, Act::Store(_));
            match act {
                Act::Meanwhile(before, act) => self.interruptions.add(before, *act),
                Act::Events(every, newest) => self.events_arrive(node, every, newest).await,
                Act::Contested { balance, won, again } => {
                    self.is_contested(node, balance, (won, again)).await;
                }
                Act::Held(minor) => self.is_held(node, minor).await,
                Act::Late => self.comes_late(node).await,
                other => self.plainly(node, other).await,
            }
        })
    }

    pub(super) fn interrupted(&self) {
        locked(&self.seen).insert("something in the middle of a call");
    }

    async fn events_arrive(&self, node: usize, every: usize, newest: bool) {
        let mut chosen: Vec<PaymentEvent> = {
            let mut events = locked(&self.events);
            events.extend(self.vendor.take_events());
            let late = events.len().saturating_sub(30);
            events[late..].iter().step_by(every).cloned().collect()
        };
        if newest {
            chosen.reverse();
        }
        for event in &chosen {
            let now = self.place.clock.now();
            drop(self.posted.deliver(event, self.shop(node), now).await);
        }
    }

    async fn is_contested(&self, node: usize, balance: bool, (won, again): (bool, bool)) {
        if balance {
            self.shop(node).try_charge(usd(900)).await;
        }
        let command = Self::command(balance, false, false, usd(2_500));
        let number = self.begin_one(node, command).await;
        let Some(theirs) = self.theirs_of(number) else {
            return;
        };
        self.vendor.pay(&theirs);
        if let Some(dispute) = self.vendor.dispute(&theirs, DisputeKind::Chargeback) {
            self.events_arrive(node, 1, false).await;
            self.vendor.decide_dispute(&dispute, won);
            if again {
                self.events_arrive(node, 1, true).await;
                self.vendor.decide_dispute(&dispute, !won);
            }
        }
    }

    async fn is_held(&self, node: usize, minor: i64) {
        let number = self
            .begin_one(node, Self::command(false, true, true, usd(3_000)))
            .await;
        let payment = locked(&self.asked)[number].payment.clone();
        if let Some(payment) = payment {
            let shop = self.shop(node + 1);
            let part = Some(usd(minor));
            drop(
                shop.payments()
                    .capture(&shop.operator, &payment, part, &home())
                    .await,
            );
        }
    }

    /// The vendor acts after it was proven that the order never arrived, and its payer pays.
    async fn comes_late(&self, node: usize) {
        let shop = self.shop(node);
        self.vendor.heal();
        self.vendor.will(PaymentFault::ActsLate(Duration::from_secs(200)));
        let number = self
            .begin_one(node, Self::command(false, false, false, usd(1_700)))
            .await;
        shop.node.wait(130);
        drop(shop.node.app.tasks.drain("payments-watch").await);
        shop.node.wait(80);
        if let Some(theirs) = self.theirs_of(number) {
            self.vendor.pay(&theirs);
            self.events_arrive(node + 1, 1, false).await;
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each thing that happens")]
    async fn plainly(&self, node: usize, act: Act) {
        let (vendor, shop) = (&self.vendor, self.shop(node));
        let payments = shop.payments();
        match act {
            Act::Owe(minor) => shop.try_charge(usd(minor)).await,
            Act::Begin {
                balance,
                stored,
                later,
                euros,
                minor,
            } => {
                let currency = if euros && !balance { "EUR" } else { "USD" };
                let money = Money::new(minor, Currency::parse(currency).unwrap());
                let command = Self::command(balance, stored, later, Amount::new(money).unwrap());
                self.begin_one(node, command).await;
            }
            Act::Repeat(at) => {
                let count = locked(&self.asked).len();
                self.ask(node, at % count.max(1)).await;
            }
            Act::Complete(at) => {
                if let Some(payment) = nth(&self.mine(node).await, at) {
                    let handed = Handed::default();
                    drop(payments.complete(&shop.ada, &payment.id, &handed, &home()).await);
                }
            }
            Act::Cancel(at) => {
                if let Some(payment) = nth(&self.mine(node).await, at) {
                    drop(payments.cancel(&shop.ada, &payment.id, &home()).await);
                }
            }
            Act::Capture(at, minor) => {
                if let Some(payment) = nth(&self.mine(node).await, at) {
                    let money = Money::new(minor, payment.amount.currency);
                    let amount = Some(Amount::new(money).unwrap());
                    drop(
                        payments
                            .capture(&shop.operator, &payment.id, amount, &home())
                            .await,
                    );
                }
            }
            Act::Void(at) => {
                if let Some(payment) = nth(&self.mine(node).await, at) {
                    drop(payments.void(&shop.operator, &payment.id, &home()).await);
                }
            }
            Act::Refund(at, minor) => self.refund(node, at, minor).await,
            Act::Pays(at) => {
                self.theirs(at).map(|theirs| vendor.pay(&theirs));
            }
            Act::Fails(at) => {
                self.theirs(at).map(|theirs| vendor.fail(&theirs));
            }
            Act::SucceedsLate(at) => {
                self.theirs(at).map(|theirs| vendor.succeed_late(&theirs));
            }
            Act::RefundFails(at) => {
                let all = vendor.payments();
                let refunds: Vec<_> = all.iter().flat_map(|payment| &payment.refunds).collect();
                nth(&refunds, at).map(|refund| vendor.fail_refund(&refund.theirs));
            }
            Act::RefundAtVendor(at, minor) => {
                if let Some(payment) = nth(&vendor.payments(), at) {
                    let money = Money::new(minor, payment.amount.currency);
                    payment
                        .theirs
                        .as_ref()
                        .map(|theirs| vendor.refund_at_vendor(theirs, money));
                }
            }
            Act::Disputes(at, inquiry) => {
                let kind = if inquiry {
                    DisputeKind::Inquiry
                } else {
                    DisputeKind::Chargeback
                };
                self.theirs(at).map(|theirs| vendor.dispute(&theirs, kind));
            }
            Act::Decides(at, won) => {
                let all = vendor.payments();
                let disputes: Vec<_> = all.iter().flat_map(|payment| &payment.disputes).collect();
                nth(&disputes, at).map(|dispute| vendor.decide_dispute(&dispute.theirs, won));
            }
            Act::Vendor(fault) => vendor.will(match fault % 6 {
                0 => PaymentFault::Refused,
                1 => PaymentFault::RequestLost,
                2 => PaymentFault::AnswerLost,
                3 => PaymentFault::ActsThenFails,
                4 => PaymentFault::Busy(Duration::from_secs(20)),
                _ => PaymentFault::ActsLate(Duration::from_secs(35)),
            }),
            Act::Store(true) => shop.node.store.commit_then_fail_next(),
            Act::Store(false) => shop.node.store.fail_next(1),
            Act::Wait(seconds) => shop.node.wait(seconds.into()),
            Act::Watch => drop(shop.node.app.tasks.drain("payments-watch").await),
            Act::Meanwhile(..) | Act::Events(..) | Act::Contested { .. } | Act::Held(_) | Act::Late => {
                unreachable!("it is no plain act: {act:?}")
            }
        }
    }

    async fn refund(&self, node: usize, at: usize, minor: i64) {
        let shop = self.shop(node);
        let mine = self.mine(node).await;
        let Some(payment) = nth(&mine, at) else {
            return;
        };
        let Ok(before) = shop.payments().get(shop.ada.subject(), &payment.id).await else {
            return;
        };
        let command = RefundPayment {
            amount: Some(Amount::new(Money::new(minor, payment.amount.currency)).unwrap()),
            reason: RefundReason::Requested,
        };
        let name = key(&format!("refund-{minor}-{at}"));
        let refunded = shop
            .payments()
            .refund(&shop.operator, &name, &payment.id, &command, &home())
            .await;
        let Ok(refunded) = refunded else {
            return;
        };
        // What was captured since, nobody knew; what was asked for before is no new promise.
        let known = before.refunds.iter().any(|one| one.id == refunded.refund.id);
        let same = refunded.payment.captured == before.captured;
        assert!(
            known || !same || refunded.refund.amount.minor <= before.refundable.minor,
            "no more is promised than is left: {before:#?} {refunded:#?}"
        );
    }

    /// What holds at every moment: success is kept, nothing goes back to where nobody was asked yet, and one payment at
    /// most collects a debt.
    pub(super) async fn keeps_its_word(&self) {
        if *locked(&self.trapped) {
            return;
        }
        let mine = self.mine(0).await;
        let mut stood = locked(&self.stood);
        let mut collecting = 0;
        for payment in mine {
            let before = stood.insert(payment.id.clone(), payment.status);
            if let Some(before) = before {
                let back = payment.status == Status::Sending && before != Status::Sending;
                assert!(
                    !back && (before != Status::Succeeded || payment.status == before),
                    "from {before:?}: {payment:#?}"
                );
            }
            let collects = payment.purpose == Purpose::Balance && !payment.late;
            collecting += usize::from(collects && !payment.status.is_final());
        }
        assert!(collecting < 2, "two collect one debt");
    }

    /// Nothing more goes wrong, everything that was posted arrives, some of it twice, and time passes until nobody has
    /// anything left to look at.
    pub(super) async fn quiet(&self) {
        self.interruptions.end();
        self.vendor.heal();
        for round in 0..60_u64 {
            self.shop(0).node.wait(if round < 20 { 120 } else { 40_000 });
            for shop in &self.shops {
                shop.watch().await;
            }
        }
        let events: Vec<PaymentEvent> = {
            let mut events = locked(&self.events);
            events.extend(self.vendor.take_events());
            events.clone()
        };
        for (at, event) in events.iter().rev().chain(events.iter().step_by(3)).enumerate() {
            let now = self.place.clock.now();
            let id = self.posted.deliver(event, self.shop(at), now).await.unwrap();
            let kept = self.shop(at).node.app.inbox.event("payments", "main", &id).await;
            let state = kept.unwrap().state;
            assert!(
                !matches!(state, EventState::Stored | EventState::Dead),
                "{event:?} is {state:?}"
            );
        }
        for shop in &self.shops {
            shop.watch().await;
        }
    }
}
