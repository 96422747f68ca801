//! What a vendor tells by webhook.

use super::method::{MethodRef, MethodState, StoredMethod};
use super::names::{AttemptId, VendorRef};
use super::vault::Setup;
use crate::clock::Timestamp;
use crate::id::{RefundId, SetupId, SubscriptionId};
use crate::inbound::InboundEvent;

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventTopic {
    /// A payment.
    Payment,
    /// A refund.
    Refund,
    /// A dispute.
    Dispute,
    /// A stored method.
    Method,
    /// Storing a method.
    Setup,
    /// A subscription that the vendor collects, or money that it took for one.
    Subscription,
    /// Something that is not served here, in the vendor's word: kept and ignored.
    Other(String),
}

/// Whether an event belongs here at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventOrigin {
    /// Of our account, in our mode.
    Own,
    /// Of the same vendor's other mode: test money at a live instance, or real money at a test one.
    ForeignMode,
    /// Of another account.
    ForeignAccount,
}

/// The picture that an event carries. Of payments, refunds and disputes there is none: what can go back and forth is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventObject {
    /// Of storing a method. Holds no [`Setup::action`]: an event is kept, and an action may hold secrets of the payer.
    Setup(Box<Setup>),
    /// Of a stored method, and what became of it.
    Method {
        /// Which.
        reference: MethodRef,
        /// What became of it.
        state: MethodState,
        /// What is known of it now, where the event says it.
        method: Option<Box<StoredMethod>>,
    },
}

impl InboundEvent for PaymentEvent {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// One event of a vendor. Events repeat, and come in any order: an event wakes whoever looks, and its picture may be older
/// than what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEvent {
    /// The vendor's name for the event: the same when it is delivered again, another for every other event.
    pub id: String,
    /// When it happened, as the vendor says.
    pub at: Timestamp,
    /// The vendor's word for what happened, such as `charge.refunded`.
    pub name: String,
    /// What it is about.
    pub topic: EventTopic,
    /// Whether it belongs here.
    pub origin: EventOrigin,
    /// The vendor's name for the object it is about: the payment, refund, dispute, setup or method.
    pub theirs: Option<VendorRef>,
    /// The vendor's name for the payment that is concerned, whatever it is about.
    pub payment: Option<VendorRef>,
    /// Our name for that payment, as the vendor gave it back.
    pub attempt: Option<AttemptId>,
    /// Our name for the refund, as the vendor gave it back.
    pub refund: Option<RefundId>,
    /// Our name for the setup, as the vendor gave it back.
    pub setup: Option<SetupId>,
    /// The vendor's name for the subscription that is concerned, whatever it is about.
    pub subscription: Option<VendorRef>,
    /// Our name for that subscription, as the vendor gave it back.
    pub our_subscription: Option<SubscriptionId>,
    /// The picture that it carries; `None` where it has to be fetched: the event was written for another version of the
    /// vendor's interface, or carries only a part.
    pub object: Option<EventObject>,
}
