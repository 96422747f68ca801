//! The mailbox of a developer's machine: what was sent, as JSON and as a page.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::Json;
use poem::{IntoResponse, Request, Response};
use portcullis_ports::notification::{Channel, KeptMessage, Mailbox};
use serde::{Deserialize, Serialize};

use crate::file::StaticFile;
use crate::problem::Problem;

/// Where a developer reads.
pub(crate) const PAGE: &str = "/dev/inbox";
/// Where programs read.
pub(crate) const MESSAGES: &str = "/dev/mailbox";

#[derive(Deserialize)]
struct Wanted {
    to: Option<String>,
}

#[derive(Serialize)]
struct Messages {
    messages: Vec<MessageView>,
}

/// A message; the time in seconds, as everywhere in the API.
#[derive(Serialize)]
struct MessageView {
    id: String,
    channel: Channel,
    to: String,
    subject: String,
    text: String,
    sent_at: i64,
}

impl From<KeptMessage> for MessageView {
    fn from(kept: KeptMessage) -> Self {
        let KeptMessage {
            id,
            channel,
            to,
            subject,
            text,
            sent_at,
        } = kept;
        Self {
            id,
            channel,
            to,
            subject,
            text,
            sent_at: sent_at.seconds(),
        }
    }
}

/// `GET /dev/mailbox?to=`: kept messages, newest first.
pub(crate) async fn messages(mailbox: Arc<dyn Mailbox>, request: Request) -> poem::Result<Response> {
    let wanted: Wanted = request.params()?;
    let kept = mailbox
        .messages(wanted.to.as_deref().map(plus).as_deref())
        .await
        .map_err(Problem)?;
    let messages = kept.into_iter().map(MessageView::from).collect();
    Ok((StatusCode::OK, Json(Messages { messages })).into_response())
}

/// A plus that was not escaped in the address line arrives as a blank.
fn plus(to: &str) -> String {
    match to.strip_prefix(' ') {
        Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => format!("+{number}"),
        _ => to.to_owned(),
    }
}

/// The page and what belongs to it.
pub(crate) fn files() -> [StaticFile; 3] {
    [
        StaticFile::new(PAGE, "text/html; charset=utf-8", include_str!("inbox.html")),
        StaticFile::new(
            "/dev/inbox.js",
            "text/javascript; charset=utf-8",
            include_str!("inbox.js"),
        ),
        StaticFile::new(
            "/dev/inbox.css",
            "text/css; charset=utf-8",
            include_str!("inbox.css"),
        ),
    ]
}
