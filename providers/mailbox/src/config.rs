//! The settings of the mailbox and what they become when checked.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::notification::{ConnectedSender, Senders};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::folder::Folder;
use crate::senders::FolderMailbox;

/// Settings of the mailbox.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxSettings {
    /// The folder that keeps the messages. Created if it does not exist. A relative path starts at the working
    /// directory.
    #[schemars(example = ".portcullis/mailbox", extend("x-development-path" = "mailbox"))]
    pub folder: PathBuf,
}

/// A mailbox that is ready to be opened.
#[derive(Debug)]
pub struct MailboxPlan {
    folder: PathBuf,
}

impl Settings<Senders> for MailboxSettings {
    type Plan = MailboxPlan;

    fn plan(self) -> std::result::Result<MailboxPlan, Vec<ConfigError>> {
        if self.folder.as_os_str().is_empty() {
            return Err(vec![ConfigError::at(
                "folder",
                "the path of a folder is expected, such as .portcullis/mailbox",
            )]);
        }
        Ok(MailboxPlan { folder: self.folder })
    }
}

#[async_trait]
impl Plan<Senders> for MailboxPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedSender> {
        let folder = Folder::open(self.folder)?;
        let mailbox = Arc::new(FolderMailbox::new(folder, Arc::clone(&runtime.clock)));
        Ok(ConnectedSender {
            sender: Arc::clone(&mailbox) as Arc<_>,
            mailbox: Some(Arc::clone(&mailbox) as Arc<_>),
            inbound: None,
            lookup: Some(Arc::clone(&mailbox) as Arc<_>),
            probe: mailbox,
        })
    }
}
