//! For whom the second factor is waived, and when that ends.

use super::*;

#[tokio::test]
async fn on_a_trusted_device_the_second_factor_is_waived_at_the_sign_in_and_nowhere_else() {
    let ada = Trusting::new(Settings::default()).await;
    let world = &ada.world;
    challenged(ada.again("").await);
    challenged(ada.again(&ada.token.replace('.', ".x")).await);
    let trusted = granted(ada.again(&ada.token).await);
    let source = elsewhere(7).presenting([token(&trusted).as_str()]);
    let session = signed_in(world, &trusted, &source).await;
    let refused = world.app.factors.add_totp(&session, AddTotp::default()).await;
    assert_eq!(refused.unwrap_err().code(), STEP_UP_REQUIRED);
    let refused = world
        .app
        .factors
        .regenerate_recovery_codes(&session, FactorKind::Totp)
        .await;
    assert_eq!(refused.unwrap_err().code(), STEP_UP_REQUIRED);
    let refreshed = world.app.accounts.refresh(&session).await.unwrap();
    let bearer = Bearer(refreshed.access_token);
    let who = world.app.accounts.identify(&bearer, None, &source).await.unwrap();
    let grown = granted(start(world, &who).await);
    let session = signed_in(world, &grown, &source).await;
    let refused = world.app.factors.add_totp(&session, AddTotp::default()).await;
    assert_eq!(
        refused.unwrap_err().code(),
        STEP_UP_REQUIRED,
        "nor in what grew from it"
    );
    let history = world.app.audit.entries(&who.subject).await.unwrap();
    let told = |entry: &&crate::services::audit::Entry| entry.details.contains_key("trusted_device");
    assert!(history.iter().filter(told).count() >= 2);
}

#[tokio::test]
async fn a_new_password_asks_for_the_factor_on_a_trusted_device_too() {
    let ada = Trusting::new(Settings::default()).await;
    let source = home().presenting([ada.token.as_str()]);
    let recovery = &ada.world.app.password_recovery;
    let command = StartRecovery {
        username: ADA.parse().unwrap(),
    };
    prove_address(&ada.world).await;
    let handle = recovery.start(command, &source).await.unwrap().challenge_id;
    let code = ada.world.code_to(ADA).await;
    let command = VerifyRecovery {
        username: None,
        challenge_id: secret(&handle),
        confirmation_code: secret(&code),
        transport: Transport::Cookie,
    };
    let standing = recovery.verify(command, &source).await.unwrap();
    assert_eq!(
        (standing.complete, standing.remaining),
        (false, vec![FactorKind::Totp])
    );
}

#[tokio::test]
async fn trust_ends_when_its_days_are_over_and_was_never_given_unasked() {
    let mut settings = Settings::default();
    settings.factors.trusted_device_days = 7;
    let ada = Trusting::new(settings).await;
    assert!(ada.listed().await[0].trusted_until.is_some());
    let day = 24 * 3600;
    ada.world.wait(6 * day);
    let trusted = granted(ada.again(&ada.token).await);
    ada.world.wait(day);
    let latest = token(&trusted);
    challenged(ada.again(&latest).await);
    let source = elsewhere(7).presenting([latest.as_str()]);
    let who = first_factor(&ada.world, ADA, &source).await.unwrap();
    let opened = challenged(start(&ada.world, &who).await);
    let proven = prove(&ada.world, &who, &opened, &ada.app, None).await.unwrap();
    challenged(ada.again(&token(&proven.granted.unwrap())).await);
    let mut settings = Settings::default();
    settings.factors.trusted_device_days = 0;
    let ada = Trusting::new(settings).await;
    challenged(ada.again(&ada.token).await);
}

#[tokio::test]
async fn a_recovery_code_earns_no_trust() {
    let ada = Trusting::new(Settings::default()).await;
    let who = first_factor(&ada.world, ADA, &elsewhere(7)).await.unwrap();
    let opened = challenged(start(&ada.world, &who).await);
    let command = UseRecoveryCode {
        challenge_id: secret(&opened.challenge_id),
        recovery_code: secret(&ada.recovery_codes[0]),
    };
    let challenges = &ada.world.app.challenges;
    let proven = challenges
        .use_recovery_code(&who, FactorKind::Totp, command)
        .await
        .unwrap();
    challenged(ada.again(&token(&proven.granted.unwrap())).await);
}

