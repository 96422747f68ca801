//! Accounts with e-mail address and password, and who a request's first factor says it is.

mod directory;
mod known_words;
mod model;
mod password;
mod pending;
mod records;
mod sign_up;
#[cfg(test)]
mod sign_up_tests;
#[cfg(test)]
mod tests;
mod token;
mod verification;

use std::sync::Arc;

use portcullis_ports::identity::{IdentityProvider, Presented, Subject, UNAUTHENTICATED};
use portcullis_ports::passwords::Verdict;
use portcullis_ports::{Result, Timestamp};

pub(crate) use directory::Directory;
use known_words::known_words;
pub use model::{
    AccessToken, AccountView, ChangePassword, EMAIL_NOT_VERIFIED, EMAIL_TAKEN, NO_PASSWORD, PasswordChanged,
    ResendVerification, SIGN_UP_AMBIGUOUS, SIGN_UP_CLOSED, SIGN_UP_UNNAMED, SignIn, SignUp, SignedUp,
    VerifyEmail, WEAK_PASSWORD, WRONG_CREDENTIALS,
};
pub use password::PASSWORD_MAX;
pub(crate) use password::PasswordDesk;
pub(crate) use records::{ACCOUNTS, ADDRESS_CLAIMS, Account, VERIFICATIONS};
use token::Claims;

use crate::access::{Identified, SignedIn, Source};
use crate::audit::{Audit, Event};
use crate::budgets::{Budgets, TOO_MANY_ATTEMPTS, Use};
use crate::deployment::Deployment;
use crate::messages::Change;
use crate::notices::Notices;
use crate::outbox::Outbox;
use crate::sessions::Sessions;
use crate::suppressions::Suppressions;
use crate::table::{Batch, Versioned};

/// Signs people up and in, and recognises them.
#[derive(Clone)]
pub struct Accounts {
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) directory: Directory,
    pub(crate) passwords: PasswordDesk,
    pub(crate) budgets: Budgets,
    pub(crate) audit: Audit,
    pub(crate) outbox: Outbox,
    pub(crate) suppressions: Suppressions,
    pub(crate) notices: Notices,
    pub(crate) sessions: Sessions,
    pub(crate) others: Arc<[Arc<dyn IdentityProvider>]>,
}

impl Accounts {
    /// Who is asking, by an access token of ours or through another identity provider.
    ///
    /// # Errors
    /// `unauthenticated`; unavailable if that cannot be decided now.
    pub async fn identify(&self, presented: &dyn Presented, source: &Source) -> Result<Identified> {
        let identified = |subject, at| Identified {
            subject,
            at,
            source: source.clone(),
        };
        if let Some(token) = presented
            .bearer()
            .filter(|token| token.starts_with(token::PREFIX))
        {
            let claims = token::read(&self.deployment.keyring, token, self.deployment.now())?;
            let account = self.directory.recent(&claims.sub).await?;
            let accepted = match account {
                Some(account) => claims.iat >= account.tokens_valid_from,
                // A token of ours for a person of another identity provider, made by a refresh.
                None => !self.others.is_empty(),
            };
            return if accepted {
                Ok(identified(claims.sub, claims.auth))
            } else {
                Err(UNAUTHENTICATED.says("The access token was revoked: sign in again."))
            };
        }
        for provider in self.others.iter() {
            if let Some(found) = provider.authenticate(presented).await? {
                return Ok(identified(found.subject, found.at));
            }
        }
        Err(UNAUTHENTICATED.error())
    }

    /// Proves the first factor. The answer and its time do not tell whether the account exists.
    ///
    /// # Errors
    /// `wrong-credentials`, `too-many-attempts`.
    pub async fn sign_in(&self, command: SignIn, source: &Source) -> Result<AccessToken> {
        let limit = self.deployment.settings.budgets.sign_in_per_source;
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
            .attempt("password", command.email.as_str(), source, known)
            .await?;
        let waiting = pending.filter(|_| account.is_none());
        let hash = match (&account, &waiting) {
            (Some(account), _) => Some(&account.password),
            (None, waiting) => waiting.as_ref().map(|(_, password)| password),
        };
        let verdict = self.passwords.matches(&command.password, hash).await?;
        match (account, waiting, verdict) {
            (Some(account), _, Verdict::Match | Verdict::MatchOutdated)
                if self.must_prove_first(&account) =>
            {
                let id = self.confirmation_of(&account.subject)?;
                self.not_verified(&command.email, &id, source).await
            }
            (Some(account), _, Verdict::Match) => self.signed_in(&account, source, None).await,
            (Some(account), _, Verdict::MatchOutdated) => {
                let renewed = self.passwords.hash(&command.password).await?;
                self.signed_in(&account, source, Some(renewed)).await
            }
            (None, Some((id, _)), Verdict::Match | Verdict::MatchOutdated) => {
                self.not_verified(&command.email, &id, source).await
            }
            (Some(_), _, Verdict::Mismatch) => {
                self.audit
                    .record(&subject, &[Event::failure("sign_in", source)])
                    .await?;
                Err(WRONG_CREDENTIALS.error())
            }
            (None, ..) => {
                self.audit.record_nobody(command.email.as_str()).await?;
                Err(WRONG_CREDENTIALS.error())
            }
        }
    }

