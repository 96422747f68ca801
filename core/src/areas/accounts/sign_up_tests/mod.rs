//! Sign-up and the proof of addresses against strangers: nothing they do costs the owner anything.

mod strangers;
mod waiting_passwords;

use std::sync::atomic::Ordering;

use portcullis_ports::Span;
use portcullis_ports::storage::STORE_UNAVAILABLE;

use super::testing::{AccountsBed, AccountsSettings, accounts, accounts_with, observed};
use super::*;
use crate::foundation::limit::Limit;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::testing::{PASSWORD, elsewhere, home, secret};
use crate::services::budgets::TOO_MANY_SENDS;

const ADA: &str = "ada@example.com";
const STRANGER: &str = "walnut-ferry-lantern";

fn verified() -> AccountsSettings {
    let mut settings = AccountsSettings::default();
    settings.accounts.sign_up = SignUpMode::Verified;
    settings
}

fn applying(password: &str) -> SignUp {
    SignUp {
        email: ADA.parse().unwrap(),
        password: secret(password),
        display_name: None,
    }
}

fn by_code(code: &str) -> VerifyEmail {
    VerifyEmail {
        email: Some(ADA.parse().unwrap()),
        sign_up_id: None,
        code: secret(code),
        password: None,
    }
}

fn by_name(sign_up_id: &str, code: &str) -> VerifyEmail {
    VerifyEmail {
        email: None,
        sign_up_id: Some(secret(sign_up_id)),
        ..by_code(code)
    }
}

fn resend(email: &str) -> ResendVerification {
    ResendVerification {
        email: Some(email.parse().unwrap()),
        sign_up_id: None,
    }
}

fn resend_named(sign_up_id: &str) -> ResendVerification {
    ResendVerification {
        email: None,
        sign_up_id: Some(secret(sign_up_id)),
    }
}

