//! How a session begins: in the commit that completes a sign-in, and only if nothing that it grew from has ended.

use portcullis_ports::Result;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::{Subject, UNAUTHENTICATED};

use super::eviction;
use super::lines::Listed;
use super::records::Line;
use super::{Credential, Granted, Proof, Session, Sessions};
use crate::areas::sessions::Identified;
use crate::areas::sessions::Transport;
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::table::Batch;
use crate::services::epochs::{EndReason, Epoch, Epochs, Lineage};
use crate::services::known_devices::{DeviceContext, HeldDevices, NewDevice};

/// How many sessions that are over one new session clears away.
const CLEARED: usize = 20;

/// What a new session is made of.
pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    /// Half of the credential.
    pub(crate) secret: &'a str,
    pub(crate) proof: Proof,
    pub(crate) transport: Transport,
    /// What the sign-in grew from.
    pub(crate) lineage: &'a Lineage,
    /// The device on which it begins, if that is to be known from now on.
    pub(crate) device: Option<NewDevice>,
}

/// What is in force while a session begins, as the store has it now.
pub(crate) struct Ground {
    pub(crate) epoch: Epoch,
    pub(crate) held: HeldDevices,
}

impl Sessions {
    /// What the commit that completes a sign-in depends on: it fails if what the sign-in grew from ends meanwhile.
    ///
    /// # Errors
    /// `unauthenticated` if that has ended already.
    pub(crate) async fn ground_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        lineage: &Lineage,
    ) -> Result<Ground> {
        let epoch = self.require_lineage_in(batch, subject, lineage).await?;
        let held = self.devices.held(subject).await?;
        Ok(Ground { epoch, held })
    }

    /// Adds a new session to the commit that completes a sign-in. The oldest session makes room where there are too many.
    pub(crate) async fn begin(
        &self,
        batch: &mut Batch,
        who: &Identified,
        ground: Ground,
        new: NewSession<'_>,
    ) -> Result<Granted> {
        let Ground { epoch, held } = ground;
        let now = self.context.now();
        let session = Session {
            id: new.id,
            subject: who.subject.clone(),
            secret_hash: fingerprint(new.secret),
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.settings.lifetime.get(),
            stepped_up_at: new.proof.at,
            proofs: new.proof.dated().collect(),
            given_by: new.proof.factors,
            ip: who.source.ip.to_string(),
            user_agent: who.source.user_agent.to_string(),
            revoked_at: None,
            ended_by: None,
            // Of today, also where it grew from the one session that was kept when the others ended.
            lineage: epoch.continued(new.lineage),
        };
        self.make_room(batch, &session, &epoch).await?;
        batch.insert(&session)?;
        batch.insert(&Line::of(&session))?;
        self.budgets.remember(batch, &session.subject, &who.source)?;
        let device = match new.device {
            Some(device) => {
                let by = DeviceContext {
                    source: &who.source,
                    lineage: epoch.fresh(false),
                    session: Some(session.id.clone()),
                    token: session.lineage.token,
                    by_code: false,
                };
                Some(Box::new(
                    self.devices.remember_in(batch, held, &epoch, device, &by)?,
                ))
            }
            None => None,
        };
        let credential = Credential(format!("{}.{}", session.id, new.secret));
        Ok(Granted {
            session,
            credential,
            transport: new.transport,
            device,
        })
    }

    /// Adds to a commit that it fails if a lineage ends meanwhile.
    ///
    /// # Errors
    /// `unauthenticated` if it has ended already.
    async fn require_lineage_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        lineage: &Lineage,
    ) -> Result<Epoch> {
        let ended = || UNAUTHENTICATED.with_detail("What this sign-in began with has ended: sign in again.");
        self.context.lock_subject(batch, subject).await;
        let current = self.epochs.current(subject).await?;
        if !current.epoch.admits(lineage, None) {
            return Err(ended());
        }
        Epochs::require_in(batch, &current);
        if let Some(parent) = &lineage.session {
            let parent = self.read(parent).await?.ok_or_else(ended)?;
            let live = self.is_live(&parent) && current.epoch.admits_session(&parent.id, &parent.lineage);
            if parent.subject != *subject || !live {
                return Err(ended());
            }
            batch.check(&parent);
        }
        Ok(current.epoch)
    }

    /// Ends sessions of an account that has too many, and clears away some that ended long ago.
    async fn make_room(&self, batch: &mut Batch, new: &Session, epoch: &Epoch) -> Result<()> {
        let now = self.context.now();
        let listed = self.listed(&new.subject, epoch).await?;
        let limit = self.settings.limit;
        let parent = new.lineage.session.as_ref();
        let live: Vec<&Listed> = listed.iter().filter(|one| one.is_live()).collect();
        let surplus = (live.len() + 1).saturating_sub(limit).min(CLEARED);
        let ending = eviction::to_evict(&live, parent, surplus);
        self.end_each_in(batch, &new.subject, &ending, EndReason::TooMany)
            .await?;
        let over: Vec<&Listed> = listed.iter().filter(|one| !one.is_live()).collect();
        let too_many = over.len().saturating_sub(limit);
        let cleared = over
            .iter()
            .enumerate()
            .filter(|(at, one)| *at < too_many || one.is_past(now));
        for (_, one) in cleared.take(CLEARED) {
            batch.clear::<Session>(one.id.to_string(), Session::SORT.into());
            batch.clear::<Line>(new.subject.to_string(), one.id.to_string());
        }
        Ok(())
    }
}
