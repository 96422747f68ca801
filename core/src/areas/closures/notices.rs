//! What owners are told by mail of the closing of their accounts.

use minijinja::Value;
use minijinja::value::Serde;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};
use serde::Serialize;

use super::Closures;
use crate::foundation::calendar::Zone;
use crate::foundation::table::Batch;
use crate::foundation::texts::{Template, template};

pub(super) const NOTICE: Template = template!("account_closure.email", samples);

/// Something that an owner is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// It is closed, and erased then.
    Scheduled(Timestamp),
    /// It is not closed after all.
    TakenBack,
    /// It is being erased.
    Erasing,
}

#[derive(Serialize)]
struct Variables<'a> {
    event: &'static str,
    /// The day in UTC.
    date: Option<String>,
    /// The page of the panel; nothing where its address is not known.
    link: Option<&'a str>,
}

impl<'a> Variables<'a> {
    fn of(notice: Notice, link: Option<&'a str>) -> Result<Self> {
        let (event, date) = match notice {
            Notice::Scheduled(at) => ("scheduled", Some(Zone::utc().date_text(at)?)),
            Notice::TakenBack => ("taken_back", None),
            Notice::Erasing => ("erasing", None),
        };
        let link = link.filter(|_| matches!(notice, Notice::Scheduled(_)));
        Ok(Self { event, date, link })
    }
}

/// Every event, with and without what may be missing.
fn samples() -> Vec<Value> {
    let at = Timestamp::from_seconds(1_791_209_600);
    let link = Some("https://gate.example.com/account");
    let all = [
        Variables::of(Notice::Scheduled(at), None),
        Variables::of(Notice::Scheduled(at), link),
        Variables::of(Notice::TakenBack, link),
        Variables::of(Notice::Erasing, link),
    ];
    let written = all.into_iter().filter_map(Result::ok);
    written.map(|one| Value::from(Serde(one))).collect()
}

impl Closures {
    /// Adds a mail to a commit, if the owner has a proven address and mail can be sent.
    pub(super) async fn notify(&self, batch: &mut Batch, subject: &Subject, notice: &Notice) -> Result<()> {
        let link = self.context.links.page("/account");
        let variables = Variables::of(*notice, link.as_deref())?;
        self.mail.add(batch, subject, &NOTICE, variables).await
    }
}
