//! A payment vendor behind its guard.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::connections::Connection;
use portcullis_ports::outcome::{Outcome, Reason, Reference, Resolution};
use portcullis_ports::payments::{
    ActivityPage, Approval, AttemptId, Browser, CaptureOrder, Charge, ChargeOutcome, Cursor, CustomerOrder,
    Customers, Decline, DisputeAcceptance, DisputeOutcome, Disputes, Evidence, Holding, Holds, MethodRef,
    Offer, PaymentProvider, PaymentResolution, Payments, RefundOrder, RefundOutcome, Reports, Return,
    SetupOrder, SetupOutcome, SetupProof, Sought, SoughtSubscription, StoredMethod, StoredOutcome,
    SubscriptionChange, SubscriptionOrder, SubscriptionOutcome, SubscriptionResolution, SubscriptionTerms,
    Terms, TimeSpan, UNAVAILABLE, UNKNOWN_METHOD, Vault, VendorRef, VendorSubscriptions, VoidOrder,
    Withdrawal,
};
use portcullis_ports::plugin::Port as _;
use portcullis_ports::policy::Guarded;
use portcullis_ports::{Error, Result};

use super::{Answer, Ended, Guard, Guards, Urgency};

/// When a vendor that did not answer a look-up is asked again.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// A payment vendor under the name that the operator gave it.
pub(crate) struct GuardedPayments {
    instance: String,
    plugin: &'static str,
    provider: Arc<dyn PaymentProvider>,
    customers: Option<Arc<dyn Customers>>,
    holds: Option<Arc<dyn Holds>>,
    approval: Option<Arc<dyn Approval>>,
    vault: Option<Arc<dyn Vault>>,
    subscriptions: Option<Arc<dyn VendorSubscriptions>>,
    disputes: Option<Arc<dyn Disputes>>,
    reports: Option<Arc<dyn Reports>>,
    browser: Option<Arc<dyn Browser>>,
    guard: Guard,
    lookups: Guard,
}

impl GuardedPayments {
    pub(crate) fn new(guards: &Guards, connection: &Connection<Payments>) -> Self {
        Self {
            instance: connection.instance.clone(),
            plugin: connection.plugin,
            provider: Arc::clone(&connection.payments),
            customers: connection.customers.clone(),
            holds: connection.holds.clone(),
            approval: connection.approval.clone(),
            vault: connection.vault.clone(),
            subscriptions: connection.subscriptions.clone(),
            disputes: connection.disputes.clone(),
            reports: connection.reports.clone(),
            browser: connection.browser.clone(),
            guard: guards.around(connection),
            lookups: guards.guard(Payments::NAME, &connection.instance, Payments::LOOKUPS),
        }
    }

