//! The key file: its text, and how it is created, read and replaced without ever being half-written.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use portcullis_ports::{Code, Entropy, Error, Result, Secret, Timestamp, error::Kind, id};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::ring::{KEY, Key, Ring, is_key_id};

/// The key file is missing, unsafe or unreadable.
pub const KEY_FILE: Code = Code::new("key-file", Kind::Config, "The key file cannot be used.");

/// More than ten thousand keys; whatever is larger is some other file.
const MAX_SIZE: u64 = 1 << 20;
/// Who else than the owner may do anything with the file.
const OTHERS: u32 = 0o077;

const HEADER: &str = "\
# Keys of Portcullis. Whoever has this file and the database can open every sealed secret: keep it private,
# and keep a copy of it apart from the database. Without it nothing that was sealed can be opened.
# `active` seals; every key opens what it sealed. `created_at` is in seconds since 1970-01-01 UTC.
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    active: String,
    keys: Vec<KeyText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyText {
    id: String,
    created_at: i64,
    key: Secret,
}

/// Creates a key file with one random key, readable by its owner only. Never overwrites anything.
///
/// # Errors
/// [`KEY_FILE`] if the file exists or cannot be written.
pub fn create(path: &Path, entropy: &dyn Entropy, now: Timestamp) -> Result<()> {
    let (id, key) = fresh(entropy, now)?;
    let ring = Ring::new(id.clone(), BTreeMap::from([(id, key)]))
        .ok_or_else(|| Error::internal("a ring without its active key"))?;
    let written = write_beside(path, &render(&ring), entropy)?;
    // Unlike a rename, a link fails if the name is taken.
    fs::hard_link(&written.0, path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => KEY_FILE.with_detail(format!(
            "{shown} exists and is left as it is; to add a key to it, run `portcullis keys rotate --file '{shown}'`",
            shown = path.display()
        )),
        _ => unusable(path, "create", &error),
    })?;
    sync_folder(path)
}

/// Adds a random key and makes it the active one; older keys stay, and still open what they sealed.
///
/// # Errors
/// [`KEY_FILE`] if there is no usable file or it cannot be replaced.
pub fn rotate(path: &Path, entropy: &dyn Entropy, now: Timestamp) -> Result<()> {
    let path = &fs::canonicalize(path).map_err(|error| unusable(path, "find", &error))?;
    let mut locked = lock(path)?;
    let mut ring = read_from(&mut locked, path)?;
    loop {
        let (id, key) = fresh(entropy, now)?;
        if ring.add(id, key) {
            break;
        }
    }
    let mut written = write_beside(path, &render(&ring), entropy)?;
    fs::rename(&written.0, path).map_err(|error| unusable(path, "replace", &error))?;
    written.0.clear();
    sync_folder(path)
}

/// Reads and checks a key file.
pub(crate) fn read(path: &Path) -> Result<Ring> {
    let mut file = File::open(path).map_err(|error| unusable(path, "read", &error))?;
    read_from(&mut file, path)
}

fn read_from(file: &mut File, path: &Path) -> Result<Ring> {
    let shown = path.display();
    let metadata = file
        .metadata()
        .map_err(|error| unusable(path, "examine", &error))?;
    if !metadata.is_file() || metadata.len() > MAX_SIZE {
        return Err(KEY_FILE.with_detail(format!("{shown} is not a key file")));
    }
    if metadata.mode() & OTHERS != 0 {
        return Err(KEY_FILE.with_detail(format!(
            "other users of this machine can get at the keys in {shown} (mode {:04o}); run `chmod 600 '{shown}'`",
            metadata.mode() & 0o7777
        )));
    }
    let mut text = Zeroizing::new(String::with_capacity(
        usize::try_from(metadata.len()).unwrap_or(0) + 1,
    ));
    file.read_to_string(&mut text)
        .map_err(|error| unusable(path, "read", &error))?;
    parse(&text).map_err(|problem| KEY_FILE.with_detail(format!("{shown}: {problem}")))
}

