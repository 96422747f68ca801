//! Workers that die, answers that are lost, nodes that look at once: one debt is collected once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{join, join_all, pending};
use portcullis_ports::payments::{
    Charge, ChargeOutcome, ConnectedPayments, PaymentProvider, PaymentResolution, RefundOrder, RefundOutcome,
    Sought, Terms,
};
use portcullis_ports::testkit::payments::{Behaviour, FakePayments, PaymentFault};

use super::{DAY, on, saver, settle_in};
use crate::areas::autopay::AutopayResult;
use crate::foundation::testing::Node;
use crate::scenarios::payments::{Shop, shop_in, usd};
use crate::testing::world_connected;

/// A vendor whose answers to charges may never come.
struct Silent {
    vendor: Arc<FakePayments>,
    mute: AtomicBool,
    /// Whether the vendor acts before it falls silent.
    acts: bool,
}

#[async_trait]
impl PaymentProvider for Silent {
    fn terms(&self) -> &Terms {
        self.vendor.terms()
    }

    async fn charge(&self, order: &Charge) -> ChargeOutcome {
        let silent = self.mute.load(Ordering::SeqCst);
        if silent && !self.acts {
            return pending().await;
        }
        let answer = self.vendor.charge(order).await;
        if silent { pending().await } else { answer }
    }

    async fn find(&self, sought: &Sought) -> PaymentResolution {
        self.vendor.find(sought).await
    }

    async fn refund(&self, order: &RefundOrder) -> RefundOutcome {
        self.vendor.refund(order).await
    }
}

/// Nodes of one deployment, all with the same customer.
async fn nodes(count: u64, acts: bool) -> (Vec<Shop>, Arc<Silent>) {
    let Node { clock, memory, .. } = Node::default();
    let vendor = FakePayments::new(clock.clone());
    let silent = Arc::new(Silent {
        vendor: vendor.clone(),
        mute: AtomicBool::new(false),
        acts,
    });
    let mut shops: Vec<Shop> = Vec::new();
    for seed in 1..=count {
        let node = Node {
            shared: true,
            seed,
            ..Node::over(memory.clone(), clock.clone())
        };
        let connected = ConnectedPayments {
            payments: Arc::clone(&silent) as Arc<_>,
            ..vendor.connected()
        };
        let world = Box::pin(world_connected(
            &node,
            crate::settings::Settings::default(),
            connected,
        ))
        .await;
        shops.push(match shops.first() {
            None => shop_in(world, vendor.clone()).await,
            Some(first) => Shop {
                world,
                vendor: vendor.clone(),
                ada: first.ada.clone(),
                operator: first.operator.clone(),
            },
        });
    }
    settle_in(&shops[0], Behaviour::Succeeds).await;
    (shops, silent)
}

#[tokio::test]
async fn a_worker_that_dies_in_the_call_is_followed_by_no_second_payment() {
    for acts in [true, false] {
        let (shops, silent) = nodes(2, acts).await;
        let [first, second] = &shops[..] else { panic!() };
        first.set(&on()).await;
        first.charge(usd(5_000)).await;
        silent.mute.store(true, Ordering::SeqCst);
        assert!(
            first.collect().now_or_never().is_none(),
            "its worker dies in the call"
        );
        silent.mute.store(false, Ordering::SeqCst);
        second.collect().await;
        for _ in 0..20 {
            second.world.wait(600);
            second.watch().await;
            second.collect().await;
        }
        // What never arrived is tried again as what was refused for now.
        second.world.wait(2 * DAY);
        second.collect().await;
        assert_eq!(
            (second.taken(), second.balance().await.owed),
            (5_000, 0),
            "{acts}"
        );
        assert_eq!(second.result().await, Some(AutopayResult::Succeeded));
        let taken = second.vendor.payments().into_iter();
        assert_eq!(taken.filter(|payment| payment.captured.minor > 0).count(), 1);
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_not_charged_again() {
    for fault in [
        PaymentFault::AnswerLost,
        PaymentFault::ActsThenFails,
        PaymentFault::RequestLost,
    ] {
        let shop = saver(Behaviour::Succeeds).await;
        shop.set(&on()).await;
        shop.charge(usd(5_000)).await;
        shop.vendor.will(fault);
        shop.collect().await;
        assert!(shop.rule().await.open_payment_id.is_some(), "{fault:?}");
        shop.world.wait(5);
        shop.collect().await;
        for _ in 0..60 {
            shop.world.wait(600);
            shop.watch().await;
            shop.collect().await;
        }
        shop.world.wait(2 * DAY);
        shop.collect().await;
        assert_eq!((shop.taken(), shop.balance().await.owed), (5_000, 0), "{fault:?}");
    }
}

#[tokio::test]
async fn nodes_that_look_at_once_make_one_payment() {
    let (shops, _) = nodes(3, true).await;
    shops[0].set(&on()).await;
    for round in 1..=5 {
        shops[0].charge(usd(1_000)).await;
        let looks = shops.iter().flat_map(|shop| (0..3).map(|_| shop.look()));
        join_all(looks).await;
        for shop in &shops {
            shop.world.wait(120);
            shop.collect().await;
        }
        assert_eq!(shops[0].vendor.payments().len(), round);
        assert_eq!(shops[0].taken(), 1_000 * i64::try_from(round).unwrap());
    }
}

#[tokio::test]
async fn a_debit_at_the_moment_in_which_it_is_turned_on_is_collected() {
    let (shops, _) = nodes(2, true).await;
    let [one, other] = &shops[..] else { panic!() };
    let off = crate::areas::autopay::SetAutopay {
        enabled: false,
        ..on()
    };
    for round in 1..=20 {
        one.set(&off).await;
        let command = on();
        join(one.set(&command), other.charge(usd(100))).await;
        one.collect().await;
        assert_eq!(one.taken(), 100 * round);
    }
}

impl Shop {
    /// A look at the rule, whoever has the task.
    async fn look(&self) {
        let currency = usd(1).get().currency;
        let looked = self
            .world
            .app
            .autopay
            .look_now(self.ada.subject(), currency)
            .await;
        // Whoever lost the race is told so, and looks again later.
        if let Err(error) = looked {
            assert_eq!(error.code().name(), "store-conflict");
        }
    }
}
