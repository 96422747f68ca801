//! The database, in memory, and the lookups in it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use maxminddb::{MaxMindDbError, Reader};
use portcullis_ports::geo::{GeoLocator, Location};
use portcullis_ports::probe::Probe;
use portcullis_ports::{Clock, Code, Kind, Result, Timestamp};
use serde::Deserialize;

/// The file cannot be used.
const UNUSABLE: Code = Code::new(
    "geo-file-unusable",
    Kind::Config,
    "The database file cannot be used.",
);
/// The language that every file has.
const ENGLISH: &str = "en";
/// The longest name of a city that is passed on, in characters: the file is a stranger's.
const LONGEST: usize = 100;

pub(crate) struct Database {
    reader: Reader<Vec<u8>>,
    language: String,
    clock: Arc<dyn Clock>,
}

/// The part of an entry that is read.
#[derive(Deserialize)]
struct Entry {
    country: Option<Country>,
    city: Option<City>,
}

#[derive(Deserialize)]
struct Country {
    iso_code: Option<String>,
}

#[derive(Deserialize)]
struct City {
    #[serde(default)]
    names: BTreeMap<String, String>,
}

impl Database {
    pub(crate) fn open(file: &Path, language: String, clock: Arc<dyn Clock>) -> Result<Self> {
        let reader = Reader::open_readfile(file).map_err(|error| {
            UNUSABLE
                .with_detail(format!("{} cannot be used: {error}.", file.display()))
                .with_source(error)
        })?;
        Ok(Self {
            reader,
            language,
            clock,
        })
    }

    fn find(&self, address: IpAddr) -> std::result::Result<Option<Location>, MaxMindDbError> {
        let Some(entry) = self.reader.lookup(address)?.decode::<Entry>()? else {
            return Ok(None);
        };
        let country = entry.country.and_then(|country| country.iso_code);
        let country = country.filter(|code| code.len() == 2 && code.bytes().all(|c| c.is_ascii_uppercase()));
        let names = entry.city.map(|city| city.names).unwrap_or_default();
        let name = names.get(&self.language).or_else(|| names.get(ENGLISH));
        let city = name.map(|name| name.chars().take(LONGEST).collect());
        Ok((country.is_some() || city.is_some()).then_some(Location { country, city }))
    }
}

#[async_trait]
impl GeoLocator for Database {
    async fn locate(&self, address: IpAddr) -> Result<Option<Location>> {
        self.find(address).map_err(|error| {
            UNUSABLE
                .with_detail("An entry of the database file cannot be read.")
                .with_source(error)
        })
    }
}

#[async_trait]
impl Probe for Database {
    async fn check(&self) -> Result<String> {
        let metadata = self.reader.metadata();
        let built = i64::try_from(metadata.build_epoch).unwrap_or(i64::MAX);
        let age = self.clock.now().since(Timestamp::from_seconds(built));
        Ok(format!(
            "{}, {} days old",
            metadata.database_type,
            age.as_secs() / 86_400
        ))
    }
}
