//! The load generator: so many kept connections, each sending its next request as soon as the last was answered.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::Result;
use crate::http::{Connection, Url};
use crate::process::own_cpu_time;
use crate::samples::permille;

/// A connection that fails so often in a row gives up.
const MOST_FAILURES: u32 = 10;

#[derive(Args)]
pub(crate) struct Options {
    /// Where to: `http://127.0.0.1:8080/path`; addresses on this machine only.
    #[arg(long)]
    pub(crate) url: Url,
    #[arg(long, default_value = "GET")]
    pub(crate) method: String,
    /// A header, `name: value`; may be given more than once.
    #[arg(long = "header", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
    #[arg(long, default_value = "")]
    pub(crate) body: String,
    /// A file with one request a line, `{"headers": [["name", "value"]], "body": ""}`, sent in turn; added to the above.
    /// With a multiple of as many lines as connections, no two connections send the same line.
    #[arg(long)]
    pub(crate) vary: Option<PathBuf>,
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) connections: u16,
    /// How long it is measured.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub(crate) seconds: u64,
    /// The status that counts as success.
    #[arg(long, default_value_t = 200)]
    pub(crate) expect: u16,
    /// Prints one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// One of several requests that are sent in turn.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Varied {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What was measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50_micros: f64,
    pub(crate) p99_micros: f64,
    pub(crate) errors: u32,
    /// The first thing that went wrong.
    pub(crate) first_error: Option<String>,
    /// The share of one core that the generator itself used: near 1, it and not the server was measured.
    pub(crate) generator_load: f64,
}

fn header(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("`name: value` is expected")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// What one connection has seen.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    errors: u32,
    first_error: Option<String>,
}

impl Seen {
    fn fail(&mut self, what: String) {
        self.errors += 1;
        self.first_error.get_or_insert(what);
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let measured = measure(options)?;
    if options.json {
        println!("{}", serde_json::to_string(&measured)?);
    } else {
        let Measured {
            per_second,
            p50_micros,
            p99_micros,
            errors,
            generator_load,
            ..
        } = &measured;
        println!(
            "{per_second:.0} requests/s, p50 {p50_micros:.0} us, p99 {p99_micros:.0} us, {errors} errors"
        );
        println!("the generator used {:.0} % of one core", generator_load * 100.0);
        if let Some(first) = &measured.first_error {
            println!("first error: {first}");
        }
    }
    Ok(())
}

fn measure(options: &Options) -> Result<Measured> {
    let requests = Arc::new(requests(options)?);
    // One thread: the generator takes one core at most, and the same one in every measurement.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let warm_up = Duration::from_millis(300);
            rush(options, &requests, warm_up).await;
            let (began, busy) = (Instant::now(), own_cpu_time()?);
            let seen = rush(options, &requests, Duration::from_secs(options.seconds)).await;
            let took = began.elapsed().as_secs_f64();
            let mut latencies = seen.latencies;
            Ok(Measured {
                per_second: f64::from(u32::try_from(latencies.len())?) / took,
                p50_micros: permille(&mut latencies, 500).as_secs_f64() * 1e6,
                p99_micros: permille(&mut latencies, 990).as_secs_f64() * 1e6,
                errors: seen.errors,
                first_error: seen.first_error,
                generator_load: own_cpu_time()?.saturating_sub(busy).as_secs_f64() / took,
            })
        })
}

fn requests(options: &Options) -> Result<Vec<Vec<u8>>> {
    let Some(file) = &options.vary else {
        return Ok(vec![options.url.request(
            &options.method,
            &options.headers,
            &options.body,
        )]);
    };
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let request = |line: &str| -> Result<Vec<u8>> {
        let mut varied: Varied = serde_json::from_str(line)?;
        varied.headers.extend(options.headers.iter().cloned());
        Ok(options
            .url
            .request(&options.method, &varied.headers, &varied.body))
    };
    text.lines().map(request).collect()
}

/// All connections at once, for so long.
async fn rush(options: &Options, requests: &Arc<Vec<Vec<u8>>>, span: Duration) -> Seen {
    let until = Instant::now() + span;
    let mut tasks = JoinSet::new();
    for client in 0..options.connections {
        let (requests, url, expect) = (Arc::clone(requests), options.url.clone(), options.expect);
        let step = usize::from(options.connections);
        tasks.spawn(async move {
            let turn = (0..).map(|round: usize| usize::from(client) + round * step);
            one_connection(
                &url,
                client,
                expect,
                until,
                turn.map(|n| &requests[n % requests.len()]),
            )
            .await
        });
    }
    let mut all = Seen::default();
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(seen) => {
                all.latencies.extend(seen.latencies);
                all.errors += seen.errors;
                all.first_error = all.first_error.or(seen.first_error);
            }
            Err(error) => all.fail(error.to_string()),
        }
    }
    all
}

async fn one_connection<'a>(
    url: &Url,
    client: u16,
    expect: u16,
    until: Instant,
    mut requests: impl Iterator<Item = &'a Vec<u8>>,
) -> Seen {
    let mut seen = Seen::default();
    let mut failures = 0;
    while failures < MOST_FAILURES && Instant::now() < until {
        let mut connection = match Connection::open(url.address, client).await {
            Ok(connection) => connection,
            Err(error) => {
                seen.fail(format!("connecting: {error}"));
                failures += 1;
                continue;
            }
        };
        for request in requests.by_ref() {
            let sent = Instant::now();
            if sent >= until {
                return seen;
            }
            match connection.exchange(request).await {
                Ok((status, _)) if status == expect => {
                    seen.latencies.push(sent.elapsed());
                    failures = 0;
                }
                Ok((status, body)) => {
                    seen.fail(format!("status {status}: {}", String::from_utf8_lossy(body)));
                }
                Err(error) => {
                    seen.fail(format!("exchange: {error}"));
                    failures += 1;
                    break;
                }
            }
        }
    }
    seen
}
