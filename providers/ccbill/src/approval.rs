//! What follows after the payer acted: the result of 3-D Secure comes from the browser, and the charge is ours to make.

use async_trait::async_trait;
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::payments::{
    Approval, ChargeOutcome, Handed, PaymentStatus, Return, Snapshot, Withdrawal,
};
use serde_json::{Value, json};

use crate::payments::{Ccbill, Ordered, never_again};

/// What CCBill takes of 3-D Secure, as its guide names it. The other fields that a widget knows are not sent.
const PROOF: [&str; 13] = [
    "threedsCardToken",
    "threedsEci",
    "threedsStatus",
    "threedsVersion",
    "threedsXid",
    "threedsCavv",
    "threedsCavvAlgorithm",
    "threedsDsTransId",
    "threedsAcsTransId",
    "threedsSdkTransId",
    "threedsAuthenticationType",
    "threedsAuthenticationValue",
    "threedsClientTransactionId",
];
/// Without these it proves nothing.
const NEEDED: [&str; 4] = [
    "threedsCardToken",
    "threedsCavv",
    "threedsEci",
    "threedsClientTransactionId",
];
/// CCBill takes so many characters of the card token.
const CARD_TOKEN: usize = 16;

#[async_trait]
impl Approval for Ccbill {
    async fn complete(&self, back: &Return) -> ChargeOutcome {
        if back.resend {
            return Outcome::NotSent(never_again());
        }
        let Some(method) = &back.method else {
            let why = "who pays on CCBill's page is told of by its webhook, and the extract";
            return Outcome::NotSent(Reason::permanent("waits-for-webhook", why));
        };
        match proven(&back.handed) {
            Ok(proof) => {
                let ordered = Ordered {
                    id: &back.id,
                    tag: &back.tag,
                    amount: back.amount,
                };
                self.take(&ordered, method, None, proof).await
            }
            Err(reason) => Outcome::NotSent(reason),
        }
    }

    /// Nothing of it is at CCBill before it is paid; a page cannot be closed there.
    async fn withdraw(&self, withdrawal: &Withdrawal) -> ChargeOutcome {
        if withdrawal.payment.is_some() {
            let why = "CCBill has named it, so it was paid: look it up";
            return Outcome::NotSent(Reason::permanent("paid-already", why));
        }
        Outcome::Done(Snapshot {
            ours: Some(withdrawal.id.clone()),
            ..self.bare(withdrawal.amount.get(), PaymentStatus::Canceled)
        })
    }
}

/// The result of 3-D Secure as CCBill takes it.
fn proven(handed: &Handed) -> Result<Vec<(&'static str, Value)>, Reason> {
    if handed.get("threedsSuccess") != Some("true") {
        let why = "the payer's bank did not confirm: the payer may try again, or use another card";
        return Err(Reason::permanent("3ds-not-confirmed", why));
    }
    if NEEDED
        .iter()
        .any(|name| handed.get(name).is_none_or(str::is_empty))
    {
        let why = "the result of 3-D Secure is not whole: hand over everything that the widget gave";
        return Err(Reason::permanent("3ds-incomplete", why));
    }
    let given = PROOF.iter().filter_map(|name| Some((*name, handed.get(name)?)));
    let cut = |name: &str, value: &str| match name {
        "threedsCardToken" => value.chars().take(CARD_TOKEN).collect(),
        _ => value.to_owned(),
    };
    let mut proof: Vec<_> = given
        .map(|(name, value)| (name, json!(cut(name, value))))
        .collect();
    proof.push(("threedsSuccess", json!(true)));
    Ok(proof)
}
