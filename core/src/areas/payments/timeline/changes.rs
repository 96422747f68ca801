//! What a commit changes of a payment, read from its rows before and after.

use portcullis_ports::id::RefundId;
use portcullis_ports::money::{Amount, Money};

use super::records::{CallOutcome, CallStep, Change};
use crate::areas::payments::apply::Rows;
use crate::areas::payments::records::{DisputeRecord, OpenCall, RefundRecord, Step};
use crate::areas::payments::status::{RefundState, Status};

/// What is different in `after`, in the order in which it is told.
pub(super) fn between(before: Option<&Rows>, after: &Rows) -> Vec<Change> {
    let mut changes = Vec::new();
    let Some(before) = before else {
        let amount = after.payment.amount.get();
        changes.push(Change::Begun { amount });
        changes.extend(of_call(None, after.payment.call.as_ref(), after));
        return changes;
    };
    changes.extend(of_call(
        before.payment.call.as_ref(),
        after.payment.call.as_ref(),
        after,
    ));
    changes.extend(unknown(before, after));
    if before.payment.status != after.payment.status {
        let given_up = after.payment.status.is_given_up();
        changes.push(Change::Status {
            from: before.payment.status,
            to: after.payment.status,
            failure: failure(after).filter(|_| given_up),
        });
    }
    for refund in &after.refunds {
        let known = before.refunds.iter().find(|known| known.id == refund.id);
        changes.extend(of_refund(known, refund));
    }
    for dispute in &after.disputes {
        let known = before.disputes.iter().find(|known| known.id == dispute.id);
        changes.extend(of_dispute(known, dispute));
    }
    let (known, found) = (&before.payment.findings, &after.payment.findings);
    let new = found.iter().filter(|finding| !known.contains(finding));
    changes.extend(new.map(|finding| Change::Found { finding: *finding }));
    if found.is_empty() && !known.is_empty() {
        changes.push(Change::Explained);
    }
    changes
}

fn failure(rows: &Rows) -> Option<String> {
    let attempt = rows.payment.attempt()?;
    attempt.failure.as_ref().map(|failure| failure.code.clone())
}

fn step(call: &OpenCall) -> CallStep {
    match call.step {
        Step::Charge => CallStep::Charge,
        Step::Complete => CallStep::Complete,
        Step::Capture => CallStep::Capture,
        Step::Void => CallStep::Void,
        Step::Withdraw => CallStep::Withdraw,
    }
}

/// A call that is over, and one that is about to be made.
fn of_call(before: Option<&OpenCall>, after: Option<&OpenCall>, rows: &Rows) -> Vec<Change> {
    let mut changes = Vec::new();
    let over = before.filter(|before| after.is_none_or(|after| after.number != before.number));
    changes.extend(over.map(|call| Change::Answer {
        step: step(call),
        number: call.number,
        refund: None,
        sent_at: call.last_sent_at,
        outcome: if failure(rows).is_some() {
            CallOutcome::Refused
        } else {
            CallOutcome::Answered
        },
        failure: failure(rows),
    }));
    let again = before.is_some_and(|before| after.is_some_and(|after| after.number == before.number));
    let sent =
        after.filter(|after| before.is_none_or(|before| before.last_sent_at != after.last_sent_at || !again));
    changes.extend(sent.map(|call| Change::Call {
        step: step(call),
        number: call.number,
        amount: call.amount.map(Amount::get),
        refund: None,
        again,
    }));
    changes
}

/// A call that stays open, because nobody knows what became of it.
fn unknown(before: &Rows, after: &Rows) -> Option<Change> {
    let became = before.payment.status != Status::Unknown && after.payment.status == Status::Unknown;
    let call = after.payment.call.as_ref().filter(|_| became)?;
    Some(Change::Answer {
        step: step(call),
        number: call.number,
        refund: None,
        sent_at: call.last_sent_at,
        outcome: CallOutcome::Unknown,
        failure: None,
    })
}

fn of_refund(before: Option<&RefundRecord>, after: &RefundRecord) -> Vec<Change> {
    let mut changes = Vec::new();
    let call = |refund: &RefundRecord| refund.call.clone();
    let (was, is) = (before.and_then(call), call(after));
    let id = || Some(RefundId::clone(&after.id));
    if let (None, Some(sent)) = (&was, &is) {
        changes.push(Change::Call {
            step: CallStep::Refund,
            number: sent.number,
            amount: Some(after.amount.get()),
            refund: id(),
            again: false,
        });
    }
    let state = before.map(|before| before.state);
    if let Some(sent) = was {
        let outcome = match after.state {
            _ if is.is_none() && after.failure.is_some() => Some(CallOutcome::Refused),
            _ if is.is_none() => Some(CallOutcome::Answered),
            RefundState::Unknown if state != Some(RefundState::Unknown) => Some(CallOutcome::Unknown),
            _ => None,
        };
        changes.extend(outcome.map(|outcome| Change::Answer {
            step: CallStep::Refund,
            number: sent.number,
            refund: id(),
            sent_at: sent.last_sent_at,
            outcome,
            failure: after.failure.as_ref().map(|failure| failure.code.clone()),
        }));
    }
    if state != Some(after.state) {
        changes.push(Change::Refund {
            id: after.id.clone(),
            amount: after.amount.get(),
            to: after.state,
        });
    }
    changes
}

fn of_dispute(before: Option<&DisputeRecord>, after: &DisputeRecord) -> Option<Change> {
    let same = |known: &DisputeRecord| known.status == after.status && known.missing() == after.missing();
    (!before.is_some_and(same)).then(|| Change::Dispute {
        id: after.id.clone(),
        status: after.status,
        missing: Money::new(after.missing(), after.amount.currency),
    })
}
