//! Accounts: sign-up, sign-in, tokens, passwords.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use portcullis_ports::storage::STORE_UNAVAILABLE;

use super::testing::{AccountsBed, AccountsSettings, accounts, accounts_with};
use super::*;
use crate::foundation::input::Password;
use crate::foundation::testing::{Bearer, Elsewhere, PASSWORD, elsewhere, home, secret};

fn sign_up(email: &str, password: &str) -> SignUp {
    SignUp {
        email: email.parse().unwrap(),
        password: secret(password),
        display_name: None,
    }
}

fn verified() -> AccountsSettings {
    let mut settings = AccountsSettings::default();
    settings.accounts.sign_up = SignUpMode::Verified;
    settings
}

#[tokio::test]
async fn an_address_belongs_to_one_account_whatever_its_case() {
    let bed = accounts().await;
    bed.sign_up("ada@example.com").await;
    let again = bed
        .accounts
        .sign_up(sign_up("ADA@example.com", PASSWORD), &home())
        .await;
    assert_eq!(again.unwrap_err().code(), EMAIL_TAKEN);
}

#[tokio::test]
async fn of_simultaneous_registrations_with_one_address_exactly_one_wins() {
    let bed = accounts().await;
    let source = home();
    let tries = (0..8).map(|_| {
        bed.accounts
            .sign_up(sign_up("ada@example.com", PASSWORD), &source)
            .boxed()
    });
    let results = futures_util::future::join_all(tries).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(
        results
            .iter()
            .filter_map(|result| result.as_ref().err())
            .all(|error| error.code() == EMAIL_TAKEN)
    );
}

#[tokio::test]
async fn many_people_behind_one_address_can_sign_up_at_the_same_time() {
    let bed = accounts().await;
    let source = home();
    let people: Vec<String> = (0..100)
        .map(|number| format!("user{number}@example.com"))
        .collect();
    let registrations = people
        .iter()
        .map(|email| bed.accounts.sign_up(sign_up(email, PASSWORD), &source).boxed());
    for result in futures_util::future::join_all(registrations).await {
        result.unwrap();
    }
}

#[tokio::test]
async fn unknown_user_and_wrong_password_get_the_same_answer() {
    let bed = accounts().await;
    bed.sign_up("ada@example.com").await;
    let wrong = SignIn {
        email: "ada@example.com".parse().unwrap(),
        password: secret("not the password"),
    };
    let unknown = SignIn {
        email: "bob@example.com".parse().unwrap(),
        password: secret("not the password"),
    };
    let first = bed.accounts.sign_in(wrong, &home()).await.unwrap_err();
    let second = bed.accounts.sign_in(unknown, &home()).await.unwrap_err();
    assert_eq!((first.code(), first.detail()), (second.code(), second.detail()));
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    assert_eq!(
        (count(&bed.base.hasher.checks), count(&bed.base.hasher.decoys)),
        (1, 1),
        "either way one hash is computed"
    );
}

#[tokio::test]
async fn guessing_is_stopped_and_the_owner_is_not_locked_out() {
    let bed = accounts().await;
    let ada = bed.sign_up("ada@example.com").await;
    bed.session(&ada).await;
    let mut refused = 0;
    for attacker in 1..=30 {
        for _ in 0..8 {
            let guess = SignIn {
                email: "ada@example.com".parse().unwrap(),
                password: secret("guess"),
            };
            let error = bed
                .accounts
                .sign_in(guess, &elsewhere(attacker))
                .await
                .unwrap_err();
            refused += usize::from(error.code() == TOO_MANY_ATTEMPTS);
        }
    }
    assert!(
        refused >= 240 - 100,
        "strangers share one budget, yet only {refused} were refused"
    );
    assert!(
        bed.sign_in("ada@example.com", &elsewhere(99)).await.is_err(),
        "a stranger is refused even with the password"
    );
    bed.sign_in("ada@example.com", &home()).await.unwrap();
}

#[tokio::test]
async fn a_refusal_tells_when_it_ends_and_ends_then() {
    let bed = accounts().await;
    bed.sign_up("ada@example.com").await;
    let guess = || SignIn {
        email: "ada@example.com".parse().unwrap(),
        password: secret("guess"),
    };
    for _ in 0..8 {
        assert_eq!(
            bed.accounts
                .sign_in(guess(), &elsewhere(1))
                .await
                .unwrap_err()
                .code(),
            WRONG_CREDENTIALS
        );
    }
    let error = bed.accounts.sign_in(guess(), &elsewhere(1)).await.unwrap_err();
    let portcullis_ports::Retry::Later(wait) = error.retry() else {
        panic!("no time is told")
    };
    assert_eq!(wait.as_secs(), 600);
    bed.wait(600);
    bed.sign_in("ada@example.com", &elsewhere(1)).await.unwrap();
}

