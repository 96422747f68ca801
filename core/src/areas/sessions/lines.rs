//! The lines of an account's sessions: which of them live, and which are past.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};

use super::records::{Line, Summary};
use super::{Session, Sessions};
use crate::foundation::table::set_aside_unreadable;
use crate::services::epochs::{EndReason, Epoch};

/// An ended session stays in the list for this long.
pub(super) const AFTERLIFE: Duration = Duration::from_hours(24);

/// A session as its line tells.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) id: SessionId,
    pub(super) expires_at: Timestamp,
    pub(super) summary: Summary,
    /// `None` as long as it lives.
    pub(super) ended_at: Option<Timestamp>,
}

impl Listed {
    pub(super) fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether it ended so long ago that nobody asks any more.
    pub(super) fn is_past(&self, now: Timestamp) -> bool {
        self.ended_at.is_some_and(|ended| now.since(ended) >= AFTERLIFE)
    }

    /// Its line once it is ended.
    pub(super) fn ended_line(&self, subject: &Subject, now: Timestamp) -> Line {
        Line {
            subject: subject.clone(),
            session: self.id.clone(),
            expires_at: self.expires_at.min(now + AFTERLIFE),
            summary: Some(Summary {
                revoked_at: Some(now),
                ..self.summary.clone()
            }),
        }
    }
}

impl Sessions {
    /// All sessions of a person that have not been forgotten yet, oldest first.
    pub(super) async fn listed(&self, subject: &Subject, epoch: &Epoch) -> Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for line in self.context.table::<Line>().all(subject.as_str()).await? {
            let Line {
                session,
                expires_at,
                summary,
                ..
            } = line.value;
            let summary = match summary {
                Some(summary) => Some(summary),
                None => set_aside_unreadable(self.read(&session).await)?.map(|session| Summary::of(&session)),
            };
            if let Some(summary) = summary {
                let ended_at = self.ended_at(&session, &summary, epoch);
                listed.push(Listed {
                    id: session,
                    expires_at,
                    summary,
                    ended_at,
                });
            }
        }
        listed.sort_by(|a, b| (a.summary.created_at, &a.id).cmp(&(b.summary.created_at, &b.id)));
        Ok(listed)
    }

    fn ended_at(&self, id: &SessionId, summary: &Summary, epoch: &Epoch) -> Option<Timestamp> {
        let now = self.context.now();
        let fell_asleep_at = summary.last_seen_at + self.settings.idle.get();
        let asleep = (fell_asleep_at < now).then_some(fell_asleep_at);
        let epoch_ended = || {
            let ended = !epoch.admits_session(id, &summary.lineage);
            // When is not known of an epoch that ended long ago, or with the whole deployment's.
            ended.then(|| {
                epoch
                    .ended_at(id, &summary.lineage)
                    .unwrap_or(summary.last_seen_at)
            })
        };
        let ends = [summary.revoked_at, epoch_ended(), asleep];
        ends.into_iter().flatten().min()
    }
}

/// What grew from a session, directly or through others: sessions that were begun with tokens that it made.
pub(super) fn descendants<'a>(of: &SessionId, listed: &'a [Listed]) -> Vec<&'a Listed> {
    let mut ancestors = BTreeSet::from([of]);
    let mut found = Vec::new();
    // A session is younger than what it grew from, but clocks differ, so that one look may not be enough.
    loop {
        let before = found.len();
        for one in listed {
            let grew = one
                .summary
                .lineage
                .session
                .as_ref()
                .is_some_and(|parent| ancestors.contains(parent));
            if grew && ancestors.insert(&one.id) {
                found.push(one);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

impl Session {
    /// The session once it is ended.
    pub(super) fn ended(&self, now: Timestamp, reason: EndReason) -> Self {
        Self {
            revoked_at: Some(now),
            ended_by: Some(reason),
            expires_at: self.expires_at.min(now + AFTERLIFE),
            ..self.clone()
        }
    }
}
