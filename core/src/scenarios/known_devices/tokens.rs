//! Tokens and the list: what changes, what is bounded, what is worth nothing.

use super::*;

#[tokio::test]
async fn the_token_changes_with_every_sign_in_and_a_client_that_missed_it_is_not_lost() {
    let ada = Trusting::new(Settings::default()).await;
    let first = ada.token.clone();
    let second = token(&granted(ada.again(&first).await));
    assert_ne!(first, second);
    let third = token(&granted(ada.again(&first).await));
    challenged(ada.again(&second).await);
    let fourth = token(&granted(ada.again(&third).await));
    challenged(ada.again(&first).await);
    granted(ada.again(&fourth).await);
    assert_eq!(ada.listed().await.len(), 1, "it is one device all the time");
}

#[tokio::test]
async fn finalize_gives_the_token_again() {
    let ada = Trusting::new(Settings::default()).await;
    let who = first_factor(&ada.world, ADA, &elsewhere(7)).await.unwrap();
    let opened = challenged(start(&ada.world, &who).await);
    ada.world.wait(30);
    let proven = prove(&ada.world, &who, &opened, &ada.app, Some(true))
        .await
        .unwrap();
    let command = NameChallenge {
        challenge_id: secret(&opened.challenge_id),
    };
    let again = ada.world.app.challenges.finalize(&who, command).await.unwrap();
    let again = again.granted.unwrap();
    assert_eq!(token(&again), token(&proven.granted.unwrap()));
    assert!(again.device.as_ref().unwrap().trusted_until.is_some());
    granted(ada.again(&token(&again)).await);
}

#[tokio::test]
async fn a_program_is_remembered_only_if_it_asks() {
    let world = world().await;
    let ada = world.sign_up(ADA).await;
    let start = async |remember_device| {
        let command = StartSession {
            transport: Transport::Header,
            remember_device,
        };
        granted(world.app.challenges.start(&ada, command).await.unwrap()).device
    };
    assert!(start(None).await.is_none());
    let device = start(Some(true)).await.unwrap();
    let known = Identified {
        source: elsewhere(5).presenting([device.expose()]),
        ..ada.clone()
    };
    let command = StartSession::default();
    let renewed = granted(world.app.challenges.start(&known, command).await.unwrap());
    assert_ne!(token(&renewed), device.expose());
}

#[tokio::test]
async fn devices_are_bounded_and_a_flood_pushes_out_its_own() {
    let ada = Trusting::new(Settings::default()).await;
    let world = &ada.world;
    let plain = first_factor(world, ADA, &elsewhere(6)).await.unwrap();
    let opened = challenged(start(world, &plain).await);
    world.wait(30);
    let proven = prove(world, &plain, &opened, &ada.app, None).await.unwrap();
    let owned = token(&proven.granted.unwrap());
    let subject = plain.subject.clone();
    // Without a factor any number of sessions can be begun with one token.
    let mut batch = Batch::default();
    crate::areas::enrolled_factors::EnrolledFactors::discard(&mut batch, &subject);
    world.app.context.commit(batch).await.unwrap();
    let intruder = first_factor(world, ADA, &elsewhere(8)).await.unwrap();
    for number in 0..60 {
        let source = Source::new(IpAddr::from([203, 0, 113, number]), &format!("agent {number}"));
        let who = Identified {
            source,
            ..intruder.clone()
        };
        world.wait(1);
        granted(start(world, &who).await);
    }
    let held = world.app.known_devices.held(&subject).await.unwrap();
    assert_eq!(held.count(), MOST);
    for kept in [&owned, &ada.token] {
        let source = elsewhere(9).presenting([kept.as_str()]);
        let found = world
            .app
            .known_devices
            .recognise(&subject, &source)
            .await
            .unwrap();
        assert!(found.is_some());
    }
}

#[tokio::test]
async fn what_is_stored_and_listed_opens_nothing() {
    let ada = Trusting::new(Settings::default()).await;
    let subject = ada.granted.session.subject.clone();
    let key = portcullis_ports::storage::Key {
        collection: KNOWN_DEVICES,
        partition: subject.to_string(),
        sort: "devices".to_owned(),
    };
    let stored = ada.world.store.get(&key).await.unwrap().unwrap().body;
    let (id, token_secret) = ada.token.split_once('.').unwrap();
    assert!(!stored.contains(token_secret));
    let hash = stored.split("secret_hash\":\"").nth(1).unwrap();
    let hash = hash.split('"').next().unwrap();
    for stolen in [hash, "", id] {
        challenged(ada.again(&format!("{id}.{stolen}")).await);
    }
    let listed = serde_json::to_string(&ada.listed().await).unwrap();
    assert!(!listed.contains(token_secret) && !listed.contains(hash));
}

#[tokio::test]
async fn a_device_of_somebody_else_is_neither_seen_nor_revoked() {
    let ada = Trusting::new(Settings::default()).await;
    let eve = ada
        .world
        .session(&ada.world.sign_up("eve@example.com").await)
        .await;
    let command = RevokeKnownDevice {
        known_device_id: ada.listed().await[0].known_device_id.clone(),
    };
    let devices = &ada.world.app.known_devices;
    assert!(
        devices
            .list(eve.subject(), &eve.source)
            .await
            .unwrap()
            .devices
            .is_empty()
    );
    let refused = devices
        .revoke(eve.subject(), &eve.source, command)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), DEVICE_NOT_FOUND);
    granted(ada.again(&ada.token).await);
}
