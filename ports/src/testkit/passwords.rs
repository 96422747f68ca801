//! What every password hasher must keep.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::poll;

use super::suite::{SetUp, Suite};
use crate::error::Error;
use crate::passwords::{
    ConnectedPasswords, HASHER_BUSY, PasswordCheck, PasswordHash, PasswordHasher, Passwords,
};
use crate::plugin::Plugin;
use crate::secret::Secret;

const PASSWORD: &str = "correct horse battery staple";

/// How often a duration is measured; the shortest counts, because noise only ever adds.
const MEASUREMENTS: usize = 15;
/// How far two durations may be apart that are meant to be equal, on a machine that does other things as well.
const TOLERANCE: u32 = 3;

impl Suite for Passwords {
    /// Settings with other parameters than those of the set-up.
    type Expectations = serde_json::Value;

    async fn conforms(plugin: &'static Plugin<Self>, connected: &ConnectedPasswords, set_up: &SetUp<Self>) {
        let other = set_up.connect(plugin, Some(&set_up.expectations)).await;
        conforms(&*connected.hasher).await;
        outdates(&*connected.hasher, &*other.hasher).await;
    }
}

/// The promises of [`PasswordHasher`].
///
/// # Panics
/// On the first broken promise.
pub async fn conforms(hasher: &dyn PasswordHasher) {
    only_the_password_matches(hasher).await;
    every_character_of_a_long_or_strange_password_counts(hasher).await;
    a_hash_tells_nothing_and_is_never_the_same(hasher).await;
    what_is_no_hash_is_an_error(hasher).await;
    many_at_once_do_not_mix(hasher).await;
    an_abandoned_call_blocks_nobody(hasher).await;
    a_decoy_takes_as_long_as_a_wrong_password(hasher).await;
    other_work_is_done_elsewhere_and_answers_for_itself(hasher).await;
}

/// Hashes of a hasher with other parameters match, and say that they are outdated.
///
/// # Panics
/// On the first broken promise.
pub async fn outdates(hasher: &dyn PasswordHasher, with_other_parameters: &dyn PasswordHasher) {
    let old = hash(with_other_parameters, PASSWORD).await;
    assert_eq!(verify(hasher, PASSWORD, &old).await, PasswordCheck::MatchOutdated);
    assert_eq!(verify(hasher, "wrong", &old).await, PasswordCheck::Mismatch);
    let renewed = hash(hasher, PASSWORD).await;
    assert_eq!(verify(hasher, PASSWORD, &renewed).await, PasswordCheck::Match);
}

async fn only_the_password_matches(hasher: &dyn PasswordHasher) {
    let stored = hash(hasher, PASSWORD).await;
    assert_eq!(verify(hasher, PASSWORD, &stored).await, PasswordCheck::Match);
    for wrong in [
        "",
        " ",
        "Correct horse battery staple",
        "correct horse battery staple ",
        " correct horse battery staple",
        "correct horse battery stapl",
        "correct horse battery staple\0",
    ] {
        assert_eq!(
            verify(hasher, wrong, &stored).await,
            PasswordCheck::Mismatch,
            "{wrong:?}"
        );
    }
}

async fn every_character_of_a_long_or_strange_password_counts(hasher: &dyn PasswordHasher) {
    let long = "x".repeat(1024);
    for password in ["pässwörd ☂ 密码", "nul\0inside", "\u{1F512}\u{FE0F}", &long] {
        let stored = hash(hasher, password).await;
        assert_eq!(verify(hasher, password, &stored).await, PasswordCheck::Match);
        let mut shorter = password.to_owned();
        shorter.pop();
        for wrong in [format!("{password}y"), format!("{shorter}y"), shorter] {
            assert_eq!(
                verify(hasher, &wrong, &stored).await,
                PasswordCheck::Mismatch,
                "{wrong:?}"
            );
        }
    }
}

