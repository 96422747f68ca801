//! Stored methods: payment tokens, which CCBill's widget makes in the payer's browser.

use async_trait::async_trait;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::{
    Decline, DeclineClass, Failure, MethodKind, MethodRef, NextAction, Reuse, Setup, SetupOrder,
    SetupOutcome, SetupProof, SetupStatus, SetupWay, StoredMethod, StoredOutcome, UNAVAILABLE,
    UNKNOWN_METHOD, Vault, VendorRef,
};
use portcullis_ports::{Result, Retry};

use crate::payments::{Ccbill, segment};
use crate::wire::PaymentToken;

/// What the widget names the token with.
const TOKEN: &str = "paymentTokenId";

#[async_trait]
impl Vault for Ccbill {
    fn ways(&self) -> &[SetupWay] {
        &[SetupWay::Widget]
    }

    /// There is no call for it: tokens end by themselves, and by the card's expiry.
    fn forgets(&self) -> bool {
        false
    }

    async fn begin(&self, order: &SetupOrder) -> SetupOutcome {
        match (self.widget(None, None).await, VendorRef::parse(order.id.as_str())) {
            (Ok(token), Ok(theirs)) => Outcome::Pending(Setup {
                ours: Some(order.id.clone()),
                action: Some(NextAction::Widget { token }),
                ..self.waits(theirs)
            }),
            (Err(reason), _) => Outcome::NotSent(reason),
            (_, Err(advice)) => Outcome::NotSent(Reason::permanent("wrong-name", advice)),
        }
    }

    async fn finish(&self, proof: &SetupProof) -> StoredOutcome {
        let Some(named) = proof.handed.get(TOKEN) else {
            return Outcome::Pending(self.waits(proof.setup.clone()));
        };
        let declined = |code: &str, detail: &str| {
            let failure = Failure::new(DeclineClass::OtherMethod, code, detail);
            Outcome::Declined(Decline::new(failure).of(proof.setup.clone()))
        };
        let Ok(theirs) = VendorRef::parse(named) else {
            return declined("no-token", "what the widget gave is no payment token");
        };
        match self.token(&theirs).await {
            Ok(Some(stored)) => Outcome::Done(stored),
            Ok(None) => declined(
                "token-unknown",
                "CCBill does not have this payment token in the account",
            ),
            Err(reason) => match reason.retry {
                Retry::Unknown => Outcome::Unknown(Reference::Theirs(proof.setup.to_string())),
                Retry::Later(_) | Retry::Never => Outcome::NotSent(reason),
            },
        }
    }

    async fn describe(&self, method: &MethodRef) -> Result<StoredMethod> {
        match self.token(&method.theirs).await {
            Ok(Some(stored)) => Ok(stored),
            Ok(None) => Err(UNKNOWN_METHOD.error()),
            Err(reason) => Err(UNAVAILABLE.error().with_context("why", reason.detail)),
        }
    }

    async fn forget(&self, _: &MethodRef) -> Outcome<(), Decline> {
        Outcome::Done(())
    }
}

impl Ccbill {
    /// A setup of which CCBill knows nothing before the widget has made a token: its name is ours.
    fn waits(&self, theirs: VendorRef) -> Setup {
        Setup {
            theirs,
            ours: None,
            customer: None,
            status: SetupStatus::RequiresAction,
            action: None,
            method: None,
            failure: None,
            at: self.now(),
            live: self.terms.live,
            account: self.terms.account.clone(),
        }
    }

    /// A token of this account. CCBill says nothing of the card behind it.
    async fn token(&self, theirs: &VendorRef) -> std::result::Result<Option<StoredMethod>, Reason> {
        let read: Option<PaymentToken> = self.read(&format!("/payment-tokens/{}", segment(theirs))).await?;
        let ours = |token: &PaymentToken| {
            (token.client_accnum, token.client_subacc) == (self.account, self.subaccount)
                && token.id == theirs.as_str()
        };
        Ok(read.filter(ours).map(|token| StoredMethod {
            reference: MethodRef {
                theirs: theirs.clone(),
                customer: None,
                kind: MethodKind::Card,
            },
            label: "Card".to_owned(),
            last4: None,
            expires: None,
            reuse: match token.valid_number_of_use {
                Some(0) => Reuse::None,
                Some(1) => Reuse::Once,
                None | Some(_) => Reuse::Many,
            },
            fingerprint: None,
            mandate: None,
        }))
    }
}
