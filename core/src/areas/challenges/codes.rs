//! Codes that are sent: one per destination, stored as keyed hashes, within the budgets of account and destination.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Serde;
use portcullis_ports::id::DeviceId;
use portcullis_ports::notification::{Channel, Destination};
use portcullis_ports::{Result, Timestamp};
use serde::Serialize;

use super::model::{Challenge, NOTHING_SENT, SentCode};
use super::pending::{DraftChallenge, PendingChallenge};
use crate::areas::enrolled_factors::ContactDevice;
use crate::foundation::context::Context;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input;
use crate::foundation::lane::Lane;
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::table::Batch;
use crate::foundation::texts::{PreferredLanguages, Rendered, Template, template};
use crate::services::budgets::{Budgets, SendPurpose, Sends};
use crate::services::outbox::{Draft, Outbox};
use crate::services::sms_spend::{Priority, Quote, SmsSpend};
use crate::services::suppressions::{ADDRESS_SUPPRESSED, Suppressions};

pub(crate) const CODE_BY_EMAIL: Template = template!("code.email", samples);
pub(crate) const CODE_BY_SMS: Template = template!("code.sms", samples);

/// What codes are signed for.
const SENT_CODE: &str = "sent-code";

/// Why a code is sent.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CodeFor {
    SignIn,
    StepUp,
    Add,
    Remove,
    Recovery,
}

#[derive(Serialize)]
struct Variables<'a> {
    purpose: CodeFor,
    code: &'a str,
}

/// Every reason.
fn samples() -> Vec<Value> {
    let sample = |purpose| {
        let code = "000000";
        Value::from(Serde(Variables { purpose, code }))
    };
    [
        CodeFor::SignIn,
        CodeFor::StepUp,
        CodeFor::Add,
        CodeFor::Remove,
        CodeFor::Recovery,
    ]
    .map(sample)
    .into()
}

/// What codes are for.
pub(crate) struct CodesAbout<'a> {
    /// The sentence around the code.
    pub(crate) why: CodeFor,
    /// In which language, if there are texts in it.
    pub(crate) languages: PreferredLanguages,
    /// Codes about the same keep an interval.
    pub(crate) what: &'a str,
    /// Whose budgets they use.
    pub(crate) purpose: SendPurpose<'a>,
}

/// Sends and checks codes.
#[derive(Clone)]
pub(crate) struct Codes {
    context: Arc<Context>,
    budgets: Budgets,
    outbox: Outbox,
    suppressions: Suppressions,
    sms_spend: SmsSpend,
}

