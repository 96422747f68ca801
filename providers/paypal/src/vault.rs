//! Stored methods: a setup token that the payer approves or fills in, and the payment token that it becomes.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::http::HttpResponse;
use portcullis_ports::id::SetupId;
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::payments::{
    CallKey, ClientSecret, Decline, MethodKind, MethodRef, NextAction, Presence, Setup, SetupOrder,
    SetupOutcome, SetupProof, SetupStatus, SetupWay, StoredMethod, StoredOutcome, UNKNOWN_METHOD, Vault,
    VendorRef,
};
use serde_json::json;

use crate::answers::Answered;
use crate::client::{Body, NoReply};
use crate::find::segment;
use crate::methods;
use crate::payments::{PayPal, unread};
use crate::wire::{Token, Tokens, link};

#[async_trait]
impl Vault for PayPal {
    fn ways(&self) -> &[SetupWay] {
        &[SetupWay::Redirect, SetupWay::Widget]
    }

    async fn begin(&self, order: &SetupOrder) -> SetupOutcome {
        let Presence::Present {
            return_url,
            cancel_url,
            ..
        } = &order.presence
        else {
            return Outcome::NotSent(Reason::permanent(
                "payer-absent",
                "only a payer who is present can approve that a method is stored",
            ));
        };
        let pages = self.pages(return_url, cancel_url.as_ref().unwrap_or(return_url));
        // PayPal's own page goes before a form for cards in ours.
        let source = if order.kinds.contains(&MethodKind::Wallet) {
            json!({ "paypal": { "usage_type": "MERCHANT", "experience_context": pages } })
        } else if order.kinds.contains(&MethodKind::Card) {
            json!({ "card": {
                "verification_method": "SCA_WHEN_REQUIRED",
                "experience_context": { "return_url": pages["return_url"], "cancel_url": pages["cancel_url"] },
            } })
        } else {
            return Outcome::NotSent(Reason::permanent(
                "kind-not-stored",
                "PayPal stores PayPal accounts and cards",
            ));
        };
        let body = json!({ "payment_source": source });
        let answer = self
            .client
            .post("/v3/vault/setup-tokens", Body::Json(body), Some(&order.key))
            .await;
        self.setup(answer, order.id.as_str(), Some(&order.id))
    }

    async fn finish(&self, proof: &SetupProof) -> StoredOutcome {
        let path = format!("/v3/vault/setup-tokens/{}", segment(proof.setup.as_str()));
        let token: Token = match self.client.read(&path, &[]).await {
            Ok(Some(token)) => token,
            Ok(None) => {
                let detail = "PayPal dropped the setup, as it does with those that nobody approves for days";
                return Outcome::Declined(gone("RESOURCE_NOT_FOUND", detail).of(proof.setup.clone()));
            }
            Err(error) => return Outcome::NotSent(unread(&error)),
        };
        if !matches!(token.status.as_str(), "APPROVED" | "VAULTED" | "TOKENIZED") {
            return match self.picture(&token, None) {
                Some(setup) => Outcome::Pending(setup),
                None => Outcome::NotSent(Reason::permanent("unreadable", "PayPal's answer makes no sense")),
            };
        }
        // The key is of the setup and not of this try: whoever asks again gets the same method.
        let Ok(key) = CallKey::parse(&format!("vault-{}", proof.setup)) else {
            return Outcome::NotSent(Reason::permanent(
                "no-such-setup",
                "the name of the setup is too long",
            ));
        };
        let body =
            json!({ "payment_source": { "token": { "id": proof.setup.as_str(), "type": "SETUP_TOKEN" } } });
        let answer = self
            .client
            .post("/v3/vault/payment-tokens", Body::Json(body), Some(&key))
            .await;
        let answered = Answered::<Token>::of(answer);
        let customer = token.customer.id.as_deref();
        if let (Answered::Refused(_), Some(customer)) = (&answered, customer) {
            // It was stored so long ago that the key is forgotten. The customer was made for this setup alone.
            let query = [("customer_id", customer)];
            let known: Result<Option<Tokens>> = self.client.read("/v3/vault/payment-tokens", &query).await;
            let known = known
                .ok()
                .flatten()
                .and_then(|known| known.payment_tokens.into_iter().next());
            if let Some(stored) = known.and_then(|known| methods::stored(&known.id, &known.payment_source)) {
                return Outcome::Done(stored);
            }
        }
        answered.outcome(
            proof.setup.as_str(),
            |made| methods::stored(&made.id, &made.payment_source).map(Outcome::Done),
            |_, decline| Outcome::Declined(decline.of(proof.setup.clone())),
        )
    }

    async fn describe(&self, method: &MethodRef) -> Result<StoredMethod> {
        let path = format!("/v3/vault/payment-tokens/{}", segment(method.theirs.as_str()));
        let found: Option<Token> = self.client.read(&path, &[]).await?;
        let known = found.and_then(|found| methods::stored(&found.id, &found.payment_source));
        known.ok_or_else(|| UNKNOWN_METHOD.error())
    }

    async fn forget(&self, method: &MethodRef) -> Outcome<(), Decline> {
        let path = format!("/v3/vault/payment-tokens/{}", segment(method.theirs.as_str()));
        let answer = self.client.delete(&path).await;
        let missing = matches!(&answer, Ok(answer) if answer.status == 404);
        Answered::<serde_json::Value>::of(answer).outcome(
            method.theirs.as_str(),
            |_| Some(Outcome::Done(())),
            |_, decline| {
                if missing {
                    Outcome::Done(())
                } else {
                    Outcome::Declined(decline)
                }
            },
        )
    }
}

impl PayPal {
    fn setup(
        &self,
        answer: std::result::Result<HttpResponse, NoReply>,
        ours: &str,
        id: Option<&SetupId>,
    ) -> SetupOutcome {
        Answered::of(answer).outcome(
            ours,
            |token: Token| self.picture(&token, id).map(SetupOutcome::of),
            |_, decline| Outcome::Declined(decline),
        )
    }

    /// A setup. PayPal keeps no name of ours with it: only whoever ordered it knows that.
    fn picture(&self, token: &Token, ours: Option<&SetupId>) -> Option<Setup> {
        let status = match token.status.as_str() {
            "CREATED" | "PAYER_ACTION_REQUIRED" => SetupStatus::RequiresAction,
            // It waits for us to finish it.
            _ => SetupStatus::Processing,
        };
        // Without a page of PayPal's the script in ours takes the card.
        let action = match link(&token.links, &["approve"]) {
            Some(url) => NextAction::Redirect { url: url.to_owned() },
            None => NextAction::Widget {
                token: ClientSecret::new(token.id.clone()),
            },
        };
        Some(Setup {
            theirs: VendorRef::parse(&token.id).ok()?,
            ours: ours.cloned(),
            customer: None,
            status,
            action: (status == SetupStatus::RequiresAction).then_some(action),
            method: None,
            failure: None,
            at: self.now(),
            live: self.terms.live,
            account: self.terms.account.clone(),
        })
    }
}

fn gone(code: &str, detail: &str) -> Decline {
    use portcullis_ports::payments::{DeclineClass, Failure};
    Decline::new(Failure::new(DeclineClass::OtherMethod, code, detail))
}
