//! The test bed of sessions: they alone over the services, and people who have just proven a first factor.

use portcullis_ports::Result;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;

use super::{Granted, Identified, NewSession, Proof, Sessions, Settings, SignedIn, Transport};
use crate::foundation::table::Batch;
use crate::foundation::testing::{Node, home};
use crate::services::testing::{Bed, BedSettings, Office, bed_on};

/// Sessions, and nothing that stands on them.
pub(super) struct SessionsBed {
    pub(super) sessions: Sessions,
    pub(super) base: Bed,
}

pub(super) async fn sessions() -> SessionsBed {
    sessions_with(Settings::default()).await
}

pub(super) async fn sessions_with(settings: Settings) -> SessionsBed {
    let node = Node {
        areas: &[&super::AREA],
        ..Node::default()
    };
    let base = bed_on(&node, BedSettings::default(), vec![Office::new("main")]).await;
    SessionsBed {
        sessions: opened(&base, &settings),
        base,
    }
}

/// Sessions over the services of a bed.
pub(crate) fn opened(bed: &Bed, settings: &Settings) -> Sessions {
    let services = &bed.services;
    Sessions::new(
        &bed.context,
        &services.epochs,
        &services.audit,
        &services.budgets,
        &services.known_devices,
        settings,
    )
}

/// A session of somebody who needs no other factor.
pub(crate) async fn begun(bed: &Bed, sessions: &Sessions, who: &Identified) -> Result<Granted> {
    let mut batch = Batch::default();
    let ground = sessions.ground_in(&mut batch, &who.subject, &who.lineage).await?;
    let secret = bed.context.random_text()?;
    let new = NewSession {
        id: SessionId::time_ordered(bed.context.now(), bed.context.entropy.as_ref())?,
        secret: &secret,
        proof: Proof::first_factor(who.at),
        transport: Transport::Header,
        lineage: &who.lineage,
        device: None,
    };
    let granted = sessions.begin(&mut batch, who, ground, new).await?;
    bed.context.commit(batch).await?;
    Ok(granted)
}

/// Whoever holds the credential of a session, from [`home`].
pub(crate) async fn resumed(sessions: &Sessions, granted: &Granted) -> SignedIn {
    let credential = granted.credential.expose();
    sessions.resume(credential, None, &home()).await.unwrap()
}

impl SessionsBed {
    /// Somebody who proves the first factor now.
    pub(super) async fn first_factor(&self, subject: &str) -> Identified {
        let subject = Subject::parse(subject).unwrap();
        Identified {
            at: self.base.context.now(),
            lineage: self.sessions.fresh_lineage(&subject).await.unwrap(),
            session: None,
            source: home(),
            subject,
        }
    }

    pub(super) async fn granted(&self, who: &Identified) -> Granted {
        begun(&self.base, &self.sessions, who).await.unwrap()
    }

    pub(super) async fn session(&self, who: &Identified) -> SignedIn {
        resumed(&self.sessions, &self.granted(who).await).await
    }
}

impl Sessions {
    /// How many sessions of a person are marked as ended, each by itself.
    pub(crate) async fn marked_as_ended(&self, subject: &Subject) -> usize {
        let epoch = self.epochs.current(subject).await.unwrap().epoch;
        let listed = self.listed(subject, &epoch).await.unwrap();
        let marked = listed.iter().filter(|one| one.summary.revoked_at.is_some());
        marked.count()
    }
}
