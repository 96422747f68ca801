//! Stripe's test cards and bank accounts: their numbers, their tokens, and what they do.
//!
//! Source: "Test card numbers" and "Test payments with ACH Direct Debit" of Stripe's documentation.

/// When the payer has to confirm at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Confirmation {
    Never,
    /// Unless the card was set up with a confirmation.
    UnlessSetUp,
    Always,
}

/// What becomes of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refunding {
    Succeeds,
    PendingThenSucceeds,
    SucceedsThenFails,
}

/// What a method does when it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Behaviour {
    /// Stripe's code and the bank's, with which it is refused.
    pub(super) declines: Option<(&'static str, Option<&'static str>)>,
    pub(super) confirmation: Confirmation,
    /// The reason of the dispute that follows at once, and whether it is an inquiry only.
    pub(super) disputed: Option<(&'static str, bool)>,
    pub(super) refunding: Refunding,
    /// A debit that is decided days later; never, with `None`.
    pub(super) days: Option<i64>,
    /// Whether small deposits to it arrive.
    pub(super) deposits_arrive: bool,
}

const PLAIN: Behaviour = Behaviour {
    declines: None,
    confirmation: Confirmation::Never,
    disputed: None,
    refunding: Refunding::Succeeds,
    days: Some(0),
    deposits_arrive: true,
};

/// A card for tests.
#[derive(Debug, Clone, Copy)]
pub struct TestCard {
    /// Its number.
    pub number: &'static str,
    /// The token that stands for it.
    pub token: &'static str,
    /// What it does, for people.
    pub effect: &'static str,
    pub(super) brand: &'static str,
    pub(super) behaviour: Behaviour,
}

/// A bank account for tests.
#[derive(Debug, Clone, Copy)]
pub struct BankAccount {
    /// Its number; the routing number is always 110000000.
    pub number: &'static str,
    /// The token that stands for it.
    pub token: &'static str,
    /// What it does, for people.
    pub effect: &'static str,
    pub(super) behaviour: Behaviour,
}

const fn card(
    number: &'static str,
    token: &'static str,
    effect: &'static str,
    behaviour: Behaviour,
) -> TestCard {
    TestCard {
        number,
        token,
        effect,
        brand: "visa",
        behaviour,
    }
}

const fn declines(code: &'static str, decline: Option<&'static str>) -> Behaviour {
    Behaviour {
        declines: Some((code, decline)),
        ..PLAIN
    }
}

const fn disputed(reason: &'static str, inquiry: bool) -> Behaviour {
    Behaviour {
        disputed: Some((reason, inquiry)),
        ..PLAIN
    }
}

