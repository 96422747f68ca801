//! The renewal of a proof: when it is needed, and with what.

use portcullis_ports::Span;

use super::{totp, with_totp};
use crate::areas::accounts::WRONG_CREDENTIALS;
use crate::areas::challenges::*;
use crate::areas::factors::{AddEmail, AddTotp};
use crate::areas::sessions::{Identified, SignedIn};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::limit::Limit;
use crate::foundation::testing::{PASSWORD, home, secret};
use crate::settings::Settings;
use crate::testing::{world, world_with};

#[tokio::test]
async fn an_old_proof_opens_nothing_sensitive_until_it_is_renewed() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let challenge = world.challenge(&ada).await;
    let granted = world
        .app
        .challenges
        .verify_totp(&ada, totp(&challenge, &world.totp(&app)))
        .await
        .unwrap()
        .granted
        .unwrap();
    world.wait(601);
    let session = world.resumed(&granted).await;
    let refused = world
        .app
        .factors
        .add_totp(&session, AddTotp::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), STEP_UP_REQUIRED);
    let started = world
        .app
        .challenges
        .start_step_up(&session, StartStepUp::default())
        .await
        .unwrap();
    assert!(!started.password);
    let step_up = VerifyTotp {
        challenge_id: secret(&started.challenge_id.unwrap()),
        totp_code: secret(&world.totp(&app)),
        trust_device: None,
    };
    let progress = world.app.challenges.verify_totp(&ada, step_up).await.unwrap();
    assert!(progress.granted.is_none() && progress.step_up_until.is_some());
    let session = world.resumed(&granted).await;
    world
        .app
        .factors
        .add_totp(&session, AddTotp::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn only_the_sign_in_that_asked_for_a_step_up_answers_it() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let begin = async |who: &Identified| {
        world.wait(31);
        let opened = world.challenge(who).await;
        let code = totp(&opened, &world.totp(&app));
        let progress = world.app.challenges.verify_totp(who, code).await.unwrap();
        world.resumed(&progress.granted.unwrap()).await
    };
    let session = begin(&ada).await;
    let token = world.sign_in("ada@example.com", &home()).await.unwrap();
    let other = world.identified(&token).await;
    let other_session = begin(&other).await;
    let by = async |session: &SignedIn| world.app.sessions.as_first_factor(session).await.unwrap();
    let beside = Identified {
        session: Some(other_session.session.id.clone()),
        ..ada.clone()
    };
    let strangers = [other, by(&other_session).await, beside];
    for owner in [ada.clone(), by(&session).await] {
        world.wait(31);
        let command = StartStepUp::default();
        let started = world
            .app
            .challenges
            .start_step_up(&session, command)
            .await
            .unwrap();
        let answer = || VerifyTotp {
            challenge_id: secret(started.challenge_id.as_ref().unwrap()),
            totp_code: secret(&world.totp(&app)),
            trust_device: None,
        };
        for stranger in &strangers {
            let refused = world.app.challenges.verify_totp(stranger, answer()).await;
            assert_eq!(refused.unwrap_err().code(), CHALLENGE_ENDED);
        }
        let proven = world.app.challenges.verify_totp(&owner, answer()).await.unwrap();
        assert!(proven.step_up_until.is_some());
    }
}

#[tokio::test]
async fn without_factors_the_password_renews_the_proof() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let session = world.session(&ada).await;
    let password = |text| StepUpPassword {
        password: secret(text),
    };
    assert!(
        world
            .app
            .challenges
            .start_step_up(&session, StartStepUp::default())
            .await
            .unwrap()
            .password
    );
    let wrong = world
        .app
        .challenges
        .step_up_with_password(&session, password("wrong"))
        .await;
    assert_eq!(wrong.unwrap_err().code(), WRONG_CREDENTIALS);
    world
        .app
        .challenges
        .step_up_with_password(&session, password(PASSWORD))
        .await
        .unwrap();
    world.enrol_totp(&session).await;
    let refused = world
        .app
        .challenges
        .step_up_with_password(&session, password(PASSWORD))
        .await;
    assert_eq!(refused.unwrap_err().code(), STEP_UP_REQUIRED);
}

#[tokio::test]
async fn codes_sent_at_sign_in_use_up_no_code_of_a_live_session() {
    let mut settings = Settings::default();
    settings.budgets.sends_per_account = Limit::new(3, Span::hours(1));
    let world = world_with(settings).await;
    let ada = world.sign_up("ada@example.com").await;
    let session = world.session(&ada).await;
    world.code_to("ada@example.com").await;
    let device = AddEmail {
        email: "second@example.com".parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_email(&session, device).await.unwrap();
    let confirm = VerifyCode {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&world.code_to("second@example.com").await),
    };
    world.app.factors.confirm_email(&session, confirm).await.unwrap();
    // Whoever knows the password asks for codes until there are no more.
    let challenge = world.challenge(&ada).await.challenge_id;
    let ask = async |challenge: &str| {
        let command = SendEmailCode {
            challenge_id: secret(challenge),
            email_device_id: None,
        };
        let sent = world.app.challenges.send_email(&ada, command).await;
        world.wait(31);
        sent.is_ok()
    };
    while ask(&challenge).await {}
    let started = world
        .app
        .challenges
        .start_step_up(&session, StartStepUp::default())
        .await
        .unwrap();
    assert!(ask(&started.challenge_id.unwrap()).await);
}
