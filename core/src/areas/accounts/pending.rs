//! Sign-ups that wait for the proof of their address: side by side, each under a handle that only its client holds.

use minijinja::value::Serde;
use minijinja::{Value, context};
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::notification::Destination;
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::{Result, Timestamp, id};
use serde::Serialize;

use super::model::EMAIL_NOT_VERIFIED;
use super::records::{Pending, Then, Waiting, WaitsAt};
use super::{Accounts, SignUpMode};
use crate::foundation::lane::Lane;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Slot};
use crate::foundation::texts::{PreferredLanguages, Template, template};
use crate::services::budgets::{SendPurpose, Sends, TOO_MANY_SENDS};
use crate::services::directory::Account;
use crate::services::outbox::Draft;

/// Proof of a new account's address. The link leads to the page where the code is entered already.
pub(super) const VERIFICATION: Template = template!("verification.email", samples);
/// Somebody signed up with an address that has an account.
pub(super) const ALREADY_REGISTERED: Template = template!("already_registered.email", || vec![context! {}]);

/// The most sign-ups that wait at one address. None makes room for another: whoever floods an address hinders new
/// sign-ups at it for a while, and ends no older one.
const MOST: usize = 64;
/// What handles are signed for.
const HANDLE: &str = "sign-up-handle";
/// What codes are signed for.
const CODE: &str = "verification";
/// The page of the panel that takes a code.
const PAGE: &str = "/verify-email";

/// Who asks for a code of a sign-up.
pub(super) enum AskedBy<'a> {
    /// Its own client, from here: the code replaces the former one.
    Its(&'a Source),
    /// Whoever knows the address: the former code stays good.
    Others,
}

/// A sign-up as a client names it.
pub(super) struct Named {
    pub(super) id: String,
    /// Whether the client holds the handle; the link in the mail has the public name alone.
    pub(super) held: bool,
}

impl Accounts {
    /// What whoever asked for a sign-up holds, and nobody else.
    pub(super) fn handle(&self, id: &str) -> Result<String> {
        Ok(format!("{id}.{}", self.context.keyring.sign(HANDLE, &[id])?))
    }

    /// Reads a handle, or a public name. `None` for anything else.
    pub(super) fn named(&self, text: &str) -> Result<Option<Named>> {
        let (id, mac) = text
            .split_once('.')
            .map_or((text, None), |(id, mac)| (id, Some(mac)));
        let genuine = match mac {
            Some(mac) => self.context.keyring.verify(HANDLE, &[id], mac)?,
            None => true,
        };
        Ok((id::well_formed("ver", id) && genuine).then(|| Named {
            id: id.to_owned(),
            held: mac.is_some(),
        }))
    }

    /// The name under which an existing account waits: always the same, so that its owner can be given the handle.
    pub(super) fn confirmation_of(&self, subject: &Subject) -> Result<String> {
        let mac = self
            .context
            .keyring
            .pseudonym_bytes("confirmation-id", &[subject.as_str()])?;
        Ok(format!("ver_{}", id::base32(&mac[..16])?))
    }

    /// What waits at an address.
    pub(super) async fn waiting(&self, email: &EmailAddress) -> Result<Slot<Waiting>> {
        let now = self.context.now();
        let empty = || Waiting {
            email: email.clone(),
            pending: Vec::new(),
            expires_at: now,
        };
        let table = self.context.table::<Waiting>();
        let mut slot = table.slot(email.as_str(), Waiting::SORT, empty).await?;
        slot.value.pending.retain(|pending| pending.expires_at > now);
        Ok(slot)
    }

    /// Somebody who does not exist, for the work that must be done for an address without an account.
    pub(super) fn nobody(&self, email: &EmailAddress) -> Result<Subject> {
        let mac = self
            .context
            .keyring
            .pseudonym_bytes("nobody", &[email.as_str()])?;
        Subject::parse(&format!("usr_{}", id::base32(&mac[..16])?)).map_err(portcullis_ports::Error::internal)
    }

