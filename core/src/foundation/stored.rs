//! What a type of record declares of itself, and its body: the version that it names, reading it, and what cannot be read.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_ports::storage::{Collection, Key};
use portcullis_ports::{Code, Error, Kind, Result, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::foundation::fingerprint::fingerprint;
use crate::foundation::meter::Meter;

/// Whether nodes remember the records of a type, so that changes must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// They are read whenever they are needed.
    No,
    /// They are remembered. That there is none is not: a stranger could fill the memory with names that do not exist.
    Records,
    /// They are remembered, and also that there is none.
    RecordsAndAbsence,
}

/// A type that is kept in a collection. Its key follows from its value.
pub(crate) trait Stored: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The family it belongs to.
    const COLLECTION: Collection;
    /// The version of its shape, which records name from the second on. Who changes the shape raises it, writes an arm of
    /// [`Stored::upgrade`], and keeps the bytes of before among the fixtures of the areas.
    const VERSION: u32 = 1;
    /// Whether nodes remember records of this type.
    const MEMORY: Memory = Memory::No;

    /// Partition and sort key.
    fn key(&self) -> (String, String);

    /// When it becomes invisible.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    /// Brings the body of a record of version `from` into the shape of today. As it stands here, for shapes that only
    /// gained fields which may be missing.
    fn upgrade(from: u32, body: serde_json::Value) -> serde_json::Result<Self> {
        debug_assert!(from < Self::VERSION);
        serde_json::from_value(body)
    }
}

/// A stored record cannot be read: it was damaged, or a newer version of the program wrote it.
pub(crate) const RECORD_UNREADABLE: Code = Code::new(
    "record-unreadable",
    Kind::Internal,
    "Something that is stored cannot be read.",
);

/// What the body of a record begins with that names its version.
const VERSION_MEMBER: &str = "{\"v\":";
/// Of how many records a process remembers that it has told of them. Further ones are counted only.
const TOLD: usize = 1_000;
/// The unreadable records that the log has named, by the fingerprints of their keys.
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Why a body cannot be read. Says nothing of what stands in it.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is not what the type expects.
    Shape(serde_json::Error),
    /// The type has this version of a later program.
    Newer(u32),
    /// The version is no number.
    Version,
}

impl From<serde_json::Error> for BodyError {
    fn from(error: serde_json::Error) -> Self {
        Self::Shape(error)
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The message of the parser may quote a value.
            Self::Shape(error) => write!(f, "{:?} error at column {}", error.classify(), error.column()),
            Self::Newer(version) => write!(f, "a newer program wrote it, in version {version}"),
            Self::Version => f.write_str("its version is no number"),
        }
    }
}

/// The value that a body holds, of whatever version it is.
pub(crate) fn decode_body<T: Stored>(body: &str) -> Result<T, BodyError> {
    // It stands in front, so that the body is parsed once, and straight into its type if it is of today.
    let version = match body.strip_prefix(VERSION_MEMBER) {
        None => 1,
        Some(rest) => {
            let digits = rest.split([',', '}']).next().unwrap_or(rest);
            digits.parse().map_err(|_| BodyError::Version)?
        }
    };
    if version > T::VERSION {
        return Err(BodyError::Newer(version));
    }
    if version == T::VERSION {
        return Ok(serde_json::from_str(body)?);
    }
    Ok(T::upgrade(version, serde_json::from_str(body)?)?)
}

/// Records that were set aside.
pub(crate) const UNREADABLE: Meter = Meter::counter(
    "portcullis_unreadable_records_total",
    "How often a stored record could not be read and was set aside, by family of records.",
);

/// Raises the alarm for a record that cannot be read. Keys may name people, so the log has their fingerprint.
pub(super) fn unreadable(key: &Key, why: &BodyError) -> Error {
    let collection = key.collection.name;
    metrics::counter!(UNREADABLE.name, "collection" => collection).increment(1);
    let mut key = fingerprint(&format!("{collection}/{}/{}", key.partition, key.sort));
    key.truncate(16);
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if named.len() < TOLD && named.insert(key.clone()) {
        tracing::error!(collection, key, %why, "a stored record cannot be read and is set aside");
    }
    RECORD_UNREADABLE
        .error()
        .with_context("collection", collection.to_owned())
        .with_context("key", key)
}

/// For lists: what a direct read found, or nothing if it cannot be read.
pub(crate) fn set_aside_unreadable<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(error) if error.code() == RECORD_UNREADABLE => Ok(None),
        found => found,
    }
}

/// The bytes that are stored.
pub(crate) fn encode<T: Stored>(value: &T) -> Result<Arc<str>> {
    let body = serde_json::to_string(value).map_err(|error| {
        Error::internal(format!("a record of {} cannot be written", T::COLLECTION.name)).with_source(error)
    })?;
    Ok(match (T::VERSION, body.strip_prefix('{')) {
        (2.., Some(members)) => format!("{VERSION_MEMBER}{},{members}", T::VERSION).into(),
        _ => body.into(),
    })
}
