//! The proof of an address: which sign-up it completes, and who gives way to it.

use portcullis_ports::Result;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::notification::Channel;
use portcullis_ports::passwords::PasswordCheck;

use super::Accounts;
use super::events;
use super::model::{ResendVerification, SIGN_UP_AMBIGUOUS, SIGN_UP_UNNAMED, VerifyEmail};
use super::pending::{AskedBy, Named};
use super::records::{Pending, Then, Waiting, WaitsAt};
use crate::foundation::input::SecretInput;
use crate::foundation::limit::Limit;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::budgets::{SendPurpose, Standing, TOO_MANY_ATTEMPTS, TOO_MANY_SENDS, Use};
use crate::services::directory::Account;
use crate::services::epochs::EndReason;

/// What counts the answers to codes of verification mails.
const ATTEMPTS: &str = "verify-email";

impl Accounts {
    /// Proves an address with the code that was mailed to it, for one sign-up and no other.
    ///
    /// # Errors
    /// `wrong-code`, `too-many-attempts`, `sign-up-unnamed`, `sign-up-ambiguous`.
    pub async fn verify_email(&self, command: VerifyEmail, source: &Source) -> Result<()> {
        let wrong = || WRONG_CODE.error();
        let network = source.network();
        let flood = Use {
            name: "verify-email-source",
            of: &[&network],
            limit: self.budgets.settings().sign_in_per_source,
        };
        self.budgets.take(TOO_MANY_ATTEMPTS, &[flood]).await?;
        let named = match &command.sign_up_id {
            Some(id) => Some(self.named(id.trimmed())?.ok_or_else(wrong)?),
            None => None,
        };
        let email = self.address_of(named.as_ref(), command.email.as_ref()).await?;
        match &named {
            // Only who began it holds its name, or reads the mail: nobody else can use this up.
            Some(named) => {
                let most = self.budgets.settings().attempts.most;
                let own = Use {
                    name: "verify-email-attempts",
                    of: &[&named.id],
                    limit: Limit::new(most, self.settings.verification_lifetime),
                };
                self.budgets.take(TOO_MANY_ATTEMPTS, &[own]).await?;
            }
            None => {
                self.budgets
                    .attempt(ATTEMPTS, email.as_str(), source, &Standing::Unknown)
                    .await?;
            }
        }
        let pending = self.proven(&email, named.as_ref(), &command).await?;
        self.check_password(&pending, named.as_ref(), command.password.as_ref())
            .await?;
        self.complete(&email, &pending, source).await
    }

    /// The address at which a sign-up waits.
    async fn address_of(&self, named: Option<&Named>, email: Option<&EmailAddress>) -> Result<EmailAddress> {
        let waits_at = match named {
            Some(named) => {
                self.context
                    .table::<WaitsAt>()
                    .find(&named.id, WaitsAt::SORT)
                    .await?
            }
            None => None,
        };
        match (waits_at, email) {
            (Some(waits_at), _) => Ok(waits_at.value.email),
            (None, Some(email)) => Ok(email.clone()),
            (None, None) if named.is_some() => Err(CHALLENGE_ENDED.error()),
            (None, None) => Err(SIGN_UP_UNNAMED.error()),
        }
    }

    /// The sign-up whose code was given. All codes are compared, so the time tells nothing.
    async fn proven(
        &self,
        email: &EmailAddress,
        named: Option<&Named>,
        command: &VerifyEmail,
    ) -> Result<Pending> {
        let code = command.code.code();
        let waiting = self.waiting(email).await?.value.pending;
        let alone = waiting.len() <= 1;
        let mut found = None;
        for pending in waiting {
            let meant = named.is_none_or(|named| named.id == pending.id);
            let given = (email, pending.id.as_str(), code.as_str());
            // Both are compared, whichever matches.
            let first = self.is_code(pending.mac.as_deref(), given)?;
            let second = self.is_code(pending.mac_for_others.as_deref(), given)?;
            if (first | second) && meant {
                found = Some(pending);
            }
        }
        match found {
            None => Err(WRONG_CODE.error()),
            // The newest mail may be about the sign-up of somebody else.
            Some(_) if named.is_none() && !alone && command.password.is_none() => {
                Err(SIGN_UP_AMBIGUOUS.error())
            }
            Some(pending) => Ok(pending),
        }
    }