async fn a_hash_tells_nothing_and_is_never_the_same(hasher: &dyn PasswordHasher) {
    let first = hash(hasher, PASSWORD).await;
    assert_ne!(first, hash(hasher, PASSWORD).await, "the salt is not fresh");
    assert!(!first.0.contains("horse"), "the password can be read");
    assert!(
        first.0.starts_with('$') && first.0.len() <= 512 && first.0.chars().all(|c| c.is_ascii_graphic()),
        "not a PHC string: {first:?}"
    );
}

async fn what_is_no_hash_is_an_error(hasher: &dyn PasswordHasher) {
    let good = hash(hasher, PASSWORD).await.0;
    let cut: String = good.chars().take(good.len() / 2).collect();
    for text in [
        "",
        "$",
        PASSWORD,
        "$unknown$v=1$a$b",
        &cut,
        &format!("{good}$more"),
    ] {
        let verdict = hasher
            .verify(&Secret::new(PASSWORD), &PasswordHash(text.to_owned()))
            .await;
        assert!(
            verdict.is_err(),
            "{text:?} is taken for a hash that says {verdict:?}"
        );
    }
}

async fn many_at_once_do_not_mix(hasher: &dyn PasswordHasher) {
    let round = async |number: usize| {
        let password = format!("password number {number}");
        let stored = hash(hasher, &password).await;
        assert_eq!(verify(hasher, &password, &stored).await, PasswordCheck::Match);
    };
    join_all((0..8).map(round)).await;
}

async fn an_abandoned_call_blocks_nobody(hasher: &dyn PasswordHasher) {
    let password = Secret::new(PASSWORD);
    for _ in 0..8 {
        let mut calls: Vec<_> = (0..4).map(|_| hasher.hash(&password)).collect();
        for call in &mut calls {
            if let std::task::Poll::Ready(Err(error)) = poll!(call) {
                panic!("four calls at once are too many: {error:?}");
            }
        }
        drop(calls);
        // All calls before it are abandoned; it must get its turn.
        hash(hasher, PASSWORD).await;
    }
}

async fn a_decoy_takes_as_long_as_a_wrong_password(hasher: &dyn PasswordHasher) {
    let stored = hash(hasher, PASSWORD).await;
    let wrong = Secret::new("wrong");
    let (mut decoy, mut mismatch) = (Duration::MAX, Duration::MAX);
    for _ in 0..MEASUREMENTS {
        let start = Instant::now();
        if let Err(error) = hasher.decoy(&wrong).await {
            panic!("a decoy fails: {error:?}");
        }
        decoy = decoy.min(start.elapsed());
        let start = Instant::now();
        assert_eq!(verify(hasher, "wrong", &stored).await, PasswordCheck::Mismatch);
        mismatch = mismatch.min(start.elapsed());
    }
    assert!(
        decoy <= mismatch * TOLERANCE && mismatch <= decoy * TOLERANCE,
        "accounts can be told from their absence: a decoy takes {decoy:?}, a wrong password {mismatch:?}"
    );
}

async fn hash(hasher: &dyn PasswordHasher, password: &str) -> PasswordHash {
    match hasher.hash(&Secret::new(password)).await {
        Ok(hash) => hash,
        Err(error) => panic!("a password cannot be hashed: {error:?}"),
    }
}

async fn verify(hasher: &dyn PasswordHasher, password: &str, stored: &PasswordHash) -> PasswordCheck {
    match hasher.verify(&Secret::new(password), stored).await {
        Ok(verdict) => verdict,
        Err(error) => panic!("{stored:?} cannot be checked: {error:?}"),
    }
}

async fn other_work_is_done_elsewhere_and_answers_for_itself(hasher: &dyn PasswordHasher) {
    let here = std::thread::current().id();
    let elsewhere = move || {
        if std::thread::current().id() == here {
            return Err(Error::internal("the thread that asks does the work"));
        }
        Ok(())
    };
    if let Err(error) = hasher.run(Box::new(elsewhere)).await {
        panic!("{error:?}");
    }
    let refused = hasher.run(Box::new(|| Err(HASHER_BUSY.error()))).await;
    assert_eq!(refused.map_err(|error| error.code()), Err(HASHER_BUSY));
}
