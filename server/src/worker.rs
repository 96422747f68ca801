//! The workers: one per lane and channel that delivers, and those that measure, prune and answer forgotten passwords.

use std::sync::Arc;
use std::time::Duration;

use portcullis_core::App;
use portcullis_core::audit::{DailyPruning, Histories};
use portcullis_core::outbox::{Lane, WAITING};
use portcullis_core::sms_spend;
use portcullis_ports::notification::Channel;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the length of the queues is measured.
const MEASURE: Duration = Duration::from_secs(15);
/// How often it is asked whether histories are due to be pruned; once a day they are.
const ASK_FOR_PRUNING: Duration = Duration::from_mins(10);
/// How often the signing keys are read again, for a rotation by another process.
const READ_KEYS: Duration = Duration::from_secs(2);
/// How long a worker rests after a defect.
const PAUSE: Duration = Duration::from_secs(1);

/// Workers that run until they are told to stop.
pub struct Workers {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Workers {
    /// Starts one worker per lane and channel, one that measures, one that prunes histories, and one that follows rotations
    /// of the signing keys.
    pub fn start(app: &Arc<App>, histories: Histories) -> Self {
        let (stop, _) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for lane in [Lane::Codes, Lane::Notices] {
            for channel in [Channel::Email, Channel::Sms] {
                let (app, stop) = (Arc::clone(app), stop.subscribe());
                tasks.spawn(kept_running(move || {
                    let (app, stopped) = (Arc::clone(&app), stopped(stop.clone()));
                    async move { app.outbox.work(lane, channel, stopped).await }
                }));
            }
        }
        let (recovering, stopping) = (Arc::clone(app), stop.subscribe());
        tasks.spawn(kept_running(move || {
            let (app, stopped) = (Arc::clone(&recovering), stopped(stopping.clone()));
            async move { app.password_recovery.work(stopped).await }
        }));
        let (histories, stopping) = (Arc::new(histories), stop.subscribe());
        tasks.spawn(kept_running(move || {
            let (histories, stopped) = (Arc::clone(&histories), stopped(stopping.clone()));
            async move {
                // Every commit of it leaves the histories whole, so it may end anywhere.
                tokio::select! {
                    () = prune(&histories) => {}
                    () = stopped => {}
                }
            }
        }));
        let (following, stopping) = (Arc::clone(app), stopped(stop.subscribe()));
        tasks.spawn(async move {
            tokio::select! {
                () = follow_keys(&following) => {}
                () = stopping => {}
            }
        });
        let (app, stopped) = (Arc::clone(app), stopped(stop.subscribe()));
        tasks.spawn(async move {
            tokio::select! {
                () = measure(&app) => {}
                () = stopped => {}
            }
        });
        Self { tasks, stop }
    }

    /// Lets what is on its way finish, for at most `limit`.
    pub async fn finish(mut self, limit: Duration) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("messages were still on their way; their leases bring them back");
        }
    }
}

/// Begins again what a defect ended: otherwise one message that a plugin cannot stand would keep all others from
/// leaving, while the service says that all is well.
async fn kept_running<F>(work: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // A set, so that whoever gives up waiting ends the work as well.
        let mut one = JoinSet::new();
        one.spawn(work());
        match one.join_next().await {
            Some(Err(error)) => {
                tracing::error!(%error, "a defect ended a worker; it starts again");
            }
            Some(Ok(())) | None => return,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        tracing::debug!("nobody is left who could say stop, which is a reason to stop as well");
    }
}

async fn prune(histories: &Histories) {
    loop {
        tokio::time::sleep(ASK_FOR_PRUNING).await;
        match histories.prune_daily().await {
            Ok(Some(done)) => {
                let DailyPruning {
                    removed,
                    broken,
                    failed,
                } = done;
                tracing::info!(removed, broken, failed, "histories were pruned");
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(?error, "histories could not be pruned; the rest is done tomorrow"),
        }
    }
}

async fn follow_keys(app: &App) {
    let mut failing = false;
    loop {
        tokio::time::sleep(READ_KEYS).await;
        let read = app.refresh_signing_keys().await;
        match &read {
            Err(error) if !failing => {
                tracing::error!(
                    ?error,
                    "the signing keys cannot be read again; a rotation would be missed"
                );
            }
            Ok(()) if failing => tracing::info!("the signing keys can be read again"),
            _ => {}
        }
        failing = read.is_err();
    }
}

async fn measure(app: &App) {
    loop {
        for lane in [Lane::Codes, Lane::Notices, Lane::Dead] {
            match app.outbox.waiting(lane).await {
                #[expect(clippy::cast_precision_loss, reason = "at most 1,000")]
                Ok(waiting) => {
                    metrics::gauge!(WAITING.name, "lane" => lane.as_str()).set(waiting as f64);
                }
                Err(error) => tracing::debug!(?error, "the outbox could not be measured"),
            }
        }
        match app.sms_spend.today().await {
            Ok(Some(spending)) => {
                let currency = spending.total.currency().to_string();
                metrics::gauge!(sms_spend::TODAY.name, "currency" => currency.clone())
                    .set(spending.total.major());
                if let Some(limit) = &spending.limit {
                    metrics::gauge!(sms_spend::LIMIT.name, "currency" => currency).set(limit.major());
                }
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(?error, "the bill for text messages could not be measured"),
        }
        tokio::time::sleep(MEASURE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_worker_that_a_defect_ended_starts_again() {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        kept_running(move || {
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            async move { assert!(!first, "a defect") }
        })
        .await;
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }
}
