//! Why a vendor refused, and what would help.

use serde::{Deserialize, Serialize};

use super::names::VendorRef;
use super::snapshot::Snapshot;

/// What would help against a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum DeclineClass {
    /// The same method may work later: too little money, a bank that is away.
    RetryLater,
    /// Another method is needed: the card has expired, its number is wrong.
    OtherMethod,
    /// The payer has to confirm it to the bank.
    Authenticate,
    /// Neither later nor with this method: the card was stolen, the bank forbids repeats.
    Never,
    /// The order or the account is at fault, not the payer: the operator has to act.
    OurSide,
}

impl DeclineClass {
    /// As it stands in records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RetryLater => "retry_later",
            Self::OtherMethod => "other_method",
            Self::Authenticate => "authenticate",
            Self::Never => "never",
            Self::OurSide => "our_side",
        }
    }
}

/// [`Failure::code`] of an order that names a customer whom the vendor does not have any more, such as one that was deleted at
/// its desk. The same order gets the same answer; one for a new customer may work.
pub const CUSTOMER_GONE: &str = "customer-gone";

/// Why something did not work, in the vendor's code and our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What would help.
    pub class: DeclineClass,
    /// The vendor's own code, such as `insufficient_funds`, or [`CUSTOMER_GONE`]; for the operator. At most 64 characters.
    pub code: String,
    /// A sentence for the operator. Quotes neither the vendor's sentence nor anything of a payer.
    pub detail: String,
}

impl Failure {
    /// A failure with its code and sentence.
    pub fn new(class: DeclineClass, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut code: String = code.into();
        if let Some((end, _)) = code.char_indices().nth(64) {
            code.truncate(end);
        }
        Self {
            class,
            code,
            detail: detail.into(),
        }
    }
}

/// A definite refusal: the money did not move, and the same order gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// What would help.
    pub class: DeclineClass,
    /// The vendor's own code.
    pub code: String,
    /// A sentence for the operator.
    pub detail: String,
    /// The vendor's object that was refused, where it made one: it may still succeed later, and is looked at again.
    pub reference: Option<VendorRef>,
    /// The picture of that object, where the answer held one.
    pub snapshot: Option<Box<Snapshot>>,
}

impl Decline {
    /// A refusal of which the vendor keeps no object.
    pub fn new(failure: Failure) -> Self {
        let Failure { class, code, detail } = failure;
        Self {
            class,
            code,
            detail,
            reference: None,
            snapshot: None,
        }
    }

    /// A refusal of an object that the vendor keeps.
    #[must_use]
    pub fn of(self, reference: VendorRef) -> Self {
        Self {
            reference: Some(reference),
            ..self
        }
    }

    /// A refusal whose answer held the picture of the payment.
    #[must_use]
    pub fn with_snapshot(self, snapshot: Snapshot) -> Self {
        Self {
            reference: snapshot.theirs.clone().or(self.reference),
            snapshot: Some(Box::new(snapshot)),
            ..self
        }
    }

    /// What went wrong, without the object.
    pub fn failure(&self) -> Failure {
        Failure::new(self.class, self.code.clone(), self.detail.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_called_as_it_is_stored() {
        for class in [
            DeclineClass::RetryLater,
            DeclineClass::OtherMethod,
            DeclineClass::Authenticate,
            DeclineClass::Never,
            DeclineClass::OurSide,
        ] {
            assert_eq!(serde_json::to_value(class).expect("text"), class.as_str());
        }
    }
}
