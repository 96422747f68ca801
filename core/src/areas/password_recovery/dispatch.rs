//! Sends the mails of recoveries, after their requests were answered.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either, join_all, select};
use minijinja::Value;
use minijinja::value::Serde;
use portcullis_ports::notification::Destination;
use portcullis_ports::storage::Range;
use portcullis_ports::{Result, id};
use serde::Serialize;

use super::PasswordRecovery;
use super::events;
use super::records::{Recovery, Requested};
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::lane::Lane;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Versioned};
use crate::foundation::texts::{Template, template};
use crate::services::audit::Event;
use crate::services::budgets::{SendPurpose, Sends, Standing, TOO_MANY_SENDS, Use};
use crate::services::directory::Account;
use crate::services::outbox::Draft;
use crate::services::tasks::Worker;

/// How long a worker sleeps when nobody wakes it: the delay of a mail that another process was asked for and left.
const PATROL: Duration = Duration::from_secs(10);
/// How many requests are worked on at once.
const CONCURRENCY: usize = 8;
/// The page that the link in the mail opens.
const PAGE: &str = "/reset-password";
/// The random bytes of the code in a link.
const LINK_BYTES: usize = 32;

pub(super) const PASSWORD_RECOVERY: Template = template!("password_recovery.email", samples);

#[derive(Serialize)]
struct Variables<'a> {
    code: &'a str,
    /// Nothing where the address of the panel is not known.
    link: Option<&'a str>,
    minutes: u64,
}

fn samples() -> Vec<Value> {
    let sample = |link| {
        Value::from(Serde(Variables {
            code: "000000",
            link,
            minutes: 60,
        }))
    };
    vec![
        sample(None),
        sample(Some("https://gate.example.com/reset-password")),
    ]
}

/// What its worker is called when it is woken.
pub(super) const QUEUE: &str = "password-recovery";

#[async_trait]
impl Worker for PasswordRecovery {
    fn name(&self) -> &str {
        QUEUE
    }

    /// Sends what is asked for until `stop` is done.
    async fn work(&self, stop: BoxFuture<'static, ()>) {
        let mut stop = stop;
        loop {
            let woken = self.context.wakeups.listen(QUEUE);
            if let Err(error) = self.dispatch().await {
                tracing::warn!(
                    ?error,
                    "requests for a new password could not be worked on; trying again"
                );
            }
            if stop.as_mut().now_or_never().is_some() {
                return;
            }
            let rest = pin!(async {
                select(pin!(woken.woken()), self.context.clock.sleep(PATROL)).await;
            });
            if let Either::Left(_) = select(stop.as_mut(), rest).await {
                return;
            }
        }
    }
}

impl PasswordRecovery {
    /// Works on everything that waits.
    ///
    /// # Errors
    /// The first failure, after all others were tried.
    pub async fn dispatch(&self) -> Result<()> {
        let queue = self.context.table::<Requested>();
        let mut after = None;
        let mut failed = None;
        loop {
            let (waiting, next) = queue
                .page(Requested::PARTITION, Range::All, CONCURRENCY, after)
                .await?;
            for done in join_all(waiting.iter().map(|request| self.handle(request))).await {
                failed = failed.or(done.err());
            }
            match next {
                Some(next) => after = Some(next),
                None => return failed.map_or(Ok(()), Err),
            }
        }
    }

    /// Decides one request, in one commit that takes it off the queue: of two workers one does it.
    async fn handle(&self, request: &Requested) -> Result<()> {
        let ip = request.ip.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let source = Source {
            devices: request.devices.as_slice().into(),
            languages: request.languages,
            ..Source::new(ip, &request.user_agent)
        };
        let sent = self.context.retried(|| self.decide(request, &source, true)).await;
        match sent {
            // The mails that used the budget up carry links that still lead back.
            Err(error) if error.code() == TOO_MANY_SENDS => {
                self.context
                    .retried(|| self.decide(request, &source, false))
                    .await
            }
            sent => sent,
        }
    }

