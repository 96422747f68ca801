//! Somebody subscribes: the first period is billed and, where a method is stored, paid at once.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::{Error, Result, Timestamp};

use super::allowed::require_no_other;
use super::billing::period_line;
use super::books::Running;
use super::commands::Subscribe;
use super::follow::waiting;
use super::lifecycle::anchored;
use super::records::{Period, SubscriptionRecord, Terms};
use super::status::SubscriptionStatus as Status;
use super::tallied::counted;
use super::views::{Subscribed, SubscriptionView};
use super::{NOT_SOLD_IN_CURRENCY, SUBSCRIPTION_LIMIT, Subscriptions, TRIAL_USED, events};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::invoices::{Collected, InvoiceId, PayInvoice};
use crate::areas::payment_methods::{
    METHOD_UNUSABLE, NO_DEFAULT_METHOD, PaymentMethodId, VENDOR_UNAVAILABLE,
};
use crate::areas::payments::{PayWith, Payer, PaymentView};
use crate::areas::plans::{Plan, Price};
use crate::areas::sessions::SignedIn;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::audit::EventOutcome;
use crate::services::idempotency::{IdempotencyKey, KeyState};
use crate::services::payment_vendors::NextActionView;

/// What keys are taken for.
const OPERATION: &str = "subscription";
/// The most live subscriptions of one account.
const MOST: usize = 20;

impl Subscriptions {
    /// Subscribes to a plan. The same key is the same subscription, however it stands by then; asked again, what is not paid
    /// of it yet is tried no second time.
    ///
    /// # Errors
    /// Those of [`Subscribe`].
    pub async fn subscribe(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        command: &Subscribe,
    ) -> Result<Subscribed> {
        let told = Box::pin(self.tell_of_offer(command)).await;
        let begun = self
            .context
            .retried(|| Box::pin(self.subscribe_once(who, key, command)))
            .await;
        let (id, fresh) = match (begun, told) {
            (Ok(begun), _) => begun,
            // Nothing was begun, because the vendor does not know what is offered.
            (Err(error), Err(why)) if error.code() == VENDOR_UNAVAILABLE => return Err(why),
            (Err(error), _) => return Err(error),
        };
        self.begun(who, &id, fresh).await
    }

    /// The same for a client that sends no key: a second subscription to the same plan is refused all the same.
    ///
    /// # Errors
    /// Those of [`Subscribe`].
    pub async fn subscribe_unkeyed(&self, who: &SignedIn, command: &Subscribe) -> Result<Subscribed> {
        let key = IdempotencyKey::parse(&self.context.random_text()?).map_err(Error::internal)?;
        self.subscribe(who, &key, command).await
    }

    /// What was begun, once its first invoice is paid as far as that goes.
    async fn begun(&self, who: &SignedIn, id: &SubscriptionId, fresh: bool) -> Result<Subscribed> {
        let begun = self.record(who.subject(), id).await?;
        if begun.collector.is_some() {
            return Box::pin(self.agreed(&begun, fresh)).await;
        }
        let payment = self.pay_first(who, &begun).await?;
        let now = self.record(who.subject(), id).await?;
        Ok(Subscribed {
            subscription: SubscriptionView::of(&now),
            payment_id: payment.map(|payment| payment.id),
            next_action: None,
        })
    }

    /// What its payer has to do with the vendor that is to collect it: it is ordered by whoever begins it, and asked about by
    /// everybody after that.
    async fn agreed(&self, begun: &SubscriptionRecord, fresh: bool) -> Result<Subscribed> {
        let action = if fresh {
            Box::pin(self.order(begun, false, Running::Neither)).await?
        } else {
            self.gone_on(&begun.subject, &begun.id).await?.1
        };
        let now = self.record(&begun.subject, &begun.id).await?;
        Ok(Subscribed {
            subscription: SubscriptionView::of(&now),
            payment_id: None,
            next_action: action.or_else(|| waiting(&now)).map(NextActionView::of),
        })
    }

    /// Goes on with one's own subscription after its payer acted at the vendor that collects it, or tells again what its payer
    /// has to do.
    ///
    /// # Errors
    /// Those of [`CompleteSubscription`](super::CompleteSubscription).
    pub async fn complete(&self, who: &SignedIn, id: &SubscriptionId) -> Result<Subscribed> {
        self.go_on(who.subject(), id).await
    }