    /// The name that the operator gave it.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// The id of its plugin.
    pub(crate) fn plugin(&self) -> &'static str {
        self.plugin
    }

    pub(crate) fn terms(&self) -> &Terms {
        self.provider.terms()
    }

    pub(crate) fn browser(&self) -> Option<&dyn Browser> {
        self.browser.as_deref()
    }

    pub(crate) fn has_customers(&self) -> bool {
        self.customers.is_some()
    }

    pub(crate) fn has_holds(&self) -> bool {
        self.holds.is_some()
    }

    pub(crate) fn has_reports(&self) -> bool {
        self.reports.is_some()
    }

    pub(crate) fn has_approval(&self) -> bool {
        self.approval.is_some()
    }

    pub(crate) fn vault(&self) -> Option<&dyn Vault> {
        self.vault.as_deref()
    }

    pub(crate) fn disputes(&self) -> Option<&dyn Disputes> {
        self.disputes.as_deref()
    }

    /// What subscriptions it collects, if it does.
    pub(crate) fn subscription_terms(&self) -> Option<&SubscriptionTerms> {
        Some(self.subscriptions.as_deref()?.terms())
    }

    /// How long a call may take.
    pub(crate) const fn limit() -> Duration {
        Payments::POLICY.limit
    }

    /// Takes money, or begins to. Whoever is present does not wait behind those who are not.
    pub(crate) async fn charge(&self, order: &Charge, urgency: Urgency) -> ChargeOutcome {
        let ours = Reference::Ours(order.id.to_string());
        self.moving("charge", urgency, ours, self.provider.charge(order))
            .await
    }

    pub(crate) async fn refund(&self, order: &RefundOrder) -> RefundOutcome {
        let ours = Reference::Ours(order.id.to_string());
        let call = self.provider.refund(order);
        self.moving("refund", Urgency::Ordinary, ours, call).await
    }

    pub(crate) async fn capture(&self, order: &CaptureOrder) -> ChargeOutcome {
        let theirs = Reference::Theirs(order.payment.to_string());
        match &self.holds {
            Some(holds) => {
                let call = holds.capture(order);
                self.moving("capture", Urgency::Ordinary, theirs, call).await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn void(&self, order: &VoidOrder) -> ChargeOutcome {
        let theirs = Reference::Theirs(order.payment.to_string());
        match &self.holds {
            Some(holds) => {
                let call = holds.void(order);
                self.moving("void", Urgency::Ordinary, theirs, call).await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn complete(&self, back: &Return) -> ChargeOutcome {
        let reference = named(back.payment.as_ref(), &back.id);
        match &self.approval {
            Some(approval) => {
                let call = approval.complete(back);
                self.moving("complete", Urgency::Urgent, reference, call).await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn withdraw(&self, withdrawal: &Withdrawal) -> ChargeOutcome {
        let reference = named(withdrawal.payment.as_ref(), &withdrawal.id);
        match &self.approval {
            Some(approval) => {
                let call = approval.withdraw(withdrawal);
                self.moving("withdraw", Urgency::Ordinary, reference, call).await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn create_customer(&self, order: &CustomerOrder) -> Outcome<VendorRef, Decline> {
        let ours = Reference::Ours(order.ours.clone());
        match &self.customers {
            Some(customers) => {
                let call = customers.create(order);
                self.moving("create_customer", Urgency::Urgent, ours, call).await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn begin_setup(&self, order: &SetupOrder) -> SetupOutcome {
        let ours = Reference::Ours(order.id.to_string());
        match &self.vault {
            Some(vault) => {
                let call = vault.begin(order);
                self.moving("begin_setup", Urgency::Urgent, ours, call).await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn finish_setup(&self, proof: &SetupProof) -> StoredOutcome {
        let theirs = Reference::Theirs(proof.setup.to_string());
        match &self.vault {
            Some(vault) => {
                let call = vault.finish(proof);
                self.moving("finish_setup", Urgency::Urgent, theirs, call).await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn forget_method(&self, method: &MethodRef) -> Outcome<(), Decline> {
        let theirs = Reference::Theirs(method.theirs.to_string());
        match &self.vault {
            Some(vault) => {
                let call = vault.forget(method);
                self.moving("forget_method", Urgency::Ordinary, theirs, call)
                    .await
            }
            None => not_offered(),
        }
    }

    /// What the vendor knows of a stored method; `None` if it does not have it.
    ///
    /// # Errors
    /// `payments-unavailable`.
    pub(crate) async fn describe_method(&self, method: &MethodRef) -> Result<Option<StoredMethod>> {
        let Some(vault) = &self.vault else {
            return Ok(None);
        };
        let call = || vault.describe(method);
        match self
            .lookups
            .run_idempotent("describe_method", UNAVAILABLE, call)
            .await
        {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == UNKNOWN_METHOD => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn answer_dispute(&self, evidence: &Evidence) -> DisputeOutcome {
        let theirs = Reference::Theirs(evidence.dispute.to_string());
        match &self.disputes {
            Some(disputes) => {
                let call = disputes.answer(evidence);
                self.moving("answer_dispute", Urgency::Ordinary, theirs, call)
                    .await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn accept_dispute(&self, acceptance: &DisputeAcceptance) -> DisputeOutcome {
        let theirs = Reference::Theirs(acceptance.dispute.to_string());
        match &self.disputes {
            Some(disputes) => {
                let call = disputes.accept(acceptance);
                self.moving("accept_dispute", Urgency::Ordinary, theirs, call)
                    .await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn offer(&self, offer: &Offer) -> Outcome<Option<VendorRef>, Decline> {
        let ours = Reference::Ours(offer.name.clone());
        match &self.subscriptions {
            Some(subscriptions) => {
                let call = subscriptions.offer(offer);
                self.moving("offer", Urgency::Urgent, ours, call).await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn start_subscription(&self, order: &SubscriptionOrder) -> SubscriptionOutcome {
        let ours = Reference::Ours(order.id.to_string());
        match &self.subscriptions {
            Some(subscriptions) => {
                let call = subscriptions.start(order);
                self.moving("start_subscription", Urgency::Urgent, ours, call)
                    .await
            }
            None => not_offered(),
        }
    }

    pub(crate) async fn change_subscription(&self, change: &SubscriptionChange) -> Outcome<(), Decline> {
        let theirs = Reference::Theirs(change.subscription.to_string());
        match &self.subscriptions {
            Some(subscriptions) => {
                let call = subscriptions.change(change);
                self.moving("change_subscription", Urgency::Ordinary, theirs, call)
                    .await
            }
            None => not_offered(),
        }
    }

    /// Asks the vendor how a subscription stands.
    pub(crate) async fn read_subscription(&self, sought: &SoughtSubscription) -> SubscriptionResolution {
        let no_answer = |why: &str| Resolution::CannotTell(Reason::passing("no-answer", why, LOOK_AGAIN));
        let Some(subscriptions) = &self.subscriptions else {
            return no_answer("the vendor collects no subscriptions");
        };
        let answer = self
            .lookups
            .run("read_subscription", subscriptions.read(sought))
            .await;
        answer.unwrap_or_else(|| no_answer("the vendor did not answer"))
    }

    /// Asks the vendor what became of an attempt.
    pub(crate) async fn find(&self, sought: &Sought) -> PaymentResolution {
        let answer = self.lookups.run("find", self.provider.find(sought)).await;
        answer.unwrap_or_else(|| {
            let why = "the vendor did not answer";
            Resolution::CannotTell(Reason::passing("no-answer", why, LOOK_AGAIN))
        })
    }

    /// A page of what moved on the account, as [`Reports::activity`]. Reading again does no harm.
    ///
    /// # Errors
    /// `payments-unavailable`; internal for a vendor without reports.
    pub(crate) async fn activity(&self, span: &TimeSpan, after: Option<&Cursor>) -> Result<ActivityPage> {
        let reports = self.reports()?;
        let call = || reports.activity(span, after);
        self.lookups.run_idempotent("activity", UNAVAILABLE, call).await
    }

    /// What lies at the vendor.
    ///
    /// # Errors
    /// `payments-unavailable`; internal for a vendor without reports.
    pub(crate) async fn holdings(&self) -> Result<Vec<Holding>> {
        let reports = self.reports()?;
        let call = || reports.holdings();
        self.lookups.run_idempotent("holdings", UNAVAILABLE, call).await
    }

    fn reports(&self) -> Result<&dyn Reports> {
        let reports = self.reports.as_deref();
        reports.ok_or_else(|| Error::internal("a vendor without reports was asked for one"))
    }

    /// Makes a call that moves something, once. What did not end in time, or ended in a defect, may have happened.
    async fn moving<T, P>(
        &self,
        operation: &'static str,
        urgency: Urgency,
        reference: Reference,
        call: impl Future<Output = Outcome<T, Decline, P>>,
    ) -> Outcome<T, Decline, P>
    where
        Outcome<T, Decline, P>: Answer,
    {
        let Some(turn) = self.guard.enter(operation, urgency, Self::limit()).await else {
            return busy();
        };
        match turn.run(call).await {
            Ended::Answered(outcome) => outcome,
            Ended::TimedOut | Ended::Failed => Outcome::Unknown(reference),
            Ended::NotBegun => busy(),
        }
    }
}

/// The vendor's name for a payment, or ours where the vendor has not named it yet.
fn named(theirs: Option<&VendorRef>, ours: &AttemptId) -> Reference {
    match theirs {
        Some(theirs) => Reference::Theirs(theirs.to_string()),
        None => Reference::Ours(ours.to_string()),
    }
}

fn busy<T, P>() -> Outcome<T, Decline, P> {
    let why = "the vendor could not be asked in time";
    Outcome::NotSent(Reason::passing("payments-busy", why, Duration::from_secs(5)))
}

fn not_offered<T, P>() -> Outcome<T, Decline, P> {
    Outcome::NotSent(Reason::permanent("not-offered", "the vendor does not offer this"))
}
