//! Budgets of messages: counted in the commit that sends them, against whoever asked for them.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::notification::Destination;

use super::{Budgets, TOO_MANY_SENDS, Use};
use crate::access::Source;
use crate::settings::Limit;
use crate::table::Batch;

/// What messages are sent for: it decides which budgets they use.
#[derive(Clone, Copy)]
pub(crate) enum SendPurpose<'a> {
    /// Codes for somebody who proved the first factor, to what the account has proven to own: the reserve that nobody
    /// else can use up.
    Proof { account: &'a Subject },
    /// Codes for somebody who proved the first factor, to what the account wants to own.
    Enrolment { account: &'a Subject },
    /// Something that anybody can ask for.
    Anonymous { source: &'a Source },
}

/// Messages that are sent together.
pub(crate) struct Sends<'a> {
    pub(crate) purpose: SendPurpose<'a>,
    /// What they are about: only messages about the same to one destination keep `send_interval`, and anonymous ones about different
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
        let limits = &self.deployment.settings.budgets;
        let (per_destination, in_total) = (limits.sends_per_destination, limits.sends_in_total);
        let share = Limit::new((per_destination.most / 2).max(1), per_destination.window);
        let asking = match sends.purpose {
            SendPurpose::Proof { account } | SendPurpose::Enrolment { account } => account.to_string(),
            SendPurpose::Anonymous { source } => source.network(),
        };
        let keys: Vec<[&str; 4]> = sends
            .destinations
            .iter()
            .map(|to| [&asking, to.channel().word(), to.address(), sends.about])
            .collect();
        // Each destination has a pause of its own: whoever turns to another device does not wait for the first.
        let pauses: Vec<[&str; 4]> = keys
            .iter()
            .map(|[_, channel, address, about]| [sends.holder, *about, *channel, *address])
            .collect();
        let interval = Limit::new(1, limits.send_interval);
        let mut uses = Vec::new();
        for (key, pause) in keys.iter().zip(&pauses) {
            uses.push(one("send-interval", pause, interval));
            uses.extend(match sends.purpose {
                SendPurpose::Proof { .. } => vec![
                    one("sends-account", &key[..2], limits.sends_per_account),
                    one("sends-destination", &key[..3], per_destination),
                    one("sends-total", &key[1..2], in_total),
                ],
                SendPurpose::Enrolment { .. } => vec![
                    one("sends-account", &key[..2], limits.sends_per_account),
                    one("sends-enrolment-share", &key[..3], share),
                    one("sends-enrolment", &key[1..3], per_destination),
                    one("sends-total-enrolment", &key[1..2], in_total),
                ],
                SendPurpose::Anonymous { .. } => vec![
                    one("sends-source", &key[..2], limits.anonymous_sends_per_source),
                    one("sends-anonymous-share", key, share),
                    one("sends-anonymous", &key[1..], per_destination),
                    one(
                        "sends-total-anonymous",
                        &key[1..2],
                        limits.anonymous_sends_in_total,
                    ),
                ],
            });
        }
        self.take_in(batch, TOO_MANY_SENDS, &uses).await
    }
}

fn one<'a>(name: &'static str, of: &'a [&'a str], limit: Limit) -> Use<'a> {
    Use { name, of, limit }
}
