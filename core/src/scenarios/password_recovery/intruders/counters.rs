//! What is used up elsewhere, and what a recovery uses up itself.

use super::*;

#[tokio::test]
async fn mails_about_new_accounts_cost_a_recovery_none() {
    let mut settings = Settings::default();
    settings.budgets.anonymous_sends_in_total = Limit::new(6, Span::hours(1));
    settings.budgets.anonymous_sends_per_source = Limit::new(6, Span::hours(1));
    settings.accounts.sign_up = crate::settings::SignUpMode::Verified;
    let world = world_with(settings).await;
    let command = |email: &str| SignUp {
        email: email.parse().unwrap(),
        password: secret(PASSWORD),
        display_name: None,
    };
    world.app.accounts.sign_up(command(ADA), &home()).await.unwrap();
    let verify = crate::areas::accounts::VerifyEmail {
        email: Some(ADA.parse().unwrap()),
        sign_up_id: None,
        password: None,
        code: secret(&world.newest_code(ADA).await),
    };
    world.app.accounts.verify_email(verify, &home()).await.unwrap();
    let mut refused = 0;
    for number in 0..8 {
        let email = format!("somebody{number}@example.com");
        let done = world.app.accounts.sign_up(command(&email), &elsewhere(7)).await;
        refused += usize::from(done.is_err());
    }
    assert!(refused > 0, "applications have used up what they share");
    let before = world.mails_to(ADA).await;
    world.start(ADA, &elsewhere(7)).await.unwrap();
    assert_eq!(world.mails_to(ADA).await, before + 1, "the network of the flood");
    world.wait(31);
    world.start(ADA, &elsewhere(8)).await.unwrap();
    assert_eq!(world.mails_to(ADA).await, before + 2, "any other network");
}

#[tokio::test]
async fn answers_at_sign_in_use_up_no_answer_of_a_recovery() {
    let mut settings = Settings::default();
    settings.budgets.attempts_from_unknown = Limit::new(8, Span::hours(1));
    let world = world_with(settings).await;
    let open = world.recovering().await;
    let Started::Challenged(sign_in) = world
        .app
        .challenges
        .start(&open.who, StartSession::default())
        .await
        .unwrap()
    else {
        unreachable!("a factor is enrolled")
    };
    for _ in 0..9 {
        let command = VerifyTotp {
            challenge_id: secret(&sign_in.challenge_id),
            totp_code: secret("000000"),
            trust_device: None,
        };
        world
            .app
            .challenges
            .verify_totp(&open.who, command)
            .await
            .unwrap_err();
        let command = UseRecoveryCode {
            challenge_id: secret(&sign_in.challenge_id),
            recovery_code: secret("none"),
        };
        let used = world
            .app
            .challenges
            .use_recovery_code(&open.who, FactorKind::Totp, command);
        used.await.unwrap_err();
    }
    let wrong = world.recovery_by_code(&open.handle, "none").await.unwrap_err();
    assert_eq!(wrong.code(), WRONG_CODE);
    assert!(
        world
            .recovery_totp(&open.handle, &world.totp(&open.app))
            .await
            .unwrap()
            .complete
    );
    let name = NameChallenge {
        challenge_id: secret(&sign_in.challenge_id),
    };
    let progress = world.app.challenges.finalize(&open.who, name).await.unwrap();
    assert!(progress.granted.is_none());
}

#[tokio::test]
async fn a_recovery_takes_so_many_answers_and_a_right_one_brings_none_back() {
    let world = world().await;
    let open = world.recovering().await;
    let most = world.app.settings().budgets.attempts.most;
    for _ in 1..most {
        let wrong = world.recovery_totp(&open.handle, "000000").await.unwrap_err();
        assert_eq!(wrong.code(), WRONG_CODE);
    }
    world
        .recovery_totp(&open.handle, &world.totp(&open.app))
        .await
        .unwrap();
    world.wait(31);
    let refused = world
        .recovery_totp(&open.handle, &world.totp(&open.app))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), TOO_MANY_ATTEMPTS);
    let other = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    world.verify(&other, &code).await.unwrap();
    world.recovery_totp(&other, &world.totp(&open.app)).await.unwrap();
    world.confirm(&other, &code, NEW).await.unwrap();
}

#[tokio::test]
async fn codes_sent_at_sign_in_use_up_no_code_of_a_recovery() {
    let mut settings = Settings::default();
    settings.budgets.sends_per_destination = Limit::new(3, Span::hours(1));
    settings.budgets.sends_per_account = Limit::new(4, Span::hours(1));
    settings.budgets.sends_in_total = Limit::new(3, Span::hours(1));
    settings.factors.require = Requirement::All;
    let world = world_with(settings).await;
    let (who, session) = world.proven(ADA).await;
    world.add_contact(&session, "second@example.com").await;
    let sign_in = world.challenge(&who).await.challenge_id;
    let mut refused = 0;
    for _ in 0..5 {
        let command = SendEmailCode {
            challenge_id: secret(&sign_in),
            email_device_id: None,
        };
        let sent = world.app.challenges.send_email(&who, command).await;
        refused += usize::from(sent.is_err());
        world.wait(31);
    }
    assert!(refused > 0, "the codes of sign-ins are used up");
    let handle = world.start(ADA, &elsewhere(8)).await.unwrap().challenge_id;
    let code = world.newest_code(ADA).await;
    world.verify(&handle, &code).await.unwrap();
    let ask = async || {
        let command = SendRecoveryEmail {
            username: None,
            challenge_id: secret(&handle),
            email_device_id: None,
        };
        world.app.password_recovery.send_email(command, &home()).await
    };
    ask().await.unwrap();
    let command = ProveSentCode {
        username: None,
        challenge_id: secret(&handle),
        code: secret(&world.newest_code("second@example.com").await),
    };
    let recovery = &world.app.password_recovery;
    recovery
        .prove_sent(FactorKind::Email, command, &home())
        .await
        .unwrap();
    for _ in 0..2 {
        world.wait(31);
        ask().await.unwrap();
    }
    world.wait(31);
    assert_eq!(
        ask().await.err().unwrap().code(),
        TOO_MANY_SENDS,
        "bounded as well"
    );
    world.confirm(&handle, &code, NEW).await.unwrap();
}
