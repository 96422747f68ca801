//! Mail to the owner of an account, added to the commit that it tells of.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::notification::{Channel, Destination};
use serde::Serialize;

use crate::foundation::context::Context;
use crate::foundation::lane::Lane;
use crate::foundation::table::Batch;
use crate::foundation::texts::Template;
use crate::services::directory::Directory;
use crate::services::outbox::{Draft, Outbox};

/// Writes to people at their proven addresses, in their languages.
#[derive(Clone)]
pub(crate) struct OwnerMail {
    context: Arc<Context>,
    directory: Directory,
    outbox: Outbox,
}

impl OwnerMail {
    pub(crate) fn new(context: &Arc<Context>, directory: &Directory, outbox: &Outbox) -> Self {
        Self {
            context: Arc::clone(context),
            directory: directory.clone(),
            outbox: outbox.clone(),
        }
    }

    /// Adds a mail, if the account has a proven address and mail can be sent.
    pub(crate) async fn add(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        template: &Template,
        variables: impl Serialize,
    ) -> Result<()> {
        if !self.outbox.serves(Channel::Email) {
            return Ok(());
        }
        let account = self.directory.account(subject).await?;
        let Some(account) = account.filter(|account| account.email_verified_at.is_some()) else {
            return Ok(());
        };
        let texts = &self.context.texts;
        let text = texts.render(account.language, template.name, variables)?;
        let draft = Draft::new(Destination::Email(account.email.clone()), text, Lane::Notices);
        self.outbox.enqueue(batch, draft).await.map(drop)
    }
}
