//! What only real accounts can prove: every port is used once, as the service uses it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use portcullis_core::collections;
use portcullis_ports::connections::{AnyConnection, Connection, Connections};
use portcullis_ports::http::{HttpClient, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::id::{MessageId, random};
use portcullis_ports::keys::{EncryptionContext, KeyManager, Keys};
use portcullis_ports::notification::{ConnectedSender, Destination, Message, Senders};
use portcullis_ports::plugin::Runtime;
use portcullis_ports::secret::same_secret;
use portcullis_ports::storage::{
    ConnectedStore, Expect, Key, Query, Range, RecordStore, Storage, StoreError, Version, Write,
};
use portcullis_ports::{Clock, Outcome, Timestamp};

use crate::doctor::{Finding, Status};
use crate::exit::in_full;

/// What a round trip leaves behind if it is interrupted goes away by itself after this time.
const SCRATCH: Duration = Duration::from_mins(10);
/// No use case reads this partition.
const PARTITION: &str = "portcullis-doctor";
/// Vendors refuse signatures of clocks that are off by five minutes; codes of apps suffer from half a minute.
const SKEW: Duration = Duration::from_secs(15);
/// How long one round trip may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Uses everything that is connected. A message is sent if there is somebody to send it to.
pub(crate) async fn examine(
    connections: &Connections,
    runtime: &Runtime,
    send_to: Option<&Destination>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for store in connections.many::<Storage>() {
        findings.push(found(store, store_round_trip(store, runtime)).await);
    }
    for keys in connections.many::<Keys>() {
        findings.push(found(keys, keys_round_trip(keys.keys.as_ref(), runtime)).await);
    }
    if let Some(to) = send_to {
        findings.extend(messages(&connections.many(), runtime, to).await);
    }
    findings
}

/// A round trip and what came of it.
async fn found(
    connection: &dyn AnyConnection,
    trip: impl Future<Output = std::result::Result<String, String>>,
) -> Finding {
    let told = |status, text: String| Finding::new("live", status, format!("{}: {text}", connection.name()));
    match tokio::time::timeout(LIMIT, trip).await {
        Ok(Ok(text)) => told(Status::Ok, text),
        Ok(Err(why)) => told(Status::Failed, why),
        Err(_) => told(Status::Failed, format!("no answer within {} s", LIMIT.as_secs())),
    }
}

/// Writes, reads and deletes one record of every family: a table without a permission is found.
async fn store_round_trip(store: &ConnectedStore, runtime: &Runtime) -> std::result::Result<String, String> {
    let sort = random("scratch", runtime.entropy.as_ref()).map_err(|error| in_full(&error))?;
    let expires_at = Some(runtime.clock.now() + SCRATCH);
    let keys: Vec<Key> = collections()
        .into_iter()
        .map(|collection| Key {
            collection,
            partition: PARTITION.to_owned(),
            sort: sort.clone(),
        })
        .collect();
    let records = store.records.as_ref();
    let puts: Vec<Write> = keys
        .iter()
        .map(|key| Write::Put {
            key: key.clone(),
            body: "{}".into(),
            expires_at,
            expect: Expect::Absent,
        })
        .collect();
    let versions = records.commit(&puts).await.map_err(failed("cannot write"))?;
    let read = read_back(records, &keys, &versions).await;
    let deletes: Vec<Write> = keys
        .iter()
        .map(|key| Write::Delete {
            key: key.clone(),
            expect: Expect::Present,
        })
        .collect();
    // Also after a reading that failed: nothing is left behind.
    records.commit(&deletes).await.map_err(failed("cannot delete"))?;
    read?;
    Ok(format!(
        "wrote, read and deleted a record of each of {} families in one commit",
        keys.len()
    ))
}

async fn read_back(
    records: &dyn RecordStore,
    keys: &[Key],
    versions: &[Option<Version>],
) -> std::result::Result<(), String> {
    for (key, version) in keys.iter().zip(versions) {
        let got = records.get(key).await.map_err(failed("cannot read"))?;
        let query = Query {
            collection: key.collection,
            partition: key.partition.clone(),
            range: Range::Prefix(key.sort.clone()),
            direction: portcullis_ports::storage::Direction::Ascending,
            limit: 1,
            after: None,
        };
        let page = records.query(&query).await.map_err(failed("cannot query"))?;
        if got.as_ref().map(|record| record.version) != *version || page.records.first() != got.as_ref() {
            return Err(format!(
                "what was written to `{}` did not come back",
                key.collection.name
            ));
        }
    }
    Ok(())
}

fn failed(what: &'static str) -> impl Fn(StoreError) -> String {
    move |error| format!("{what}: {error}")
}

async fn keys_round_trip(keys: &dyn KeyManager, runtime: &Runtime) -> std::result::Result<String, String> {
    let told = |error: portcullis_ports::Error| in_full(&error);
    let mut plain = [0; 32];
    runtime.entropy.fill(&mut plain).map_err(told)?;
    let context = EncryptionContext::new("doctor").and("try", "1");
    let sealed = keys.seal(&plain, &context).await.map_err(told)?;
    let opened = keys.open(&sealed, &context).await.map_err(told)?;
    if !same_secret(&opened, &plain) {
        return Err("what was sealed does not open to the same".to_owned());
    }
    let other = EncryptionContext::new("doctor").and("try", "2");
    if keys.open(&sealed, &other).await.is_ok() {
        return Err("what was sealed for one purpose opens for another".to_owned());
    }
    Ok("sealed and opened a secret; for another purpose it stays shut".to_owned())
}

/// One message through each sender that serves the channel, the ones behind the first included.
async fn messages(senders: &[&Connection<Senders>], runtime: &Runtime, to: &Destination) -> Vec<Finding> {
    let mut findings = Vec::new();
    for connection in senders {
        if connection.sender.channels().contains(&to.channel()) {
            findings.push(found(*connection, message(connection, runtime, to)).await);
        }
    }
    if findings.is_empty() {
        let text = format!("{}: no sender that is connected serves it", to.channel());
        findings.push(Finding::new("live", Status::Failed, text));
    }
    findings
}

async fn message(
    connected: &ConnectedSender,
    runtime: &Runtime,
    to: &Destination,
) -> std::result::Result<String, String> {
    let message = Message {
        id: MessageId::random(runtime.entropy.as_ref()).map_err(|error| in_full(&error))?,
        to: to.clone(),
        subject: "A test of Portcullis".to_owned(),
        text: "This is a test of Portcullis. If you did not ask for it, ignore it.".to_owned(),
        html: None,
        code: None,
    };
    let address = to.masked();
    match connected.sender.send(&message).await {
        Outcome::Done(receipt) => Ok(format!(
            "sent to {address}; the vendor calls it {}",
            receipt.reference
        )),
        Outcome::Pending(reference) => Ok(format!(
            "accepted for {address} and not yet decided; ask the vendor about {}",
            reference.0
        )),
        Outcome::Declined(reason) => Err(format!(
            "declined for {address}: {}: {}",
            reason.code, reason.detail
        )),
        Outcome::NotSent(reason) => Err(format!(
            "not sent to {address}: {}: {}",
            reason.code, reason.detail
        )),
        Outcome::Unknown(reference) => Err(format!(
            "nobody knows whether it was sent to {address}; look for {} at the vendor",
            reference.0
        )),
    }
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
