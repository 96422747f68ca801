//! The keys of a deployment: made once, sealed by the key manager, shared through the store, never leaving it bare.
//!
//! The root secret makes the names under which things are found again, and stays. Signing keys make whatever somebody must
//! not be able to make himself, name themselves in it, and are rotated: the newest signs, and what former ones signed counts
//! until they are retired.

mod derived;
mod record;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_lock::Mutex as AsyncMutex;
use data_encoding::{BASE64URL_NOPAD, Encoding, HEXLOWER};
use portcullis_ports::keys::KeyManager;
use portcullis_ports::secret::same_secret;
use portcullis_ports::storage::{RecordStore, STORE_LOST, Version};
use portcullis_ports::{Clock, Entropy, Error, Result, Timestamp};
use zeroize::Zeroizing;

use derived::DerivedKeys;
use record::{FIRST, SECRET, find};
pub(crate) use record::{KEYRING, RootSecret, SigningKey, take_over_signing_keys};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::retry::retry_on_conflict;
use crate::foundation::sealed_texts::kind;
use crate::foundation::table::Batch;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        Family::new(KEYRING, Personal::Nobody, &[shape::<RootSecret>("root secret")])
            .sealed(kind::<RootSecret>()),
    ],
    ..Area::EMPTY
};

/// How long a node knows a new key before it signs with it: all other nodes have read it by then.
pub(crate) const PUBLISHED: Duration = Duration::from_secs(10);

/// The shortest time between two reads that are made because a key is not known here.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// Checks that these keys open the root secret of a store, which every start needs. A store without one is new: nothing
/// is made here.
///
/// # Errors
/// Whatever store or key manager answer.
pub async fn check_root_secret(store: &Arc<dyn RecordStore>, keys: &dyn KeyManager) -> Result<()> {
    if let Some(found) = find(store).await? {
        found.open(keys).await?;
        for key in found.signing_keys() {
            key.open(keys).await?;
        }
    }
    Ok(())
}

/// What a store holds of the deployment that its keys belong to.
enum State {
    /// The root secret, and the mark of its state.
    InUse(RootSecret, Version),
    /// Nothing yet.
    Empty,
    /// Nothing any more.
    Lost(Error),
}

/// Asks the keys before the store: another node that starts for the first time at this moment notes the store only
/// after it has written the root secret.
async fn state(store: &Arc<dyn RecordStore>, name: &str, keys: &dyn KeyManager) -> Result<State> {
    let note = keys.store_note(name).await?;
    Ok(match (find(store).await?, note) {
        (Some(found), _) => State::InUse(found.value, found.version),
        (None, None) => State::Empty,
        (None, Some(place)) => State::Lost(STORE_LOST.with_detail(format!(
            "{name} is empty, although {place} says that it holds what these keys sealed. Is its disk mounted, and is \
             this its folder or table? Bring it back, or restore a backup. To begin anew without the accounts that it \
             held, delete {place} and start again."
        ))),
    })
}

/// Whether a store is still empty, as it is before the first start of a deployment.
///
/// # Errors
/// [`STORE_LOST`] if it is empty although the keys were used with it; whatever store and keys answer.
pub async fn is_unused(store: &Arc<dyn RecordStore>, name: &str, keys: &dyn KeyManager) -> Result<bool> {
    match state(store, name, keys).await? {
        State::InUse(..) => Ok(false),
        State::Empty => Ok(true),
        State::Lost(error) => Err(error),
    }
}

/// Makes and checks message authentication codes, each purpose with a key of its own.
pub(crate) struct Keyring {
    root: Arc<DerivedKeys>,
    ring: RwLock<Arc<Ring>>,
    /// When a key that is not known here was last looked for.
    refreshed_at: AsyncMutex<Timestamp>,
}

/// The signing keys as they were read last.
#[derive(Clone)]
struct Ring {
    /// The state of the record; `None` if there is none.
    version: Option<Version>,
    /// Oldest first, at least one.
    keys: Vec<OpenKey>,
    /// Which of them signs.
    current: usize,
    signs_all_histories: bool,
}

