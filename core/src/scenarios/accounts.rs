//! Accounts beside factors and sessions: what gives way with an address, and what strangers cost its owner.

use portcullis_ports::identity::UNAUTHENTICATED;
use portcullis_ports::{Result, Span};

use crate::areas::accounts::*;
use crate::areas::challenges::{SendEmailCode, VerifyCode};
use crate::areas::factors::AddEmail;
use crate::areas::sessions::ListSessions;
use crate::foundation::lane::Lane;
use crate::foundation::limit::Limit;
use crate::foundation::testing::{Bearer, PASSWORD, elsewhere, home, secret};
use crate::settings::Settings;
use crate::testing::{World, world, world_with};

const ADA: &str = "ada@example.com";
const STRANGER: &str = "walnut-ferry-lantern";

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

fn resend() -> ResendVerification {
    ResendVerification {
        email: Some(ADA.parse().unwrap()),
        sign_up_id: None,
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
        .list(&session, &ListSessions::default())
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
    let confirm = VerifyCode {
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
            .resend_verification(resend(), &stranger)
            .await
            .unwrap();
        let mut other = applying(STRANGER);
        other.email = format!("user{network}@example.com").parse().unwrap();
        world.app.accounts.sign_up(other, &stranger).await.unwrap();
    }
    world.app.outbox.drain(Lane::Codes).await.unwrap();
    let sent = world.post.sent().len();
    assert_eq!(sent, 30 + 1, "anonymous mail has a total of its own");
    let challenge = world.challenge(&ada).await;
    let command = SendEmailCode {
        challenge_id: secret(&challenge.challenge_id),
        email_device_id: None,
    };
    world.app.challenges.send_email(&ada, command).await.unwrap();
}
