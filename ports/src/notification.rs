//! Sending one message to one person on one channel.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::contact::{EmailAddress, PhoneNumber};
use crate::error::Result;
use crate::id::MessageId;
use crate::inbound::{Inbound, InboundEvent};
use crate::outcome::{Outcome, Reference, Resolution};
use crate::plugin::{self, Choice, Connected, Plugin, Port, Readiness};
use crate::policy::{CallPolicy, Guarded};
use crate::probe::Probe;
use crate::self_test::{self, SelfTest};

/// A way to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// E-mail.
    Email,
    /// Text message.
    Sms,
}

impl Channel {
    /// The word used in records, metrics and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a message goes. The channel follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Destination {
    /// An e-mail address.
    Email(EmailAddress),
    /// A phone number.
    Sms(PhoneNumber),
}

impl Destination {
    /// The channel it is reached on.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Sms(_) => Channel::Sms,
        }
    }

    /// The full address or number: for senders only.
    pub fn address(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Sms(phone) => phone.as_str(),
        }
    }

    /// What may be shown.
    pub fn masked(&self) -> String {
        match self {
            Self::Email(email) => email.masked(),
            Self::Sms(phone) => phone.masked(),
        }
    }
}

/// One message, ready to go. Has no `Debug`: its text may hold a code.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Ours; the same on every attempt, so that a sender can recognise a repeat.
    pub id: MessageId,
    /// To whom.
    pub to: Destination,
    /// The subject line; empty on channels without one.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as a page, on channels that show pages.
    pub html: Option<String>,
    /// The code that the text carries, for vendors that have a text of their own for codes.
    pub code: Option<String>,
}

/// What the sender gave us for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The vendor's name for the message.
    pub reference: String,
}

/// Sends messages.
///
/// # Behaviour
/// - `Done` means that the vendor accepted it, not that it was read.
/// - A time-out after sending is `Unknown`. It is looked up, where there is a [`MessageLookup`], before it is sent again.
/// - What stands in the way of every message is told as `Reason::outage`: the circuit to the sender is open for a while then.
/// - No retry, no logging of texts or addresses, no storage: layers around the port do that.
#[async_trait]
pub trait Sender: Send + Sync + 'static {
    /// The channels it serves; at least one.
    fn channels(&self) -> &[Channel];

    /// How many messages may be on their way at once; at least one.
    fn concurrency(&self) -> usize {
        16
    }

    /// Sends one message, once.
    async fn send(&self, message: &Message) -> Outcome<Receipt>;
}

/// A message that may have been sent.
pub struct Sought<'a> {
    /// It.
    pub message: &'a Message,
    /// What [`Outcome::Unknown`] named it by, or [`Message::id`].
    pub reference: &'a Reference,
    /// It was not sent before.
    pub since: Timestamp,
}

/// Finds out at the vendor what became of a message whose answer was lost.
///
/// # Behaviour
/// - [`Resolution::Found`] is this very message, or one that cannot be told from it by the recipient.
/// - [`Resolution::Absent`] means that sending it now sends it once. In doubt it is [`Resolution::CannotTell`].
/// - Changes nothing at the vendor.
#[async_trait]
pub trait MessageLookup: Send + Sync + 'static {
    /// How long after its answer was lost a message that is not found was not sent: what the vendor does not list by then
    /// it has not taken, nor is a request to take it on its way.
    fn absence_after(&self) -> Duration;

    /// What became of it?
    async fn lookup(&self, sought: &Sought<'_>) -> Resolution<Receipt>;
}

/// What became of a message after the vendor accepted it. A later state never gives way to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// On its way to the recipient's side.
    Sent,
    /// The recipient's side refused it or could not be reached.
    Failed,
    /// The recipient's side has it.
    Delivered,
}

/// Why a destination must not be written to again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionCause {
    /// There is nobody at this address.
    Bounce,
    /// The recipient complained.
    Complaint,
    /// The recipient asked for no more messages.
    OptOut,
}

/// What a vendor reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryNews {
    /// About one message.
    Report {
        /// The vendor's name for the message: that of [`Receipt::reference`].
        reference: String,
        /// What became of it.
        state: DeliveryState,
        /// Why, for the operator; empty if there is nothing to say.
        detail: String,
    },
    /// Nothing may be sent there any more.
    Suppress {
        /// Where.
        to: Destination,
        /// Why.
        cause: SuppressionCause,
        /// In the vendor's words, for the operator.
        detail: String,
    },
    /// The recipient wants messages again: takes back an [`SuppressionCause::OptOut`].
    Welcome {
        /// Where.
        to: Destination,
    },
    /// Genuine, and about nothing that is served here, such as a wish on a channel of another kind. It is counted.
    Unsupported {
        /// What it is about, for the operator. Quotes nothing.
        what: &'static str,
    },
}

