//! Subscriptions that CCBill rebills: begun on a page or by charging a token, cancelled through DataLink.
//!
//! Its webhooks only wake whoever looks. What was charged is read from the extract, a day of it at a time.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::outcome::{Outcome, Reason, Reference, Resolution};
use portcullis_ports::payments::{
    Decline, DeclineClass, Failure, MethodRef, NextAction, Offer, PaymentStatus, PeriodLength, PeriodUnit,
    Presence, Snapshot, SoughtSubscription, SourceKind, SubscriptionChange, SubscriptionCharge,
    SubscriptionOrder, SubscriptionOutcome, SubscriptionResolution, SubscriptionSnapshot, SubscriptionState,
    SubscriptionStep, SubscriptionTerms, VendorRef, VendorSubscriptions,
};
use portcullis_ports::{Retry, Timestamp};

use crate::answers::Charged;
use crate::arizona;
use crate::client::TRY_AGAIN;
use crate::datalink::Managed;
use crate::extract::{Extract, Line, LineKind, SKEW};
use crate::form::Rebilled;
use crate::payments::{Ccbill, Unasked, never_again, segment};
use crate::terms::{self, EXTRACT_SPAN};
use crate::wire::Sale;

/// Until somebody cancels it.
pub(crate) const REBILLS: u8 = 99;
/// The longest period, in days.
const LONGEST: u16 = 365;
/// How long after it was due a payment that did not come counts as refused. It says so nowhere but in a webhook.
const LATE: Duration = Duration::from_hours(12);
/// When to ask again for what only a webhook can tell.
const LATER: Duration = Duration::from_hours(1);

/// What CCBill collects.
pub(crate) fn subscription_terms() -> SubscriptionTerms {
    SubscriptionTerms {
        periods: vec![(PeriodUnit::Day, LONGEST), (PeriodUnit::Week, LONGEST / 7)],
        sources: vec![SourceKind::Stored, SourceKind::HostedPage],
        trial_days: 0,
        pauses: false,
    }
}

/// The days of a period; `None` of one that CCBill does not count.
fn days(period: PeriodLength) -> Option<u16> {
    match period.unit {
        PeriodUnit::Day => Some(period.count.get()),
        PeriodUnit::Week => period.count.get().checked_mul(7),
        PeriodUnit::Month | PeriodUnit::Year => None,
    }
    .filter(|days| *days <= LONGEST)
}

/// What a payment is called that CCBill took by itself: the subscription, and its transaction.
fn rebill_name(subscription: &str, transaction: &str) -> Option<VendorRef> {
    VendorRef::parse(&format!("{subscription}.{transaction}")).ok()
}

/// The subscription that a payment is of, and its transaction if CCBill took it by itself.
pub(crate) fn parts(payment: &str) -> (&str, Option<&str>) {
    match payment.split_once('.') {
        Some((subscription, transaction)) => (subscription, Some(transaction)),
        None => (payment, None),
    }
}

/// A payment by its line of the extract.
pub(crate) fn payment_of(line: &Line) -> Option<VendorRef> {
    match line.kind {
        LineKind::Rebill => rebill_name(&line.subscription, &line.name),
        _ => VendorRef::parse(&line.subscription).ok(),
    }
}

#[async_trait]
impl VendorSubscriptions for Ccbill {
    fn terms(&self) -> &SubscriptionTerms {
        &self.subscription_terms
    }

    /// CCBill is told what is sold with each sale.
    async fn offer(&self, _: &Offer) -> Outcome<Option<VendorRef>, Decline> {
        Outcome::Done(None)
    }