    /// The same for whoever comes back from the vendor with the address that we sent along.
    ///
    /// # Errors
    /// `subscription-not-found` for an address that we did not make.
    pub async fn complete_return(&self, state: &str) -> Result<Subscribed> {
        let owner = self.returned(state).await?;
        self.go_on(&owner.subject, &owner.subscription).await
    }

    async fn go_on(&self, subject: &Subject, id: &SubscriptionId) -> Result<Subscribed> {
        self.record(subject, id).await?;
        self.payments.count_look(subject).await?;
        let (subscription, action) = self.gone_on(subject, id).await?;
        Ok(Subscribed {
            subscription,
            payment_id: None,
            next_action: action.map(NextActionView::of),
        })
    }

    async fn subscribe_once(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        command: &Subscribe,
    ) -> Result<(SubscriptionId, bool)> {
        let subject = who.subject();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let known = self.idempotency.look_up(subject, OPERATION, key, command).await?;
        let fresh = match known {
            KeyState::Used { row } => {
                let id = SubscriptionId::parse(&row).map_err(Error::internal)?;
                return Ok((id, false));
            }
            KeyState::Fresh(fresh) => fresh,
        };
        self.freezes.require_thawed(&mut batch, subject).await?;
        let plan = self.plans.offered(&command.plan_id).await?;
        let price = price_of(&plan, command.currency)?;
        let others = self.others(&mut batch, subject, None).await?;
        require_no_other(&others, &plan.id)?;
        if others.len() >= MOST {
            return Err(SUBSCRIPTION_LIMIT.error());
        }
        self.require_standing(subject, &others).await?;
        let now = self.context.now();
        let trial_days = trial_of(&plan, command.trial);
        let tried = trial_days > 0;
        if tried && self.has_tried(&mut batch, subject, &plan.id).await? {
            return Err(TRIAL_USED.error());
        }
        let (method, terms) = (command.payment_method_id.as_ref(), Terms::of(&plan, price));
        let vendor = Self::collector_of(&plan, command.collector.as_deref())?;
        if vendor.is_none() {
            self.require_method(who, method, tried).await?;
        }
        // Who agrees on a page of the vendor proves there who pays.
        if vendor.is_none() || method.is_some() {
            self.require_proof(who, method, &terms).await?;
        }
        let collector = match &vendor {
            Some(vendor) => Some(
                self.drafted_order(who, vendor, &terms, (trial_days, method))
                    .await?,
            ),
            None => None,
        };
        let mut record = self.drafted(who, method, terms, trial_days, now)?;
        let lines = if let Some(collector) = collector {
            if tried {
                self.note_trial(&mut batch, subject, &plan.id).await?;
            }
            let tax = record.terms.tax_code.as_ref();
            record.charged_at = tax.and_then(|code| self.invoice_books.rate_of(code)).cloned();
            record.collector = Some(collector);
            // It begins when the vendor says that its payer has agreed.
            record.period.trial = false;
            record.period.end = now;
            self.add_our_name(&mut batch, &record)?;
            Vec::new()
        } else if tried {
            self.note_trial(&mut batch, subject, &plan.id).await?;
            record.status = Status::Trialing;
            Vec::new()
        } else {
            let begun = record.begin_next_period()?;
            if begun.price.minor == 0 {
                record.status = Status::Active;
            }
            vec![period_line(&record, &begun)?]
        };
        batch.insert(&record)?;
        self.books.tallies.add(&mut batch, counted(None, &record))?;
        self.idempotency.take(&mut batch, fresh, record.id.as_str())?;
        let event = events::created(&record, EventOutcome::Success, &who.source);
        self.books.audit.append(&mut batch, subject, &[event]).await?;
        self.entitlements
            .keep(&mut batch, subject, &record.id, record.grant())
            .await?;
        let slot = self.books.read_in(&batch, subject, &record.id).await?;
        self.bill(&mut batch, &record, slot, lines, &who.source).await?;
        let written = self.books.read_in(&batch, subject, &record.id).await?.value;
        self.books
            .plan(&mut batch, &written, Running::Neither, false)
            .await?;
        self.context.commit(batch).await?;
        Ok((record.id, true))
    }

