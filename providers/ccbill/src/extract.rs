//! The extract: what moved on the account in a span of at most a day, which CCBill lets one read once an hour.

use std::collections::VecDeque;
use std::time::Duration;

use async_lock::Mutex;
use portcullis_ports::Timestamp;
use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::outcome::Reason;
use portcullis_ports::payments::VendorRef;

use crate::arizona;
use crate::client::{Asked, TRY_AGAIN};
use crate::datalink::DataLink;
use crate::terms::{EXTRACT_EVERY, EXTRACT_SPAN};

const KINDS: &str = "NEW,REBILL,EXPIRE,CANCELLATION,REFUND,CHARGEBACK,VOID";
/// The longest that an extract may take: a look-up reads a token, its use and a status before it.
const EXTRACT_LIMIT: Duration = Duration::from_secs(10);
/// How many extracts are kept: two days of them.
const KEPT: usize = 48;

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    New,
    Rebill,
    Refund,
    Void,
    Chargeback,
    /// That a subscription ends, or something unknown: no money.
    Other,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) kind: LineKind,
    pub(crate) subscription: String,
    /// As it is written.
    pub(crate) time: String,
    /// As it is written; empty where there is none.
    pub(crate) price: String,
    /// Made of what the line holds, as CCBill names few of them: the same whenever the line is read.
    pub(crate) name: String,
}

impl Line {
    pub(crate) fn at(&self) -> Option<Timestamp> {
        arizona::moment(&self.time)
    }

    pub(crate) fn theirs(&self) -> Option<VendorRef> {
        VendorRef::parse(&self.name).ok()
    }
}

/// An extract as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Extract {
    pub(crate) from: Timestamp,
    /// Not included.
    pub(crate) to: Timestamp,
    pub(crate) lines: Vec<Line>,
    read_at: Timestamp,
}

/// The extracts that were read lately.
#[derive(Default)]
pub(crate) struct Extracts(Mutex<Read>);

#[derive(Default)]
struct Read {
    asked_at: Option<Timestamp>,
    kept: VecDeque<Extract>,
}

impl Extracts {
    /// What moved since a moment, over a day at most, as it was an hour ago or later.
    pub(crate) async fn since(&self, datalink: &DataLink, from: Timestamp) -> Result<Extract, Reason> {
        let now = datalink.clock.now();
        if from > now - EXTRACT_SPAN {
            // The last day serves everybody who asks within the hour.
            let fresh =
                |one: &Extract| now.since(one.read_at) < EXTRACT_EVERY && one.from <= from && one.to > from;
            return self.read(datalink, (now - EXTRACT_SPAN, now), fresh).await;
        }
        // From a whole hour: what is asked for of one hour is read once.
        let from = Timestamp::from_seconds(from.seconds() - from.seconds().rem_euclid(3_600));
        self.span(datalink, from, from + EXTRACT_SPAN).await
    }

    /// What moved on the day of a moment, as CCBill counts days, or over the last day: the same for everybody, so that each day
    /// is read once.
    pub(crate) async fn day(&self, datalink: &DataLink, of: Timestamp) -> Result<Extract, Reason> {
        if of > datalink.clock.now() - EXTRACT_SPAN {
            return self.since(datalink, of).await;
        }
        let from = arizona::day_of(of);
        self.span(datalink, from, from + EXTRACT_SPAN).await
    }

