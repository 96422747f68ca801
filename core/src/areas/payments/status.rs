//! Where a payment and a refund stand here, and what may follow what.

use portcullis_ports::payments::{PaymentStatus, RefundStatus};
use serde::{Deserialize, Serialize};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum Status {
    /// The vendor is being asked.
    Sending,
    /// It is not known what became of the order; it is looked up until it is.
    Unknown,
    /// The payer has to do something first.
    RequiresAction,
    /// A bank decides, which may take days.
    Processing,
    /// The money is held and can be captured.
    Authorized,
    /// The vendor is being asked for the money that is held.
    Capturing,
    /// The money was taken. Refunds and disputes are figures beside it.
    Succeeded,
    /// It was refused.
    Failed,
    /// It was called off.
    Canceled,
}

impl Status {
    #[cfg(test)]
    pub(super) const ALL: [Self; 9] = [
        Self::Sending,
        Self::Unknown,
        Self::RequiresAction,
        Self::Processing,
        Self::Authorized,
        Self::Capturing,
        Self::Succeeded,
        Self::Failed,
        Self::Canceled,
    ];

    /// The word used in records, metrics and histories.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Authorized => "authorized",
            Self::Capturing => "capturing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing more is expected of it. The vendor's object may still succeed: see [`Status::may_become`].
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }

    /// Whether it was given up here. Money that comes all the same comes late.
    pub const fn is_given_up(self) -> bool {
        matches!(self, Self::Failed | Self::Canceled)
    }

    /// Whether a payment that stands here may be found there next. Nothing leads out of success, and nothing back to
    /// where the vendor was not asked yet.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Succeeded, _) | (_, Self::Sending) => false,
            // Only a hold is captured.
            (from, Self::Capturing) => matches!(from, Self::Authorized),
            // A vendor's object that failed may be confirmed again by its payer.
            (Self::Failed | Self::Canceled, next) => {
                matches!(
                    next,
                    Self::Succeeded | Self::RequiresAction | Self::Processing | Self::Authorized
                )
            }
            // A hold is taken or released; it does not turn into an open question to its payer.
            (Self::Authorized | Self::Capturing, next) => {
                !matches!(next, Self::RequiresAction | Self::Processing)
            }
            _ => true,
        }
    }
}

impl From<PaymentStatus> for Status {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::RequiresAction => Self::RequiresAction,
            PaymentStatus::Processing => Self::Processing,
            PaymentStatus::Authorized => Self::Authorized,
            PaymentStatus::Succeeded => Self::Succeeded,
            PaymentStatus::Failed => Self::Failed,
            PaymentStatus::Canceled => Self::Canceled,
        }
    }
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum RefundState {
    /// The vendor is being asked.
    Sending,
    /// It is not known what became of the order; it is looked up until it is.
    Unknown,
    /// It is on its way.
    Pending,
    /// The money was given back.
    Succeeded,
    /// It was refused, or came back.
    Failed,
    /// It was called off.
    Canceled,
}

impl RefundState {
    /// The word used in records, metrics and histories.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether it did not happen, or no longer counts as having happened.
    pub const fn is_void(self) -> bool {
        matches!(self, Self::Failed | Self::Canceled)
    }

    /// Whether its amount is promised to the payer, given or not.
    pub const fn reserves(self) -> bool {
        matches!(self, Self::Sending | Self::Unknown | Self::Pending)
    }

    /// Whether a refund that stands here may be found there next. One that was handed to the bank may come back; one that
    /// came back does not happen any more.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Failed | Self::Canceled, _) | (_, Self::Sending) => false,
            (Self::Succeeded, next) => next.is_void(),
            _ => true,
        }
    }
}

impl From<RefundStatus> for RefundState {
    fn from(status: RefundStatus) -> Self {
        match status {
            RefundStatus::Pending => Self::Pending,
            RefundStatus::Succeeded => Self::Succeeded,
            RefundStatus::Failed => Self::Failed,
            RefundStatus::Canceled => Self::Canceled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_final_and_what_was_given_up_may_only_come_late() {
        for status in Status::ALL {
            assert!(!Status::Succeeded.may_become(status), "{status:?}");
            assert!(!status.may_become(Status::Sending), "{status:?}");
            let late = Status::Failed.may_become(status);
            assert_eq!(late, Status::Canceled.may_become(status));
            assert!(!(late && matches!(status, Status::Unknown | Status::Canceled | Status::Failed)));
        }
        assert!(Status::Authorized.may_become(Status::Capturing));
        assert!(!Status::Processing.may_become(Status::Capturing));
        assert!(
            Status::Capturing.may_become(Status::Authorized),
            "a capture may be declined"
        );
        assert!(!Status::Authorized.may_become(Status::RequiresAction));
    }

    #[test]
    fn a_refund_may_come_back_once() {
        assert!(RefundState::Succeeded.may_become(RefundState::Failed));
        assert!(!RefundState::Failed.may_become(RefundState::Succeeded));
        assert!(!RefundState::Succeeded.may_become(RefundState::Pending));
        assert!(RefundState::Unknown.may_become(RefundState::Succeeded));
    }
}