    async fn start(&self, order: &SubscriptionOrder) -> SubscriptionOutcome {
        let refused = |code: &str, why: &str| Outcome::NotSent(Reason::permanent(code, why));
        if let Err(problem) = self.terms.admits(order.amount.get()) {
            let detail = format!("CCBill does not take {}: {problem}", order.amount.get());
            return Outcome::NotSent(Reason::permanent("amount-not-taken", detail));
        }
        let Some(days) = days(order.period).filter(|_| order.trial_days == 0) else {
            return refused("period-not-taken", "CCBill counts days, and lets nobody try");
        };
        let Some(method) = &order.method else {
            if order.presence == Presence::Absent {
                return refused(
                    "payer-absent",
                    "a page can only be filled in by a payer who is there",
                );
            }
            let rebilled = Rebilled { order, days };
            return match self.form.subscription_url(&rebilled) {
                // Nothing is sent for it: the same page has the same address.
                Some(url) => Outcome::Pending(SubscriptionSnapshot {
                    action: Some(NextAction::Form { url }),
                    ..self.begun(order, SubscriptionState::RequiresAction)
                }),
                None => refused("amount-not-taken", "CCBill does not take the currency"),
            };
        };
        if order.resend {
            return Outcome::NotSent(never_again());
        }
        match self.asks_for_3ds(order.amount.get(), method).await {
            Ok(false) => self.charge_and_rebill(order, method, days).await,
            Ok(true) => {
                let why = "the bank asks for 3-D Secure: the payer agrees on CCBill's page instead";
                let failure = Failure::new(DeclineClass::Authenticate, "3ds-required", why);
                Outcome::Declined(Decline::new(failure))
            }
            Err(Unasked::Denied(failure)) => Outcome::Declined(Decline::new(failure)),
            Err(Unasked::NotSent(reason)) => Outcome::NotSent(reason),
        }
    }

    async fn read(&self, sought: &SoughtSubscription) -> SubscriptionResolution {
        let subscription = match &sought.reference {
            Reference::Theirs(theirs) => theirs.clone(),
            Reference::Ours(_) => {
                let why = "CCBill keeps no name of ours: its webhook names the subscription, if there is one";
                return Resolution::CannotTell(Reason::passing("not-named-yet", why, LATER));
            }
        };
        match self.subscription(&subscription, sought).await {
            Ok(Some(picture)) => Resolution::Found(SubscriptionOutcome::of(picture)),
            Ok(None) => Resolution::Absent,
            Err(reason) => Resolution::CannotTell(reason),
        }
    }

    async fn change(&self, change: &SubscriptionChange) -> Outcome<(), Decline> {
        if change.step != SubscriptionStep::Cancel {
            let why = "CCBill lets no subscription rest";
            return Outcome::NotSent(Reason::permanent("not-offered", why));
        }
        let name = change.subscription.as_str();
        let unknown = || Outcome::Unknown(Reference::Theirs(name.to_owned()));
        match self.datalink.cancel(name).await {
            Managed::Code(1) => Outcome::Done(()),
            Managed::NotSent(reason) => Outcome::NotSent(reason),
            // What it says of one that is cancelled already is not documented: the status tells.
            Managed::Code(0 | -7) | Managed::Values(_) | Managed::Unknown => {
                match self.datalink.status(name).await {
                    Managed::Values(values) if !renews(&values) => Outcome::Done(()),
                    Managed::Code(-4..=-2) => Outcome::Done(()),
                    _ => unknown(),
                }
            }
            // There is none, or none of this account: it charges nobody.
            Managed::Code(-4..=-2) => Outcome::Done(()),
            Managed::Code(code) => {
                let why = "CCBill does not cancel it: use the Admin Portal";
                let failure = Failure::new(DeclineClass::OurSide, code.to_string(), why);
                Outcome::Declined(Decline::new(failure).of(change.subscription.clone()))
            }
        }
    }
}

pub(crate) type Values = std::collections::BTreeMap<String, String>;

/// Whether CCBill rebills it.
fn renews(values: &Values) -> bool {
    values.get("subscriptionStatus").map(String::as_str) == Some("2")
}

fn is_fewer(charges: &[SubscriptionCharge], than: u32) -> bool {
    u32::try_from(charges.len()).is_ok_and(|found| found < than)
}

