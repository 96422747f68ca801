//! Charges, captures, refunds, disputes and reports of the vendor in memory.

use std::time::Duration;

use async_trait::async_trait;

use super::fake::{ACCOUNT, Call, FakePayments, State};
use super::methods;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::id::RefundId;
use crate::money::Money;
use crate::outcome::{Outcome, Reason, Reference, Resolution};
use crate::payments::{
    Activity, ActivityKind, ActivityPage, Approval, Browser, BrowserConfig, BrowserToken, CUSTOMER_GONE,
    Capture, CaptureOrder, Charge, ChargeOutcome, ClientSecret, Cursor, Decline, DeclineClass,
    DisputeAcceptance, DisputeOutcome, DisputeSnapshot, DisputeStatus, Disputes, EventPage, Evidence,
    EvidenceFile, Failure, FileTerms, FileType, Holding, Holds, NextAction, PaymentProvider,
    PaymentResolution, PaymentStatus, Presence, RefundOrder, RefundOutcome, RefundSnapshot, RefundStatus,
    Reports, Return, Snapshot, Sought, Source, Terms, TimeSpan, UNAVAILABLE, UNKNOWN_DISPUTE, VendorRef,
    VoidOrder, Withdrawal,
};

/// How long an authorisation holds.
const HELD: Duration = Duration::from_hours(24 * 7);
/// Lines and events of one page.
const PAGE: usize = 10;

/// The refusal that a vendor's code stands for.
pub(super) fn declined(code: &str) -> Failure {
    let class = match code {
        "insufficient_funds" => DeclineClass::RetryLater,
        "authentication_required" => DeclineClass::Authenticate,
        "stolen_card" => DeclineClass::Never,
        CUSTOMER_GONE | "no_such_method" | "no_such_payment" | "not_held" | "too_much" => {
            DeclineClass::OurSide
        }
        _ => DeclineClass::OtherMethod,
    };
    Failure::new(class, code, "the vendor in memory refuses it")
}

fn refused(code: &str) -> Decline {
    Decline::new(declined(code))
}

#[async_trait]
impl PaymentProvider for FakePayments {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn charge(&self, order: &Charge) -> ChargeOutcome {
        if let Err(problem) = self.terms.admits(order.amount.get()) {
            return Outcome::NotSent(Reason::permanent("amount-not-taken", format!("{problem:?}")));
        }
        let call = Call {
            key: &order.key,
            order: written(order, order.resend),
            ours: order.id.to_string(),
            in_vault: false,
        };
        let order = order.clone();
        self.call(call, move |state, now| state.charge(&order, now))
    }

    async fn find(&self, sought: &Sought) -> PaymentResolution {
        let now = self.clock.now();
        let state = self.state();
        if state.tells_nothing_of(sought.reference.as_str()) {
            let why = "the vendor in memory does not say";
            return Resolution::CannotTell(Reason::passing("no-answer", why, Duration::from_secs(15)));
        }
        let found = state.payments.iter().rev().find(|one| match &sought.reference {
            // Or the name of a refund, which is a part of it.
            Reference::Theirs(theirs) => {
                let parts = one.refunds.iter().map(|refund| &refund.theirs);
                let mut names = one.theirs.iter().chain(parts);
                names.any(|known| known.as_str() == theirs)
            }
            Reference::Ours(ours) => one.ours.as_ref().is_some_and(|known| known.to_string() == *ours),
        });
        match found.cloned() {
            Some(found) => Resolution::Found(ChargeOutcome::of(Snapshot { at: now, ..found })),
            None => Resolution::Absent,
        }
    }

    async fn refund(&self, order: &RefundOrder) -> RefundOutcome {
        let call = Call {
            key: &order.key,
            order: written(order, order.resend),
            ours: order.id.to_string(),
            in_vault: false,
        };
        let order = order.clone();
        self.call(call, move |state, now| {
            let Some(at) = state.position(&order.payment) else {
                return Outcome::Declined(refused("no_such_payment"));
            };
            if order.amount.get().minor > state.refundable(at) {
                return Outcome::Declined(refused("too_much"));
            }
            let theirs = state.give_back(at, order.amount.get(), Some(order.id.clone()), now);
            let mut all = state.payments[at].refunds.iter();
            match all.find(|one| one.theirs == theirs).cloned() {
                Some(refund) => RefundOutcome::of(refund),
                None => Outcome::Declined(refused("no_such_payment")),
            }
        })
    }
}

