//! What every message sender must keep; more of it can be seen where a mailbox keeps the messages.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::FakeRuntime;
use super::suite::{SetUp, Suite};
use crate::clock::{Clock, Timestamp};
use crate::contact::{EmailAddress, PhoneNumber};
use crate::error::Retry;
use crate::id::MessageId;
use crate::notification::{
    Channel, ConnectedSender, Destination, KeptMessage, Mailbox, Message, MessageLookup, Receipt, Sender,
    SenderCapability, Senders, Sought,
};
use crate::outcome::{Outcome, Reference, Resolution};
use crate::plugin::Plugin;

/// The most messages a mailbox shows.
const SHOWN: usize = 200;

impl Suite for Senders {
    type Expectations = ();

    async fn conforms(plugin: &'static Plugin<Self>, connected: &ConnectedSender, set_up: &SetUp<Self>) {
        conforms(connected, plugin.capabilities, &set_up.runtime).await;
    }
}

/// The promises of [`Sender`], and of [`Mailbox`] if there is one. `runtime` is what the sender was connected with.
///
/// # Panics
/// On the first broken promise.
pub async fn conforms(connected: &ConnectedSender, declared: &[SenderCapability], runtime: &FakeRuntime) {
    channels_are_those_declared(connected, declared);
    for channel in [Channel::Email, Channel::Sms] {
        let message = Written { runtime, channel }.to("ada@example.com", "+15005550006");
        if connected.sender.channels().contains(&channel) {
            a_message_is_accepted(&*connected.sender, &message).await;
        } else {
            another_channel_is_refused_for_good(&*connected.sender, &message).await;
        }
    }
    if let Some(lookup) = &connected.lookup {
        for channel in connected.sender.channels() {
            let write = Written {
                runtime,
                channel: *channel,
            };
            let case = LookupCase {
                sender: &*connected.sender,
                lookup: &**lookup,
                write,
            };
            case.what_was_sent_is_found().await;
            case.what_was_not_sent_is_absent().await;
            case.a_lost_answer_is_found_again().await;
        }
    }
    if let Some(mailbox) = &connected.mailbox {
        for channel in connected.sender.channels() {
            let case = Case {
                sender: &*connected.sender,
                mailbox: &**mailbox,
                write: Written {
                    runtime,
                    channel: *channel,
                },
            };
            case.a_message_is_kept_as_it_was_sent().await;
            case.a_repeat_is_not_delivered_twice().await;
            case.the_newest_come_first_and_only_so_many().await;
            case.messages_to_one_address_are_found_however_it_is_written()
                .await;
            case.messages_at_the_same_moment_are_all_kept().await;
        }
    }
}

fn channels_are_those_declared(connected: &ConnectedSender, declared: &[SenderCapability]) {
    let serves = |capability: &SenderCapability| match capability {
        SenderCapability::Email => Some(Channel::Email),
        SenderCapability::Sms => Some(Channel::Sms),
        SenderCapability::Mailbox | SenderCapability::Receipts | SenderCapability::Lookup => None,
    };
    let promised: BTreeSet<_> = declared.iter().filter_map(serves).collect();
    let channels: BTreeSet<_> = connected.sender.channels().iter().copied().collect();
    assert!(!channels.is_empty(), "a sender serves at least one channel");
    assert_eq!(channels, promised, "channels and capabilities differ");
    assert_eq!(
        channels.len(),
        connected.sender.channels().len(),
        "a channel twice"
    );
    assert_eq!(
        connected.mailbox.is_some(),
        declared.contains(&SenderCapability::Mailbox),
        "a mailbox is present exactly if it is declared"
    );
    assert_eq!(
        connected.inbound.is_some(),
        declared.contains(&SenderCapability::Receipts),
        "webhooks are read exactly if that is declared"
    );
    assert_eq!(
        connected.lookup.is_some(),
        declared.contains(&SenderCapability::Lookup),
        "messages can be looked up exactly if that is declared"
    );
}

