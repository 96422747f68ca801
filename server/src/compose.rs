//! Connects the selected plugins, each within its time, and checks that they are what they say they are.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all, join3};
use portcullis_core::Dependencies;
use portcullis_core::former_keys::FormerKeys;
use portcullis_core::outbox::NamedSender;
use portcullis_ports::identity::ConnectedIdentity;
use portcullis_ports::keys::{ConnectedKeys, KeyManager, Keys};
use portcullis_ports::notification::{Channel, ConnectedSender, SenderCapability, Senders};
use portcullis_ports::passwords::ConnectedPasswords;
use portcullis_ports::plugin::{Plugin, Port, Runtime};
use portcullis_ports::probe::Probe;
use portcullis_ports::storage::{ConnectedStore, Storage, StorageCapability, StoreTools};

use crate::config::{Selected, Selection};
use crate::exit::{Failure, in_full};
use crate::values::Origin;

/// Every plugin, connected.
pub struct Connected {
    /// The record store.
    pub store: ConnectedStore,
    /// Such as `store.main (embedded)`.
    pub store_name: String,
    /// Whether other processes may use the same store.
    pub shared: bool,
    /// The key manager.
    pub keys: ConnectedKeys,
    /// Former key managers by instance, in the order in which they are asked to open.
    pub former_keys: Vec<(String, ConnectedKeys)>,
    /// The password hasher.
    pub passwords: ConnectedPasswords,
    /// Identity providers by instance, in the order in which they are asked.
    pub identity: Vec<(String, ConnectedIdentity)>,
    /// Message senders by instance, in order of preference.
    pub senders: Vec<(String, ConnectedSender)>,
    /// The health of those without which no request can be answered.
    pub probes: Vec<NamedProbe>,
}

impl Connected {
    /// What the core is built on. `public_url` is where browsers reach the service, if that is known.
    pub fn dependencies(&self, runtime: &Runtime, public_url: Option<&Origin>) -> Dependencies {
        Dependencies {
            store: Arc::clone(&self.store.records),
            store_name: self.store_name.clone(),
            shared: self.shared,
            keys: self.key_manager(),
            hasher: Arc::clone(&self.passwords.hasher),
            identity: self
                .identity
                .iter()
                .map(|(_, one)| Arc::clone(&one.provider))
                .collect(),
            senders: self
                .senders
                .iter()
                .map(|(instance, one)| NamedSender {
                    instance: instance.clone(),
                    sender: Arc::clone(&one.sender),
                    inbound: one.inbound.clone(),
                })
                .collect(),
            clock: Arc::clone(&runtime.clock),
            entropy: Arc::clone(&runtime.entropy),
            panel: public_url
                .filter(|_| portcullis_ui::is_included())
                .map(ToString::to_string),
        }
    }

    fn key_manager(&self) -> Arc<dyn KeyManager> {
        with_former(&self.keys, self.former_keys.iter().map(|(_, one)| one))
    }
}

/// What seals, and opens what former key managers sealed as well.
fn with_former<'a>(
    current: &ConnectedKeys,
    former: impl Iterator<Item = &'a ConnectedKeys>,
) -> Arc<dyn KeyManager> {
    let current = Arc::clone(&current.keys);
    let former: Vec<_> = former.map(|one| Arc::clone(&one.keys)).collect();
    if former.is_empty() {
        current
    } else {
        Arc::new(FormerKeys::new(current, former))
    }
}

/// A probe and whose it is.
#[derive(Clone)]
pub struct NamedProbe {
    /// Such as `store.main (embedded)`.
    pub name: String,
    /// Asks it.
    pub probe: Arc<dyn Probe>,
}

/// A plugin that did not connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotConnected {
    /// Such as `store.main (embedded)`.
    pub name: String,
    /// Why, and what to do.
    pub reason: String,
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not connect: {}", self.name, self.reason)
    }
}

/// One plugin after its attempt to connect.
pub struct Attempt<T> {
    /// The instance.
    pub instance: String,
    /// Such as `store.main (embedded)`.
    pub name: String,
    /// What came of it.
    pub result: Result<T, NotConnected>,
}

/// All plugins after their attempts to connect.
pub struct Attempts {
    /// The record store.
    pub store: Attempt<ConnectedStore>,
    /// Whether other processes may use the same store.
    pub shared: bool,
    /// The key manager.
    pub keys: Attempt<ConnectedKeys>,
    /// Former key managers.
    pub former_keys: Vec<Attempt<ConnectedKeys>>,
    /// The password hasher.
    pub passwords: Attempt<ConnectedPasswords>,
    /// Identity providers.
    pub identity: Vec<Attempt<ConnectedIdentity>>,
    /// Message senders.
    pub senders: Vec<Attempt<ConnectedSender>>,
}

