//! The sender that keeps instead of sending, and the mailbox that shows what was kept.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::contact::{EmailAddress, PhoneNumber};
use portcullis_ports::notification::{
    Channel, KeptMessage, Mailbox, Message, MessageLookup, Receipt, Sender, Sought,
};
use portcullis_ports::outcome::{Outcome, Reason, Resolution};
use portcullis_ports::probe::Probe;
use portcullis_ports::{Clock, Error, Result};

use crate::folder::{Folder, KEPT, MAILBOX_FOLDER};

/// The most messages that are shown.
const SHOWN: usize = 200;
/// When to try again after the disk failed.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Keeps messages in a folder.
pub struct FolderMailbox {
    folder: Arc<Folder>,
    clock: Arc<dyn Clock>,
}

impl FolderMailbox {
    pub(crate) fn new(folder: Folder, clock: Arc<dyn Clock>) -> Self {
        Self {
            folder: Arc::new(folder),
            clock,
        }
    }

    /// Works on the folder without holding up other requests.
    async fn with_folder<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || work(&folder))
            .await
            .map_err(|error| Error::internal("work on the mailbox was cut short").with_source(error))?
    }
}

#[async_trait]
impl Sender for FolderMailbox {
    fn channels(&self) -> &[Channel] {
        &[Channel::Email, Channel::Sms]
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        let kept = KeptMessage {
            id: message.id.to_string(),
            channel: message.to.channel(),
            to: message.to.address().to_owned(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            sent_at: self.clock.now(),
        };
        match self.with_folder(move |folder| folder.keep(&kept)).await {
            Ok(()) => Outcome::Done(Receipt {
                reference: message.id.to_string(),
            }),
            Err(error) => Outcome::NotSent(Reason::passing(MAILBOX_FOLDER.name(), error.detail(), TRY_AGAIN)),
        }
    }
}

#[async_trait]
impl MessageLookup for FolderMailbox {
    fn absence_after(&self) -> Duration {
        TRY_AGAIN
    }

    async fn lookup(&self, sought: &Sought<'_>) -> Resolution<Receipt> {
        let reference = sought.message.id.to_string();
        let id = reference.clone();
        match self.with_folder(move |folder| folder.holds(&id)).await {
            Ok(true) => Resolution::Found(Outcome::Done(Receipt { reference })),
            Ok(false) => Resolution::Absent,
            Err(error) => {
                let reason = Reason::passing(MAILBOX_FOLDER.name(), error.detail(), TRY_AGAIN);
                Resolution::CannotTell(reason)
            }
        }
    }
}

#[async_trait]
impl Mailbox for FolderMailbox {
    async fn messages(&self, to: Option<&str>) -> Result<Vec<KeptMessage>> {
        let to = to.map(normalised);
        self.with_folder(move |folder| {
            folder.newest(SHOWN, |kept| {
                to.as_ref().is_none_or(|to| *to == normalised(&kept.to))
            })
        })
        .await
    }
}

#[async_trait]
impl Probe for FolderMailbox {
    async fn check(&self) -> Result<String> {
        let count = self.with_folder(Folder::count).await?;
        let path = self.folder.path().display();
        Ok(format!("{count} messages in {path}, of {KEPT} at most"))
    }
}

/// However somebody writes an address, the form in which it is kept.
fn normalised(address: &str) -> String {
    if let Ok(email) = EmailAddress::parse(address) {
        return email.to_string();
    }
    let number: String = address
        .chars()
        .filter(|c| !c.is_whitespace() && !"-.()".contains(*c))
        .collect();
    if let Ok(phone) = PhoneNumber::parse(&number) {
        return phone.to_string();
    }
    let kept: String = address.chars().filter(|c| !c.is_whitespace()).collect();
    kept.to_lowercase()
}
