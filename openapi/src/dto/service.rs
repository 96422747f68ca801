//! What the service says about itself.

use poem_openapi::{Enum, Object};
use portcullis_core::App;
use portcullis_core::accounts::PASSWORD_MAX;
use portcullis_core::settings;
use portcullis_core::use_case::Documented;
use portcullis_ports::notification::Channel;
use serde::Serialize;

use crate::mailbox;

/// The service answers.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Pong {
    /// Always true.
    ok: bool,
}

impl Documented for Pong {
    const EXAMPLE: &str = r#"{ "ok": true }"#;
}

impl Pong {
    pub(crate) const OK: Self = Self { ok: true };
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub(crate) enum SignUpMode {
    /// Anybody.
    Open,
    /// Anybody who proves the address first.
    Verified,
    /// Nobody.
    Closed,
}

impl From<settings::SignUpMode> for SignUpMode {
    fn from(mode: settings::SignUpMode) -> Self {
        match mode {
            settings::SignUpMode::Open => Self::Open,
            settings::SignUpMode::Verified => Self::Verified,
            settings::SignUpMode::Closed => Self::Closed,
        }
    }
}

/// The channels on which codes can be sent.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Channels {
    /// By e-mail.
    email: bool,
    /// By text message.
    sms: bool,
}

/// What a password must be like.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PasswordRules {
    /// The fewest characters.
    min_length: usize,
    /// The most characters.
    max_length: usize,
}

/// What a panel needs to know before anybody is signed in.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Options {
    /// The name of the product.
    product_name: String,
    /// Who may sign up.
    sign_up: SignUpMode,
    /// Whether this is a developer's machine.
    development: bool,
    /// The channels on which codes can be sent.
    channels: Channels,
    /// What a password must be like.
    password: PasswordRules,
    /// Whether a forgotten password can be replaced, which takes a sender of mail.
    password_recovery: bool,
    /// For how many days somebody may trust a device, so that sign-ins on it are not asked for a second factor; 0 where
    /// that is not offered.
    trusted_device_days: u16,
    /// Whether people can pay here.
    billing: bool,
    /// Where a developer reads the messages that were sent; null elsewhere.
    mailbox_url: Option<String>,
}

impl Documented for Options {
    const EXAMPLE: &str = r#"{
  "product_name": "Portcullis",
  "sign_up": "open",
  "development": false,
  "channels": {
    "email": true,
    "sms": true
  },
  "password": {
    "min_length": 10,
    "max_length": 256
  },
  "password_recovery": true,
  "trusted_device_days": 30,
  "billing": false,
  "mailbox_url": null
}"#;
}

impl Options {
    pub(crate) fn of(app: &App, development: bool, mailbox: bool) -> Self {
        let settings = app.settings();
        let channels = app.channels();
        Self {
            product_name: settings.product.name.clone(),
            sign_up: settings.accounts.sign_up.into(),
            development,
            channels: Channels {
                email: channels.contains(&Channel::Email),
                sms: channels.contains(&Channel::Sms),
            },
            password: PasswordRules {
                min_length: settings.accounts.password_min_length,
                max_length: PASSWORD_MAX,
            },
            trusted_device_days: settings.factors.trusted_device_days,
            password_recovery: channels.contains(&Channel::Email),
            billing: app.takes_payments,
            mailbox_url: mailbox.then(|| mailbox::PAGE.to_owned()),
        }
    }
}