    /// The sign-up whose password is compared beside that of an account: one that the same network asked for, if there is
    /// one, and the newest otherwise.
    pub(super) async fn newest_pending(
        &self,
        email: &EmailAddress,
        source: &Source,
    ) -> Result<Option<(String, PasswordHash)>> {
        let network = self.network_of(source)?;
        let mut chosen: Option<Pending> = None;
        for pending in self.waiting(email).await?.value.pending {
            let elsewhere = pending.network != network;
            let better = chosen
                .as_ref()
                .is_none_or(|chosen| !elsewhere || chosen.network != network);
            if !matches!(pending.then, Then::Confirm(_)) && better {
                chosen = Some(pending);
            }
        }
        Ok(chosen.and_then(|chosen| match chosen.then {
            Then::Create { password, .. } | Then::Taken { password } => Some((chosen.id, password)),
            Then::Confirm(_) => None,
        }))
    }

    /// Whether an account may not be used before its address is proven.
    pub(super) fn must_prove_first(&self, account: &Account) -> bool {
        self.settings.sign_up == SignUpMode::Verified && account.email_verified_at.is_none()
    }

    /// The answer to the right password of somebody whose address is not proven: the handle, to go on with the code. The
    /// wrong answers of before stay counted: they may have been guesses at the password of an account.
    pub(super) fn not_verified(&self, id: &str) -> Result<portcullis_ports::Error> {
        Ok(EMAIL_NOT_VERIFIED.error().member("sign_up_id", self.handle(id)?))
    }

    pub(super) fn network_of(&self, source: &Source) -> Result<String> {
        self.context
            .keyring
            .pseudonym("sign-up-network", &[&source.network()])
    }

    /// Whether a stored code is this one. The work is the same where none is stored.
    pub(super) fn is_code(
        &self,
        stored: Option<&str>,
        (email, id, code): (&EmailAddress, &str, &str),
    ) -> Result<bool> {
        let parts = [email.as_str(), id, code];
        self.context.keyring.verify(CODE, &parts, stored.unwrap_or(""))
    }

    /// Adds a sign-up that waits, or renews the one of that name, with its mail. What that uses of the budgets is counted
    /// by the caller.
    ///
    /// # Errors
    /// `too-many-sends` if too many wait there.
    pub(super) async fn wait_for_proof(
        &self,
        batch: &mut Batch,
        mut slot: Slot<Waiting>,
        id: &str,
        then: Then,
        asked_by: &AskedBy<'_>,
        languages: &PreferredLanguages,
    ) -> Result<()> {
        let email = slot.value.email.clone();
        let expires_at = self.context.now() + self.settings.verification_lifetime.get();
        let (draft, mac) = self.verification_mail(&email, id, &then, expires_at, languages)?;
        let pending = &mut slot.value.pending;
        let known = pending.iter().position(|known| known.id == id);
        let former = known.map(|at| pending.remove(at));
        let fresh = match (asked_by, former) {
            (AskedBy::Others, Some(former)) => Pending {
                mac_for_others: mac,
                then,
                expires_at,
                ..former
            },
            (AskedBy::Its(source), _) => Pending {
                id: id.to_owned(),
                mac,
                mac_for_others: None,
                then,
                network: self.network_of(source)?,
                expires_at,
            },
            // The account of long ago of somebody who never proved the address.
            (AskedBy::Others, None) => Pending {
                id: id.to_owned(),
                mac: None,
                mac_for_others: mac,
                then,
                network: String::new(),
                expires_at,
            },
        };
        if pending.len() >= MOST {
            return Err(TOO_MANY_SENDS.error());
        }
        pending.push(fresh);
        slot.value.expires_at = slot.value.expires_at.max(expires_at);
        batch.save(&slot)?;
        batch.overwrite(&WaitsAt {
            id: id.to_owned(),
            email: email.clone(),
            expires_at,
        })?;
        // Where an answer may tell that an address is suppressed, that was asked before.
        self.outbox.enqueue_quietly(batch, draft).await.map(drop)
    }