/// One event of a vendor about messages that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryEvent {
    /// The vendor's name for the event: the same when it is delivered again, another for every other event.
    pub id: String,
    /// When it happened, as the vendor says.
    pub at: Timestamp,
    /// What happened.
    pub news: DeliveryNews,
}

impl InboundEvent for DeliveryEvent {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        match &self.news {
            DeliveryNews::Report { .. } => "report",
            DeliveryNews::Suppress { .. } => "suppress",
            DeliveryNews::Welcome { .. } => "welcome",
            DeliveryNews::Unsupported { what } => what,
        }
    }
}

/// A message a development sender kept instead of delivering it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptMessage {
    /// Its id.
    pub id: String,
    /// The channel.
    pub channel: Channel,
    /// The full address or number.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// Senders that keep what they were given, for a developer to read.
#[async_trait]
pub trait Mailbox: Send + Sync + 'static {
    /// Kept messages, newest first, at most 200; those to one address only if asked.
    async fn messages(&self, to: Option<&str>) -> Result<Vec<KeptMessage>>;
}

/// The port of message senders.
#[derive(Debug)]
pub struct Senders;

/// A sender that is ready.
pub struct ConnectedSender {
    /// It.
    pub sender: Arc<dyn Sender>,
    /// Present exactly if the plugin declares [`SenderCapability::Mailbox`].
    pub mailbox: Option<Arc<dyn Mailbox>>,
    /// Present exactly if the plugin declares [`SenderCapability::Receipts`].
    pub inbound: Option<Arc<dyn Inbound<Event = DeliveryEvent>>>,
    /// Present exactly if the plugin declares [`SenderCapability::Lookup`].
    pub lookup: Option<Arc<dyn MessageLookup>>,
    /// Whether it is well.
    pub probe: Arc<dyn Probe>,
}

/// What a sender may offer beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderCapability {
    /// Sends e-mail.
    Email,
    /// Sends text messages.
    Sms,
    /// Keeps messages for a developer to read.
    Mailbox,
    /// Tells what became of messages, through webhooks.
    Receipts,
    /// Tells what became of a message whose answer was lost.
    Lookup,
}

#[async_trait]
impl Connected<Senders> for ConnectedSender {
    fn probe(&self) -> &Arc<dyn Probe> {
        &self.probe
    }

    fn offers(&self, _: Option<&std::convert::Infallible>) -> Vec<(SenderCapability, bool)> {
        let serves = |channel| self.sender.channels().contains(&channel);
        vec![
            (SenderCapability::Mailbox, self.mailbox.is_some()),
            (SenderCapability::Receipts, self.inbound.is_some()),
            (SenderCapability::Lookup, self.lookup.is_some()),
            (SenderCapability::Email, serves(Channel::Email)),
            (SenderCapability::Sms, serves(Channel::Sms)),
        ]
    }

    fn webhook(&self) -> bool {
        self.inbound.is_some()
    }

    async fn self_test(&self, with: &SelfTest<'_>) -> Option<Result<String>> {
        let to = with
            .send_to
            .filter(|to| self.sender.channels().contains(&to.channel()))?;
        Some(self_test::message(self.sender.as_ref(), to, with).await)
    }
}

inventory::collect!(Plugin<Senders>);

impl Port for Senders {
    const NAME: &'static str = "senders";
    const TITLE: &'static str = "Message sender";
    const CHOICE: Choice = Choice::Several;
    const READINESS: Readiness = Readiness::Optional;
    const DEVELOPMENT: Option<&'static str> = Some("mailbox");
    type Connected = ConnectedSender;
    type Capability = SenderCapability;
    type Offline = std::convert::Infallible;

    fn plugins() -> Vec<&'static Plugin<Self>> {
        plugin::sorted(inventory::iter::<Plugin<Self>>.into_iter())
    }
}

impl Senders {
    /// What lookups are held to, beside sending: they take no turn of a message, and their success says nothing about
    /// sending.
    pub const LOOKUPS: CallPolicy = CallPolicy::new(Duration::from_secs(15), 4);
}

impl Guarded for Senders {
    /// The operator says how long a message may take, and each sender how many it takes at once.
    const POLICY: CallPolicy = CallPolicy::new(Duration::from_secs(15), 16)
        .with_reserve()
        .with_breaker();
}
