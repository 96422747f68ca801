//! Several pages that enrol at the same time.

use super::*;

#[tokio::test]
async fn two_pages_that_add_an_app_do_not_undo_each_other() {
    let world = world().await;
    let who = signed_in(&world).await;
    let begin = || world.app.factors.add_totp(&who, AddTotp::default());
    let (first, second) = (begin().await.unwrap(), begin().await.unwrap());
    for begun in [&first, &second] {
        let confirm = ConfirmTotp {
            device_id: begun.device_id.clone(),
            totp_code: secret(&world.totp(&begun.secret)),
        };
        world.app.factors.confirm_totp(&who, confirm).await.unwrap();
    }
    let listed = world.app.factors.totp_devices(&who).await.unwrap().devices;
    assert_eq!(listed.iter().filter(|view| view.enabled).count(), 2);
}

#[tokio::test]
async fn apps_that_wait_are_bounded_and_take_no_place_of_confirmed_ones() {
    let world = world().await;
    let who = signed_in(&world).await;
    for _ in 0..4 {
        world.enrol_totp(&who).await;
    }
    let mut begun = Vec::new();
    for _ in 0..6 {
        begun.push(
            world
                .app
                .factors
                .add_totp(&who, AddTotp::default())
                .await
                .unwrap(),
        );
        world.wait(1);
    }
    let confirm = |place: usize| ConfirmTotp {
        device_id: begun[place].device_id.clone(),
        totp_code: secret(&world.totp(&begun[place].secret)),
    };
    let factors = &world.app.factors;
    let oldest = factors.confirm_totp(&who, confirm(0)).await.unwrap_err();
    assert_eq!(oldest.code(), DEVICE_NOT_FOUND, "five wait side by side");
    factors.confirm_totp(&who, confirm(1)).await.unwrap();
    let sixth = factors.confirm_totp(&who, confirm(2)).await.unwrap_err();
    assert_eq!(sixth.code(), DEVICE_LIMIT, "the limit holds where it counts");
}

#[tokio::test]
async fn two_pages_that_add_numbers_do_not_undo_each_other() {
    let world = world().await;
    let who = signed_in(&world).await;
    let factors = &world.app.factors;
    let first = factors.add_phone(&who, phone(PHONE)).await.unwrap();
    let code_of_first = world.code_to(PHONE).await;
    let other = factors.add_phone(&who, phone("+15005550007")).await.unwrap();
    let code_of_other = world.code_to("+15005550007").await;
    world.wait(31);
    let again = factors.add_phone(&who, phone(PHONE)).await.unwrap();
    let code_of_again = world.code_to(PHONE).await;
    assert_eq!(
        factors.phones(&who).await.unwrap().len(),
        2,
        "one line for each number"
    );
    let confirm = |challenge: &str, code: &str| factors.confirm_phone(&who, answer(challenge, code));
    confirm(&first.challenge_id, &code_of_first).await.unwrap();
    confirm(&other.challenge_id, &code_of_other).await.unwrap();
    let late = confirm(&again.challenge_id, &code_of_again).await.unwrap_err();
    assert_eq!(late.code(), DEVICE_EXISTS, "the first page was faster");
    let listed = factors.phones(&who).await.unwrap();
    assert!(listed.len() == 2 && listed.iter().all(|view| view.enabled));
}
