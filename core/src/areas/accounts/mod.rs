//! Accounts with e-mail address and password, and who a request's first factor says it is.

mod address_takeover;
mod events;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod known_words;
mod model;
mod password;
mod pending;
mod records;
mod settings;
mod sign_up;
#[cfg(test)]
mod sign_up_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod token;
mod verification;

use std::sync::Arc;

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::{Authenticated, IdentityProvider, Presented, Subject, UNAUTHENTICATED};
use portcullis_ports::notification::Channel;
use portcullis_ports::passwords::{PasswordCheck, PasswordHash};
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Error, Result, Retry, Timestamp};

pub use crate::foundation::input::PASSWORD_MAX;
use crate::services::directory::{Account, Directory};
use known_words::known_words;
pub use model::{
    AccessToken, AccountView, ChangePassword, EMAIL_NOT_VERIFIED, EMAIL_TAKEN, NO_PASSWORD, PasswordChanged,
    ResendVerification, SIGN_UP_AMBIGUOUS, SIGN_UP_CLOSED, SIGN_UP_UNNAMED, SignIn, SignUp, SignedUp,
    VerifyEmail, WEAK_PASSWORD, WRONG_CREDENTIALS,
};
pub(crate) use password::PasswordVerifier;
use pending::{ALREADY_REGISTERED, VERIFICATION};
pub(crate) use records::VERIFICATIONS;
pub use settings::{Settings, SignUpMode};
use token::Claims;

use crate::areas::sessions::{Identified, SignedIn};
use crate::areas::sessions::{OthersEnded, Sessions};
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::input::SecretInput;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Versioned};
use crate::services::audit::{Audit, Event};
use crate::services::budgets::{Budgets, Standing, TOO_MANY_ATTEMPTS, Use};
use crate::services::epochs::{EndReason, Epoch, Lineage, TokenId};
use crate::services::outbox::Outbox;
use crate::services::security_notifications::{SecurityEvent, SecurityNotifications};
use crate::services::suppressions::Suppressions;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(
        VERIFICATIONS,
        Personal::Expiring,
        &[
            shape::<records::Waiting>("waiting"),
            shape::<records::WaitsAt>("place"),
        ],
    )
    .emptied()],
    problems: &[
        EMAIL_NOT_VERIFIED,
        EMAIL_TAKEN,
        NO_PASSWORD,
        SIGN_UP_AMBIGUOUS,
        SIGN_UP_CLOSED,
        SIGN_UP_UNNAMED,
        WEAK_PASSWORD,
        WRONG_CREDENTIALS,
    ],
    texts: &[ALREADY_REGISTERED, VERIFICATION],
    events: events::ALL,
    ..Area::EMPTY
};

/// Signs people up and in, and recognises them.
#[derive(Clone)]
pub struct Accounts {
    pub(crate) context: Arc<Context>,
    pub(crate) directory: Directory,
    pub(crate) passwords: PasswordVerifier,
    pub(crate) budgets: Budgets,
    pub(crate) audit: Audit,
    pub(crate) outbox: Outbox,
    pub(crate) suppressions: Suppressions,
    pub(crate) notifications: SecurityNotifications,
    pub(crate) sessions: Sessions,
    pub(crate) others: Arc<[Arc<dyn IdentityProvider>]>,
    pub(crate) settings: Arc<Settings>,
}

impl Accounts {
    /// Who is asking, by an access token of ours or through another identity provider. `beside` is the credential of a
    /// session that the request carries along: a session that ended all others accepts tokens of before.
    ///
    /// # Errors
    /// `unauthenticated`; unavailable if that cannot be decided now.
    pub async fn identify(
        &self,
        presented: &dyn Presented,
        beside: Option<&str>,
        source: &Source,
    ) -> Result<Identified> {
        let (owner, _) = self
            .owner(presented, beside.and_then(session_of).as_ref(), source)
            .await?;
        Ok(owner)
    }