    /// What moved in a span. Lines appear up to [`EXTRACT_EVERY`] late: until then it is what was known when it was read.
    pub(crate) async fn span(
        &self,
        datalink: &DataLink,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Extract, Reason> {
        let now = datalink.clock.now();
        let settled = to + EXTRACT_EVERY;
        // What was read before that may lack a line, and is not given to anybody who could have a later one.
        let is_whole = |one: &Extract| {
            one.read_at >= settled || (now < settled && now.since(one.read_at) < EXTRACT_EVERY)
        };
        let serves = |one: &Extract| one.from <= from && one.to >= to && is_whole(one);
        self.read(datalink, (from, to), serves).await
    }

    async fn read(
        &self,
        datalink: &DataLink,
        (from, to): (Timestamp, Timestamp),
        serves: impl Fn(&Extract) -> bool,
    ) -> Result<Extract, Reason> {
        let mut read = self.0.lock().await;
        if let Some(known) = read.kept.iter().rev().find(|one| serves(one)) {
            return Ok(known.clone());
        }
        let now = datalink.clock.now();
        if let Some(asked_at) = read.asked_at {
            let gone = now.since(asked_at);
            if gone < EXTRACT_EVERY {
                let why = "CCBill lets one read the extract once an hour";
                return Err(Reason::passing(
                    "extract-once-an-hour",
                    why,
                    EXTRACT_EVERY.saturating_sub(gone),
                ));
            }
        }
        // Before it is sent: whoever stops waiting for the answer does not take the request back.
        let before = read.asked_at.replace(now);
        let asked = datalink.ask_extract(from, to).await;
        if matches!(asked, Asked::NotSent(_)) {
            read.asked_at = before;
        }
        let lines = datalink.lines(asked)?;
        let extract = Extract {
            from,
            to,
            lines,
            read_at: now,
        };
        read.kept.push_back(extract.clone());
        if read.kept.len() > KEPT {
            read.kept.pop_front();
        }
        Ok(extract)
    }
}

impl DataLink {
    async fn ask_extract(&self, from: Timestamp, to: Timestamp) -> Asked {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("startTime", &arizona::digits(from))
            .append_pair("endTime", &arizona::digits(to))
            .append_pair("transactionTypes", KINDS)
            .append_pair("clientAccnum", &self.account)
            .append_pair("clientSubacc", &self.subaccount)
            .append_pair("username", &self.user)
            .append_pair("password", self.password.expose())
            .finish();
        let url = format!("{}/data/main.cgi?{query}", self.endpoint);
        let limit = EXTRACT_LIMIT.min(self.limit);
        self.send(HttpRequest::new(HttpMethod::Get, url).within(limit))
            .await
    }

    fn lines(&self, asked: Asked) -> Result<Vec<Line>, Reason> {
        let no_answer = |why: &str| Reason::passing("no-answer", why, TRY_AGAIN);
        let answer = match asked {
            Asked::Answer(answer) if answer.is_success() => answer,
            Asked::NotSent(reason) => return Err(reason),
            _ => return Err(no_answer("CCBill did not give the extract")),
        };
        let text = String::from_utf8_lossy(&answer.body);
        if text.trim_start().starts_with("Error") {
            return Err(self.refusal(&text));
        }
        read_lines(&text, &self.account, &self.subaccount)
            .ok_or_else(|| no_answer("CCBill's extract cannot be read"))
    }
}

/// The lines of an account, oldest first as CCBill gives them; `None` if it is no extract.
pub(crate) fn read_lines(text: &str, account: &str, subaccount: &str) -> Option<Vec<Line>> {
    // What stands for nothing at all.
    if text.trim() == "1" {
        return Some(Vec::new());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut lines: Vec<Line> = Vec::new();
    for record in reader.records() {
        let record = record.ok()?;
        let cell = |at: usize| record.get(at).unwrap_or_default().trim();
        let (kind, price, named) = match cell(0) {
            "NEW" => (LineKind::New, cell(17), ""),
            "REBILL" => (LineKind::Rebill, cell(6), cell(5)),
            "REFUND" => (LineKind::Refund, cell(5), ""),
            "VOID" => (LineKind::Void, cell(5), ""),
            "CHARGEBACK" => (LineKind::Chargeback, cell(5), ""),
            kind if kind.chars().all(|c| c.is_ascii_uppercase()) && !kind.is_empty() => {
                (LineKind::Other, "", "")
            }
            _ => return None,
        };
        let same_subaccount = cell(2).parse::<u16>().ok() == subaccount.parse().ok();
        if cell(1) != account || !same_subaccount {
            continue;
        }
        let (subscription, time) = (cell(3), cell(4));
        let digits: String = time.chars().filter(char::is_ascii_digit).collect();
        let mut name = match kind {
            _ if !named.is_empty() => named.to_owned(),
            LineKind::New => format!("{subscription}.new"),
            _ => format!("{subscription}.{}.{digits}", cell(0).to_lowercase()),
        };
        let alike = |known: &&Line| known.name == name || known.name.starts_with(&format!("{name}."));
        let before = lines.iter().filter(alike).count();
        if before > 0 {
            name = format!("{name}.{}", before + 1);
        }
        lines.push(Line {
            kind,
            subscription: subscription.to_owned(),
            time: time.to_owned(),
            price: price.to_owned(),
            name,
        });
    }
    Some(lines)
}

/// How far the clocks of CCBill and of this machine may be apart.
pub(crate) const SKEW: Duration = Duration::from_mins(10);
