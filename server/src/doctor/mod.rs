//! What would keep the service from working: every check with its outcome.

mod messages;
mod store;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use portcullis_ports::Timestamp;
use portcullis_ports::connections::{AnyConnection, Connections};
use portcullis_ports::http::HttpClient;
use portcullis_ports::notification::Destination;
use portcullis_ports::plugin::{Maturity, Runtime};
use serde::Serialize;

use crate::compose::{NamedProbe, NotConnected, connect_each, probes};
use crate::config::{Source, ValidatedConfig};
use crate::exit::{Failure, in_full};
use crate::live::{self, Watch};
use crate::run::listen;
use crate::settings::ServerSettings;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// The service can start, but somebody should look at it.
    Warning,
    /// The service cannot start, or cannot do all of its work.
    Failed,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked: `linked`, `configured`, `connects`, `starts`, `healthy`, `live`, `clock`, `senders` or `advice`.
    pub check: &'static str,
    /// How it went.
    pub status: Status,
    /// In words.
    pub detail: String,
}

impl Finding {
    /// A check and its outcome.
    pub fn new(check: &'static str, status: Status, detail: impl Into<String>) -> Self {
        Self {
            check,
            status,
            detail: detail.into(),
        }
    }
}

/// Before this moment the program did not exist: a clock that shows less is wrong.
const NOT_BEFORE: Timestamp = Timestamp::from_seconds(1_767_225_600);
/// A hundred years later.
const NOT_AFTER: Timestamp = Timestamp::from_seconds(1_767_225_600 + 3_155_760_000);
/// How far the clock may jump while the checks run.
const JUMP: Duration = Duration::from_secs(1);

/// How far the checks go.
#[derive(Debug, Clone, Default)]
pub struct Depth {
    /// Whether everything is used once, and not only asked how it is.
    pub live: bool,
    /// To whom each sender of the channel sends a message then.
    pub send_to: Option<Destination>,
}

/// Connects to everything and asks how it is.
pub async fn examine(config: ValidatedConfig, runtime: &Runtime, depth: &Depth) -> Vec<Finding> {
    let watch = Watch::around(runtime);
    let runtime = &Runtime {
        http: Arc::clone(&watch) as Arc<dyn HttpClient>,
        ..runtime.clone()
    };
    let limit = config.server.connect_timeout.get();
    let (began, at) = (Instant::now(), runtime.clock.now());
    let mut findings = advice(&config);
    let spend = config.settings.sms_spend.clone();
    let server = config.server;
    let results = connect_each(config.plugins, server.public_url.as_ref(), runtime, limit).await;
    findings.extend(results.iter().map(connects));
    let failed: Vec<&str> = results
        .iter()
        .filter_map(|result| Some(result.as_ref().err()?.port))
        .collect();
    let connections: Connections = results.iter().flatten().cloned().collect();
    let contents = store::contents(&connections, limit).await;
    // Any keys fit a store that holds nothing any more.
    if !contents.as_ref().is_some_and(stops_the_start) {
        findings.extend(store::root_secret(&connections, &failed, limit).await);
    }
    findings.push(address(&server).await);
    findings.extend(health(&probes(&connections), limit).await);
    findings.extend(contents);
    findings.extend(messages::channels(&connections));
    findings.extend(messages::bill(&connections, &spend));
    findings.push(clock(at, began.elapsed(), runtime.clock.now()));
    if depth.live {
        findings.extend(live::examine(&connections, runtime, depth.send_to.as_ref()).await);
        findings.extend(watch.findings());
    }
    findings.sort_by_key(|finding| {
        ["connects", "starts", "healthy", "live", "clock", "senders"]
            .iter()
            .position(|check| *check == finding.check)
            .unwrap_or(9)
    });
    findings
}

fn connects(result: &Result<Arc<dyn AnyConnection>, NotConnected>) -> Finding {
    match result {
        Ok(connection) => Finding::new("connects", Status::Ok, connection.name()),
        Err(why) => Finding::new(
            "connects",
            Status::Failed,
            format!("{}: {}", why.name, why.reason),
        ),
    }
}

