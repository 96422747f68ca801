//! Operators: roles, who is asking, views and problems.

use std::str::FromStr;

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind};
use serde::{Deserialize, Serialize};

use crate::areas::ledger::{BalanceView, LEDGER_BROKEN, ListCustomerEntries};
use crate::areas::sessions::SignedIn;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// Whoever asks is no operator.
pub const NOT_AN_OPERATOR: Code = Code::new(
    "not-an-operator",
    Kind::Forbidden,
    "This is for operators of the service only; `portcullis operators grant` makes somebody one.",
);
/// Whoever asks is an operator whose role is not enough.
pub const OPERATOR_ROLE_REQUIRED: Code = Code::new(
    "operator-role-required",
    Kind::Forbidden,
    "Your role as an operator is not enough for this.",
);
/// Whoever asks is an operator without a second factor.
pub const OPERATOR_FACTOR_REQUIRED: Code = Code::new(
    "operator-factor-required",
    Kind::Forbidden,
    "Operators need a second factor: add an authenticator app or another factor to your account, then confirm it through \
     /ui/step-up/start.",
);
/// An address that is nobody's.
pub const ACCOUNT_NOT_FOUND: Code = Code::new(
    "account-not-found",
    Kind::NotFound,
    "No account has this e-mail address.",
);
/// An address that somebody claims without having proven it.
pub const ADDRESS_NOT_PROVEN: Code = Code::new(
    "address-not-proven",
    Kind::Conflict,
    "Nobody has proven that this e-mail address is theirs: its owner must confirm it first.",
);
/// There are as many operators as there can be.
pub const OPERATOR_LIMIT: Code = Code::new(
    "operator-limit",
    Kind::Conflict,
    "There are 200 operators already: revoke one first.",
);

/// Nobody has this subject, as far as is known here.
pub const CUSTOMER_NOT_FOUND: Code = Code::new(
    "customer-not-found",
    Kind::NotFound,
    "There is no account of this name, and nothing was ever posted to it.",
);

/// What whoever asks as an operator may be told, besides what whoever has a session may be.
pub const LEVEL_PROBLEMS: &[Code] = &[
    NOT_AN_OPERATOR,
    OPERATOR_ROLE_REQUIRED,
    OPERATOR_FACTOR_REQUIRED,
    STEP_UP_REQUIRED,
];

/// The most operators of a deployment.
pub(super) const MOST: usize = 200;

/// What an operator may do. Each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename = "OperatorRole", rename_all = "lowercase")
)]
pub enum Role {
    /// Looks at customers, what they owe, and their payments; changes nothing.
    Viewer,
    /// Also acts for one customer at a time: gives money back, captures it or lets it go, decides about payments and answers
    /// disputes.
    Support,
    /// Also sees who the operators are, and decides about differences with payment vendors.
    Admin,
}

impl Role {
    /// All of them, the weakest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Support, Self::Admin];

    /// As commands and answers name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or("viewer, support or admin is expected")
    }
}

/// Somebody who acts as an operator: with a live session in which a second factor was proven, and a role that is enough.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Who, and from where.
    pub who: SignedIn,
    /// The role that was granted, which may be stronger than what is done asks for.
    pub role: Role,
    pub(super) granted_at: i64,
}

impl Operator {
    /// Who.
    pub fn subject(&self) -> &Subject {
        self.who.subject()
    }
}

/// Whom a command means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The account with this address, which must be proven.
    Address(EmailAddress),
    /// Whoever has this subject, also at another identity provider.
    Subject(Subject),
}

impl FromStr for Named {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        Subject::parse(text)
            .map(Self::Subject)
            .map_err(|_| "an e-mail address or a subject such as usr_01h2xcejqtf2nbrexx3vqjhp41 is expected")
    }
}

/// What an operator is told of their own role.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OperatorSelf {
    /// The stable name of the account.
    pub user_sub: Subject,
    /// What was granted.
    pub role: Role,
    /// Everything that may be done as: the role and those below it.
    pub roles: Vec<Role>,
    /// Since when, in Unix seconds.
    pub granted_at: i64,
}

