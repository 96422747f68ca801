//! Several key managers as one: one seals, and what any of them sealed opens.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::connections::Connections;
use portcullis_ports::keys::{EncryptionContext, KeyManager, Keys, NOT_OURS, Sealed};
use zeroize::Zeroizing;

/// What seals, and opens what former key managers sealed as well.
///
/// # Errors
/// An internal error if none is connected.
pub fn key_manager(connections: &Connections) -> Result<Arc<dyn KeyManager>> {
    let current = Arc::clone(&connections.one::<Keys>()?.keys);
    let former = connections.former::<Keys>();
    if former.is_empty() {
        return Ok(current);
    }
    let former = former.into_iter().map(|one| Arc::clone(&one.keys));
    Ok(Arc::new(FormerKeys::new(current, former.collect())))
}

/// The key manager in use, and those that sealed before it.
pub struct FormerKeys {
    current: Arc<dyn KeyManager>,
    former: Vec<Arc<dyn KeyManager>>,
}

impl FormerKeys {
    /// Puts `current` before those that are to open what they sealed, in the order in which they are asked.
    pub fn new(current: Arc<dyn KeyManager>, former: Vec<Arc<dyn KeyManager>>) -> Self {
        Self { current, former }
    }

    /// The key manager in use.
    pub(crate) fn current(&self) -> &dyn KeyManager {
        self.current.as_ref()
    }

    /// Opens a text, and says whether the key manager in use did.
    pub(crate) async fn open_by(
        &self,
        sealed: &Sealed,
        context: &EncryptionContext,
    ) -> Result<(Zeroizing<Vec<u8>>, bool)> {
        let mut refusal = match self.current.open(sealed, context).await {
            Ok(plain) => return Ok((plain, true)),
            Err(error) => error,
        };
        for keys in &self.former {
            match keys.open(sealed, context).await {
                Ok(plain) => return Ok((plain, false)),
                // As long as one of them cannot say, it may still be the one that made it.
                Err(error) if refusal.code() == NOT_OURS => refusal = error,
                Err(_) => {}
            }
        }
        Err(refusal)
    }
}

#[async_trait]
impl KeyManager for FormerKeys {
    async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
        self.current.seal(plain, context).await
    }

    async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
        Ok(self.open_by(sealed, context).await?.0)
    }

    async fn note_store(&self, store: &str) -> Result<()> {
        self.current.note_store(store).await
    }

    /// A note of a former key manager counts as well: its store must not be lost on the way to the one in use.
    async fn store_note(&self, store: &str) -> Result<Option<String>> {
        for keys in [&self.current].into_iter().chain(&self.former) {
            if let Some(place) = keys.store_note(store).await? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use data_encoding::HEXLOWER;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use portcullis_ports::Error;
    use portcullis_ports::keys::KEYS_UNAVAILABLE;
    use portcullis_ports::testkit::keys::conforms;
    use sha2::Sha256;

    use super::*;

    /// Puts its name, the plain text and a code over both into the sealed text, and can fall silent.
    pub(crate) struct TestKeys {
        name: &'static str,
        sealed: AtomicU64,
        silent: AtomicBool,
    }

    impl TestKeys {
        pub(crate) fn new(name: &'static str) -> Self {
            Self {
                name,
                sealed: AtomicU64::new(0),
                silent: AtomicBool::new(false),
            }
        }

        pub(crate) fn silence(&self, silent: bool) {
            self.silent.store(silent, Ordering::SeqCst);
        }

        /// How many texts it sealed.
        pub(crate) fn sealed(&self) -> u64 {
            self.sealed.load(Ordering::SeqCst)
        }

        fn answers(&self) -> Result<()> {
            if self.silent.load(Ordering::SeqCst) {
                return Err(KEYS_UNAVAILABLE.error());
            }
            Ok(())
        }

        fn code(&self, number: u64, plain: &[u8], context: &EncryptionContext) -> String {
            let mut mac = Hmac::<Sha256>::new_from_slice(self.name.as_bytes()).unwrap();
            mac.update(&number.to_be_bytes());
            mac.update(&context.canonical());
            mac.update(plain);
            HEXLOWER.encode(&mac.finalize().into_bytes())
        }

        fn parts<'a>(&self, text: &'a str) -> Option<(u64, Vec<u8>, &'a str)> {
            let mut parts = text.split('.');
            let (name, number, plain) = (parts.next()?, parts.next()?, parts.next()?);
            let code = parts
                .next()
                .filter(|_| parts.next().is_none() && name == self.name)?;
            Some((
                number.parse().ok()?,
                HEXLOWER.decode(plain.as_bytes()).ok()?,
                code,
            ))
        }
    }

    #[async_trait]
    impl KeyManager for TestKeys {
        async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
            self.answers()?;
            if plain.len() > 4096 {
                return Err(Error::internal("too long"));
            }
            let number = self.sealed.fetch_add(1, Ordering::SeqCst);
            Ok(Sealed(format!(
                "{}.{number}.{}.{}",
                self.name,
                HEXLOWER.encode(plain),
                self.code(number, plain, context)
            )))
        }

        async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
            self.answers()?;
            let (number, plain, code) = self.parts(&sealed.0).ok_or_else(|| NOT_OURS.error())?;
            if code == self.code(number, &plain, context) {
                Ok(Zeroizing::new(plain))
            } else {
                Err(NOT_OURS.error())
            }
        }
    }

    fn context() -> EncryptionContext {
        EncryptionContext::new("test").and("number", "1")
    }

    fn of(names: &[&'static str]) -> (Vec<Arc<TestKeys>>, FormerKeys) {
        let keys: Vec<Arc<TestKeys>> = names.iter().map(|name| Arc::new(TestKeys::new(name))).collect();
        let mut all = keys.iter().map(|keys| Arc::clone(keys) as Arc<dyn KeyManager>);
        let current = all.next().unwrap();
        (keys.clone(), FormerKeys::new(current, all.collect()))
    }

    #[tokio::test]
    async fn together_they_keep_what_one_promises() {
        conforms(&of(&["new", "old"]).1).await;
    }

    #[tokio::test]
    async fn what_any_of_them_sealed_opens_and_the_first_seals() {
        let (keys, together) = of(&["new", "old", "oldest"]);
        for (at, one) in keys.iter().enumerate() {
            let sealed = one.seal(b"secret", &context()).await.unwrap();
            let (plain, by_current) = together.open_by(&sealed, &context()).await.unwrap();
            assert_eq!((plain.as_slice(), by_current), (&b"secret"[..], at == 0));
        }
        let sealed = together.seal(b"secret", &context()).await.unwrap();
        assert!(keys[0].open(&sealed, &context()).await.is_ok());
    }

    #[tokio::test]
    async fn a_text_of_nobody_is_not_ours_unless_somebody_cannot_say() {
        let (keys, together) = of(&["new", "old", "oldest"]);
        let foreign = TestKeys::new("foreign").seal(b"x", &context()).await.unwrap();
        let refusal = async || together.open(&foreign, &context()).await.unwrap_err().code();
        assert_eq!(refusal().await, NOT_OURS);
        for silent in &keys {
            silent.silence(true);
            assert_eq!(refusal().await, KEYS_UNAVAILABLE);
            silent.silence(false);
        }
    }

    #[tokio::test]
    async fn one_that_does_not_answer_does_not_hide_what_the_others_sealed() {
        let (keys, together) = of(&["new", "old", "oldest"]);
        let sealed = keys[2].seal(b"secret", &context()).await.unwrap();
        keys[0].silence(true);
        keys[1].silence(true);
        assert!(together.open(&sealed, &context()).await.is_ok());
    }
}
