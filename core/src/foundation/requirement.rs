//! How many of the enrolled factors must be proven, and which: the rule of sign-ins and of sensitive actions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::factor_kind::FactorKind;

/// Which of the enrolled factors must be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "lowercase")
)]
pub enum Requirement {
    /// One of them, whichever the person has at hand.
    Any,
    /// The strongest of them: an authenticator app before a phone number before an e-mail address.
    Strongest,
    /// Every one of them.
    All,
}

impl Requirement {
    /// The factors that a challenge lets somebody prove, of those that are enrolled.
    pub(crate) fn asked(self, enrolled: &[FactorKind]) -> Vec<FactorKind> {
        match self {
            Self::Any | Self::All => enrolled.to_vec(),
            // The kinds are declared in the order of their strength.
            Self::Strongest => enrolled.iter().min().copied().into_iter().collect(),
        }
    }

    /// How many of the factors of a challenge must still be proven.
    pub(crate) fn missing(self, factors: &BTreeMap<FactorKind, bool>) -> usize {
        let open = factors.values().filter(|passed| !**passed).count();
        match self {
            Self::All => open,
            Self::Any | Self::Strongest => usize::from(open == factors.len()).min(open),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [FactorKind; 2] = [FactorKind::Sms, FactorKind::Totp];

    fn missing(rule: Requirement, passed: &[FactorKind]) -> usize {
        let factors = rule.asked(&BOTH).into_iter();
        rule.missing(&factors.map(|kind| (kind, passed.contains(&kind))).collect())
    }

    #[test]
    fn any_is_content_with_whichever_factor() {
        assert_eq!(missing(Requirement::Any, &[]), 1);
        for one in BOTH {
            assert_eq!(missing(Requirement::Any, &[one]), 0);
        }
    }

    #[test]
    fn all_asks_for_every_one() {
        assert_eq!(missing(Requirement::All, &[]), 2);
        assert_eq!(missing(Requirement::All, &[FactorKind::Sms]), 1);
        assert_eq!(missing(Requirement::All, &BOTH), 0);
    }

    #[test]
    fn the_strongest_is_asked_for_alone() {
        assert_eq!(Requirement::Strongest.asked(&BOTH), [FactorKind::Totp]);
        assert_eq!(missing(Requirement::Strongest, &[FactorKind::Totp]), 0);
        assert_eq!(
            Requirement::Strongest.asked(&[FactorKind::Email]),
            [FactorKind::Email]
        );
    }

    #[test]
    fn nothing_is_missing_where_nothing_is_asked() {
        for rule in [Requirement::Any, Requirement::Strongest, Requirement::All] {
            assert_eq!(rule.missing(&BTreeMap::new()), 0);
        }
    }
}