    /// Recognises whoever proved the first factor, with the live session that the credential names.
    ///
    /// # Errors
    /// `unauthenticated`, or `session-ended` if that is no session of theirs; unavailable if it cannot be decided now.
    pub async fn identify_with_session(
        &self,
        presented: &dyn Presented,
        credential: &str,
        source: &Source,
    ) -> Result<(Identified, SignedIn)> {
        let (owner, epoch) = self
            .owner(presented, session_of(credential).as_ref(), source)
            .await?;
        let who = self
            .sessions
            .resume_in(Some(epoch), credential, Some(&owner), source)
            .await?;
        Ok((owner, who))
    }

    /// Whoever proved the first factor, and the epoch in which that counts.
    async fn owner(
        &self,
        presented: &dyn Presented,
        beside: Option<&SessionId>,
        source: &Source,
    ) -> Result<(Identified, Epoch)> {
        let bearer = presented
            .bearer()
            .filter(|token| token.starts_with(token::PREFIX));
        let Some(token) = bearer else {
            return Box::pin(self.owner_elsewhere(presented, beside, source)).await;
        };
        let key = token::key_id(token);
        if !self.context.keyring.knows(key) {
            Box::pin(self.context.look_for_key(key)).await?;
        }
        let claims = token::read(&self.context.keyring, token, self.context.now())?;
        let known = if claims.lineage.foreign {
            !self.others.is_empty()
        } else {
            self.directory.recent(&claims.sub).await?.is_some()
        };
        let admitted = if known {
            self.sessions.admits(&claims.sub, &claims.lineage, beside).await?
        } else {
            None
        };
        let epoch = admitted
            .ok_or_else(|| UNAUTHENTICATED.with_detail("The access token was revoked: sign in again."))?;
        let owner = Identified {
            subject: claims.sub,
            at: claims.auth,
            lineage: claims.lineage,
            session: beside.cloned(),
            source: source.clone(),
        };
        Ok((owner, epoch))
    }

    /// The same by another identity provider.
    async fn owner_elsewhere(
        &self,
        presented: &dyn Presented,
        beside: Option<&SessionId>,
        source: &Source,
    ) -> Result<(Identified, Epoch)> {
        for provider in self.others.iter() {
            if let Some(found) = provider.authenticate(presented).await? {
                let Authenticated { subject, at } = found;
                let (lineage, epoch) = self.sessions.foreign_lineage(&subject, at, beside).await?;
                let owner = Identified {
                    subject,
                    at,
                    lineage,
                    session: beside.cloned(),
                    source: source.clone(),
                };
                return Ok((owner, epoch));
            }
        }
        Err(UNAUTHENTICATED.error())
    }

    /// Whether another identity provider may know who is asking.
    pub fn has_other_providers(&self) -> bool {
        !self.others.is_empty()
    }

    /// Proves the first factor. The answer and its time do not tell whether the account exists.
    ///
    /// # Errors
    /// `wrong-credentials`, `too-many-attempts`.
    pub async fn sign_in(&self, command: SignIn, source: &Source) -> Result<AccessToken> {
        let limit = self.budgets.settings().sign_in_per_source;
        let network = source.network();
        self.budgets
            .take(
                TOO_MANY_ATTEMPTS,
                &[Use {
                    name: "sign-in",
                    of: &[&network],
                    limit,
                }],
            )
            .await?;
        let account = self.directory.by_address(&command.email).await?;
        let pending = self.newest_pending(&command.email, source).await?;
        let subject = match &account {
            Some(account) => account.subject.clone(),
            None => self.nobody(&command.email)?,
        };
        // Whether or not there is an account, as much is read, counted, hashed and written.
        let known = self.budgets.knows(&subject, source).await?;
        self.budgets
            .attempt("password", command.email.as_str(), source, &known)
            .await
            .map_err(|error| self.with_way_in(error))?;
        let hash = account.as_ref().map(|account| &account.password);
        let verdict = self.passwords.matches(&command.password, hash).await?;
        let accepted = match (&account, verdict) {
            (Some(account), PasswordCheck::Match | PasswordCheck::MatchOutdated)
                if self.must_prove_first(account) =>
            {
                return Err(self.not_verified(&self.confirmation_of(&account.subject)?)?);
            }
            (Some(account), PasswordCheck::Match) => self.signed_in(account, source, &known, None).await?,
            (Some(account), PasswordCheck::MatchOutdated) => {
                let renewed = self.passwords.hash(&command.password).await?;
                self.signed_in(account, source, &known, Some(renewed)).await?
            }
            (Some(_), PasswordCheck::Mismatch) | (None, _) => None,
        };
        if let Some(token) = accepted {
            return Ok(token);
        }
        let refusal = self.refusal(&command.password, pending).await?;
        match &account {
            Some(_) => {
                let event = Event::failure(events::SIGN_IN, source);
                self.audit.record(&subject, &[event]).await?;
            }
            None => self.audit.record_nobody(command.email.as_str()).await?,
        }
        Err(refusal)
    }

