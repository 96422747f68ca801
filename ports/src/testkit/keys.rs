//! What every key manager must keep.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use futures_util::future::join_all;

use super::suite::{SetUp, Suite};
use crate::error::{Kind, Result};
use crate::keys::{ConnectedKeys, EncryptionContext, KeyManager, Keys, KeysCapability, NOT_OURS, Sealed};
use crate::plugin::Plugin;

const SECRET: &[u8] = b"JBSWY3DPEHPK3PXP is the seed of an authenticator";

/// Makes another key the active one.
pub type Rotate = Box<dyn Fn() -> Result<()>>;

impl Suite for Keys {
    /// How keys are rotated; for [`KeysCapability::Rotation`].
    type Expectations = Option<Rotate>;

    async fn conforms(plugin: &'static Plugin<Self>, connected: &ConnectedKeys, set_up: &SetUp<Self>) {
        let connect = async || set_up.connect(plugin, None).await.keys;
        conforms(&*connected.keys).await;
        agree(&*connected.keys, &*connect().await).await;
        let declared = plugin.capabilities.contains(&KeysCapability::Rotation);
        assert_eq!(
            set_up.expectations.is_some(),
            declared,
            "the set-up knows how keys are rotated exactly if that is declared"
        );
        if let Some(rotate) = &set_up.expectations {
            survives_rotation(connect, async || rotate()).await;
        }
    }
}

/// The promises of [`KeyManager`], on one that is connected.
///
/// # Panics
/// On the first broken promise.
pub async fn conforms(keys: &dyn KeyManager) {
    what_was_sealed_opens(keys).await;
    sealing_twice_gives_different_texts(keys).await;
    another_context_keeps_it_shut(keys).await;
    an_altered_text_stays_shut(keys).await;
    more_than_the_limit_is_refused(keys).await;
    many_at_once_do_not_mix(keys).await;
}

/// What one sealed the other opens: the same keys before and after a restart, or on two machines.
///
/// # Panics
/// On the first broken promise.
pub async fn agree(first: &dyn KeyManager, second: &dyn KeyManager) {
    for (one, other) in [(first, second), (second, first)] {
        let sealed = seal(one, SECRET, &context()).await;
        assert_eq!(open(other, &sealed, &context()).await, SECRET);
    }
}

/// For [`crate::keys::KeysCapability::Rotation`]: `rotate` makes another key the active one, `connect` connects anew.
///
/// # Panics
/// On the first broken promise.
pub async fn survives_rotation<K: AsRef<dyn KeyManager>>(
    connect: impl AsyncFn() -> K,
    rotate: impl AsyncFn() -> Result<()>,
) {
    let running = connect().await;
    let mut sealed = vec![seal(running.as_ref(), SECRET, &context()).await];
    for _ in 0..2 {
        if let Err(error) = rotate().await {
            panic!("the key cannot be rotated: {error:?}");
        }
        let restarted = connect().await;
        sealed.push(seal(restarted.as_ref(), SECRET, &context()).await);
        for text in &sealed {
            for keys in [&restarted, &running] {
                assert_eq!(
                    open(keys.as_ref(), text, &context()).await,
                    SECRET,
                    "old and new texts open after a rotation, in running processes too"
                );
            }
        }
        agree(running.as_ref(), restarted.as_ref()).await;
    }
}

async fn what_was_sealed_opens(keys: &dyn KeyManager) {
    let all_bytes: Vec<u8> = (0..=u8::MAX).collect();
    let long = vec![0xA5; 4096];
    for plain in [&b"a"[..], SECRET, &[0, 0, 0], &all_bytes, &long] {
        let sealed = seal(keys, plain, &context()).await;
        assert_eq!(open(keys, &sealed, &context()).await, plain);
        assert!(
            sealed.0.len() <= 16 * 1024 && sealed.0.chars().all(|c| c.is_ascii_graphic()),
            "a sealed text is printable and small: {sealed:?}"
        );
    }
    let sealed = seal(keys, SECRET, &context()).await;
    assert!(!sealed.0.contains("JBSWY3DPEHPK3PXP"), "the secret can be read");
}