async fn a_message_is_accepted(sender: &dyn Sender, message: &Message) {
    match sender.send(message).await {
        Outcome::Done(receipt) => assert!(!receipt.reference.is_empty(), "a receipt without a reference"),
        Outcome::Pending(reference) => assert!(!reference.as_str().is_empty(), "an empty reference"),
        other => panic!("a message to {} is not accepted: {other:?}", message.to.masked()),
    }
}

async fn another_channel_is_refused_for_good(sender: &dyn Sender, message: &Message) {
    match sender.send(message).await {
        Outcome::Declined(_) => {}
        Outcome::NotSent(reason) if reason.retry == Retry::Never => {}
        other => panic!("a message on a channel that is not served gives {other:?}"),
    }
}

/// Writes messages for one channel.
#[derive(Clone, Copy)]
struct Written<'a> {
    runtime: &'a FakeRuntime,
    channel: Channel,
}

impl Written<'_> {
    fn to(&self, email: &str, phone: &str) -> Message {
        let to = match self.channel {
            Channel::Email => EmailAddress::parse(email).map(Destination::Email),
            Channel::Sms => PhoneNumber::parse(phone).map(Destination::Sms),
        };
        let (Ok(to), Ok(id)) = (to, MessageId::random(&*self.runtime.entropy)) else {
            panic!("{email} or {phone} is not an address");
        };
        let subject = match self.channel {
            Channel::Email => "Your code".to_owned(),
            Channel::Sms => String::new(),
        };
        let text = "123456 is your code.\nIt ends in 5 minutes. Ä ☂ \"quoted\" <b>".to_owned();
        Message {
            id,
            to,
            subject,
            html: (self.channel == Channel::Email).then(|| "<p><b>123456</b> is your code.</p>".to_owned()),
            code: Some("123456".to_owned()),
            text,
        }
    }
}

/// A sender whose messages can be looked up.
struct LookupCase<'a> {
    sender: &'a dyn Sender,
    lookup: &'a dyn MessageLookup,
    write: Written<'a>,
}

impl LookupCase<'_> {
    /// A text of its own: a vendor may know messages by their texts.
    fn message(&self) -> Message {
        let message = self.write.to("lookup@example.com", "+15005550012");
        let text = format!("The sign-in {} was refused.", message.id);
        Message {
            text,
            html: None,
            code: None,
            ..message
        }
    }

    async fn what_was_sent_is_found(&self) {
        let (message, since) = (self.message(), self.write.runtime.clock.now());
        let Outcome::Done(receipt) = self.sender.send(&message).await else {
            return;
        };
        let ours = Reference::Ours(message.id.to_string());
        let theirs = Reference::Theirs(receipt.reference.clone());
        for reference in [ours, theirs] {
            let found = self.look_up(&message, &reference, since).await;
            let expected = Resolution::Found(Outcome::Done(receipt.clone()));
            assert_eq!(found, expected, "{reference:?}");
        }
    }

    async fn what_was_not_sent_is_absent(&self) {
        let (message, since) = (self.message(), self.write.runtime.clock.now());
        let ours = Reference::Ours(message.id.to_string());
        self.write.runtime.clock.advance(self.lookup.absence_after());
        assert_eq!(self.look_up(&message, &ours, since).await, Resolution::Absent);
    }

    async fn a_lost_answer_is_found_again(&self) {
        let (message, since) = (self.message(), self.write.runtime.clock.now());
        self.write.runtime.lose_next_answer();
        match self.sender.send(&message).await {
            Outcome::Unknown(reference) => {
                let found = self.look_up(&message, &reference, since).await;
                let accepted = matches!(found, Resolution::Found(Outcome::Done(_) | Outcome::Pending(_)));
                assert!(accepted, "it was sent, and a lookup says {found:?}");
            }
            // Its answers do not come through the house's HTTP client.
            Outcome::Done(_) | Outcome::Pending(_) => {}
            other => panic!("a lost answer is told as {other:?}"),
        }
    }

    async fn look_up(
        &self,
        message: &Message,
        reference: &Reference,
        since: Timestamp,
    ) -> Resolution<Receipt> {
        let sought = Sought {
            message,
            reference,
            since,
        };
        self.lookup.lookup(&sought).await
    }
}

