//! What a payment costs beyond the vendor's own time, beside bare commits.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Extent;
use crate::Result;
use crate::commits;
use crate::http::{Connection, Url};
use crate::people::{Person, email};
use crate::report::{Goal, Judged, Line};
use crate::samples::{median, median_ratio, permille};
use crate::stripe::Stripe;

/// What a payment may take beyond two commits.
const BESIDE: Duration = Duration::from_millis(3);

/// Somebody with a stored card.
pub(super) struct Payer {
    connection: Connection,
    url: Url,
    proof: Vec<(String, String)>,
    /// How often they paid.
    pub(super) payments: usize,
}

impl Payer {
    pub(super) async fn with_a_card(url: &Url, stripe: &Stripe) -> Result<Self> {
        let mut connection = Connection::open(url.address, 1).await?;
        let person = Person::sign_up(&mut connection, url, &email("payer", 0)).await?;
        let proof = person.start_session(&mut connection, url).await?;
        let mut payer = Self {
            connection,
            url: url.clone(),
            proof,
            payments: 0,
        };
        let setups = "/api/billing/payment-methods/setups";
        let setup = payer.post(setups, Some("card"), &json!({}), 200).await?;
        let secret = setup
            .pointer("/next_action/client_secret")
            .and_then(Value::as_str);
        stripe.card_for(secret.ok_or("the setup has no secret")?)?;
        let id = setup.get("setup_id").and_then(Value::as_str);
        let path = format!("{setups}/{}/complete", id.ok_or("the setup has no id")?);
        payer.post(&path, None, &json!({}), 200).await?;
        Ok(payer)
    }

    async fn post(&mut self, path: &str, key: Option<&str>, body: &Value, status: u16) -> Result<Value> {
        let mut headers = self.proof.clone();
        headers.extend(key.map(|key| ("idempotency-key".to_owned(), key.to_owned())));
        let request = self.url.at(path).request("POST", &headers, &body.to_string());
        self.connection.json(&request, status).await
    }

    /// Pays with the stored card.
    pub(super) async fn pay(&mut self) -> Result<()> {
        self.payments += 1;
        let key = format!("payment-{}", self.payments);
        let body = json!({ "purpose": "purchase", "amount": 1999, "currency": "USD", "pay_by": "method" });
        let paid = self.post("/api/billing/payments", Some(&key), &body, 201).await?;
        if paid.get("status").and_then(Value::as_str) == Some("succeeded") {
            Ok(())
        } else {
            Err(format!("not paid: {paid}").into())
        }
    }

    /// How long each payment took without what the vendor spent on it, for so long.
    async fn pays_for(&mut self, span: Duration, stripe: &Stripe) -> Result<Vec<Duration>> {
        let until = Instant::now() + span;
        let mut times = Vec::new();
        while Instant::now() < until {
            let (began, busy) = (Instant::now(), stripe.busy());
            self.pay().await?;
            times.push(began.elapsed().saturating_sub(stripe.busy().saturating_sub(busy)));
        }
        Ok(times)
    }
}

pub(super) async fn measure(extent: &Extent, payer: &mut Payer, stripe: &Stripe) -> Result<Vec<Line>> {
    let (mut own, mut slowest, mut allowed, mut commit) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let folder = extent.folder.clone();
    for _ in 0..extent.rounds {
        let (folder, millis) = (folder.clone(), extent.seconds * 100);
        let rows = tokio::task::spawn_blocking(move || commits::measure(&folder, &[1], millis, 1)).await??;
        let one = 1.0 / rows.first().map_or(f64::NAN, |row| row.store);
        let mut times = payer
            .pays_for(Duration::from_secs(extent.seconds), stripe)
            .await?;
        own.push(permille(&mut times, 500).as_secs_f64());
        slowest.push(permille(&mut times, 990).as_secs_f64());
        allowed.push(2.0 * one + BESIDE.as_secs_f64());
        commit.push(one);
    }
    let millis = |values: &[f64]| median(values) * 1e3;
    Ok(vec![Line {
        what: "POST /payments without the vendor".to_owned(),
        measured: format!(
            "p50 {:.2} ms, p99 {:.2} ms; a bare commit {:.2} ms",
            millis(&own),
            millis(&slowest),
            millis(&commit)
        ),
        judged: Some((Judged::Share("2 commits + 3 ms"), median_ratio(&own, &allowed))),
        goal: Some(Goal::AtMost(1.0)),
    }])
}
