//! The lanes: one dispatcher for each kind of message and channel keeps as many messages under way as its senders take.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use portcullis_ports::Result;
use portcullis_ports::id::MessageId;
use portcullis_ports::notification::Channel;
use portcullis_ports::storage::MAX_PAGE;

use super::Outbox;
use super::records::{QueueEntry, StoredMessage};
use crate::foundation::lane::Lane;
use crate::foundation::table::{Batch, RECORD_UNREADABLE, Versioned};

/// How long a dispatcher rests when nobody wakes it: the delay of a message that another process queued and left.
const PATROL: Duration = Duration::from_secs(2);
/// The same where no sender serves the channel, so that there is nothing to hurry for.
const QUIET_PATROL: Duration = Duration::from_mins(1);
/// Once in so many looks for messages, entries of an older layout are given the layout of today.
const ADOPT_EVERY: u32 = 32;

/// What a dispatcher learns of next.
enum Step {
    /// What is due.
    Due(Result<Vec<Versioned<QueueEntry>>>),
    /// A message was handled, or a defect ended its handling.
    Handled(MessageId, std::thread::Result<Result<bool>>),
    /// It was woken, or has rested long enough.
    Rested,
}

/// When a dispatcher looks for messages next.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// After the rest.
    #[default]
    Later,
    /// When a message has ended: more was due than there was room for.
    Next,
    /// As soon as there is room.
    Now,
}

/// How a dispatcher stands.
#[derive(Default)]
struct Dispatch {
    under_way: BTreeSet<MessageId>,
    /// Looks so far.
    looks: u32,
    looking: bool,
    resting: bool,
    look: Look,
}

