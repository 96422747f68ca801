//! Becoming a user: a new account, and the proof of its address.

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::notification::{Channel, Destination};
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Result, Timestamp, id};

use super::Accounts;
use super::known_words::known_words;
use super::model::{EMAIL_TAKEN, ResendVerification, SIGN_UP_CLOSED, SignUp, SignedUp, VerifyEmail};
use super::password::check_strength;
use super::records::{Account, AddressClaim, Then, Verification};
use crate::access::Source;
use crate::audit::Event;
use crate::budgets::{SendPurpose, Sends, Standing, TOO_MANY_ATTEMPTS, TOO_MANY_SENDS, Use};
use crate::challenges::WRONG_CODE;
use crate::input::Label;
use crate::messages;
use crate::outbox::Lane;
use crate::settings;
use crate::suppressions::at_sign_up;
use crate::table::Batch;

impl Accounts {
    /// Makes an account, or, where addresses must be proven first, sends a mail and tells nothing.
    ///
    /// # Errors
    /// `sign-up-closed`, `weak-password`, `too-many-attempts`; where sign-up is open also `email-taken` and
    /// `address-suppressed`.
    pub async fn sign_up(&self, command: SignUp, source: &Source) -> Result<SignedUp> {
        let settings = &self.deployment.settings.accounts;
        if settings.sign_up == settings::SignUp::Closed {
            return Err(SIGN_UP_CLOSED.error());
        }
        let product = &self.deployment.settings.product.name;
        let known = known_words(product, &command.email, command.display_name.as_ref());
        check_strength(
            &command.password,
            "/password",
            settings.password_min_length,
            &known,
        )?;
        let limit = self.deployment.settings.budgets.sign_up_per_source;
        let network = source.network();
        self.budgets
            .take(
                TOO_MANY_ATTEMPTS,
                &[Use {
                    name: "sign-up",
                    of: &[&network],
                    limit,
                }],
            )
            .await?;
        let password = self.passwords.hash(&command.password).await?;
        if settings.sign_up == settings::SignUp::Verified {
            self.sign_up_verified(command.email, password, command.display_name, source)
                .await
        } else {
            self.sign_up_open(command.email, password, command.display_name, source)
                .await
        }
    }

    async fn sign_up_open(
        &self,
        email: EmailAddress,
        password: PasswordHash,
        display_name: Option<Label>,
        source: &Source,
    ) -> Result<SignedUp> {
        let subject = self.new_subject()?;
        self.deployment
            .retried(|| async {
                let mut batch = Batch::default();
                self.create(
                    &mut batch,
                    &subject,
                    &email,
                    &password,
                    display_name.clone(),
                    None,
                )
                .await?;
                if self.outbox.serves(Channel::Email) {
                    // Whoever mistypes an address learns it here, as of one that is taken.
                    self.suppressions
                        .require(&Destination::Email(email.clone()), Lane::Codes)
                        .await
                        .map_err(at_sign_up)?;
                    self.send_verification(&mut batch, &email, Then::Confirm(subject.clone()))
                        .await?;
                }
                self.audit
                    .append(&mut batch, &subject, &[Event::success("sign_up", source)])
                    .await?;
                if self.outbox.serves(Channel::Email) {
                    self.take_sends(&mut batch, &email, source).await?;
                }
                self.deployment.commit(batch).await
            })
            .await?;
        Ok(SignedUp::Account(self.token(&subject, self.deployment.now())?))
    }

    /// Answers alike whether the address is free, taken or suppressed; only its owner learns which, by mail.
    async fn sign_up_verified(
        &self,
        email: EmailAddress,
        password: PasswordHash,
        display_name: Option<Label>,
        source: &Source,
    ) -> Result<SignedUp> {
        self.outbox.require(Channel::Email)?;
        self.deployment
            .retried(|| async {
                let mut batch = Batch::default();
                if self.directory.by_address(&email).await?.is_some() {
                    let product = &self.deployment.settings.product.name;
                    let draft = messages::already_registered(product, Destination::Email(email.clone()));
                    self.outbox.enqueue_quietly(&mut batch, draft).await?;
                } else {
                    let then = Then::Create {
                        password: password.clone(),
                        display_name: display_name.clone(),
                    };
                    self.send_verification(&mut batch, &email, then).await?;
                }
                self.take_sends(&mut batch, &email, source).await?;
                self.deployment.commit(batch).await
            })
            .await?;
        Ok(SignedUp::VerificationSent)
    }

