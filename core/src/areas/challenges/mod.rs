//! Challenges: from the first factor to a session, and from a session to a fresh proof.

mod codes;
mod commands;
mod events;
mod methods;
mod model;
mod pending;
mod records;
mod recovery;
mod settings;
mod standing;
mod step_up;
mod store;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::Result;
use portcullis_ports::id::{KnownDeviceId, SessionId};

pub use crate::areas::sessions::Transport;
pub use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use codes::{CODE_BY_EMAIL, CODE_BY_SMS};
pub(crate) use codes::{CodeFor, Codes, CodesAbout};
pub use commands::{
    CodesSent, NameChallenge, Progress, SendEmailCode, SendSmsCode, StartStepUp, Started, StepUpPassword,
    StepUpStarted, SteppedUp, UseRecoveryCode, VerifyCode, VerifySentCode, VerifyTotp,
};
pub(crate) use commands::{OPEN, SENDS, SMS_SENDS};
use model::{Challenge, State};
pub use model::{FACTOR_NOT_REQUIRED, Method, NOTHING_SENT, Opened, Purpose, WRONG_PURPOSE};
pub(crate) use pending::{PendingChallenge, Proofs};
use records::CHALLENGES;
pub use settings::Settings;
pub(crate) use store::ChallengeStore;
use store::NewChallenge;
pub(crate) use verify::{Answer, Round};

use crate::areas::accounts::PasswordVerifier;
use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::areas::sessions::Identified;
use crate::areas::sessions::{Granted, Ground, NewSession, Proof, Sessions, StartSession};
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::requirement::Requirement;
use crate::foundation::table::Batch;
use crate::services::audit::{Audit, Event};
use crate::services::budgets::{Budgets, Standing, TOO_MANY_ATTEMPTS, Use};
use crate::services::known_devices::{IssuedDevice, KnownDevices, NewDevice, TrustChange};
use crate::services::security_notifications::SecurityNotifications;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(CHALLENGES, Personal::Expiring, &[shape::<Challenge>("challenge")]).emptied()],
    problems: &[FACTOR_NOT_REQUIRED, NOTHING_SENT, WRONG_PURPOSE],
    texts: &[CODE_BY_EMAIL, CODE_BY_SMS],
    events: events::ALL,
    ..Area::EMPTY
};

/// What the secrets of sessions are made for.
const SESSION_SECRET: &str = "session-secret";
/// What the secrets of devices are made for.
const DEVICE_SECRET: &str = "device-secret";

/// Leads through sign-in and step-up.
#[derive(Clone)]
pub struct Challenges {
    pub(crate) context: Arc<Context>,
    pub(crate) store: ChallengeStore,
    pub(crate) codes: Codes,
    pub(crate) enrolled: EnrolledFactors,
    pub(crate) step_up: StepUp,
    pub(crate) recovery: RecoveryCodeStore,
    pub(crate) sessions: Sessions,
    pub(crate) passwords: PasswordVerifier,
    pub(crate) budgets: Budgets,
    pub(crate) audit: Audit,
    pub(crate) notifications: SecurityNotifications,
    pub(crate) devices: KnownDevices,
    /// Which enrolled factors sign-ins and recoveries must prove.
    pub(crate) require: Requirement,
    /// How long a proof in a recovery lasts.
    pub(crate) recovery_lifetime: Duration,
}

impl Challenges {
    /// Begins a session at once if no factor is enrolled or the device is trusted, and a challenge for the enrolled factors
    /// otherwise.
    ///
    /// # Errors
    /// `unauthenticated` if what was proven has ended meanwhile, `too-many-attempts`.
    pub async fn start(&self, who: &Identified, command: StartSession) -> Result<Started> {
        self.count_start(who).await?;
        let kinds = self.enrolled.kinds(&who.subject).await?;
        match self.begin_at_once(who, &kinds, &command).await? {
            Some(granted) => Ok(Started::Granted(granted)),
            None => self.challenge(who, &kinds, &command).await,
        }
    }

    /// Whoever holds an access token can ask for any number of sessions.
    async fn count_start(&self, who: &Identified) -> Result<()> {
        let limit = self.budgets.settings().session_starts;
        let known = self.budgets.knows(&who.subject, &who.source).await?;
        let counted_as = known.counted_as(&who.source);
        let of = [who.subject.as_str(), &counted_as];
        let name = "session-starts";
        let mut uses = vec![Use { name, of: &of, limit }];
        if known == Standing::Unknown {
            let of = &of[..1];
            uses.push(Use { name, of, limit });
        }
        self.budgets.take(TOO_MANY_ATTEMPTS, &uses).await
    }

