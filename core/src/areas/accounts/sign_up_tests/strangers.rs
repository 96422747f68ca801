//! What strangers can and cannot do to the sign-ups of others.

use super::*;
use crate::foundation::observed_store::Work;

#[tokio::test]
async fn one_network_uses_up_half_of_what_an_address_gets_from_strangers() {
    let bed = accounts_with(verified()).await;
    let mut sent = 0;
    for _ in 0..12 {
        sent += usize::from(
            bed.accounts
                .sign_up(applying(STRANGER), &elsewhere(1))
                .await
                .is_ok(),
        );
    }
    assert_eq!(sent, 5);
    apply(&bed, PASSWORD, &home()).await;
    for network in 2..=20 {
        let more = bed
            .accounts
            .sign_up(applying(STRANGER), &elsewhere(network))
            .await;
        sent += usize::from(more.is_ok());
    }
    assert_eq!(sent + 1, 10, "an address is not flooded");
}

/// Guesses twice where there is an account and twice where there is none; gives the work of one guess, which must be the
/// same, and how often the hash of an account and a decoy were compared in all four.
async fn guesses_cost_the_same(settings: AccountsSettings, password: &str) -> (Work, (usize, usize)) {
    let (bed, store) = observed(settings).await;
    bed.accounts.sign_up(applying(PASSWORD), &home()).await.unwrap();
    let guess = async |email: &str| {
        let command = SignIn {
            email: email.parse().unwrap(),
            password: secret(password),
        };
        let refused = bed.accounts.sign_in(command, &elsewhere(1)).await;
        assert_eq!(refused.unwrap_err().code(), WRONG_CREDENTIALS);
        store.work()
    };
    guess(ADA).await;
    guess("nobody@example.com").await;
    let there = guess(ADA).await;
    assert_eq!(there, guess("nobody@example.com").await);
    let compared = (
        bed.base.hasher.checks.load(Ordering::SeqCst),
        bed.base.hasher.decoys.load(Ordering::SeqCst),
    );
    (there, compared)
}

#[tokio::test]
async fn a_wrong_password_costs_the_same_with_and_without_an_account() {
    // Where a sign-up may wait at the address, its password is compared as well, or as if.
    for (settings, compared) in [(AccountsSettings::default(), (2, 2)), (verified(), (2, 6))] {
        let (work, hashes) = guesses_cost_the_same(settings, "not the password").await;
        assert_eq!(work.commits, 3, "two counted, one written");
        assert_eq!(hashes, compared);
    }
}

#[tokio::test]
async fn a_password_that_is_compared_twice_costs_the_same_with_and_without_an_account() {
    for (settings, compared) in [(AccountsSettings::default(), (4, 4)), (verified(), (4, 12))] {
        // Its composed form is another text, so that both are compared.
        let (work, hashes) = guesses_cost_the_same(settings, "Mu\u{308}llers Ka\u{308}tzchen").await;
        assert!(work.gets > 0 && work.commits > 0);
        assert_eq!(hashes, compared, "two for each comparison");
    }
}