pub(crate) fn parse(text: &str) -> Result<Ring, String> {
    // The parser's own words quote the text, and that may be a key.
    let parsed: Text = toml::from_str(text).map_err(|error| match error.span() {
        Some(span) => {
            let line = text
                .bytes()
                .take(span.start)
                .filter(|byte| *byte == b'\n')
                .count()
                + 1;
            format!(
                "line {line} cannot be understood; `active` and a list of `[[keys]]`, each with `id`, `created_at` \
                 and `key`, are expected"
            )
        }
        None => "it cannot be understood".to_owned(),
    })?;
    let mut keys = BTreeMap::new();
    for (number, KeyText { id, created_at, key }) in (1..).zip(parsed.keys) {
        if !is_key_id(&id) {
            return Err(format!(
                "the id of key number {number} is not 1 to 32 lower-case letters and digits"
            ));
        }
        let decoded = BASE64.decode(key.expose().as_bytes()).map(Zeroizing::new).ok();
        let bytes = decoded
            .and_then(|bytes| <[u8; KEY]>::try_from(bytes.as_slice()).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| format!("the key {id} is not {KEY} bytes in base64"))?;
        if keys.insert(id.clone(), Key { bytes, created_at }).is_some() {
            return Err(format!("two keys have the id {id}"));
        }
    }
    Ring::new(parsed.active, keys).ok_or_else(|| "`active` is not the id of one of the keys".to_owned())
}

pub(crate) fn render(ring: &Ring) -> Zeroizing<String> {
    let mut keys: Vec<_> = ring.keys().iter().collect();
    keys.sort_by_key(|(id, key)| (key.created_at, *id));
    // Large enough from the start, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(512 + 256 * keys.len()));
    text.push_str(HEADER);
    text.push_str(&["active = \"", ring.active(), "\"\n"].concat());
    for (id, key) in keys {
        let created_at = key.created_at.to_string();
        text.push_str(
            &[
                "\n[[keys]]\nid = \"",
                id,
                "\"\ncreated_at = ",
                &created_at,
                "\nkey = \"",
            ]
            .concat(),
        );
        BASE64.encode_append(key.bytes.as_slice(), &mut text);
        text.push_str("\"\n");
    }
    text
}

fn fresh(entropy: &dyn Entropy, now: Timestamp) -> Result<(String, Key)> {
    let mut name = [0; 5];
    entropy.fill(&mut name)?;
    let mut bytes = Zeroizing::new([0; KEY]);
    entropy.fill(bytes.as_mut_slice())?;
    let created_at = now.seconds();
    Ok((id::base32(&name)?, Key { bytes, created_at }))
}

/// A file that is removed again, unless its name was cleared because it moved to its place.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty()
            && let Err(error) = fs::remove_file(&self.0)
        {
            tracing::warn!(file = %self.0.display(), %error, "cannot remove a passing copy of the key file");
        }
    }
}

/// Writes a private file in the same folder, and waits until it is on the disk.
fn write_beside(path: &Path, text: &str, entropy: &dyn Entropy) -> Result<Passing> {
    let mut suffix = [0; 5];
    entropy.fill(&mut suffix)?;
    let name = path
        .file_name()
        .ok_or_else(|| KEY_FILE.with_detail(format!("{} is not the path of a file", path.display())))?;
    let beside = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), id::base32(&suffix)?));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => KEY_FILE.with_detail(format!(
                "the folder for {} does not exist; create it first",
                path.display()
            )),
            _ => unusable(path, "write", &error),
        })?;
    let passing = Passing(beside);
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| unusable(path, "write", &error))?;
    Ok(passing)
}

/// Makes a new name in the folder survive a loss of power.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| unusable(path, "sync the folder of", &error))
}

/// Opens the file and holds others off who would replace it, until dropped.
fn lock(path: &Path) -> Result<File> {
    loop {
        let locked = File::open(path).and_then(|file| {
            file.lock()?;
            Ok((is_at(&file, path)?, file))
        });
        match locked {
            Ok((true, file)) => return Ok(file),
            // Replaced while we waited: what we hold has no name any more.
            Ok((false, _)) => {}
            Err(error) => return Err(unusable(path, "lock", &error)),
        }
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (held, named) = (file.metadata()?, fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (named.dev(), named.ino()))
}

fn unusable(path: &Path, what: &str, error: &io::Error) -> Error {
    let shown = path.display();
    KEY_FILE.with_detail(match error.kind() {
        ErrorKind::NotFound => format!(
            "there is no {shown}; put your key file there, or for a new installation run \
             `portcullis keys create --file '{shown}'`"
        ),
        ErrorKind::InvalidData => format!("{shown} is not text, so it is not a key file"),
        _ => format!("cannot {what} {shown}: {error}"),
    })
}