    /// `None` if a factor must be proven first.
    async fn begin_at_once(
        &self,
        who: &Identified,
        kinds: &[FactorKind],
        command: &StartSession,
    ) -> Result<Option<Granted>> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let ground = self
                    .sessions
                    .ground_in(&mut batch, &who.subject, &who.lineage)
                    .await?;
                let mut event = Event::success(events::SESSION_START, &who.source);
                // What a trusted device waives is not proven: sensitive actions ask for it.
                let proof = if kinds.is_empty() {
                    Proof::first_factor(who.at)
                } else {
                    let Ground { epoch, held } = &ground;
                    let Some(trusted) = self.devices.trusted(held, epoch, &who.source, kinds) else {
                        return Ok(None);
                    };
                    event = event.with("trusted_device", trusted);
                    Proof::nothing()
                };
                let id = SessionId::time_ordered(self.context.now(), self.context.entropy.as_ref())?;
                let secret = self.context.random_text()?;
                let remember = wants_device(command);
                let device = self.new_device(&ground, who, remember, TrustChange::Keep, None)?;
                let new = NewSession {
                    id,
                    secret: &secret,
                    proof,
                    transport: command.transport,
                    lineage: &who.lineage,
                    device,
                };
                let granted = self.sessions.begin(&mut batch, who, ground, new).await?;
                let event = event.with("session_id", &granted.session.id);
                self.audit.append(&mut batch, &who.subject, &[event]).await?;
                self.context.commit(batch).await?;
                Ok(Some(granted))
            })
            .await
    }

    /// The device of a sign-in with a new token, if it is to be known or is known already. The token is made from the id
    /// of the challenge, where there is one, so that a client which missed it gets it again.
    fn new_device(
        &self,
        ground: &Ground,
        who: &Identified,
        remember: bool,
        trust: TrustChange,
        raw: Option<&str>,
    ) -> Result<Option<NewDevice>> {
        let Ground { epoch, held } = ground;
        if !remember && !self.devices.knows(held, epoch, &who.source) {
            return Ok(None);
        }
        let id = self.devices.id_for(held, epoch, &who.source)?;
        let secret = match raw {
            Some(raw) => self.device_secret(raw, &id)?,
            None => self.context.random_text()?,
        };
        Ok(Some(NewDevice { id, secret, trust }))
    }

    async fn challenge(
        &self,
        who: &Identified,
        kinds: &[FactorKind],
        command: &StartSession,
    ) -> Result<Started> {
        let require = self.require;
        let asked = require.asked(kinds);
        let draft = self.store.draft(&NewChallenge {
            subject: &who.subject,
            purpose: Purpose::SignIn,
            require,
            factors: &asked,
            transport: command.transport,
            device: None,
            session: None,
            lineage: who.lineage.clone(),
        })?;
        let mut challenge = draft.record;
        challenge.remember_device = wants_device(command);
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                batch.insert(&challenge)?;
                let words: Vec<&str> = asked.iter().map(|kind| kind.as_str()).collect();
                let event =
                    Event::info(events::SESSION_START, &who.source).with("required_factors", words.join(","));
                self.audit.append(&mut batch, &who.subject, &[event]).await?;
                self.context.commit(batch).await
            })
            .await?;
        Ok(Started::Challenged(Opened {
            challenge_id: draft.id,
            required_factors: challenge.required(),
            require,
            factors_needed: challenge.needed(),
            methods: self.methods(&challenge).await?,
            expires_at: challenge.expires_at,
        }))
    }

    /// Where a sign-in stands. Once it is complete this gives its session again, for as long as the challenge lasts,
    /// so that a lost answer costs nobody a second sign-in.
    ///
    /// # Errors
    /// `challenge-ended`, `challenge-purpose`, `session-ended`.
    pub async fn finalize(&self, who: &Identified, command: NameChallenge) -> Result<Progress> {
        let raw = command.challenge_id.trimmed();
        let found = self
            .store
            .find(raw, &who.subject, &[Purpose::SignIn, Purpose::StepUp])
            .await?;
        let granted = match &found.state {
            State::Open => None,
            State::Consumed(Some(session)) => {
                let secrets = self
                    .context
                    .keyring
                    .secrets(SESSION_SECRET, &[raw, session.as_str()])?;
                let device = match &found.known_device {
                    Some(id) => self.issued_again(&found, raw, id, who).await?,
                    None => None,
                };
                let transport = found.transport;
                Some(self.sessions.again(session, &secrets, transport, device).await?)
            }
            State::Consumed(None) => return Err(CHALLENGE_ENDED.error()),
        };
        let methods = match found.state {
            State::Open => self.methods(&found).await?,
            State::Consumed(_) => Vec::new(),
        };
        Ok(Progress {
            methods,
            ..found.progress(granted, None)
        })
    }

    /// The token of the device on which a sign-in was completed, for a client that missed the answer.
    async fn issued_again(
        &self,
        challenge: &Challenge,
        raw: &str,
        id: &KnownDeviceId,
        who: &Identified,
    ) -> Result<Option<Box<IssuedDevice>>> {
        let held = self.devices.held(&challenge.subject).await?;
        let secrets = self.context.keyring.secrets(DEVICE_SECRET, &[raw, id.as_str()])?;
        let mut issued = secrets
            .iter()
            .filter_map(|secret| self.devices.again(&held, id, secret, &who.source));
        Ok(issued.next().map(Box::new))
    }

    /// As [`Self::session_secret`], for the token of the device.
    fn device_secret(&self, raw: &str, id: &KnownDeviceId) -> Result<String> {
        self.context.keyring.secret(DEVICE_SECRET, &[raw, id.as_str()])
    }

    /// The secret of the session that a challenge becomes: derived from the challenge id, which only the client holds,
    /// and a signing key, which only the server holds. Neither a thief of the store nor a reader of logs can make it.
    fn session_secret(&self, raw: &str, session: &SessionId) -> Result<String> {
        self.context
            .keyring
            .secret(SESSION_SECRET, &[raw, session.as_str()])
    }
}

/// A browser is remembered unless it says otherwise; a program only if it asks.
fn wants_device(command: &StartSession) -> bool {
    command
        .remember_device
        .unwrap_or(command.transport == Transport::Cookie)
}