#[tokio::test]
async fn a_token_ends_and_a_forged_one_is_refused() {
    let bed = accounts().await;
    bed.sign_up("ada@example.com").await;
    let token = bed
        .sign_in("ada@example.com", &home())
        .await
        .unwrap()
        .access_token;
    for at in [5, 20, token.len() - 1] {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let forged = Bearer(String::from_utf8(bytes).unwrap());
        assert_eq!(
            bed.accounts
                .identify(&forged, None, &home())
                .await
                .unwrap_err()
                .code(),
            UNAUTHENTICATED
        );
    }
    bed.wait(15 * 60);
    assert_eq!(
        bed.accounts
            .identify(&Bearer(token), None, &home())
            .await
            .unwrap_err()
            .code(),
        UNAUTHENTICATED
    );
}

#[tokio::test]
async fn a_changed_password_ends_other_sessions_and_older_tokens() {
    let bed = accounts().await;
    let ada = bed.sign_up("ada@example.com").await;
    let here = bed.session(&ada).await;
    let token = bed.sign_in("ada@example.com", &home()).await.unwrap();
    for _ in 0..60 {
        bed.session(&ada).await;
    }
    bed.wait(1);
    let command = ChangePassword {
        current_password: secret(PASSWORD),
        new_password: secret("walnut-ferry-lantern"),
    };
    let changed = bed.accounts.change_password(&here, command).await.unwrap();
    assert_eq!(changed.revoked, 60);
    let live = bed
        .sessions
        .list(&here, &crate::areas::sessions::ListSessions::default())
        .await
        .unwrap()
        .sessions
        .into_iter()
        .filter(|session| !session.revoked);
    assert_eq!(
        live.map(|session| session.session_id).collect::<Vec<_>>(),
        std::slice::from_ref(&here.session.id)
    );
    let old = bed
        .accounts
        .identify(&Bearer(token.access_token), None, &home())
        .await;
    assert_eq!(old.unwrap_err().code(), UNAUTHENTICATED);
    assert!(bed.sign_in("ada@example.com", &home()).await.is_err());
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let bed = accounts().await;
    let here = bed.session(&bed.sign_up("ada@example.com").await).await;
    let command = ChangePassword {
        current_password: secret("wrong"),
        new_password: secret("walnut-ferry-lantern"),
    };
    assert_eq!(
        bed.accounts
            .change_password(&here, command)
            .await
            .unwrap_err()
            .code(),
        WRONG_CREDENTIALS
    );
    bed.sign_in("ada@example.com", &home()).await.unwrap();
}