impl From<&Operator> for OperatorSelf {
    fn from(operator: &Operator) -> Self {
        let below = Role::ALL.into_iter().filter(|role| *role <= operator.role);
        Self {
            user_sub: operator.subject().clone(),
            role: operator.role,
            roles: below.collect(),
            granted_at: operator.granted_at,
        }
    }
}

impl Documented for OperatorSelf {
    const EXAMPLE: &str = r#"{
  "user_sub": "usr_01h2xcejqtf2nbrexx3vqjhp41",
  "role": "support",
  "roles": ["viewer", "support"],
  "granted_at": 1790000000
}"#;
}

/// One operator in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OperatorView {
    /// The stable name of the account.
    pub user_sub: Subject,
    /// The address of the account; null for people of another identity provider.
    pub email: Option<EmailAddress>,
    /// What was granted.
    pub role: Role,
    /// Since when, in Unix seconds.
    pub granted_at: i64,
    /// Whether a second factor is enrolled. Without one the role cannot be used.
    pub has_factor: bool,
}

/// Everybody who is an operator.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OperatorList {
    /// The strongest role first; at most 200.
    pub operators: Vec<OperatorView>,
}

impl Documented for OperatorList {
    const EXAMPLE: &str = r#"{
  "operators": [
    {
      "user_sub": "usr_01h2xcejqtf2nbrexx3vqjhp41",
      "email": "ada@example.com",
      "role": "admin",
      "granted_at": 1790000000,
      "has_factor": true
    }
  ]
}"#;
}

/// That the billing of a customer is frozen.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CustomerFreeze {
    /// Since when, in Unix seconds.
    pub since: i64,
    /// Who did it.
    pub operator: Subject,
    /// Why.
    pub reason: String,
}

/// What operators see of a customer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CustomerView {
    /// The stable name of the account.
    pub user_sub: Subject,
    /// The address of the account; null for people of another identity provider.
    pub email: Option<EmailAddress>,
    /// What is owed, by the codes of the currencies; empty if nothing was ever posted.
    pub balances: Vec<BalanceView>,
    /// Whether nothing new can be paid; null if it can.
    pub frozen: Option<CustomerFreeze>,
}

impl Documented for CustomerView {
    const EXAMPLE: &str = r#"{
  "user_sub": "usr_01h2xcejqtf2nbrexx3vqjhp41",
  "email": "ada@example.com",
  "balances": [
    {
      "currency": "USD",
      "digits": 2,
      "payable": 1999,
      "owed": 1999,
      "debits_posted": 3998,
      "debits_pending": 0,
      "credits_posted": 1999,
      "credits_pending": 0,
      "entries": 4,
      "collecting": null
    }
  ],
  "frozen": null
}"#;
}

/// Looking at a customer.
impl UseCase for CustomerView {
    const PROBLEMS: Problems = &[&[CUSTOMER_NOT_FOUND, LEDGER_BROKEN]];
}

/// Looking at the account of a customer.
#[derive(Debug, Clone, Copy)]
pub struct ReadCustomerEntries;

impl UseCase for ReadCustomerEntries {
    const PROBLEMS: Problems = &[&[CUSTOMER_NOT_FOUND], ListCustomerEntries::PROBLEMS[0]];
}

/// Makes somebody an operator, or changes the role of one.
#[derive(Debug, Clone)]
pub struct GrantOperator {
    /// Whom.
    pub whom: Named,
    /// As what.
    pub role: Role,
}

impl UseCase for GrantOperator {
    const PROBLEMS: Problems = &[&[ACCOUNT_NOT_FOUND, ADDRESS_NOT_PROVEN, OPERATOR_LIMIT]];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_those_before_it_may() {
        assert!(Role::Viewer < Role::Support && Role::Support < Role::Admin);
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("Admin".parse::<Role>().is_err());
    }

    #[test]
    fn people_are_named_by_address_or_subject() {
        assert!(matches!("ada@example.com".parse(), Ok(Named::Address(_))));
        assert!(matches!(
            "usr_01h2xcejqtf2nbrexx3vqjhp41".parse(),
            Ok(Named::Subject(_))
        ));
        assert!("two words".parse::<Named>().is_err());
    }
}
