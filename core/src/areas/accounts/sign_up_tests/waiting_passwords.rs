//! What a stranger learns and hinders who signs up with an address that may be taken: nothing.

use super::*;
use crate::areas::accounts::EMAIL_NOT_VERIFIED;
use crate::services::budgets::TOO_MANY_ATTEMPTS;

/// Strangers from so many networks ask for codes at the address.
async fn strangers_ask(bed: &AccountsBed, networks: u8) {
    for network in 1..=networks {
        bed.wait(31);
        let source = elsewhere(network);
        bed.accounts
            .resend_verification(resend(ADA), &source)
            .await
            .unwrap();
    }
}

/// What a sign-in with this password is refused with.
async fn answer(bed: &AccountsBed, password: &str) -> portcullis_ports::Code {
    let command = SignIn {
        email: ADA.parse().unwrap(),
        password: secret(password),
    };
    let refused = bed.accounts.sign_in(command, &elsewhere(1)).await;
    refused.unwrap_err().code()
}

#[tokio::test]
async fn signing_in_with_ones_own_sign_up_does_not_tell_whether_the_address_is_taken() {
    let mut seen = Vec::new();
    for taken in [false, true] {
        let (bed, store) = observed(verified()).await;
        if taken {
            apply(&bed, PASSWORD, &home()).await;
            let code = bed.code_to(ADA).await;
            verify(&bed, by_code(&code)).await.unwrap();
        }
        apply(&bed, STRANGER, &elsewhere(1)).await;
        answer(&bed, "not the password").await;
        store.work();
        assert_eq!(answer(&bed, STRANGER).await, EMAIL_NOT_VERIFIED);
        let mut learned = vec![format!("{:?}", store.work())];
        // A guess between every two: the right password of the sign-up gives none of them back.
        for guess in 0..8 {
            let password = if guess % 2 == 0 {
                STRANGER
            } else {
                "not the password"
            };
            learned.push(format!("{:?}", answer(&bed, password).await));
        }
        assert_eq!(learned.last().unwrap(), &format!("{TOO_MANY_ATTEMPTS:?}"));
        seen.push(learned);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_code_that_somebody_else_asks_for_leaves_the_owners_good() {
    let bed = accounts_with(verified()).await;
    let handle = apply(&bed, PASSWORD, &home()).await;
    let code = bed.code_to(ADA).await;
    strangers_ask(&bed, 20).await;
    // What strangers asked for uses up nothing of what the owner may ask for.
    bed.accounts
        .resend_verification(resend_named(&handle), &home())
        .await
        .unwrap();
    let newer = bed.code_to(ADA).await;
    assert_eq!(
        verify(&bed, by_name(&handle, &code)).await.unwrap_err().code(),
        WRONG_CODE
    );
    verify(&bed, by_name(&handle, &newer)).await.unwrap();
}

#[tokio::test]
async fn the_first_code_is_good_whatever_strangers_ask_for() {
    let bed = accounts_with(verified()).await;
    let handle = apply(&bed, PASSWORD, &home()).await;
    let code = bed.code_to(ADA).await;
    strangers_ask(&bed, 3).await;
    let theirs = bed.code_to(ADA).await;
    assert_ne!(code, theirs);
    verify(&bed, by_name(&handle, &code)).await.unwrap();
    sign_in_with(&bed, PASSWORD).await.unwrap();
}
