//! From where an account signed in before: its networks.

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::Budgets;
use crate::access::Source;
use crate::table::{Batch, Stored};

/// Networks from which accounts signed in completely.
pub(crate) const KNOWN_SOURCES: Collection = Collection {
    name: "known_sources",
    table: "known_sources",
    variable: "KNOWN_SOURCES_TABLE_NAME",
};

/// Whether an account signed in from where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It signed in completely from this network.
    Network,
    /// It never did.
    Unknown,
}

/// A network the account signed in from.
#[derive(Serialize, Deserialize)]
struct KnownSource {
    subject: Subject,
    network: String,
    until: Timestamp,
}

impl Stored for KnownSource {
    const COLLECTION: Collection = KNOWN_SOURCES;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), self.network.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

impl Budgets {
    /// Whether the account signed in completely from there before.
    pub(crate) async fn knows(&self, subject: &Subject, source: &Source) -> Result<Standing> {
        let network = self.network(subject, source)?;
        let found = self
            .deployment
            .table::<KnownSource>()
            .find(subject.as_str(), &network)
            .await?;
        Ok(found.map_or(Standing::Unknown, |_| Standing::Network))
    }

    /// Remembers that the account signed in completely from this network.
    pub(crate) fn remember(&self, batch: &mut Batch, subject: &Subject, source: &Source) -> Result<()> {
        batch.overwrite(&KnownSource {
            subject: subject.clone(),
            network: self.network(subject, source)?,
            until: self.deployment.now() + self.deployment.settings.sessions.known_source_lifetime.get(),
        })
    }

    fn network(&self, subject: &Subject, source: &Source) -> Result<String> {
        self.deployment
            .keyring
            .pseudonym("network", &[subject.as_str(), &source.network()])
    }
}