#[tokio::test]
async fn asking_for_a_mail_and_guessing_its_code_cost_the_same_whether_or_not_somebody_waits() {
    let (bed, store) = observed(AccountsSettings::default()).await;
    bed.sign_up(ADA).await;
    bed.base
        .services
        .outbox
        .drain(crate::foundation::lane::Lane::Codes)
        .await
        .unwrap();
    let ask = async |email: &str, network: u8| {
        store.work();
        let source = elsewhere(network);
        bed.accounts
            .resend_verification(resend(email), &source)
            .await
            .unwrap();
        store.work()
    };
    let waiting = ask(ADA, 1).await;
    assert_eq!(waiting, ask("nobody@example.com", 2).await);
    assert!(waiting.writes > 5, "{waiting:?}");
    bed.wait(31);
    let again = ask(ADA, 3).await;
    assert_eq!(again, ask("nobody@example.com", 4).await);
    let guess = async |email: &str, network: u8| {
        let command = VerifyEmail {
            email: Some(email.parse().unwrap()),
            ..by_code("000000")
        };
        store.work();
        let refused = bed.accounts.verify_email(command, &elsewhere(network)).await;
        assert_eq!(refused.unwrap_err().code(), WRONG_CODE);
        store.work()
    };
    assert_eq!(guess(ADA, 5).await, guess("nobody@example.com", 6).await);
    for network in 10..30 {
        bed.wait(31);
        let silent = ask(ADA, network).await;
        assert_eq!(
            silent,
            ask("nobody@example.com", network + 100).await,
            "{network}"
        );
    }
    bed.base
        .services
        .outbox
        .drain(crate::foundation::lane::Lane::Codes)
        .await
        .unwrap();
    let sent = bed.base.post.sent();
    let sent = sent.iter().filter(|message| message.to.address() == ADA);
    assert_eq!(
        sent.count(),
        11,
        "beside that of the sign-up; what is too much is left out silently"
    );
    let (bed, store) = observed(verified()).await;
    apply(&bed, PASSWORD, &home()).await;
    let code = bed.code_to(ADA).await;
    verify(&bed, by_code(&code)).await.unwrap();
    bed.wait(31);
    let apply_as = async |email: &str, network: u8| {
        let mut command = applying(STRANGER);
        command.email = email.parse().unwrap();
        store.work();
        bed.accounts.sign_up(command, &elsewhere(network)).await.unwrap();
        store.work()
    };
    assert_eq!(apply_as(ADA, 1).await, apply_as("free@example.com", 2).await);
}

#[tokio::test]
async fn a_sign_up_that_fails_sends_and_counts_nothing() {
    let mut settings = verified();
    settings.services.budgets.sends_per_destination = Limit::new(2, Span::hours(1));
    let (bed, store) = observed(settings).await;
    store.forgetful.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let failed = bed.accounts.sign_up(applying(PASSWORD), &home()).await;
        assert_eq!(failed.unwrap_err().code(), STORE_UNAVAILABLE);
    }
    store.forgetful.store(false, Ordering::SeqCst);
    apply(&bed, PASSWORD, &home()).await;
}

#[tokio::test]
async fn passwords_are_judged_within_the_budget_of_the_network() {
    let mut settings = AccountsSettings::default();
    settings.services.budgets.sign_up_per_source = Limit::new(3, Span::hours(1));
    let bed = accounts_with(settings).await;
    for number in 0..6 {
        let refused = bed.accounts.sign_up(applying("password1"), &home()).await;
        let expected = if number < 3 {
            WEAK_PASSWORD
        } else {
            TOO_MANY_ATTEMPTS
        };
        assert_eq!(refused.unwrap_err().code(), expected);
    }
    assert_eq!(
        bed.base.hasher.tasks.load(Ordering::SeqCst),
        3,
        "judging is done where hashes are computed, and only within the budget"
    );
}

#[tokio::test]
async fn a_flood_of_sign_ins_and_codes_from_one_network_is_refused_without_the_store() {
    let mut settings = AccountsSettings::default();
    settings.services.budgets.sign_in_per_source = Limit::new(5, Span::minutes(10));
    let (bed, store) = observed(settings).await;
    let ask = async |number: usize| {
        let email = format!("user{number}@example.com");
        let command = SignIn {
            email: email.parse().unwrap(),
            password: secret("not the password"),
        };
        let signed_in = bed.accounts.sign_in(command, &elsewhere(1)).await;
        let command = VerifyEmail {
            email: Some(email.parse().unwrap()),
            ..by_code("000000")
        };
        let verified = bed.accounts.verify_email(command, &elsewhere(1)).await;
        (signed_in.unwrap_err().code(), verified.unwrap_err().code())
    };
    for number in 0..6 {
        ask(number).await;
    }
    store.work();
    for number in 6..500 {
        assert_eq!(ask(number).await, (TOO_MANY_ATTEMPTS, TOO_MANY_ATTEMPTS));
    }
    let work = store.work();
    assert_eq!((work.gets, work.queries, work.commits), (0, 0, 0));
}
