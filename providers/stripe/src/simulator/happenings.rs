//! What happens at Stripe by itself as time passes.

use serde_json::json;

use super::state::State;

/// Something that is due.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// A bank answers a debit.
    DebitIsDecided(String),
    /// An authorisation ends.
    AuthorisationExpires(String),
    /// A refund arrives.
    RefundSucceeds(String),
    /// A refund comes back.
    RefundFails(String),
    /// A payer contests a charge.
    DisputeOpens {
        charge: String,
        reason: &'static str,
        inquiry: bool,
    },
    /// A bank decides a dispute.
    DisputeIsDecided(String, bool),
    /// Nobody paid on a page in time.
    PageExpires(String),
    /// The bank that was asked takes the money after all.
    InquiryEscalates(String),
}

impl State {
    /// Sets the time, and lets everything happen that was due, in order.
    pub(super) fn pass_time(&mut self, now: i64) {
        loop {
            let due = self.due.iter().enumerate().filter(|(_, (at, _))| *at <= now);
            let Some((index, at)) = due.map(|(index, (at, _))| (index, *at)).min_by_key(|(_, at)| *at) else {
                break;
            };
            self.now = self.now.max(at);
            let (_, happening) = self.due.remove(index);
            self.happen(happening);
        }
        self.now = self.now.max(now);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::DebitIsDecided(intent) => {
                if self.word(&intent, "status") == "processing" {
                    let method = self.word(&intent, "payment_method");
                    let declines = self
                        .behaviours
                        .get(&method)
                        .and_then(|behaviour| behaviour.declines);
                    match declines {
                        Some((code, decline)) => drop(self.refuse_intent(&intent, code, decline)),
                        None => self.collect(&intent),
                    }
                }
            }
            Happening::AuthorisationExpires(intent) => {
                if self.word(&intent, "status") == "requires_capture" {
                    self.cancel_intent(&intent, Some("automatic"));
                }
            }
            Happening::RefundSucceeds(refund) => {
                self.set(&refund, json!({ "status": "succeeded" }));
                self.emit("refund.updated", &refund);
            }
            Happening::RefundFails(refund) => drop(self.fail_refund(&refund)),
            Happening::DisputeOpens {
                charge,
                reason,
                inquiry,
            } => drop(self.open_dispute(&charge, reason, inquiry)),
            Happening::DisputeIsDecided(dispute, won) => drop(self.decide_dispute(&dispute, won)),
            Happening::PageExpires(page) => self.expire_page(&page),
            Happening::InquiryEscalates(dispute) => self.escalate(&dispute),
        }
    }
}