    /// Whoever does not hold the handle of a sign-up may have followed the link in the mail about somebody else's: the
    /// password tells.
    async fn check_password(
        &self,
        pending: &Pending,
        named: Option<&Named>,
        password: Option<&SecretInput>,
    ) -> Result<()> {
        let hash = match (&pending.then, password) {
            (_, None) if named.is_some_and(|named| !named.held) => {
                return Err(WRONG_CODE
                    .with_detail("The link alone is not enough: send the password of the sign-up, too."));
            }
            (_, None) => return Ok(()),
            (Then::Create { password, .. }, Some(_)) => Some(password.clone()),
            (Then::Confirm(subject), Some(_)) => {
                let account = self.directory.account(subject).await?;
                account.map(|account| account.value.password)
            }
            (Then::Taken { .. }, Some(_)) => None,
        };
        match (hash, password) {
            (Some(hash), Some(password))
                if self.passwords.matches(password, Some(&hash)).await? != PasswordCheck::Mismatch =>
            {
                Ok(())
            }
            _ => Err(WRONG_CODE.with_detail("Code and password do not belong to the same sign-up.")),
        }
    }

    /// Makes the address proven. Everything else that waits at it is void with that.
    async fn complete(&self, email: &EmailAddress, proven: &Pending, source: &Source) -> Result<()> {
        self.context
            .retried(|| async {
                let wrong = || WRONG_CODE.error();
                let mut batch = Batch::default();
                let waiting = self
                    .context
                    .table::<Waiting>()
                    .find(email.as_str(), Waiting::SORT)
                    .await?
                    .ok_or_else(wrong)?;
                // A code is used once, and a newer one replaces it.
                let codes = |pending: &Pending| (pending.mac.clone(), pending.mac_for_others.clone());
                let same = |pending: &&Pending| pending.id == proven.id && codes(pending) == codes(proven);
                waiting.pending.iter().find(same).ok_or_else(wrong)?;
                batch.remove(&waiting);
                batch.clear::<WaitsAt>(proven.id.clone(), WaitsAt::SORT.into());
                let now = self.context.now();
                let claimed = self.directory.claimed(email).await?;
                let subject = match &proven.then {
                    Then::Confirm(subject) => {
                        let account = claimed.and_then(|claimed| claimed.account);
                        let account = account
                            .filter(|account| account.subject == *subject)
                            .ok_or_else(wrong)?;
                        let verified = Account {
                            email_verified_at: Some(now),
                            ..account.value.clone()
                        };
                        batch.replace(&account, &verified)?;
                        subject.clone()
                    }
                    Then::Create {
                        password,
                        display_name,
                    } => {
                        let owner = self.new_account(
                            &self.new_subject()?,
                            email,
                            password,
                            display_name.clone(),
                            Some(now),
                            source,
                        );
                        let gone = self.take_address(&mut batch, &owner, claimed, source).await?;
                        if let Some(gone) = gone {
                            self.sessions
                                .end_all_in(&mut batch, &gone, EndReason::Revoked)
                                .await?;
                        }
                        owner.subject
                    }
                    Then::Taken { .. } => return Err(wrong()),
                };
                self.budgets.clear_attempts(
                    &mut batch,
                    ATTEMPTS,
                    email.as_str(),
                    source,
                    &Standing::Unknown,
                )?;
                self.audit
                    .append(
                        &mut batch,
                        &subject,
                        &[Event::success(events::EMAIL_VERIFY, source)],
                    )
                    .await?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Sends the code again. By handle the answer tells what became of it; by address alone it never tells whether
    /// anything waits there, and a mail is left out silently where too many were sent.
    ///
    /// # Errors
    /// `channel-unavailable`, `too-many-sends`, `sign-up-unnamed`; by handle also `challenge-ended`.
    pub async fn resend_verification(&self, command: ResendVerification, source: &Source) -> Result<()> {
        self.outbox.require(Channel::Email)?;
        let named = match &command.sign_up_id {
            Some(id) => {
                let held = self.named(id.trimmed())?.filter(|named| named.held);
                Some(held.ok_or_else(|| CHALLENGE_ENDED.error())?)
            }
            None => None,
        };
        let limits = &self.budgets.settings();
        let network = source.network();
        let flood = Use {
            name: "resend-source",
            of: &[&network],
            limit: limits.anonymous_sends_per_source,
        };
        if let Some(named) = named {
            self.budgets.take(TOO_MANY_SENDS, &[flood]).await?;
            let email = self.address_of(Some(&named), command.email.as_ref()).await?;
            return self.resend_named(&email, &named, source).await;
        }
        let email = command.email.ok_or_else(|| SIGN_UP_UNNAMED.error())?;
        let pause = Use {
            name: "resend-interval",
            of: &[&network, email.as_str()],
            limit: Limit::new(1, limits.send_interval),
        };
        self.budgets.take(TOO_MANY_SENDS, &[flood, pause]).await?;
        self.resend_to(&email, source).await
    }

    async fn resend_named(&self, email: &EmailAddress, named: &Named, source: &Source) -> Result<()> {
        self.context
            .retried(|| async {
                let slot = self.waiting(email).await?;
                let known = slot.value.pending.iter().find(|pending| pending.id == named.id);
                let then = match known.map(|pending| pending.then.clone()) {
                    Some(then @ (Then::Create { .. } | Then::Taken { .. })) => Some(then),
                    // Only as long as the account has the address: it may have given way.
                    Some(Then::Confirm(_)) | None => self
                        .unproven_account(email)
                        .await?
                        .filter(|(id, _)| *id == named.id)
                        .map(|(_, then)| then),
                };
                let then = then.ok_or_else(|| CHALLENGE_ENDED.error())?;
                let mut batch = Batch::default();
                let asked_by = AskedBy::Its(source);
                self.wait_for_proof(&mut batch, slot, &named.id, then, &asked_by, &source.languages)
                    .await?;
                self.count_mail(&mut batch, email, &named.id, source).await?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Sends the code of what waits at the address: of what the same network asked for, if there is that, and of the
    /// newest otherwise. Does as much where nothing waits.
    async fn resend_to(&self, email: &EmailAddress, source: &Source) -> Result<()> {
        let network = self.network_of(source)?;
        self.context
            .retried(|| async {
                let slot = self.waiting(email).await?;
                let account = self.unproven_account(email).await?;
                let confirmed = account.as_ref().map(|(id, _)| id);
                let open = |pending: &&Pending| match pending.then {
                    Then::Create { .. } => true,
                    Then::Confirm(_) => confirmed == Some(&pending.id),
                    Then::Taken { .. } => false,
                };
                let waiting = slot.value.pending.iter().rev().filter(open);
                let own = waiting.clone().find(|pending| pending.network == network);
                let asked_by = own.map_or(AskedBy::Others, |_| AskedBy::Its(source));
                let chosen = own.or_else(|| waiting.clone().next());
                let chosen = chosen
                    .map(|pending| (pending.id.clone(), pending.then.clone()))
                    .or_else(|| account.clone());
                let (purpose, holder) = match &chosen {
                    Some((id, _)) => (SendPurpose::Anonymous { source }, id.as_str()),
                    None => (SendPurpose::Decoy { source }, email.as_str()),
                };
                let mut batch = Batch::default();
                let allowed = self
                    .count_mail_quietly(&mut batch, purpose, email, holder)
                    .await?;
                match chosen.filter(|_| allowed) {
                    Some((id, then)) => {
                        self.wait_for_proof(&mut batch, slot, &id, then, &asked_by, &source.languages)
                            .await?;
                    }
                    None => {
                        self.wait_for_nothing(&mut batch, email, &source.languages)
                            .await?;
                    }
                }
                self.context.commit(batch).await
            })
            .await
    }

    /// What an account waits for that has the address and never proved it.
    async fn unproven_account(&self, email: &EmailAddress) -> Result<Option<(String, Then)>> {
        let account = self.directory.by_address(email).await?;
        account
            .filter(|account| account.email_verified_at.is_none())
            .map(|account| {
                let id = self.confirmation_of(&account.subject)?;
                Ok((id, Then::Confirm(account.value.subject)))
            })
            .transpose()
    }
}