async fn sealing_twice_gives_different_texts(keys: &dyn KeyManager) {
    let first = seal(keys, SECRET, &context()).await;
    let second = seal(keys, SECRET, &context()).await;
    assert_ne!(first, second, "equal secrets can be told from their sealed texts");
}

async fn another_context_keeps_it_shut(keys: &dyn KeyManager) {
    let sealed = seal(keys, SECRET, &context()).await;
    let others = [
        EncryptionContext::new("totp"),
        EncryptionContext::new("totp").and("account", "usr_2"),
        EncryptionContext::new("recovery").and("account", "usr_1"),
        EncryptionContext::new("totp").and("device", "usr_1"),
        context().and("device", "dev_1"),
    ];
    for other in others {
        stays_shut(keys, &sealed, &other).await;
    }
    // The order in which a context is built does not matter.
    let built = |first: &'static str, second: &'static str| {
        EncryptionContext::new("totp").and(first, "1").and(second, "1")
    };
    let sealed = seal(keys, SECRET, &built("a", "b")).await;
    assert_eq!(open(keys, &sealed, &built("b", "a")).await, SECRET);
}

async fn an_altered_text_stays_shut(keys: &dyn KeyManager) {
    let sealed = seal(keys, SECRET, &context()).await.0;
    let characters: Vec<char> = sealed.chars().collect();
    let last = characters.len() - 1;
    for at in [0, last / 4, last / 2, last - 4, last] {
        let mut altered = characters.clone();
        if let Some(character) = altered.get_mut(at) {
            *character = if *character == 'A' { 'B' } else { 'A' };
        }
        stays_shut(keys, &Sealed(altered.into_iter().collect()), &context()).await;
        let cut = characters.iter().take(at).collect();
        stays_shut(keys, &Sealed(cut), &context()).await;
    }
    for foreign in [
        String::new(),
        "garbage".to_owned(),
        "k1..".to_owned(),
        "🔑".to_owned(),
        format!("{sealed}A"),
        format!(" {sealed}"),
        format!("{sealed}.{sealed}"),
    ] {
        stays_shut(keys, &Sealed(foreign), &context()).await;
    }
}

async fn more_than_the_limit_is_refused(keys: &dyn KeyManager) {
    let Err(error) = keys.seal(&[7; 4097], &context()).await else {
        panic!("4097 bytes are sealed, which other key managers refuse");
    };
    assert_eq!(error.kind(), Kind::Internal, "it is a defect of the caller");
}

async fn many_at_once_do_not_mix(keys: &dyn KeyManager) {
    let round = async |number: usize| {
        let plain = format!("secret number {number}");
        let sealed = seal(keys, plain.as_bytes(), &context()).await;
        assert_eq!(open(keys, &sealed, &context()).await, plain.as_bytes());
    };
    join_all((0..16).map(round)).await;
}

fn context() -> EncryptionContext {
    EncryptionContext::new("totp").and("account", "usr_1")
}

async fn seal(keys: &dyn KeyManager, plain: &[u8], context: &EncryptionContext) -> Sealed {
    match keys.seal(plain, context).await {
        Ok(sealed) => sealed,
        Err(error) => panic!("{} bytes cannot be sealed: {error:?}", plain.len()),
    }
}

async fn open(keys: &dyn KeyManager, sealed: &Sealed, context: &EncryptionContext) -> Vec<u8> {
    match keys.open(sealed, context).await {
        Ok(plain) => plain.to_vec(),
        Err(error) => panic!("what was sealed does not open: {error:?}"),
    }
}

async fn stays_shut(keys: &dyn KeyManager, sealed: &Sealed, context: &EncryptionContext) {
    match keys.open(sealed, context).await {
        Ok(_) => panic!("{sealed:?} opens for {context:?}"),
        Err(error) => assert_eq!(error.code(), NOT_OURS, "{sealed:?} for {context:?}: {error:?}"),
    }
}