/// An order as text, the same whether or not it is sent again.
pub(super) fn written(order: &impl std::fmt::Debug, resend: bool) -> String {
    format!("{order:?}").replace(&format!("resend: {resend}"), "")
}

#[async_trait]
impl Holds for FakePayments {
    async fn capture(&self, order: &CaptureOrder) -> ChargeOutcome {
        let call = Call {
            key: &order.key,
            order: written(order, order.resend),
            ours: order.id.to_string(),
            in_vault: false,
        };
        let order = order.clone();
        self.call(call, move |state, now| {
            let Some(at) = state.position(&order.payment) else {
                return Outcome::Declined(refused("no_such_payment"));
            };
            let one = &state.payments[at];
            let expired = one.capture_before.is_some_and(|until| now >= until);
            if one.status != PaymentStatus::Authorized || expired {
                return Outcome::Declined(refused("not_held").with_snapshot(one.clone()));
            }
            if order.amount.get().minor > one.capturable.minor {
                return Outcome::Declined(refused("too_much").with_snapshot(one.clone()));
            }
            state.take(at, order.amount.get(), now);
            state.announce_payment(at, now);
            ChargeOutcome::of(state.payments[at].clone())
        })
    }

    async fn void(&self, order: &VoidOrder) -> ChargeOutcome {
        let call = Call {
            key: &order.key,
            order: written(order, order.resend),
            ours: order.id.to_string(),
            in_vault: false,
        };
        let payment = order.payment.clone();
        self.call(call, move |state, now| state.cancel(&payment, now))
    }
}

#[async_trait]
impl Approval for FakePayments {
    async fn complete(&self, back: &Return) -> ChargeOutcome {
        let call = Call {
            key: &back.key,
            order: written(back, back.resend),
            ours: back.id.to_string(),
            in_vault: false,
        };
        let payment = back.payment.clone();
        self.call(call, move |state, now| {
            let Some(at) = payment.as_ref().and_then(|payment| state.position(payment)) else {
                return Outcome::Declined(refused("no_such_payment"));
            };
            let one = &state.payments[at];
            if one.status == PaymentStatus::RequiresAction && one.action.is_none() {
                state.collect(at, now);
                state.announce_payment(at, now);
            }
            ChargeOutcome::of(state.payments[at].clone())
        })
    }

    async fn withdraw(&self, withdrawal: &Withdrawal) -> ChargeOutcome {
        let call = Call {
            key: &withdrawal.key,
            order: written(withdrawal, false),
            ours: withdrawal.id.to_string(),
            in_vault: false,
        };
        let payment = withdrawal.payment.clone();
        self.call(call, move |state, now| match &payment {
            Some(payment) => state.cancel(payment, now),
            None => Outcome::Declined(refused("no_such_payment")),
        })
    }
}

#[async_trait]
impl Disputes for FakePayments {
    fn takes_evidence(&self) -> bool {
        true
    }

    fn files(&self) -> Option<FileTerms> {
        Some(FileTerms {
            most: 5,
            most_bytes: 1_000_000,
        })
    }

    async fn read(&self, dispute: &VendorRef) -> Result<DisputeSnapshot> {
        self.state()
            .dispute(dispute)
            .ok_or_else(|| UNKNOWN_DISPUTE.error())
    }

    async fn answer(&self, evidence: &Evidence) -> DisputeOutcome {
        let now = self.clock.now();
        let mut state = self.state();
        let submit = evidence.submit;
        if evidence
            .files
            .iter()
            .any(|file| FileType::of(&file.bytes) != Some(file.file_type))
        {
            return Outcome::Declined(refused("no_such_file_type"));
        }
        state.files.extend(evidence.files.iter().map(EvidenceFile::name));
        state.change_dispute(&evidence.dispute, now, |one| {
            one.answered = submit;
            one.status = if submit {
                DisputeStatus::UnderReview
            } else {
                one.status
            };
        });
        decided(&state, &evidence.dispute)
    }

    async fn accept(&self, acceptance: &DisputeAcceptance) -> DisputeOutcome {
        let now = self.clock.now();
        let mut state = self.state();
        state.change_dispute(&acceptance.dispute, now, |one| one.status = DisputeStatus::Lost);
        decided(&state, &acceptance.dispute)
    }
}

