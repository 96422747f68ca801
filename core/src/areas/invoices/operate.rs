//! What operators do with invoices: draft, issue, take back, give up.

use portcullis_ports::identity::Subject;
use portcullis_ports::{Error, Result};
use serde::Serialize;

use super::books::{InvoiceBooks, state, told};
use super::model::{InvoiceOrder, InvoiceState};
use super::observer::InvoiceEvent;
use super::records::InvoiceRecord;
use super::views::InvoiceView;
use super::{INVOICE_NOT_FOUND, INVOICE_STATE, InvoiceId, Invoices, TOO_MANY_INVOICES, actions, events};
use crate::areas::ledger::{COLLECTING, LEDGER_BROKEN, Reason};
use crate::areas::operators::{CUSTOMER_NOT_FOUND, Operator};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::table::Batch;
use crate::foundation::use_case::{Problems, UseCase};
use crate::services::audit::Event;
use crate::services::idempotency::{IdempotencyKey, KEY_REQUIRED, KEY_REUSED, KeyState};

/// What keys are taken for.
const OPERATION: &str = "invoice";

/// An operator writes an invoice.
#[derive(Debug, Clone, Serialize)]
pub struct WriteInvoice {
    /// What it says.
    pub order: InvoiceOrder,
    /// Whether it is issued at once; otherwise it is a draft.
    pub issue: bool,
}

impl UseCase for WriteInvoice {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, KEY_REQUIRED, KEY_REUSED, CUSTOMER_NOT_FOUND],
        &[TOO_MANY_INVOICES, LEDGER_BROKEN],
    ];
}

/// A draft is issued, or an invoice taken back or given up.
#[derive(Debug, Clone, Copy)]
pub struct EndInvoice;

impl UseCase for EndInvoice {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, INVOICE_NOT_FOUND, INVOICE_STATE],
        &[COLLECTING, TOO_MANY_INVOICES, LEDGER_BROKEN],
    ];
}

impl Invoices {
    /// Drafts an invoice, or issues it at once. The same key writes one.
    ///
    /// # Errors
    /// Those of [`WriteInvoice`]; `invalid-request` for lines that make no invoice.
    pub async fn write(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        command: &WriteInvoice,
    ) -> Result<InvoiceView> {
        self.step_up
            .require(actions::WRITE_INVOICE, &operator.who)
            .await?;
        let subject = &command.order.subject;
        self.operators.known_customer(subject).await?;
        let id = self
            .context
            .retried(|| self.write_once(operator, key, command))
            .await?;
        self.show(subject, &id).await
    }

    async fn write_once(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        command: &WriteInvoice,
    ) -> Result<InvoiceId> {
        let subject = &command.order.subject;
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let state = self
            .idempotency
            .look_up(operator.subject(), OPERATION, key, command)
            .await?;
        let fresh = match state {
            KeyState::Used { row } => return InvoiceId::parse(&row).map_err(Error::internal),
            KeyState::Fresh(fresh) => fresh,
        };
        let (id, kind) = if command.issue {
            (
                self.books.issue(&mut batch, &command.order).await?,
                events::ISSUED,
            )
        } else {
            let draft = self.books.drafted(&command.order)?;
            batch.insert(&draft)?;
            (draft.id, events::DRAFTED)
        };
        let written = self.books.read_in(&batch, subject, &id).await?.value;
        let event = told(Event::success(kind, &operator.who.source), &written);
        self.operators
            .append(&mut batch, operator, Some(subject), &event)
            .await?;
        self.idempotency.take(&mut batch, fresh, id.as_str())?;
        self.context.commit(batch).await?;
        Ok(id)
    }

    /// Issues a draft. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// Those of [`EndInvoice`].
    pub async fn issue_draft(
        &self,
        operator: &Operator,
        subject: &Subject,
        id: &InvoiceId,
    ) -> Result<InvoiceView> {
        self.changed(operator, (subject, id), Change::Issue).await
    }

    /// Takes an open invoice back: it is not owed any more, and what was paid of it is to the customer's credit. A draft is
    /// thrown away. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// Those of [`EndInvoice`].
    pub async fn void(
        &self,
        operator: &Operator,
        subject: &Subject,
        id: &InvoiceId,
        reason: &Reason,
    ) -> Result<InvoiceView> {
        self.changed(operator, (subject, id), Change::Void(reason)).await
    }

    /// Gives an open invoice up: what is left is written off. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// Those of [`EndInvoice`].
    pub async fn give_up(
        &self,
        operator: &Operator,
        subject: &Subject,
        id: &InvoiceId,
        reason: &Reason,
    ) -> Result<InvoiceView> {
        self.changed(operator, (subject, id), Change::GiveUp(reason))
            .await
    }

    /// Issues a draft. Says whether it was one.
    async fn issue_in(&self, batch: &mut Batch, invoice: &mut InvoiceRecord) -> Result<bool> {
        match invoice.state {
            InvoiceState::Draft => {}
            InvoiceState::Open | InvoiceState::Paid => return Ok(false),
            other => return Err(state(other, "only a draft can be issued")),
        }
        self.books.compute_anew(invoice)?;
        self.books.finalise(batch, invoice).await?;
        self.books.tell_issued(batch, invoice).await?;
        Ok(true)
    }

