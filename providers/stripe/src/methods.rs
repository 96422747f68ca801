//! Stored methods: Stripe's types as our kinds, and what may be shown of each.

use portcullis_ports::payments::{Expiry, MethodKind, MethodRef, Reuse, StoredMethod, VendorRef};

use crate::wire::{BankAccount, Card, Identified, PaymentMethod};

/// Stripe's word for a kind. A wallet is a card that was handed over by one.
pub(crate) fn type_of(kind: MethodKind) -> &'static str {
    match kind {
        MethodKind::Card | MethodKind::Wallet | MethodKind::Token => "card",
        MethodKind::UsBankDebit => "us_bank_account",
        MethodKind::SepaDebit => "sepa_debit",
    }
}

/// The types that can be charged in the payer's absence here: Stripe takes others for some businesses, which
/// [`type_of`] has no kind for.
const REUSABLE: [&str; 3] = ["card", "us_bank_account", "sepa_debit"];

fn kind(method: &PaymentMethod) -> MethodKind {
    match (method.kind.as_str(), &method.card) {
        ("us_bank_account", _) => MethodKind::UsBankDebit,
        ("sepa_debit", _) => MethodKind::SepaDebit,
        ("card", Some(Card { wallet: None, .. }) | None) => MethodKind::Card,
        _ => MethodKind::Wallet,
    }
}

/// The name of a method; `None` if Stripe wrote none.
pub(crate) fn reference(method: &PaymentMethod) -> Option<MethodRef> {
    Some(MethodRef {
        theirs: method.name()?,
        customer: method.customer.as_ref().and_then(Identified::name),
        kind: kind(method),
    })
}

/// What is known of a method.
pub(crate) fn stored(method: &PaymentMethod, mandate: Option<&str>) -> Option<StoredMethod> {
    let reference = reference(method)?;
    let reuse = if reference.customer.is_some() && REUSABLE.contains(&method.kind.as_str()) {
        Reuse::Many
    } else {
        Reuse::None
    };
    let bare = StoredMethod {
        reference,
        label: title(&method.kind),
        last4: None,
        expires: None,
        reuse,
        fingerprint: None,
        mandate: mandate.and_then(|mandate| VendorRef::parse(mandate).ok()),
    };
    Some(
        match (
            &method.card,
            method.us_bank_account.as_ref().or(method.sepa_debit.as_ref()),
        ) {
            (Some(card), _) => StoredMethod {
                label: title(card.wallet.as_ref().map_or(&card.brand, |wallet| &wallet.kind)),
                last4: Some(card.last4.clone()),
                expires: Some(Expiry {
                    year: card.exp_year,
                    month: card.exp_month,
                }),
                fingerprint: card.fingerprint.clone(),
                ..bare
            },
            (None, Some(account)) => StoredMethod {
                label: bank(account).unwrap_or(bare.label),
                last4: account.last4.clone(),
                fingerprint: account.fingerprint.clone(),
                ..bare
            },
            (None, None) => bare,
        },
    )
}

fn bank(account: &BankAccount) -> Option<String> {
    account.bank_name.clone().or_else(|| account.bank_code.clone())
}

/// A word of Stripe for people: `apple_pay` as `Apple Pay`.
fn title(word: &str) -> String {
    let words = word.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_charged_in_the_payers_absence_is_used_again() {
        let reuse = |kind: &str, customer: Option<&str>| {
            let method = json!({ "id": "pm_1", "type": kind, "customer": customer });
            let method: PaymentMethod = serde_json::from_value(method).unwrap();
            stored(&method, None).unwrap().reuse
        };
        for kind in ["card", "us_bank_account", "sepa_debit"] {
            assert_eq!(reuse(kind, Some("cus_1")), Reuse::Many, "{kind}");
            assert_eq!(reuse(kind, None), Reuse::None, "{kind} of nobody");
        }
        for kind in ["link", "cashapp", "klarna", "ideal", "a_type_of_tomorrow"] {
            assert_eq!(reuse(kind, Some("cus_1")), Reuse::None, "{kind}");
        }
    }
}
