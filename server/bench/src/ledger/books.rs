//! The ledger of the product over its embedded store, in this process.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_core::ledger::{Cause, CauseId, InstanceName, Sale, Transaction};
use portcullis_core::settings::Settings;
use portcullis_core::{App, Dependencies, compile_texts};
use portcullis_ports::connections::Connections;
use portcullis_ports::identity::Subject;
use portcullis_ports::keys::{EncryptionContext, KeyManager, Keys, Sealed};
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::passwords::Passwords;
use portcullis_ports::storage::{ConnectedStore, RecordStore, Scan, Storage};
use portcullis_ports::testkit::{QuickHasher, connection};
use portcullis_server::system;
use serde_json::json;
use zeroize::Zeroizing;

use crate::Result;
use crate::plugins::connect;

/// Seals nothing: only the root secret is sealed, once.
struct NoSeal;

#[async_trait]
impl KeyManager for NoSeal {
    async fn seal(&self, plain: &[u8], _: &EncryptionContext) -> portcullis_ports::Result<Sealed> {
        let bytes: Vec<String> = plain.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Sealed(bytes.concat()))
    }

    async fn open(
        &self,
        sealed: &Sealed,
        _: &EncryptionContext,
    ) -> portcullis_ports::Result<Zeroizing<Vec<u8>>> {
        let digits = sealed.0.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).unwrap_or_default();
        Ok(Zeroizing::new(digits.map(byte).collect()))
    }
}

pub(super) struct Books {
    pub(super) app: App,
    pub(super) records: Arc<dyn RecordStore>,
    pub(super) scan: Arc<dyn Scan>,
}

impl Books {
    pub(super) async fn open(folder: &Path) -> Result<Self> {
        let store: ConnectedStore = connect::<Storage>("embedded", json!({ "folder": folder })).await?;
        let (records, scan) = (Arc::clone(&store.records), Arc::clone(&store.scan));
        let runtime = system::runtime().map_err(|error| format!("{error:?}"))?;
        let settings = Settings::default();
        let texts = compile_texts(&[], &settings).map_err(|errors| format!("{errors:?}"))?;
        let dependencies = Dependencies {
            connections: Connections::default()
                .with(connection::<Storage>("bench", store))
                .with(connection::<Keys>("bench", Arc::new(NoSeal) as Arc<_>))
                .with(connection::<Passwords>(
                    "bench",
                    Arc::new(QuickHasher::default()) as Arc<_>,
                )),
            clock: runtime.clock,
            entropy: runtime.entropy,
            panel: None,
            public_url: None,
            texts,
        };
        let app = App::open(dependencies, settings).await;
        let app = app.map_err(|error| format!("opening the product: {error:?}"))?;
        Ok(Self { app, records, scan })
    }

    pub(super) async fn post(&self, who: &Subject, transactions: &[Transaction]) -> Result<()> {
        let posted = self.app.ledger.record(who, transactions).await;
        posted
            .map(drop)
            .map_err(|error| format!("posting: {error:?}").into())
    }
}

pub(super) fn usd() -> Result<Currency> {
    Ok(Currency::parse("USD")?)
}

fn amount() -> Result<Amount> {
    Amount::new(Money::new(1990, usd()?)).map_err(|error| format!("{error:?}").into())
}

fn cause() -> Result<Cause> {
    Ok(Cause::Order(CauseId::parse("ord_01h2xcejqtf2nbrexx3vqjhp41")?))
}

pub(super) fn customer(name: &str) -> Result<Subject> {
    Ok(Subject::parse(&format!("usr_{name}"))?)
}

/// A customer is charged: entry, balance, and a line of the revenue.
pub(super) fn sale() -> Result<Transaction> {
    Ok(Transaction::sale(&Sale::untaxed(amount()?), cause()?))
}

/// A payment by way of an instance.
pub(super) fn capture(instance: &str) -> Result<Transaction> {
    Ok(Transaction::capture(
        &InstanceName::parse(instance)?,
        amount()?,
        cause()?,
    ))
}