fn decided(state: &State, dispute: &VendorRef) -> DisputeOutcome {
    match state.dispute(dispute) {
        Some(found) if found.status == DisputeStatus::UnderReview => Outcome::Pending(found),
        Some(found) => Outcome::Done(found),
        None => Outcome::Declined(refused("no_such_dispute")),
    }
}

#[async_trait]
impl Reports for FakePayments {
    async fn activity(&self, span: &TimeSpan, after: Option<&Cursor>) -> Result<ActivityPage> {
        let mut state = self.state();
        if let Some(left) = state.pages_left {
            state.pages_left = Some(left.checked_sub(1).ok_or_else(|| UNAVAILABLE.error())?);
        }
        state.pages += 1;
        let within = |line: &&Activity| span.from <= line.at && line.at < span.to;
        let (lines, next) = page(state.lines.iter().filter(within).cloned().collect(), after);
        Ok(ActivityPage { lines, next })
    }

    async fn events_since(&self, since: Timestamp, after: Option<&Cursor>) -> Result<EventPage> {
        let state = self.state();
        let (events, next) = page(
            state
                .events
                .iter()
                .filter(|one| one.at >= since)
                .cloned()
                .collect(),
            after,
        );
        Ok(EventPage { events, next })
    }

    async fn holdings(&self) -> Result<Vec<Holding>> {
        let state = self.state();
        let holdings = self.terms.amounts.keys().filter_map(|currency| {
            let own = |line: &&Activity| line.amount.currency == *currency;
            let mut lines = state.lines.iter().filter(own).peekable();
            lines.peek()?;
            let sum = lines.map(|line| line.amount.minor - line.fee.minor).sum();
            Some(Holding {
                available: Money::new(sum, *currency),
                pending: Money::zero(*currency),
            })
        });
        Ok(holdings.collect())
    }
}

fn page<T>(all: Vec<T>, after: Option<&Cursor>) -> (Vec<T>, Option<Cursor>) {
    let from: usize = after.and_then(|cursor| cursor.0.parse().ok()).unwrap_or_default();
    let next = (all.len() > from + PAGE).then(|| Cursor((from + PAGE).to_string()));
    (all.into_iter().skip(from).take(PAGE).collect(), next)
}

#[async_trait]
impl Browser for FakePayments {
    fn config(&self) -> &BrowserConfig {
        &self.browser
    }

    async fn token(&self, _: Option<&VendorRef>) -> Result<Option<BrowserToken>> {
        Ok(None)
    }
}

impl State {
    fn charge(&mut self, order: &Charge, now: Timestamp) -> ChargeOutcome {
        if let Some(decline) = self.gone(order.customer.as_ref()) {
            return Outcome::Declined(decline);
        }
        let theirs = self.name("pi");
        let amount = order.amount.get();
        let nothing = Money::zero(amount.currency);
        self.payments.push(Snapshot {
            theirs: Some(theirs.clone()),
            ours: Some(order.id.clone()),
            tag: Some(order.tag.clone()),
            customer: order.customer.clone(),
            status: PaymentStatus::Processing,
            amount,
            capturable: nothing,
            captured: nothing,
            capture_before: (order.capture == Capture::Later).then_some(now + HELD),
            action: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
            complete: true,
            fee: None,
            method: None,
            failure: None,
            created_at: now,
            at: now,
            live: false,
            account: VendorRef::parse(ACCOUNT).ok(),
        });
        let at = self.payments.len() - 1;
        let url = format!("https://vendor.example/pay/{theirs}");
        let confirm = NextAction::Confirm {
            client_secret: ClientSecret::new(format!("{theirs}_secret")),
            public_key: "pk_fake".to_owned(),
        };
        let absent = order.presence == Presence::Absent;
        let refusal = match &order.source {
            Source::HostedPage => Err(NextAction::Redirect { url }),
            Source::Fresh { .. } => Err(confirm),
            Source::Offline => {
                self.payments.pop();
                let why = "all that is paid here is paid through the vendor";
                return Outcome::NotSent(Reason::permanent("not-offered", why));
            }
            Source::Stored(method) => match self
                .alike
                .get(&method.theirs)
                .copied()
                .unwrap_or(method.theirs.as_str())
            {
                methods::SUCCEEDS => Ok(None),
                methods::BANK_DEBIT => {
                    self.announce_payment(at, now);
                    return ChargeOutcome::of(self.payments[at].clone());
                }
                methods::AUTHENTICATES if absent => Ok(Some("authentication_required")),
                methods::AUTHENTICATES => Err(confirm),
                methods::INSUFFICIENT_FUNDS => Ok(Some("insufficient_funds")),
                methods::EXPIRED => Ok(Some("expired_card")),
                methods::STOLEN => Ok(Some("stolen_card")),
                stored
                    if self
                        .methods
                        .iter()
                        .any(|one| one.reference.theirs.as_str() == stored) =>
                {
                    Ok(None)
                }
                _ => Ok(Some("no_such_method")),
            },
        };
        match refusal {
            Ok(None) => self.collect(at, now),
            Ok(Some(code)) => {
                self.payments[at].status = PaymentStatus::Failed;
                self.payments[at].failure = Some(declined(code));
            }
            Err(action) => {
                self.payments[at].status = PaymentStatus::RequiresAction;
                self.payments[at].action = Some(action);
            }
        }
        self.announce_payment(at, now);
        ChargeOutcome::of(self.payments[at].clone())
    }

