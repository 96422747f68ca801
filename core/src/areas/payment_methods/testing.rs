//! The test bed of stored methods: they over sessions and the services, with a vendor in memory.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::connections::Connections;
use portcullis_ports::id::SetupId;
use portcullis_ports::identity::Subject;
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::payments::{PaymentEvent, Payments, VendorRef};
use portcullis_ports::testkit::connection;
use portcullis_ports::testkit::payments::FakePayments;
use portcullis_ports::{Code, Result};

use super::forget::FORGET;
use super::records::{CustomerMethods, Setup};
use super::{
    BeginSetup, Below, CompleteSetup, MethodView, PaymentMethodId, PaymentMethods, SetupView, UsableMethod,
    actions,
};
use crate::areas::enrolled_factors::{self, EnrolledFactors};
use crate::areas::recovery_codes::{self, RecoveryCodeStore};
use crate::areas::sessions::testing::{begun, opened, resumed};
use crate::areas::sessions::{self, Identified, Sessions, SignedIn};
use crate::areas::step_up::{RequireFor, StepUp, StepUpRules};
use crate::foundation::guard::GuardedPayments;
use crate::foundation::table::Batch;
use crate::foundation::testing::{Node, home};
use crate::services::directory::{Account, Directory};
use crate::services::idempotency::IdempotencyKey;
use crate::services::payment_vendors::PaymentVendors;
use crate::services::tasks::{DeadTask, Runners};
use crate::services::testing::{Bed, BedSettings, Office, bed_on};

/// How long a sign-in is fresh enough here.
pub(super) const FRESH: Duration = Duration::from_mins(5);

/// Stored methods at the vendor `main`.
pub(super) struct MethodsBed {
    pub(super) methods: PaymentMethods,
    pub(super) vendor: Arc<FakePayments>,
    pub(super) base: Bed,
    runners: Runners,
    sessions: Sessions,
    vendors: PaymentVendors,
}

pub(super) async fn methods() -> MethodsBed {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    methods_on(node, &vendor).await
}

/// Two nodes of one deployment.
pub(super) async fn two_nodes() -> [MethodsBed; 2] {
    let Node { clock, memory, .. } = Node::default();
    let vendor = FakePayments::new(clock.clone());
    let bed = async |seed| {
        let node = Node {
            shared: true,
            seed,
            ..Node::over(memory.clone(), clock.clone())
        };
        methods_on(node, &vendor).await
    };
    [bed(1).await, bed(2).await]
}

async fn methods_on(node: Node, vendor: &Arc<FakePayments>) -> MethodsBed {
    let node = Node {
        areas: &[
            &enrolled_factors::AREA,
            &recovery_codes::AREA,
            &sessions::AREA,
            &super::AREA,
        ],
        ..node
    };
    let base = bed_on(&node, BedSettings::default(), vec![Office::new("post")]).await;
    let (context, services) = (&base.context, &base.services);
    let sessions = opened(&base, &sessions::Settings::default());
    let step_up = StepUp::new(
        context,
        &sessions,
        &EnrolledFactors::new(context, &services.epochs),
        &RecoveryCodeStore::new(context, &services.epochs),
        StepUpRules {
            oldest: FRESH,
            require_for: RequireFor::default(),
            actions: actions::ALL.to_vec(),
        },
    );
    let connections = Connections::default().with(connection::<Payments>("main", vendor.connected()));
    let vendors = PaymentVendors::new(context, &connections);
    let below = Below {
        vendors: &vendors,
        sessions: &sessions,
        step_up: &step_up,
        budgets: &services.budgets,
        idempotency: &services.idempotency,
        freezes: &services.billing_freezes,
        tasks: &services.tasks,
        audit: &services.audit,
        notifications: &services.notifications,
    };
    let methods = PaymentMethods::new(context, &below);
    let mut runners = Runners::new(&services.tasks);
    methods.register_runners(&mut runners);
    MethodsBed {
        methods,
        runners,
        vendor: Arc::clone(vendor),
        sessions,
        vendors,
        base,
    }
}

pub(super) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

/// The code of a refusal.
pub(super) fn code<T>(result: Result<T>) -> Code {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.code(),
    }
}

