//! Charges by payment token, pages of FlexForms, refunds.

use std::net::IpAddr;

use async_trait::async_trait;
use portcullis_ports::Timestamp;
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::{
    AttemptId, BrowserConfig, Capture, Charge, ChargeOutcome, Decline, DeclineClass, Failure, MethodRef,
    NextAction, PaymentProvider, PaymentResolution, PaymentStatus, Presence, RefundOrder, RefundOutcome,
    RefundSnapshot, RefundStatus, Snapshot, Sought, Source, SubscriptionTerms, Tag, Terms, VendorRef,
};
use serde_json::Value;

use crate::answers::Charged;
use crate::client::{Asked, Client, TRY_AGAIN};
use crate::datalink::{DataLink, Managed};
use crate::extract::Extracts;
use crate::form::Form;
use crate::subscriptions::{parts, times_rebilled};
use crate::terms;
use crate::wire::{Sale, ThreeDsRequired};

/// One account at CCBill.
pub(crate) struct Ccbill {
    pub(crate) client: Client,
    pub(crate) datalink: DataLink,
    pub(crate) extracts: Extracts,
    pub(crate) form: Form,
    pub(crate) account: u32,
    pub(crate) subaccount: u16,
    pub(crate) terms: Terms,
    pub(crate) subscription_terms: SubscriptionTerms,
    pub(crate) browser: BrowserConfig,
    /// The currency of lines of the extract, which name none.
    pub(crate) report_currency: portcullis_ports::money::Currency,
}

/// Why it is not known whether the bank wants to hear a payer.
pub(crate) enum Unasked {
    /// Nothing can be charged either.
    Denied(Failure),
    /// Nobody was asked, or did not say.
    NotSent(Reason),
}

/// What is ordered, whoever asks for the charge.
pub(crate) struct Ordered<'a> {
    pub(crate) id: &'a AttemptId,
    pub(crate) tag: &'a Tag,
    pub(crate) amount: Amount,
}

#[async_trait]
impl PaymentProvider for Ccbill {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn charge(&self, order: &Charge) -> ChargeOutcome {
        if order.resend {
            return Outcome::NotSent(never_again());
        }
        if let Err(problem) = self.terms.admits(order.amount.get()) {
            let detail = format!("CCBill does not take {}: {problem}", order.amount.get());
            return Outcome::NotSent(Reason::permanent("amount-not-taken", detail));
        }
        if order.capture == Capture::Later {
            return Outcome::NotSent(Reason::permanent(
                "cannot-hold",
                "CCBill takes money at once and cannot hold it",
            ));
        }
        let ordered = Ordered {
            id: &order.id,
            tag: &order.tag,
            amount: order.amount,
        };
        match (&order.source, &order.presence) {
            (Source::Stored(method), Presence::Absent) => self.take(&ordered, method, None, Vec::new()).await,
            (Source::Stored(method), Presence::Present { ip, .. }) => {
                match self.asks_for_3ds(order.amount.get(), method).await {
                    Ok(false) => self.take(&ordered, method, *ip, Vec::new()).await,
                    Ok(true) => match self.widget(Some(method), Some(ordered.amount.get())).await {
                        Ok(token) => self.waiting(&ordered, NextAction::Widget { token }),
                        Err(reason) => Outcome::NotSent(reason),
                    },
                    Err(Unasked::Denied(failure)) => Outcome::Declined(Decline::new(failure)),
                    Err(Unasked::NotSent(reason)) => Outcome::NotSent(reason),
                }
            }
            (Source::HostedPage, Presence::Present { .. }) => {
                match self.form.url(&order.id, &order.tag, order.amount.get()) {
                    Some(url) => self.waiting(&ordered, NextAction::Form { url }),
                    None => Outcome::NotSent(Reason::permanent(
                        "amount-not-taken",
                        "CCBill does not take the currency",
                    )),
                }
            }
            (Source::HostedPage, Presence::Absent) => Outcome::NotSent(Reason::permanent(
                "payer-absent",
                "a page can only be filled in by a payer who is there",
            )),
            (Source::Fresh { .. } | Source::Offline, _) => {
                let why = "a card is stored first, or entered on the page of CCBill";
                Outcome::NotSent(Reason::permanent("not-offered", why))
            }
        }
    }

