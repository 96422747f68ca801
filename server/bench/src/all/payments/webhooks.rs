//! Webhooks: the time to 204 at an even pace, and ten thousand at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_ports::simulation::Posted;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Extent;
use crate::Result;
use crate::http::{Connection, Url};
use crate::process::Server;
use crate::report::{Goal, Judged, Line};
use crate::samples::{median, permille};
use crate::stripe::Stripe;

/// Deliveries per second of the even pace.
const PACE: u32 = 200;
const PACED_CONNECTIONS: usize = 16;
const BURST_CONNECTIONS: usize = 256;
/// How long it may take until everything is applied.
const PATIENCE: Duration = Duration::from_mins(5);
/// By how much memory may grow while ten thousand come, in MB: less than they weigh.
const FLAT: f64 = 32.0;

/// How many deliveries the even pace takes in all rounds.
pub(super) fn paced(extent: &Extent) -> usize {
    let seconds = usize::try_from(extent.seconds).unwrap_or(1);
    let rounds = usize::try_from(extent.rounds).unwrap_or(1);
    seconds * rounds * usize::try_from(PACE).unwrap_or(1)
}

/// A delivery as a request. Its media type stands in every request with a body.
pub(in crate::all) fn delivery(url: &Url, posted: &Posted) -> Vec<u8> {
    let headers = posted.headers.iter().filter(|(name, _)| name != "content-type");
    let headers: Vec<_> = headers.cloned().collect();
    url.at("/webhooks/payments/main")
        .request("POST", &headers, &String::from_utf8_lossy(&posted.body))
}

async fn post(connection: &mut Connection, request: &[u8]) -> Result<()> {
    match connection.exchange(request).await? {
        (204, _) => Ok(()),
        (status, body) => Err(format!("a webhook: {status}: {}", String::from_utf8_lossy(body)).into()),
    }
}

/// Posts at an even pace. Each is timed from when it was due, so that one that is slow does not hide those behind it.
async fn at_a_pace(url: &Url, requests: Vec<Vec<u8>>) -> Result<Vec<Duration>> {
    let (requests, began) = (Arc::new(requests), Instant::now() + Duration::from_millis(50));
    let mut tasks = JoinSet::new();
    for client in 0..PACED_CONNECTIONS {
        let (requests, url) = (Arc::clone(&requests), url.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(url.address, u16::try_from(client)? + 10).await?;
            let mut times = Vec::new();
            for (at, request) in requests
                .iter()
                .enumerate()
                .skip(client)
                .step_by(PACED_CONNECTIONS)
            {
                let due = began + Duration::from_secs(1) / PACE * u32::try_from(at)?;
                sleep(due.saturating_duration_since(Instant::now())).await;
                post(&mut connection, request).await?;
                times.push(due.elapsed());
            }
            Ok::<_, crate::Failure>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    Ok(times)
}

/// Posts everything as fast as it is taken.
async fn at_once(url: &Url, requests: Vec<Vec<u8>>) -> Result<()> {
    let requests = Arc::new(requests);
    let mut tasks = JoinSet::new();
    for client in 0..BURST_CONNECTIONS {
        let (requests, url) = (Arc::clone(&requests), url.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(url.address, u16::try_from(client)? + 100).await?;
            for request in requests.iter().skip(client).step_by(BURST_CONNECTIONS) {
                post(&mut connection, request).await?;
            }
            Ok::<_, crate::Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

/// How many events were stored, and how many went on from there.
async fn counted(connection: &mut Connection, url: &Url) -> Result<(f64, f64)> {
    let asked = url.at("/metrics").request("GET", &[], "");
    let (_, body) = connection.exchange(&asked).await?;
    let text = std::str::from_utf8(body)?;
    let (mut stored, mut ended) = (0.0, 0.0);
    for line in text
        .lines()
        .filter(|line| line.starts_with("portcullis_inbox_events_total{"))
    {
        let value: f64 = line.rsplit(' ').next().unwrap_or_default().parse()?;
        if line.contains("state=\"stored\"") {
            stored += value;
        } else {
            ended += value;
        }
    }
    Ok((stored, ended))
}

/// Waits until everything that was stored is applied; gives the most memory that was seen meanwhile, in MB.
async fn applied(server: &Server) -> Result<f64> {
    let mut connection = Connection::open(server.url.address, 5).await?;
    let (began, mut most) = (Instant::now(), 0.0_f64);
    while began.elapsed() < PATIENCE {
        most = most.max(server.resident_mb()?);
        let (stored, ended) = counted(&mut connection, &server.url).await?;
        if ended >= stored {
            return Ok(most);
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err("the deliveries were not applied in time".into())
}

pub(super) async fn measure(
    extent: &Extent,
    server: &Server,
    stripe: &Stripe,
    burst: usize,
) -> Result<Vec<Line>> {
    let each = paced(extent) / usize::try_from(extent.rounds)?;
    let signed = stripe.simulator.deliver();
    let mut requests = signed.iter().map(|posted| delivery(&server.url, posted));
    let (mut half, mut slowest) = (Vec::new(), Vec::new());
    for _ in 0..extent.rounds {
        let mut times = at_a_pace(&server.url, requests.by_ref().take(each).collect()).await?;
        half.push(permille(&mut times, 500).as_secs_f64() * 1e3);
        slowest.push(permille(&mut times, 990).as_secs_f64() * 1e3);
    }
    applied(server).await?;
    let before = server.resident_mb()?;
    let many: Vec<Vec<u8>> = requests.take(burst).collect();
    let (count, weight) = (many.len(), many.iter().map(Vec::len).sum::<usize>() / 1_000_000);
    let began = Instant::now();
    at_once(&server.url, many).await?;
    let (taken, peak) = (began.elapsed(), server.resident_mb()?);
    let peak = peak.max(applied(server).await?);
    let done = began.elapsed();
    Ok(vec![
        Line {
            what: format!("webhook to 204, {PACE} a second"),
            measured: format!("p50 {:.2} ms, p99 below", median(&half)),
            judged: Some((Judged::Millis, median(&slowest))),
            goal: Some(Goal::AtMost(25.0)),
        },
        Line {
            what: format!("{count} webhooks at once"),
            measured: format!(
                "all 204 after {:.1} s, all applied after {:.1} s",
                taken.as_secs_f64(),
                done.as_secs_f64()
            ),
            judged: None,
            goal: None,
        },
        Line {
            what: "  memory meanwhile, grown by".to_owned(),
            measured: format!("from {before:.1} MB to {peak:.1} MB; they weigh {weight} MB"),
            judged: Some((Judged::Megabytes, peak - before)),
            goal: Some(Goal::AtMost(FLAT)),
        },
    ])
}