#[derive(Clone)]
struct OpenKey {
    id: Arc<str>,
    derived: Arc<DerivedKeys>,
    /// Since when this node knows it; of those that were there at its start, when they were made.
    known_since: Timestamp,
    revoked: bool,
}

impl Ring {
    fn find(&self, id: &str) -> Option<&OpenKey> {
        self.keys.iter().find(|key| *key.id == *id)
    }

    /// The same with the key that signs at this moment: the newest that all nodes had time to read.
    fn at(mut self, now: Timestamp) -> Self {
        let usable = |key: &OpenKey| !key.revoked;
        let published = |key: &OpenKey| usable(key) && now.since(key.known_since) >= PUBLISHED;
        let newest = self.keys.iter().rposition(published);
        let newest = newest.or_else(|| self.keys.iter().rposition(usable));
        self.current = newest.unwrap_or(self.keys.len() - 1);
        self
    }
}

/// A text that names the key that signed it, as it stands in credentials and records.
fn named(id: &str, text: &str) -> String {
    if id == FIRST {
        text.to_owned()
    } else {
        format!("{id}.{text}")
    }
}

/// The id of the key that a text names, and the rest of it.
pub(crate) fn split_key_id(text: &str) -> (&str, &str) {
    text.split_once('.').unwrap_or((FIRST, text))
}

