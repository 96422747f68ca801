//! Which channels are served, and whether text messages can make us poor.

use portcullis_core::sms_spend::Settings;
use portcullis_ports::connections::Connections;
use portcullis_ports::notification::{Channel, Senders};

use super::{Finding, Status};

/// Who sends what, and what nobody sends.
pub(super) fn channels(connections: &Connections) -> Vec<Finding> {
    let senders = connections.many::<Senders>();
    let describe = |channel: Channel| {
        let serving = senders
            .iter()
            .filter(|one| one.sender.channels().contains(&channel));
        let names: Vec<&str> = serving.map(|sender| sender.instance.as_str()).collect();
        match names.as_slice() {
            [] => Finding::new(
                "senders",
                Status::Warning,
                format!(
                    "{channel}: nothing can be sent, so nobody can use this factor; select a sender in [senders]"
                ),
            ),
            [one] => Finding::new("senders", Status::Ok, format!("{channel}: {one}")),
            [first, others @ ..] => Finding::new(
                "senders",
                Status::Ok,
                format!("{channel}: {first}, then {}", others.join(", ")),
            ),
        }
    };
    [Channel::Email, Channel::Sms].map(describe).into()
}

/// Whether somebody who makes us send text messages can make us poor.
pub(super) fn bill(connections: &Connections, spend: &Settings) -> Option<Finding> {
    let senders = connections.many::<Senders>();
    if !senders
        .iter()
        .any(|one| one.sender.channels().contains(&Channel::Sms))
    {
        return None;
    }
    Some(match &spend.per_day {
        Some(limit) => Finding::new(
            "senders",
            Status::Ok,
            format!(
                "text messages cost at most {limit} a day; `portcullis outbox spend` shows what was spent"
            ),
        ),
        None => Finding::new(
            "advice",
            Status::Warning,
            "text messages are sent and no limit on their cost is set: set sms_spend.per_day and \
             sms_spend.default_price",
        ),
    })
}
