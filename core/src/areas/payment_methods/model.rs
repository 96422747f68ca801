//! Stored payment methods as callers see them: ids, commands, views, problems.

use portcullis_ports::id::SetupId;
use portcullis_ports::payments::{MethodKind, VendorRef};
use portcullis_ports::{Code, Kind, Timestamp, id};
use serde::{Deserialize, Serialize};

use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::billing_freezes::BILLING_FROZEN;
use crate::services::budgets::TOO_MANY_ATTEMPTS;
use crate::services::idempotency::{KEY_REQUIRED, KEY_REUSED};
use crate::services::payment_vendors::{NOT_OFFERED, NextActionView, VENDOR_UNCLEAR};

id!(
    /// Names a stored payment method.
    PaymentMethodId, "pm", "pm_01h2xcejqtf2nbrexx3vqjhp41"
);

/// There is no such method, or it is somebody else's, or it was removed.
pub const METHOD_NOT_FOUND: Code = Code::new(
    "payment-method-not-found",
    Kind::NotFound,
    "There is no such payment method.",
);
/// Nothing was named, and there is no default.
pub const NO_DEFAULT_METHOD: Code = Code::new(
    "no-default-payment-method",
    Kind::Conflict,
    "There is no default payment method: add one, make one the default, or name one.",
);
/// It cannot be charged any more, or not by this vendor.
pub const METHOD_UNUSABLE: Code = Code::new(
    "payment-method-unusable",
    Kind::Conflict,
    "This payment method cannot be charged: take another one, or add it again.",
);
/// As many methods are stored as may be.
pub const METHOD_LIMIT: Code = Code::new(
    "payment-method-limit",
    Kind::Conflict,
    "You have as many payment methods as you may have (20): remove one first.",
);
/// There is no such setup, or it is somebody else's, or its day is over.
pub const SETUP_NOT_FOUND: Code = Code::new(
    "payment-method-setup-not-found",
    Kind::NotFound,
    "There is no such setup, or it is over: begin another one with a new Idempotency-Key.",
);
/// As many setups are open as may be.
pub const SETUP_LIMIT: Code = Code::new(
    "payment-method-setup-limit",
    Kind::Conflict,
    "Too many payment methods are being added (5): finish one of them, or try again a day later.",
);
/// The vendor or the bank refused to store the method, or what was told to prove it is wrong.
pub const SETUP_DECLINED: Code = Code::new(
    "payment-method-setup-declined",
    Kind::Declined,
    "The payment method was not accepted.",
);
/// The vendor gave no answer, or could not be asked.
pub const VENDOR_UNAVAILABLE: Code = Code::new(
    "payment-vendor-unavailable",
    Kind::Unavailable,
    "The payment vendor does not answer at the moment. Nothing was charged; please try again.",
);

/// What a stored method is good for at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case", rename = "PaymentMethodStatus")
)]
pub enum MethodStatus {
    /// It can be charged.
    Active,
    /// It can be charged, and expires within 30 days.
    Expiring,
    /// It cannot be charged; `reason` says why.
    Dead,
}

/// Why a stored method cannot be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case", rename = "DeadMethodReason")
)]
pub enum DeadReason {
    /// It has expired. It comes back if the vendor tells a later date.
    Expired,
    /// It was removed at the vendor.
    Detached,
    /// The agreement to debits was withdrawn.
    MandateWithdrawn,
    /// It could be charged once, and was.
    UsedUp,
    /// It lies in another account of the vendor than the one that is connected, or the vendor is not connected any more.
    OtherAccount,
}

impl DeadReason {
    /// The reason as a sentence.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Expired => "This payment method has expired: take another one.",
            Self::Detached => "This payment method was removed at the vendor: add it again.",
            Self::MandateWithdrawn => "The agreement to debits was withdrawn: add the account again.",
            Self::UsedUp => "This payment method could be charged once only: add another one.",
            Self::OtherAccount => {
                "This payment method belongs to an account of the vendor that is not connected: add it again."
            }
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Detached => "detached",
            Self::MandateWithdrawn => "mandate_withdrawn",
            Self::UsedUp => "used_up",
            Self::OtherAccount => "other_account",
        }
    }
}

/// A method that may be charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsableMethod {
    pub(crate) id: PaymentMethodId,
    /// The vendor's name for it.
    pub(crate) theirs: VendorRef,
    pub(crate) kind: MethodKind,
    /// When it was stored first: a method that is young needs a step-up.
    pub(crate) stored_at: Timestamp,
}

/// A stored payment method. Never a whole number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "PaymentMethod")
)]
pub struct MethodView {
    /// Names it.
    pub payment_method_id: PaymentMethodId,
    /// The vendor that keeps it, by the name of its instance.
    pub vendor: String,
    /// Its kind.
    pub method_type: MethodKind,
    /// What it is called: the brand of a card, the name of a bank or wallet.
    pub label: String,
    /// The brand, where it is a card.
    pub brand: Option<String>,
    /// The last four characters of its number.
    pub last4: Option<String>,
    /// The last month in which it can be charged, 1 to 12.
    pub exp_month: Option<u8>,
    /// The year of that month.
    pub exp_year: Option<u16>,
    /// Lower comes first; 0 to 100000.
    pub priority: u32,
    /// Whether it is charged where none is named.
    pub is_default: bool,
    /// What it is good for.
    pub status: MethodStatus,
    /// Why it cannot be charged.
    pub reason: Option<DeadReason>,
    /// When it was stored, in Unix seconds.
    pub stored_at: i64,
}

