//! Senders made up for the tests: one that can misbehave, and one that declares what it does not bring.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::notification::{
    Channel, ConnectedSender, Message, Receipt, Sender, SenderCapability, Senders,
};
use portcullis_ports::outcome::Reason;
use portcullis_ports::plugin::{ConfigError, Listed, Maturity, Meta, Plan, Plugin, Runtime, Settings};
use portcullis_ports::probe::Probe;
use portcullis_ports::registry;
use portcullis_ports::{Error, Outcome, Result, Secret, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// The ids of the plugins that exist in these tests only.
const MADE_UP: [&str; 3] = ["fake_sender", "dishonest_sender", "fake_store"];

/// The plugins of the program itself.
pub(crate) fn real_plugins() -> Vec<Listed> {
    registry::all()
        .into_iter()
        .filter(|plugin| !MADE_UP.contains(&plugin.meta.id))
        .collect()
}

/// How a fake sender behaves when it connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Behaviour {
    Honest,
    Silent,
    Rude,
}

/// Settings of the fake sender.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FakeSenderSettings {
    /// The account, digits only.
    #[schemars(extend("x-env" = ["FAKE_SENDER_ACCOUNT"]))]
    account: String,
    /// The token of the account.
    #[schemars(extend("x-env" = ["FAKE_SENDER_TOKEN"]))]
    token: Secret,
    /// Where it sends from.
    #[schemars(extend("x-env" = ["FAKE_SENDER_REGION"]))]
    region: Option<String>,
    /// How long it rests.
    #[serde(default = "rest")]
    #[schemars(extend("x-env" = ["FAKE_SENDER_REST_SECONDS"], "x-env-unit" = "seconds"))]
    rest: Span,
    /// Whether it sends at night.
    #[serde(default)]
    #[schemars(extend("x-env" = ["FAKE_SENDER_NIGHT"]))]
    night: bool,
    /// How it behaves.
    #[serde(default = "honest")]
    behaviour: Behaviour,
}

fn rest() -> Span {
    Span::minutes(5)
}

fn honest() -> Behaviour {
    Behaviour::Honest
}

impl Settings<Senders> for FakeSenderSettings {
    type Plan = FakeSenderPlan;

    fn plan(self) -> std::result::Result<FakeSenderPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        if !self.account.chars().all(|c| c.is_ascii_digit()) {
            mistakes.push(ConfigError::at("account", "only digits are expected"));
        }
        if self.token.expose().starts_with("bad") {
            let said = format!("a token never begins like {}", self.token.expose());
            mistakes.push(ConfigError::at("token", said));
        }
        if self.night && self.region.is_none() {
            mistakes.push(ConfigError::at("region", "a region is needed to send at night"));
        }
        if self.rest > Span::hours(1) {
            mistakes.push(ConfigError::at("rest", "a fake sender rests for an hour at most"));
        }
        if mistakes.is_empty() {
            Ok(FakeSenderPlan(self.behaviour))
        } else {
            Err(mistakes)
        }
    }
}

pub(crate) struct FakeSenderPlan(Behaviour);

#[async_trait]
impl Plan<Senders> for FakeSenderPlan {
    async fn connect(self: Box<Self>, _: &Runtime) -> Result<ConnectedSender> {
        match self.0 {
            Behaviour::Honest => Ok(connected()),
            Behaviour::Silent => std::future::pending().await,
            Behaviour::Rude => Err(Error::internal("the horse is ill")),
        }
    }
}

fn connected() -> ConnectedSender {
    ConnectedSender {
        sender: Arc::new(Rider),
        mailbox: None,
        inbound: None,
        lookup: None,
        probe: Arc::new(Rider),
    }
}

struct Rider;

#[async_trait]
impl Sender for Rider {
    fn channels(&self) -> &[Channel] {
        &[Channel::Email]
    }

    async fn send(&self, _: &Message) -> Outcome<Receipt> {
        Outcome::NotSent(Reason::permanent("no-roads", "There are no roads in a test."))
    }
}

#[async_trait]
impl Probe for Rider {
    async fn check(&self) -> Result<String> {
        Ok("saddled".to_owned())
    }
}

/// The dishonest sender has nothing to set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DishonestSenderSettings {}

impl Settings<Senders> for DishonestSenderSettings {
    type Plan = DishonestSenderPlan;

    fn plan(self) -> std::result::Result<DishonestSenderPlan, Vec<ConfigError>> {
        Ok(DishonestSenderPlan)
    }
}

pub(crate) struct DishonestSenderPlan;

#[async_trait]
impl Plan<Senders> for DishonestSenderPlan {
    async fn connect(self: Box<Self>, _: &Runtime) -> Result<ConnectedSender> {
        Ok(connected())
    }
}

const fn meta(id: &'static str, title: &'static str) -> Meta {
    Meta {
        id,
        title,
        summary: "Rides in tests.",
        docs: "# Rides\n\nIn tests.",
        maturity: Maturity::Beta,
    }
}

inventory::submit! {
    Plugin::<Senders>::new::<FakeSenderSettings>(meta("fake_sender", "FakeSender"), &[SenderCapability::Email])
}

inventory::submit! {
    Plugin::<Senders>::new::<DishonestSenderSettings>(
        meta("dishonest_sender", "DishonestSender"),
        &[SenderCapability::Email, SenderCapability::Mailbox],
    )
}
