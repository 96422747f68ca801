//! The settings of an SMTP server and what they become when checked.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use lettre::message::Mailbox;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::notification::{ConnectedSender, Senders};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Result, Secret, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::connection::Server;
use crate::mail::Letterhead;
use crate::pool::Pool;
use crate::senders::Smtp;

/// The longest time for one half of a delivery that may be asked for.
const LONGEST: Span = Span::minutes(5);
/// The most connections that may be asked for.
const MOST_CONNECTIONS: u8 = 50;

/// Settings of an SMTP server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// The host name of the server. Its certificate must be valid for this name.
    #[schemars(example = "smtp.example.com")]
    pub server: String,
    /// The port; by default 587 for `starttls`, 465 for `tls` and 25 for `none`.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub encryption: Encryption,
    /// Allows `encryption = "none"` to a server that is not this machine, for relays in a private network. Never
    /// together with a password.
    #[serde(default)]
    pub allow_plain: bool,
    /// The user to sign in as; without it nobody signs in.
    #[serde(default)]
    #[schemars(example = &"portcullis")]
    pub username: Option<String>,
    /// The password of that user.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The sender that recipients see: an address, or a name and an address. A name with other characters than letters
    /// and spaces stands in quotation marks.
    #[schemars(example = "Example <no-reply@example.com>")]
    pub from: String,
    /// Where answers go; without it they go to `from`.
    #[serde(default)]
    pub reply_to: Option<EmailAddress>,
    /// The name this machine greets the server with, which some servers look up; by default its host name.
    #[serde(default)]
    #[schemars(example = "app.example.com")]
    pub hello_name: Option<String>,
    /// The longest that connecting may take up to the message, and again the longest that the server may take to
    /// accept the message. Keep twice this below `outbox.timeout`. 1s to 5m.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// The most connections at the same time. 1 to 50.
    #[serde(default = "connections")]
    #[schemars(range(min = 1, max = 50))]
    pub connections: u8,
    /// A file with certificates in PEM form that are trusted besides those that the machine trusts, for servers with a
    /// certificate of a private authority.
    #[serde(default)]
    #[schemars(example = "/etc/portcullis/mail-ca.pem")]
    pub trusted_ca: Option<PathBuf>,
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// From the first greeting on: nothing is sent to a server that does not offer it (RFC 3207).
    #[default]
    Starttls,
    /// From the first byte on (RFC 8314).
    Tls,
    /// Not at all: for a server on this machine.
    None,
}

impl Encryption {
    const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

const fn timeout() -> Span {
    Span::seconds(7)
}

const fn connections() -> u8 {
    4
}

/// An SMTP server that can be connected to.
#[derive(Debug)]
pub struct SmtpPlan {
    server: Server,
    letterhead: Letterhead,
    connections: u8,
    trusted_ca: Option<PathBuf>,
}

impl Settings<Senders> for SmtpSettings {
    type Plan = SmtpPlan;

    fn plan(self) -> std::result::Result<SmtpPlan, Vec<ConfigError>> {
        let mut mistakes = self.mistakes();
        let from = match mailbox(&self.from) {
            Ok(from) if mistakes.is_empty() => from,
            Ok(_) => return Err(mistakes),
            Err(problem) => {
                mistakes.push(ConfigError::at("from", problem));
                return Err(mistakes);
            }
        };
        Ok(SmtpPlan {
            server: Server {
                port: self.port.unwrap_or(self.encryption.port()),
                encryption: self.encryption,
                credentials: self.username.zip(self.password),
                hello_name: self.hello_name,
                limit: self.timeout.get(),
                host: self.server,
            },
            letterhead: Letterhead {
                from,
                reply_to: self.reply_to,
            },
            connections: self.connections,
            trusted_ca: self.trusted_ca,
        })
    }
}

impl SmtpSettings {
    fn mistakes(&self) -> Vec<ConfigError> {
        let mut found = Vec::new();
        let mut expect = |holds: bool, field: &str, problem: &str| {
            if !holds {
                found.push(ConfigError::at(field, problem));
            }
        };
        expect(
            is_host(&self.server),
            "server",
            "a host name or an address is expected, such as smtp.example.com; the port has its own field",
        );
        expect(self.port != Some(0), "port", "a port from 1 to 65535 is expected");
        let plain = self.encryption == Encryption::None;
        let here = is_here(&self.server);
        expect(
            !plain || here || self.allow_plain,
            "encryption",
            "\"none\" is for a server on this machine; use \"starttls\" or \"tls\", or set allow_plain = true for a \
             relay in a private network",
        );
        expect(
            !plain || here || self.username.is_none(),
            "username",
            "nobody signs in over a connection that is not encrypted; use \"starttls\" or \"tls\"",
        );
        let filled = |text: Option<&str>| text.is_none_or(|text| !text.is_empty());
        expect(
            filled(self.username.as_deref()),
            "username",
            "a name is expected, or no such line",
        );
        expect(
            self.username.is_some() == self.password.is_some(),
            if self.username.is_some() {
                "password"
            } else {
                "username"
            },
            "a user name and a password belong together: set both or neither",
        );
        expect(
            filled(self.password.as_ref().map(Secret::expose)),
            "password",
            "a password is expected, or no such line",
        );
        expect(
            self.hello_name.as_deref().is_none_or(is_host),
            "hello_name",
            "a host name is expected, such as app.example.com",
        );
        expect(
            (Span::seconds(1)..=LONGEST).contains(&self.timeout),
            "timeout",
            "a time from 1s to 5m is expected",
        );
        expect(
            (1..=MOST_CONNECTIONS).contains(&self.connections),
            "connections",
            "a number from 1 to 50 is expected",
        );
        found
    }
}

#[async_trait]
impl Plan<Senders> for SmtpPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedSender> {
        let Self {
            server,
            letterhead,
            connections,
            trusted_ca,
        } = *self;
        let door = server.open(trusted_ca).await?;
        let pool = Pool::new(door, connections, Arc::clone(&runtime.clock));
        let smtp = Arc::new(Smtp::new(pool, letterhead, Arc::clone(&runtime.clock)));
        Ok(ConnectedSender {
            sender: Arc::clone(&smtp) as Arc<_>,
            mailbox: None,
            inbound: None,
            lookup: None,
            probe: smtp,
        })
    }
}

/// A sender as the settings name it. The address keeps its spelling, but must be one that could also be written to.
fn mailbox(text: &str) -> std::result::Result<Mailbox, &'static str> {
    const ADVICE: &str =
        "an address such as no-reply@example.com or Example <no-reply@example.com> is expected";
    let mailbox: Mailbox = text.trim().parse().map_err(|_| ADVICE)?;
    let named = mailbox.name.as_deref().unwrap_or_default();
    let safe = EmailAddress::parse(mailbox.email.as_ref()).is_ok() && !named.contains(char::is_control);
    safe.then_some(mailbox).ok_or(ADVICE)
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