/// Connects all plugins at the same time; each may take as long as `limit`. Each is told where below `public_url` its
/// vendor reaches it, if that is known.
pub async fn attempt(
    selection: Selection,
    public_url: Option<&Origin>,
    runtime: &Runtime,
    limit: Duration,
) -> Attempts {
    let surroundings = Surroundings {
        runtime,
        public_url,
        limit,
    };
    let Selection {
        store,
        keys,
        former_keys,
        passwords,
        identity,
        senders,
    } = selection;
    let shared = store.plugin.capabilities.contains(&StorageCapability::Shared);
    let single = join3(
        connect(store, surroundings, check_store),
        connect(keys, surroundings, |_, _, _| Ok(())),
        connect(passwords, surroundings, |_, _, _| Ok(())),
    );
    let lists = join3(
        join_all(
            former_keys
                .into_iter()
                .map(|one| connect(one, surroundings, |_, _, _| Ok(()))),
        ),
        join_all(
            identity
                .into_iter()
                .map(|one| connect(one, surroundings, |_, _, _| Ok(()))),
        ),
        join_all(
            senders
                .into_iter()
                .map(|one| connect(one, surroundings, check_sender)),
        ),
    );
    let ((store, keys, passwords), (former_keys, identity, senders)) = join(single, lists).await;
    Attempts {
        store,
        shared,
        keys,
        former_keys,
        passwords,
        identity,
        senders,
    }
}

/// Connects all plugins or none.
///
/// # Errors
/// [`Failure::Unavailable`] with every plugin that did not connect.
pub async fn connect_all(
    selection: Selection,
    public_url: Option<&Origin>,
    runtime: &Runtime,
    limit: Duration,
) -> Result<Connected, Failure> {
    let attempts = attempt(selection, public_url, runtime, limit).await;
    attempts.all().map_err(|failed| {
        let lines: Vec<String> = failed.iter().map(ToString::to_string).collect();
        Failure::Unavailable(lines.join("\n"))
    })
}

impl Attempts {
    /// All of them, if every one is connected.
    ///
    /// # Errors
    /// Those that are not.
    pub fn all(self) -> Result<Connected, Vec<NotConnected>> {
        let probes = self.needed_probes();
        let mut failed = Vec::new();
        let store_name = self.store.name.clone();
        let store = taken(self.store, &mut failed);
        let keys = taken(self.keys, &mut failed);
        let passwords = taken(self.passwords, &mut failed);
        let former_keys: Vec<_> = self
            .former_keys
            .into_iter()
            .filter_map(|one| taken(one, &mut failed))
            .collect();
        let identity: Vec<_> = self
            .identity
            .into_iter()
            .filter_map(|one| taken(one, &mut failed))
            .collect();
        let senders: Vec<_> = self
            .senders
            .into_iter()
            .filter_map(|one| taken(one, &mut failed))
            .collect();
        match (store, keys, passwords) {
            (Some((_, store)), Some((_, keys)), Some((_, passwords))) if failed.is_empty() => Ok(Connected {
                store,
                store_name,
                shared: self.shared,
                keys,
                former_keys,
                passwords,
                identity,
                senders,
                probes,
            }),
            _ => Err(failed),
        }
    }

    /// What seals and opens, if all of it is connected.
    pub fn key_manager(&self) -> Option<Arc<dyn KeyManager>> {
        let former = self.former_keys.iter().map(|one| one.result.as_ref().ok());
        let former: Vec<&ConnectedKeys> = former.collect::<Option<_>>()?;
        let current = self.keys.result.as_ref().ok()?;
        Some(with_former(current, former.into_iter()))
    }

    /// The probes of those that are connected.
    pub fn probes(&self) -> Vec<NamedProbe> {
        let senders = self
            .senders
            .iter()
            .filter_map(|one| probe(one, |sender| &sender.probe));
        self.needed_probes().into_iter().chain(senders).collect()
    }

    /// The probes of those without which no request can be answered. A sender is none of them: its messages wait, and
    /// taking every node out of service because a vendor is away would make a small trouble a large one.
    fn needed_probes(&self) -> Vec<NamedProbe> {
        let single = [
            probe(&self.store, |store| &store.probe),
            probe(&self.keys, |keys| &keys.probe),
            probe(&self.passwords, |passwords| &passwords.probe),
        ];
        let former_keys = self.former_keys.iter().map(|one| probe(one, |keys| &keys.probe));
        let identity = self
            .identity
            .iter()
            .map(|one| probe(one, |identity| &identity.probe));
        single
            .into_iter()
            .chain(former_keys)
            .chain(identity)
            .flatten()
            .collect()
    }
}