    async fn find(&self, sought: &Sought) -> PaymentResolution {
        self.look_up(sought).await
    }

    async fn refund(&self, order: &RefundOrder) -> RefundOutcome {
        if order.resend {
            return Outcome::NotSent(never_again());
        }
        if let Some(known) = order.of_payments
            && let Err(reason) = self.require_last(parts(order.payment.as_str()).0, known).await
        {
            return Outcome::NotSent(reason);
        }
        let price = terms::price(order.amount.get());
        // Before the day is settled a sale is voided, later it is given back; both end the subscription.
        let done = self
            .datalink
            .give_back(parts(order.payment.as_str()).0, &price)
            .await;
        let unknown = || Outcome::Unknown(Reference::Ours(order.id.to_string()));
        match done {
            // That it was taken down; the extract shows that it happened.
            Managed::Code(1) => match refund_name(&order.payment, &order.id) {
                Some(theirs) => Outcome::Pending(RefundSnapshot {
                    theirs,
                    ours: Some(order.id.clone()),
                    payment: Some(order.payment.clone()),
                    status: RefundStatus::Pending,
                    amount: order.amount.get(),
                    failure: None,
                    created_at: self.now(),
                    at: self.now(),
                }),
                None => unknown(),
            },
            Managed::Code(0 | -7) | Managed::Values(_) | Managed::Unknown => unknown(),
            Managed::Code(code) => {
                let detail = match code {
                    -15 | -16 => {
                        "the amount is above what the account may give back at once: use CCBill's Admin Portal"
                    }
                    -4..=-2 => "CCBill does not have this subscription in the account",
                    _ => "CCBill does not give this back: it may be given back already",
                };
                let failure = Failure::new(DeclineClass::OurSide, code.to_string(), detail);
                Outcome::Declined(Decline::new(failure).of(order.payment.clone()))
            }
            Managed::NotSent(reason) => Outcome::NotSent(reason),
        }
    }
}

/// What a refund of ours is called until CCBill's extract shows it, and ever after.
pub(crate) fn refund_name(payment: &VendorRef, id: &portcullis_ports::id::RefundId) -> Option<VendorRef> {
    VendorRef::parse(&format!("{payment}.{id}")).ok()
}

/// CCBill knows no idempotency keys: what may have arrived is looked up, and never sent again.
pub(crate) fn never_again() -> Reason {
    Reason::permanent(
        "never-sent-again",
        "CCBill does not recognise repeats: look it up instead",
    )
}

impl Ccbill {
    pub(crate) fn now(&self) -> Timestamp {
        self.client.clock.now()
    }

    /// Refuses if CCBill has taken more payments of a subscription than are known: it would give back the last of them.
    async fn require_last(&self, subscription: &str, known: u32) -> Result<(), Reason> {
        match self.datalink.status(subscription).await {
            Managed::Values(values) if times_rebilled(&values) >= known => Err(Reason::permanent(
                "later-payment",
                "CCBill has taken a later payment, and would give that one back: wait until it is known here",
            )),
            // What is not there is refused by whoever gives it back.
            Managed::Values(_) | Managed::Code(-4..=-2) => Ok(()),
            Managed::NotSent(reason) => Err(reason),
            Managed::Code(_) | Managed::Unknown => Err(Reason::passing(
                "no-answer",
                "CCBill did not tell the status",
                TRY_AGAIN,
            )),
        }
    }

    /// Whether the bank wants to hear the payer first. Nothing moves by asking.
    pub(crate) async fn asks_for_3ds(&self, amount: Money, method: &MethodRef) -> Result<bool, Unasked> {
        let number = terms::number(amount.currency).unwrap_or_default();
        let path = format!(
            "/payment-tokens/{}/threeds-required?currencyCode={number}",
            segment(&method.theirs)
        );
        let passing = || {
            let why = "CCBill does not say whether the bank asks for 3-D Secure";
            Unasked::NotSent(Reason::passing("3ds-unavailable", why, TRY_AGAIN))
        };
        match self.client.get(&path).await {
            Asked::Answer(answer) if answer.is_success() => {
                serde_json::from_slice::<ThreeDsRequired>(&answer.body)
                    .map(|answer| answer.required)
                    .map_err(|_| passing())
            }
            Asked::Answer(answer) if answer.status < 500 => Err(match Charged::of(Asked::Answer(answer)) {
                Charged::Denied(failure, _) => Unasked::Denied(failure),
                Charged::NotSent(reason) => Unasked::NotSent(reason),
                Charged::Taken(_) | Charged::Unknown => passing(),
            }),
            Asked::NotSent(reason) => Err(Unasked::NotSent(reason)),
            Asked::Answer(_) | Asked::Unknown => Err(passing()),
        }
    }

