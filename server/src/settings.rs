//! The table `[server]`: how the program listens, whom it trusts, what it logs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use portcullis_ports::{ByteSize, Endpoint, Secret, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::values::Network;

/// What a request body may be limited to. Less than the least refuses ordinary requests; every request under way may hold
/// as much in memory.
const BODY_LIMITS: RangeInclusive<ByteSize> = ByteSize::kibibytes(1)..=ByteSize::mebibytes(64);

/// For whom the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A developer's machine: `portcullis dev`.
    Development,
    /// Everything else. Nothing insecure is accepted.
    Production,
}

/// How the program listens, whom it trusts, what it logs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// The address and the port to listen on. Port 0 takes a free one. TLS ends at a proxy in front.
    #[schemars(with = "String", extend("format" = "socket-address", "examples" = ["127.0.0.1:8080"]))]
    pub listen: SocketAddr,
    /// Where browsers reach the service, as scheme, host and port. Needed by `portcullis serve`, and `https` unless
    /// it is this machine. Under `portcullis dev` it is the address the program listens on.
    #[schemars(extend("x-env" = ["PUBLIC_BASE_URL"]))]
    pub public_url: Option<Endpoint>,
    /// Networks of the proxies whose `X-Forwarded-For` is believed. Without them the peer's address counts.
    pub trusted_proxies: Vec<Network>,
    /// Origins of other sites whose pages may call the API from a browser. The service's own origin always may.
    pub cors_origins: Vec<Endpoint>,
    /// The largest request body: 1KiB to 64MiB.
    pub body_limit: ByteSize,
    /// The most clients that may be connected at the same time; one more is answered with 503. The limit of the system
    /// for open files applies as well.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_connections: usize,
    /// The most connections that one client may have at the same time: an IPv4 address, or the /64 of an IPv6 address.
    /// One more is answered with 429. `trusted_proxies` are not bounded, they connect for many.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_connections_per_client: usize,
    /// How long a kept connection may be idle, and how long a client may take to send the head of a request. Longer
    /// than at the proxy in front, so that it is the proxy who closes.
    pub idle_timeout: Span,
    /// A request that takes longer is answered with 503, or with 408 if it is the client that is waited for.
    pub request_timeout: Span,
    /// How long the program accepts and answers requests after it was told to stop (SIGTERM), while `/readyz` says 503:
    /// the time that a load balancer needs to notice. Ctrl-C and a second signal end it. Counts towards `drain_timeout`.
    pub shutdown_delay: Span,
    /// How long requests under way may go on after the program was told to stop.
    pub drain_timeout: Span,
    /// How long a plugin may take to connect at the start, and to answer a health check.
    pub connect_timeout: Span,
    /// The bearer token that `/metrics` asks for. Without one only programs on this machine, and no proxy, are answered.
    pub metrics_token: Option<Secret>,
    /// Whether `/docs` shows the Swagger UI. The API document itself is always served.
    pub docs: bool,
    /// How log lines are written: `text` for people, `json` for collectors.
    pub log_format: LogFormat,
    /// What is logged: `error`, `warn`, `info`, `debug` or `trace`, and exceptions such as `info,portcullis_core=debug`.
    #[schemars(extend("examples" = ["info"]))]
    pub log_level: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            public_url: None,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            body_limit: ByteSize::kibibytes(64),
            max_connections: 16_384,
            max_connections_per_client: 2048,
            idle_timeout: Span::seconds(75),
            request_timeout: Span::seconds(30),
            shutdown_delay: Span::seconds(3),
            drain_timeout: Span::seconds(20),
            connect_timeout: Span::seconds(10),
            metrics_token: None,
            docs: true,
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
        }
    }
}

/// Whether every part of a filter is a level, or one for a part of the program. The filter itself takes any word for a
/// part of the program, so that a typing slip would silence the log.
fn names_levels(filter: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.contains(&word.trim().to_ascii_lowercase().as_str());
    let is_part = |word: &str| {
        let word = word.trim();
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-'))
    };
    filter.split(',').all(|word| match word.split_once('=') {
        Some((part, level)) => is_part(part) && is_level(level),
        None => is_level(word),
    })
}

impl ServerSettings {
    /// What does not fit together: the name of the field, and what is said.
    pub(crate) fn errors(&self, stage: Stage) -> Vec<(&'static str, String)> {
        let mut errors = Vec::new();
        let mut refuse = |field, text: &str| errors.push((field, text.to_owned()));
        match &self.public_url {
            None if stage == Stage::Production => refuse(
                "public_url",
                "`public_url` is needed by `portcullis serve`.\n\
                 Set the address at which browsers reach the service, such as https://gate.example.com.",
            ),
            Some(url) if stage == Stage::Production && !url.is_secure() && !url.is_local() => refuse(
                "public_url",
                "Over plain http, passwords and sessions could be read on the way.\n\
                 Use https; a proxy in front of this program ends TLS.",
            ),
            _ => {}
        }
        if !BODY_LIMITS.contains(&self.body_limit) {
            let (least, most) = BODY_LIMITS.into_inner();
            errors.push((
                "body_limit",
                format!(
                    "{} is not accepted.\nExpected is {least} to {most}.",
                    self.body_limit
                ),
            ));
        }
        let mut refuse = |field, text: &str| errors.push((field, text.to_owned()));
        if EnvFilter::try_new(&self.log_level).is_err() || !names_levels(&self.log_level) {
            refuse(
                "log_level",
                "This is not a log level.\nExpected is error, warn, info, debug or trace, perhaps with exceptions such \
                 as info,portcullis_core=debug.",
            );
        }
        for (field, span) in [
            ("idle_timeout", self.idle_timeout),
            ("request_timeout", self.request_timeout),
            ("connect_timeout", self.connect_timeout),
        ] {
            if span.get().is_zero() {
                refuse(field, "No time at all is never enough.\nExpected is at least 1s.");
            }
        }
        if let Some(network) = self.trusted_proxies.iter().find(|network| network.is_boundless()) {
            let text = format!(
                "{network} is no network of proxies: whoever comes from there could claim any address.\n\
                 Name the addresses of your proxies, or their networks."
            );
            refuse("trusted_proxies", &text);
        }
        let token = self.metrics_token.as_ref().map(|token| token.expose().len());
        if token.is_some_and(|length| length < 16) {
            refuse(
                "metrics_token",
                "The token is too easy to guess.\nUse 16 characters or more.",
            );
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_for_the_log_names_levels_that_exist() {
        for right in [
            "info",
            "WARN",
            "off",
            "info,portcullis_core=debug",
            "error, hyper::proto = trace",
        ] {
            assert!(names_levels(right), "{right}");
        }
        for wrong in [
            "",
            " ",
            "inof",
            "information",
            "info,",
            "info,portcullis_core",
            "a=b",
            "=info",
            "info;debug",
            "3",
        ] {
            assert!(!names_levels(wrong), "{wrong}");
        }
    }
}
