//! A vendor in the middle of whose calls something else happens, at another node.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use portcullis_ports::payments::{
    Approval, CaptureOrder, Charge, ChargeOutcome, ConnectedPayments, Holds, PaymentProvider,
    PaymentResolution, RefundOrder, RefundOutcome, Return, Sought, Terms, VoidOrder, Withdrawal,
};
use portcullis_ports::testkit::payments::FakePayments;

use super::acts::Act;
use super::play::Play;
use super::posted::Posted;

/// What is to happen in the calls to come: before the vendor acts, or after.
#[derive(Default)]
pub(super) struct Interruptions {
    queue: Mutex<VecDeque<(bool, Act)>>,
    /// Whether one is under way: no second one happens in the middle of it.
    busy: AtomicBool,
    play: Mutex<Weak<Play>>,
}

impl Interruptions {
    pub(super) fn of(&self, play: &Arc<Play>) {
        *self.play.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(play);
    }

    pub(super) fn add(&self, before: bool, act: Act) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push_back((before, act));
    }

    /// Nothing more happens in the middle of a call.
    pub(super) fn end(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn next(&self, before: bool) -> Option<Act> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        (queue.front()?.0 == before)
            .then(|| queue.pop_front())?
            .map(|(_, act)| act)
    }
}

/// Ends an interruption, also one whose caller does not wait any longer.
struct Freed<'a>(&'a AtomicBool);

impl Drop for Freed<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// The vendor as one node reaches it.
pub(super) struct Interposed {
    pub(super) vendor: Arc<FakePayments>,
    pub(super) interruptions: Arc<Interruptions>,
    pub(super) posted: Arc<Posted>,
    /// The node that asks.
    pub(super) node: usize,
}

impl Interposed {
    pub(super) fn connected(self) -> ConnectedPayments {
        let plain = self.vendor.connected();
        let this = Arc::new(self);
        ConnectedPayments {
            payments: Arc::clone(&this) as Arc<_>,
            holds: Some(Arc::clone(&this) as Arc<_>),
            approval: Some(Arc::clone(&this) as Arc<_>),
            inbound: Some(Arc::clone(&this.posted) as Arc<_>),
            ..plain
        }
    }

    async fn around<T: Send>(&self, call: impl Future<Output = T> + Send) -> T {
        self.interrupted(true).await;
        let answer = call.await;
        self.interrupted(false).await;
        answer
    }

    async fn interrupted(&self, before: bool) {
        let busy = &self.interruptions.busy;
        if busy.load(Ordering::SeqCst) {
            return;
        }
        let Some(act) = self.interruptions.next(before) else {
            return;
        };
        busy.store(true, Ordering::SeqCst);
        let _freed = Freed(busy);
        let play = self
            .interruptions
            .play
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade();
        if let Some(play) = play {
            play.interrupted();
            play.act(self.node + 1, act).await;
        }
    }
}

#[async_trait]
impl PaymentProvider for Interposed {
    fn terms(&self) -> &Terms {
        self.vendor.terms()
    }

    async fn charge(&self, order: &Charge) -> ChargeOutcome {
        self.around(self.vendor.charge(order)).await
    }

    async fn find(&self, sought: &Sought) -> PaymentResolution {
        self.around(self.vendor.find(sought)).await
    }

    async fn refund(&self, order: &RefundOrder) -> RefundOutcome {
        self.around(self.vendor.refund(order)).await
    }
}

#[async_trait]
impl Holds for Interposed {
    async fn capture(&self, order: &CaptureOrder) -> ChargeOutcome {
        self.around(self.vendor.capture(order)).await
    }

    async fn void(&self, order: &VoidOrder) -> ChargeOutcome {
        self.around(self.vendor.void(order)).await
    }
}

#[async_trait]
impl Approval for Interposed {
    async fn complete(&self, back: &Return) -> ChargeOutcome {
        self.around(Approval::complete(&*self.vendor, back)).await
    }

    async fn withdraw(&self, withdrawal: &Withdrawal) -> ChargeOutcome {
        self.around(self.vendor.withdraw(withdrawal)).await
    }
}