fn probe<T>(attempt: &Attempt<T>, of: impl FnOnce(&T) -> &Arc<dyn Probe>) -> Option<NamedProbe> {
    let connected = attempt.result.as_ref().ok()?;
    Some(NamedProbe {
        name: attempt.name.clone(),
        probe: Arc::clone(of(connected)),
    })
}

fn taken<T>(attempt: Attempt<T>, failed: &mut Vec<NotConnected>) -> Option<(String, T)> {
    match attempt.result {
        Ok(connected) => Some((attempt.instance, connected)),
        Err(why) => {
            failed.push(why);
            None
        }
    }
}

/// Connects a key manager by itself.
///
/// # Errors
/// Why it did not connect.
pub async fn connect_keys(
    keys: Selected<Keys>,
    runtime: &Runtime,
    limit: Duration,
) -> Result<ConnectedKeys, NotConnected> {
    let surroundings = Surroundings {
        runtime,
        public_url: None,
        limit,
    };
    connect(keys, surroundings, |_, _, _| Ok(())).await.result
}

/// Connects a record store by itself.
///
/// # Errors
/// Why it did not connect.
pub async fn connect_store(
    store: Selected<Storage>,
    runtime: &Runtime,
    limit: Duration,
) -> Result<ConnectedStore, NotConnected> {
    let surroundings = Surroundings {
        runtime,
        public_url: None,
        limit,
    };
    connect(store, surroundings, check_store).await.result
}

/// What a plugin that says one thing and is another does wrong.
type Check<P> =
    fn(&'static Plugin<P>, &<P as Port>::Connected, Option<&<P as Port>::Offline>) -> Result<(), String>;

/// What every plugin is connected with.
#[derive(Clone, Copy)]
struct Surroundings<'a> {
    runtime: &'a Runtime,
    public_url: Option<&'a Origin>,
    limit: Duration,
}

async fn connect<P: Port>(
    selected: Selected<P>,
    surroundings: Surroundings<'_>,
    check: Check<P>,
) -> Attempt<P::Connected> {
    let name = selected.name();
    let limit = surroundings.limit;
    let webhook = |url: &Origin| format!("{url}/webhooks/{}/{}", P::NAME, selected.instance);
    let runtime = &Runtime {
        webhook: surroundings.public_url.map(webhook),
        ..surroundings.runtime.clone()
    };
    let offline = selected.plan.offline(runtime);
    let result = match tokio::time::timeout(limit, selected.plan.connect(runtime)).await {
        Ok(Ok(connected)) => check(selected.plugin, &connected, offline.as_ref()).map(|()| connected),
        Ok(Err(error)) => Err(in_full(&error)),
        Err(_) => Err(format!(
            "no answer within {} s (server.connect_timeout)",
            limit.as_secs()
        )),
    };
    let result = result.map_err(|reason| NotConnected {
        name: name.clone(),
        reason,
    });
    Attempt {
        instance: selected.instance,
        name,
        result,
    }
}

fn check_store(
    plugin: &'static Plugin<Storage>,
    _: &ConnectedStore,
    offline: Option<&StoreTools>,
) -> Result<(), String> {
    let declares = |capability| plugin.capabilities.contains(&capability);
    same(
        declares(StorageCapability::Archive),
        offline.is_some_and(|tools| tools.archive.is_some()),
        "Archive",
        "an archive",
    )?;
    same(
        declares(StorageCapability::Tables),
        offline.is_some_and(|tools| tools.tables.is_some()),
        "Tables",
        "tables",
    )
}

fn check_sender(
    plugin: &'static Plugin<Senders>,
    sender: &ConnectedSender,
    _: Option<&Infallible>,
) -> Result<(), String> {
    let declares = |capability| plugin.capabilities.contains(&capability);
    let serves = |channel| sender.sender.channels().contains(&channel);
    same(
        declares(SenderCapability::Mailbox),
        sender.mailbox.is_some(),
        "Mailbox",
        "a mailbox",
    )?;
    same(
        declares(SenderCapability::Receipts),
        sender.inbound.is_some(),
        "Receipts",
        "webhooks",
    )?;
    same(
        declares(SenderCapability::Email),
        serves(Channel::Email),
        "Email",
        "the channel email",
    )?;
    same(
        declares(SenderCapability::Sms),
        serves(Channel::Sms),
        "Sms",
        "the channel sms",
    )
}

fn same(declared: bool, brought: bool, capability: &str, what: &str) -> Result<(), String> {
    match (declared, brought) {
        (true, false) => Err(format!(
            "it declares {capability} and brings no such thing; this is a defect of the plugin"
        )),
        (false, true) => Err(format!(
            "it brings {what} and does not declare {capability}; this is a defect of the plugin"
        )),
        _ => Ok(()),
    }
}
