//! What aliases do: requests of the replaced service become neutral commands, views become its answers.

use portcullis_core::idempotency::IdempotencyKey;
use portcullis_core::ledger::{Cause, CauseId, ListCustomerEntries, Sale, Transaction};
use portcullis_core::payment_methods::{BeginSetup, CompleteSetup, MethodView, NO_DEFAULT_METHOD};
use portcullis_core::payment_vendors::NOT_OFFERED;
use portcullis_core::payments::{
    AMOUNT_NOT_TAKEN, CaptureMode, CreatePayment, Filter, NOTHING_DUE, PAYMENT_DECLINED, PAYMENT_IN_PROGRESS,
    PAYMENT_STATE, PayWith, PaymentView, Purpose, Status,
};
use portcullis_core::sessions::SignedIn;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::payments::{Handed, MethodKind, NextAction, Payments};
use portcullis_ports::plugin::Port;
use portcullis_ports::{Error, Result};

use super::AliasesApi;
use super::answers::{
    AliasBalance, AliasEntries, AliasEntry, AliasPaid, AliasPayment, AliasPayments, ChargeAdded,
    CheckoutSession, ClientSecret, DepositsVerified, Received, StripeConfig, reference,
};
use super::requests::{self, AddCharge, BeginCheckout, ChargeOnce, ChargeState, PayBalance, VerifyDeposits};
use crate::answer::Answer;
use crate::dto::{BareList, MOST_ADJUSTED, bounded, wrong};
use crate::problem::{NOT_FOUND, Refusal};
use crate::webhooks::{self, Posted};

/// How many items a list has where it is not said, and at most.
const LISTED: i64 = 50;
const MOST: i64 = 200;
/// What nothing is counted in.
const DOLLARS: &str = "USD";
/// How many pages of the ledger are read for one list at most.
const PAGES: usize = 10;

/// What is said of an amount that is none.
const LEAST: &str = "At least 1 minor unit is expected.";

/// What names the plugin in the paths.
pub(super) const STRIPE: &str = "stripe";

crate::context::from_context!(AliasesApi, public_url, development);

impl AliasesApi {
    /// The only instance of a plugin.
    pub(super) fn only(&self, plugin: &str) -> Result<String> {
        self.app.payment_vendors.only_of(plugin)
    }

    /// The currency that a request names, or else that of the setting.
    fn currency(&self, named: Option<Currency>) -> Result<Currency> {
        let currency = named.or(self.app.settings().billing.default_currency);
        currency.ok_or_else(|| {
            wrong(
                "currency",
                "A currency is expected, because `billing.default_currency` is not set.",
            )
        })
    }

    /// The currency of an account: the one that is named, or the only one in which anything was posted, or that of the
    /// setting.
    async fn currency_of(&self, who: &SignedIn, named: Option<Currency>) -> Result<Currency> {
        let balances = self.app.ledger.balances(who.subject()).await?;
        match balances.as_slice() {
            [only] if named.is_none() => Ok(only.currency),
            // Nothing is nothing in any currency, and the replaced service counted it in this one.
            [] => self
                .currency(named)
                .or_else(|_| Currency::parse(DOLLARS).map_err(Error::internal)),
            _ => self.currency(named),
        }
    }

    async fn create(
        &self,
        who: &SignedIn,
        key: Option<IdempotencyKey>,
        command: &CreatePayment,
    ) -> Result<PaymentView> {
        let (payments, source) = (&self.app.payments, &who.source);
        let created = match &key {
            Some(key) => payments.create(who, key, command, source).await,
            None => payments.create_unkeyed(who, command, source).await,
        };
        created.map_err(named_as_here)
    }

    pub(super) async fn charge(
        &self,
        who: &SignedIn,
        body: ChargeOnce,
        vendor: Option<String>,
    ) -> Result<AliasPaid> {
        let amount = amount(body.amount_cents, self.currency(body.currency)?)?;
        let key = requests::key(body.idempotency_key.as_ref())?;
        let command = CreatePayment {
            purpose: Purpose::Purchase { reference: None },
            amount: Some(amount),
            at_most: None,
            currency: Some(amount.get().currency),
            vendor,
            with: PayWith::Stored(body.payment_method_id),
            capture: CaptureMode::Now,
            description: bounded("description", body.description, 200)?,
        };
        paid(self.create(who, key, &command).await?)
    }

    pub(super) async fn pay(
        &self,
        who: &SignedIn,
        body: PayBalance,
        vendor: Option<String>,
    ) -> Result<AliasPaid> {
        let key = requests::key(body.idempotency_key.as_ref())?;
        if body.amount_cents.is_some_and(|wanted| wanted < 1) {
            return Err(wrong("amount_cents", LEAST));
        }
        let command = CreatePayment {
            purpose: Purpose::Balance,
            amount: None,
            at_most: body.amount_cents,
            currency: body.currency,
            vendor,
            with: PayWith::Stored(body.payment_method_id),
            capture: CaptureMode::Now,
            description: String::new(),
        };
        match self.create(who, key, &command).await {
            Err(error) if error.code() == NOTHING_DUE => Ok(AliasPaid::nothing_due()),
            // Who owes nothing needs no method.
            Err(error) if error.code() == NO_DEFAULT_METHOD && !self.is_due(who, body.currency).await? => {
                Ok(AliasPaid::nothing_due())
            }
            created => paid(created?),
        }
    }

