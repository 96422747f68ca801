//! A payment is begun: everything is checked, written down, and only then is the vendor asked.

use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::payments::{AmountProblem, Handed, NextAction, SourceKind, VendorRef};
use portcullis_ports::{Error, Kind, Result};

use super::apply::Rows;
use super::commands::{CaptureMode, CreatePayment, PayWith, Payer};
use super::model::Purpose;
use super::records::{Attempt, ChargedSource, OpenCall, PaymentRecord, Step};
use super::rows::mark_begun;
use super::settle::{Answer, CALL_TIME, Follow};
use super::status::Status;
use super::timeline::Posted;
use super::views::PaymentView;
use super::watch::{WATCH, Watched};
use super::{AMOUNT_NOT_TAKEN, NOTHING_DUE, Payments, TOO_MANY_PAYMENTS, actions, events};
use crate::areas::ledger::{Cause, HoldLimit, InstanceName, Transaction};
use crate::areas::payment_methods::{ADD_METHOD, NamedMethod, UsableMethod};
use crate::areas::sessions::SignedIn;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::budgets::Use;
use crate::services::idempotency::{FreshKey, IdempotencyKey, KeyState};
use crate::services::tasks::Tasks;

/// A payment that was asked for.
enum Accepted {
    /// By an earlier request with the same key.
    Before(PaymentId),
    /// Now: it is written down, and nobody was asked yet.
    Now(Box<PaymentRecord>),
}

impl Payments {
    /// Takes a payment, or begins to. The same key gives the same payment, in whatever state it is by then.
    ///
    /// # Errors
    /// Whatever says that nothing was asked for. Once the vendor was asked there is none: the payment
    /// says how it stands.
    pub async fn create(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        command: &CreatePayment,
        source: &Source,
    ) -> Result<PaymentView> {
        self.create_for(Payer::Present(who), key, command, source).await
    }

    /// The same for a payer who may be absent.
    ///
    /// # Errors
    /// Those of [`Self::create`].
    pub(crate) async fn create_for(
        &self,
        who: Payer<'_>,
        key: &IdempotencyKey,
        command: &CreatePayment,
        source: &Source,
    ) -> Result<PaymentView> {
        // A repeat is answered whatever became of the method or the vendor since.
        let known = self
            .idempotency
            .look_up(who.subject(), who.operation(), key, command)
            .await?;
        let mut fresh = match known {
            KeyState::Used { row } => {
                let id = PaymentId::parse(&row).map_err(Error::internal)?;
                return self.get(who.subject(), &id).await;
            }
            KeyState::Fresh(fresh) => Some(fresh),
        };
        let (instance, mut method) = self.chosen(who, command).await?;
        let customer = self.methods.customer(instance, who.subject()).await?;
        let accepted = self
            .context
            .retried(|| {
                let (key, chosen) = ((key, fresh.take()), (instance, method.take()));
                self.accept(who, key, command, chosen, customer.as_ref(), source)
            })
            .await;
        let accepted = match accepted {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == Kind::Unavailable => return Err(error),
            // What stands in its way may be what the same request has begun elsewhere meanwhile.
            Err(error) => {
                let subject = who.subject();
                match self
                    .idempotency
                    .look_up(subject, who.operation(), key, command)
                    .await?
                {
                    KeyState::Used { row } => {
                        Accepted::Before(PaymentId::parse(&row).map_err(Error::internal)?)
                    }
                    KeyState::Fresh(_) => return Err(error),
                }
            }
        };
        let sent = match accepted {
            Accepted::Before(id) => return self.get(who.subject(), &id).await,
            Accepted::Now(sent) => sent,
        };
        let Some(call) = &sent.call else {
            return Err(Error::internal("a payment was accepted without a call"));
        };
        let outcome = self
            .call(instance, &sent, call, false, &Handed::default())
            .await?;
        let action: Option<NextAction> = outcome.snapshot().and_then(|picture| picture.action.clone());
        let rows = self
            .settle(&sent, &Answer::of(outcome, false), source, Follow::Task)
            .await?;
        Ok(PaymentView::of(&rows, action))
    }