    /// A subscription before its first period, or in its trial.
    fn drafted(
        &self,
        who: &SignedIn,
        method: Option<&PaymentMethodId>,
        terms: Terms,
        trial_days: u16,
        now: Timestamp,
    ) -> Result<SubscriptionRecord> {
        let paid_from = terms.zone.days_later(now, trial_days)?;
        let (anchor, next) = anchored(&terms, paid_from)?;
        Ok(SubscriptionRecord {
            id: SubscriptionId::time_ordered(now, self.context.entropy.as_ref())?,
            subject: who.subject().clone(),
            status: Status::Incomplete,
            terms,
            anchor,
            next,
            period: Period {
                start: now,
                end: paid_from,
                whole_from: now,
                trial: trial_days > 0,
            },
            billed: Vec::new(),
            set_off: 0,
            billed_through: now,
            method: method.cloned(),
            collector: None,
            change: None,
            owed: Vec::new(),
            restricted: false,
            charged_at: None,
            expiry_told: None,
            because: None,
            created_at: now,
            updated_at: now,
            canceled_at: None,
            ended_at: None,
        })
    }

    /// Refuses a method that cannot be charged, and none at all where one is needed.
    pub(super) async fn require_method(
        &self,
        who: &SignedIn,
        method: Option<&PaymentMethodId>,
        needed: bool,
    ) -> Result<()> {
        let Err(error) = self.charged_method(who.subject(), method).await else {
            return Ok(());
        };
        // A default that cannot be charged is no reason to refuse who pays in another way.
        let optional = !needed && method.is_none();
        match error.code() {
            NO_DEFAULT_METHOD | METHOD_UNUSABLE if optional => Ok(()),
            _ => Err(error),
        }
    }

    /// Charges the stored method for the first invoice, if there is one and nobody did.
    async fn pay_first(&self, who: &SignedIn, record: &SubscriptionRecord) -> Result<Option<PaymentView>> {
        let Some(owed) = record.owed.first() else {
            return Ok(None);
        };
        if record.status != Status::Incomplete {
            return Ok(None);
        }
        let method = record.method.as_ref();
        if let Err(error) = self.require_method(who, method, true).await {
            // It is paid with a method that is entered, or on a page of the vendor.
            return if method.is_none() { Ok(None) } else { Err(error) };
        }
        self.pay_now(who, record, &owed.invoice, "first").await
    }

    /// Charges what a subscription is paid with for an invoice, with its owner there. `name` tells this try from others.
    pub(super) async fn pay_now(
        &self,
        who: &SignedIn,
        record: &SubscriptionRecord,
        invoice: &InvoiceId,
        name: &str,
    ) -> Result<Option<PaymentView>> {
        let key = IdempotencyKey::parse(&format!("{invoice}.{name}")).map_err(Error::internal)?;
        let command = charged(record);
        let payer = Payer::Present(who);
        let collected = self
            .invoices
            .collect(payer, &key, invoice, &command, &who.source)
            .await?;
        Ok(match collected {
            Collected::By(payment) => Some(*payment),
            Collected::Nothing => None,
        })
    }
}

/// How a subscription is paid.
pub(super) fn charged(record: &SubscriptionRecord) -> PayInvoice {
    PayInvoice {
        vendor: None,
        with: PayWith::Stored(record.method.clone()),
    }
}

/// For how many days a plan is tried by who asks to, or not to.
pub(super) const fn trial_of(plan: &Plan, asked: Option<bool>) -> u16 {
    match asked {
        Some(false) => 0,
        Some(true) | None => plan.trial_days,
    }
}

/// The price in the currency that is asked for, or the only one that there is.
pub(super) fn price_of(plan: &Plan, currency: Option<Currency>) -> Result<&Price> {
    let Some(currency) = currency else {
        let mut prices = plan.prices.values();
        return match (prices.next(), prices.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(refused(
                "/currency",
                "the plan has several prices, so name a currency",
            )),
        };
    };
    plan.prices.get(&currency).ok_or_else(|| {
        let sold: Vec<String> = plan.prices.keys().map(ToString::to_string).collect();
        NOT_SOLD_IN_CURRENCY.with_detail(format!("The plan is sold in: {}.", sold.join(", ")))
    })
}
