//! The port. Nothing is kept and nobody is asked: a picture is made of what the question says is known.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::money::Money;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::{
    Approval, AttemptId, Charge, ChargeOutcome, Instructions, KnownOrder, KnownRefund, NextAction,
    PaymentProvider, PaymentResolution, PaymentStatus, RefundOrder, RefundOutcome, RefundSnapshot,
    RefundStatus, Return, Snapshot, Sought, Source, Terms, VendorRef, Withdrawal,
};
use portcullis_ports::probe::Probe;
use portcullis_ports::{Clock, Result, Timestamp};

use crate::config::ManualPlan;
use crate::reference::creditor_reference;

/// Takes payments without a vendor.
pub(crate) struct Manual {
    plan: ManualPlan,
    clock: Arc<dyn Clock>,
}

impl Manual {
    pub(crate) fn new(plan: ManualPlan, clock: Arc<dyn Clock>) -> Self {
        Self { plan, clock }
    }

    /// A picture of a payment of which so much came.
    fn picture(&self, name: &VendorRef, amount: Money, came: Money, called_off: bool) -> Snapshot {
        let now = self.clock.now();
        let status = match came.minor {
            minor if minor >= amount.minor => PaymentStatus::Succeeded,
            _ if called_off => PaymentStatus::Canceled,
            _ => PaymentStatus::RequiresAction,
        };
        let ManualPlan {
            account_holder,
            iban,
            bic,
            text,
            ..
        } = &self.plan;
        let action = (status == PaymentStatus::RequiresAction).then(|| {
            NextAction::Instructions(Instructions {
                account_holder: account_holder.clone(),
                iban: iban.clone(),
                bic: bic.clone(),
                text: text.clone(),
                reference: name.to_string(),
            })
        });
        Snapshot {
            theirs: Some(name.clone()),
            ours: None,
            tag: None,
            customer: None,
            status,
            amount,
            capturable: Money::zero(amount.currency),
            captured: came,
            capture_before: None,
            action,
            refunds: Vec::new(),
            disputes: Vec::new(),
            complete: true,
            // Nobody keeps anything.
            fee: Some(Money::zero(amount.currency)),
            method: None,
            failure: None,
            created_at: now,
            at: now,
            live: self.plan.terms.live,
            account: None,
        }
    }

    fn find_known(&self, sought: &Sought, known: &KnownOrder) -> Option<Snapshot> {
        let (name, ours) = match &sought.reference {
            Reference::Theirs(name) => (VendorRef::parse(name).ok()?, None),
            Reference::Ours(ours) => {
                let ours: AttemptId = ours.parse().ok()?;
                (name_of(&ours)?, Some(ours))
            }
        };
        let picture = self.picture(&name, known.amount.get(), known.booked, known.called_off);
        let refunds = known.refunds.iter();
        let refunds: Option<Vec<_>> = refunds
            .map(|known| refund_of(known, sought, picture.at))
            .collect();
        Some(Snapshot {
            ours,
            created_at: sought.sent_at,
            refunds: refunds?,
            ..picture
        })
    }
}

/// What a payment is called where it is paid.
fn name_of(attempt: &AttemptId) -> Option<VendorRef> {
    VendorRef::parse(&creditor_reference(attempt.payment.as_str())).ok()
}

/// A refund of which an operator says whether it was paid out.
fn refund_of(known: &KnownRefund, sought: &Sought, at: Timestamp) -> Option<RefundSnapshot> {
    Some(RefundSnapshot {
        theirs: VendorRef::parse(known.id.as_str()).ok()?,
        ours: Some(known.id.clone()),
        payment: match &sought.reference {
            Reference::Theirs(name) => VendorRef::parse(name).ok(),
            Reference::Ours(_) => None,
        },
        status: if known.open {
            RefundStatus::Pending
        } else {
            RefundStatus::Succeeded
        },
        amount: known.amount.get(),
        failure: None,
        created_at: known.sent_at,
        at,
    })
}

fn unnamed() -> Reason {
    Reason::permanent("unnamed", "the payment has no name that a payer could write")
}

#[async_trait]
impl PaymentProvider for Manual {
    fn terms(&self) -> &Terms {
        &self.plan.terms
    }

    /// Nothing moves: the payer is told how to pay.
    async fn charge(&self, order: &Charge) -> ChargeOutcome {
        let amount = order.amount.get();
        if let Err(problem) = self.plan.terms.admits(amount) {
            let why = format!("{amount} is not taken: {problem}");
            return Outcome::NotSent(Reason::permanent("amount-not-taken", why));
        }
        if order.source != Source::Offline {
            let why = "no method is charged without a vendor: the payer is told how to pay";
            return Outcome::NotSent(Reason::permanent("not-offered", why));
        }
        let Some(name) = name_of(&order.id) else {
            return Outcome::NotSent(unnamed());
        };
        ChargeOutcome::of(Snapshot {
            ours: Some(order.id.clone()),
            tag: Some(order.tag.clone()),
            ..self.picture(&name, amount, Money::zero(amount.currency), false)
        })
    }

    async fn find(&self, sought: &Sought) -> PaymentResolution {
        let found = sought.known.as_ref();
        if let Some(picture) = found.and_then(|known| self.find_known(sought, known)) {
            return PaymentResolution::Found(ChargeOutcome::of(picture));
        }
        let why = "without a vendor nothing is known but what is told with the question";
        PaymentResolution::CannotTell(Reason::permanent("nothing-known", why))
    }

    /// An operator pays it out.
    async fn refund(&self, order: &RefundOrder) -> RefundOutcome {
        let now = self.clock.now();
        match VendorRef::parse(order.id.as_str()) {
            Ok(theirs) => RefundOutcome::of(RefundSnapshot {
                theirs,
                ours: Some(order.id.clone()),
                payment: Some(order.payment.clone()),
                status: RefundStatus::Pending,
                amount: order.amount.get(),
                failure: None,
                created_at: now,
                at: now,
            }),
            Err(_) => Outcome::NotSent(unnamed()),
        }
    }
}

#[async_trait]
impl Approval for Manual {
    /// A payer's word moves nothing here.
    async fn complete(&self, _: &Return) -> ChargeOutcome {
        let why = "what came is marked by an operator";
        Outcome::NotSent(Reason::permanent("waits-for-operator", why))
    }

    /// Nobody can be kept from paying: money that comes all the same comes late.
    async fn withdraw(&self, withdrawal: &Withdrawal) -> ChargeOutcome {
        let amount = withdrawal.amount.get();
        let Some(name) = name_of(&withdrawal.id) else {
            return Outcome::NotSent(unnamed());
        };
        ChargeOutcome::of(Snapshot {
            ours: Some(withdrawal.id.clone()),
            ..self.picture(&name, amount, Money::zero(amount.currency), true)
        })
    }
}

#[async_trait]
impl Probe for Manual {
    async fn check(&self) -> Result<String> {
        Ok("operators mark what comes: there is nobody to ask".to_owned())
    }
}