    async fn decide(&self, request: &Requested, source: &Source, send: bool) -> Result<()> {
        let queue = self.context.table::<Requested>();
        let Some(queued) = queue.find(Requested::PARTITION, &request.sort()).await? else {
            return Ok(());
        };
        let mut batch = Batch::default();
        batch.remove(&queued);
        let recovery = self.stored(&queued.id_hash).await?;
        if let Some(recovery) = recovery.filter(|recovery| send && recovery.mac.is_none())
            && let Some(account) = self.directory.by_address(&recovery.email).await?
        {
            let to = Destination::Email(account.email.clone());
            if self.suppressions.obstacle(&to, Lane::Codes).await?.is_none() {
                self.send_in(&mut batch, &recovery, &account, to, source).await?;
            }
        }
        self.context.commit(batch).await
    }

    /// Adds code, link and mail to a batch.
    ///
    /// The link has a recovery of its own, whose handle only the mail holds: whoever started the one with the digits
    /// cannot act in the one that the owner opens, nor use up its attempts.
    async fn send_in(
        &self,
        batch: &mut Batch,
        recovery: &Versioned<Recovery>,
        account: &Account,
        to: Destination,
        source: &Source,
    ) -> Result<()> {
        let entropy = self.context.entropy.as_ref();
        let digits = self.context.random_code()?;
        batch.replace(
            recovery,
            &Recovery {
                mac: Some(self.mac(&recovery.id_hash, &digits)?),
                ..recovery.value.clone()
            },
        )?;
        let (handle, mut bytes) = (id::random(super::HANDLE, entropy)?, [0; LINK_BYTES]);
        entropy.fill(&mut bytes)?;
        let code = id::base32(&bytes)?;
        let link = self
            .context
            .links
            .to(PAGE, &[("challenge_id", &handle), ("code", &code)]);
        if link.is_some() {
            let id_hash = fingerprint(&handle);
            batch.insert(&Recovery {
                mac: Some(self.mac(&id_hash, &code)?),
                id_hash,
                ..recovery.value.clone()
            })?;
        }
        let lifetime = self.accounts.settings.recovery_lifetime.get();
        let variables = Variables {
            code: &digits,
            link: link.as_deref(),
            minutes: lifetime.as_secs().div_ceil(60),
        };
        let texts = &self.context.texts;
        let text = texts.render(texts.choose(&source.languages), PASSWORD_RECOVERY.name, variables)?;
        let draft = Draft::with_code(to.clone(), text, digits, recovery.expires_at);
        self.outbox.enqueue_quietly(batch, draft).await?;
        let event = Event::info(events::START, source)
            .with("delivery_medium", "EMAIL")
            .with("delivery_destination", to.masked());
        self.audit.append(batch, &account.subject, &[event]).await?;
        self.count_send_in(batch, recovery, account, &to, source).await
    }

    /// Counts a mail, apart from those that sign-ups cause. Devices and networks that the account signed in from have a
    /// share that nobody else uses up.
    async fn count_send_in(
        &self,
        batch: &mut Batch,
        recovery: &Recovery,
        account: &Account,
        to: &Destination,
        source: &Source,
    ) -> Result<()> {
        let limits = &self.budgets.settings();
        let known = self.budgets.knows(&account.subject, source).await?;
        if known == Standing::Unknown {
            let sends = Sends {
                purpose: SendPurpose::Recovery { source },
                about: "password_recovery",
                holder: &recovery.id_hash,
                destinations: &[to],
            };
            return self.budgets.take_sends_in(batch, &sends).await;
        }
        let counted_as = known.counted_as(source);
        let own = [account.subject.as_str(), counted_as.as_str()];
        let all = [to.channel().as_str()];
        let uses = [
            Use {
                name: "recovery-known",
                of: &own,
                limit: limits.sends_per_destination,
            },
            Use {
                name: "sends-total-recovery",
                of: &all,
                limit: limits.sends_in_total,
            },
        ];
        self.budgets.take_in(batch, TOO_MANY_SENDS, &uses).await
    }
}
