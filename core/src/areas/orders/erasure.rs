//! What stays of the orders of an account that is erased: money, and nothing that tells who bought.
//!
//! Money may still come for them, or go back, and has to find them.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::{MAX_PAGE, Range};

use super::Orders;
use super::records::{Buyer, OrderActor, OrderEvent, OrderRecord};
use crate::foundation::table::{Batch, Stored};

/// Rows that one commit changes.
const CHUNK: usize = 50;

impl Orders {
    /// Whether nothing is expected of the orders of a person any more: no payment, no answer and no money that is given back.
    pub(crate) async fn are_over(&self, subject: &Subject) -> Result<bool> {
        let table = self.context.table::<OrderRecord>();
        let mut after = None;
        loop {
            let range = Range::Prefix(OrderRecord::PREFIX.to_owned());
            let (page, next) = table
                .complete_page(subject.as_str(), range, MAX_PAGE, after)
                .await?;
            if page.iter().any(|order| order.is_under_way()) {
                return Ok(false);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(true),
            }
        }
    }

    /// Takes out of the orders of a person what tells who bought, and where it went.
    pub(crate) async fn pseudonymise(&self, subject: &Subject) -> Result<()> {
        self.rewrite(subject, OrderRecord::PREFIX, OrderRecord::pseudonymise)
            .await?;
        self.rewrite(subject, OrderEvent::PREFIX, OrderEvent::pseudonymise)
            .await
    }

    async fn rewrite<T: Stored + Clone + PartialEq>(
        &self,
        subject: &Subject,
        prefix: &str,
        change: impl Fn(&mut T),
    ) -> Result<()> {
        let table = self.context.table::<T>();
        let mut after = None;
        loop {
            let range = Range::Prefix(prefix.to_owned());
            let (page, next) = table.complete_page(subject.as_str(), range, CHUNK, after).await?;
            let mut batch = Batch::default();
            for read in &page {
                let mut row = read.value.clone();
                change(&mut row);
                if row != read.value {
                    batch.replace(read, &row)?;
                }
            }
            self.context.commit(batch).await?;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
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
