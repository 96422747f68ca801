//! Known devices: browsers and apps from which an account signed in completely, and those that its owner trusts.
//!
//! A device holds a token that only it has. With the token it is told from strangers: it has attempts of its own, and,
//! as long as it is trusted, the second factor of a sign-in is waived. It never opens anything by itself, and stands in
//! for no factor in a session or for a new password.

mod events;
mod model;
mod records;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::Result;
use portcullis_ports::id::{KnownDeviceId, SessionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::secret::same_secret;

pub use crate::foundation::device_proof::DeviceProof;
pub(crate) use model::Trust;
pub use model::{IssuedDevice, KnownDeviceList, KnownDeviceView, RevokeKnownDevice};
pub(crate) use records::KNOWN_DEVICES;
use records::{AccountDevices, KnownDevice};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::proof::DEVICE_NOT_FOUND;
use crate::foundation::requirement::Requirement;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Slot};
use crate::services::audit::{Audit, Event};
use crate::services::epochs::{Epoch, Epochs, Lineage, TokenId};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(
        KNOWN_DEVICES,
        Personal::BySubject,
        &[shape::<AccountDevices>("devices")],
    )],
    events: events::ALL,
    ..Area::EMPTY
};

/// The most devices of one account. When one more signs in, one that nobody misses is forgotten.
pub(crate) const MOST: usize = 20;

/// Recognises, remembers and forgets devices.
#[derive(Clone)]
pub struct KnownDevices {
    context: Arc<Context>,
    epochs: Epochs,
    audit: Audit,
    rules: KnownDeviceRules,
}

/// How long devices are known and trusted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownDeviceRules {
    /// How long a device is known after a sign-in on it.
    pub(crate) lifetime: Duration,
    /// For how many days a device may be trusted; 0 offers it to nobody.
    pub(crate) trust_days: u16,
    /// What a sign-in on a device that is not trusted must prove.
    pub(crate) require: Requirement,
}

/// A device that is to be remembered, and its new token.
pub(crate) struct NewDevice {
    /// That of the device that signs in, if it is known already.
    pub(crate) id: KnownDeviceId,
    /// Half of the token: nothing that the client chose, or a stranger could plant a token that he knows.
    pub(crate) secret: String,
    pub(crate) trust: TrustChange,
}

/// What becomes of the trust in a device.
pub(crate) enum TrustChange {
    /// It goes on as it is.
    Keep,
    /// This is in its place from now on.
    Set(Option<Trust>),
}

/// A device that was recognised.
pub(crate) struct Recognised {
    pub(crate) id: KnownDeviceId,
    /// Whether it proved a code from a mail and nothing else so far.
    pub(crate) by_code: bool,
}

/// What a device is known by, beside its token.
pub(crate) struct DeviceContext<'a> {
    pub(crate) source: &'a Source,
    /// The epoch that it ends with.
    pub(crate) lineage: Lineage,
    /// The session that began on it.
    pub(crate) session: Option<SessionId>,
    /// The access token that the session began with.
    pub(crate) token: Option<TokenId>,
    /// Whether a code from a mail is all that was proven.
    pub(crate) by_code: bool,
}

/// The devices of an account as they were read.
pub(crate) struct HeldDevices(Slot<AccountDevices>);

#[cfg(test)]
impl HeldDevices {
    /// How many are stored, live or not.
    pub(crate) fn count(&self) -> usize {
        self.0.value.devices.len()
    }
}

