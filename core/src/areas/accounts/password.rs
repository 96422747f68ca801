//! Passwords: what is accepted, and how one is checked without telling whether the account exists.

use std::sync::Arc;

use portcullis_ports::passwords::{PasswordCheck, PasswordHash};
use portcullis_ports::{Result, Secret};
use zxcvbn::{Score, zxcvbn};

use super::events;
use super::known_words::{known_words, without};
use super::model::{NO_PASSWORD, WEAK_PASSWORD, WRONG_CREDENTIALS};
use crate::areas::sessions::SignedIn;
use crate::foundation::context::Context;
use crate::foundation::input::{NewPassword, PASSWORD_MAX, SecretInput};
use crate::foundation::table::{Batch, Versioned};
use crate::services::audit::{Audit, Event};
use crate::services::budgets::Budgets;
use crate::services::directory::{Account, Directory};

/// The part of a password that is judged. Longer ones cannot be guessed by their beginning being weak.
const JUDGED: usize = 72;

/// Judges a new password: long enough, and not among those that are tried first.
///
/// `known` are the words that an attacker knows of the person.
pub(super) fn check_strength(
    password: &SecretInput<NewPassword>,
    field: &str,
    min: usize,
    known: &[String],
) -> Result<()> {
    let password = password.composed();
    let refuse = |detail: String| {
        WEAK_PASSWORD
            .with_detail(detail.clone())
            .with_field(field, detail)
    };
    let length = password.expose().chars().count();
    if length < min {
        return Err(refuse(format!(
            "The password must have at least {min} characters; several words make a good one."
        )));
    }
    if length > PASSWORD_MAX {
        return Err(refuse(format!(
            "The password must have at most {PASSWORD_MAX} characters."
        )));
    }
    let judged: String = password.expose().chars().take(JUDGED).collect();
    let words: Vec<&str> = known.iter().map(String::as_str).collect();
    let weak = |text: &str| zxcvbn(text, &words).score() < Score::Two;
    if weak(&judged) {
        let advice =
            "This password is among the first that are tried: choose one that is longer or less common.";
        return Err(refuse(advice.into()));
    }
    let rest = Secret::new(without(&judged, known));
    if rest.expose() != judged && weak(rest.expose()) {
        let advice = "Apart from your name, your address or the name of this service there is too little in this \
                      password: add words that have nothing to do with them.";
        return Err(refuse(advice.into()));
    }
    Ok(())
}

/// Checks and hashes passwords within the budgets.
#[derive(Clone)]
pub(crate) struct PasswordVerifier {
    context: Arc<Context>,
    directory: Directory,
    budgets: Budgets,
    audit: Audit,
    /// The fewest characters of a password.
    min_length: usize,
}