/// Whether the address can be taken.
async fn address(server: &ServerSettings) -> Finding {
    match listen(server).await {
        Ok(_) => Finding::new(
            "starts",
            Status::Ok,
            format!("{} can be listened on", server.listen),
        ),
        Err(Failure::Unavailable(why)) => Finding::new("starts", Status::Failed, why),
        Err(why) => Finding::new("starts", Status::Failed, why.to_string()),
    }
}

/// Whether a check that failed keeps the service from starting, and not only from some of its work.
pub fn stops_the_start(finding: &Finding) -> bool {
    finding.status == Status::Failed
        && ["linked", "configured", "connects", "starts"].contains(&finding.check)
}

async fn health(probes: &[NamedProbe], limit: Duration) -> Vec<Finding> {
    let ask = async |one: &NamedProbe| match tokio::time::timeout(limit, one.probe.check()).await {
        Ok(Ok(said)) => Finding::new("healthy", Status::Ok, format!("{}: {said}", one.name)),
        Ok(Err(error)) => Finding::new(
            "healthy",
            Status::Failed,
            format!("{}: {}", one.name, in_full(&error)),
        ),
        Err(_) => Finding::new(
            "healthy",
            Status::Failed,
            format!("{}: no answer within {} s", one.name, limit.as_secs()),
        ),
    };
    join_all(probes.iter().map(ask)).await
}

/// Compares the clock of the machine with itself and with common sense.
fn clock(began: Timestamp, passed: Duration, now: Timestamp) -> Finding {
    if now < NOT_BEFORE || now > NOT_AFTER {
        let detail =
            format!("the clock shows {now} seconds since 1970, which cannot be right; codes would not match");
        return Finding::new("clock", Status::Failed, detail);
    }
    let drift = now.since(began).abs_diff(passed);
    if drift > JUMP || now < began {
        let detail = format!(
            "the clock jumped by {} ms during the checks; is something setting it?",
            drift.as_millis()
        );
        return Finding::new("clock", Status::Warning, detail);
    }
    Finding::new("clock", Status::Ok, "plausible and steady")
}

/// What an operator should know although nothing is wrong with it.
fn advice(config: &ValidatedConfig) -> Vec<Finding> {
    let mut texts = Vec::new();
    let server = &config.server;
    if server
        .public_url
        .as_ref()
        .is_some_and(portcullis_ports::Endpoint::is_secure)
        && server.trusted_proxies.is_empty()
    {
        texts.push(
            "server.trusted_proxies is empty although TLS ends at a proxy: all visitors seem to come from its address, \
             and share its limits"
                .to_owned(),
        );
    }
    let plugins = config.plugins.iter();
    let early = plugins.filter(|one| one.meta().maturity == Maturity::DevelopmentOnly);
    texts.extend(early.map(|one| {
        format!(
            "{} is for development only; `portcullis serve` refuses it",
            one.name()
        )
    }));
    texts.extend(readable_files(config));
    texts.extend(config.notes.iter().cloned());
    texts
        .into_iter()
        .map(|text| Finding::new("advice", Status::Warning, text))
        .collect()
}

/// Files with secrets that other users of the machine can read.
fn readable_files(config: &ValidatedConfig) -> Vec<String> {
    let mut files: Vec<&Path> = config
        .shown
        .entries
        .iter()
        .filter(|entry| entry.secret)
        .filter_map(|entry| match &entry.source {
            Source::File { file, .. } | Source::Variable { file: Some(file), .. } => Some(file.as_path()),
            _ => None,
        })
        .collect();
    files.sort_unstable();
    files.dedup();
    let open =
        |file: &&Path| std::fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o007 != 0);
    files
        .into_iter()
        .filter(open)
        .map(|file| {
            format!(
                "{0} holds secrets and every user of this machine can read it: chmod o-rwx {0}",
                file.display()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_or_is_absurd_is_noticed() {
        let now = NOT_BEFORE + Duration::from_secs(1_000_000);
        let second = Duration::from_secs(1);
        assert_eq!(clock(now, second, now + second).status, Status::Ok);
        assert_eq!(
            clock(now, second, now + Duration::from_secs(5)).status,
            Status::Warning
        );
        assert_eq!(clock(now, second, now - second).status, Status::Warning);
        assert_eq!(
            clock(now, second, Timestamp::from_seconds(0)).status,
            Status::Failed
        );
    }
}
