//! Tells the owner of an account, at its proven address, what changed.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::notification::{Channel, Destination};

use crate::foundation::context::Context;
use crate::foundation::table::Batch;
use crate::services::directory::Directory;
use crate::services::messages::{Change, notice};
use crate::services::outbox::Outbox;

/// Adds notices to the commits that make them true.
#[derive(Clone)]
pub(crate) struct Notices {
    context: Arc<Context>,
    directory: Directory,
    outbox: Outbox,
}

impl Notices {
    pub(crate) fn new(context: &Arc<Context>, directory: &Directory, outbox: &Outbox) -> Self {
        Self {
            context: Arc::clone(context),
            directory: directory.clone(),
            outbox: outbox.clone(),
        }
    }

    /// Adds a notice to each of these destinations whose channel has a sender.
    pub(crate) async fn tell(
        &self,
        batch: &mut Batch,
        destinations: Vec<Destination>,
        change: &Change,
    ) -> Result<()> {
        for to in destinations {
            if self.outbox.serves(to.channel()) {
                let draft = notice(&self.context.settings.product.name, to, change);
                self.outbox.enqueue(batch, draft).await?;
            }
        }
        Ok(())
    }

    /// Adds a notice, if the account has a proven address and mail can be sent.
    pub(crate) async fn add(&self, batch: &mut Batch, subject: &Subject, change: &Change) -> Result<()> {
        let account = self.directory.account(subject).await?;
        let proven = account.filter(|account| account.email_verified_at.is_some());
        if let (Some(account), true) = (proven, self.outbox.serves(Channel::Email)) {
            let draft = notice(
                &self.context.settings.product.name,
                Destination::Email(account.email.clone()),
                change,
            );
            self.outbox.enqueue(batch, draft).await?;
        }
        Ok(())
    }
}