    /// Takes the money.
    pub(crate) async fn take(
        &self,
        ordered: &Ordered<'_>,
        method: &MethodRef,
        payer: Option<IpAddr>,
        proven: Vec<(&'static str, Value)>,
    ) -> ChargeOutcome {
        let amount = ordered.amount.get();
        let (secure, price) = (!proven.is_empty(), terms::price(amount));
        let sale = Sale {
            account: self.account,
            subaccount: self.subaccount,
            price: &price,
            period_days: self.form.period_days,
            rebills: None,
            currency: terms::number(amount.currency).unwrap_or_default(),
            passed: &self.form.passed(ordered.id, ordered.tag, amount),
            proven,
        };
        let way = if secure { "threeds/" } else { "" };
        let path = format!("/transactions/payment-tokens/{way}{}", segment(&method.theirs));
        let asked = self.client.post(&path, &sale.body(), payer).await;
        self.charged(ordered, Charged::of(asked))
    }

    fn charged(&self, ordered: &Ordered<'_>, charged: Charged) -> ChargeOutcome {
        let unknown = || Outcome::Unknown(Reference::Ours(ordered.id.to_string()));
        match charged {
            Charged::Taken(subscription) => match VendorRef::parse(&subscription) {
                Ok(theirs) => Outcome::Done(Snapshot {
                    theirs: Some(theirs),
                    captured: ordered.amount.get(),
                    ..self.picture(ordered, PaymentStatus::Succeeded)
                }),
                Err(_) => unknown(),
            },
            Charged::Denied(failure, denial) => {
                let decline = Decline::new(failure.clone());
                match denial.and_then(|denial| VendorRef::parse(&denial).ok()) {
                    Some(denial) => Outcome::Declined(decline.with_snapshot(Snapshot {
                        theirs: Some(denial),
                        failure: Some(failure),
                        ..self.picture(ordered, PaymentStatus::Failed)
                    })),
                    None => Outcome::Declined(decline),
                }
            }
            Charged::NotSent(reason) => Outcome::NotSent(reason),
            Charged::Unknown => unknown(),
        }
    }

    /// A payment that waits for its payer. CCBill does not know of it yet.
    fn waiting(&self, ordered: &Ordered<'_>, action: NextAction) -> ChargeOutcome {
        Outcome::Pending(Snapshot {
            action: Some(action),
            ..self.picture(ordered, PaymentStatus::RequiresAction)
        })
    }

    /// What is known of an order by having made it.
    pub(crate) fn picture(&self, ordered: &Ordered<'_>, status: PaymentStatus) -> Snapshot {
        let amount = ordered.amount.get();
        Snapshot {
            ours: Some(ordered.id.clone()),
            tag: Some(ordered.tag.clone()),
            ..self.bare(amount, status)
        }
    }

    pub(crate) fn bare(&self, amount: Money, status: PaymentStatus) -> Snapshot {
        let nothing = Money::zero(amount.currency);
        Snapshot {
            theirs: None,
            ours: None,
            tag: None,
            customer: None,
            status,
            amount,
            capturable: nothing,
            captured: nothing,
            capture_before: None,
            action: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
            complete: false,
            fee: None,
            method: None,
            failure: None,
            created_at: self.now(),
            at: self.now(),
            live: self.terms.live,
            account: self.terms.account.clone(),
        }
    }
}

/// A name as one part of a path.
pub(crate) fn segment(name: &VendorRef) -> String {
    form_urlencoded::byte_serialize(name.as_str().as_bytes()).collect()
}
