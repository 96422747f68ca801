//! Who is told from strangers, and what strangers cannot use up.

use super::*;
use crate::areas::sessions::SignedIn;

#[tokio::test]
async fn guesses_of_strangers_do_not_lock_out_a_device_that_signed_in_before() {
    let world = world().await;
    let ada = granted(start(&world, &world.sign_up(ADA).await).await);
    let eve = granted(start(&world, &world.sign_up("eve@example.com").await).await);
    guesses_of_strangers(&world, ADA).await;
    let there = elsewhere(99);
    let stranger = world.sign_in(ADA, &there).await.unwrap_err();
    assert_eq!(stranger.code(), TOO_MANY_ATTEMPTS);
    assert!(
        stranger.detail().contains("code from the mail"),
        "{}",
        stranger.detail()
    );
    for other in [token(&eve), token(&ada).replace('.', ".x"), String::new()] {
        let refused = world
            .sign_in(ADA, &there.clone().presenting([other.as_str()]))
            .await;
        assert_eq!(refused.unwrap_err().code(), TOO_MANY_ATTEMPTS, "{other}");
    }
    let both = format!("{}~{}", token(&eve), token(&ada));
    let known = there.presenting([both.as_str()]);
    world.sign_in(ADA, &known).await.unwrap();
    for _ in 0..8 {
        let guess = world.app.accounts.sign_in(wrong(ADA), &known).await;
        assert_eq!(guess.unwrap_err().code(), WRONG_CREDENTIALS);
    }
    let bounded = world.app.accounts.sign_in(wrong(ADA), &known).await.unwrap_err();
    assert_eq!(
        bounded.code(),
        TOO_MANY_ATTEMPTS,
        "a device has a bound of its own"
    );
    world.sign_in(ADA, &home()).await.unwrap();
    world.wait(601);
    world.sign_in(ADA, &known).await.unwrap();
}

#[tokio::test]
async fn guesses_of_strangers_do_not_keep_a_live_session_from_proving_its_password() {
    let world = world().await;
    let session = world.session(&world.sign_up(ADA).await).await;
    guesses_of_strangers(&world, ADA).await;
    // A program that shows no device, in a network of which nothing is known.
    let moved = SignedIn {
        source: elsewhere(99),
        ..session
    };
    let prove = async |password: &str| {
        let command = StepUpPassword {
            password: secret(password),
        };
        world.app.challenges.step_up_with_password(&moved, command).await
    };
    for _ in 0..7 {
        assert_eq!(
            prove("not the password").await.unwrap_err().code(),
            WRONG_CREDENTIALS
        );
    }
    prove(PASSWORD).await.unwrap();
    for _ in 0..8 {
        assert_eq!(
            prove("not the password").await.unwrap_err().code(),
            WRONG_CREDENTIALS
        );
    }
    assert_eq!(
        prove(PASSWORD).await.unwrap_err().code(),
        TOO_MANY_ATTEMPTS,
        "a session has a bound of its own"
    );
}

#[tokio::test]
async fn strangers_in_the_same_network_do_not_lock_out_a_known_device() {
    let world = world().await;
    let ada = granted(start(&world, &world.sign_up(ADA).await).await);
    for _ in 0..8 {
        let guess = world.app.accounts.sign_in(wrong(ADA), &home()).await;
        assert_eq!(guess.unwrap_err().code(), WRONG_CREDENTIALS);
    }
    assert!(world.sign_in(ADA, &home()).await.is_err());
    let known = home().presenting([token(&ada).as_str()]);
    world.sign_in(ADA, &known).await.unwrap();
}

#[tokio::test]
async fn whoever_is_shut_out_proves_a_code_from_a_mail_and_keeps_the_password() {
    let world = world().await;
    let session = world.session(&world.sign_up(ADA).await).await;
    world.code_to(ADA).await;
    guesses_of_strangers(&world, ADA).await;
    let there = elsewhere(99);
    assert!(world.sign_in(ADA, &there).await.is_err());
    let recovery = &world.app.password_recovery;
    let command = StartRecovery {
        username: ADA.parse().unwrap(),
    };
    let handle = recovery.start(command, &there).await.unwrap().challenge_id;
    let code = world.code_to(ADA).await;
    let verify = async |code: &str| {
        let command = VerifyRecovery {
            username: None,
            challenge_id: secret(&handle),
            confirmation_code: secret(code),
            transport: Transport::Cookie,
        };
        recovery.verify(command, &there).await
    };
    let other = if code == "111111" { "222222" } else { "111111" };
    assert_eq!(verify(other).await.unwrap_err().code(), WRONG_CODE);
    assert!(
        world.sign_in(ADA, &there).await.is_err(),
        "a wrong code makes nobody known"
    );
    let device = verify(&code).await.unwrap().device.unwrap();
    world.sign_in(ADA, &there).await.unwrap();
    let moved = elsewhere(98).presenting([device.device.expose()]);
    world.sign_in(ADA, &moved).await.unwrap();
    assert!(world.sign_in(ADA, &elsewhere(98)).await.is_err());
    assert!(
        world.app.sessions.lineage(&session).await.is_ok(),
        "nothing else changed"
    );
}

#[tokio::test]
async fn a_sign_in_costs_the_same_with_and_without_an_account_whatever_is_presented() {
    let (world, store) = observed(Settings::default()).await;
    world.sign_up(ADA).await;
    let eve = granted(start(&world, &world.sign_up("eve@example.com").await).await);
    let source = elsewhere(3).presenting([token(&eve).as_str()]);
    let guess = async |email: &str| {
        store.work();
        let refused = world.app.accounts.sign_in(wrong(email), &source).await;
        assert_eq!(refused.unwrap_err().code(), WRONG_CREDENTIALS);
        store.work()
    };
    guess(ADA).await;
    guess("nobody@example.com").await;
    assert_eq!(guess(ADA).await, guess("nobody@example.com").await);
}

#[tokio::test]
async fn whoever_reads_the_mail_cannot_multiply_guesses_of_password_or_factor() {
    let world = world().await;
    let ada = world.sign_up(ADA).await;
    world.code_to(ADA).await;
    world.enrol_totp(&world.session(&ada).await).await;
    prove_address(&world).await;
    world.wait(31);
    let recovery = &world.app.password_recovery;
    let opened = world.challenge(&ada).await;
    let (mut factors, mut passwords) = (0, 0);
    for network in 10..16 {
        let source = elsewhere(network);
        let command = StartRecovery {
            username: ADA.parse().unwrap(),
        };
        let handle = recovery.start(command, &source).await.unwrap().challenge_id;
        let code = world.code_to(ADA).await;
        for _ in 0..4 {
            let command = VerifyRecovery {
                username: None,
                challenge_id: secret(&handle),
                confirmation_code: secret(&code),
                transport: Transport::Cookie,
            };
            let device = recovery.verify(command, &source).await.unwrap().device.unwrap();
            let known = source.clone().presenting([device.device.expose()]);
            for place in [&known, &source] {
                let who = Identified {
                    source: place.clone(),
                    ..ada.clone()
                };
                let command = VerifyTotp {
                    challenge_id: secret(&opened.challenge_id),
                    totp_code: secret("no code"),
                    trust_device: None,
                };
                let guess = world.app.challenges.verify_totp(&who, command).await.unwrap_err();
                factors += usize::from(guess.code() == WRONG_CODE);
                let guess = world.app.accounts.sign_in(wrong(ADA), place).await.unwrap_err();
                passwords += usize::from(guess.code() == WRONG_CREDENTIALS);
            }
        }
    }
    assert_eq!((factors, passwords), (8, 8));
}
