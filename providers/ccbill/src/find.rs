//! What became of a payment: the subscription as DataLink shows it, and the money as the extract shows it.
//!
//! A webhook and a status prove that a subscription exists, not what was paid for it. So money that no answer of ours has
//! told stands as processing until the extract shows its line.

use std::time::Duration;

use portcullis_ports::Retry;
use portcullis_ports::money::Money;
use portcullis_ports::outcome::{Reason, Reference, Resolution};
use portcullis_ports::payments::{
    AttemptId, ChargeOutcome, DisputeKind, DisputeSnapshot, DisputeStatus, KnownOrder, KnownRefund,
    NextAction, PaymentResolution, PaymentStatus, RefundSnapshot, RefundStatus, Snapshot, Sought, VendorRef,
};

use crate::client::{Asked, TRY_AGAIN};
use crate::datalink::Managed;
use crate::extract::{Extract, Line, LineKind, SKEW};
use crate::payments::{Ccbill, refund_name, segment};
use crate::subscriptions::parts;
use crate::terms::{self, EXTRACT_SPAN};
use crate::wire::{PaymentToken, UsedFor};

/// When to ask again for what only a webhook can tell.
const LATER: Duration = Duration::from_hours(1);

impl Ccbill {
    pub(crate) async fn look_up(&self, sought: &Sought) -> PaymentResolution {
        // CCBill shows prices without their currency, and none of what was passed through.
        let Some(known) = &sought.known else {
            let why = "CCBill does not tell which payment of ours a sale belongs to";
            return Resolution::CannotTell(Reason::permanent("not-ours", why));
        };
        let (subscription, ours) = match &sought.reference {
            Reference::Theirs(theirs) => match VendorRef::parse(theirs) {
                Ok(theirs) => (theirs, None),
                Err(_) => return Resolution::Absent,
            },
            Reference::Ours(ours) => match self.used_for(known).await {
                Ok(Some(subscription)) => (subscription, ours.parse::<AttemptId>().ok()),
                Ok(None) => return Resolution::Absent,
                Err(reason) => return Resolution::CannotTell(reason),
            },
        };
        match self.shown((sought, known), &subscription).await {
            Ok(Some(picture)) => Resolution::Found(ChargeOutcome::of(Snapshot { ours, ..picture })),
            Ok(None) => Resolution::Absent,
            Err(reason) => Resolution::CannotTell(reason),
        }
    }

    /// The subscription that the charge of a one-time token made, if it made one. A token that can be charged again does not
    /// tell which charge was whose.
    async fn used_for(&self, known: &KnownOrder) -> Result<Option<VendorRef>, Reason> {
        let only_webhook = || {
            let why = "CCBill keeps no name of ours: its webhook tells of this payment, if it happened";
            Reason::passing("not-named-yet", why, LATER)
        };
        let method = known.method.as_ref().ok_or_else(only_webhook)?;
        let token = segment(&method.theirs);
        let read: Option<PaymentToken> = self.read(&format!("/payment-tokens/{token}")).await?;
        if read.and_then(|token| token.valid_number_of_use) != Some(1) {
            return Err(only_webhook());
        }
        let number = terms::number(known.amount.get().currency).unwrap_or_default();
        let path = format!("/transactions/payment-tokens/{token}?currencyCode={number}");
        let used: Option<UsedFor> = self.read(&path).await?;
        let ours =
            used.filter(|used| (used.client_accnum, used.client_subacc) == (self.account, self.subaccount));
        Ok(ours.and_then(|used| VendorRef::parse(&used.subscription_id).ok()))
    }

