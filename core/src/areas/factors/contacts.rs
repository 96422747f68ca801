//! Phone numbers and e-mail addresses: listing, adding, confirming.

use portcullis_ports::id::DeviceId;
use portcullis_ports::identity::Subject;
use portcullis_ports::notification::Destination;
use portcullis_ports::{Result, Timestamp};

use super::Factors;
use super::actions::ADD_FACTOR;
use super::events;
use super::model::{
    AddEmail, AddPhone, ContactBegun, ContactConfirmed, DEVICE_EXISTS, DEVICE_LIMIT, EmailView, PhoneView,
};
use crate::areas::challenges::{CodeFor, CodesAbout, Purpose, VerifyCode};
use crate::areas::enrolled_factors::{ContactDevice, ContactKind, Device, Emails, EnrolledContacts, Phones};
use crate::areas::sessions::SignedIn;
use crate::foundation::event_kind::EventKind;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::{Label, formatted, refused};
use crate::foundation::proof::DEVICE_NOT_FOUND;
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::budgets::SendPurpose;
use crate::services::security_notifications::SecurityEvent;
use crate::services::sms_spend::SMS_DESTINATION_BLOCKED;
use crate::services::suppressions::at_field;

/// The words in which one kind of contact is counted and told.
pub(super) struct Words {
    pub(super) enrol: &'static str,
    pub(super) remove: &'static str,
    pub(super) begin_event: EventKind,
    pub(super) confirm_event: EventKind,
    pub(super) remove_event: EventKind,
    pub(super) enrol_purpose: Purpose,
    pub(super) remove_purpose: Purpose,
}

pub(super) const fn words(factor: FactorKind) -> Words {
    match factor {
        FactorKind::Sms => Words {
            enrol: "enroll_sms",
            remove: "remove_sms",
            begin_event: events::SMS_BEGIN,
            confirm_event: events::SMS_CONFIRM,
            remove_event: events::SMS_REMOVE,
            enrol_purpose: Purpose::SmsEnrol,
            remove_purpose: Purpose::SmsRemove,
        },
        FactorKind::Email | FactorKind::Totp => Words {
            enrol: "enroll_email",
            remove: "remove_email",
            begin_event: events::EMAIL_BEGIN,
            confirm_event: events::EMAIL_CONFIRM,
            remove_event: events::EMAIL_REMOVE,
            enrol_purpose: Purpose::EmailEnrol,
            remove_purpose: Purpose::EmailRemove,
        },
    }
}

impl Factors {
    /// The phone numbers of the account, newest first, masked.
    pub async fn phones(&self, who: &SignedIn) -> Result<Vec<PhoneView>> {
        Ok(self
            .newest_first::<Phones>(who.subject())
            .await?
            .into_iter()
            .map(phone_view)
            .collect())
    }

    /// The e-mail addresses of the account, newest first, masked.
    pub async fn emails(&self, who: &SignedIn) -> Result<Vec<EmailView>> {
        Ok(self
            .newest_first::<Emails>(who.subject())
            .await?
            .into_iter()
            .map(email_view)
            .collect())
    }

    /// Sends a code to a new phone number.
    ///
    /// # Errors
    /// `invalid-request` for a number that nobody can have, `step-up-required`, `device-limit`, `device-exists`, `address-suppressed`, `too-many-sends`,
    /// `channel-unavailable`, `sms-spend-exhausted`, `sms-destination-blocked`.
    pub async fn add_phone(&self, who: &SignedIn, command: AddPhone) -> Result<ContactBegun> {
        let region = &self.settings.default_region;
        let number = command.phone_e164.e164(Some(region));
        let number = number.map_err(|advice| refused("/phone_e164", advice))?;
        self.add::<Phones>(who, Destination::Sms(number), command.label)
            .await
    }

    /// Sends a code to a new e-mail address.
    ///
    /// # Errors
    /// As [`Factors::add_phone`].
    pub async fn add_email(&self, who: &SignedIn, command: AddEmail) -> Result<ContactBegun> {
        self.add::<Emails>(who, Destination::Email(command.email), command.label)
            .await
    }

