//! What only real accounts can prove: every port is used once, as the service uses it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use portcullis_core::collections;
use portcullis_ports::connections::Connections;
use portcullis_ports::http::{HttpClient, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::notification::{Destination, Senders};
use portcullis_ports::plugin::Runtime;
use portcullis_ports::self_test::SelfTest;
use portcullis_ports::{Clock, Timestamp};

use crate::doctor::{Finding, Status};
use crate::exit::in_full;

/// Vendors refuse signatures of clocks that are off by five minutes; codes of apps suffer from half a minute.
const SKEW: Duration = Duration::from_secs(15);
/// How long one self-test may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Has everything that is connected test itself. A message is sent if there is somebody to send it to.
pub(crate) async fn examine(
    connections: &Connections,
    runtime: &Runtime,
    send_to: Option<&Destination>,
) -> Vec<Finding> {
    let with = SelfTest {
        clock: runtime.clock.as_ref(),
        entropy: runtime.entropy.as_ref(),
        collections: &collections(),
        send_to,
    };
    let mut findings = Vec::new();
    for one in connections.iter().filter(|one| !one.former()) {
        let (status, text) = match tokio::time::timeout(LIMIT, one.self_test(&with)).await {
            Ok(None) => continue,
            Ok(Some(Ok(text))) => (Status::Ok, text),
            Ok(Some(Err(error))) => (Status::Failed, in_full(&error)),
            Err(_) => (Status::Failed, format!("no answer within {} s", LIMIT.as_secs())),
        };
        findings.push(Finding::new("live", status, format!("{}: {text}", one.name())));
    }
    let senders = connections.many::<Senders>();
    let served = |to: &Destination| {
        senders
            .iter()
            .any(|one| one.sender.channels().contains(&to.channel()))
    };
    if let Some(to) = send_to.filter(|to| !served(to)) {
        let text = format!("{}: no sender that is connected serves it", to.channel());
        findings.push(Finding::new("live", Status::Failed, text));
    }
    findings
}

/// A way to the outside that listens to what the clocks of vendors say.
pub(crate) struct Watch {
    inner: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    /// By host, how far ours is ahead of theirs, in milliseconds; negative if it is behind.
    ahead: Mutex<BTreeMap<String, i64>>,
}

impl Watch {
    /// Around the way to the outside that `runtime` has.
    pub(crate) fn around(runtime: &Runtime) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(&runtime.http),
            clock: Arc::clone(&runtime.clock),
            ahead: Mutex::default(),
        })
    }

    /// What the clocks said so far; nothing if no vendor told the time.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        ahead.iter().map(|(host, ahead)| judged(host, *ahead)).collect()
    }

    fn note(&self, host: &str, answer: &HttpResponse) {
        let Some(theirs) = answer.header("date").and_then(parse_date) else {
            return;
        };
        let ahead = self.clock.now().millis() - theirs.millis();
        let mut known = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(host.to_owned(), ahead);
    }
}

/// `Date` counts in seconds, and an answer takes its time: small differences mean nothing.
fn judged(host: &str, ahead: i64) -> Finding {
    let off = Duration::from_millis(ahead.unsigned_abs());
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    let (status, text) = if off <= SKEW {
        (Status::Ok, format!("agrees with that of {host}"))
    } else {
        let text = format!(
            "{} s {side} that of {host}; codes and signatures depend on it: set it, and keep it set by NTP",
            off.as_secs()
        );
        (Status::Failed, text)
    };
    Finding::new("clock", status, text)
}

/// Reads `Date` as servers write it: RFC 9110, section 5.6.7.
fn parse_date(text: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(text)
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?;
    Some(Timestamp::from_seconds(i64::try_from(since.as_secs()).ok()?))
}

#[async_trait]
impl HttpClient for Watch {
    async fn send(&self, request: HttpRequest) -> std::result::Result<HttpResponse, NoAnswer> {
        let host = host_of(&request.url);
        let answer = self.inner.send(request).await?;
        if let Some(host) = host {
            self.note(&host, &answer);
        }
        Ok(answer)
    }
}

fn host_of(url: &str) -> Option<String> {
    let parsed = reqwest::Url::parse(url).ok()?;
    parsed.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_a_server_is_read() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
        ] {
            assert_eq!(parse_date(text), Some(Timestamp::from_seconds(seconds)), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "Thu, 01 Foo 1970 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00 GMT",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_that_disagrees_with_a_vendor_is_noticed() {
        assert_eq!(judged("api.example.com", -2_000).status, Status::Ok);
        let found = judged("api.example.com", -40_000);
        assert_eq!(found.status, Status::Failed);
        assert!(
            found.detail.contains("40 s behind that of api.example.com"),
            "{}",
            found.detail
        );
    }
}