#[tokio::test]
async fn an_address_is_proven_with_the_mailed_code_once() {
    let bed = accounts().await;
    let ada = bed.sign_up("ada@example.com").await;
    let code = bed.code_to("ada@example.com").await;
    let verify = |code: &str| VerifyEmail {
        email: Some("ada@example.com".parse().unwrap()),
        sign_up_id: None,
        password: None,
        code: secret(code),
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert!(bed.accounts.verify_email(verify(wrong), &home()).await.is_err());
    bed.accounts.verify_email(verify(&code), &home()).await.unwrap();
    assert!(
        bed.accounts
            .view(&ada.subject)
            .await
            .unwrap()
            .unwrap()
            .email_verified
    );
    assert!(bed.accounts.verify_email(verify(&code), &home()).await.is_err());
}

#[tokio::test]
async fn verified_sign_up_answers_alike_for_free_and_taken_addresses() {
    let bed = accounts_with(verified()).await;
    let first = bed
        .accounts
        .sign_up(sign_up("ada@example.com", PASSWORD), &home())
        .await
        .unwrap();
    assert!(matches!(first, SignedUp::VerificationSent { .. }));
    assert!(
        bed.sign_in("ada@example.com", &home()).await.is_err(),
        "nothing exists before the proof"
    );
    let code = bed.code_to("ada@example.com").await;
    let verify = VerifyEmail {
        email: Some("ada@example.com".parse().unwrap()),
        sign_up_id: None,
        password: None,
        code: secret(&code),
    };
    bed.accounts.verify_email(verify, &home()).await.unwrap();
    bed.sign_in("ada@example.com", &home()).await.unwrap();
    bed.wait(31);
    let again = bed
        .accounts
        .sign_up(sign_up("ada@example.com", "walnut-ferry-lantern"), &home())
        .await
        .unwrap();
    assert!(matches!(again, SignedUp::VerificationSent { .. }));
    assert!(
        bed.newest_to("ada@example.com")
            .await
            .text
            .contains("already have an account")
    );
    bed.sign_in("ada@example.com", &home()).await.unwrap();
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_told_as_such() {
    let bed = accounts().await;
    bed.sign_up("ada@example.com").await;
    bed.base.store.fail_next(1);
    assert_eq!(
        bed.sign_in("ada@example.com", &home()).await.unwrap_err().code(),
        STORE_UNAVAILABLE
    );
}

#[tokio::test]
async fn a_password_is_the_same_however_the_keyboard_makes_its_accents() {
    let (composed, decomposed) = (
        "M\u{fc}llers-K\u{e4}tzchen-schl\u{e4}ft",
        "Mu\u{308}llers-Ka\u{308}tzchen-schla\u{308}ft",
    );
    for (chosen, typed) in [(composed, decomposed), (decomposed, composed)] {
        let bed = accounts().await;
        let accounts = &bed.accounts;
        let command = sign_up("ada@example.com", chosen);
        accounts.sign_up(command, &home()).await.unwrap();
        let command = |password| SignIn {
            email: "ada@example.com".parse().unwrap(),
            password: secret(password),
        };
        accounts.sign_in(command(typed), &home()).await.unwrap();
        accounts.sign_in(command(chosen), &home()).await.unwrap();
        let wrong = command("Mullers-Katzchen-schlaft");
        let refused = accounts.sign_in(wrong, &home()).await.unwrap_err();
        assert_eq!(refused.code(), WRONG_CREDENTIALS);
    }
}

#[tokio::test]
async fn a_hash_of_text_that_was_not_composed_matches_and_is_renewed() {
    let decomposed = "Mu\u{308}llers-Ka\u{308}tzchen-schla\u{308}ft";
    let bed = accounts().await;
    let accounts = &bed.accounts;
    let who = bed.sign_up("ada@example.com").await;
    let account = accounts.directory.account(&who.subject).await.unwrap().unwrap();
    let older = Account {
        password: accounts
            .context
            .hasher
            .hash(secret::<Password>(decomposed).secret())
            .await
            .unwrap(),
        ..account.value.clone()
    };
    let mut batch = Batch::default();
    batch.replace(&account, &older).unwrap();
    accounts.context.commit(batch).await.unwrap();
    let command = |password: &str| SignIn {
        email: "ada@example.com".parse().unwrap(),
        password: secret(password),
    };
    accounts.sign_in(command(decomposed), &home()).await.unwrap();
    let composed = secret::<Password>(decomposed).composed();
    accounts
        .sign_in(command(composed.expose()), &home())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_password_made_of_product_address_or_name_is_refused() {
    let bed = accounts().await;
    let accounts = &bed.accounts;
    for password in ["Portcullis2026!", "grace.hopper1906", "Gr4ceH0pper99"] {
        let command = sign_up("grace.hopper@example.com", password);
        let refused = accounts.sign_up(command, &home()).await.unwrap_err();
        assert_eq!(refused.code(), WEAK_PASSWORD, "{password}");
    }
    let named = SignUp {
        display_name: Some("Amazing Grace".parse().unwrap()),
        ..sign_up("ada@example.com", "AmazingGrace1!")
    };
    let refused = accounts.sign_up(named, &home()).await.unwrap_err();
    assert_eq!(refused.code(), WEAK_PASSWORD);
}

#[tokio::test]
async fn an_international_address_is_one_address_however_it_is_written() {
    let bed = accounts().await;
    let who = bed.sign_up("ada@M\u{fc}nchen.example").await;
    let again = bed
        .accounts
        .sign_up(sign_up("ada@xn--mnchen-3ya.example", PASSWORD), &home())
        .await;
    assert_eq!(again.unwrap_err().code(), EMAIL_TAKEN);
    let view = bed.accounts.view(&who.subject).await.unwrap().unwrap();
    assert_eq!(view.email.as_deref(), Some("ada@m\u{fc}nchen.example"));
    bed.newest_to("ada@xn--mnchen-3ya.example").await;
}

#[tokio::test]
async fn a_token_of_an_account_that_does_not_exist_is_refused_whoever_else_knows_people() {
    let mut bed = accounts().await;
    let now = bed.base.context.now();
    let nobody = Subject::parse("usr_nobody").unwrap();
    let token = |bed: &AccountsBed, foreign| {
        let lineage = Lineage {
            foreign,
            ..Lineage::default()
        };
        let made = bed.accounts.token(&nobody, lineage, now, now).unwrap();
        Bearer(made.access_token)
    };
    let identified = async |bed: &AccountsBed, foreign| {
        let token = token(bed, foreign);
        bed.accounts.identify(&token, None, &home()).await.is_ok()
    };
    assert!(!identified(&bed, false).await && !identified(&bed, true).await);
    bed.accounts.others = Arc::from([Arc::new(Elsewhere(now)) as Arc<_>]);
    assert!(!identified(&bed, false).await, "no account of ours");
    assert!(
        identified(&bed, true).await,
        "somebody whom the other provider knows"
    );
}