/// Where the adding of a method stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case", rename = "SetupState")
)]
pub enum SetupState {
    /// The vendor has not answered yet. Send the beginning again, with the same key.
    Beginning,
    /// `next_action` says what has to happen.
    RequiresAction,
    /// The vendor or a bank will decide.
    Processing,
    /// The method is stored.
    Succeeded,
    /// It was refused.
    Failed,
    /// It was called off, or could not be proven.
    Canceled,
}

impl SetupState {
    /// Whether it may still become a method.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Beginning | Self::RequiresAction | Self::Processing)
    }
}

/// A method is to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BeginSetup {
    /// The vendor, by the name of its instance. May be left out where there is only one.
    pub vendor: Option<String>,
    /// The kinds that the payer may choose from; all that the vendor has where it is left out.
    #[cfg_attr(feature = "openapi", oai(validator(min_items = 1)))]
    pub kinds: Option<Vec<MethodKind>>,
}

impl Documented for BeginSetup {
    const EXAMPLE: &str = r#"{ "kinds": ["card"] }"#;
}

impl UseCase for BeginSetup {
    const PROBLEMS: Problems = &[
        &[
            STEP_UP_REQUIRED,
            KEY_REQUIRED,
            KEY_REUSED,
            VENDOR_UNCLEAR,
            NOT_OFFERED,
            BILLING_FROZEN,
        ],
        &[
            METHOD_LIMIT,
            SETUP_LIMIT,
            SETUP_DECLINED,
            SETUP_NOT_FOUND,
            VENDOR_UNAVAILABLE,
        ],
    ];
}

/// The adding of a method, as it stands.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "PaymentMethodSetup")
)]
pub struct SetupView {
    /// Names it.
    pub setup_id: SetupId,
    /// The vendor, by the name of its instance.
    pub vendor: String,
    /// Where it stands.
    pub status: SetupState,
    /// What has to happen next. What the vendor's script is started with is here only in the answer to the beginning.
    pub next_action: Option<NextActionView>,
    /// The stored method, once there is one.
    pub payment_method_id: Option<PaymentMethodId>,
    /// When it is given up, in Unix seconds.
    pub expires_at: i64,
}

impl Documented for SetupView {
    const EXAMPLE: &str = r#"{
  "setup_id": "stp_01h2xcejqtf2nbrexx3vqjhp41",
  "vendor": "main",
  "status": "requires_action",
  "next_action": {
    "type": "confirm",
    "client_secret": "seti_1_secret_2",
    "public_key": "pk_test_1",
    "url": null,
    "deposits": null,
    "at": null,
    "instructions": null
  },
  "payment_method_id": null,
  "expires_at": 1790086400
}"#;
}

/// The adding of a method is looked at.
#[derive(Debug)]
pub struct ReadSetup;

impl UseCase for ReadSetup {
    const PROBLEMS: Problems = &[&[SETUP_NOT_FOUND]];
}

/// The payer has acted; of a bank account that is proven by deposits, what arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CompleteSetup {
    /// The two amounts that arrived, in the smallest unit of the account's currency.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(min_items = 2, max_items = 2, minimum(value = "0")))
    )]
    pub amounts: Option<Vec<u32>>,
    /// The code in the text of the deposit; at most 32 characters.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(max_length = 32, pattern = "^ *[A-Za-z0-9]+ *$"))
    )]
    pub descriptor_code: Option<String>,
    /// What the vendor's script or widget handed to the page, as it is: names and texts.
    pub handed: Option<std::collections::BTreeMap<String, String>>,
}

impl Documented for CompleteSetup {
    const EXAMPLE: &str = r#"{ "amounts": [32, 45] }"#;
}

impl UseCase for CompleteSetup {
    const PROBLEMS: Problems = &[
        &[SETUP_NOT_FOUND, SETUP_DECLINED, METHOD_LIMIT, VENDOR_UNCLEAR],
        &[VENDOR_UNAVAILABLE, TOO_MANY_ATTEMPTS],
    ];
}

/// A method becomes the one that is charged where none is named.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SetDefaultMethod {
    /// The method. May also be sent as `payment_token_id`.
    #[serde(alias = "payment_token_id")]
    pub payment_method_id: PaymentMethodId,
}

impl Documented for SetDefaultMethod {
    const EXAMPLE: &str = r#"{ "payment_method_id": "pm_01h2xcejqtf2nbrexx3vqjhp41" }"#;
    const ALIAS: Option<(&str, &str)> = Some(("payment_method_id", "payment_token_id"));
}

impl UseCase for SetDefaultMethod {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, METHOD_NOT_FOUND, METHOD_UNUSABLE]];
}

/// A method is put in another place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SetMethodPriority {
    /// The method. May also be sent as `payment_token_id`.
    #[serde(alias = "payment_token_id")]
    pub payment_method_id: PaymentMethodId,
    /// Lower comes first; 0 to 100000.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "100000")))
    )]
    pub priority: u32,
}

impl Documented for SetMethodPriority {
    const EXAMPLE: &str = r#"{ "payment_method_id": "pm_01h2xcejqtf2nbrexx3vqjhp41", "priority": 2 }"#;
    const ALIAS: Option<(&str, &str)> = Some(("payment_method_id", "payment_token_id"));
}

impl UseCase for SetMethodPriority {
    const PROBLEMS: Problems = &[&[METHOD_NOT_FOUND]];
}

/// A method is removed.
#[derive(Debug)]
pub struct RemoveMethod;

impl UseCase for RemoveMethod {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, METHOD_NOT_FOUND]];
}
