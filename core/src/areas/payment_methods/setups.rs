//! Adding a method: begun under a key of the client, asked for at the vendor, looked at, and completed.

use std::time::Duration;

use portcullis_ports::id::SetupId;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{Handed, Setup as Picture, VendorRef, Verification};
use portcullis_ports::{Error, Result};

use super::actions::ADD_METHOD;
use super::calls::not_asked;
use super::model::{
    BeginSetup, CompleteSetup, METHOD_LIMIT, SETUP_LIMIT, SETUP_NOT_FOUND, SetupState, SetupView,
    VENDOR_UNAVAILABLE,
};
use super::names::Named;
use super::records::{CustomerMethods, Setup, VendorAccount};
use super::rules::{MOST_FORGETTING, MOST_METHODS, MOST_SETUPS};
use super::setup_progress::{Heard, holds_no_secret, require_same, setup_view};
use super::{PaymentMethods, events};
use crate::areas::sessions::SignedIn;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::idempotency::{IdempotencyKey, KeyState};

/// What keys are taken for.
const OPERATION: &str = "payment-method-setup";
/// How long a method may take to be added.
const LASTS: Duration = Duration::from_hours(24);
/// How long news of a setup find its person.
const NAMED_FOR: Duration = Duration::from_hours(24 * 30);
/// What counts as guessing at deposits.
const PROOF: &str = "payment-method-proof";

impl PaymentMethods {
    /// Begins to add a method. The same key goes on with the same setup, and gives what the vendor's script needs again.
    ///
    /// # Errors
    /// Those of [`BeginSetup`]; after `payment-vendor-unavailable` the same key is sent again.
    pub async fn begin_setup(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        command: &BeginSetup,
    ) -> Result<SetupView> {
        self.step_up.require(ADD_METHOD, who).await?;
        let subject = who.subject();
        let known = self.idempotency.look_up(subject, OPERATION, key, command).await?;
        let (setup, resend) = if let KeyState::Used { row } = known {
            (self.setup_of(&row, &self.methods(subject).await?.value)?, true)
        } else {
            let vendor = self.vendors.chosen(command.vendor.as_deref())?;
            self.require_offered(vendor, command)?;
            let customer = self.customer(vendor, subject).await?;
            self.context
                .retried(|| self.accept(who, key, command, vendor, customer.as_ref()))
                .await?
        };
        let vendor = self.vendors.named(&setup.instance)?;
        // By now it may have gone on, or lie at a vendor that forgets keys.
        let unasked = matches!(setup.state, SetupState::Beginning | SetupState::RequiresAction);
        let window = vendor.terms().replay.setup;
        let asked_twice = resend && setup.theirs.is_some();
        let repeats = window.is_some_and(|window| self.context.now().since(setup.begun_at) < window);
        if !unasked || setup.deposits.is_some() || (asked_twice && !repeats) {
            return Ok(setup_view(&setup, None));
        }
        let order = self.setup_order(vendor, &setup, resend)?;
        let heard = match vendor.begin_setup(&order).await {
            // An answer that is given again shows how it stood then.
            Outcome::Done(picture) | Outcome::Pending(picture) if asked_twice => {
                require_same(&setup, &picture)?;
                return Ok(setup_view(&setup, picture.action));
            }
            Outcome::Done(picture) | Outcome::Pending(picture) => Heard::Picture(Box::new(picture)),
            Outcome::Declined(decline) => Heard::Declined(decline),
            Outcome::NotSent(reason) => return Err(not_asked(&reason)),
            Outcome::Unknown(_) => Heard::Nothing,
        };
        self.context.retried(|| self.hear(who, &setup, &heard)).await
    }

    /// The adding of a method, as it stands.
    ///
    /// # Errors
    /// `payment-method-setup-not-found`.
    pub async fn setup(&self, who: &SignedIn, id: &SetupId) -> Result<SetupView> {
        let slot = self.methods(who.subject()).await?;
        self.open_setup(&slot.value, id)
            .map(|setup| setup_view(setup, None))
    }