impl KnownDevices {
    pub(crate) fn new(
        context: &Arc<Context>,
        epochs: &Epochs,
        audit: &Audit,
        rules: KnownDeviceRules,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            rules,
            epochs: epochs.clone(),
            audit: audit.clone(),
        }
    }

    /// The devices of an account as the store has them now.
    pub(crate) async fn held(&self, subject: &Subject) -> Result<HeldDevices> {
        let empty = || AccountDevices {
            subject: subject.clone(),
            devices: Vec::new(),
        };
        let table = self.context.table::<AccountDevices>();
        let slot = table.slot(subject.as_str(), AccountDevices::SORT, empty);
        Ok(HeldDevices(slot.await?))
    }

    /// The device that a request comes from, if the account signed in on it. What is read depends on the request alone,
    /// unless the device is one of the account's.
    pub(crate) async fn recognise(&self, subject: &Subject, source: &Source) -> Result<Option<Recognised>> {
        if source.devices.is_empty() {
            return Ok(None);
        }
        let held = self.held(subject).await?;
        if presented(&held, source).is_none() {
            return Ok(None);
        }
        let epoch = self.epochs.recent(subject).await?;
        let found = self.live(&held, &epoch, source);
        Ok(found.map(|device| Recognised {
            id: device.id.clone(),
            by_code: device.by_code,
        }))
    }

    /// Whether a request comes from a device of the account that counts in this epoch.
    pub(crate) fn knows(&self, held: &HeldDevices, epoch: &Epoch, source: &Source) -> bool {
        self.live(held, epoch, source).is_some()
    }

    fn live<'a>(&self, held: &'a HeldDevices, epoch: &Epoch, source: &Source) -> Option<&'a KnownDevice> {
        let now = self.context.now();
        presented(held, source).filter(|device| device.is_live(now) && epoch.admits(&device.lineage, None))
    }

    /// The device of a request, if it is trusted and what was proven on it is as much as a sign-in asks for now.
    pub(crate) fn trusted<'a>(
        &self,
        held: &'a HeldDevices,
        epoch: &Epoch,
        source: &Source,
        enrolled: &[FactorKind],
    ) -> Option<&'a KnownDeviceId> {
        let rules = self.rules;
        let now = self.context.now();
        let trusted = self.live(held, epoch, source).filter(|device| {
            let trust = device.trust.as_ref();
            trust.is_some_and(|trust| {
                now < trust.ends_at(rules.trust_days) && trust.covers(rules.require, enrolled)
            })
        });
        trusted.map(|device| &device.id)
    }

    /// Trust from now on, for what was proven a moment ago; `None` where the operator offers none.
    pub(crate) fn trust(&self, proven: Vec<FactorKind>) -> Option<Trust> {
        Trust::new(self.context.now(), proven, self.rules.trust_days)
    }

    /// The token that was issued for a device under this secret, if it is still the one that counts.
    pub(crate) fn again(
        &self,
        held: &HeldDevices,
        id: &KnownDeviceId,
        secret: &str,
        source: &Source,
    ) -> Option<IssuedDevice> {
        let now = self.context.now();
        let hash = fingerprint(secret);
        let found =
            held.0.value.devices.iter().find(|device| {
                device.id == *id && same_secret(device.secret_hash.as_bytes(), hash.as_bytes())
            });
        found.map(|device| {
            let trusted_until = device
                .trust
                .as_ref()
                .map(|trust| trust.ends_at(self.rules.trust_days));
            let lifetime = device.expires_at.since(now);
            IssuedDevice::new(id.clone(), secret, lifetime, trusted_until, source)
        })
    }

    /// A new id, or that of the device that signs in.
    pub(crate) fn id_for(&self, held: &HeldDevices, epoch: &Epoch, source: &Source) -> Result<KnownDeviceId> {
        match self.live(held, epoch, source) {
            Some(device) => Ok(device.id.clone()),
            None => KnownDeviceId::random(self.context.entropy.as_ref()),
        }
    }

    /// Adds a device to the commit that makes it known, with a new token. The token before it is accepted until the new
    /// one was seen, for a client that missed the answer.
    pub(crate) fn remember_in(
        &self,
        batch: &mut Batch,
        mut held: HeldDevices,
        epoch: &Epoch,
        new: NewDevice,
        by: &DeviceContext<'_>,
    ) -> Result<IssuedDevice> {
        let now = self.context.now();
        let devices = &mut held.0.value.devices;
        devices.retain(|device| {
            device.id == new.id || device.is_live(now) && epoch.admits(&device.lineage, None)
        });
        let before = devices.iter().position(|device| device.id == new.id);
        let before = before.map(|at| devices.remove(at));
        let lifetime = self.rules.lifetime;
        let trust = match new.trust {
            TrustChange::Keep => before.as_ref().and_then(|device| device.trust.clone()),
            TrustChange::Set(trust) => trust,
        };
        let trusted_until = trust.as_ref().map(|trust| trust.ends_at(self.rules.trust_days));
        let expires_at = (now + lifetime).max(trusted_until.unwrap_or(now));
        let device = KnownDevice {
            id: new.id.clone(),
            secret_hash: fingerprint(&new.secret),
            by_code: by.by_code && before.as_ref().is_none_or(|device| device.by_code),
            former_hash: before.as_ref().and_then(|device| device.hash_of(by.source)),
            created_at: before.map_or(now, |device| device.created_at),
            last_used_at: now,
            expires_at,
            ip: by.source.ip.to_string(),
            user_agent: by.source.user_agent.to_string(),
            lineage: Lineage {
                token: None,
                session: None,
                ..by.lineage.clone()
            },
            token: by.token,
            session: by.session.clone(),
            trust,
        };
        while devices.len() >= MOST {
            devices.remove(dispensable(devices));
        }
        devices.push(device);
        batch.save(&held.0)?;
        Ok(IssuedDevice::new(
            new.id,
            &new.secret,
            expires_at.since(now),
            trusted_until.filter(|until| now < *until),
            by.source,
        ))
    }

    /// Adds to the commit that proves a code from a mail that the device which gave it is known.
    pub(crate) async fn make_known_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        source: &Source,
    ) -> Result<IssuedDevice> {
        let current = self.epochs.current(subject).await?;
        let held = self.held(subject).await?;
        Epochs::require_in(batch, &current);
        let new = NewDevice {
            id: self.id_for(&held, &current.epoch, source)?,
            secret: self.context.random_text()?,
            trust: TrustChange::Keep,
        };
        let by = DeviceContext {
            source,
            lineage: current.epoch.fresh(false),
            session: None,
            token: None,
            by_code: true,
        };
        self.remember_in(batch, held, &current.epoch, new, &by)
    }

    /// The same for the commit that ends everything else of the account: no other device is known in the next epoch.
    pub(crate) async fn make_known_alone_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        source: &Source,
        next: Lineage,
    ) -> Result<IssuedDevice> {
        let ended = self.epochs.current(subject).await?.epoch;
        let mut held = self.held(subject).await?;
        held.0.value.devices.clear();
        let new = NewDevice {
            id: KnownDeviceId::random(self.context.entropy.as_ref())?,
            secret: self.context.random_text()?,
            trust: TrustChange::Set(None),
        };
        let by = DeviceContext {
            source,
            lineage: next,
            session: None,
            token: None,
            by_code: false,
        };
        self.remember_in(batch, held, &ended, new, &by)
    }

    /// Adds to the commit that ends an epoch that the device which asks stays known in the next one. Nothing is trusted
    /// any more. Whatever others write meanwhile ends with their epoch, so that they cannot keep this from being done.
    pub(crate) async fn keep_only_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        source: &Source,
        ended: &Epoch,
        next: &Lineage,
    ) -> Result<()> {
        let mut held = self.held(subject).await?;
        if held.0.value.devices.is_empty() {
            return Ok(());
        }
        let kept = self.live(&held, ended, source).map(|device| KnownDevice {
            lineage: next.clone(),
            trust: None,
            ..device.clone()
        });
        held.0.value.devices = kept.into_iter().collect();
        batch.overwrite(&held.0.value)
    }

    /// Adds the end of all trust to the commit that removes a factor: it may be gone because somebody else has it.
    pub(crate) async fn end_trust_in(&self, batch: &mut Batch, subject: &Subject) -> Result<()> {
        let mut held = self.held(subject).await?;
        if held.0.value.devices.iter().all(|device| device.trust.is_none()) {
            return Ok(());
        }
        for device in &mut held.0.value.devices {
            device.trust = None;
        }
        batch.save(&held.0)
    }

    /// Adds that devices are forgotten to the commit that ends their sessions from afar.
    pub(crate) async fn forget_sessions_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        ended: &[&SessionId],
    ) -> Result<()> {
        let mut held = self.held(subject).await?;
        let before = held.0.value.devices.len();
        let of_them = |device: &KnownDevice| {
            let session = device.session.as_ref();
            session.is_some_and(|session| ended.contains(&session))
        };
        held.0.value.devices.retain(|device| !of_them(device));
        if held.0.value.devices.len() < before {
            batch.save(&held.0)?;
        }
        Ok(())
    }

    /// The devices of the account, the one used last first.
    pub async fn list(&self, subject: &Subject, source: &Source) -> Result<KnownDeviceList> {
        let now = self.context.now();
        let epoch = self.epochs.current(subject).await?.epoch;
        let mut devices = self.held(subject).await?.0.value.devices;
        devices.retain(|device| device.is_live(now) && epoch.admits(&device.lineage, None));
        devices.sort_by_key(|device| std::cmp::Reverse(device.last_used_at));
        let addresses = devices.iter().map(|device| device.ip.as_str());
        let locations = self.context.locations.of(addresses).await;
        let view = |device: KnownDevice| {
            let location = locations.get(&device.ip).cloned();
            let is_current = source.devices.iter().any(|proof| device.opens_with(proof));
            device.view(is_current, now, self.rules.trust_days, location)
        };
        Ok(KnownDeviceList {
            devices: devices.into_iter().map(view).collect(),
        })
    }

    /// Forgets a device: the next sign-in on it is that of a stranger. Its session goes on.
    ///
    /// # Errors
    /// `device-not-found` if it is not one of the account's.
    pub async fn revoke(&self, subject: &Subject, source: &Source, command: RevokeKnownDevice) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let mut held = self.held(subject).await?;
                let before = held.0.value.devices.len();
                held.0
                    .value
                    .devices
                    .retain(|device| device.id != command.known_device_id);
                if held.0.value.devices.len() == before {
                    return Err(DEVICE_NOT_FOUND.error());
                }
                batch.save(&held.0)?;
                let event =
                    Event::success(events::REVOKE, source).with("known_device_id", &command.known_device_id);
                self.audit.append(&mut batch, subject, &[event]).await?;
                self.context.commit(batch).await
            })
            .await
    }
}

/// The device whose token the request presents, whether or not it still counts.
fn presented<'a>(held: &'a HeldDevices, source: &Source) -> Option<&'a KnownDevice> {
    let opens = |device: &&KnownDevice| source.devices.iter().any(|proof| device.opens_with(proof));
    held.0.value.devices.iter().find(opens)
}

/// Which of them is forgotten first: of those without trust one whose client came back without its token, or began
/// another one with the same access token, so that no flood pushes out the owner's; then the one used longest ago.
fn dispensable(devices: &[KnownDevice]) -> usize {
    let superseded = |one: &KnownDevice| {
        devices.iter().any(|other| {
            let alike = other.ip == one.ip && other.user_agent == one.user_agent;
            let same_token = one.token.is_some() && other.token == one.token;
            other.id != one.id && other.last_used_at >= one.last_used_at && (alike || same_token)
        })
    };
    let rank = |one: &KnownDevice| (one.trust.is_some(), !superseded(one), one.last_used_at);
    let oldest = devices.iter().enumerate().min_by_key(|(_, one)| rank(one));
    oldest.map_or(0, |(at, _)| at)
}
