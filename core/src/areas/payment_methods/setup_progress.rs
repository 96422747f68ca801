//! How the adding of a method goes on by what the vendor says, and how its owner sees it.

use std::time::Duration;

use portcullis_ports::id::SetupId;
use portcullis_ports::payments::{
    CUSTOMER_GONE, Decline, DeclineClass, NextAction, Setup as Picture, SetupStatus, StoredMethod,
};
use portcullis_ports::{Error, Result, Timestamp};

use super::keep::Kept;
use super::model::{SETUP_DECLINED, SETUP_NOT_FOUND, SetupState, SetupView, VENDOR_UNAVAILABLE};
use super::records::{CustomerMethods, Deposits, Setup};
use super::{PaymentMethods, events};
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::payment_vendors::NextActionView;

/// How long the payer may take to tell of deposits once they are there.
const DEPOSITS_LAST: Duration = Duration::from_hours(24 * 10);
/// How often a key may stay without an answer until another one is used.
const UNANSWERED: u8 = 2;

/// What a vendor said of a setup.
pub(super) enum Heard {
    Picture(Box<Picture>),
    Stored(Box<StoredMethod>),
    Declined(Decline),
    Nothing,
}

impl PaymentMethods {
    /// Writes down what the vendor said, and says how the setup stands.
    pub(super) async fn hear(&self, who: &SignedIn, asked: &Setup, heard: &Heard) -> Result<SetupView> {
        let subject = who.subject();
        let mut batch = Batch::default();
        self.sessions.require_in(&mut batch, who).await?;
        let mut slot = self.methods_in(&batch, subject).await?;
        let before = slot.value.clone();
        let mut told = false;
        let (methods, source) = (&mut slot.value, &who.source);
        let mut action = None;
        let refusal;
        match heard {
            Heard::Picture(picture) => {
                let kept = self
                    .apply_picture(&mut batch, methods, &asked.id, picture, source)
                    .await?;
                refusal = kept.and_then(Kept::refusal);
                action.clone_from(&picture.action);
            }
            Heard::Stored(stored) => {
                let kept = self
                    .finish(&mut batch, methods, &asked.id, stored, source)
                    .await?;
                refusal = kept.and_then(Kept::refusal);
            }
            Heard::Declined(decline) => {
                refusal = Some(declined(decline));
                let state = Self::after_refusal(asked, decline);
                self.refuse(&mut batch, methods, &asked.id, state, source).await?;
                if let Some(customer) = asked.customer.as_ref().filter(|_| decline.code == CUSTOMER_GONE) {
                    self.customer_gone(&mut batch, &asked.instance, subject, customer)
                        .await?;
                }
                told = true;
            }
            Heard::Nothing => {
                refusal = Some(VENDOR_UNAVAILABLE.error());
                if let Some(setup) = methods.setup_mut(&asked.id)
                    && setup.number == asked.number
                {
                    setup.unanswered += 1;
                    if setup.unanswered >= UNANSWERED {
                        (setup.number, setup.unanswered) = (setup.number + 1, 0);
                    }
                }
            }
        }
        if told || slot.value != before {
            batch.save(&slot)?;
            self.context.commit(batch).await?;
        }
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let setup = slot
            .value
            .setup(&asked.id)
            .ok_or_else(|| SETUP_NOT_FOUND.error())?;
        let action = action.filter(|_| setup.state == SetupState::RequiresAction);
        Ok(setup_view(setup, action))
    }

    /// Brings a setup to where the vendor's picture shows it. What came to an end stays there.
    pub(super) async fn apply_picture(
        &self,
        batch: &mut Batch,
        methods: &mut CustomerMethods,
        id: &SetupId,
        picture: &Picture,
        source: &Source,
    ) -> Result<Option<Kept>> {
        let Some(setup) = methods.setup_mut(id).filter(|setup| setup.state.is_open()) else {
            return Ok(None);
        };
        require_same(setup, picture)?;
        setup.theirs.get_or_insert_with(|| picture.theirs.clone());
        setup.unanswered = 0;
        match (picture.status, &picture.method) {
            (SetupStatus::Succeeded, Some(stored)) => {
                return self.finish(batch, methods, id, stored, source).await;
            }
            // The payer may try again, with another method as well.
            (SetupStatus::Failed, _) => {
                (setup.state, setup.deposits) = (SetupState::RequiresAction, None);
            }
            (SetupStatus::Canceled, _) => {
                self.refuse(batch, methods, id, SetupState::Canceled, source)
                    .await?;
            }
            (SetupStatus::RequiresAction, _) => {
                setup.state = SetupState::RequiresAction;
                if let Some(NextAction::Microdeposits { kind, arrives, .. }) = &picture.action {
                    setup.deposits = Some(Deposits {
                        kind: *kind,
                        arrives: *arrives,
                    });
                    setup.expires_at = setup.expires_at.max(*arrives + DEPOSITS_LAST);
                }
            }
            (SetupStatus::Processing | SetupStatus::Succeeded, _) => {
                setup.state = SetupState::Processing;
                setup.expires_at = setup.expires_at.max(setup.begun_at + DEPOSITS_LAST);
            }
        }
        Ok(None)
    }

