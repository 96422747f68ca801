//! Fills a running Portcullis through its own API, so that the records are those of real use, indexes and audit included.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::Args;
use tokio::task::JoinSet;

use crate::Result;
use crate::http::{Connection, Url};
use crate::load::Varied;
use crate::people::{Person, email};

#[derive(Args)]
pub(crate) struct Options {
    /// The server: `http://127.0.0.1:8080`.
    #[arg(long)]
    pub(crate) url: Url,
    /// How many sessions there shall be.
    #[arg(long)]
    pub(crate) sessions: usize,
    /// How many of them each account has.
    #[arg(long, default_value_t = 20)]
    pub(crate) per_account: usize,
    /// How many requests wait at the same time.
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: u16,
    /// Of how many sessions, spread evenly, the credentials are written down.
    #[arg(long, default_value_t = 1000)]
    pub(crate) known: usize,
    /// Where they are written, in the form that `load --vary` takes.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let known = runtime.block_on(fill(options))?;
    let lines: Vec<String> = known
        .iter()
        .map(serde_json::to_string)
        .collect::<std::result::Result<_, _>>()?;
    fs::write(&options.out, lines.join("\n"))
        .map_err(|error| format!("{}: {error}", options.out.display()))?;
    let took = began.elapsed().as_secs_f64();
    println!(
        "{} sessions in {took:.0} s; {} can be used from {}",
        options.sessions,
        lines.len(),
        options.out.display()
    );
    Ok(())
}

async fn fill(options: &Options) -> Result<Vec<Varied>> {
    let per_account = options.per_account.max(1);
    let accounts = options.sessions.div_ceil(per_account);
    let every = (options.sessions / options.known.max(1)).max(1);
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for client in 0..options.connections {
        let (url, next, sessions) = (options.url.clone(), Arc::clone(&next), options.sessions);
        workers.spawn(async move {
            let mut connection = Connection::open(url.address, client).await?;
            let mut known = Vec::new();
            loop {
                let account = next.fetch_add(1, Ordering::Relaxed);
                if account >= accounts {
                    return Ok::<_, crate::Failure>(known);
                }
                if account > 0 && account % 10_000 == 0 {
                    eprintln!("  {} of {sessions} sessions", account * per_account);
                }
                let person = Person::sign_up(&mut connection, &url, &email("seed", account)).await?;
                let first = account * per_account;
                for session in first..(first + per_account).min(sessions) {
                    let headers = person.start_session(&mut connection, &url).await?;
                    if session % every == 0 {
                        known.push(Varied {
                            headers,
                            body: String::new(),
                        });
                    }
                }
            }
        });
    }
    let mut known = Vec::new();
    while let Some(found) = workers.join_next().await {
        known.extend(found??);
    }
    Ok(known)
}
