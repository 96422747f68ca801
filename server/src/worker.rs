//! The workers that deliver messages, one task per lane.

use std::sync::Arc;
use std::time::Duration;

use portcullis_core::App;
use portcullis_core::outbox::Lane;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the length of the queues is measured.
const MEASURE: Duration = Duration::from_secs(15);

/// Workers that run until they are told to stop.
pub struct Workers {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Workers {
    /// Starts one worker per lane, and one that measures.
    pub fn start(app: &Arc<App>) -> Self {
        let (stop, _) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for lane in [Lane::Codes, Lane::Notices] {
            let (app, stopped) = (Arc::clone(app), stopped(&stop));
            tasks.spawn(async move { app.outbox.work(lane, stopped).await });
        }
        let (app, stopped) = (Arc::clone(app), stopped(&stop));
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

fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.subscribe();
    // An error means that the sender is gone, which is a reason to stop as well.
    async move { stop.wait_for(|stop| *stop).await.map_or((), drop) }
}

async fn measure(app: &App) {
    loop {
        for (lane, name) in [
            (Lane::Codes, "codes"),
            (Lane::Notices, "notices"),
            (Lane::Dead, "dead"),
        ] {
            match app.outbox.waiting(lane).await {
                #[expect(clippy::cast_precision_loss, reason = "at most 1,000")]
                Ok(waiting) => {
                    metrics::gauge!("portcullis_outbox_waiting", "lane" => name).set(waiting as f64);
                }
                Err(error) => tracing::debug!(?error, "the outbox could not be measured"),
            }
        }
        match app.sms_spend.today().await {
            Ok(Some(spending)) => {
                let currency = spending.total.currency().to_string();
                metrics::gauge!("portcullis_sms_spend_today", "currency" => currency.clone())
                    .set(spending.total.major());
                if let Some(limit) = &spending.limit {
                    metrics::gauge!("portcullis_sms_spend_limit", "currency" => currency).set(limit.major());
                }
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(?error, "the bill for text messages could not be measured"),
        }
        tokio::time::sleep(MEASURE).await;
    }
}
