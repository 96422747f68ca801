//! What a stranger learns and hinders who signs up with an address that may be taken: nothing.

use super::*;
use crate::areas::accounts::EMAIL_NOT_VERIFIED;
use crate::services::budgets::TOO_MANY_ATTEMPTS;

/// Strangers from so many networks ask for codes at the address.
async fn strangers_ask(world: &World, networks: u8) {
    for network in 1..=networks {
        world.wait(31);
        let source = elsewhere(network);
        world
            .app
            .accounts
            .resend_verification(resend(ADA), &source)
            .await
            .unwrap();
    }
}

/// What a sign-in with this password is refused with.
async fn answer(world: &World, password: &str) -> portcullis_ports::Code {
    let command = SignIn {
        email: ADA.parse().unwrap(),
        password: secret(password),
    };
    let refused = world.app.accounts.sign_in(command, &elsewhere(1)).await;
    refused.unwrap_err().code()
}

#[tokio::test]
async fn signing_in_with_ones_own_sign_up_does_not_tell_whether_the_address_is_taken() {
    let mut seen = Vec::new();
    for taken in [false, true] {
        let (world, store) = observed(verified()).await;
        if taken {
            apply(&world, PASSWORD, &home()).await;
            let code = world.code_to(ADA).await;
            verify(&world, by_code(&code)).await.unwrap();
        }
        apply(&world, STRANGER, &elsewhere(1)).await;
        answer(&world, "not the password").await;
        store.work();
        assert_eq!(answer(&world, STRANGER).await, EMAIL_NOT_VERIFIED);
        let mut learned = vec![format!("{:?}", store.work())];
        // A guess between every two: the right password of the sign-up gives none of them back.
        for guess in 0..8 {
            let password = if guess % 2 == 0 {
                STRANGER
            } else {
                "not the password"
            };
            learned.push(format!("{:?}", answer(&world, password).await));
        }
        assert_eq!(learned.last().unwrap(), &format!("{TOO_MANY_ATTEMPTS:?}"));
        seen.push(learned);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_code_that_somebody_else_asks_for_leaves_the_owners_good() {
    let world = world_with(verified()).await;
    let handle = apply(&world, PASSWORD, &home()).await;
    let code = world.code_to(ADA).await;
    strangers_ask(&world, 20).await;
    // What strangers asked for uses up nothing of what the owner may ask for.
    world
        .app
        .accounts
        .resend_verification(resend_named(&handle), &home())
        .await
        .unwrap();
    let newer = world.code_to(ADA).await;
    assert_eq!(
        verify(&world, by_name(&handle, &code)).await.unwrap_err().code(),
        WRONG_CODE
    );
    verify(&world, by_name(&handle, &newer)).await.unwrap();
}

#[tokio::test]
async fn the_first_code_is_good_whatever_strangers_ask_for() {
    let world = world_with(verified()).await;
    let handle = apply(&world, PASSWORD, &home()).await;
    let code = world.code_to(ADA).await;
    strangers_ask(&world, 3).await;
    let theirs = world.code_to(ADA).await;
    assert_ne!(code, theirs);
    verify(&world, by_name(&handle, &code)).await.unwrap();
    sign_in_with(&world, PASSWORD).await.unwrap();
}