    /// Confirms a phone number with the code that was sent to it.
    ///
    /// # Errors
    /// `challenge-ended`, `challenge-purpose`, `wrong-code`, `too-many-attempts`; `device-exists`, `device-limit` if
    /// another page was faster.
    pub async fn confirm_phone(&self, who: &SignedIn, command: VerifyCode) -> Result<ContactConfirmed> {
        self.confirm::<Phones>(who, command).await
    }

    /// Confirms an e-mail address with the code that was sent to it.
    ///
    /// # Errors
    /// As [`Factors::confirm_phone`].
    pub async fn confirm_email(&self, who: &SignedIn, command: VerifyCode) -> Result<ContactConfirmed> {
        self.confirm::<Emails>(who, command).await
    }

    async fn newest_first<K: ContactKind>(&self, subject: &Subject) -> Result<Vec<ContactDevice>> {
        let mut devices = self.enrolled.contacts::<K>(subject).await?.into_all();
        devices.sort_by_key(|device| {
            (
                device.pending_until.is_some(),
                std::cmp::Reverse(device.created_at),
            )
        });
        // Of a destination that several pages began to add, one line is enough.
        let mut shown: Vec<ContactDevice> = Vec::with_capacity(devices.len());
        for device in devices {
            if shown.iter().all(|other| other.destination != device.destination) {
                shown.push(device);
            }
        }
        shown.sort_by_key(|device| std::cmp::Reverse(device.created_at));
        Ok(shown)
    }

    fn limit(&self, factor: FactorKind) -> usize {
        let settings = &self.settings;
        match factor {
            FactorKind::Totp => settings.totp_limit,
            FactorKind::Sms => settings.sms_limit,
            FactorKind::Email => settings.email_limit,
        }
    }