impl Codes {
    pub(crate) fn new(
        context: &Arc<Context>,
        budgets: &Budgets,
        outbox: &Outbox,
        suppressions: &Suppressions,
        sms_spend: &SmsSpend,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            budgets: budgets.clone(),
            outbox: outbox.clone(),
            suppressions: suppressions.clone(),
            sms_spend: sms_spend.clone(),
        }
    }

    /// Seconds between two codes for one purpose to one destination.
    pub(crate) fn interval(&self) -> u64 {
        self.budgets.settings().send_interval.get().as_secs()
    }

    /// Seconds until another code may go where one went at `sent_at`.
    pub(crate) fn pause_after(&self, sent_at: Timestamp) -> u64 {
        let passed = self.context.now().since(sent_at).as_secs();
        self.interval().saturating_sub(passed)
    }

    /// Whether codes can be sent to this device at all.
    pub(crate) fn can_reach(&self, device: &ContactDevice) -> bool {
        self.outbox.serves(device.destination.channel())
    }

    /// Leaves out the devices whose address or number is suppressed.
    ///
    /// # Errors
    /// `address-suppressed` if that leaves none of them.
    pub(crate) async fn reachable(&self, devices: Vec<ContactDevice>) -> Result<Vec<ContactDevice>> {
        let mut reachable = Vec::with_capacity(devices.len());
        let mut refused = None;
        for device in devices {
            match self.suppressions.require(&device.destination, Lane::Codes).await {
                Ok(()) => reachable.push(device),
                Err(error) if error.code() == ADDRESS_SUPPRESSED => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match refused {
            Some(error) if reachable.is_empty() => Err(error),
            _ => Ok(reachable),
        }
    }

    fn text(&self, to: &Destination, about: &CodesAbout<'_>, code: &str) -> Result<Rendered> {
        let template = match to.channel() {
            Channel::Email => CODE_BY_EMAIL,
            Channel::Sms => CODE_BY_SMS,
        };
        let purpose = about.why;
        let texts = &self.context.texts;
        texts.render(
            texts.choose(&about.languages),
            template.name,
            Variables { purpose, code },
        )
    }

    /// What text messages with codes to these devices cost. All codes are equally long.
    fn quote(&self, devices: &[ContactDevice], about: &CodesAbout<'_>) -> Result<Quote> {
        let mut written = Vec::new();
        for device in devices {
            if let Destination::Sms(number) = &device.destination {
                written.push((number, self.text(&device.destination, about, "000000")?.text));
            }
        }
        self.sms_spend
            .quote(written.iter().map(|(number, text)| (*number, text.as_str())))
    }

    /// Adds a new challenge and a fresh code for each device to the batch; as [`Codes::send`].
    pub(crate) async fn issue_in(
        &self,
        batch: &mut Batch,
        draft: &DraftChallenge,
        devices: &[ContactDevice],
        about: &CodesAbout<'_>,
    ) -> Result<()> {
        let mut challenge = draft.record.clone();
        self.send(batch, &mut challenge, devices, about).await?;
        batch.insert(&challenge)
    }

    /// Adds a fresh code for each device to the challenge, and its message, what it costs and what it uses of the budgets
    /// to the batch: nothing is counted that is not sent. To be called last before the commit.
    ///
    /// # Errors
    /// `channel-unavailable`, `address-suppressed`, `too-many-sends`, `sms-spend-exhausted`, `sms-destination-blocked`.
    pub(super) async fn send(
        &self,
        batch: &mut Batch,
        challenge: &mut Challenge,
        devices: &[ContactDevice],
        about: &CodesAbout<'_>,
    ) -> Result<()> {
        for device in devices {
            self.outbox.require(device.destination.channel())?;
        }
        let quote = self.quote(devices, about)?;
        for device in devices {
            let code = self.context.random_code()?;
            challenge.codes.retain(|sent| sent.device != device.id);
            challenge.codes.push(SentCode {
                device: device.id.clone(),
                factor: device.destination.channel().into(),
                mac: self.mac(challenge, &device.id, &code)?,
                sent_at: self.context.now(),
            });
            let text = self.text(&device.destination, about, &code)?;
            let draft = Draft::with_code(device.destination.clone(), text, code, challenge.expires_at);
            self.outbox.enqueue(batch, draft).await?;
        }
        let destinations: Vec<_> = devices.iter().map(|device| &device.destination).collect();
        if destinations.is_empty() {
            return Ok(());
        }
        let sends = Sends {
            purpose: about.purpose,
            about: about.what,
            holder: challenge.subject.as_str(),
            destinations: &destinations,
        };
        self.budgets.take_sends_in(batch, &sends).await?;
        let priority = match about.purpose {
            SendPurpose::Proof { .. }
            | SendPurpose::SessionProof { .. }
            | SendPurpose::RecoveryProof { .. } => Priority::Proven,
            _ => Priority::Other,
        };
        self.sms_spend.take_in(batch, &quote, priority).await
    }

    /// The device whose code this is, as [`Codes::check`].
    pub(crate) fn answered_by(
        &self,
        pending: &PendingChallenge,
        factor: FactorKind,
        text: &str,
    ) -> Result<DeviceId> {
        self.check(&pending.0, factor, text)
    }

    /// The device whose code this is. Every code that was sent is compared, so the time tells nothing.
    ///
    /// # Errors
    /// `nothing-sent`, `wrong-code`.
    pub(super) fn check(&self, challenge: &Challenge, factor: FactorKind, text: &str) -> Result<DeviceId> {
        let digits = input::code(text);
        let mut sent = false;
        let mut matching = None;
        for code in challenge.codes.iter().filter(|code| code.factor == factor) {
            sent = true;
            let parts = [challenge.id_hash.as_str(), code.device.as_str(), &digits];
            if self.context.keyring.verify(SENT_CODE, &parts, &code.mac)? {
                matching = Some(code.device.clone());
            }
        }
        match (sent, matching) {
            (false, _) => Err(NOTHING_SENT.error()),
            (true, None) => Err(WRONG_CODE.error()),
            (true, Some(device)) => Ok(device),
        }
    }

    fn mac(&self, challenge: &Challenge, device: &DeviceId, code: &str) -> Result<String> {
        self.context
            .keyring
            .sign_hex(SENT_CODE, &[&challenge.id_hash, device.as_str(), code])
    }
}
