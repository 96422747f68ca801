//! The accounts of the ledger: one per customer and currency, and those of the house.

use std::fmt;
use std::str::FromStr;

use portcullis_ports::text;
use serde::{Deserialize, Serialize};

text!(
    /// The name of a connected plugin instance, as the configuration has it, within the name of an account.
    InstanceName, "instance", "main", in "^[0-9A-Za-z_-]{1,64}$", |text| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(text.to_owned())
        } else {
            Err("the name of an instance of 1 to 64 letters, digits, - or _ is expected")
        }
    }
);

const ADVICE: &str = "an account such as customer, revenue or processor/main is expected";

/// An account of the house. Postings are appended to it and never checked against its total, so that no two commits meet
/// there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum HouseAccount {
    /// What a payment vendor holds for us.
    Processor(InstanceName),
    /// What was earned.
    Revenue,
    /// Tax that was charged and is owed to the state.
    Tax,
    /// What a payment vendor charged us.
    Fees(InstanceName),
    /// Money at a payment vendor that nobody can explain yet.
    Suspense(InstanceName),
    /// What was paid out to the bank account.
    Bank,
    /// What was given to customers, or taken back from them, by decision of an operator.
    Goodwill,
    /// Debts that are given up.
    WriteOff,
}

impl fmt::Display for HouseAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processor(instance) => write!(f, "processor/{instance}"),
            Self::Revenue => f.write_str("revenue"),
            Self::Tax => f.write_str("tax"),
            Self::Fees(instance) => write!(f, "fees/{instance}"),
            Self::Suspense(instance) => write!(f, "suspense/{instance}"),
            Self::Bank => f.write_str("bank"),
            Self::Goodwill => f.write_str("goodwill"),
            Self::WriteOff => f.write_str("write_off"),
        }
    }
}

impl FromStr for HouseAccount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some(("processor", instance)) => InstanceName::parse(instance).map(Self::Processor),
            Some(("fees", instance)) => InstanceName::parse(instance).map(Self::Fees),
            Some(("suspense", instance)) => InstanceName::parse(instance).map(Self::Suspense),
            Some(_) => Err(ADVICE),
            None => match text {
                "revenue" => Ok(Self::Revenue),
                "tax" => Ok(Self::Tax),
                "bank" => Ok(Self::Bank),
                "goodwill" => Ok(Self::Goodwill),
                "write_off" => Ok(Self::WriteOff),
                _ => Err(ADVICE),
            },
        }
    }
}

impl From<HouseAccount> for String {
    fn from(account: HouseAccount) -> Self {
        account.to_string()
    }
}

impl TryFrom<String> for HouseAccount {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// An account that a posting names. Which customer is meant is said by the entry that holds the posting: no transaction
/// touches two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Account {
    /// What the customer owes us. Debits raise it.
    Customer,
    /// One of ours.
    House(HouseAccount),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer => f.write_str("customer"),
            Self::House(account) => account.fmt(f),
        }
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        account.to_string()
    }
}

impl TryFrom<String> for Account {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "customer" {
            return Ok(Self::Customer);
        }
        text.parse().map(Self::House)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_is_read_as_it_is_written() {
        let main = || InstanceName::parse("main").unwrap();
        let house = [
            HouseAccount::Processor(main()),
            HouseAccount::Revenue,
            HouseAccount::Tax,
            HouseAccount::Fees(main()),
            HouseAccount::Suspense(main()),
            HouseAccount::Bank,
            HouseAccount::Goodwill,
            HouseAccount::WriteOff,
        ];
        for account in house {
            assert_eq!(account.to_string().parse(), Ok(account.clone()));
            let text = String::from(Account::House(account.clone()));
            assert_eq!(Account::try_from(text), Ok(Account::House(account)));
        }
        assert_eq!(Account::try_from("customer".to_owned()), Ok(Account::Customer));
        for wrong in [
            "",
            "Customer",
            "processor",
            "processor/",
            "processor/a#b",
            "bank/main",
            "x/y",
        ] {
            assert!(Account::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