    /// Refuses what no payment can be begun with, before anything is written down for it.
    ///
    /// # Errors
    /// Those of [`Self::create`] that say that no vendor can be asked, or that a stored method cannot be charged.
    pub(crate) async fn require_possible(&self, who: &SignedIn, command: &CreatePayment) -> Result<()> {
        let (instance, method) = self.chosen(Payer::Present(who), command).await?;
        match method {
            Some(method) => self
                .methods
                .require_usable(&method, instance.instance())
                .map(drop),
            None => Ok(()),
        }
    }

    /// The least that the vendor takes which would be asked for a payment, if it takes the currency.
    ///
    /// # Errors
    /// Those of [`Self::create`] that say that no vendor can be asked.
    pub(crate) async fn least(
        &self,
        who: Payer<'_>,
        command: &CreatePayment,
        currency: Currency,
    ) -> Result<Option<i64>> {
        let (instance, _) = self.chosen(who, command).await?;
        Ok(instance.terms().amounts.get(&currency).map(|rule| rule.min))
    }

    /// The vendor that is to be asked, and the stored method that is charged, if it is one.
    async fn chosen(
        &self,
        who: Payer<'_>,
        command: &CreatePayment,
    ) -> Result<(&GuardedPayments, Option<NamedMethod>)> {
        let method = match &command.with {
            PayWith::Stored(method) => Some(self.methods.named(who.subject(), method.as_ref()).await?),
            PayWith::Fresh { .. } | PayWith::Page | PayWith::Offline => None,
        };
        let named = method.as_ref().map(NamedMethod::instance);
        let instance = self.vendors.chosen(command.vendor.as_deref().or(named))?;
        let sources = |one: &GuardedPayments, kind| one.terms().sources.contains(&kind);
        let (kind, what) = match command.with {
            PayWith::Stored(_) => (SourceKind::Stored, "stored payment methods"),
            PayWith::Fresh { .. } => (SourceKind::Fresh, "payments in our page"),
            PayWith::Page => (SourceKind::HostedPage, "a payment page of its own"),
            PayWith::Offline => (SourceKind::Offline, "payments outside of a vendor"),
        };
        if !sources(instance, kind) {
            let has = |one: &GuardedPayments| sources(one, kind);
            return Err(self.vendors.not_offered_at("/vendor", what, has));
        }
        if command.capture == CaptureMode::Later && !instance.has_holds() {
            return Err(self
                .vendors
                .not_offered("holding money", GuardedPayments::has_holds));
        }
        Ok((instance, method))
    }