/// Cards for tests.
pub const CARDS: &[TestCard] = &[
    card("4242424242424242", "pm_card_visa", "succeeds", PLAIN),
    TestCard {
        brand: "mastercard",
        ..card("5555555555554444", "pm_card_mastercard", "succeeds", PLAIN)
    },
    card(
        "4000000000000002",
        "pm_card_visa_chargeDeclined",
        "is refused",
        declines("card_declined", Some("generic_decline")),
    ),
    card(
        "4000000000009995",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "is refused for too little money",
        declines("card_declined", Some("insufficient_funds")),
    ),
    card(
        "4000000000009987",
        "pm_card_visa_chargeDeclinedLostCard",
        "is refused as lost",
        declines("card_declined", Some("lost_card")),
    ),
    card(
        "4000000000009979",
        "pm_card_visa_chargeDeclinedStolenCard",
        "is refused as stolen",
        declines("card_declined", Some("stolen_card")),
    ),
    card(
        "4000000000006975",
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "is refused for too many payments",
        declines("card_declined", Some("card_velocity_exceeded")),
    ),
    card(
        "4000000000000069",
        "pm_card_chargeDeclinedExpiredCard",
        "is refused as expired",
        declines("expired_card", None),
    ),
    card(
        "4000000000000127",
        "pm_card_chargeDeclinedIncorrectCvc",
        "is refused for its CVC",
        declines("incorrect_cvc", None),
    ),
    card(
        "4000000000000119",
        "pm_card_chargeDeclinedProcessingError",
        "is refused for an error on the way",
        declines("processing_error", None),
    ),
    card(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        "can be stored, and every charge is refused",
        declines("card_declined", Some("generic_decline")),
    ),
    card(
        "4000002500003155",
        "pm_card_authenticationRequiredOnSetup",
        "asks the payer to confirm unless it was stored with a confirmation",
        Behaviour {
            confirmation: Confirmation::UnlessSetUp,
            ..PLAIN
        },
    ),
    card(
        "4000002760003184",
        "pm_card_authenticationRequired",
        "always asks the payer to confirm",
        Behaviour {
            confirmation: Confirmation::Always,
            ..PLAIN
        },
    ),
    card(
        "4000000000000259",
        "pm_card_createDispute",
        "succeeds and is disputed as fraudulent",
        disputed("fraudulent", false),
    ),
    card(
        "4000000000002685",
        "pm_card_createDisputeProductNotReceived",
        "succeeds and is disputed as not received",
        disputed("product_not_received", false),
    ),
    card(
        "4000000000001976",
        "pm_card_createDisputeInquiry",
        "succeeds and the bank asks about it",
        disputed("fraudulent", true),
    ),
    card(
        "4000000000007726",
        "pm_card_pendingRefund",
        "succeeds; refunds succeed later",
        Behaviour {
            refunding: Refunding::PendingThenSucceeds,
            ..PLAIN
        },
    ),
    card(
        "4000000000005126",
        "pm_card_refundFail",
        "succeeds; refunds fail later",
        Behaviour {
            refunding: Refunding::SucceedsThenFails,
            ..PLAIN
        },
    ),
];

const fn account(
    number: &'static str,
    token: &'static str,
    effect: &'static str,
    behaviour: Behaviour,
) -> BankAccount {
    BankAccount {
        number,
        token,
        effect,
        behaviour: Behaviour {
            days: match behaviour.days {
                Some(_) => Some(4),
                None => None,
            },
            ..behaviour
        },
    }
}

/// Bank accounts for tests.
pub const ACCOUNTS: &[BankAccount] = &[
    account(
        "000123456789",
        "pm_usBankAccount_success",
        "is taken after four days",
        PLAIN,
    ),
    account(
        "000111111113",
        "pm_usBankAccount_accountClosed",
        "is refused after four days: closed",
        declines("account_closed", None),
    ),
    account(
        "000111111116",
        "pm_usBankAccount_noAccount",
        "is refused after four days: no such account",
        declines("no_account", None),
    ),
    account(
        "000222222227",
        "pm_usBankAccount_insufficientFunds",
        "is refused after four days: too little money",
        declines("insufficient_funds", None),
    ),
    account(
        "000333333335",
        "pm_usBankAccount_debitNotAuthorized",
        "is refused after four days: not authorised",
        declines("debit_not_authorized", None),
    ),
    account(
        "000555555559",
        "pm_usBankAccount_dispute",
        "is taken after four days, and returned",
        disputed("debit_not_authorized", false),
    ),
    account(
        "000000000009",
        "pm_usBankAccount_processing",
        "is never decided",
        Behaviour { days: None, ..PLAIN },
    ),
    account(
        "000666666661",
        "pm_usBankAccount_microdepositsFail",
        "cannot be proven by deposits",
        Behaviour {
            deposits_arrive: false,
            ..PLAIN
        },
    ),
];

/// A card by number or token.
pub(super) fn card_of(text: &str) -> Option<&'static TestCard> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    CARDS
        .iter()
        .find(|card| card.number == digits || card.token == digits)
}

/// A bank account by number or token.
pub(super) fn account_of(text: &str) -> Option<&'static BankAccount> {
    ACCOUNTS
        .iter()
        .find(|account| account.number == text || account.token == text)
}

/// A SEPA debit is taken after some days.
pub(super) const SEPA: Behaviour = Behaviour {
    days: Some(5),
    ..PLAIN
};

/// Every number that must not be kept.
pub(super) fn numbers() -> impl Iterator<Item = &'static str> {
    CARDS
        .iter()
        .map(|card| card.number)
        .chain(ACCOUNTS.iter().map(|account| account.number))
}