    /// Keeps the method that a setup led to.
    pub(super) async fn finish(
        &self,
        batch: &mut Batch,
        methods: &mut CustomerMethods,
        id: &SetupId,
        stored: &StoredMethod,
        source: &Source,
    ) -> Result<Option<Kept>> {
        let Some(setup) = methods.setup(id).filter(|setup| setup.state.is_open()).cloned() else {
            return Ok(None);
        };
        if setup.customer.is_some() && stored.reference.customer != setup.customer {
            return Err(Error::internal("a vendor stored a method for another customer")
                .with_context("setup", id.as_str()));
        }
        let place = (setup.instance.as_str(), setup.account.clone());
        let kept = self.keep(batch, methods, place, stored, source).await?;
        match &kept {
            Kept::As(method) => {
                if let Some(setup) = methods.setup_mut(id) {
                    setup.state = SetupState::Succeeded;
                    (setup.method, setup.deposits) = (Some(method.clone()), None);
                }
            }
            Kept::NoRoom | Kept::Unwanted => {
                self.refuse(batch, methods, id, SetupState::Failed, source)
                    .await?;
            }
        }
        Ok(Some(kept))
    }

    /// What is left of a setup after a refusal: what was told wrong may be told right, and another card entered; a
    /// beginning that was refused is over, and so is a setup of somebody else.
    fn after_refusal(asked: &Setup, decline: &Decline) -> SetupState {
        if asked.theirs.is_none() || decline.class == DeclineClass::OurSide {
            SetupState::Failed
        } else {
            SetupState::RequiresAction
        }
    }

    /// A method was refused: the setup waits for another try, or is over.
    async fn refuse(
        &self,
        batch: &mut Batch,
        methods: &mut CustomerMethods,
        id: &SetupId,
        state: SetupState,
        source: &Source,
    ) -> Result<()> {
        let Some(setup) = methods.setup_mut(id).filter(|setup| setup.state.is_open()) else {
            return Ok(());
        };
        setup.state = state;
        if !state.is_open() {
            setup.deposits = None;
        }
        let event = Event::failure(events::SETUP_FAILED, source)
            .with("setup", id)
            .with("vendor", &setup.instance);
        let subject = methods.subject.clone();
        self.audit.append(batch, &subject, &[event]).await
    }
}

/// Refuses a picture of something else than what was asked for.
pub(super) fn require_same(setup: &Setup, picture: &Picture) -> Result<()> {
    let ours = picture.ours.as_ref().is_none_or(|ours| *ours == setup.id);
    let theirs = setup
        .theirs
        .as_ref()
        .is_none_or(|theirs| *theirs == picture.theirs);
    let account = setup.account.is(picture.live, picture.account.as_ref());
    if ours && theirs && account && picture.customer == setup.customer {
        Ok(())
    } else {
        Err(
            Error::internal("a vendor showed another setup than the one that was asked for")
                .with_context("setup", setup.id.as_str()),
        )
    }
}

/// Whether it may be shown again after the beginning.
pub(super) const fn holds_no_secret(action: &NextAction) -> bool {
    !matches!(action, NextAction::Confirm { .. } | NextAction::Widget { .. })
}

/// A refusal, with what would help.
fn declined(decline: &Decline) -> Error {
    let detail = match decline.class {
        DeclineClass::RetryLater => "This was not accepted: look again at what you told, or try again later.",
        DeclineClass::OtherMethod | DeclineClass::Never => {
            "The payment method was not accepted: take another one."
        }
        DeclineClass::Authenticate => "The bank asks for a confirmation: begin again, and confirm it there.",
        DeclineClass::OurSide => "The payment method cannot be added at the moment; the operator has to act.",
    };
    SETUP_DECLINED
        .with_detail(detail)
        .with_context("decline", decline.code.clone())
        .with_context("detail", decline.detail.clone())
}

/// A setup as its owner sees it. Without an action of the vendor it says at least which deposits are waited for.
pub(super) fn setup_view(setup: &Setup, action: Option<NextAction>) -> SetupView {
    let waited = || {
        setup
            .deposits
            .map(|Deposits { kind, arrives }| NextAction::Microdeposits {
                kind,
                arrives,
                url: None,
            })
    };
    SetupView {
        setup_id: setup.id.clone(),
        vendor: setup.instance.clone(),
        status: setup.state,
        next_action: action.or_else(waited).map(NextActionView::of),
        payment_method_id: setup.method.clone(),
        expires_at: Timestamp::seconds(setup.expires_at),
    }
}