    /// The answer to a password that is not that of an account: it may be the one of a sign-up that waits at the address,
    /// whether or not an account has it. The same is compared where none waits.
    async fn refusal(
        &self,
        password: &SecretInput,
        pending: Option<(String, PasswordHash)>,
    ) -> Result<portcullis_ports::Error> {
        if self.settings.sign_up != SignUpMode::Verified {
            return Ok(WRONG_CREDENTIALS.error());
        }
        let hash = pending.as_ref().map(|(_, hash)| hash);
        let verdict = self.passwords.matches(password, hash).await?;
        match pending {
            Some((id, _)) if verdict != PasswordCheck::Mismatch => self.not_verified(&id),
            _ => Ok(WRONG_CREDENTIALS.error()),
        }
    }

    /// Tells whoever is shut out by the guesses of others how to be told from them. It is the same for everybody.
    fn with_way_in(&self, refused: Error) -> Error {
        let wait = match refused.retry() {
            Retry::Later(wait) if refused.code() == TOO_MANY_ATTEMPTS => wait,
            _ => return refused,
        };
        if !self.outbox.serves(Channel::Email) {
            return refused;
        }
        TOO_MANY_ATTEMPTS
            .with_detail(
                "Too many attempts: please wait before you try again. If it was somebody else who tried, ask for a new \
                 password and enter the code from the mail: then this device is known, and your password is accepted. \
                 You need not change it.",
            )
            .retry_after(wait)
    }

    /// The token of somebody whose password was compared with this state of the account; `None` if the password was
    /// replaced meanwhile. What the token carries was read before the password was seen to be the same still, so that
    /// a change of the password that was not seen ends the token as well.
    async fn signed_in(
        &self,
        account: &Versioned<Account>,
        source: &Source,
        known: &Standing,
        renewed: Option<PasswordHash>,
    ) -> Result<Option<AccessToken>> {
        let subject = &account.subject;
        let accepted = self.context.retried(|| async {
            let mut batch = Batch::default();
            self.context.lock_subject(&mut batch, subject).await;
            let lineage = self.sessions.fresh_lineage(subject).await?;
            let read_at = self.context.now();
            let current = self.directory.account(subject).await?;
            let Some(current) = current.filter(|current| current.password == account.password) else {
                return Ok(None);
            };
            self.budgets
                .clear_attempts(&mut batch, "password", account.email.as_str(), source, known)?;
            self.audit
                .append(&mut batch, subject, &[Event::success(events::SIGN_IN, source)])
                .await?;
            match &renewed {
                Some(renewed) => {
                    let renewed = Account {
                        password: renewed.clone(),
                        ..current.value.clone()
                    };
                    batch.replace(&current, &renewed)?;
                }
                None => batch.check(&current),
            }
            self.context.commit(batch).await?;
            Ok(Some((lineage, read_at)))
        });
        match accepted.await? {
            Some((lineage, read_at)) => self.token(subject, lineage, read_at, read_at).map(Some),
            None => Ok(None),
        }
    }

    /// A fresh access token for a live session. It does not renew the proof that sensitive actions ask for.
    ///
    /// # Errors
    /// `session-ended` if it ended meanwhile.
    pub async fn refresh(&self, who: &SignedIn) -> Result<AccessToken> {
        let read_at = self.context.now();
        let lineage = self.sessions.lineage(who).await?;
        self.token(who.subject(), lineage, read_at, who.session.stepped_up_at)
    }