    /// Reads something of the REST API that may not be there.
    pub(crate) async fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Reason> {
        let no_answer = || Reason::passing("no-answer", "CCBill did not answer", TRY_AGAIN);
        match self.client.get(path).await {
            Asked::Answer(answer) if answer.is_success() => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| no_answer()),
            Asked::Answer(answer) if answer.status == 404 => Ok(None),
            Asked::NotSent(reason) => Err(reason),
            Asked::Answer(_) | Asked::Unknown => Err(no_answer()),
        }
    }

    async fn shown(
        &self,
        (sought, known): (&Sought, &KnownOrder),
        payment: &VendorRef,
    ) -> Result<Option<Snapshot>, Reason> {
        let (name, rebill) = parts(payment.as_str());
        let status = match self.datalink.status(name).await {
            Managed::Values(values) => values,
            // No such subscription, or none of this account.
            Managed::Code(-4..=-2) => return Ok(None),
            Managed::NotSent(reason) => return Err(reason),
            Managed::Code(_) | Managed::Unknown => {
                return Err(Reason::passing(
                    "no-answer",
                    "CCBill did not tell the status",
                    TRY_AGAIN,
                ));
            }
        };
        // What is booked needs no line of its own; what is asked for since may have one.
        let open = known
            .refunds
            .iter()
            .filter(|refund| refund.open)
            .map(|refund| refund.sent_at)
            .min();
        let from = match (known.booked.is_positive(), open) {
            (false, _) => sought.sent_at - SKEW,
            (true, Some(refund)) => refund - SKEW,
            (true, None) => (sought.sent_at - SKEW).max(self.now() - EXTRACT_SPAN.saturating_sub(SKEW)),
        };
        let (extract, wait) = match self.extracts.since(&self.datalink, from).await {
            Ok(extract) => (Some(extract), EXTRACT_SPAN),
            Err(reason) => match reason.retry {
                // It exists; what it came to is not known before the extract can be read.
                Retry::Later(wait) => (None, wait),
                _ => return Err(reason),
            },
        };
        let own = |line: &&Line| line.subscription == name;
        let lines: Vec<&Line> = extract
            .iter()
            .flat_map(|extract| &extract.lines)
            .filter(own)
            .collect();
        let unreadable = || Reason::passing("unreadable", "a line of CCBill's extract makes no sense", LATER);
        let currency = known.amount.get().currency;
        let paid = lines.iter().find(|line| match rebill {
            None => line.kind == LineKind::New,
            Some(transaction) => line.kind == LineKind::Rebill && line.name == transaction,
        });
        let paid = paid.map(|line| terms::from_price(&line.price, currency).ok_or_else(unreadable));
        let paid = paid.transpose()?;
        let captured = Money::new(
            paid.map_or(0, |paid| paid.minor).max(known.booked.minor),
            currency,
        );
        // What is given back of a subscription, or taken back, is so of its last payment.
        let back = if known.latest { &lines[..] } else { &[] };
        let complete = extract.as_ref().is_some_and(|extract| covers(extract, sought));
        let state = if captured.is_positive() {
            PaymentStatus::Succeeded
        } else {
            PaymentStatus::Processing
        };
        let action = (!captured.is_positive()).then(|| NextAction::Wait {
            until: self.now() + wait.min(LATER),
        });
        let returned = status
            .get("returnsIssued")
            .is_some_and(|count| count.parse::<u32>().is_ok_and(|count| count > 0));
        Ok(Some(Snapshot {
            theirs: Some(payment.clone()),
            captured,
            action,
            refunds: self.refunds(payment, back, known).ok_or_else(unreadable)?,
            disputes: self
                .disputes(payment, back, captured, returned && known.latest)
                .ok_or_else(unreadable)?,
            complete,
            created_at: status
                .get("signupDate")
                .and_then(|date| crate::arizona::moment(date))
                .unwrap_or(sought.sent_at),
            ..self.bare(paid.unwrap_or_else(|| known.amount.get()), state)
        }))
    }

    /// What was given back. The extract names none of it: it is ours if we asked for as much, and has its own name else.
    fn refunds(
        &self,
        subscription: &VendorRef,
        lines: &[&Line],
        known: &KnownOrder,
    ) -> Option<Vec<RefundSnapshot>> {
        let mut unclaimed: Vec<&KnownRefund> = known.refunds.iter().collect();
        let back = lines
            .iter()
            .filter(|line| matches!(line.kind, LineKind::Refund | LineKind::Void));
        back.map(|line| {
            let amount = terms::from_price(line.price.trim_start_matches('-'), known.amount.get().currency)?;
            let name = line.theirs()?;
            let at = line.at().unwrap_or_else(|| self.now());
            let shown = unclaimed
                .iter()
                .position(|refund| refund.theirs.as_ref() == Some(&name));
            let ordered = |refund: &&KnownRefund| {
                let own = refund_name(subscription, &refund.id);
                let unnamed = refund.theirs.is_none() || refund.theirs == own;
                unnamed && refund.amount.get() == amount && at >= refund.sent_at - SKEW
            };
            let claimed = shown.or_else(|| unclaimed.iter().position(ordered));
            let ours = claimed.map(|at| unclaimed.remove(at));
            Some(RefundSnapshot {
                theirs: match (shown, ours) {
                    (None, Some(refund)) => refund_name(subscription, &refund.id)?,
                    _ => name,
                },
                ours: ours.map(|refund| refund.id.clone()),
                payment: Some(subscription.clone()),
                status: RefundStatus::Succeeded,
                amount,
                failure: None,
                created_at: at,
                at: self.now(),
            })
        })
        .collect()
    }

    /// What the payer's bank took back. CCBill takes no evidence for it.
    fn disputes(
        &self,
        subscription: &VendorRef,
        lines: &[&Line],
        captured: Money,
        returned: bool,
    ) -> Option<Vec<DisputeSnapshot>> {
        let taken = |theirs, kind, amount, reason: &str, created_at| DisputeSnapshot {
            theirs,
            payment: Some(subscription.clone()),
            kind,
            status: DisputeStatus::Lost,
            amount,
            withdrawn: amount,
            reinstated: Money::zero(captured.currency),
            fee: None,
            reason: reason.to_owned(),
            respond_by: None,
            answered: false,
            created_at,
            at: self.now(),
        };
        let contested = lines.iter().filter(|line| line.kind == LineKind::Chargeback);
        let contested = contested.map(|line| {
            let amount = terms::from_price(line.price.trim_start_matches('-'), captured.currency)?;
            let at = line.at().unwrap_or_else(|| self.now());
            Some(taken(
                line.theirs()?,
                DisputeKind::Chargeback,
                amount,
                "chargeback",
                at,
            ))
        });
        let mut all: Vec<_> = contested.collect::<Option<_>>()?;
        if returned && captured.is_positive() {
            let name = VendorRef::parse(&format!("{subscription}.return")).ok()?;
            all.push(taken(
                name,
                DisputeKind::BankReturn,
                captured,
                "returned",
                self.now(),
            ));
        }
        Some(all)
    }
}

/// Whether an extract shows all that happened since a payment was ordered.
fn covers(extract: &Extract, sought: &Sought) -> bool {
    extract.from <= sought.sent_at && sought.sent_at < extract.to
}
