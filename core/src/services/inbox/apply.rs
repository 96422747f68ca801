//! Applying an event: its effect, its state and the end of its task are one commit.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::{Error, Result, Timestamp};

use super::records::{Event, EventState, Line};
use super::{Handled, Inbox, KEPT, count};
use crate::foundation::table::{Batch, Stored as _, Versioned};
use crate::services::tasks::{Leased, Next, TaskRunner};

/// How long an event waits for what it is about.
const PARKED: Duration = Duration::from_hours(24);
/// The waits between these tries; the last one is kept to. The first is longer than a vendor's answer and its commit take.
const PARKED_WAITS: [Duration; 4] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
];
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 500;

/// Runs the tasks of the inbox.
pub(crate) struct Applying(Inbox);

/// What was decided of an event.
struct Decided {
    state: EventState,
    failure: Option<String>,
    /// When it is tried again.
    again: Option<Timestamp>,
}

impl Decided {
    fn finally(state: EventState) -> Self {
        Self {
            state,
            failure: None,
            again: None,
        }
    }

    fn dead(reason: &str) -> Self {
        Self {
            failure: Some(reason.chars().take(LONGEST_REASON).collect()),
            ..Self::finally(EventState::Dead)
        }
    }
}

impl Inbox {
    /// Whoever applies events.
    pub(crate) fn runner(&self) -> Applying {
        Applying(self.clone())
    }
}

#[async_trait]
impl TaskRunner for Applying {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let Self(inbox) = self;
        let key: String = task.body()?;
        inbox.context.retried(|| inbox.apply(task, &key)).await?;
        Ok(Next::Done)
    }

    /// The event is dead with its task, which lies among the dead letters.
    async fn given_up(&self, batch: &mut Batch, task: &Leased, reason: &str) -> Result<()> {
        let Self(inbox) = self;
        let key: String = task.body()?;
        if let Some(event) = inbox.waiting(&key).await? {
            let next = inbox.after(&event, Decided::dead(reason));
            change(batch, &event, &next)?;
            report(&next);
        }
        Ok(())
    }
}

impl Inbox {
    async fn apply(&self, task: &Leased, key: &str) -> Result<()> {
        let mut batch = Batch::default();
        let Some(event) = self.waiting(key).await? else {
            task.finish_in(&mut batch).await?;
            return self.context.commit(batch).await;
        };
        let Event { port, instance, .. } = &event.value;
        let Some(source) = self.source(port, instance) else {
            let why = format!("no plugin is configured as {port}.{instance}");
            return Err(Error::internal(why));
        };
        let decided = match self.delivery(&event).await? {
            None => Decided::dead("the delivery is not kept any more"),
            Some(delivery) => match source.apply(&mut batch, &delivery, &event.id).await? {
                Some(handled) => self.decided(&event, handled),
                None => Decided::dead("the plugin does not find the event in its delivery any more"),
            },
        };
        self.commit(task, batch, &event, decided).await
    }

    /// An event that is to be applied: also one that is dead, when somebody has its task run again.
    async fn waiting(&self, key: &str) -> Result<Option<Versioned<Event>>> {
        let event = self.context.table::<Event>().find(key, Event::SORT).await?;
        let waits = |state| matches!(state, EventState::Stored | EventState::Parked | EventState::Dead);
        Ok(event.filter(|event| waits(event.state)))
    }

    fn decided(&self, event: &Event, handled: Handled) -> Decided {
        let state = match handled {
            Handled::Applied => EventState::Applied,
            Handled::Unchanged => EventState::Unchanged,
            Handled::Foreign => EventState::Foreign,
            Handled::Ignored => EventState::Ignored,
            Handled::Parked => {
                let now = self.context.now();
                let parked = now.since(event.parked_since.unwrap_or(now));
                if parked >= PARKED {
                    return Decided::finally(EventState::Unmatched);
                }
                let wait = PARKED_WAITS.iter().find(|wait| **wait > parked);
                let [.., longest] = PARKED_WAITS;
                return Decided {
                    again: Some(now + *wait.unwrap_or(&longest)),
                    ..Decided::finally(EventState::Parked)
                };
            }
        };
        Decided::finally(state)
    }

    /// Commits what an event changes with its state and the end of its task.
    async fn commit(
        &self,
        task: &Leased,
        mut batch: Batch,
        event: &Versioned<Event>,
        decided: Decided,
    ) -> Result<()> {
        let again = decided.again;
        let next = self.after(event, decided);
        change(&mut batch, event, &next)?;
        match again {
            Some(at) => task.again_in(&mut batch, at).await?,
            None => task.finish_in(&mut batch).await?,
        };
        self.context.commit(batch).await?;
        report(&next);
        Ok(())
    }

    fn after(&self, event: &Versioned<Event>, decided: Decided) -> Event {
        let now = self.context.now();
        let parked_since = event.parked_since.or(Some(now));
        Event {
            state: decided.state,
            failure: decided.failure,
            decided_at: Some(now),
            parked_since: parked_since.filter(|_| decided.state == EventState::Parked),
            ..event.value.clone()
        }
    }
}

/// Counts the state that an event is in, and tells the log of one that somebody should look at.
fn report(event: &Event) {
    let Event {
        port,
        instance,
        id,
        state,
        ..
    } = event;
    count(port, instance, *state);
    let state = state.as_str();
    match event.state {
        EventState::Dead | EventState::Unmatched => {
            tracing::error!(port, instance, id, state, "an event of a vendor was given up");
        }
        EventState::Foreign => {
            tracing::info!(
                port,
                instance,
                id,
                "an event of a vendor is about something that is not ours"
            );
        }
        _ => {}
    }
}

/// Adds to a batch that an event is in another state, and in the list of that state.
pub(super) fn change(batch: &mut Batch, event: &Versioned<Event>, next: &Event) -> Result<()> {
    let until = event.received_at + KEPT;
    batch.replace(event, next)?;
    if event.state == next.state {
        return Ok(());
    }
    if let Some(line) = event.line(until) {
        let (partition, sort) = line.key();
        batch.clear::<Line>(partition, sort);
    }
    if let Some(line) = next.line(until) {
        batch.overwrite(&line)?;
    }
    Ok(())
}