    /// The payer's side said yes: the money is taken, or held where it was ordered so.
    pub(super) fn collect(&mut self, at: usize, now: Timestamp) {
        let one = &mut self.payments[at];
        one.action = None;
        if one.capture_before.is_some() {
            one.status = PaymentStatus::Authorized;
            one.capturable = one.amount;
        } else {
            let amount = one.amount;
            self.take(at, amount, now);
        }
    }

    pub(super) fn take(&mut self, at: usize, amount: Money, now: Timestamp) {
        let one = &mut self.payments[at];
        one.status = PaymentStatus::Succeeded;
        one.captured = Money::new(one.captured.minor + amount.minor, amount.currency);
        one.capturable = Money::zero(amount.currency);
        (one.capture_before, one.failure, one.action, one.at) = (None, None, None, now);
        let theirs = self.payments[at].theirs.clone();
        self.book(ActivityKind::Payment, at, theirs, amount, now);
    }

    pub(super) fn refundable(&self, at: usize) -> i64 {
        let one = &self.payments[at];
        let back = one
            .refunds
            .iter()
            .filter(|refund| matches!(refund.status, RefundStatus::Pending | RefundStatus::Succeeded));
        one.captured.minor - back.map(|refund| refund.amount.minor).sum::<i64>()
    }

    pub(super) fn give_back(
        &mut self,
        at: usize,
        amount: Money,
        ours: Option<RefundId>,
        now: Timestamp,
    ) -> VendorRef {
        let theirs = self.name("re");
        let payment = self.payments[at].theirs.clone();
        let refund = RefundSnapshot {
            theirs: theirs.clone(),
            ours,
            payment,
            status: RefundStatus::Succeeded,
            amount,
            failure: None,
            created_at: now,
            at: now,
        };
        self.payments[at].refunds.push(refund.clone());
        let back = Money::new(-amount.minor, amount.currency);
        self.book(ActivityKind::Refund, at, Some(theirs.clone()), back, now);
        self.announce_refund(refund, now);
        theirs
    }

    fn cancel(&mut self, payment: &VendorRef, now: Timestamp) -> ChargeOutcome {
        let Some(at) = self.position(payment) else {
            return Outcome::Declined(refused("no_such_payment"));
        };
        let one = &mut self.payments[at];
        if !matches!(one.status, PaymentStatus::Succeeded | PaymentStatus::Canceled) {
            (one.status, one.action, one.at) = (PaymentStatus::Canceled, None, now);
            one.capturable = Money::zero(one.amount.currency);
            self.announce_payment(at, now);
        }
        ChargeOutcome::of(self.payments[at].clone())
    }

    fn dispute(&self, dispute: &VendorRef) -> Option<DisputeSnapshot> {
        let mut all = self.payments.iter().flat_map(|one| &one.disputes);
        all.find(|one| one.theirs == *dispute).cloned()
    }

    /// Writes a line about a payment on the account; `source` is what moved the money.
    pub(super) fn book(
        &mut self,
        kind: ActivityKind,
        at: usize,
        source: Option<VendorRef>,
        amount: Money,
        now: Timestamp,
    ) {
        let line = Activity {
            theirs: self.name("txn"),
            kind,
            source,
            payment: self.payments[at].theirs.clone(),
            ours: self.payments[at].ours.clone(),
            amount,
            fee: Money::zero(amount.currency),
            at: now,
            available_at: None,
        };
        self.lines.push(line);
    }
}