    /// Takes an invoice back. Says whether it was not before.
    async fn void_in(&self, batch: &mut Batch, invoice: &mut InvoiceRecord, reason: &Reason) -> Result<bool> {
        match invoice.state {
            InvoiceState::Void => return Ok(false),
            InvoiceState::Draft => {}
            InvoiceState::Open => self.books.reverse_all(batch, invoice).await?,
            other => {
                let rule = "only an open one can be taken back; give the money of a paid one back";
                return Err(state(other, rule));
            }
        }
        self.books.end(invoice, InvoiceState::Void, reason);
        self.books.tell(batch, invoice, InvoiceEvent::Voided).await?;
        Ok(true)
    }

    /// Gives an invoice up. Says whether it was not before.
    async fn give_up_in(
        &self,
        batch: &mut Batch,
        invoice: &mut InvoiceRecord,
        reason: &Reason,
    ) -> Result<bool> {
        match invoice.state {
            InvoiceState::Uncollectible => return Ok(false),
            InvoiceState::Open => not_collected(invoice)?,
            other => return Err(state(other, "only an open one can be given up")),
        }
        let due = invoice.due();
        self.books.write_off(batch, invoice, due).await?;
        self.books.end(invoice, InvoiceState::Uncollectible, reason);
        self.books.tell(batch, invoice, InvoiceEvent::GivenUp).await?;
        Ok(true)
    }

    /// Changes an invoice at an operator's word, unless it is changed already.
    async fn changed(
        &self,
        operator: &Operator,
        (subject, id): (&Subject, &InvoiceId),
        change: Change<'_>,
    ) -> Result<InvoiceView> {
        self.step_up
            .require(actions::WRITE_INVOICE, &operator.who)
            .await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let mut slot = self.books.read_in(&batch, subject, id).await?;
                let invoice = &mut slot.value;
                let (kind, changed) = match change {
                    Change::Issue => (events::ISSUED, self.issue_in(&mut batch, invoice).await?),
                    Change::Void(reason) => {
                        (events::VOIDED, self.void_in(&mut batch, invoice, reason).await?)
                    }
                    Change::GiveUp(reason) => (
                        events::GIVEN_UP,
                        self.give_up_in(&mut batch, invoice, reason).await?,
                    ),
                };
                if !changed {
                    return Ok(InvoiceView::of(&slot.value));
                }
                let mut event = told(Event::success(kind, &operator.who.source), &slot.value);
                if let Change::Void(reason) | Change::GiveUp(reason) = change {
                    event = event.with("reason", reason);
                }
                self.operators
                    .append(&mut batch, operator, Some(subject), &event)
                    .await?;
                let currency = slot.value.currency;
                self.books.save(&mut batch, slot).await?;
                self.books.pay_from_balance(&mut batch, subject, currency).await?;
                let invoice = self.books.read_in(&batch, subject, id).await?.value;
                self.context.commit(batch).await?;
                Ok(InvoiceView::of(&invoice))
            })
            .await
    }
}

/// What an operator does with an invoice.
#[derive(Debug, Clone, Copy)]
enum Change<'a> {
    Issue,
    Void(&'a Reason),
    GiveUp(&'a Reason),
}

impl InvoiceBooks {
    /// Takes an open invoice back, in the commit of the area that ordered it. One that is not owed stays as it is.
    ///
    /// # Errors
    /// `invoice-not-found`; `collecting` if a payment of it is under way.
    pub(crate) async fn take_back(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        id: &InvoiceId,
        reason: &Reason,
    ) -> Result<()> {
        let mut slot = self.read_in(batch, subject, id).await?;
        let invoice = &mut slot.value;
        if invoice.state != InvoiceState::Open {
            return Ok(());
        }
        self.reverse_all(batch, invoice).await?;
        self.end(invoice, InvoiceState::Void, reason);
        let invoice = slot.value.clone();
        self.save(batch, slot).await?;
        self.tell(batch, &invoice, InvoiceEvent::Voided).await?;
        self.pay_from_balance(batch, subject, invoice.currency).await
    }

    /// Nothing of an open invoice is owed any more, and what was paid of it is to the customer's credit.
    async fn reverse_all(&self, batch: &mut Batch, invoice: &mut InvoiceRecord) -> Result<()> {
        not_collected(invoice)?;
        self.reverse_rest(batch, invoice).await?;
        self.give_carried_back(batch, invoice).await?;
        (invoice.from_balance, invoice.from_payments) = (0, 0);
        Ok(())
    }

    fn end(&self, invoice: &mut InvoiceRecord, state: InvoiceState, reason: &Reason) {
        invoice.state = state;
        invoice.reason = Some(reason.to_string());
        invoice.ended_at = Some(self.context.now());
    }

    /// What earlier invoices left is asked for with the next one instead.
    async fn give_carried_back(&self, batch: &mut Batch, invoice: &mut InvoiceRecord) -> Result<()> {
        let carried = std::mem::take(&mut invoice.carried);
        if carried > 0 {
            let mut account = self.account_in(batch, &invoice.subject).await?;
            let rolled = account.value.rolled_over.entry(invoice.currency).or_default();
            *rolled = rolled.saturating_add(carried);
            batch.save(&account)?;
        }
        Ok(())
    }
}

fn not_collected(invoice: &InvoiceRecord) -> Result<()> {
    match &invoice.collecting {
        Some(payment) => Err(COLLECTING.error().member("payment_id", payment.to_string())),
        None => Ok(()),
    }
}
