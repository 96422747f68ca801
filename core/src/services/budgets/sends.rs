//! Budgets of messages: counted in the commit that sends them, against whoever asked for them.

use portcullis_ports::identity::Subject;
use portcullis_ports::notification::Destination;
use portcullis_ports::{Result, Span};

use super::{Budgets, TOO_MANY_SENDS, Use};
use crate::foundation::limit::Limit;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;

/// What a counter that counts for nobody allows.
const UNLIMITED: Limit = Limit::new(u32::MAX, Span::minutes(1));

/// What messages are sent for: it decides which budgets they use.
#[derive(Clone, Copy)]
pub(crate) enum SendPurpose<'a> {
    /// Codes for somebody who proved the first factor, to what the account has proven to own: the reserve that nobody
    /// else can use up.
    Proof { account: &'a Subject },
    /// Codes for a live session, to what the account has proven to own: whoever only knows the password cannot use them
    /// up.
    SessionProof { account: &'a Subject },
    /// Codes for somebody who proved the first factor, to what the account wants to own.
    Enrolment { account: &'a Subject },
    /// Codes for somebody who proved the mailed code of a recovery, to what the account has proven to own. Sign-ins and
    /// sessions use none of them up.
    RecoveryProof { recovery: &'a str },
    /// Mails of recoveries, asked for from networks that the account never signed in from.
    Recovery { source: &'a Source },
    /// Something that anybody can ask for.
    Anonymous { source: &'a Source },
    /// The same where nothing is sent and the time must not tell: as many counters, that count for nobody.
    Decoy { source: &'a Source },
}

/// Messages that are sent together.
pub(crate) struct Sends<'a> {
    pub(crate) purpose: SendPurpose<'a>,
    /// What they are about: only messages about the same to one destination keep `send_interval`, and
    /// anonymous ones about different
    /// things do not use up each other's share of a destination.
    pub(crate) about: &'a str,
    /// Whose they are, as far as `send_interval` goes: an account, or what only the asking client holds.
    pub(crate) holder: &'a str,
    pub(crate) destinations: &'a [&'a Destination],
}

impl Budgets {
    /// Adds messages to the commit that sends them; as [`Budgets::take_in`].
    ///
    /// # Errors
    /// `too-many-sends`.
    pub(crate) async fn take_sends_in(&self, batch: &mut Batch, sends: &Sends<'_>) -> Result<()> {
        let asking = asking(sends);
        let keys = keys(&asking, sends);
        let uses = self.uses(sends, &keys);
        self.take_in(batch, TOO_MANY_SENDS, &uses).await
    }

    /// The same where the answer must not tell of a refusal; as [`Budgets::take_quietly_in`].
    pub(crate) async fn take_sends_quietly_in(&self, batch: &mut Batch, sends: &Sends<'_>) -> Result<bool> {
        let asking = asking(sends);
        let keys = keys(&asking, sends);
        let uses = self.uses(sends, &keys);
        self.take_quietly_in(batch, &uses).await
    }

    fn uses<'a>(&self, sends: &Sends<'_>, keys: &'a [[&'a str; 5]]) -> Vec<Use<'a>> {
        let limits = &self.settings;
        let (per_destination, in_total) = (limits.sends_per_destination, limits.sends_in_total);
        let share = Limit::new((per_destination.most / 2).max(1), per_destination.window);
        let interval = Limit::new(1, limits.send_interval);
        let in_recovery = Limit::new(per_destination.most, self.lifetimes.recovery);
        let mut uses = Vec::new();
        for key in keys {
            // Each destination has a pause of its own: whoever turns to another device does not wait for the first.
            uses.push(one("send-interval", &key[1..], interval));
            uses.extend(match sends.purpose {
                SendPurpose::Proof { .. } => vec![
                    one("sends-account", &key[..2], limits.sends_per_account),
                    one("sends-destination", &key[..3], per_destination),
                    one("sends-total", &key[1..2], in_total),
                ],
                SendPurpose::SessionProof { .. } => vec![
                    one("sends-session-account", &key[..2], limits.sends_per_account),
                    one("sends-session-destination", &key[..3], per_destination),
                    one("sends-total", &key[1..2], in_total),
                ],
                SendPurpose::Enrolment { .. } => vec![
                    one("sends-account", &key[..2], limits.sends_per_account),
                    one("sends-enrolment-share", &key[..3], share),
                    one("sends-enrolment", &key[1..3], per_destination),
                    one("sends-total-enrolment", &key[1..2], in_total),
                ],
                SendPurpose::RecoveryProof { .. } => vec![
                    one("sends-recovery-proof", &key[..3], in_recovery),
                    one("sends-recovery-account", &key[3..], limits.sends_per_account),
                    one("sends-total-recovery-proof", &key[1..2], in_total),
                ],
                SendPurpose::Recovery { .. } => vec![
                    one(
                        "recovery-source-sends",
                        &key[..2],
                        limits.anonymous_sends_per_source,
                    ),
                    one("sends-anonymous-share", &key[..4], share),
                    one("sends-anonymous", &key[1..4], per_destination),
                    one(
                        "sends-total-recovery-anonymous",
                        &key[1..2],
                        limits.anonymous_sends_in_total,
                    ),
                ],
                SendPurpose::Anonymous { .. } => vec![
                    one("sends-source", &key[..2], limits.anonymous_sends_per_source),
                    one("sends-anonymous-share", &key[..4], share),
                    one("sends-anonymous", &key[1..4], per_destination),
                    one(
                        "sends-total-anonymous",
                        &key[1..2],
                        limits.anonymous_sends_in_total,
                    ),
                ],
                SendPurpose::Decoy { .. } => vec![
                    // What a network asks for is its own affair, whether or not something is sent.
                    one("sends-source", &key[..2], limits.anonymous_sends_per_source),
                    one("decoy-share", &key[..4], UNLIMITED),
                    one("decoy-destination", &key[1..4], UNLIMITED),
                    one("decoy-total", &key[1..2], UNLIMITED),
                ],
            });
        }
        uses
    }
}

/// Who asks, as the counters know them.
fn asking(sends: &Sends<'_>) -> String {
    match sends.purpose {
        SendPurpose::Proof { account }
        | SendPurpose::SessionProof { account }
        | SendPurpose::Enrolment { account } => account.to_string(),
        SendPurpose::RecoveryProof { recovery } => recovery.to_owned(),
        SendPurpose::Recovery { source }
        | SendPurpose::Anonymous { source }
        | SendPurpose::Decoy { source } => source.network(),
    }
}

/// By destination: who asks, channel, address, what it is about, whose it is.
fn keys<'a>(asking: &'a str, sends: &Sends<'a>) -> Vec<[&'a str; 5]> {
    let key = |to: &&'a Destination| {
        [
            asking,
            to.channel().as_str(),
            to.address(),
            sends.about,
            sends.holder,
        ]
    };
    sends.destinations.iter().map(key).collect()
}

fn one<'a>(name: &'static str, of: &'a [&'a str], limit: Limit) -> Use<'a> {
    Use { name, of, limit }
}