fn other(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// Signs up where addresses are proven first; gives the handle.
async fn apply(bed: &AccountsBed, password: &str, source: &Source) -> String {
    match bed.accounts.sign_up(applying(password), source).await.unwrap() {
        SignedUp::VerificationSent { sign_up_id } => sign_up_id,
        SignedUp::Account(_) => unreachable!("nothing exists before the proof"),
    }
}

async fn verify(bed: &AccountsBed, command: VerifyEmail) -> Result<()> {
    bed.accounts.verify_email(command, &home()).await
}

async fn sign_in_with(bed: &AccountsBed, password: &str) -> Result<AccessToken> {
    let command = SignIn {
        email: ADA.parse().unwrap(),
        password: secret(password),
    };
    bed.accounts.sign_in(command, &home()).await
}

#[tokio::test]
async fn a_code_proves_the_sign_up_it_was_sent_for_and_no_other() {
    let bed = accounts_with(verified()).await;
    let own = apply(&bed, PASSWORD, &home()).await;
    let own_code = bed.code_to(ADA).await;
    let foreign = apply(&bed, STRANGER, &elsewhere(1)).await;
    let foreign_code = bed.code_to(ADA).await;
    for wrong in [by_name(&own, &foreign_code), by_name(&foreign, &own_code)] {
        assert_eq!(verify(&bed, wrong).await.unwrap_err().code(), WRONG_CODE);
    }
    let newest = verify(&bed, by_code(&foreign_code)).await.unwrap_err();
    assert_eq!(
        newest.code(),
        SIGN_UP_AMBIGUOUS,
        "the newest mail may be a stranger's"
    );
    verify(&bed, by_name(&own, &own_code)).await.unwrap();
    sign_in_with(&bed, PASSWORD).await.unwrap();
    assert_eq!(
        sign_in_with(&bed, STRANGER).await.unwrap_err().code(),
        WRONG_CREDENTIALS
    );
    let late = verify(&bed, by_name(&foreign, &foreign_code)).await.unwrap_err();
    assert_eq!(late.code(), WRONG_CODE);
}

#[tokio::test]
async fn clients_that_send_address_and_code_work_as_long_as_one_sign_up_waits() {
    let bed = accounts_with(verified()).await;
    apply(&bed, PASSWORD, &home()).await;
    let code = bed.code_to(ADA).await;
    verify(&bed, by_code(&code)).await.unwrap();
    sign_in_with(&bed, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn the_link_in_the_mail_needs_the_password_of_its_sign_up() {
    let bed = accounts_with(verified()).await;
    apply(&bed, PASSWORD, &home()).await;
    bed.code_to(ADA).await;
    apply(&bed, STRANGER, &elsewhere(1)).await;
    let text = bed.newest_to(ADA).await.text;
    let link = text
        .lines()
        .find(|line| line.starts_with("https://gate.example.com/verify-email#"))
        .unwrap();
    let (_, fields) = link.split_once('#').unwrap();
    let (id, code) = fields.split_once('&').unwrap();
    let (id, code) = (
        id.strip_prefix("sign_up_id=").unwrap(),
        code.strip_prefix("code=").unwrap(),
    );
    let with = |password: Option<&str>| VerifyEmail {
        password: password.map(secret),
        ..by_name(id, code)
    };
    for wrong in [None, Some(PASSWORD)] {
        let refused = verify(&bed, with(wrong)).await.unwrap_err();
        assert_eq!(refused.code(), WRONG_CODE, "the link is a stranger's");
    }
    verify(&bed, with(Some(STRANGER))).await.unwrap();
}

#[tokio::test]
async fn guesses_are_counted_per_sign_up_and_strangers_use_up_nothing() {
    let bed = accounts_with(verified()).await;
    let own = apply(&bed, PASSWORD, &home()).await;
    let code = bed.code_to(ADA).await;
    let foreign = apply(&bed, STRANGER, &elsewhere(1)).await;
    for network in 1..=20 {
        for _ in 0..8 {
            for guess in [by_code(other(&code)), by_name(&foreign, other(&code))] {
                let guessed = bed.accounts.verify_email(guess, &elsewhere(network)).await;
                assert!(guessed.is_err());
            }
        }
    }
    let guessed = verify(&bed, by_name(&foreign, other(&code))).await.unwrap_err();
    assert_eq!(guessed.code(), TOO_MANY_ATTEMPTS);
    verify(&bed, by_name(&own, &code)).await.unwrap();
}

#[tokio::test]
async fn a_new_code_replaces_the_old_one_and_the_guesses_go_on_counting() {
    let bed = accounts_with(verified()).await;
    let own = apply(&bed, PASSWORD, &home()).await;
    let old = bed.code_to(ADA).await;
    let refused = bed
        .accounts
        .resend_verification(resend_named(&own), &home())
        .await;
    assert_eq!(refused.unwrap_err().code(), TOO_MANY_SENDS);
    bed.wait(31);
    bed.accounts
        .resend_verification(resend_named(&own), &home())
        .await
        .unwrap();
    let new = bed.code_to(ADA).await;
    assert_ne!(old, new);
    assert_eq!(
        verify(&bed, by_name(&own, &old)).await.unwrap_err().code(),
        WRONG_CODE
    );
    verify(&bed, by_name(&own, &new)).await.unwrap();
    let junk = bed
        .accounts
        .resend_verification(resend_named("ver_00000000000000000000000000.x"), &home())
        .await;
    assert_eq!(junk.unwrap_err().code(), CHALLENGE_ENDED);
}

#[tokio::test]
async fn the_right_password_of_an_unproven_sign_up_leads_to_its_code_and_nothing_else_does() {
    let bed = accounts_with(verified()).await;
    let own = apply(&bed, PASSWORD, &home()).await;
    let code = bed.code_to(ADA).await;
    apply(&bed, STRANGER, &elsewhere(1)).await;
    assert_eq!(
        sign_in_with(&bed, "something else").await.unwrap_err().code(),
        WRONG_CREDENTIALS
    );
    let refused = sign_in_with(&bed, PASSWORD).await.unwrap_err();
    assert_eq!(refused.code(), EMAIL_NOT_VERIFIED);
    assert_eq!(refused.members(), [("sign_up_id", own.clone())]);
    verify(&bed, by_name(&own, &code)).await.unwrap();
    sign_in_with(&bed, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn an_unproven_account_proves_its_address_before_it_is_used_where_that_is_the_rule() {
    let bed = accounts().await;
    let ada = bed.sign_up(ADA).await;
    let id = bed.accounts.confirmation_of(&ada.subject).unwrap();
    let handle = bed.accounts.handle(&id).unwrap();
    let view = bed.accounts.view(&ada.subject).await.unwrap().unwrap();
    assert_eq!(
        view.sign_up_id.as_deref(),
        Some(handle.as_str()),
        "its owner may know it"
    );
    let code = bed.code_to(ADA).await;
    verify(&bed, by_name(&handle, &code)).await.unwrap();
    let view = bed.accounts.view(&ada.subject).await.unwrap().unwrap();
    assert!(view.email_verified && view.sign_up_id.is_none());
}

#[tokio::test]
async fn a_proven_address_is_taken_over_by_nobody() {
    let bed = accounts_with(verified()).await;
    let own = apply(&bed, PASSWORD, &home()).await;
    let own_code = bed.code_to(ADA).await;
    let foreign = apply(&bed, STRANGER, &elsewhere(1)).await;
    verify(&bed, by_name(&own, &own_code)).await.unwrap();
    bed.wait(31);
    let late = apply(&bed, STRANGER, &elsewhere(1)).await;
    assert!(bed.newest_to(ADA).await.text.contains("already have an account"));
    for id in [&foreign, &late] {
        bed.wait(31);
        let again = bed
            .accounts
            .resend_verification(resend_named(id), &elsewhere(1))
            .await;
        assert_eq!(again.is_ok(), id == &late, "what waited before the proof is over");
    }
    assert!(bed.newest_to(ADA).await.text.contains("already have an account"));
    sign_in_with(&bed, PASSWORD).await.unwrap();
}
