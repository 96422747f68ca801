//! The list of an account's sessions, page by page, newest first.

use portcullis_ports::geo::Location;
use portcullis_ports::id::SessionId;
use portcullis_ports::{Result, Timestamp, text};

use super::lines::Listed;
use super::{INVALID_CURSOR, ListSessions, SessionList, SessionView, Sessions};
use crate::areas::sessions::SignedIn;
use crate::foundation::user_agent::describe_device;

text!(
    /// A place in the list, as a page before gave it. Whether it is one is told by whoever asks for the list.
    PageCursor, "cursor", "1764223152345.ses_01h2xcejqtf2nbrexx3vqjhp41", in "^[0-9]{1,15}\\.ses_[0-9a-hjkmnp-tv-z]{26}$",
    |text| {
        if text.len() <= 64 {
            Ok(text.to_owned())
        } else {
            Err("at most 64 characters are expected")
        }
    }
);

/// The most sessions of one page.
pub const PAGE: usize = 100;

impl Sessions {
    /// A page of the account's sessions that have not been forgotten yet, newest first.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn list(&self, who: &SignedIn, command: &ListSessions) -> Result<SessionList> {
        let behind = command.cursor.as_ref().map(Cursor::parse).transpose()?;
        let limit = command.limit.unwrap_or(PAGE).clamp(1, PAGE);
        let now = self.context.now();
        let epoch = self.epochs.current(who.subject()).await?.epoch;
        let mut listed = self.listed(who.subject(), &epoch).await?;
        listed.retain(|one| {
            !one.is_past(now) && behind.as_ref().is_none_or(|behind| Cursor::of(one) < *behind)
        });
        listed.reverse();
        let more = listed.len() > limit;
        listed.truncate(limit);
        let next = listed.last().filter(|_| more).map(|last| Cursor::of(last).text());
        let addresses = listed.iter().map(|one| one.summary.ip.as_str());
        let locations = self.context.locations.of(addresses).await;
        let view = |one: Listed| {
            let location = locations.get(&one.summary.ip).cloned();
            view(one, who, location)
        };
        Ok(SessionList {
            sessions: listed.into_iter().map(view).collect(),
            next_cursor: next.map(Into::into),
        })
    }
}

/// A place in the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor {
    created_at: Timestamp,
    id: SessionId,
}

impl Cursor {
    fn of(listed: &Listed) -> Self {
        Self {
            created_at: listed.summary.created_at,
            id: listed.id.clone(),
        }
    }

    pub(super) fn text(&self) -> String {
        format!("{}.{}", self.created_at.millis(), self.id)
    }

    pub(super) fn parse(cursor: &PageCursor) -> Result<Self> {
        let parsed = cursor.as_str().split_once('.').and_then(|(created_at, id)| {
            Some(Self {
                created_at: Timestamp::from_millis(created_at.parse().ok()?),
                id: SessionId::parse(id).ok()?,
            })
        });
        parsed.ok_or_else(|| INVALID_CURSOR.error())
    }
}

fn view(listed: Listed, who: &SignedIn, location: Option<Location>) -> SessionView {
    let summary = listed.summary;
    let (device, browser) = describe_device(&summary.user_agent);
    SessionView {
        is_current: listed.id == who.session.id,
        session_id: listed.id,
        created_at: summary.created_at.seconds(),
        last_seen_at: summary.last_seen_at.seconds(),
        expires_at: listed.expires_at.seconds(),
        ip: summary.ip,
        location,
        user_agent: summary.user_agent,
        device,
        browser,
        revoked: listed.ended_at.is_some(),
        revoked_at: listed.ended_at.map_or(0, Timestamp::seconds),
    }
}