    async fn signed_in(
        &self,
        account: &Versioned<Account>,
        source: &Source,
        renewed: Option<portcullis_ports::passwords::PasswordHash>,
    ) -> Result<AccessToken> {
        self.deployment
            .retried(|| async {
                let mut batch = Batch::default();
                self.budgets
                    .clear_attempts(&mut batch, "password", account.email.as_str(), source)?;
                self.audit
                    .append(&mut batch, &account.subject, &[Event::success("sign_in", source)])
                    .await?;
                if let Some(renewed) = &renewed
                    && let Some(current) = self.directory.account(&account.subject).await?
                    && current.password == account.password
                {
                    batch.replace(
                        &current,
                        &Account {
                            password: renewed.clone(),
                            ..current.value.clone()
                        },
                    )?;
                }
                self.deployment.commit(batch).await
            })
            .await?;
        self.token(&account.subject, self.deployment.now())
    }

    /// A fresh access token for a live session. It does not renew the proof that sensitive actions ask for.
    pub fn refresh(&self, who: &SignedIn) -> Result<AccessToken> {
        self.token(who.subject(), who.session.stepped_up_at)
    }

    /// Replaces the password, and ends all other sessions and all access tokens made before.
    ///
    /// # Errors
    /// `wrong-credentials`, `weak-password`, `no-password`, `too-many-attempts`.
    pub async fn change_password(&self, who: &SignedIn, command: ChangePassword) -> Result<PasswordChanged> {
        let account = self.passwords.check(who, &command.current_password).await?;
        let product = &self.deployment.settings.product.name;
        let known = known_words(product, &account.email, account.display_name.as_ref());
        self.passwords
            .judge_with(&command.new_password, "/new_password", known)
            .await?;
        let hash = self.passwords.hash(&command.new_password).await?;
        let in_commit = self.deployment.retried(|| async {
            let current = self
                .directory
                .account(who.subject())
                .await?
                .ok_or_else(|| NO_PASSWORD.error())?;
            if current.password != account.password {
                return Err(
                    WRONG_CREDENTIALS.says("The password was changed a moment ago by another request.")
                );
            }
            let mut batch = Batch::default();
            let changed = Account {
                password: hash.clone(),
                tokens_valid_from: self.deployment.now(),
                ..current.value.clone()
            };
            batch.replace(&current, &changed)?;
            self.audit
                .append(
                    &mut batch,
                    who.subject(),
                    &[Event::success("password_change", &who.source)],
                )
                .await?;
            self.notices
                .add(&mut batch, who.subject(), &Change::PasswordChanged)
                .await?;
            let ended = self.sessions.end_others_in(&mut batch, who).await?;
            self.deployment.commit(batch).await?;
            Ok(ended)
        });
        let first = in_commit.await?;
        let rest = self
            .sessions
            .end_others(who.subject(), Some(&who.session.id))
            .await?;
        Ok(PasswordChanged {
            status: "ok".into(),
            revoked: first + rest,
        })
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
            email: account.email.clone(),
            email_verified,
            sign_up_id,
            display_name: account.display_name.clone(),
        }))
    }

    fn token(&self, subject: &Subject, auth: Timestamp) -> Result<AccessToken> {
        let lifetime = self.deployment.settings.accounts.access_token_lifetime.get();
        let now = self.deployment.now();
        let claims = Claims {
            sub: subject.clone(),
            iat: now,
            exp: now + lifetime,
            auth,
        };
        Ok(AccessToken {
            user_sub: subject.clone(),
            access_token: token::sign(&self.deployment.keyring, &claims)?,
            token_type: "Bearer".into(),
            expires_in: lifetime.as_secs(),
        })
    }
}
