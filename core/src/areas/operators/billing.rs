//! What operators do about the account of a customer: adjust what is owed, freeze it, thaw it.

use portcullis_ports::id::TransactionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Amount;
use portcullis_ports::{Error, Result};
use serde::{Deserialize, Serialize};

use super::events::{CUSTOMER_ADJUST, CUSTOMER_FREEZE, CUSTOMER_THAW};
use super::{CUSTOMER_NOT_FOUND, CustomerView, Operator, Operators, actions};
use crate::areas::ledger::{BalanceView, Cause, LEDGER_BROKEN, Reason, Transaction};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::table::Batch;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::audit::Event;
use crate::services::idempotency::{IdempotencyKey, KEY_REQUIRED, KEY_REUSED, KeyState};

/// What keys are taken for.
const OPERATION: &str = "adjustment";

/// Which way an adjustment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum AdjustmentKind {
    /// The customer owes less: goodwill.
    Credit,
    /// The customer owes more.
    Charge,
}

/// What an operator adjusts.
#[derive(Debug, Clone, Serialize)]
pub struct AdjustCustomer {
    /// Which way.
    pub kind: AdjustmentKind,
    /// How much.
    pub amount: Amount,
    /// Why: it stands in the ledger and in both histories.
    pub reason: Reason,
}

impl UseCase for AdjustCustomer {
    const PROBLEMS: Problems = &[&[
        STEP_UP_REQUIRED,
        KEY_REQUIRED,
        KEY_REUSED,
        CUSTOMER_NOT_FOUND,
        LEDGER_BROKEN,
    ]];
}

/// An adjustment that was booked.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Adjusted {
    /// The transaction in the ledger.
    pub transaction_id: TransactionId,
    /// The number of the entry on the account of the customer.
    pub entry_number: u64,
    /// What is owed by now.
    pub balance: BalanceView,
}

impl Documented for Adjusted {
    const EXAMPLE: &str = r#"{
  "transaction_id": "txn_01h2xcejqtf2nbrexx3vqjhp41",
  "entry_number": 5,
  "balance": {
    "currency": "USD",
    "digits": 2,
    "payable": 1499,
    "owed": 1499,
    "debits_posted": 3998,
    "debits_pending": 0,
    "credits_posted": 2499,
    "credits_pending": 0,
    "entries": 5,
    "collecting": null
  }
}"#;
}

/// A customer is frozen or thawed.
#[derive(Debug, Clone, Copy)]
pub struct FreezeCustomer;

impl UseCase for FreezeCustomer {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, CUSTOMER_NOT_FOUND, LEDGER_BROKEN]];
}

impl Operators {
    /// Books what an operator gives or takes. The same key books once.
    ///
    /// # Errors
    /// Those of [`AdjustCustomer`].
    pub async fn adjust(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        subject: &Subject,
        command: &AdjustCustomer,
    ) -> Result<Adjusted> {
        self.step_up
            .require(actions::ADJUST_CUSTOMER, &operator.who)
            .await?;
        self.known_customer(subject).await?;
        let currency = command.amount.get().currency;
        let (entry_number, transaction_id) = self
            .context
            .retried(|| self.adjust_once(operator, key, subject, command))
            .await?;
        Ok(Adjusted {
            transaction_id,
            entry_number,
            balance: self.ledger.balance(subject, currency).await?,
        })
    }

    async fn adjust_once(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        subject: &Subject,
        command: &AdjustCustomer,
    ) -> Result<(u64, TransactionId)> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let asked = (subject.as_str(), command);
        let state = self
            .idempotency
            .look_up(operator.subject(), OPERATION, key, &asked)
            .await?;
        let fresh = match state {
            KeyState::Used { row } => return booked(&row),
            KeyState::Fresh(fresh) => fresh,
        };
        let AdjustCustomer { kind, amount, reason } = command;
        let cause = Cause::Operator(operator.subject().clone());
        let (transaction, word) = match kind {
            AdjustmentKind::Credit => (Transaction::credit(*amount, cause, reason.clone()), "credit"),
            AdjustmentKind::Charge => (Transaction::debit(*amount, cause, reason.clone()), "charge"),
        };
        let posted = self.ledger.post(&mut batch, subject, &transaction).await?;
        if *kind == AdjustmentKind::Credit {
            let currency = amount.get().currency;
            self.credits.credited(&mut batch, subject, currency).await?;
        }
        let event = Event::success(CUSTOMER_ADJUST, &operator.who.source)
            .with("adjustment", word)
            .with("amount", amount.get())
            .with("transaction", &posted.transaction)
            .with("reason", reason);
        self.append(&mut batch, operator, Some(subject), &event).await?;
        let row = format!("{} {}", posted.number, posted.transaction);
        self.idempotency.take(&mut batch, fresh, row)?;
        self.context.commit(batch).await?;
        Ok((posted.number, posted.transaction))
    }

    /// Freezes the billing of a customer. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// Those of [`FreezeCustomer`].
    pub async fn freeze(
        &self,
        operator: &Operator,
        subject: &Subject,
        reason: &Reason,
    ) -> Result<CustomerView> {
        self.set_frozen(operator, subject, true, reason).await
    }

    /// Thaws the billing of a customer. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// Those of [`FreezeCustomer`].
    pub async fn thaw(
        &self,
        operator: &Operator,
        subject: &Subject,
        reason: &Reason,
    ) -> Result<CustomerView> {
        self.set_frozen(operator, subject, false, reason).await
    }

    async fn set_frozen(
        &self,
        operator: &Operator,
        subject: &Subject,
        frozen: bool,
        reason: &Reason,
    ) -> Result<CustomerView> {
        self.step_up
            .require(actions::FREEZE_CUSTOMER, &operator.who)
            .await?;
        self.known_customer(subject).await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let reason = reason.to_string();
                let by = frozen.then_some((operator.subject(), reason.as_str()));
                if !self.freezes.set(&mut batch, subject, by).await? {
                    return Ok(());
                }
                if frozen {
                    self.told_of_freezes.frozen(&mut batch, subject).await?;
                }
                let kind = if frozen { CUSTOMER_FREEZE } else { CUSTOMER_THAW };
                let event = Event::success(kind, &operator.who.source).with("reason", &reason);
                self.append(&mut batch, operator, Some(subject), &event).await?;
                self.context.commit(batch).await
            })
            .await?;
        self.seen(subject).await
    }
}

/// What an earlier request with the same key booked.
fn booked(row: &str) -> Result<(u64, TransactionId)> {
    let parts = row.split_once(' ');
    let parsed = parts.and_then(|(number, id)| Some((number.parse().ok()?, TransactionId::parse(id).ok()?)));
    parsed.ok_or_else(|| Error::internal("a key stands for no adjustment"))
}
