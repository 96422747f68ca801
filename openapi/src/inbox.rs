//! What vendors posted, for operators: events by state, another try.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::cursor::SignedCursor;
use portcullis_core::inbox::{EventFilter, EventKey, ListedState};

use crate::answer::{Answer, Answered};
use crate::auth::{OperatorSession, Support, Viewer};
use crate::dto::{InboxEvent, InboxPage, ListEvents, ReadEvent, ReplayEvent};
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct InboxApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(InboxApi);

/// How many events a page has where it is not said.
const PAGE: usize = 50;

#[OpenApi(tag = "Tag::Operators")]
impl InboxApi {
    /// List what vendors told and what was not applied
    ///
    /// Of the last 30 days, newest first. Events that wait, or that were applied, are in no list. A page may hold fewer events
    /// than asked for, or none, although more follow: go on as long as there is a `next_cursor`.
    #[oai(
        path = "/api/operator/inbox",
        method = "get",
        operation_id = "list_vendor_events"
    )]
    async fn list(
        &self,
        _operator: OperatorSession<Viewer>,
        /// Only those in this state.
        state: Query<Option<ListedState>>,
        /// Only those that came to plugins of this section of the configuration, such as `payments`.
        port: Query<Option<String>>,
        /// Only those that came to this instance, such as `main`.
        instance: Query<Option<String>>,
        /// Behind which event to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many events at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<usize>>,
    ) -> Answered<InboxPage, ListEvents> {
        let filter = EventFilter {
            state: state.0,
            port: port.0,
            instance: instance.0,
        };
        let limit = limit.0.unwrap_or(PAGE);
        let page = self.app.inbox.page(&filter, limit, cursor.0.as_ref()).await?;
        Ok(Answer(page.into()))
    }

    /// Read something that a vendor told
    ///
    /// What it is and what became of it. What was delivered is sealed and shown to nobody.
    #[oai(
        path = "/api/operator/inbox/:event_id",
        method = "get",
        operation_id = "read_vendor_event"
    )]
    async fn event(
        &self,
        _operator: OperatorSession<Viewer>,
        /// As in the list, or in the timeline of a payment.
        event_id: Path<EventKey>,
    ) -> Answered<InboxEvent, ReadEvent> {
        Ok(Answer(self.app.inbox.by_key(&event_id.0).await?.into()))
    }

    /// Have something that a vendor told applied again
    ///
    /// Its delivery is read again by the plugin of today, in whatever state the event is; what it tells moves no money twice.
    /// It is applied within seconds, and waits until then. Needs a fresh step-up.
    #[oai(
        path = "/api/operator/inbox/:event_id/replay",
        method = "post",
        operation_id = "replay_vendor_event"
    )]
    async fn replay(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list, or in the timeline of a payment.
        event_id: Path<EventKey>,
    ) -> Answered<InboxEvent, ReplayEvent> {
        let App { operators, inbox, .. } = self.app.as_ref();
        let event = operators.replay_event(inbox, &operator.who, &event_id.0);
        Ok(Answer(event.await?.into()))
    }
}