    /// Goes on after the payer acted: asks the vendor what is stored, and keeps it. Asked twice it answers alike.
    ///
    /// # Errors
    /// Those of [`CompleteSetup`].
    pub async fn complete_setup(
        &self,
        who: &SignedIn,
        id: &SetupId,
        command: &CompleteSetup,
    ) -> Result<SetupView> {
        let subject = who.subject();
        let (verification, handed) = (verification(command)?, handed(command)?);
        let slot = self.methods(subject).await?;
        let mut setup = self.open_setup(&slot.value, id)?.clone();
        if !setup.state.is_open() {
            return Ok(setup_view(&setup, None));
        }
        let vendor = self.vendors.named(&setup.instance)?;
        if !VendorAccount::of(vendor.terms()).matches(&setup.account) {
            return Err(SETUP_NOT_FOUND.error());
        }
        if verification.is_some() {
            setup = self.context.retried(|| self.count_proof(who, id)).await?;
        }
        let Some(theirs) = &setup.theirs else {
            // Nothing can be completed that the vendor does not know.
            return Ok(setup_view(&setup, None));
        };
        let proof = self.setup_proof(&setup, theirs, verification, &handed)?;
        let heard = match vendor.finish_setup(&proof).await {
            Outcome::Done(stored) => Heard::Stored(Box::new(stored)),
            Outcome::Pending(picture) => Heard::Picture(Box::new(Picture {
                action: picture.action.filter(holds_no_secret),
                ..picture
            })),
            Outcome::Declined(decline) => Heard::Declined(decline),
            Outcome::NotSent(reason) => return Err(not_asked(&reason)),
            Outcome::Unknown(_) => return Err(VENDOR_UNAVAILABLE.error()),
        };
        self.context.retried(|| self.hear(who, &setup, &heard)).await
    }
}

impl PaymentMethods {
    fn require_offered(&self, vendor: &GuardedPayments, command: &BeginSetup) -> Result<()> {
        if vendor.vault().is_none() {
            return Err(self
                .vendors
                .not_offered("storing payment methods", |one| one.vault().is_some()));
        }
        let Some(kinds) = &command.kinds else {
            return Ok(());
        };
        if kinds.is_empty() {
            return Err(refused(
                "/kinds",
                "at least one kind is expected, or no such field",
            ));
        }
        let has_all = |one: &GuardedPayments| {
            one.vault().is_some() && kinds.iter().all(|kind| one.terms().methods.contains(kind))
        };
        if has_all(vendor) {
            Ok(())
        } else {
            Err(self
                .vendors
                .not_offered("storing methods of these kinds", has_all))
        }
    }