    /// Whether anything is due, in a currency if one is named.
    async fn is_due(&self, who: &SignedIn, currency: Option<Currency>) -> Result<bool> {
        let balances = self.app.ledger.balances(who.subject()).await?;
        let mut due = balances.iter().filter(|balance| balance.payable > 0);
        Ok(due.any(|balance| currency.is_none_or(|named| named == balance.currency)))
    }

    pub(super) async fn begin_checkout(
        &self,
        who: &SignedIn,
        body: BeginCheckout,
    ) -> Result<CheckoutSession> {
        let amount = amount(body.amount_cents, self.currency(body.currency)?)?;
        let key = requests::key(body.idempotency_key.as_ref())?;
        let command = CreatePayment {
            purpose: Purpose::Purchase { reference: None },
            amount: Some(amount),
            at_most: None,
            currency: Some(amount.get().currency),
            vendor: Some(self.only(STRIPE)?),
            with: PayWith::Page,
            capture: CaptureMode::Now,
            description: bounded("description", body.description, 200)?,
        };
        let begun = self.create(who, key, &command).await?;
        // Asked again with the same key: the address is told to whoever may go there.
        let payment = if begun.next_action.is_some() || begun.status.is_final() {
            begun
        } else {
            let (payments, handed) = (&self.app.payments, Handed::default());
            payments.complete(who, &begun.id, &handed, &who.source).await?
        };
        if let Some(refusal) = payment.refusal() {
            return Err(refusal);
        }
        let refusal = match payment.status {
            Status::RequiresAction => {
                NOT_OFFERED.with_detail("This payment does not wait for its payer on a page of the vendor.")
            }
            status if status.is_final() => PAYMENT_STATE.error(),
            // Another request is about to begin it, or nobody can tell yet.
            _ => PAYMENT_IN_PROGRESS.error(),
        };
        match (reference(payment.reference), payment.next_action) {
            (Some(session_id), Some(NextAction::Redirect { url })) => Ok(CheckoutSession { session_id, url }),
            _ => Err(refusal.member("payment_id", payment.id.to_string())),
        }
    }

    pub(super) async fn set_up(&self, who: &SignedIn, kind: MethodKind) -> Result<ClientSecret> {
        let command = BeginSetup {
            vendor: Some(self.only(STRIPE)?),
            kinds: Some(vec![kind]),
        };
        let setup = self
            .app
            .payment_methods
            .begin_setup_unkeyed(who, &command)
            .await?;
        let secret = setup.next_action.and_then(|action| action.client_secret.clone());
        let refusal = || NOT_OFFERED.with_detail("This vendor starts no script for a setup.");
        Ok(ClientSecret {
            client_secret: secret.ok_or_else(refusal)?,
        })
    }

    pub(super) async fn verify(&self, who: &SignedIn, body: VerifyDeposits) -> Result<DepositsVerified> {
        let methods = &self.app.payment_methods;
        if body.amounts.is_none() && body.descriptor_code.is_none() {
            return Err(wrong(
                "amounts",
                "The amounts or the code of the deposit are expected.",
            ));
        }
        let setup = methods
            .setup_called(who, &self.only(STRIPE)?, body.setup_intent_id.as_str())
            .await?;
        let command = CompleteSetup {
            amounts: body.amounts,
            descriptor_code: body.descriptor_code,
            handed: None,
        };
        let completed = methods.complete_setup(who, &setup, &command).await?;
        Ok(DepositsVerified {
            status: completed.status,
        })
    }

    pub(super) async fn charged(&self, who: &SignedIn, body: AddCharge) -> Result<ChargeAdded> {
        if !self.development {
            return Err(NOT_FOUND.error());
        }
        if body.amount_cents > MOST_ADJUSTED {
            return Err(wrong(
                "amount_cents",
                "At most 1000000000000 minor units are expected.",
            ));
        }
        let amount = amount(body.amount_cents, self.currency(body.currency)?)?;
        let reason = bounded("reason", body.reason, 100)?;
        let reason = if reason.is_empty() { "usage" } else { &reason };
        let cause = CauseId::parse(&reason.replace(' ', "_"));
        let cause =
            cause.map_err(|_| wrong("reason", "Visible ASCII characters and blanks are expected."))?;
        let sale = Transaction::sale(&Sale::untaxed(amount), Cause::Order(cause));
        let sale = match body.state {
            ChargeState::Pending => sale.pending(),
            ChargeState::Settled => sale,
        };
        let posted = self.app.ledger.record(who.subject(), &[sale]).await?;
        let posted = posted
            .first()
            .ok_or_else(|| Error::internal("nothing was posted"))?;
        Ok(ChargeAdded {
            ok: true,
            ledger_sk: posted.transaction.to_string(),
        })
    }

