//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    SESSION_START,
    SESSION_FINALIZE,
    STEP_UP,
    TOTP_VERIFY,
    SMS_BEGIN,
    SMS_VERIFY,
    EMAIL_BEGIN,
    EMAIL_VERIFY,
    RECOVERY_CODE,
    RECOVERING_TOTP_VERIFY,
    RECOVERING_SMS_BEGIN,
    RECOVERING_SMS_VERIFY,
    RECOVERING_EMAIL_BEGIN,
    RECOVERING_EMAIL_VERIFY,
    RECOVERING_RECOVERY_CODE,
];

pub(super) const SESSION_START: EventKind = EventKind::new(
    "ui_session_start",
    "A session began, or was asked for and waits for factors.",
);
pub(super) const SESSION_FINALIZE: EventKind = EventKind::new(
    "ui_session_finalize",
    "A session began once its factors were proven.",
);
pub(super) const STEP_UP: EventKind = EventKind::new("step_up", "A session proved factors again.");
pub(super) const TOTP_VERIFY: EventKind =
    EventKind::new("mfa_totp_verify", "A code of an authenticator app was given.");
pub(super) const SMS_BEGIN: EventKind = EventKind::new("mfa_sms_begin", "Codes were sent by text message.");
pub(super) const SMS_VERIFY: EventKind =
    EventKind::new("mfa_sms_verify", "A code from a text message was given.");
pub(super) const EMAIL_BEGIN: EventKind = EventKind::new("mfa_email_begin", "Codes were sent by e-mail.");
pub(super) const EMAIL_VERIFY: EventKind =
    EventKind::new("mfa_email_verify", "A code from an e-mail was given.");
pub(super) const RECOVERY_CODE: EventKind =
    EventKind::new("mfa_recovery", "A recovery code was given in place of a factor.");
pub(super) const RECOVERING_TOTP_VERIFY: EventKind = EventKind::new(
    "password_recovery_totp_verify",
    "A code of an authenticator app was given to set a new password.",
);
pub(super) const RECOVERING_SMS_BEGIN: EventKind = EventKind::new(
    "password_recovery_sms_begin",
    "Codes to set a new password were sent by text message.",
);
pub(super) const RECOVERING_SMS_VERIFY: EventKind = EventKind::new(
    "password_recovery_sms_verify",
    "A code from a text message was given to set a new password.",
);
pub(super) const RECOVERING_EMAIL_BEGIN: EventKind = EventKind::new(
    "password_recovery_email_begin",
    "Codes to set a new password were sent by e-mail.",
);
pub(super) const RECOVERING_EMAIL_VERIFY: EventKind = EventKind::new(
    "password_recovery_email_verify",
    "A code from an e-mail was given to set a new password.",
);
pub(super) const RECOVERING_RECOVERY_CODE: EventKind = EventKind::new(
    "password_recovery_code",
    "A recovery code was given to set a new password.",
);