impl Keyring {
    /// Opens the deployment's keys, or makes the root secret if this is the first start of all nodes. The store comes with
    /// its name.
    ///
    /// # Errors
    /// [`STORE_LOST`] if there is none although the keys were used with this store; whatever store and keys answer.
    pub(crate) async fn open(
        (store, name): (&Arc<dyn RecordStore>, &str),
        keys: &dyn KeyManager,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self> {
        let (record, version) = retry_on_conflict(clock, entropy, || async {
            match state(store, name, keys).await? {
                State::InUse(found, version) => return Ok((found, Some(version))),
                State::Lost(error) => return Err(error),
                State::Empty => {}
            }
            let mut fresh = Zeroizing::new([0; SECRET]);
            entropy.fill(fresh.as_mut_slice())?;
            let record = RootSecret::seal(fresh.as_slice(), keys).await?;
            let mut batch = Batch::default();
            batch.insert(&record)?;
            batch.commit(store.as_ref()).await?;
            Ok((record, None))
        })
        .await?;
        if let Err(error) = keys.note_store(name).await {
            // Such as a key file in a folder that is mounted read-only.
            tracing::info!(
                ?error,
                "the keys keep no note of the store: its loss would look like a first start"
            );
        }
        let keyring = Self::of(&record.open(keys).await?);
        let ring = keyring.ring_of(&record, version, keys, |key| key.made_at).await?;
        keyring.set(ring.at(clock.now()));
        Ok(keyring)
    }

    /// The keyring of a root secret that is the only signing key.
    pub(crate) fn of(root: &[u8]) -> Self {
        let root = Arc::new(DerivedKeys::of(root));
        let first = OpenKey {
            id: FIRST.into(),
            derived: Arc::clone(&root),
            known_since: Timestamp::from_millis(0),
            revoked: false,
        };
        Self {
            root,
            ring: RwLock::new(Arc::new(Ring {
                version: None,
                keys: vec![first],
                current: 0,
                signs_all_histories: false,
            })),
            refreshed_at: AsyncMutex::new(Timestamp::from_millis(0)),
        }
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, ring: Ring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// Opens the keys of a record that are not open yet.
    async fn ring_of(
        &self,
        record: &RootSecret,
        version: Option<Version>,
        keys: &dyn KeyManager,
        known_since: impl Fn(&SigningKey) -> Option<Timestamp>,
    ) -> Result<Ring> {
        let open = self.ring();
        let mut ring = Vec::new();
        for key in record.signing_keys() {
            ring.push(match open.find(&key.id) {
                Some(known) => OpenKey {
                    revoked: key.revoked,
                    ..known.clone()
                },
                None => OpenKey {
                    id: key.id.as_str().into(),
                    derived: match key.open(keys).await? {
                        Some(secret) => Arc::new(DerivedKeys::of(&secret)),
                        None => Arc::clone(&self.root),
                    },
                    known_since: known_since(&key).unwrap_or(Timestamp::from_millis(0)),
                    revoked: key.revoked,
                },
            });
        }
        Ok(Ring {
            version,
            keys: ring,
            current: 0,
            signs_all_histories: record.signs_all_histories,
        })
    }

    /// Reads again which keys there are, for a rotation by another process. As long as that fails everything stays as it
    /// is.
    ///
    /// # Errors
    /// Whatever store and keys answer.
    pub(crate) async fn refresh(
        &self,
        store: &Arc<dyn RecordStore>,
        keys: &dyn KeyManager,
        clock: &dyn Clock,
    ) -> Result<()> {
        // One after the other: what was read first must not replace what was read later.
        let _turn = self.refreshed_at.lock().await;
        self.read_again(store, keys, clock).await
    }

    async fn read_again(
        &self,
        store: &Arc<dyn RecordStore>,
        keys: &dyn KeyManager,
        clock: &dyn Clock,
    ) -> Result<()> {
        let read = RootSecret::read(store).await?;
        let known = self.ring();
        let now = clock.now();
        let ring = if known.version == Some(read.version) {
            Ring::clone(&known)
        } else {
            // It may have been sealed anew: whether these keys open it is to be known now, and not at the next start.
            read.open(keys).await?;
            let version = Some(read.version);
            self.ring_of(&read.value, version, keys, |_| Some(now)).await?
        };
        let ring = ring.at(now);
        if known.keys.len() != ring.keys.len() || known.current != ring.current {
            let id = &ring.keys[ring.current].id;
            tracing::info!(key = %id, keys = ring.keys.len(), "the signing keys were rotated");
        }
        self.set(ring);
        Ok(())
    }

    /// The same unless the key is known, or the last time was less than a second ago.
    ///
    /// # Errors
    /// Whatever store and keys answer.
    pub(crate) async fn look_for(
        &self,
        id: &str,
        store: &Arc<dyn RecordStore>,
        keys: &dyn KeyManager,
        clock: &dyn Clock,
    ) -> Result<()> {
        // Whoever comes meanwhile waits for what this finds.
        let mut last = self.refreshed_at.lock().await;
        let now = clock.now();
        if self.knows(id) || now.since(*last) < MIN_REFRESH_INTERVAL {
            return Ok(());
        }
        *last = now;
        self.read_again(store, keys, clock).await
    }

    /// Whether the head of every history is signed, so that one without a signature is forged.
    pub(crate) fn signs_all_histories(&self) -> bool {
        self.ring().signs_all_histories
    }

    /// Demands from now on that the head of every history is signed.
    ///
    /// # Errors
    /// Whatever store and keys answer, also if the keys were changed at this moment: then it is as before.
    pub(crate) async fn require_signed_histories(
        &self,
        store: &Arc<dyn RecordStore>,
        keys: &dyn KeyManager,
        clock: &dyn Clock,
    ) -> Result<()> {
        let read = RootSecret::read(store).await?;
        if !read.signs_all_histories {
            let mut batch = Batch::default();
            batch.replace(&read, &read.requiring_signed_histories(keys).await?)?;
            batch.commit(store.as_ref()).await?;
        }
        self.refresh(store, keys, clock).await
    }

    /// Whether this is the id of a signing key that is known here.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.ring().find(id).is_some()
    }

    /// What nobody else can name, and what is named alike for good: by this things are found again.
    pub(crate) fn pseudonym_bytes(&self, purpose: &'static str, parts: &[&str]) -> Result<[u8; 32]> {
        self.root.code(purpose, parts)
    }

    /// The same in hexadecimal, for record keys that must not show what they name.
    pub(crate) fn pseudonym(&self, purpose: &'static str, parts: &[&str]) -> Result<String> {
        Ok(HEXLOWER.encode(&self.pseudonym_bytes(purpose, parts)?))
    }

    /// A code over `parts` that nobody without the signing key can make, in URL-safe text that names the key.
    pub(crate) fn sign(&self, purpose: &'static str, parts: &[&str]) -> Result<String> {
        self.sign_as(&BASE64URL_NOPAD, purpose, parts)
    }

    /// The same in hexadecimal.
    pub(crate) fn sign_hex(&self, purpose: &'static str, parts: &[&str]) -> Result<String> {
        self.sign_as(&HEXLOWER, purpose, parts)
    }

    fn sign_as(&self, form: &Encoding, purpose: &'static str, parts: &[&str]) -> Result<String> {
        let ring = self.ring();
        let key = &ring.keys[ring.current];
        Ok(named(&key.id, &form.encode(&key.derived.code(purpose, parts)?)))
    }

    /// Whether a text is what [`Self::sign`] or [`Self::sign_hex`] made of `parts`. The time is the same for every wrong
    /// one.
    pub(crate) fn verify(&self, purpose: &'static str, parts: &[&str], text: &str) -> Result<bool> {
        self.verify_by(|key| !key.revoked, purpose, parts, text)
    }

    /// The same, with keys that were revoked: for histories, which must not become forged because a key leaked later.
    pub(crate) fn verify_history(&self, purpose: &'static str, parts: &[&str], text: &str) -> Result<bool> {
        self.verify_by(|_| true, purpose, parts, text)
    }

    fn verify_by(
        &self,
        counts: impl Fn(&OpenKey) -> bool,
        purpose: &'static str,
        parts: &[&str],
        text: &str,
    ) -> Result<bool> {
        let ring = self.ring();
        let (id, text) = split_key_id(text);
        let key = ring.find(id).filter(|key| counts(key));
        let code = key
            .unwrap_or(&ring.keys[ring.current])
            .derived
            .code(purpose, parts)?;
        let form = if text.len() == 2 * code.len() {
            HEXLOWER
        } else {
            BASE64URL_NOPAD
        };
        let given = form.decode(text.as_bytes()).unwrap_or_default();
        Ok(same_secret(&code, &given) && key.is_some())
    }

    /// A secret that follows from `parts`, and that nobody without the signing key can make.
    pub(crate) fn secret(&self, purpose: &'static str, parts: &[&str]) -> Result<String> {
        let ring = self.ring();
        let code = ring.keys[ring.current].derived.code(purpose, parts)?;
        Ok(BASE64URL_NOPAD.encode(&code))
    }

    /// The secrets that any signing key makes of `parts`, for whoever missed the answer with one of them.
    pub(crate) fn secrets(&self, purpose: &'static str, parts: &[&str]) -> Result<Vec<String>> {
        let ring = self.ring();
        let usable = ring.keys.iter().rev().filter(|key| !key.revoked);
        usable
            .map(|key| Ok(BASE64URL_NOPAD.encode(&key.derived.code(purpose, parts)?)))
            .collect()
    }

    /// Signs bytes: both in URL-safe text, behind the id of the key.
    pub(crate) fn sign_bytes(&self, purpose: &'static str, mut bytes: Vec<u8>) -> Result<String> {
        let ring = self.ring();
        let key = &ring.keys[ring.current];
        let code = key.derived.code(purpose, &[&bytes])?;
        bytes.extend_from_slice(&code);
        Ok(named(&key.id, &BASE64URL_NOPAD.encode(&bytes)))
    }

    /// The bytes that [`Self::sign_bytes`] signed; `None` for anything else.
    pub(crate) fn verified_bytes(&self, purpose: &'static str, text: &str) -> Result<Option<Vec<u8>>> {
        let ring = self.ring();
        let (id, text) = split_key_id(text);
        let Some(key) = ring.find(id).filter(|key| !key.revoked) else {
            return Ok(None);
        };
        let Ok(mut bytes) = BASE64URL_NOPAD.decode(text.as_bytes()) else {
            return Ok(None);
        };
        let Some((signed, code)) = bytes.split_last_chunk::<32>() else {
            return Ok(None);
        };
        let genuine = same_secret(&key.derived.code(purpose, &[signed])?, code);
        bytes.truncate(bytes.len() - 32);
        Ok(genuine.then_some(bytes))
    }
}
