//! One node of a shop, the person who pays there, and the operator.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::accounts::{SignUp, SignedUp};
use portcullis_core::challenges::{Started, VerifyTotp};
use portcullis_core::factors::{AddTotp, ConfirmTotp};
use portcullis_core::idempotency::IdempotencyKey;
use portcullis_core::input::SecretInput;
use portcullis_core::ledger::{Cause, CauseId, Sale, Transaction};
use portcullis_core::operators::{GrantOperator, Named, Operator, Role};
use portcullis_core::payments::{self, CaptureMode, CreatePayment, PayWith, PaymentView, Payments, Purpose};
use portcullis_core::sessions::{Granted, Identified, SignedIn, StartSession};
use portcullis_core::settings::Settings;
use portcullis_core::{App, Dependencies, Limit, Source, compile_texts};
use portcullis_ports::connections::Connections;
use portcullis_ports::keys::Keys;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::notification::{ConnectedSender, Senders};
use portcullis_ports::passwords::Passwords;
use portcullis_ports::payments::{ConnectedPayments, Payments as PaymentsPort};
use portcullis_ports::storage::{ConnectedStore, Scan, Storage, StorageCapability};
use portcullis_ports::testkit::{AlwaysWell, FakeClock, FakeEntropy, FakeRequest, QuickHasher, connection};
use portcullis_ports::{Clock as _, Span};

use super::faulty_store::FaultyStore;
use super::stores::Place;
use crate::http::deployment::{Impatient, OpenKeys, PASSWORD};
use crate::http::mail::Post;

pub(super) fn usd(minor: i64) -> Amount {
    Amount::new(Money::new(minor, Currency::parse("USD").unwrap())).unwrap()
}

pub(super) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

pub(super) fn home() -> Source {
    Source::new(IpAddr::from([192, 0, 2, 1]), "test browser")
}

pub(super) fn purchase(amount: Amount) -> CreatePayment {
    CreatePayment {
        purpose: Purpose::Purchase { reference: None },
        amount: Some(amount),
        at_most: None,
        currency: None,
        vendor: None,
        with: PayWith::Fresh { save: false },
        capture: CaptureMode::Now,
        description: "Plum kettle".to_owned(),
    }
}

/// Limits that nobody meets here.
fn settings() -> Settings {
    let often = Limit::new(1_000_000, Span::hours(1));
    Settings {
        billing: payments::Settings {
            payments_per_account: often,
            looks_per_account: often,
            young_method: Span::seconds(1),
            step_up_from: 1_000_000,
            ..payments::Settings::default()
        },
        ..Settings::default()
    }
}

/// A process of the shop.
pub(super) struct Node {
    pub(super) app: App,
    pub(super) store: Arc<FaultyStore>,
    pub(super) scan: Arc<dyn Scan>,
    clock: Arc<FakeClock>,
}

