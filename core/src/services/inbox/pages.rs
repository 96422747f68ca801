//! Pages of events, newest first, of one state or of all that an operator may want to do something about.

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use portcullis_ports::Result;

use super::records::{Event, EventState, Line};
use super::{EVENT_NOT_FOUND, EventKey, EventView, Inbox};
use crate::foundation::cursor::SignedCursor;
use crate::foundation::table::{PageRequest, set_aside_unreadable};

/// The most events of one page.
const PAGE: usize = 200;
/// The most events that are read for one page: a filter may leave it shorter than was asked for.
const READ: usize = 1_000;
/// What cursors are signed for.
const LIST: &str = "inbox";

/// The states in which events are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "lowercase")
)]
pub enum ListedState {
    /// It could not be applied, however often it was tried.
    Dead,
    /// What it is about did not become known within a day.
    Unmatched,
    /// What it is about is not known yet; it is tried again for a day.
    Parked,
    /// It is about something that is not ours, or of another account or mode of the vendor.
    Foreign,
    /// It is of a kind that is not served here.
    Ignored,
}

impl From<ListedState> for EventState {
    fn from(state: ListedState) -> Self {
        match state {
            ListedState::Dead => Self::Dead,
            ListedState::Unmatched => Self::Unmatched,
            ListedState::Parked => Self::Parked,
            ListedState::Foreign => Self::Foreign,
            ListedState::Ignored => Self::Ignored,
        }
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// In this state; in any of them where it is not said.
    pub state: Option<ListedState>,
    /// Of this section of the configuration.
    pub port: Option<String>,
    /// Of this instance.
    pub instance: Option<String>,
}

impl EventFilter {
    fn states(&self) -> Vec<EventState> {
        match self.state {
            Some(state) => vec![state.into()],
            None => EventState::LISTED.to_vec(),
        }
    }

    fn admits(&self, event: &Event) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        same(&self.port, &event.port) && same(&self.instance, &event.instance)
    }

    /// What tells its list from others. Cursors of one state go on in the same state alone.
    fn name(&self) -> &'static str {
        self.state.map_or("all", |state| EventState::from(state).as_str())
    }
}

/// A page of events.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// Newest first.
    pub events: Vec<EventView>,
    /// Where the next page begins, if there is one.
    pub next: Option<SignedCursor>,
}

impl Inbox {
    /// A page of events of the last 30 days, newest first. Events that wait, or changed what they were about, are in none.
    /// A page may hold fewer events than asked for, or none, although more follow.
    ///
    /// # Errors
    /// `invalid-cursor` for a cursor that was not given out for this state; whatever the store answers.
    pub async fn page(
        &self,
        filter: &EventFilter,
        limit: usize,
        cursor: Option<&SignedCursor>,
    ) -> Result<EventPage> {
        let (keyring, list) = (&self.context.keyring, [LIST, filter.name()]);
        let states: Vec<String> = filter
            .states()
            .iter()
            .map(|state| state.as_str().to_owned())
            .collect();
        let request = PageRequest {
            partitions: &states,
            range: Line::RANGE,
            after: cursor.map(|cursor| cursor.place(keyring, &list)).transpose()?,
            limit: limit.clamp(1, PAGE),
            looked_at: READ,
        };
        let show = |lines: Vec<Line>| self.listed(lines, filter).boxed();
        let page = self.context.table::<Line>().joined_page(request, show).await?;
        let next = page.next.map(|place| SignedCursor::sign(keyring, &list, place));
        Ok(EventPage {
            events: page.items,
            next: next.transpose()?,
        })
    }

    /// What these lines lead to, as far as it is wanted.
    async fn listed(&self, lines: Vec<Line>, filter: &EventFilter) -> Result<Vec<Option<EventView>>> {
        let table = self.context.table::<Event>();
        let read = lines
            .iter()
            .map(async |line| set_aside_unreadable(table.find(&line.event, Event::SORT).await));
        let found = try_join_all(read).await?;
        // It may have gone on between the two reads.
        let wanted = |line: &Line, event: &Event| event.state == line.state && filter.admits(event);
        Ok(lines
            .iter()
            .zip(found)
            .map(|(line, found)| found.filter(|event| wanted(line, event)))
            .map(|found| found.map(|event| self.view(event.value)))
            .collect())
    }

    /// One event, by what it is called here.
    ///
    /// # Errors
    /// `event-not-found`.
    pub async fn by_key(&self, key: &EventKey) -> Result<EventView> {
        let found = self
            .context
            .table::<Event>()
            .find(key.as_str(), Event::SORT)
            .await?;
        let found = found.ok_or_else(|| EVENT_NOT_FOUND.error())?;
        Ok(self.view(found.value))
    }
}
