//! The groups of operations, in the order in which somebody meets them.

use poem_openapi::Tags;

/// A group of operations.
#[derive(Debug, Clone, Copy, Tags)]
pub(crate) enum Tag {
    /// Sign-up, the first factor of a sign-in, the password.
    Accounts,
    /// What a complete sign-in leaves behind, and how it ends.
    Sessions,
    /// Browsers and apps on which an account signed in, and those that its owner trusts.
    #[oai(rename = "Known devices")]
    KnownDevices,
    /// What programs prove with who they are, and what each may do.
    #[oai(rename = "API keys")]
    ApiKeys,
    /// Applications behind a reverse proxy that asks here who is coming.
    Applications,
    /// Proving factors: to complete a sign-in, or to confirm a sensitive action (step-up).
    Challenges,
    /// Apps that show six digits (TOTP).
    #[oai(rename = "Authenticator apps")]
    AuthenticatorApps,
    /// Codes by text message.
    #[oai(rename = "Phone numbers")]
    PhoneNumbers,
    /// Codes by e-mail.
    #[oai(rename = "E-mail addresses")]
    EmailAddresses,
    /// Codes on paper, for when a device is lost.
    #[oai(rename = "Recovery codes")]
    RecoveryCodes,
    /// A new password for whoever forgot theirs.
    #[oai(rename = "Password recovery")]
    PasswordRecovery,
    /// What customers owe and paid.
    Billing,
    /// What is owed for what, with taxes and a number.
    Invoices,
    /// What is paid, held, given back and contested.
    Payments,
    /// Stored ways to pay, and what the payment vendors take.
    #[oai(rename = "Payment methods")]
    PaymentMethods,
    /// What people can subscribe to, and what it entitles them to.
    Subscriptions,
    /// What is sold, what people put into their carts, and what they bought.
    Orders,
    /// Looking after the service: needs a role that `portcullis operators grant` gives.
    Operators,
    /// What vendors of messages and of payments tell the service.
    Webhooks,
    /// Paths of the service that this one replaced. Each says with every answer what to call instead.
    Deprecated,
    /// The service itself.
    Service,
}

/// The names in that order.
pub(crate) const ORDER: [&str; 21] = [
    "Accounts",
    "Sessions",
    "Known devices",
    "API keys",
    "Applications",
    "Challenges",
    "Authenticator apps",
    "Phone numbers",
    "E-mail addresses",
    "Recovery codes",
    "Password recovery",
    "Billing",
    "Invoices",
    "Payments",
    "Payment methods",
    "Subscriptions",
    "Orders",
    "Operators",
    "Webhooks",
    "Deprecated",
    "Service",
];
