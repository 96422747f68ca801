//! The workers: those of the application, and those that measure and follow rotations of the signing keys.

use std::sync::Arc;
use std::time::Duration;

use portcullis_core::App;
use portcullis_core::outbox::{Lane, WAITING};
use portcullis_core::sms_spend;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the length of the queues is measured.
const MEASURE: Duration = Duration::from_secs(15);
/// How often the signing keys are read again, for a rotation by another process.
const READ_KEYS: Duration = Duration::from_secs(2);
/// How long a worker rests after a defect.
const PAUSE: Duration = Duration::from_secs(1);

/// Workers that run until they are told to stop.
pub struct Workers {
    tasks: JoinSet<()>,
    /// Those that must not be cut off, and how long the longest of them may take.
    uncut: JoinSet<()>,
    grace: Duration,
    stop: watch::Sender<bool>,
}

impl Workers {
    /// Starts the workers of the application, one that measures, and one that follows rotations of the signing keys.
    pub fn start(app: &Arc<App>) -> Self {
        let (stop, _) = watch::channel(false);
        let (mut tasks, mut uncut) = (JoinSet::new(), JoinSet::new());
        let mut longest = Duration::ZERO;
        for worker in app.workers() {
            let grace = worker.grace();
            longest = longest.max(grace);
            let stop = stop.subscribe();
            let working = kept_running(worker.name().to_owned(), move || {
                let (worker, stopped) = (Arc::clone(&worker), stopped(stop.clone()));
                async move { worker.work(Box::pin(stopped)).await }
            });
            if grace.is_zero() {
                tasks.spawn(working);
            } else {
                uncut.spawn(working);
            }
        }
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
        Self {
            tasks,
            uncut,
            grace: longest,
            stop,
        }
    }

    /// Lets what is under way finish, for at most `limit`; what must not be cut off, because it may be moving money, has
    /// as long as it may take at the most.
    pub async fn finish(self, limit: Duration) {
        self.stop.send_replace(true);
        let all = ended(self.tasks, limit);
        let uncut = ended(self.uncut, limit.max(self.grace));
        let (all, uncut) = tokio::join!(all, uncut);
        if !all {
            tracing::warn!("work was still under way; its leases bring it back");
        }
        if !uncut {
            tracing::error!("work that must not be cut off was still under way; it is looked at again");
        }
    }
}

/// Whether all of them ended in time.
async fn ended(mut workers: JoinSet<()>, limit: Duration) -> bool {
    let all = async { while workers.join_next().await.is_some() {} };
    tokio::time::timeout(limit, all).await.is_ok()
}

/// Begins again what a defect ended: otherwise one message that a plugin cannot stand would keep all others from
/// leaving, while the service says that all is well.
async fn kept_running<F>(name: String, work: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // A set, so that whoever gives up waiting ends the work as well.
        let mut one = JoinSet::new();
        one.spawn(work());
        match one.join_next().await {
            Some(Err(error)) => {
                tracing::error!(worker = name, %error, "a defect ended a worker; it starts again");
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
        if let Err(error) = app.inbox.measure().await {
            tracing::debug!(?error, "the inbox could not be measured");
        }
        if let Err(error) = app.reconciliation.measure().await {
            tracing::debug!(
                ?error,
                "the differences with payment vendors could not be measured"
            );
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
        kept_running("test".to_owned(), move || {
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            async move { assert!(!first, "a defect") }
        })
        .await;
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }
}