impl PasswordVerifier {
    pub(crate) fn new(
        context: &Arc<Context>,
        directory: &Directory,
        budgets: &Budgets,
        audit: &Audit,
        min_length: usize,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            directory: directory.clone(),
            budgets: budgets.clone(),
            audit: audit.clone(),
            min_length,
        }
    }

    /// Judges a new password for an account.
    ///
    /// # Errors
    /// `weak-password` at `field`, `busy`.
    pub(crate) async fn judge(
        &self,
        password: &SecretInput<NewPassword>,
        field: &'static str,
        account: &Account,
    ) -> Result<()> {
        let product = self.context.texts.product();
        let known = known_words(product, &account.email, account.display_name.as_ref());
        self.judge_with(password, field, known).await
    }

    pub(crate) async fn hash<F>(&self, password: &SecretInput<F>) -> Result<PasswordHash> {
        self.context.hasher.hash(&password.composed()).await
    }

    /// Judges a new password, where hashes are computed: off the worker, and so many at once.
    ///
    /// # Errors
    /// `weak-password`, `busy`.
    pub(super) async fn judge_with(
        &self,
        password: &SecretInput<NewPassword>,
        field: &'static str,
        known: Vec<String>,
    ) -> Result<()> {
        let min = self.min_length;
        let password = password.clone();
        let task = Box::new(move || check_strength(&password, field, min, &known));
        self.context.hasher.run(task).await
    }

    /// Compares with a hash, or does the same work for none. A hash of text that was not composed still
    /// matches whoever types it the same way, and is to be renewed.
    pub(super) async fn matches<F>(
        &self,
        password: &SecretInput<F>,
        hash: Option<&PasswordHash>,
    ) -> Result<PasswordCheck> {
        let composed = password.composed();
        let verdict = self.compare(&composed, hash).await?;
        if verdict != PasswordCheck::Mismatch || composed.matches(password.secret().expose()) {
            return Ok(verdict);
        }
        // Twice the work, whoever is asked for: it tells only what was typed.
        Ok(match self.compare(password.secret(), hash).await? {
            PasswordCheck::Mismatch => PasswordCheck::Mismatch,
            PasswordCheck::Match | PasswordCheck::MatchOutdated => PasswordCheck::MatchOutdated,
        })
    }

    async fn compare(&self, password: &Secret, hash: Option<&PasswordHash>) -> Result<PasswordCheck> {
        let hasher = &self.context.hasher;
        let Some(hash) = hash else {
            hasher.decoy(password).await?;
            return Ok(PasswordCheck::Mismatch);
        };
        hasher.verify(password, hash).await
    }

    /// Checks the password of whoever is signed in, and returns the account.
    ///
    /// # Errors
    /// `wrong-credentials`, `no-password`, `too-many-attempts`.
    pub(crate) async fn check(&self, who: &SignedIn, password: &SecretInput) -> Result<Versioned<Account>> {
        let subject = who.subject();
        let account = self
            .directory
            .account(subject)
            .await?
            .ok_or_else(|| NO_PASSWORD.error())?;
        let known = self
            .budgets
            .knows_session(who.subject(), &who.source, &who.session.id)
            .await?;
        self.budgets
            .attempt("password", account.email.as_str(), &who.source, &known)
            .await?;
        if self.matches(password, Some(&account.password)).await? == PasswordCheck::Mismatch {
            self.audit
                .record(subject, &[Event::failure(events::PASSWORD_CHECK, &who.source)])
                .await?;
            return Err(WRONG_CREDENTIALS.with_detail("The password is wrong."));
        }
        let mut batch = Batch::default();
        self.budgets.clear_attempts(
            &mut batch,
            "password",
            account.email.as_str(),
            &who.source,
            &known,
        )?;
        self.context.commit(batch).await?;
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::contact::EmailAddress;

    use super::super::known_words::known_words;
    use super::*;
    use crate::foundation::input::Label;

    fn judge(password: &str) -> Result<()> {
        let email = EmailAddress::parse("grace.hopper@example.com").unwrap();
        let name = Label::parse("Amazing Grace").unwrap();
        let known = known_words("Portcullis", &email, Some(&name));
        check_strength(&SecretInput::new(password), "/password", 10, &known)
    }

    #[test]
    fn long_uncommon_passwords_are_accepted() {
        for good in [
            "correct horse battery staple",
            "plum-kettle-orbit",
            "Tr0ub4dor&3xtra",
            "vJ8#kq2Lw0z",
        ] {
            assert!(judge(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn the_composed_form_is_judged() {
        // Nine characters, written as eighteen.
        assert!(judge(&"\u{e4}\u{f6}\u{fc}xQ7#zK".replace('\u{e4}', "a\u{308}")).is_err());
        assert!(judge("a\u{308}o\u{308}u\u{308}xQ7#zKw").is_ok());
    }

    #[test]
    fn known_words_beside_others_do_no_harm() {
        assert!(judge("grace plum kettle orbit").is_ok());
    }

    #[test]
    fn short_common_and_personal_passwords_are_refused() {
        for bad in [
            "short",
            "password1234",
            "qwertyuiop",
            "aaaaaaaaaaaaaaaa",
            "1234567890",
            "grace.hopper@example.com",
            "Portcullis2026!",
            "P0rtcull1s-2026",
            "portcullis.portcullis",
            "GraceHopper1906",
            "hopper@example",
            "Amazing-Grace-1",
        ] {
            assert_eq!(judge(bad).unwrap_err().code(), WEAK_PASSWORD, "{bad}");
        }
        assert!(judge(&"x7#Kq".repeat(60)).is_err());
    }
}
