//! The texts that people receive.

use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::notification::{Channel, Destination};

use crate::foundation::factor_kind::FactorKind;
use crate::foundation::lane::Lane;
use crate::services::outbox::Draft;

/// Why a code is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CodeFor {
    SignIn,
    StepUp,
    Add,
    Remove,
    Recovery,
}

/// A six-digit code.
pub(crate) fn code(product: &str, to: Destination, why: CodeFor, code: &str, deliver_by: Timestamp) -> Draft {
    let what = match why {
        CodeFor::SignIn => "to sign in",
        CodeFor::StepUp => "to confirm that it is you",
        CodeFor::Add if to.channel() == Channel::Sms => "to add this phone number",
        CodeFor::Add => "to add this e-mail address",
        CodeFor::Remove => "to remove a device from your account",
        CodeFor::Recovery => "to set a new password",
    };
    let subject = match to.channel() {
        Channel::Email => format!("{product}: your code {what}"),
        Channel::Sms => String::new(),
    };
    let text = match to.channel() {
        Channel::Sms => format!("{product}: {code} is your code {what}. Never share it."),
        Channel::Email => format!(
            "Your code {what} is:\n\n    {code}\n\nIt works once and only for a few minutes. \
             If you did not ask for it, somebody may know your password: change it.\n\n{product}"
        ),
    };
    Draft {
        to,
        subject,
        text,
        code: Some(code.to_owned()),
        lane: Lane::Codes,
        deliver_by: Some(deliver_by),
    }
}

/// Proof of a new account's address. `link` leads to the page where the code is entered already.
pub(crate) fn verification(
    product: &str,
    to: Destination,
    code: &str,
    link: Option<&str>,
    deliver_by: Timestamp,
) -> Draft {
    let subject = format!("{product}: confirm your e-mail address");
    let link = link.map_or_else(String::new, |link| format!("Or follow this link:\n\n{link}\n\n"));
    let text = format!(
        "Welcome to {product}. To confirm this e-mail address, enter this code:\n\n    {code}\n\n{link}\
         If you did not sign up, ignore this message, and give the code to nobody.\n\n{product}"
    );
    Draft {
        to,
        subject,
        text,
        code: Some(code.to_owned()),
        lane: Lane::Codes,
        deliver_by: Some(deliver_by),
    }
}

/// Somebody signed up with an address that has an account.
pub(crate) fn already_registered(product: &str, to: Destination) -> Draft {
    let subject = format!("{product}: you already have an account");
    let text = format!(
        "Somebody, probably you, tried to sign up with this e-mail address. You already have an account: sign in with \
         your password. If it was not you, there is nothing to do.\n\n{product}"
    );
    Draft {
        to,
        subject,
        text,
        code: None,
        lane: Lane::Notices,
        deliver_by: None,
    }
}

/// A way back for somebody who forgot the password.
pub(crate) fn password_recovery(
    product: &str,
    to: Destination,
    code: &str,
    link: Option<&str>,
    lifetime: Duration,
    deliver_by: Timestamp,
) -> Draft {
    let minutes = lifetime.as_secs().div_ceil(60);
    let by_link = link.map_or_else(String::new, |link| {
        format!("Or open this page, on any device:\n\n{link}\n\n")
    });
    let text = format!(
        "Somebody, probably you, asked for a new password. Enter this code on the page where you asked:\n\n    {code}\n\n\
         {by_link}Either works once, within {minutes} minutes. Never share them.\n\n\
         If you did not ask for a new password, ignore this message: without it nobody can set one.\n\n{product}"
    );
    Draft {
        to,
        subject: format!("{product}: set a new password"),
        text,
        code: Some(code.to_owned()),
        lane: Lane::Codes,
        deliver_by: Some(deliver_by),
    }
}

/// Something important changed on an account.
pub(crate) enum Change {
    PasswordChanged,
    PasswordRecovered,
    FactorAdded(FactorKind),
    FactorRemoved(FactorKind),
    RecoveryCodeUsed { factor: FactorKind, left: usize },
    RecoveryCodesReplaced(FactorKind),
}

/// A notice of a change, to the account's own address.
pub(crate) fn notice(product: &str, to: Destination, change: &Change) -> Draft {
    let what = match change {
        Change::PasswordChanged => {
            "The password of your account was changed, and all other sessions were ended.".to_owned()
        }
        Change::PasswordRecovered => {
            "A new password was set for your account because it was said to be forgotten, and \
             all sessions were ended."
                .to_owned()
        }
        Change::FactorAdded(factor) => format!("{} was added to your account.", name(*factor)),
        Change::FactorRemoved(factor) => format!("{} was removed from your account.", name(*factor)),
        Change::RecoveryCodeUsed { factor, left } => {
            let advice = if *left <= 3 { " Create new ones soon." } else { "" };
            format!(
                "A recovery code was used in place of {}. Recovery codes left: {left}.{advice}",
                name(*factor).to_lowercase()
            )
        }
        Change::RecoveryCodesReplaced(factor) => {
            format!(
                "New recovery codes were created in place of {}; the old ones no longer work.",
                name(*factor).to_lowercase()
            )
        }
    };
    let text = match to.channel() {
        Channel::Sms => format!("{product}: {what} Not you? Set a new password now."),
        Channel::Email => format!(
            "{what}\n\nIf this was you, there is nothing to do. If it was not you, sign in, change your password and end all \
         other sessions.\n\n{product}"
        ),
    };
    let subject = match to.channel() {
        Channel::Email => format!("{product}: a change to your account"),
        Channel::Sms => String::new(),
    };
    Draft {
        to,
        subject,
        text,
        code: None,
        lane: Lane::Notices,
        deliver_by: None,
    }
}

fn name(factor: FactorKind) -> &'static str {
    match factor {
        FactorKind::Totp => "An authenticator app",
        FactorKind::Sms => "A phone number for codes",
        FactorKind::Email => "An e-mail address for codes",
    }
}
