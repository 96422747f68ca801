//! Why something was posted.

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::identity::Subject;
use portcullis_ports::text;
use serde::{Deserialize, Serialize};

text!(
    /// The id of a dispute, an order or an object of a vendor: 1 to 128 visible ASCII characters.
    CauseId, "id", "ord_20261127_0042", in "^[!-~]{1,128}$", |text| {
        if (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(text.to_owned())
        } else {
            Err("an id of 1 to 128 visible ASCII characters is expected")
        }
    }
);

text!(
    /// Why an operator decided so: 1 to 500 characters in one line. It stays for good, so it names nobody.
    Reason, "reason", "Two days without service", |text| {
        let text = text.trim();
        if (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err("a reason of 1 to 500 characters in one line is expected")
        }
    }
);

/// What a transaction follows from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A payment of ours.
    Payment(PaymentId),
    /// A refund of ours.
    Refund(RefundId),
    /// A dispute that is known here.
    Dispute(CauseId),
    /// An invoice, an order or a metered use.
    Order(CauseId),
    /// An object of a vendor that no row of ours explains.
    Vendor(CauseId),
    /// A decision of this operator.
    Operator(Subject),
}

impl Cause {
    /// The kind of what an operator decided.
    pub(super) const OPERATOR: &'static str = "operator";

    /// The kind, as in records and exports.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Payment(_) => "payment",
            Self::Refund(_) => "refund",
            Self::Dispute(_) => "dispute",
            Self::Order(_) => "order",
            Self::Vendor(_) => "vendor",
            Self::Operator(_) => Self::OPERATOR,
        }
    }

    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::Payment(id) => id.as_str(),
            Self::Refund(id) => id.as_str(),
            Self::Dispute(id) | Self::Order(id) | Self::Vendor(id) => id.as_str(),
            Self::Operator(subject) => subject.as_str(),
        }
    }
}