    /// `fresh` if the key was looked up a moment ago: the commit fails if somebody has taken it since. `method` if it was read
    /// a moment ago.
    async fn accept(
        &self,
        who: Payer<'_>,
        (key, fresh): (&IdempotencyKey, Option<FreshKey>),
        command: &CreatePayment,
        (instance, method): (&GuardedPayments, Option<NamedMethod>),
        customer: Option<&VendorRef>,
        source: &Source,
    ) -> Result<Accepted> {
        let subject = who.subject();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let known = if let Some(fresh) = fresh {
            KeyState::Fresh(fresh)
        } else {
            let keys = &self.idempotency;
            keys.look_up(subject, who.operation(), key, command).await?
        };
        let fresh = match known {
            KeyState::Used { row } => {
                return Ok(Accepted::Before(PaymentId::parse(&row).map_err(Error::internal)?));
            }
            KeyState::Fresh(fresh) => fresh,
        };
        self.freezes.require_thawed(&mut batch, subject).await?;
        let amount = self.amount_of(&mut batch, subject, command).await?;
        admitted(instance, amount.get())?;
        let charged = self.charged(who, command, (instance, method), amount).await?;
        let now = self.context.now();
        let id = PaymentId::time_ordered(now, self.context.entropy.as_ref())?;
        let mut payment = PaymentRecord {
            id: id.clone(),
            subject: subject.clone(),
            instance: instance.instance().to_owned(),
            purpose: command.purpose.clone(),
            amount,
            capture_later: command.capture == CaptureMode::Later,
            source: charged,
            description: command.description.clone(),
            customer: customer.cloned(),
            status: Status::Sending,
            attempts: vec![Attempt::new()],
            call: Some(OpenCall {
                step: Step::Charge,
                number: 1,
                amount: None,
                sent_at: now,
                last_sent_at: now,
            }),
            calls: 1,
            hold: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
            ip: matches!(who, Payer::Present(_)).then_some(source.ip),
            late: false,
            findings: Vec::new(),
            explained: Vec::new(),
            captured_at: None,
            received: Vec::new(),
            commits: 0,
            looks: 0,
            created_at: now,
            updated_at: now,
        };
        let posted = self.hold_debt(&mut batch, instance, &mut payment).await?;
        self.idempotency.take(&mut batch, fresh, id.as_str())?;
        mark_begun(&mut batch, &payment)?;
        let watched = Watched {
            subject: subject.clone(),
        };
        Tasks::plan_first(&mut batch, &WATCH, id.as_str(), now + CALL_TIME, &watched)?;
        let event = Event::info(events::BEGUN, source)
            .with("payment", &id)
            .with("amount", amount.get())
            .with("vendor", &payment.instance);
        self.audit.append(&mut batch, subject, &[event]).await?;
        let mut rows = Rows::begun(payment);
        self.tell_begun(&mut batch, &rows).await?;
        let posted = posted.into_iter().collect();
        self.note_changes(&mut batch, None, &mut rows, posted, source)?;
        let payment = rows.payment;
        batch.insert(&payment)?;
        if matches!(who, Payer::Present(_)) {
            let used = [Use {
                name: "payments",
                of: &[subject.as_str()],
                limit: self.settings.payments_per_account,
            }];
            self.budgets.take_in(&mut batch, TOO_MANY_PAYMENTS, &used).await?;
        }
        self.context.commit(batch).await?;
        Ok(Accepted::Now(Box::new(payment)))
    }

    /// Holds on the balance what the payment may bring, if it pays what is owed already.
    async fn hold_debt(
        &self,
        batch: &mut Batch,
        instance: &GuardedPayments,
        payment: &mut PaymentRecord,
    ) -> Result<Option<Posted>> {
        if !payment.purpose.pays_debt() {
            return Ok(None);
        }
        let (subject, amount) = (&payment.subject, payment.amount);
        if payment.purpose == Purpose::Balance {
            let currency = payment.currency();
            self.ledger
                .begin_collection(batch, subject, currency, &payment.id)
                .await?;
        }
        let instance = InstanceName::parse(instance.instance()).map_err(Error::internal)?;
        let by = Cause::Payment(payment.id.clone());
        let order = (&instance, amount);
        let held = self
            .ledger
            .hold(batch, subject, order, HoldLimit::Payable, by.clone())
            .await?;
        payment.hold = Some(held.number);
        let transaction = Transaction::hold(&instance, amount, by);
        Ok(Some(Posted::to_customer(&transaction, &held)))
    }