impl MethodsBed {
    /// What somebody can have charged by a vendor.
    pub(super) async fn usable(
        &self,
        subject: &Subject,
        instance: &str,
        id: Option<&PaymentMethodId>,
    ) -> Result<UsableMethod> {
        let named = self.methods.named(subject, id).await?;
        self.methods.require_usable(&named, instance)
    }

    /// Somebody with an account and a session that has just begun.
    pub(super) async fn person(&self, name: &str) -> SignedIn {
        let subject = Subject::parse(&format!("usr_{name}")).unwrap();
        let now = self.base.context.now();
        let account = Account {
            email: format!("{name}@example.com").parse().unwrap(),
            subject: subject.clone(),
            email_verified_at: Some(now),
            display_name: None,
            password: PasswordHash("quick:plum-kettle-orbit".to_owned()),
            created_at: now,
            recovered_at: None,
            language: None,
        };
        let mut batch = Batch::default();
        Directory::open_in(&mut batch, &account).unwrap();
        self.base.context.commit(batch).await.unwrap();
        self.session(&subject).await
    }

    pub(super) async fn session(&self, subject: &Subject) -> SignedIn {
        let who = Identified {
            at: self.base.context.now(),
            lineage: self.sessions.fresh_lineage(subject).await.unwrap(),
            session: None,
            source: home(),
            subject: subject.clone(),
        };
        let granted = begun(&self.base, &self.sessions, &who).await.unwrap();
        resumed(&self.sessions, &granted).await
    }

    pub(super) fn guarded(&self) -> &GuardedPayments {
        self.vendors.named("main").unwrap()
    }

    pub(super) async fn begin(&self, who: &SignedIn, text: &str) -> Result<SetupView> {
        self.methods
            .begin_setup(who, &key(text), &BeginSetup::default())
            .await
    }

    pub(super) async fn complete(&self, who: &SignedIn, id: &SetupId) -> Result<SetupView> {
        self.methods
            .complete_setup(who, id, &CompleteSetup::default())
            .await
    }

    /// What is stored of a person.
    pub(super) async fn stored(&self, who: &SignedIn) -> CustomerMethods {
        self.methods.methods(who.subject()).await.unwrap().value
    }

    pub(super) async fn stored_setup(&self, who: &SignedIn, id: &SetupId) -> Setup {
        self.stored(who).await.setup(id).unwrap().clone()
    }

    /// The vendor's name of a setup.
    pub(super) async fn theirs(&self, who: &SignedIn, id: &SetupId) -> VendorRef {
        self.stored_setup(who, id).await.theirs.unwrap()
    }

    /// Adds a card, all the way.
    pub(super) async fn card(&self, who: &SignedIn, text: &str) -> PaymentMethodId {
        let begun = self.begin(who, text).await.unwrap();
        self.vendor
            .enter_card(&self.theirs(who, &begun.setup_id).await)
            .unwrap();
        let done = self.complete(who, &begun.setup_id).await.unwrap();
        done.payment_method_id.unwrap()
    }

    pub(super) async fn list(&self, who: &SignedIn) -> Vec<MethodView> {
        self.methods.list(who.subject()).await.unwrap()
    }

    pub(super) async fn apply(&self, event: &PaymentEvent) -> bool {
        self.methods.apply_event("main", event).await.unwrap()
    }

    /// Has vendors told to forget what is due.
    pub(super) async fn tell(&self) -> usize {
        self.runners.drain(FORGET.name).await.unwrap()
    }

    /// What vendors could not be told.
    pub(super) async fn untold(&self) -> Vec<DeadTask> {
        self.runners.dead_letters().await.unwrap()
    }

    /// The mails that were sent so far to somebody.
    pub(super) async fn mails(&self, name: &str) -> Vec<String> {
        let outbox = &self.base.services.outbox;
        outbox
            .drain(crate::foundation::lane::Lane::Notices)
            .await
            .unwrap();
        let to = format!("{name}@example.com");
        let sent = self.base.post.sent().into_iter();
        sent.filter(|message| message.to.address() == to)
            .map(|message| message.text)
            .collect()
    }
}