    /// Proves an address with the code that was mailed to it.
    ///
    /// # Errors
    /// `wrong-code`, `too-many-attempts`.
    pub async fn verify_email(&self, command: VerifyEmail, source: &Source) -> Result<()> {
        self.budgets
            .attempt("verify-email", command.email.as_str(), source, Standing::Unknown)
            .await?;
        let code = command.code.code();
        self.deployment
            .retried(|| async {
                let wrong = || WRONG_CODE.error();
                let table = self.deployment.table::<Verification>();
                let found = table
                    .find(command.email.as_str(), Verification::SORT)
                    .await?
                    .ok_or_else(wrong)?;
                let mac = self.verification_mac(&command.email, &found.nonce, &code)?;
                if !same_secret(mac.as_bytes(), found.mac.as_bytes()) {
                    return Err(wrong());
                }
                let mut batch = Batch::default();
                batch.remove(&found);
                let now = self.deployment.now();
                let subject = match &found.then {
                    Then::Confirm(subject) => {
                        let account = self.directory.account(subject).await?.ok_or_else(wrong)?;
                        batch.replace(
                            &account,
                            &Account {
                                email_verified_at: Some(now),
                                ..account.value.clone()
                            },
                        )?;
                        subject.clone()
                    }
                    Then::Create {
                        password,
                        display_name,
                    } => {
                        let subject = self.new_subject()?;
                        self.create(
                            &mut batch,
                            &subject,
                            &command.email,
                            password,
                            display_name.clone(),
                            Some(now),
                        )
                        .await?;
                        subject
                    }
                };
                self.budgets
                    .clear_attempts(&mut batch, "verify-email", command.email.as_str(), source)?;
                self.audit
                    .append(&mut batch, &subject, &[Event::success("email_verify", source)])
                    .await?;
                self.deployment.commit(batch).await
            })
            .await
    }

    /// Sends the code again, if the address waits for one. The answer does not tell.
    ///
    /// # Errors
    /// `channel-unavailable`, `too-many-sends`.
    pub async fn resend_verification(&self, command: ResendVerification, source: &Source) -> Result<()> {
        self.outbox.require(Channel::Email)?;
        let network = source.network();
        let limit = self.deployment.settings.budgets.sends_per_account;
        self.budgets
            .take(
                TOO_MANY_SENDS,
                &[Use {
                    name: "resend-source",
                    of: &[&network],
                    limit,
                }],
            )
            .await?;
        self.deployment
            .retried(|| async {
                let waiting = self
                    .deployment
                    .table::<Verification>()
                    .find(command.email.as_str(), Verification::SORT)
                    .await?;
                let account = self.directory.by_address(&command.email).await?;
                let then = match (waiting, account) {
                    (Some(waiting), _) => Some(waiting.value.then),
                    (None, Some(account)) if account.email_verified_at.is_none() => {
                        Some(Then::Confirm(account.subject.clone()))
                    }
                    (None, _) => None,
                };
                let mut batch = Batch::default();
                if let Some(then) = then {
                    self.send_verification(&mut batch, &command.email, then).await?;
                    self.take_sends(&mut batch, &command.email, source).await?;
                }
                self.deployment.commit(batch).await
            })
            .await
    }

    /// Adds a new account and its claim on the address to a batch.
    async fn create(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        email: &EmailAddress,
        password: &PasswordHash,
        display_name: Option<Label>,
        email_verified_at: Option<Timestamp>,
    ) -> Result<()> {
        if self.directory.by_address(email).await?.is_some() {
            return Err(EMAIL_TAKEN.error().at("/email", EMAIL_TAKEN.title()));
        }
        let now = self.deployment.now();
        batch.insert(&AddressClaim {
            email: email.clone(),
            subject: subject.clone(),
        })?;
        batch.insert(&Account {
            subject: subject.clone(),
            email: email.clone(),
            email_verified_at,
            display_name: display_name.filter(|name| !name.as_str().is_empty()),
            password: password.clone(),
            created_at: now,
            tokens_valid_from: now,
            recovered_at: None,
        })
    }

    async fn send_verification(&self, batch: &mut Batch, email: &EmailAddress, then: Then) -> Result<()> {
        let code = self.deployment.random_code()?;
        let nonce = self.deployment.random_text()?;
        let expires_at =
            self.deployment.now() + self.deployment.settings.accounts.verification_lifetime.get();
        let mac = self.verification_mac(email, &nonce, &code)?;
        batch.overwrite(&Verification {
            email: email.clone(),
            mac,
            nonce,
            then,
            expires_at,
        })?;
        let product = &self.deployment.settings.product.name;
        let draft = messages::verification(product, Destination::Email(email.clone()), &code, expires_at);
        // Where an answer may tell that an address is suppressed, that was asked before.
        self.outbox.enqueue_quietly(batch, draft).await.map(drop)
    }

    fn verification_mac(&self, email: &EmailAddress, nonce: &str, code: &str) -> Result<String> {
        self.deployment
            .keyring
            .pseudonym("verification", &[email.as_str(), nonce, code])
    }

    async fn take_sends(&self, batch: &mut Batch, email: &EmailAddress, source: &Source) -> Result<()> {
        let to = Destination::Email(email.clone());
        let sends = Sends {
            purpose: SendPurpose::Anonymous { source },
            about: "verification",
            holder: email.as_str(),
            destinations: &[&to],
        };
        self.budgets.take_sends_in(batch, &sends).await
    }

    fn new_subject(&self) -> Result<Subject> {
        let text = id::random("usr", self.deployment.entropy.as_ref())?;
        Subject::parse(&text).map_err(portcullis_ports::Error::internal)
    }
}