    fn open_setup<'a>(&self, methods: &'a CustomerMethods, id: &SetupId) -> Result<&'a Setup> {
        let found = methods.setup(id);
        let found = found.filter(|setup| self.context.now() < setup.expires_at);
        found.ok_or_else(|| SETUP_NOT_FOUND.error())
    }

    /// The setup that a key stands for.
    fn setup_of(&self, row: &str, methods: &CustomerMethods) -> Result<Setup> {
        let id = SetupId::parse(row).map_err(Error::internal)?;
        self.open_setup(methods, &id).cloned()
    }

    /// Writes down that a method is about to be added, or finds the setup that the key stands for.
    async fn accept(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        command: &BeginSetup,
        vendor: &GuardedPayments,
        customer: Option<&VendorRef>,
    ) -> Result<(Setup, bool)> {
        let subject = who.subject();
        let mut batch = Batch::default();
        self.sessions.require_in(&mut batch, who).await?;
        let mut slot = self.methods_in(&batch, subject).await?;
        let fresh = match self.idempotency.look_up(subject, OPERATION, key, command).await? {
            KeyState::Used { row } => {
                return Ok((self.setup_of(&row, &slot.value)?, true));
            }
            KeyState::Fresh(fresh) => fresh,
        };
        self.freezes.require_thawed(&mut batch, subject).await?;
        let now = self.context.now();
        let methods = &mut slot.value;
        methods.tidy_setups(now);
        if methods.methods.len() >= MOST_METHODS {
            return Err(METHOD_LIMIT.error());
        }
        if methods.open_setups(now) >= MOST_SETUPS {
            return Err(SETUP_LIMIT.error());
        }
        if methods.forgetting.len() >= MOST_FORGETTING {
            let why = "The vendor has yet to forget many payment methods that were removed; please try again later.";
            return Err(VENDOR_UNAVAILABLE
                .with_detail(why)
                .retry_after(Duration::from_hours(1)));
        }
        let id = SetupId::time_ordered(now, self.context.entropy.as_ref())?;
        let setup = Setup {
            id: id.clone(),
            instance: vendor.instance().to_owned(),
            account: VendorAccount::of(vendor.terms()),
            customer: customer.cloned(),
            kinds: command
                .kinds
                .clone()
                .unwrap_or_else(|| vendor.terms().methods.clone()),
            ip: who.source.ip,
            theirs: None,
            state: SetupState::Beginning,
            number: 1,
            unanswered: 0,
            proofs: 0,
            deposits: None,
            method: None,
            begun_at: now,
            expires_at: now + LASTS,
        };
        methods.setups.push(setup.clone());
        batch.save(&slot)?;
        self.idempotency.take(&mut batch, fresh, id.as_str())?;
        let until = Some(now + NAMED_FOR);
        self.add_name(&mut batch, Named::Setup(&id), vendor.instance(), subject, until)?;
        let event = Event::info(events::SETUP_BEGUN, &who.source)
            .with("setup", &id)
            .with("vendor", vendor.instance());
        self.audit.append(&mut batch, subject, &[event]).await?;
        self.context.commit(batch).await?;
        Ok((setup, false))
    }

    /// Counts that somebody tells of deposits, before the vendor is told.
    async fn count_proof(&self, who: &SignedIn, id: &SetupId) -> Result<Setup> {
        let subject = who.subject();
        let session = &who.session.id;
        let known = self.budgets.knows_session(subject, &who.source, session).await?;
        self.budgets
            .attempt(PROOF, subject.as_str(), &who.source, &known)
            .await?;
        let mut batch = Batch::default();
        self.sessions.require_in(&mut batch, who).await?;
        let mut slot = self.methods_in(&batch, subject).await?;
        let setup = slot.value.setup_mut(id).ok_or_else(|| SETUP_NOT_FOUND.error())?;
        setup.proofs += 1;
        let counted = setup.clone();
        batch.save(&slot)?;
        self.context.commit(batch).await?;
        Ok(counted)
    }
}

fn handed(command: &CompleteSetup) -> Result<Handed> {
    let values = command.handed.clone().unwrap_or_default();
    Handed::new(values).map_err(|advice| refused("/handed", advice))
}

/// What the payer tells of deposits, if anything.
fn verification(command: &CompleteSetup) -> Result<Option<Verification>> {
    match (&command.amounts, &command.descriptor_code) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(refused(
            "/descriptor_code",
            "either the amounts or the code is expected, not both",
        )),
        (Some(amounts), None) => match amounts.as_slice() {
            [first, second] => Ok(Some(Verification::Amounts([*first, *second]))),
            _ => Err(refused("/amounts", "the two amounts that arrived are expected")),
        },
        (None, Some(code)) => {
            let code = code.trim();
            let fits =
                (1..=32).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if fits {
                Ok(Some(Verification::Code(code.to_owned())))
            } else {
                Err(refused(
                    "/descriptor_code",
                    "the code of at most 32 letters and digits in the text of the deposit is expected",
                ))
            }
        }
    }
}
