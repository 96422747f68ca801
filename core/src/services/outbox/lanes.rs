//! The lanes: one queue for each kind of message and channel, as wide as the senders of the channel take messages.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use portcullis_ports::notification::Channel;
use portcullis_ports::storage::MAX_PAGE;
use portcullis_ports::{Result, Timestamp};

use super::Outbox;
use super::records::{QueueEntry, StoredMessage};
use crate::foundation::lane::Lane;
use crate::foundation::table::{Batch, RECORD_UNREADABLE, Versioned};
use crate::services::tasks::Worker;
use crate::services::tasks::dispatcher::{self, Due, Queue, Rest, dispatch};
use crate::services::tasks::lease::QueueRecord;

/// How long a dispatcher rests when nobody wakes it: the delay of a message that another process queued and left.
const PATROL: Duration = Duration::from_secs(2);
/// The same where no sender serves the channel, so that there is nothing to hurry for.
const QUIET_PATROL: Duration = Duration::from_mins(1);

impl QueueRecord for QueueEntry {
    fn until(&self, due: Timestamp) -> Self {
        Self { due, ..self.clone() }
    }
}

/// The messages of one lane and channel.
struct Messages {
    outbox: Outbox,
    lane: Lane,
    channel: Channel,
}

#[async_trait]
impl Queue for Messages {
    type Record = QueueEntry;

    fn name(&self) -> &str {
        self.lane.queue(self.channel)
    }

    fn id<'a>(&self, entry: &'a QueueEntry) -> &'a str {
        entry.message.as_str()
    }

    /// How many messages of this lane the senders of the channel take on at once. None while all circuits are open:
    /// then the messages wait, and use up no tries.
    fn capacity(&self) -> usize {
        if !self.outbox.serves(self.channel) {
            return 1;
        }
        let serving = self.outbox.senders.iter().filter(|one| one.serves(self.channel));
        serving.map(|one| one.guard.capacity(self.lane.urgency())).sum()
    }

    fn rest(&self) -> Rest {
        let served = self.outbox.serves(self.channel);
        let wakeups = &self.outbox.context.wakeups;
        Rest {
            wakeup: served.then(|| wakeups.listen(self.lane.queue(self.channel))),
            patrol: if served { PATROL } else { QUIET_PATROL },
        }
    }

    /// Entries of an older layout are given the layout of today.
    async fn tend(&self) -> Result<()> {
        self.outbox.adopt(self.lane).await
    }

    async fn due(&self, most: usize) -> Result<Due<QueueEntry>> {
        if most == 0 {
            return Ok(Due::nothing());
        }
        let range = QueueEntry::due(self.channel, self.outbox.context.now());
        let queue = self.outbox.context.table::<QueueEntry>();
        let (records, _) = queue
            .page(self.lane.as_str(), range, most.min(MAX_PAGE), None)
            .await?;
        Ok(Due { records, next: None })
    }

    async fn handle(&self, entry: &Versioned<QueueEntry>) -> Result<bool> {
        self.outbox.handle(entry).await
    }
}

#[async_trait]
impl Worker for Messages {
    fn name(&self) -> &str {
        self.lane.queue(self.channel)
    }

    async fn work(&self, stop: BoxFuture<'static, ()>) {
        dispatch(self, self.outbox.context.clock.as_ref(), stop).await;
    }
}

impl Outbox {
    /// One worker for each lane and channel.
    pub(crate) fn workers(&self) -> Vec<Arc<dyn Worker>> {
        let lanes = [Lane::Codes, Lane::Notices].into_iter();
        let all = lanes.flat_map(|lane| [Channel::Email, Channel::Sms].map(|channel| (lane, channel)));
        all.map(|(lane, channel)| Arc::new(self.messages(lane, channel)) as Arc<dyn Worker>)
            .collect()
    }

    fn messages(&self, lane: Lane, channel: Channel) -> Messages {
        Messages {
            outbox: self.clone(),
            lane,
            channel,
        }
    }

    /// Delivers the messages of one lane and channel until `stop` is done; what is on its way by then is finished.
    #[cfg(test)]
    pub(super) async fn work(&self, lane: Lane, channel: Channel, stop: impl Future<Output = ()>) {
        dispatch(&self.messages(lane, channel), self.context.clock.as_ref(), stop).await;
    }

    /// Delivers everything that is due now, and says how much it was.
    pub async fn drain(&self, lane: Lane) -> Result<usize> {
        let mut handled = 0;
        for channel in [Channel::Email, Channel::Sms] {
            handled += dispatcher::drain(&self.messages(lane, channel)).await?;
        }
        Ok(handled)
    }

    /// Gives entries without a channel, as older versions wrote them, the channel of their message.
    pub(super) async fn adopt(&self, lane: Lane) -> Result<()> {
        let queue = self.context.table::<QueueEntry>();
        let (entries, _) = queue
            .page(lane.as_str(), QueueEntry::without_channel(), MAX_PAGE, None)
            .await?;
        for entry in entries {
            let messages = self.context.table::<StoredMessage>();
            let message = match messages.find(entry.message.as_str(), StoredMessage::SORT).await {
                Err(error) if error.code() == RECORD_UNREADABLE => continue,
                message => message?,
            };
            let mut batch = Batch::default();
            batch.remove(&entry);
            if let Some(message) = message {
                batch.insert(&QueueEntry {
                    channel: Some(message.to.channel()),
                    ..entry.value.clone()
                })?;
            }
            match self.context.commit(batch).await {
                Err(error) if error.code() == portcullis_ports::storage::STORE_CONFLICT => {}
                done => done?,
            }
        }
        Ok(())
    }
}