    async fn add<K: ContactKind>(
        &self,
        who: &SignedIn,
        to: Destination,
        label: Option<Label>,
    ) -> Result<ContactBegun> {
        self.step_up.require(ADD_FACTOR, who).await?;
        let subject = who.subject();
        let device = ContactDevice {
            id: DeviceId::random(self.context.entropy.as_ref())?,
            subject: subject.clone(),
            destination: to,
            label,
            created_at: self.context.now(),
            pending_until: Some(self.context.now() + self.settings.enrolment_lifetime.get()),
            last_used_at: None,
        };
        self.with_pending::<K>(&device).await?;
        let words = words(K::FACTOR);
        let field = match device.destination {
            Destination::Email(_) => "/email",
            Destination::Sms(_) => "/phone_e164",
        };
        let reachable = self.codes.reachable(vec![device.clone()]).await;
        reachable.map_err(|error| at_field(error, field))?;
        let about = CodesAbout {
            why: CodeFor::Add,
            languages: who.source.languages,
            what: words.enrol,
            purpose: if self.has_proven(subject, &device.destination).await? {
                SendPurpose::SessionProof { account: subject }
            } else {
                SendPurpose::Enrolment { account: subject }
            },
        };
        let draft = self
            .store
            .draft_about(who, words.enrol_purpose, &device.id)
            .await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                let contacts = self.with_pending::<K>(&device).await?;
                let event = Event::success(words.begin_event, &who.source).with("device_id", &device.id);
                self.audit.append(&mut batch, subject, &[event]).await?;
                contacts.save_in(&mut batch)?;
                let devices = std::slice::from_ref(&device);
                self.codes.issue_in(&mut batch, &draft, devices, &about).await?;
                self.context.commit(batch).await
            })
            .await
            .map_err(|error| {
                if error.code() == SMS_DESTINATION_BLOCKED {
                    error.with_field(field, SMS_DESTINATION_BLOCKED.title())
                } else {
                    error
                }
            })?;
        Ok(ContactBegun {
            expires_at: draft.expires_at(),
            challenge_id: draft.id,
            sent_to: vec![device.destination.masked()],
            shown: match &device.destination {
                Destination::Email(email) => email.shown(),
                Destination::Sms(number) => formatted(number),
            },
            destination: device.destination,
            device: device.id,
            retry_after: self.codes.interval(),
        })
    }

    /// Whether the destination is the account's own address, and proven to be.
    async fn has_proven(&self, subject: &Subject, to: &Destination) -> Result<bool> {
        let Destination::Email(address) = to else {
            return Ok(false);
        };
        let account = self.directory.account(subject).await?;
        Ok(account.is_some_and(|account| account.email_verified_at.is_some() && account.email == *address))
    }

    /// The contacts with one more that waits. Others of the same destination go on waiting, each for its own code: the
    /// first that is confirmed counts.
    async fn with_pending<K: ContactKind>(&self, device: &ContactDevice) -> Result<EnrolledContacts<K>> {
        let mut contacts = self.enrolled.contacts::<K>(&device.subject).await?;
        if contacts
            .confirmed()
            .any(|known| known.destination == device.destination)
        {
            return Err(DEVICE_EXISTS.error());
        }
        if contacts.confirmed().count() >= self.limit(K::FACTOR) {
            return Err(DEVICE_LIMIT.error());
        }
        contacts.add_waiting(device.clone());
        Ok(contacts)
    }

    async fn confirm<K: ContactKind>(&self, who: &SignedIn, command: VerifyCode) -> Result<ContactConfirmed> {
        let subject = who.subject();
        let words = words(K::FACTOR);
        let raw = command.challenge_id.trimmed();
        self.store.open(raw, subject, &[words.enrol_purpose]).await?;
        let known = self.count(who, words.enrol).await?;
        let result = self.context.retried(|| async {
            let mut batch = Batch::default();
            self.sessions.require_in(&mut batch, who).await?;
            let challenge = self.store.open(raw, subject, &[words.enrol_purpose]).await?;
            let id = self
                .codes
                .answered_by(&challenge, K::FACTOR, command.code.trimmed())?;
            if challenge.device() != Some(&id) {
                return Err(WRONG_CODE.error());
            }
            let mut contacts = self.enrolled.contacts::<K>(subject).await?;
            let device = contacts.find(&id)?;
            if device.enabled() {
                return Err(DEVICE_NOT_FOUND.error());
            }
            if contacts
                .confirmed()
                .any(|other| other.destination == device.destination)
            {
                return Err(DEVICE_EXISTS.error());
            }
            let others = contacts.confirmed().count();
            if others >= self.limit(K::FACTOR) {
                return Err(DEVICE_LIMIT.error());
            }
            contacts.confirm(&id, self.context.now())?;
            contacts.save_in(&mut batch)?;
            challenge.consume_in(&mut batch)?;
            let recovery_codes = if others == 0 {
                self.recovery.issue(&mut batch, subject, K::FACTOR)?
            } else {
                Vec::new()
            };
            self.budgets
                .clear_attempts(&mut batch, words.enrol, subject.as_str(), &who.source, &known)?;
            let event = Event::success(words.confirm_event, &who.source).with("device_id", &id);
            self.audit.append(&mut batch, subject, &[event]).await?;
            self.notifications
                .add(&mut batch, subject, &SecurityEvent::FactorAdded(K::FACTOR))
                .await?;
            self.context.commit(batch).await?;
            Ok(ContactConfirmed {
                device: id,
                recovery_codes,
            })
        });
        self.audited(who, words.confirm_event, result.await).await
    }
}

fn phone_view(device: ContactDevice) -> PhoneView {
    PhoneView {
        enabled: device.enabled(),
        pending: !device.enabled(),
        phone_e164: device.destination.masked(),
        sms_device_id: device.id,
        label: device.label.map(|label| label.to_string()).unwrap_or_default(),
        created_at: device.created_at.seconds(),
        last_used_at: device.last_used_at.map_or(0, Timestamp::seconds),
    }
}

fn email_view(device: ContactDevice) -> EmailView {
    EmailView {
        enabled: device.enabled(),
        pending: !device.enabled(),
        email: device.destination.masked(),
        email_device_id: device.id,
        label: device.label.map(|label| label.to_string()).unwrap_or_default(),
        created_at: device.created_at.seconds(),
        last_used_at: device.last_used_at.map_or(0, Timestamp::seconds),
    }
}
