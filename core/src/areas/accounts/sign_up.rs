//! Becoming a user: a new account, or a sign-up that waits for the proof of its address.

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::notification::{Channel, Destination};
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::{Result, Timestamp, id};

use super::events;
use super::known_words::known_words;
use super::model::{EMAIL_TAKEN, SIGN_UP_CLOSED, SignUp, SignedUp};
use super::pending::AskedBy;
use super::records::Then;
use super::{Accounts, SignUpMode};
use crate::foundation::input::Label;
use crate::foundation::lane::Lane;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::budgets::{TOO_MANY_ATTEMPTS, TOO_MANY_SENDS, Use};
use crate::services::directory::{Account, Directory};
use crate::services::suppressions::at_sign_up;

/// What somebody signs up with.
struct Applicant {
    email: EmailAddress,
    password: PasswordHash,
    display_name: Option<Label>,
}

impl Accounts {
    /// Makes an account, or, where addresses must be proven first, sends a mail and tells nothing.
    ///
    /// # Errors
    /// `sign-up-closed`, `too-many-attempts`, `weak-password`; where sign-up is open also `email-taken` and
    /// `address-suppressed`, where it is not also `too-many-sends`.
    pub async fn sign_up(&self, command: SignUp, source: &Source) -> Result<SignedUp> {
        let settings = &self.settings;
        if settings.sign_up == SignUpMode::Closed {
            return Err(SIGN_UP_CLOSED.error());
        }
        let limit = self.budgets.settings().sign_up_per_source;
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
        let product = self.context.texts.product();
        let known = known_words(product, &command.email, command.display_name.as_ref());
        self.passwords
            .judge_with(&command.password, "/password", known)
            .await?;
        let applicant = Applicant {
            password: self.passwords.hash(&command.password).await?,
            email: command.email,
            display_name: command.display_name,
        };
        if settings.sign_up == SignUpMode::Verified {
            return self.sign_up_verified(&applicant, source).await;
        }
        match self.sign_up_open(&applicant, source, true).await {
            // What others have used up keeps nobody out: the mail can be asked for later.
            Err(error) if error.code() == TOO_MANY_SENDS => {
                self.sign_up_open(&applicant, source, false).await
            }
            done => done,
        }
    }

    async fn sign_up_open(
        &self,
        applicant: &Applicant,
        source: &Source,
        with_mail: bool,
    ) -> Result<SignedUp> {
        let Applicant {
            email,
            password,
            display_name,
        } = applicant;
        let with_mail = with_mail && self.outbox.serves(Channel::Email);
        let subject = self.new_subject()?;
        let free = self
            .context
            .retried(|| async {
                let mut batch = Batch::default();
                match self.directory.claimed(email).await? {
                    Some(claimed) if claimed.is_proven() => return Err(taken()),
                    // Nobody has proven the claim: whoever reads the mail can make the address theirs.
                    Some(_) if with_mail => {
                        self.wait_to_create(&mut batch, applicant, source).await?;
                        self.context.commit(batch).await?;
                        return Ok(false);
                    }
                    Some(_) => return Ok(false),
                    None => {}
                }
                let name = display_name.clone();
                let account = self.new_account(&subject, email, password, name, None, source);
                Directory::open_in(&mut batch, &account)?;
                self.audit
                    .append(&mut batch, &subject, &[Event::success(events::SIGN_UP, source)])
                    .await?;
                if with_mail {
                    // Whoever mistypes an address learns it here, as of one that is taken.
                    self.suppressions
                        .require(&Destination::Email(email.clone()), Lane::Codes)
                        .await
                        .map_err(at_sign_up)?;
                    let slot = self.waiting(email).await?;
                    let id = self.confirmation_of(&subject)?;
                    let then = Then::Confirm(subject.clone());
                    let asked_by = AskedBy::Its(source);
                    self.wait_for_proof(&mut batch, slot, &id, then, &asked_by, &source.languages)
                        .await?;
                    self.count_mail(&mut batch, email, &id, source).await?;
                }
                self.context.commit(batch).await?;
                Ok(true)
            })
            .await?;
        if free {
            let lineage = self.sessions.fresh_lineage(&subject).await?;
            let now = self.context.now();
            Ok(SignedUp::Account(self.token(&subject, lineage, now, now)?))
        } else if with_mail {
            let detail = "Somebody signed up with this e-mail address and never proved that it is theirs. If it is \
                          yours, follow the link in the mail that was sent to it; otherwise sign in instead.";
            Err(EMAIL_TAKEN
                .with_detail(detail)
                .with_field("/email", EMAIL_TAKEN.title()))
        } else {
            Err(taken())
        }
    }

    /// Answers alike whether the address is free, taken or suppressed; only its owner learns which, by mail.
    async fn sign_up_verified(&self, applicant: &Applicant, source: &Source) -> Result<SignedUp> {
        self.outbox.require(Channel::Email)?;
        let id = self
            .context
            .retried(|| async {
                let mut batch = Batch::default();
                let id = self.wait_to_create(&mut batch, applicant, source).await?;
                self.context.commit(batch).await?;
                Ok(id)
            })
            .await?;
        Ok(SignedUp::VerificationSent {
            sign_up_id: self.handle(&id)?,
        })
    }

    /// Adds a sign-up to a batch that becomes an account once its address is proven, unless an account has proven that
    /// already; and names it.
    async fn wait_to_create(
        &self,
        batch: &mut Batch,
        applicant: &Applicant,
        source: &Source,
    ) -> Result<String> {
        let account = self.directory.by_address(&applicant.email).await?;
        let then = if account.is_some_and(|account| account.email_verified_at.is_some()) {
            Then::Taken {
                password: applicant.password.clone(),
            }
        } else {
            Then::Create {
                password: applicant.password.clone(),
                display_name: applicant.display_name.clone(),
            }
        };
        let slot = self.waiting(&applicant.email).await?;
        let id = id::random("ver", self.context.entropy.as_ref())?;
        let asked_by = AskedBy::Its(source);
        self.wait_for_proof(batch, slot, &id, then, &asked_by, &source.languages)
            .await?;
        self.count_mail(batch, &applicant.email, &id, source).await?;
        Ok(id)
    }

    pub(super) fn new_account(
        &self,
        subject: &Subject,
        email: &EmailAddress,
        password: &PasswordHash,
        display_name: Option<Label>,
        email_verified_at: Option<Timestamp>,
        source: &Source,
    ) -> Account {
        let now = self.context.now();
        Account {
            subject: subject.clone(),
            email: email.clone(),
            email_verified_at,
            display_name: display_name.filter(|name| !name.as_str().is_empty()),
            password: password.clone(),
            created_at: now,
            recovered_at: None,
            language: self.context.texts.choose(&source.languages),
        }
    }

    pub(super) fn new_subject(&self) -> Result<Subject> {
        let text = id::random("usr", self.context.entropy.as_ref())?;
        Subject::parse(&text).map_err(portcullis_ports::Error::internal)
    }
}

fn taken() -> portcullis_ports::Error {
    EMAIL_TAKEN.error().with_field("/email", EMAIL_TAKEN.title())
}