impl Node {
    /// The process of that number, on a store that others may share.
    pub(super) async fn open(place: &Place, number: usize, vendor: ConnectedPayments) -> Self {
        let connected = &place.connected;
        let store = Arc::new(FaultyStore::over(Arc::clone(&connected.records)));
        let scan = Arc::clone(&connected.scan);
        let connected = ConnectedStore {
            records: store.clone(),
            scan: Arc::clone(&scan),
            probe: Arc::clone(&connected.probe),
        };
        let sender = ConnectedSender {
            sender: Arc::new(Post::default()),
            mailbox: None,
            inbound: None,
            lookup: None,
            probe: Arc::new(AlwaysWell),
        };
        let connections = Connections::default()
            .with(connection::<Storage>("test", connected).declaring(&[StorageCapability::Shared]))
            .with(connection::<Keys>("test", Arc::new(OpenKeys)))
            .with(connection::<Passwords>("test", Arc::new(QuickHasher::default())))
            .with(connection::<Senders>("main", sender))
            .with(connection::<PaymentsPort>("main", vendor));
        let settings = settings();
        let dependencies = Dependencies {
            connections,
            clock: Arc::new(Impatient(Arc::clone(&place.clock))),
            entropy: Arc::new(FakeEntropy::seeded(u64::try_from(number + 1).unwrap() << 32)),
            panel: Some("https://gate.example.com".into()),
            public_url: Some("https://gate.example.com".into()),
            texts: compile_texts(&[], &settings).unwrap(),
        };
        Self {
            app: Box::pin(App::open(dependencies, settings)).await.unwrap(),
            store,
            scan,
            clock: Arc::clone(&place.clock),
        }
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn sign_up(&self, email: &str) -> Identified {
        let command = SignUp {
            email: email.parse().unwrap(),
            password: SecretInput::new(PASSWORD),
            display_name: None,
        };
        let SignedUp::Account(token) = self.app.accounts.sign_up(command, &home()).await.unwrap() else {
            panic!("open sign-up makes an account");
        };
        let request = FakeRequest::default().bearer(token.access_token.clone());
        self.app.accounts.identify(&request, None, &home()).await.unwrap()
    }

    async fn start(&self, who: &Identified) -> Started {
        let started = self.app.challenges.start(who, StartSession::default()).await;
        started.unwrap()
    }

    async fn resumed(&self, granted: &Granted) -> SignedIn {
        let credential = granted.credential.expose();
        self.app.sessions.resume(credential, None, &home()).await.unwrap()
    }

    /// A session of somebody without factors.
    pub(super) async fn session(&self, who: &Identified) -> SignedIn {
        let Started::Granted(granted) = self.start(who).await else {
            panic!("no factor is enrolled");
        };
        self.resumed(&granted).await
    }

    fn code(&self, base32: &str) -> String {
        let secret = totp_rs::Secret::try_from_base32(base32).unwrap();
        let totp = totp_rs::Builder::new()
            .with_secret(secret.as_bytes().to_vec())
            .with_account_name("x")
            .build()
            .unwrap();
        totp.generate(u64::try_from(self.clock.now().seconds()).unwrap())
            .to_string()
    }

    /// Somebody who acts as an operator.
    async fn operator(&self, email: &str) -> Operator {
        let who = self.sign_up(email).await;
        let first = self.session(&who).await;
        let begun = self
            .app
            .factors
            .add_totp(&first, AddTotp::default())
            .await
            .unwrap();
        let command = ConfirmTotp {
            device_id: begun.device_id,
            totp_code: SecretInput::new(self.code(&begun.secret)),
        };
        self.app.factors.confirm_totp(&first, command).await.unwrap();
        self.wait(31);
        let command = GrantOperator {
            whom: Named::Subject(who.subject.clone()),
            role: Role::Support,
        };
        let source = Source::internal("portcullis operators grant");
        self.app.operators.grant(command, &source).await.unwrap();
        self.wait(2);
        let Started::Challenged(opened) = self.start(&who).await else {
            panic!("a factor is enrolled");
        };
        let command = VerifyTotp {
            challenge_id: SecretInput::new(&opened.challenge_id),
            totp_code: SecretInput::new(self.code(&begun.secret)),
            trust_device: None,
        };
        let progress = self.app.challenges.verify_totp(&who, command).await.unwrap();
        self.wait(31);
        let session = self.resumed(&progress.granted.unwrap()).await;
        self.app
            .operators
            .authorize(session, Role::Support)
            .await
            .unwrap()
    }
}

/// Ada, and a node that takes her money.
pub(super) struct Shop {
    pub(super) node: Node,
    pub(super) ada: SignedIn,
    pub(super) operator: Operator,
}

impl Shop {
    pub(super) async fn open(node: Node) -> Self {
        let ada = node.sign_up("ada@example.com").await;
        let ada = node.session(&ada).await;
        let operator = node.operator("grace@example.com").await;
        Self { node, ada, operator }
    }

    pub(super) fn payments(&self) -> &Payments {
        &self.node.app.payments
    }

    pub(super) async fn get(&self, payment: &PaymentView) -> PaymentView {
        self.payments()
            .get(self.ada.subject(), &payment.id)
            .await
            .unwrap()
    }

    /// Puts something on Ada's balance, if the store does not fail.
    pub(super) async fn try_charge(&self, amount: Amount) {
        let cause = Cause::Order(CauseId::parse("order-1").unwrap());
        let sale = Transaction::sale(&Sale::untaxed(amount), cause);
        drop(self.node.app.ledger.record(self.ada.subject(), &[sale]).await);
    }

    /// Everything that is due is looked at.
    pub(super) async fn watch(&self) {
        self.node.app.tasks.drain("payments-watch").await.unwrap();
    }
}
