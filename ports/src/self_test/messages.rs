//! One message is sent, through every sender that serves its channel.

use super::{FAILED, SelfTest};
use crate::error::Result;
use crate::id::MessageId;
use crate::notification::{Destination, Message, Sender};
use crate::outcome::Outcome;

pub(crate) async fn message(sender: &dyn Sender, to: &Destination, with: &SelfTest<'_>) -> Result<String> {
    let message = Message {
        id: MessageId::random(with.entropy)?,
        to: to.clone(),
        subject: "A test of Portcullis".to_owned(),
        text: "This is a test of Portcullis. If you did not ask for it, ignore it.".to_owned(),
        html: None,
        code: None,
    };
    let address = to.masked();
    let failed = |what: String| Err(FAILED.with_detail(what));
    match sender.send(&message).await {
        Outcome::Done(receipt) => Ok(format!(
            "sent to {address}; the vendor calls it {}",
            receipt.reference
        )),
        Outcome::Pending(reference) => Ok(format!(
            "accepted for {address} and not yet decided; ask the vendor about {}",
            reference.as_str()
        )),
        Outcome::Declined(reason) => failed(format!(
            "declined for {address}: {}: {}",
            reason.code, reason.detail
        )),
        Outcome::NotSent(reason) => failed(format!(
            "not sent to {address}: {}: {}",
            reason.code, reason.detail
        )),
        Outcome::Unknown(reference) => failed(format!(
            "nobody knows whether it was sent to {address}; look for {} at the vendor",
            reference.as_str()
        )),
    }
}
