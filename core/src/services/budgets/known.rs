//! From where an account signed in before: its devices and its networks.

use portcullis_ports::id::KnownDeviceId;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::Budgets;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Stored};

/// Networks from which accounts signed in completely.
pub(crate) const KNOWN_SOURCES: Collection = Collection {
    name: "known_sources",
    table: "known_sources",
    variable: "KNOWN_SOURCES_TABLE_NAME",
};

/// Whether an account signed in from where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It signed in completely on this device, from whichever network.
    Device(KnownDeviceId),
    /// It signed in completely from this network.
    Network,
    /// Somebody here proved a code from a mail to the account, and nothing else so far. All such places share one
    /// budget, so that whoever reads the mail cannot multiply guesses.
    MailCode,
    /// Somebody here has a live session, and neither device nor network is known. What is tried with sessions has a
    /// total of its own, which strangers without one cannot use up.
    Session(SessionId),
    /// It never did.
    Unknown,
}

/// A network the account signed in from, or proved a code from a mail.
#[derive(Serialize, Deserialize)]
pub(super) struct KnownSource {
    subject: Subject,
    network: String,
    /// Whether the code is all that was proven.
    #[serde(default)]
    by_code: bool,
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

impl Standing {
    /// That of a live session where nothing better is known.
    pub(crate) fn or_session(self, session: &SessionId) -> Self {
        match self {
            Self::Unknown | Self::MailCode => Self::Session(session.clone()),
            known => known,
        }
    }

    /// Whose attempts are counted together: those of a device, or those of a network.
    pub(crate) fn counted_as(&self, source: &Source) -> String {
        match self {
            Self::Device(device) => device.to_string(),
            Self::Network | Self::Unknown => source.network(),
            Self::MailCode => "mail-code".to_owned(),
            Self::Session(session) => session.to_string(),
        }
    }
}

impl Budgets {
    /// Whether the account signed in completely from there before. As much is read for accounts that do not exist.
    pub(crate) async fn knows(&self, subject: &Subject, source: &Source) -> Result<Standing> {
        let device = self.devices.recognise(subject, source).await?;
        let network = self.network(subject, source)?;
        let found = self
            .context
            .table::<KnownSource>()
            .find(subject.as_str(), &network)
            .await?;
        // Strangers in the same network cannot use up what a device has, however it is known.
        Ok(match (device, found) {
            (Some(device), _) if !device.by_code => Standing::Device(device.id),
            (None, Some(network)) if !network.by_code => Standing::Network,
            (None, None) => Standing::Unknown,
            _ => Standing::MailCode,
        })
    }

    /// The same for somebody who is signed in.
    pub(crate) async fn knows_session(
        &self,
        subject: &Subject,
        source: &Source,
        session: &SessionId,
    ) -> Result<Standing> {
        Ok(self.knows(subject, source).await?.or_session(session))
    }

    /// Remembers that the account signed in completely from this network.
    pub(crate) fn remember(&self, batch: &mut Batch, subject: &Subject, source: &Source) -> Result<()> {
        batch.overwrite(&self.known_source(subject, source, false)?)
    }

    /// Remembers that somebody there proved a code from a mail, unless more is known of the network.
    pub(crate) async fn remember_by_code(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        source: &Source,
    ) -> Result<()> {
        let proven = self.known_source(subject, source, true)?;
        let table = self.context.table::<KnownSource>();
        let network = proven.network.clone();
        let slot = table.slot(subject.as_str(), &network, || proven).await?;
        batch.save(&slot)
    }

    fn known_source(&self, subject: &Subject, source: &Source, by_code: bool) -> Result<KnownSource> {
        Ok(KnownSource {
            subject: subject.clone(),
            network: self.network(subject, source)?,
            by_code,
            until: self.context.now() + self.lifetimes.known_source.get(),
        })
    }

    fn network(&self, subject: &Subject, source: &Source) -> Result<String> {
        self.context
            .keyring
            .pseudonym("network", &[subject.as_str(), &source.network()])
    }
}