impl Outbox {
    /// Delivers the messages of one lane and channel until `stop` is done; what is on its way by then is finished.
    ///
    /// Each message that ends makes room for the next: none waits for others that are slow.
    pub async fn work(&self, lane: Lane, channel: Channel, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop.fuse());
        let mut stopping = false;
        let mut running: FuturesUnordered<BoxFuture<'_, Step>> = FuturesUnordered::new();
        let mut state = Dispatch {
            look: Look::Now,
            ..Dispatch::default()
        };
        loop {
            stopping = stopping || stop.as_mut().now_or_never().is_some();
            if stopping && state.under_way.is_empty() {
                return;
            }
            if !stopping {
                self.begin(lane, channel, &mut state, &running);
            }
            let progress = if stopping {
                running.next().await
            } else {
                match select(running.next(), stop.as_mut()).await {
                    Either::Left((progress, _)) => progress,
                    Either::Right(_) => {
                        stopping = true;
                        continue;
                    }
                }
            };
            match progress {
                Some(Step::Due(Ok(due))) if !stopping => {
                    state.looking = false;
                    let room = self.room(lane, channel, &state);
                    let new = due
                        .into_iter()
                        .filter(|entry| !state.under_way.contains(&entry.message));
                    let new: Vec<_> = new.take(room).collect();
                    if new.len() == room && state.look == Look::Later {
                        state.look = Look::Next;
                    }
                    for entry in new {
                        state.under_way.insert(entry.message.clone());
                        running.push(self.handled(entry).boxed());
                    }
                }
                Some(Step::Due(Ok(_))) | None => state.looking = false,
                Some(Step::Due(Err(error))) => {
                    state.looking = false;
                    tracing::warn!(
                        lane = lane.as_str(),
                        ?error,
                        "messages could not be read; trying again"
                    );
                }
                Some(Step::Handled(message, handled)) => {
                    state.under_way.remove(&message);
                    if state.look == Look::Next {
                        state.look = Look::Now;
                    }
                    report(&message, handled);
                }
                Some(Step::Rested) => {
                    state.resting = false;
                    state.look = Look::Now;
                }
            }
        }
    }

    /// Begins to rest, so that no wake-up is missed, and to look if there is room.
    fn begin<'a>(
        &'a self,
        lane: Lane,
        channel: Channel,
        state: &mut Dispatch,
        running: &FuturesUnordered<BoxFuture<'a, Step>>,
    ) {
        if !state.resting {
            state.resting = true;
            let served = self.serves(channel);
            let bell = self.context.mail.get(lane.bell(channel));
            let woken = bell.filter(|_| served).map(event_listener::Event::listen);
            let patrol = if served { PATROL } else { QUIET_PATROL };
            let rest = async move {
                let rested = self.context.clock.sleep(patrol);
                match woken {
                    Some(woken) => drop(select(woken, rested).await),
                    None => rested.await,
                }
                Step::Rested
            };
            running.push(rest.boxed());
        }
        let room = self.room(lane, channel, state);
        if state.look == Look::Now && !state.looking && room > 0 {
            state.look = Look::Later;
            state.looking = true;
            let adopt = state.looks.is_multiple_of(ADOPT_EVERY);
            state.looks = state.looks.wrapping_add(1);
            // What is under way may not be leased yet, and stand in front.
            let most = room + state.under_way.len();
            let look = async move {
                if adopt && let Err(error) = self.adopt(lane).await {
                    tracing::warn!(
                        lane = lane.as_str(),
                        ?error,
                        "older messages could not be taken over; trying again"
                    );
                }
                Step::Due(self.due(lane, channel, most).await)
            };
            running.push(look.boxed());
        }
    }

    async fn handled(&self, entry: Versioned<QueueEntry>) -> Step {
        // One message that a plugin or a rule cannot stand ends neither the others that are on their way nor the lane.
        let handled = AssertUnwindSafe(self.handle(&entry)).catch_unwind().await;
        Step::Handled(entry.value.message, handled)
    }

    /// Delivers everything that is due now, and says how much it was.
    pub async fn drain(&self, lane: Lane) -> Result<usize> {
        let mut handled = 0;
        for channel in [Channel::Email, Channel::Sms] {
            loop {
                let due = self.due(lane, channel, self.capacity(lane, channel)).await?;
                if due.is_empty() {
                    break;
                }
                let mut running: FuturesUnordered<_> = due.iter().map(|entry| self.handle(entry)).collect();
                let mut failed = None;
                // What is on its way is awaited also after a failure: a send that is dropped half-way may be repeated.
                while let Some(result) = running.next().await {
                    match result {
                        Ok(done) => handled += usize::from(done),
                        Err(error) => failed = Some(error),
                    }
                }
                if let Some(error) = failed {
                    return Err(error);
                }
            }
        }
        Ok(handled)
    }

    /// How many messages of this lane the senders of the channel take on at once. None while all circuits are open:
    /// then the messages wait, and use up no tries.
    fn capacity(&self, lane: Lane, channel: Channel) -> usize {
        if !self.serves(channel) {
            return 1;
        }
        let serving = self.senders.iter().filter(|one| one.serves(channel));
        serving.map(|one| one.guard.capacity(lane.urgency())).sum()
    }

    fn room(&self, lane: Lane, channel: Channel, state: &Dispatch) -> usize {
        self.capacity(lane, channel).saturating_sub(state.under_way.len())
    }

    /// The entries of a lane and channel that are due, oldest first.
    async fn due(&self, lane: Lane, channel: Channel, most: usize) -> Result<Vec<Versioned<QueueEntry>>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let range = QueueEntry::due(channel, self.context.now());
        let queue = self.context.table::<QueueEntry>();
        let (due, _) = queue.page(lane.as_str(), range, most.min(MAX_PAGE), None).await?;
        Ok(due)
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

fn report(message: &MessageId, handled: std::thread::Result<Result<bool>>) {
    match handled {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            tracing::warn!(id = %message, ?error, "a message could not be handled; its lease brings it back");
        }
        Err(_) => {
            tracing::error!(id = %message, "a defect ended the delivery of a message; its lease brings it back");
        }
    }
}