    /// Replaces the password, and ends all other sessions and all access tokens made before.
    ///
    /// # Errors
    /// `wrong-credentials`, `weak-password`, `no-password`, `too-many-attempts`.
    pub async fn change_password(&self, who: &SignedIn, command: ChangePassword) -> Result<PasswordChanged> {
        let account = self.passwords.check(who, &command.current_password).await?;
        let product = self.context.texts.product();
        let known = known_words(product, &account.email, account.display_name.as_ref());
        self.passwords
            .judge_with(&command.new_password, "/new_password", known)
            .await?;
        let hash = self.passwords.hash(&command.new_password).await?;
        let subject = who.subject();
        let change = || self.commit_change(who, &account, &hash);
        let mut before = 0;
        let (ended, read_at) = match self.context.retried(change).await {
            Err(error) if error.code() == STORE_CONFLICT => {
                // Whoever else is signed in may write so often that this never gets through: they go first.
                let ending = (who, false, EndReason::PasswordChanged);
                before = self.sessions.end_others_at_once(ending).await?;
                self.context.retried(change).await?
            }
            decided => decided?,
        };
        let token = self.token(subject, ended.lineage, read_at, who.session.stepped_up_at)?;
        Ok(PasswordChanged {
            status: "ok".into(),
            revoked: before + ended.revoked,
            access_token: token.access_token,
            token_type: token.token_type,
            expires_in: token.expires_in,
        })
    }

    /// The change itself. It gives the time at which what it relies on was read.
    async fn commit_change(
        &self,
        who: &SignedIn,
        account: &Account,
        hash: &PasswordHash,
    ) -> Result<(OthersEnded, Timestamp)> {
        let subject = who.subject();
        let mut batch = Batch::default();
        let ended = self
            .sessions
            .end_others_in(&mut batch, who, false, EndReason::PasswordChanged)
            .await?;
        let read_at = self.context.now();
        let current = self
            .directory
            .account(subject)
            .await?
            .ok_or_else(|| NO_PASSWORD.error())?;
        if current.password != account.password {
            return Err(
                WRONG_CREDENTIALS.with_detail("The password was changed a moment ago by another request.")
            );
        }
        let changed = Account {
            password: hash.clone(),
            ..current.value.clone()
        };
        batch.replace(&current, &changed)?;
        let event = Event::success(events::PASSWORD_CHANGE, &who.source).with("revoked", ended.revoked);
        self.audit.append(&mut batch, subject, &[event]).await?;
        self.notifications
            .add(&mut batch, subject, &SecurityEvent::PasswordChanged)
            .await?;
        self.context.commit(batch).await?;
        Ok((ended, read_at))
    }

    /// What the owner may know of the account, a second old at most; `None` for people of other identity providers.
    pub async fn view(&self, subject: &Subject) -> Result<Option<AccountView>> {
        let Some(account) = self.directory.recent(subject).await? else {
            return Ok(None);
        };
        let email_verified = account.email_verified_at.is_some();
        let sign_up_id = if email_verified {
            None
        } else {
            Some(self.handle(&self.confirmation_of(subject)?)?)
        };
        Ok(Some(AccountView {
            email: Some(account.email.shown()),
            email_verified,
            sign_up_id: sign_up_id.map(Into::into),
            display_name: account.display_name.as_ref().map(ToString::to_string),
        }))
    }

    /// A new token. `read_at` is when what it relies on was read.
    fn token(
        &self,
        subject: &Subject,
        lineage: Lineage,
        read_at: Timestamp,
        auth: Timestamp,
    ) -> Result<AccessToken> {
        let lifetime = self.settings.access_token_lifetime.get();
        let claims = Claims {
            sub: subject.clone(),
            iat: read_at,
            exp: read_at + lifetime,
            auth,
            lineage: Lineage {
                token: Some(TokenId::random(self.context.entropy.as_ref())?),
                ..lineage
            },
        };
        Ok(AccessToken {
            user_sub: subject.clone(),
            access_token: token::sign(&self.context.keyring, &claims)?,
            token_type: "Bearer".into(),
            expires_in: lifetime.as_secs(),
        })
    }
}

/// The session that a credential names, genuine or not.
fn session_of(credential: &str) -> Option<SessionId> {
    let (id, _) = credential.trim().split_once('.')?;
    SessionId::parse(id).ok()
}