    /// Does the work of [`Accounts::wait_for_proof`] for an address at which nothing waits, and sends nothing.
    pub(super) async fn wait_for_nothing(
        &self,
        batch: &mut Batch,
        email: &EmailAddress,
        languages: &PreferredLanguages,
    ) -> Result<()> {
        let id = id::random("ver", self.context.entropy.as_ref())?;
        let subject = self.new_subject()?;
        let expires_at = self.context.now();
        let then = Then::Confirm(subject);
        let (draft, _) = self.verification_mail(email, &id, &then, expires_at, languages)?;
        // A sign-up that waits is written in the place of what it was before.
        crate::foundation::decoy::overwrite(&self.context, batch, "pending", email.as_str(), &[300, 100])?;
        self.outbox.enqueue_decoy(batch, draft).await
    }

    /// Adds what the mail about a sign-up uses of the budgets to the batch that sends it.
    ///
    /// # Errors
    /// `too-many-sends`.
    pub(super) async fn count_mail(
        &self,
        batch: &mut Batch,
        email: &EmailAddress,
        id: &str,
        source: &Source,
    ) -> Result<()> {
        let to = Destination::Email(email.clone());
        let to = [&to];
        let sends = sends(SendPurpose::Anonymous { source }, id, &to);
        self.budgets.take_sends_in(batch, &sends).await
    }

    /// The same where the answer must not tell whether it is sent. Says whether it may be.
    pub(super) async fn count_mail_quietly(
        &self,
        batch: &mut Batch,
        purpose: SendPurpose<'_>,
        email: &EmailAddress,
        id: &str,
    ) -> Result<bool> {
        let to = Destination::Email(email.clone());
        let to = [&to];
        // Whoever asks for codes of others leaves to sign-ups what an address may get.
        let sends = Sends {
            about: "verification-again",
            ..sends(purpose, id, &to)
        };
        self.budgets.take_sends_quietly_in(batch, &sends).await
    }

    /// The mail, and the keyed hash of the code in it.
    fn verification_mail(
        &self,
        email: &EmailAddress,
        id: &str,
        then: &Then,
        expires_at: Timestamp,
        languages: &PreferredLanguages,
    ) -> Result<(Draft, Option<String>)> {
        let texts = &self.context.texts;
        let language = texts.choose(languages);
        let to = Destination::Email(email.clone());
        if matches!(then, Then::Taken { .. }) {
            let text = texts.render(language, ALREADY_REGISTERED.name, context! {})?;
            return Ok((Draft::new(to, text, Lane::Notices), None));
        }
        let code = self.context.random_code()?;
        let link = self
            .context
            .links
            .to(PAGE, &[("sign_up_id", id), ("code", &code)]);
        let variables = Variables {
            code: &code,
            link: link.as_deref(),
        };
        let text = texts.render(language, VERIFICATION.name, variables)?;
        let mac = self
            .context
            .keyring
            .sign_hex(CODE, &[email.as_str(), id, &code])?;
        Ok((Draft::with_code(to, text, code, expires_at), Some(mac)))
    }
}

#[derive(Serialize)]
struct Variables<'a> {
    code: &'a str,
    /// Nothing where the address of the panel is not known.
    link: Option<&'a str>,
}

fn samples() -> Vec<Value> {
    let sample = |link| {
        let code = "000000";
        Value::from(Serde(Variables { code, link }))
    };
    vec![
        sample(None),
        sample(Some("https://gate.example.com/verify-email")),
    ]
}

fn sends<'a>(purpose: SendPurpose<'a>, id: &'a str, to: &'a [&'a Destination]) -> Sends<'a> {
    Sends {
        purpose,
        about: "verification",
        holder: id,
        destinations: to,
    }
}
