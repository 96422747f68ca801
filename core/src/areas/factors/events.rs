//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    TOTP_BEGIN,
    TOTP_CONFIRM,
    TOTP_REMOVE,
    SMS_BEGIN,
    SMS_CONFIRM,
    SMS_REMOVE,
    EMAIL_BEGIN,
    EMAIL_CONFIRM,
    EMAIL_REMOVE,
    RECOVERY_CODES_REGENERATE,
];

pub(super) const TOTP_BEGIN: EventKind =
    EventKind::new("totp_device_begin", "An authenticator app was begun to be added.");
pub(super) const TOTP_CONFIRM: EventKind =
    EventKind::new("totp_device_confirm", "An authenticator app was added.");
pub(super) const TOTP_REMOVE: EventKind =
    EventKind::new("totp_device_remove", "An authenticator app was removed.");
pub(super) const SMS_BEGIN: EventKind =
    EventKind::new("sms_device_begin", "A phone number was begun to be added.");
pub(super) const SMS_CONFIRM: EventKind = EventKind::new("sms_device_confirm", "A phone number was added.");
pub(super) const SMS_REMOVE: EventKind =
    EventKind::new("sms_device_remove", "A phone number was removed, or began to be.");
pub(super) const EMAIL_BEGIN: EventKind =
    EventKind::new("email_device_begin", "An e-mail address was begun to be added.");
pub(super) const EMAIL_CONFIRM: EventKind =
    EventKind::new("email_device_confirm", "An e-mail address was added.");
pub(super) const EMAIL_REMOVE: EventKind = EventKind::new(
    "email_device_remove",
    "An e-mail address was removed, or began to be.",
);
pub(super) const RECOVERY_CODES_REGENERATE: EventKind =
    EventKind::new("recovery_codes_regenerate", "Recovery codes were replaced.");
