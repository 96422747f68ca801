//! Stored methods: PayPal accounts and cards, and what may be shown of each.

use portcullis_ports::payments::{Expiry, MethodKind, MethodRef, Reuse, StoredMethod, VendorRef};

use crate::wire::PaidWith;

/// What was paid with, which is stored if PayPal names it.
pub(crate) fn paid_with(source: &PaidWith) -> Option<StoredMethod> {
    let card = source.card.as_ref().map(|card| &card.attributes);
    let attributes = card.or(source.paypal.as_ref().map(|wallet| &wallet.attributes))?;
    match &attributes.vault.id {
        Some(id) => stored(id, source),
        None => None,
    }
}

/// What is known of a method that PayPal calls so. The customers that PayPal makes for its vault are none of ours: every
/// method has its own, and is named without it.
pub(crate) fn stored(id: &str, source: &PaidWith) -> Option<StoredMethod> {
    let theirs = VendorRef::parse(id).ok()?;
    let of = |kind| MethodRef {
        theirs,
        customer: None,
        kind,
    };
    let bare = |reference, label: String| StoredMethod {
        reference,
        label,
        last4: None,
        expires: None,
        reuse: Reuse::Many,
        fingerprint: None,
        mandate: None,
    };
    match (&source.card, &source.paypal) {
        (Some(card), _) => Some(StoredMethod {
            last4: card.last_digits.clone(),
            expires: card.expiry.as_deref().and_then(expiry),
            ..bare(
                of(MethodKind::Card),
                title(card.brand.as_deref().unwrap_or("CARD")),
            )
        }),
        (None, Some(wallet)) => Some(StoredMethod {
            fingerprint: wallet.account_id.clone(),
            ..bare(of(MethodKind::Wallet), "PayPal".to_owned())
        }),
        (None, None) => None,
    }
}

/// `2030-07`.
fn expiry(text: &str) -> Option<Expiry> {
    let (year, month) = text.split_once('-')?;
    Some(Expiry {
        year: year.parse().ok()?,
        month: month.parse().ok()?,
    })
}

/// `VISA` as `Visa`.
fn title(brand: &str) -> String {
    let mut letters = brand.chars();
    let first: String = letters.by_ref().take(1).collect();
    first + &letters.as_str().to_lowercase().replace('_', " ")
}