    /// What a vendor posted at the path of its plugin, with the token where that is its proof.
    pub(super) async fn delivered(
        &self,
        plugin: &str,
        token: Option<&str>,
        posted: Posted,
    ) -> std::result::Result<Answer<Received>, Refusal<Posted>> {
        let instance = self.only(plugin).map_err(|error| {
            let why = error.detail().to_owned();
            Refusal::from(NOT_FOUND.with_detail(why))
        })?;
        let place = (<Payments as Port>::NAME, instance.as_str());
        webhooks::take(&self.app, &self.public_url, place, token, posted).await?;
        Ok(Answer(Received { received: true }))
    }

    pub(super) fn config(&self) -> Result<StripeConfig> {
        let only = self.only(STRIPE)?;
        let mut vendors = self.app.payment_vendors.config().vendors.into_iter();
        let vendor = vendors.find(|vendor| vendor.name == only);
        Ok(StripeConfig {
            publishable_key: vendor.and_then(|vendor| vendor.public_key),
            currency: self.app.settings().billing.default_currency,
        })
    }

    pub(super) async fn balance(&self, who: &SignedIn, named: Option<Currency>) -> Result<AliasBalance> {
        let (ledger, subject) = (&self.app.ledger, who.subject());
        let currency = self.currency_of(who, named).await?;
        let newest = ListCustomerEntries {
            currency: Some(currency),
            limit: Some(1),
            ..ListCustomerEntries::default()
        };
        let newest = ledger.list(subject, &newest).await?.entries;
        let balance = ledger.balance(subject, currency).await?;
        Ok(AliasBalance::of(&balance, newest.first().map(|entry| entry.at)))
    }

    pub(super) async fn methods(&self, who: &SignedIn) -> Result<BareList<MethodView>> {
        let only = self.only(STRIPE)?;
        let mut methods = self.app.payment_methods.list(who.subject()).await?;
        methods.retain(|method| method.vendor == only);
        Ok(BareList(methods))
    }

    pub(super) async fn entries(
        &self,
        who: &SignedIn,
        limit: Option<i64>,
        named: Option<Currency>,
    ) -> Result<AliasEntries> {
        let (ledger, subject) = (&self.app.ledger, who.subject());
        let currency = self.currency_of(who, named).await?;
        let limit = listed(limit);
        let mut asked = ListCustomerEntries {
            currency: Some(currency),
            ..ListCustomerEntries::default()
        };
        let mut items = Vec::new();
        for _ in 0..PAGES {
            let page = ledger.list(subject, &asked).await?;
            items.extend(page.entries.into_iter().filter_map(AliasEntry::of));
            asked.cursor = page.next_cursor;
            if items.len() >= limit || asked.cursor.is_none() {
                break;
            }
        }
        items.truncate(limit);
        Ok(AliasEntries { items })
    }

    pub(super) async fn payments(&self, who: &SignedIn, limit: Option<i64>) -> Result<AliasPayments> {
        let filter = Filter {
            vendor: Some(self.only(STRIPE)?),
            ..Filter::default()
        };
        let list = self
            .app
            .payments
            .list(who.subject(), &filter, listed(limit), None);
        let items = list.await?.items.into_iter().map(AliasPayment::from);
        Ok(AliasPayments {
            items: items.collect(),
        })
    }
}

/// A refusal by a bank is told as what became of the payment, as it was; a vendor that is away is a refusal here.
fn paid(payment: PaymentView) -> Result<AliasPaid> {
    match payment.refusal() {
        Some(refusal) if refusal.code() != PAYMENT_DECLINED => Err(refusal),
        _ => Ok(AliasPaid::of(payment)),
    }
}

/// A refused amount under the name that its field has here.
fn named_as_here(error: Error) -> Error {
    let wrong_amount = error.fields().iter().find(|field| field.pointer == "/amount");
    match wrong_amount {
        Some(field) if error.code() == AMOUNT_NOT_TAKEN => AMOUNT_NOT_TAKEN
            .with_detail(error.detail().to_owned())
            .with_field("/amount_cents", field.detail.clone()),
        _ => error,
    }
}

fn amount(minor: i64, currency: Currency) -> Result<Amount> {
    let amount = Amount::new(Money::new(minor, currency));
    amount.map_err(|_| wrong("amount_cents", LEAST))
}

/// How many items a list has: what is beyond counts as the nearest that is not.
fn listed(limit: Option<i64>) -> usize {
    let limit = limit.unwrap_or(LISTED).clamp(1, MOST);
    usize::try_from(limit).unwrap_or(1)
}