    /// What is charged, if the payer has proven enough for it.
    async fn charged(
        &self,
        who: Payer<'_>,
        command: &CreatePayment,
        (instance, read): (&GuardedPayments, Option<NamedMethod>),
        amount: Amount,
    ) -> Result<ChargedSource> {
        Ok(match &command.with {
            PayWith::Stored(method) => {
                let read = match read {
                    Some(read) => read,
                    None => self.methods.named(who.subject(), method.as_ref()).await?,
                };
                let method = self.methods.require_usable(&read, instance.instance())?;
                if let Payer::Present(who) = who {
                    self.require_proof(who, &method, amount.get().minor).await?;
                }
                ChargedSource::Stored {
                    id: method.id,
                    theirs: method.theirs,
                    kind: method.kind,
                }
            }
            PayWith::Fresh { save } => {
                // What is stored on the way is stored, as if nothing was paid beside it.
                match who {
                    Payer::Present(who) if *save => self.step_up.require(ADD_METHOD, who).await?,
                    Payer::Present(_) => {}
                    Payer::Absent(_) => return Err(nobody_there()),
                }
                ChargedSource::Fresh { save: *save }
            }
            PayWith::Offline => ChargedSource::Offline,
            PayWith::Page => match who {
                Payer::Present(_) => ChargedSource::HostedPage,
                Payer::Absent(_) => return Err(nobody_there()),
            },
        })
    }

    /// Refuses to charge much, or a method that was stored lately, unless whoever asks has proven lately who they are.
    ///
    /// # Errors
    /// `step-up-required`.
    pub(crate) async fn require_proof(
        &self,
        who: &SignedIn,
        method: &UsableMethod,
        minor: i64,
    ) -> Result<()> {
        let young = self.context.now().since(method.stored_at) < self.settings.young_method.get();
        if young || minor >= self.settings.step_up_from {
            self.step_up.require(actions::PAY, who).await?;
        }
        Ok(())
    }

    /// How much is paid: what was asked for, or all that is due.
    async fn amount_of(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        command: &CreatePayment,
    ) -> Result<Amount> {
        let due = self.due_of(batch, subject, &command.purpose).await?;
        match (command.amount.or(due), &command.purpose) {
            (Some(amount), _) => Ok(amount),
            (None, Purpose::Balance) => {
                let balances = self.ledger.balances(subject).await?;
                let due = balances.iter().filter(|balance| balance.payable > 0);
                let wanted =
                    due.filter(|balance| command.currency.is_none_or(|wanted| wanted == balance.currency));
                let mut wanted = wanted.map(|balance| Money::new(balance.payable, balance.currency));
                match (wanted.next(), wanted.next()) {
                    (Some(due), None) => {
                        let most = command.at_most.unwrap_or(due.minor);
                        Amount::new(Money::new(due.minor.min(most), due.currency))
                    }
                    (None, _) => Err(NOTHING_DUE.error()),
                    (Some(_), Some(_)) => Err(crate::foundation::input::refused(
                        "/currency",
                        "something is due in several currencies, so name one",
                    )),
                }
            }
            (None, Purpose::Purchase { .. }) => Err(crate::foundation::input::refused(
                "/amount",
                "an amount in minor units is expected",
            )),
            (None, Purpose::Invoice { .. } | Purpose::Order { .. }) => Err(NOTHING_DUE.error()),
        }
    }
}

fn nobody_there() -> Error {
    Error::internal("only a stored method is charged while its payer is absent")
}

/// Refuses what the vendor would refuse, before anything is written down.
fn admitted(instance: &GuardedPayments, amount: Money) -> Result<()> {
    let problem = match instance.terms().admits(amount) {
        Ok(()) => return Ok(()),
        Err(problem) => problem,
    };
    let (field, detail) = match problem {
        AmountProblem::Currency => {
            let taken: Vec<_> = instance.terms().amounts.keys().map(ToString::to_string).collect();
            let taken = if taken.len() > 12 {
                "many others".to_owned()
            } else {
                taken.join(", ")
            };
            (
                "/currency",
                format!("{} is not taken. Taken are: {taken}.", amount.currency),
            )
        }
        AmountProblem::BelowMinimum(_) | AmountProblem::AboveMaximum(_) | AmountProblem::NoMultiple(_) => {
            ("/amount", format!("{amount} is not taken: {problem}."))
        }
    };
    Err(AMOUNT_NOT_TAKEN
        .with_detail(detail.clone())
        .with_field(field, detail))
}
