//! What operators do about events of vendors.

use portcullis_ports::Result;

use super::events::EVENT_REPLAY;
use super::{Operator, Operators, actions};
use crate::services::audit::Event;
use crate::services::inbox::{EventKey, EventView, Inbox};

impl Operators {
    /// Has the delivery of an event read again and the event applied again. Who asked stands in the history of the operator.
    /// Gives the event as it is then: it waits to be applied. The inbox is lent, because it holds whoever handles events, and
    /// they hold this: nothing of both would ever be let go.
    ///
    /// # Errors
    /// `step-up-required`; `event-not-found`; `delivery-expired`; `webhook-unreadable`.
    pub async fn replay_event(
        &self,
        inbox: &Inbox,
        operator: &Operator,
        key: &EventKey,
    ) -> Result<EventView> {
        self.step_up.require(actions::REPLAY_EVENT, &operator.who).await?;
        let EventView {
            port, instance, id, ..
        } = inbox.by_key(key).await?;
        let event = Event::info(EVENT_REPLAY, &operator.who.source)
            .with("plugin", format!("{port}.{instance}"))
            .with("event", &id);
        self.record(operator, None, &event).await?;
        inbox.replay(&port, &instance, &id).await?;
        inbox.by_key(key).await
    }
}
