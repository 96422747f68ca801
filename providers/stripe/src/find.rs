//! What became of an attempt: read by Stripe's name, or found by ours among what a customer was charged.
//!
//! Lists are current; search, which could ask for our name alone, may be a minute late and more, so it proves no absence.

use std::time::Duration;

use portcullis_ports::outcome::{Reason, Reference, Resolution};
use portcullis_ports::payments::{
    ChargeOutcome, PaymentResolution, PaymentStatus, Snapshot, Sought, UNAVAILABLE, VendorRef,
};
use portcullis_ports::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::payments::{EXPANDED, Stripe};
use crate::pictures::{self, SKEW};
use crate::wire::{ATTEMPT, Dispute, Expandable, Identified, List, PaymentIntent, Refund, Session};

/// When to ask again after no answer.
const AGAIN: Duration = Duration::from_secs(15);
/// Objects of one page, and the most pages that are looked through.
const PAGE: u32 = 100;
const PAGES: usize = 20;

impl Stripe {
    pub(crate) async fn lookup(&self, sought: &Sought) -> PaymentResolution {
        let found = match &sought.reference {
            Reference::Theirs(theirs) => self.by_theirs(theirs).await,
            Reference::Ours(ours) => self.by_ours(ours, sought).await,
        };
        match found {
            Ok(Some(snapshot)) => Resolution::Found(ChargeOutcome::of(snapshot)),
            Ok(None) => Resolution::Absent,
            Err(error) => Resolution::CannotTell(no_answer(&error)),
        }
    }

    /// The complete picture of what Stripe calls so: an intent, or the page of one.
    pub(crate) async fn by_theirs(&self, theirs: &str) -> Result<Option<Snapshot>> {
        let Ok(theirs) = VendorRef::parse(theirs) else {
            return Ok(None);
        };
        if is_page(&theirs) {
            let path = format!("/v1/checkout/sessions/{}", segment(&theirs));
            return match self.client.read::<Session>(&path, &json!({})).await? {
                Some(session) => self.of_page(session).await.map(Some),
                None => Ok(None),
            };
        }
        let path = format!("/v1/payment_intents/{}", segment(&theirs));
        let query = json!({ "expand": EXPANDED });
        match self.client.read::<PaymentIntent>(&path, &query).await? {
            Some(intent) => self.complete_picture(&intent, None).await.map(Some),
            None => Ok(None),
        }
    }

    async fn of_page(&self, session: Session) -> Result<Snapshot> {
        if let Some(intent) = &session.payment_intent {
            let query = json!({ "expand": EXPANDED });
            let path = format!("/v1/payment_intents/{}", intent.id());
            let intent = self.client.list::<PaymentIntent>(&path, &query).await?;
            return self.complete_picture(&intent, Some(session)).await;
        }
        let picture = self.pictures.page(&session, self.now());
        picture
            .map(|page| Snapshot {
                complete: true,
                ..page
            })
            .ok_or_else(unreadable)
    }

    /// The page of Checkout that made an intent, if one did.
    pub(crate) async fn page_of(&self, intent: &str) -> Result<Option<Session>> {
        let query = json!({ "payment_intent": intent, "limit": 1 });
        let found: List<Session> = self.client.list("/v1/checkout/sessions", &query).await?;
        Ok(found.data.into_iter().next())
    }

    /// The picture of an intent with every refund and dispute; `page` is that of Checkout where it is known already.
    async fn complete_picture(&self, intent: &PaymentIntent, page: Option<Session>) -> Result<Snapshot> {
        let mut picture = self.pictures.payment(intent, self.now()).ok_or_else(unreadable)?;
        if matches!(
            picture.status,
            PaymentStatus::RequiresAction | PaymentStatus::Failed
        ) {
            let page = match page {
                Some(page) => Some(page),
                None => self.page_of(&intent.id).await?,
            };
            if let Some(page) = page {
                picture = pictures::on_page(picture, &page);
            }
        }
        if picture.captured.is_positive() {
            let query = json!({ "payment_intent": intent.id, "limit": PAGE });
            for refund in self.all::<Refund>("/v1/refunds", &query, |_| false).await? {
                picture
                    .refunds
                    .push(pictures::refund(&refund, self.now()).ok_or_else(unreadable)?);
            }
            let charge = intent.latest_charge.as_ref().and_then(Expandable::object);
            if charge.is_none_or(|charge| charge.disputed) {
                for dispute in self.all::<Dispute>("/v1/disputes", &query, |_| false).await? {
                    picture
                        .disputes
                        .push(pictures::dispute(&dispute, self.now()).ok_or_else(unreadable)?);
                }
            }
        }
        Ok(Snapshot {
            complete: true,
            ..picture
        })
    }

    async fn by_ours(&self, ours: &str, sought: &Sought) -> Result<Option<Snapshot>> {
        let earliest = (sought.sent_at - SKEW).seconds();
        let query = json!({
            "customer": sought.customer.as_ref().map(VendorRef::as_str),
            "created": { "gte": earliest },
            "limit": PAGE,
        });
        let is_it = |known: Option<&String>| known.is_some_and(|known| known == ours);
        let intents: Vec<PaymentIntent> = self.all("/v1/payment_intents", &query, |_| false).await?;
        let mut matching = intents
            .iter()
            .filter(|intent| is_it(intent.metadata.get(ATTEMPT)));
        // Of several, which a forgotten key would leave, the one that took money.
        let taken = matching.clone().find(|intent| intent.amount_received > 0);
        if let Some(intent) = taken.or_else(|| matching.next()) {
            return self.by_theirs(&intent.id).await;
        }
        let of = |session: &Session| is_it(session.metadata.as_ref().and_then(|known| known.get(ATTEMPT)));
        let sessions: Vec<Session> = self.all("/v1/checkout/sessions", &query, of).await?;
        match sessions.into_iter().find(of) {
            Some(session) => self.of_page(session).await.map(Some),
            None => Ok(None),
        }
    }

    /// Every object of a list, or those up to the first that is wanted.
    async fn all<T: DeserializeOwned + Identified>(
        &self,
        path: &str,
        query: &Value,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>> {
        let mut query = query.clone();
        let mut found: Vec<T> = Vec::new();
        for _ in 0..PAGES {
            let page: List<T> = self.client.list(path, &query).await?;
            let enough = page.data.iter().any(&wanted);
            let last = page.data.last().map(|last| last.id().to_owned());
            found.extend(page.data);
            match last.filter(|_| page.has_more && !enough) {
                Some(last) => query["starting_after"] = json!(last),
                None => return Ok(found),
            }
        }
        Err(UNAVAILABLE
            .error()
            .with_context("why", "too many objects were made meanwhile"))
    }
}

/// Whether Stripe's name is that of a page of Checkout.
pub(crate) fn is_page(theirs: &VendorRef) -> bool {
    theirs.as_str().starts_with("cs_")
}

/// Why nobody can tell what something is now.
pub(crate) fn no_answer(error: &Error) -> Reason {
    let mut context = error.context().iter();
    let why = context.find_map(|(name, why)| (*name == "why").then(|| why.clone()));
    let why = why.unwrap_or_else(|| "Stripe did not answer".to_owned());
    Reason::passing("no-answer", why, AGAIN)
}

/// A name as one part of a path.
pub(crate) fn segment(name: &VendorRef) -> String {
    form_urlencoded::byte_serialize(name.as_str().as_bytes()).collect()
}

fn unreadable() -> Error {
    UNAVAILABLE
        .error()
        .with_context("why", "Stripe's answer makes no sense")
}
