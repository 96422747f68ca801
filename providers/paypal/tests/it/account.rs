//! An account at a simulated PayPal, and the orders that tests make.

use std::ops::Deref;

use portcullis_ports::payments::{
    Charge, ChargeOutcome, EvidenceDocument, EvidenceFile, FileType, Handed, MethodKind, MethodRef, Presence,
    RefundOrder, Return, SetupOrder, Snapshot, Source, VendorRef,
};
use portcullis_ports::testkit::payments::SimulatedAccount;
pub(crate) use portcullis_ports::testkit::payments::{declined, done, money, pending, present, usd};
use portcullis_provider_paypal::simulator::{self, Behaviour, Simulator};
use serde_json::Value;

pub(crate) struct Account(SimulatedAccount<Simulator>);

impl Deref for Account {
    type Target = SimulatedAccount<Simulator>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Account {
    pub(crate) async fn new() -> Self {
        Self::with(simulator::settings()).await
    }

    pub(crate) async fn with(settings: Value) -> Self {
        Self(SimulatedAccount::open("paypal", settings, Simulator::new).await)
    }

    /// A charge of a stored method in its payer's absence.
    pub(crate) fn stored(&self, behaviour: Behaviour) -> Charge {
        let kind = match behaviour {
            Behaviour::Card | Behaviour::PoorCard | Behaviour::StolenCard => MethodKind::Card,
            _ => MethodKind::Wallet,
        };
        let method = MethodRef {
            theirs: VendorRef::parse(&self.vendor.store(behaviour)).unwrap(),
            customer: None,
            kind,
        };
        self.order(Source::Stored(method), Presence::Absent)
    }

    /// A charge that a payer who is present approves at PayPal.
    pub(crate) fn fresh(&self) -> Charge {
        self.order(Source::Fresh { save: false }, present())
    }

    /// What became of a charge that its payer approved.
    pub(crate) async fn complete(&self, order: &Charge, made: &Snapshot) -> ChargeOutcome {
        let back = Return {
            id: order.id.clone(),
            key: self.key(),
            resend: false,
            payment: made.theirs.clone(),
            amount: order.amount,
            capture: order.capture,
            method: None,
            tag: order.tag.clone(),
            handed: Handed::default(),
        };
        self.connected.approval.as_ref().unwrap().complete(&back).await
    }

    pub(crate) fn refund(&self, of: &Snapshot, amount: i64) -> RefundOrder {
        self.0.refund(of, usd(amount))
    }

    pub(crate) fn setup(&self, kinds: &[MethodKind]) -> SetupOrder {
        self.0.setup(None, kinds)
    }
}

/// The settings of the simulated account with others among them.
pub(crate) fn with(more: Value) -> Value {
    let mut settings = simulator::settings();
    settings
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    settings
}

/// Two files that prove something.
pub(crate) fn proofs(account: &Account) -> Vec<EvidenceFile> {
    let file = |about, file_type, bytes: &'static [u8]| EvidenceFile {
        about,
        file_type,
        bytes: bytes.into(),
        key: account.key(),
    };
    vec![
        file(
            EvidenceDocument::CustomerCommunication,
            FileType::Pdf,
            b"%PDF-1.7\nterms\n%%EOF\n",
        ),
        file(EvidenceDocument::Receipt, FileType::Pdf, b"%PDF-1.4\n%%EOF"),
    ]
}