/// A sender whose messages can be seen.
struct Case<'a> {
    sender: &'a dyn Sender,
    mailbox: &'a dyn Mailbox,
    write: Written<'a>,
}

impl Case<'_> {
    async fn a_message_is_kept_as_it_was_sent(&self) {
        let message = self.write.to("grace@example.com", "+15005550007");
        let sent_at = self.send_later(&message).await;
        let expected = KeptMessage {
            id: message.id.to_string(),
            channel: self.write.channel,
            to: message.to.address().to_owned(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            sent_at,
        };
        assert_eq!(self.messages(None).await.first(), Some(&expected));
    }

    async fn a_repeat_is_not_delivered_twice(&self) {
        let message = self.write.to("repeat@example.com", "+15005550008");
        for _ in 0..3 {
            self.send_later(&message).await;
        }
        assert_eq!(self.messages(Some(message.to.address())).await.len(), 1);
        join_all((0..4).map(|_| a_message_is_accepted(self.sender, &message))).await;
        assert_eq!(self.messages(Some(message.to.address())).await.len(), 1);
    }

    async fn the_newest_come_first_and_only_so_many(&self) {
        let mut sent = Vec::new();
        for _ in 0..SHOWN + 5 {
            let message = self.write.to("many@example.com", "+15005550009");
            self.send_later(&message).await;
            sent.push(message.id.to_string());
        }
        sent.reverse();
        sent.truncate(SHOWN);
        let ids: Vec<_> = self
            .messages(None)
            .await
            .into_iter()
            .map(|kept| kept.id)
            .collect();
        assert_eq!(ids, sent);
    }

    async fn messages_to_one_address_are_found_however_it_is_written(&self) {
        let message = self.write.to("Found@Example.com", "+15005550010");
        self.send_later(&message).await;
        let other = self.write.to("found@example.com.au", "+150055500101");
        self.send_later(&other).await;
        let spellings = match self.write.channel {
            Channel::Email => ["found@example.com", " FOUND@example.COM "],
            Channel::Sms => ["+15005550010", " +1 (500) 555-0010 "],
        };
        for spelling in spellings {
            let found = self.messages(Some(spelling)).await;
            let ids: Vec<_> = found.iter().map(|kept| kept.id.as_str()).collect();
            assert_eq!(ids, [message.id.as_str()], "{spelling:?}");
        }
        assert!(self.messages(Some("nobody@example.com")).await.is_empty());
        assert!(self.messages(Some("")).await.is_empty());
    }

    async fn messages_at_the_same_moment_are_all_kept(&self) {
        let messages: Vec<_> = (0..16)
            .map(|_| self.write.to("burst@example.com", "+15005550011"))
            .collect();
        join_all(
            messages
                .iter()
                .map(|message| a_message_is_accepted(self.sender, message)),
        )
        .await;
        assert_eq!(
            self.messages(Some(messages[0].to.address())).await.len(),
            messages.len()
        );
    }

    async fn send_later(&self, message: &Message) -> Timestamp {
        let clock = &self.write.runtime.clock;
        clock.advance(Duration::from_millis(1));
        a_message_is_accepted(self.sender, message).await;
        clock.now()
    }

    async fn messages(&self, to: Option<&str>) -> Vec<KeptMessage> {
        match self.mailbox.messages(to).await {
            Ok(messages) => messages,
            Err(error) => panic!("the mailbox cannot be read: {error:?}"),
        }
    }
}