#[tokio::test]
async fn trust_ends_with_whatever_may_mean_that_somebody_else_is_there() {
    for ender in [
        "password change",
        "end of all others",
        "removal of a factor",
        "revocation of the device",
        "end of its session from afar",
        "end of everything of everybody, as with a restored backup",
    ] {
        let ada = Trusting::new(Settings::default()).await;
        let world = &ada.world;
        // From another session, so that the device is one of the others.
        let who = first_factor(world, ADA, &elsewhere(8)).await.unwrap();
        let opened = challenged(start(world, &who).await);
        world.wait(30);
        let proven = prove(world, &who, &opened, &ada.app, None).await.unwrap();
        let other = signed_in(world, &proven.granted.unwrap(), &elsewhere(8)).await;
        let mut password = PASSWORD;
        match ender {
            "password change" => {
                password = "harbour-lamp-thistle";
                let command = ChangePassword {
                    current_password: secret(PASSWORD),
                    new_password: secret(password),
                };
                world.app.accounts.change_password(&other, command).await.unwrap();
            }
            "end of all others" => {
                world.app.sessions.revoke_others(&other).await.unwrap();
            }
            "removal of a factor" => {
                let (second, _) = world.enrol_totp(&other).await;
                world.wait(30);
                let apps = world.app.factors.totp_devices(&other).await.unwrap().devices;
                let command = RemoveTotp {
                    totp_code: Some(secret(&world.totp(&second))),
                    recovery_code: None,
                };
                let gone = apps[1].device_id.clone();
                world
                    .app
                    .factors
                    .remove_totp(&other, gone, command)
                    .await
                    .unwrap();
            }
            "revocation of the device" => {
                let listed = world
                    .app
                    .known_devices
                    .list(other.subject(), &other.source)
                    .await
                    .unwrap()
                    .devices;
                let trusted = listed.iter().find(|one| one.trusted_until.is_some()).unwrap();
                let command = RevokeKnownDevice {
                    known_device_id: trusted.known_device_id.clone(),
                };
                let devices = &world.app.known_devices;
                devices
                    .revoke(other.subject(), &other.source, command.clone())
                    .await
                    .unwrap();
                let again = devices
                    .revoke(other.subject(), &other.source, command)
                    .await
                    .unwrap_err();
                assert_eq!(again.code(), DEVICE_NOT_FOUND);
            }
            "end of everything of everybody, as with a restored backup" => {
                world.app.end_all_sessions().await.unwrap();
            }
            _ => {
                let command = RevokeSession {
                    session_id: ada.granted.session.id.clone(),
                };
                world.app.sessions.revoke(&other, command).await.unwrap();
            }
        }
        let source = elsewhere(7).presenting([ada.token.as_str()]);
        let command = SignIn {
            email: ADA.parse().unwrap(),
            password: secret(password),
        };
        let token = world.app.accounts.sign_in(command, &source).await.unwrap();
        let bearer = Bearer(token.access_token);
        let who = world.app.accounts.identify(&bearer, None, &source).await.unwrap();
        assert!(
            matches!(start(world, &who).await, Started::Challenged(_)),
            "{ender}"
        );
    }
}

#[tokio::test]
async fn the_device_that_ends_all_others_stays_known_and_is_not_trusted() {
    let ada = Trusting::new(Settings::default()).await;
    let session = ada.session().await;
    ada.world.app.sessions.revoke_others(&session).await.unwrap();
    let listed = ada.listed().await;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].is_current && listed[0].trusted_until.is_none());
    challenged(ada.again(&ada.token).await);
}

#[tokio::test]
async fn a_device_that_is_revoked_while_it_signs_in_is_not_known_afterwards() {
    for _ in 0..20 {
        let ada = Trusting::new(Settings::default()).await;
        let session = ada.session().await;
        let source = elsewhere(7).presenting([ada.token.as_str()]);
        let who = first_factor(&ada.world, ADA, &source).await.unwrap();
        let command = RevokeKnownDevice {
            known_device_id: ada.listed().await[0].known_device_id.clone(),
        };
        let (started, revoked) = tokio::join!(
            start(&ada.world, &who),
            ada.world
                .app
                .known_devices
                .revoke(session.subject(), &session.source, command)
        );
        revoked.unwrap();
        assert!(ada.listed().await.is_empty());
        let presented = match &started {
            Started::Granted(granted) => token(granted),
            Started::Challenged(_) => ada.token.clone(),
        };
        challenged(ada.again(&presented).await);
    }
}

#[tokio::test]
async fn after_a_recovery_the_device_that_proved_it_is_the_only_known_one() {
    let ada = Trusting::new(Settings::default()).await;
    let world = &ada.world;
    prove_address(world).await;
    let recovery = &world.app.password_recovery;
    let command = StartRecovery {
        username: ADA.parse().unwrap(),
    };
    let handle = recovery.start(command, &home()).await.unwrap().challenge_id;
    let code = world.code_to(ADA).await;
    let command = VerifyRecovery {
        username: None,
        challenge_id: secret(&handle),
        confirmation_code: secret(&code),
        transport: Transport::Cookie,
    };
    recovery.verify(command, &home()).await.unwrap();
    world.wait(30);
    let command = ProveTotp {
        username: None,
        challenge_id: secret(&handle),
        totp_code: secret(&world.totp(&ada.app)),
    };
    recovery.prove_totp(command, &home()).await.unwrap();
    let command = ConfirmRecovery {
        username: None,
        challenge_id: secret(&handle),
        confirmation_code: secret(&code),
        new_password: secret("harbour-lamp-thistle"),
        transport: Transport::Cookie,
    };
    let known = recovery.confirm(command, &home()).await.unwrap();
    let subject = &ada.granted.session.subject;
    let recognised = async |token: &str| {
        let source = elsewhere(9).presenting([token]);
        let devices = &world.app.known_devices;
        devices.recognise(subject, &source).await.unwrap().is_some()
    };
    assert!(recognised(known.device.expose()).await);
    assert!(!recognised(&ada.token).await);
}
