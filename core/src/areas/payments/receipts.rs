//! What a payer, or an operator, may print of a payment that took money.

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use portcullis_ports::{Code, Kind, Result, Timestamp};

use super::views::PaidWithView;
use super::{PAYMENT_NOT_FOUND, Payments, Purpose, RefundState};
use crate::foundation::source::Source;
use crate::foundation::texts::Language;

/// Nothing was taken.
pub const NO_RECEIPT: Code = Code::new(
    "no-receipt",
    Kind::Conflict,
    "Nothing was taken with this payment, so there is no receipt for it.",
);

/// What stands at the head of what is printed for a customer.
#[derive(Debug, Clone)]
pub struct Letterhead {
    /// The language that was asked for, if there are texts in it.
    pub language: Language,
    /// Who sells.
    pub seller: String,
    /// Who pays.
    pub payer: Subject,
    /// The address of who pays; nothing for people of another identity provider.
    pub email: Option<EmailAddress>,
}

/// What stands on a receipt.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The number of the receipt: that of the payment.
    pub id: PaymentId,
    /// The language that was asked for, if there are texts in it.
    pub language: Language,
    /// Who sold it.
    pub seller: String,
    /// Who paid.
    pub payer: Subject,
    /// The address of who paid; nothing for people of another identity provider.
    pub email: Option<EmailAddress>,
    /// When the money was taken.
    pub paid_at: Timestamp,
    /// What it was for.
    pub purpose: Purpose,
    /// What the payer read.
    pub description: String,
    /// What it was paid with.
    pub method: Option<PaidWithView>,
    /// What was taken.
    pub captured: Money,
    /// What was given back, oldest first.
    pub refunds: Vec<(Timestamp, Money)>,
    /// What a bank took back and did not return.
    pub contested: Money,
}

impl Receipt {
    /// What is left of it, once everything that was given or taken back is subtracted.
    pub fn kept(&self) -> Money {
        let back = self.refunds.iter().map(|(_, amount)| amount.minor);
        let back = back.chain([self.contested.minor]).fold(0, i64::saturating_add);
        Money::new(self.captured.minor.saturating_sub(back), self.captured.currency)
    }
}

impl Payments {
    /// The head of what is printed for that person.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn letterhead(&self, subject: &Subject, source: &Source) -> Result<Letterhead> {
        let account = self.directory.recent(subject).await?;
        let texts = &self.context.texts;
        let seller = self.settings.seller.clone();
        Ok(Letterhead {
            language: texts.language(&source.languages),
            seller: seller.unwrap_or_else(|| texts.product().to_owned()),
            payer: subject.clone(),
            email: account.map(|account| account.email.clone()),
        })
    }

    /// The receipt for a payment of that person.
    ///
    /// # Errors
    /// `payment-not-found`; `no-receipt`.
    pub async fn receipt(&self, subject: &Subject, id: &PaymentId, source: &Source) -> Result<Receipt> {
        let payment = self.get(subject, id).await?;
        if payment.captured.minor == 0 {
            return Err(NO_RECEIPT.error());
        }
        let refunds = payment.refunds.iter();
        let refunds = refunds.filter(|refund| refund.state == RefundState::Succeeded);
        let missing = payment.disputes.iter().map(|dispute| dispute.missing.minor);
        let Letterhead {
            language,
            seller,
            payer,
            email,
        } = self.letterhead(subject, source).await?;
        Ok(Receipt {
            language,
            seller,
            payer,
            email,
            paid_at: payment.captured_at.unwrap_or(payment.created_at),
            purpose: payment.purpose,
            description: payment.description,
            method: payment.method,
            refunds: refunds.map(|refund| (refund.created_at, refund.amount)).collect(),
            contested: Money::new(missing.fold(0, i64::saturating_add), payment.captured.currency),
            captured: payment.captured,
            id: payment.id,
        })
    }

    /// The receipt for a payment of whomever, for operators.
    ///
    /// # Errors
    /// `payment-not-found`; `no-receipt`.
    pub async fn any_receipt(&self, id: &PaymentId, source: &Source) -> Result<Receipt> {
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        self.receipt(&owner.subject, id, source).await
    }
}