/// How many payments CCBill took for a subscription by itself.
pub(crate) fn times_rebilled(values: &Values) -> u32 {
    number(values, "timesRebilled")
}

fn number(values: &Values, name: &str) -> u32 {
    values.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

impl Ccbill {
    /// A subscription that was ordered, by having ordered it.
    fn begun(&self, order: &SubscriptionOrder, state: SubscriptionState) -> SubscriptionSnapshot {
        SubscriptionSnapshot {
            theirs: None,
            ours: Some(order.id.clone()),
            state,
            action: None,
            charges: Vec::new(),
            counts_more: false,
            next_charge_at: None,
            started_at: None,
            at: self.now(),
            live: self.terms.live,
            account: self.terms.account.clone(),
        }
    }

    async fn charge_and_rebill(
        &self,
        order: &SubscriptionOrder,
        method: &MethodRef,
        days: u16,
    ) -> SubscriptionOutcome {
        let payer = match &order.presence {
            Presence::Present { ip, .. } => *ip,
            Presence::Absent => None,
        };
        let (amount, price) = (order.amount.get(), terms::price(order.amount.get()));
        let sale = Sale {
            account: self.account,
            subaccount: self.subaccount,
            price: &price,
            period_days: days,
            rebills: Some(REBILLS),
            currency: terms::number(amount.currency).unwrap_or_default(),
            passed: &self.form.passed_subscription(&order.id, &order.tag, amount),
            proven: Vec::new(),
        };
        let path = format!("/transactions/payment-tokens/{}", segment(&method.theirs));
        let unknown = || Outcome::Unknown(Reference::Ours(order.id.to_string()));
        match Charged::of(self.client.post(&path, &sale.body(), payer).await) {
            Charged::Taken(subscription) => match VendorRef::parse(&subscription) {
                Ok(theirs) => Outcome::Done(SubscriptionSnapshot {
                    theirs: Some(theirs.clone()),
                    started_at: Some(self.now()),
                    charges: vec![SubscriptionCharge {
                        amount,
                        at: self.now(),
                        // The answer proves it, and the extract is an hour late.
                        picture: Some(Box::new(Snapshot {
                            theirs: Some(theirs.clone()),
                            captured: amount,
                            ..self.bare(amount, PaymentStatus::Succeeded)
                        })),
                        theirs,
                    }],
                    ..self.begun(order, SubscriptionState::Active)
                }),
                Err(_) => unknown(),
            },
            Charged::Denied(failure, _) => Outcome::Declined(Decline::new(failure)),
            Charged::NotSent(reason) => Outcome::NotSent(reason),
            Charged::Unknown => unknown(),
        }
    }

    async fn subscription(
        &self,
        name: &str,
        sought: &SoughtSubscription,
    ) -> Result<Option<SubscriptionSnapshot>, Reason> {
        let values = match self.datalink.status(name).await {
            Managed::Values(values) => values,
            Managed::Code(-4..=-2) => return Ok(None),
            Managed::NotSent(reason) => return Err(reason),
            Managed::Code(_) | Managed::Unknown => {
                let why = "CCBill did not tell the status";
                return Err(Reason::passing("no-answer", why, TRY_AGAIN));
            }
        };
        let signed_up = values.get("signupDate").and_then(|date| arizona::moment(date));
        let mut charges = Vec::new();
        if sought.booked == 0 {
            charges.extend(VendorRef::parse(name).ok().map(|theirs| SubscriptionCharge {
                theirs,
                amount: sought.amount.get(),
                at: signed_up.unwrap_or(sought.sent_at),
                picture: None,
            }));
        }
        // The first payment is none of those that CCBill took by itself.
        let known = sought.booked.saturating_sub(1);
        let more = times_rebilled(&values).saturating_sub(known);
        let mut counts_more = false;
        if more > 0 {
            let rebills = self.rebills(name, sought, more).await?;
            counts_more = is_fewer(&rebills, more);
            charges.extend(rebills);
        }
        let due = sought.due.filter(|_| more == 0);
        let late = due.is_some_and(|due| self.now() > due + LATE);
        let state = match (renews(&values), late) {
            (false, _) => SubscriptionState::Ended,
            (true, true) => SubscriptionState::PastDue,
            (true, false) => SubscriptionState::Active,
        };
        Ok(Some(SubscriptionSnapshot {
            theirs: VendorRef::parse(name).ok(),
            ours: None,
            state,
            action: None,
            charges,
            counts_more,
            next_charge_at: values
                .get("nextBillingDate")
                .and_then(|date| arizona::moment(date))
                .filter(|_| state != SubscriptionState::Ended),
            started_at: signed_up,
            at: self.now(),
            live: self.terms.live,
            account: self.terms.account.clone(),
        }))
    }

    /// The payments that CCBill took by itself and that are not booked, oldest first, up to the first that the extract does not
    /// show yet.
    async fn rebills(
        &self,
        name: &str,
        sought: &SoughtSubscription,
        more: u32,
    ) -> Result<Vec<SubscriptionCharge>, Reason> {
        let now = self.now();
        let due = sought.due.unwrap_or(sought.since).max(sought.since);
        // One is most likely taken when it was due, or a little while ago.
        if more == 1 {
            let lately = now - EXTRACT_SPAN + Duration::from_secs(1);
            let near = if due > lately { lately } else { due };
            if let Some(extract) = self.day(near).await? {
                let found = self.rebills_in(&extract, name, sought)?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
        }
        let mut from = (due - EXTRACT_SPAN).max(sought.since) - SKEW;
        let mut found: Vec<SubscriptionCharge> = Vec::new();
        while from < now && is_fewer(&found, more) {
            let Some(extract) = self.day(from).await? else {
                break;
            };
            for charge in self.rebills_in(&extract, name, sought)? {
                if found.iter().all(|known| known.theirs != charge.theirs) {
                    found.push(charge);
                }
            }
            from = extract.to;
        }
        Ok(found)
    }

    /// The extract of a day; nothing as long as it cannot be read.
    async fn day(&self, of: Timestamp) -> Result<Option<Extract>, Reason> {
        match self.extracts.day(&self.datalink, of).await {
            Ok(extract) => Ok(Some(extract)),
            Err(reason) if matches!(reason.retry, Retry::Later(_)) => Ok(None),
            Err(reason) => Err(reason),
        }
    }

    /// The payments of a subscription that an extract shows and that are not known.
    fn rebills_in(
        &self,
        extract: &Extract,
        name: &str,
        sought: &SoughtSubscription,
    ) -> Result<Vec<SubscriptionCharge>, Reason> {
        let own = |line: &&Line| line.kind == LineKind::Rebill && line.subscription == name;
        let charges = extract.lines.iter().filter(own).map(|line| {
            self.rebill(line, sought).ok_or_else(|| {
                Reason::passing("unreadable", "a line of CCBill's extract makes no sense", LATER)
            })
        });
        let mut charges: Vec<SubscriptionCharge> = charges.collect::<Result<_, _>>()?;
        charges.retain(|charge| charge.at > sought.since);
        Ok(charges)
    }

    fn rebill(&self, line: &Line, sought: &SoughtSubscription) -> Option<SubscriptionCharge> {
        let (theirs, at) = (payment_of(line)?, line.at().unwrap_or_else(|| self.now()));
        let amount = terms::from_price(&line.price, sought.amount.get().currency)?;
        Some(SubscriptionCharge {
            amount,
            at,
            // The line is what a look-up would wait for.
            picture: Some(Box::new(Snapshot {
                theirs: Some(theirs.clone()),
                captured: amount,
                created_at: at,
                ..self.bare(amount, PaymentStatus::Succeeded)
            })),
            theirs,
        })
    }
}
