//! Where a subscription stands, and where it may come to stand.

use serde::{Deserialize, Serialize};

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum SubscriptionStatus {
    /// The first invoice is not paid. It is cancelled when that takes longer than a day.
    Incomplete,
    /// It is tried, and not paid yet.
    Trialing,
    /// It is paid.
    Active,
    /// A payment failed and is tried again.
    PastDue,
    /// It rests: nothing is billed, and it entitles to nothing.
    Paused,
    /// It ends with its period, and entitles until then.
    Canceling,
    /// It ended before its period did.
    Canceled,
    /// It ended with its period.
    Ended,
}

impl SubscriptionStatus {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Incomplete,
        Self::Trialing,
        Self::Active,
        Self::PastDue,
        Self::Paused,
        Self::Canceling,
        Self::Canceled,
        Self::Ended,
    ];

    /// As requests and histories name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Paused => "paused",
            Self::Canceling => "canceling",
            Self::Canceled => "canceled",
            Self::Ended => "ended",
        }
    }

    /// Whether it is over for good.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Canceled | Self::Ended)
    }

    /// Whether it may come to stand there. What is over stays so.
    pub const fn may_become(self, next: Self) -> bool {
        use SubscriptionStatus as S;
        match self {
            S::Incomplete => matches!(next, S::Trialing | S::Active | S::Canceled),
            S::Trialing => matches!(next, S::Active | S::PastDue | S::Canceling | S::Canceled),
            S::Active => matches!(next, S::PastDue | S::Paused | S::Canceling | S::Canceled),
            S::PastDue => matches!(next, S::Active | S::Canceling | S::Canceled),
            S::Paused => matches!(next, S::Active | S::Canceled),
            S::Canceling => matches!(
                next,
                S::Trialing | S::Active | S::PastDue | S::Ended | S::Canceled
            ),
            S::Canceled | S::Ended => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SubscriptionStatus as S;

    #[test]
    fn what_is_over_stays_so_and_all_else_may_be_cancelled() {
        for status in S::ALL {
            assert_eq!(status.may_become(S::Canceled), !status.is_over(), "{status:?}");
            assert!(!status.may_become(status), "{status:?}");
            if status.is_over() {
                assert!(S::ALL.iter().all(|next| !status.may_become(*next)));
            }
        }
        // Only what was cancelled to its end ends with it, and only a debt is past due.
        let from = |next| S::ALL.into_iter().filter(move |status| status.may_become(next));
        assert_eq!(from(S::Ended).collect::<Vec<_>>(), [S::Canceling]);
        assert_eq!(from(S::Paused).collect::<Vec<_>>(), [S::Active]);
        assert_eq!(from(S::Incomplete).count(), 0);
    }
}
