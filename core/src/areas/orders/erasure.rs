//! What stays of the orders of an account that is erased: money, and nothing that tells who bought.
//!
//! Money may still come for them, or go back, and has to find them.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::Orders;
use super::records::{Buyer, OrderActor, OrderEvent, OrderRecord};
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::source::Source;

#[async_trait]
impl AccountErasure for Orders {
    /// Waits until no payment, no answer and no money that is given back is expected any more.
    async fn wind_down(&self, subject: &Subject, _: &Source) -> Result<bool> {
        let (subject, prefix) = (subject.as_str(), OrderRecord::PREFIX);
        let open = self
            .context
            .any_row(subject, prefix, OrderRecord::is_under_way)
            .await?;
        Ok(!open)
    }

    /// Takes out who bought, where it went, and what was remarked.
    async fn erase(&self, subject: &Subject, _: &Source) -> Result<()> {
        let subject = subject.as_str();
        self.context
            .rewrite_rows(subject, OrderRecord::PREFIX, OrderRecord::pseudonymise)
            .await?;
        self.context
            .rewrite_rows(subject, OrderEvent::PREFIX, OrderEvent::pseudonymise)
            .await
    }
}

impl OrderRecord {
    fn pseudonymise(&mut self) {
        self.buyer = Buyer {
            display_name: None,
            email: None,
        };
        if let Some(shipping) = &mut self.shipping {
            shipping.address = None;
            shipping.tracking_number = None;
        }
        if let Some(cancel) = &mut self.cancel {
            cancel.reason = None;
            cancel.note = None;
        }
        if let Some(give_back) = &mut self.give_back {
            give_back.reason = None;
        }
    }
}

impl OrderEvent {
    fn pseudonymise(&mut self) {
        // What the service notes is a code.
        if self.by != OrderActor::Service {
            self.note = None;
        }
    }
}
