//! Sign-up and the proof of addresses against strangers: nothing they do costs the owner anything.

mod strangers;
mod waiting_passwords;

use std::sync::atomic::Ordering;

use portcullis_ports::Span;
use portcullis_ports::storage::STORE_UNAVAILABLE;

use super::*;
use crate::areas::challenges::SendEmailCode;
use crate::areas::factors::AddEmail;
use crate::foundation::limit::Limit;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::testing::Bearer;
use crate::foundation::testing::{PASSWORD, elsewhere, home, secret};
use crate::services::budgets::TOO_MANY_SENDS;
use crate::settings::Settings;
use crate::testing::{World, observed, world, world_with};

const ADA: &str = "ada@example.com";
const STRANGER: &str = "walnut-ferry-lantern";

fn verified() -> Settings {
    let mut settings = Settings::default();
    settings.accounts.sign_up = crate::settings::SignUpMode::Verified;
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
async fn apply(world: &World, password: &str, source: &Source) -> String {
    match world
        .app
        .accounts
        .sign_up(applying(password), source)
        .await
        .unwrap()
    {
        SignedUp::VerificationSent { sign_up_id } => sign_up_id,
        SignedUp::Account(_) => unreachable!("nothing exists before the proof"),
    }
}

async fn verify(world: &World, command: VerifyEmail) -> Result<()> {
    world.app.accounts.verify_email(command, &home()).await
}

async fn sign_in_with(world: &World, password: &str) -> Result<AccessToken> {
    let command = SignIn {
        email: ADA.parse().unwrap(),
        password: secret(password),
    };
    world.app.accounts.sign_in(command, &home()).await
}

#[tokio::test]
async fn a_code_proves_the_sign_up_it_was_sent_for_and_no_other() {
    let world = world_with(verified()).await;
    let own = apply(&world, PASSWORD, &home()).await;
    let own_code = world.code_to(ADA).await;
    let foreign = apply(&world, STRANGER, &elsewhere(1)).await;
    let foreign_code = world.code_to(ADA).await;
    for wrong in [by_name(&own, &foreign_code), by_name(&foreign, &own_code)] {
        assert_eq!(verify(&world, wrong).await.unwrap_err().code(), WRONG_CODE);
    }
    let newest = verify(&world, by_code(&foreign_code)).await.unwrap_err();
    assert_eq!(
        newest.code(),
        SIGN_UP_AMBIGUOUS,
        "the newest mail may be a stranger's"
    );
    verify(&world, by_name(&own, &own_code)).await.unwrap();
    sign_in_with(&world, PASSWORD).await.unwrap();
    assert_eq!(
        sign_in_with(&world, STRANGER).await.unwrap_err().code(),
        WRONG_CREDENTIALS
    );
    let late = verify(&world, by_name(&foreign, &foreign_code))
        .await
        .unwrap_err();
    assert_eq!(late.code(), WRONG_CODE);
}

#[tokio::test]
async fn clients_that_send_address_and_code_work_as_long_as_one_sign_up_waits() {
    let world = world_with(verified()).await;
    apply(&world, PASSWORD, &home()).await;
    let code = world.code_to(ADA).await;
    verify(&world, by_code(&code)).await.unwrap();
    sign_in_with(&world, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn the_link_in_the_mail_needs_the_password_of_its_sign_up() {
    let world = world_with(verified()).await;
    apply(&world, PASSWORD, &home()).await;
    world.code_to(ADA).await;
    apply(&world, STRANGER, &elsewhere(1)).await;
    let text = world.newest_to(ADA).await.text;
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
        let refused = verify(&world, with(wrong)).await.unwrap_err();
        assert_eq!(refused.code(), WRONG_CODE, "the link is a stranger's");
    }
    verify(&world, with(Some(STRANGER))).await.unwrap();
}

#[tokio::test]
async fn guesses_are_counted_per_sign_up_and_strangers_use_up_nothing() {
    let world = world_with(verified()).await;
    let own = apply(&world, PASSWORD, &home()).await;
    let code = world.code_to(ADA).await;
    let foreign = apply(&world, STRANGER, &elsewhere(1)).await;
    for network in 1..=20 {
        for _ in 0..8 {
            for guess in [by_code(other(&code)), by_name(&foreign, other(&code))] {
                let guessed = world.app.accounts.verify_email(guess, &elsewhere(network)).await;
                assert!(guessed.is_err());
            }
        }
    }
    let guessed = verify(&world, by_name(&foreign, other(&code))).await.unwrap_err();
    assert_eq!(guessed.code(), TOO_MANY_ATTEMPTS);
    verify(&world, by_name(&own, &code)).await.unwrap();
}

#[tokio::test]
async fn a_new_code_replaces_the_old_one_and_the_guesses_go_on_counting() {
    let world = world_with(verified()).await;
    let own = apply(&world, PASSWORD, &home()).await;
    let old = world.code_to(ADA).await;
    let refused = world
        .app
        .accounts
        .resend_verification(resend_named(&own), &home())
        .await;
    assert_eq!(refused.unwrap_err().code(), TOO_MANY_SENDS);
    world.wait(31);
    world
        .app
        .accounts
        .resend_verification(resend_named(&own), &home())
        .await
        .unwrap();
    let new = world.code_to(ADA).await;
    assert_ne!(old, new);
    assert_eq!(
        verify(&world, by_name(&own, &old)).await.unwrap_err().code(),
        WRONG_CODE
    );
    verify(&world, by_name(&own, &new)).await.unwrap();
    let junk = world
        .app
        .accounts
        .resend_verification(resend_named("ver_00000000000000000000000000.x"), &home())
        .await;
    assert_eq!(junk.unwrap_err().code(), CHALLENGE_ENDED);
}

#[tokio::test]
async fn the_right_password_of_an_unproven_sign_up_leads_to_its_code_and_nothing_else_does() {
    let world = world_with(verified()).await;
    let own = apply(&world, PASSWORD, &home()).await;
    let code = world.code_to(ADA).await;
    apply(&world, STRANGER, &elsewhere(1)).await;
    assert_eq!(
        sign_in_with(&world, "something else").await.unwrap_err().code(),
        WRONG_CREDENTIALS
    );
    let refused = sign_in_with(&world, PASSWORD).await.unwrap_err();
    assert_eq!(refused.code(), EMAIL_NOT_VERIFIED);
    assert_eq!(refused.members(), [("sign_up_id", own.clone())]);
    verify(&world, by_name(&own, &code)).await.unwrap();
    sign_in_with(&world, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn an_unproven_account_proves_its_address_before_it_is_used_where_that_is_the_rule() {
    let world = world().await;
    let ada = world.sign_up(ADA).await;
    let id = world.app.accounts.confirmation_of(&ada.subject).unwrap();
    let handle = world.app.accounts.handle(&id).unwrap();
    let view = world.app.accounts.view(&ada.subject).await.unwrap().unwrap();
    assert_eq!(
        view.sign_up_id.as_deref(),
        Some(handle.as_str()),
        "its owner may know it"
    );
    let code = world.code_to(ADA).await;
    verify(&world, by_name(&handle, &code)).await.unwrap();
    let view = world.app.accounts.view(&ada.subject).await.unwrap().unwrap();
    assert!(view.email_verified && view.sign_up_id.is_none());
}

#[tokio::test]
async fn a_claim_that_was_never_proven_gives_way_with_all_that_was_set_up() {
    let world = world().await;
    let claimant = world.sign_up(ADA).await;
    let session = world.session(&claimant).await;
    world.enrol_totp(&session).await;
    let token = world.sign_in(ADA, &home()).await.unwrap();
    world.wait(31);
    let refused = world
        .app
        .accounts
        .sign_up(applying(STRANGER), &elsewhere(1))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), EMAIL_TAKEN);
    let text = world.newest_to(ADA).await.text;
    let (_, fields) = text.split_once("#sign_up_id=").unwrap();
    let id = fields.get(..30).unwrap();
    let proof = VerifyEmail {
        password: Some(secret(STRANGER)),
        ..by_name(id, &world.code_to(ADA).await)
    };
    verify(&world, proof).await.unwrap();
    sign_in_with(&world, STRANGER).await.unwrap();
    assert!(sign_in_with(&world, PASSWORD).await.is_err());
    let identified = world
        .app
        .accounts
        .identify(&Bearer(token.access_token), None, &home())
        .await;
    assert_eq!(identified.unwrap_err().code(), UNAUTHENTICATED);
    let live = world
        .app
        .sessions
        .list(&session, &crate::areas::sessions::ListSessions::default())
        .await
        .unwrap()
        .sessions;
    assert!(live.iter().all(|session| session.revoked));
    assert!(
        world
            .app
            .factors
            .enrolled
            .kinds(&claimant.subject)
            .await
            .unwrap()
            .is_empty()
    );
    let again = world
        .app
        .accounts
        .sign_up(applying(PASSWORD), &elsewhere(2))
        .await;
    assert_eq!(again.unwrap_err().code(), EMAIL_TAKEN, "a proven address stays");
}

#[tokio::test]
async fn a_proven_address_is_taken_over_by_nobody() {
    let world = world_with(verified()).await;
    let own = apply(&world, PASSWORD, &home()).await;
    let own_code = world.code_to(ADA).await;
    let foreign = apply(&world, STRANGER, &elsewhere(1)).await;
    verify(&world, by_name(&own, &own_code)).await.unwrap();
    world.wait(31);
    let late = apply(&world, STRANGER, &elsewhere(1)).await;
    assert!(
        world
            .newest_to(ADA)
            .await
            .text
            .contains("already have an account")
    );
    for id in [&foreign, &late] {
        world.wait(31);
        let again = world
            .app
            .accounts
            .resend_verification(resend_named(id), &elsewhere(1))
            .await;
        assert_eq!(again.is_ok(), id == &late, "what waited before the proof is over");
    }
    assert!(
        world
            .newest_to(ADA)
            .await
            .text
            .contains("already have an account")
    );
    sign_in_with(&world, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn requests_of_strangers_cost_an_owner_no_code() {
    let mut settings = Settings::default();
    settings.budgets.anonymous_sends_in_total = Limit::new(30, Span::hours(1));
    let world = world_with(settings).await;
    let ada = world.sign_up(ADA).await;
    let session = world.session(&ada).await;
    let code = world.code_to(ADA).await;
    verify(&world, by_code(&code)).await.unwrap();
    let device = AddEmail {
        email: ADA.parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_email(&session, device).await.unwrap();
    let confirm = crate::areas::challenges::VerifyCode {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&world.code_to(ADA).await),
    };
    world.app.factors.confirm_email(&session, confirm).await.unwrap();
    for network in 1..=40 {
        world.wait(31);
        let stranger = elsewhere(network);
        world
            .app
            .accounts
            .resend_verification(resend(ADA), &stranger)
            .await
            .unwrap();
        let mut other = applying(STRANGER);
        other.email = format!("user{network}@example.com").parse().unwrap();
        world.app.accounts.sign_up(other, &stranger).await.unwrap();
    }
    world
        .app
        .outbox
        .drain(crate::foundation::lane::Lane::Codes)
        .await
        .unwrap();
    let sent = world.post.sent().len();
    assert_eq!(sent, 30 + 1, "anonymous mail has a total of its own");
    let challenge = world.challenge(&ada).await;
    let command = SendEmailCode {
        challenge_id: secret(&challenge.challenge_id),
        email_device_id: None,
    };
    world.app.challenges.send_email(&ada, command).await.unwrap();
}
