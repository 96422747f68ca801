//! The paths of the service that this one replaced.
//!
//! Each takes what it took, does what the neutral operation does, and answers as it did. [`table::ALIASES`] names all of them; [`headers`] says with every answer what to call instead.

mod answers;
mod headers;
mod operations;
mod requests;
mod subscriptions;
mod table;

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};
use portcullis_core::App;
use portcullis_core::autopay::{AutopayView, BillingSettings, SetAutopay};
use portcullis_core::payment_methods::{MethodView, PaymentMethodId, SetDefaultMethod, SetMethodPriority};
use portcullis_ports::money::Currency;
use portcullis_ports::payments::MethodKind;

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::dto::{BareList, Confirmed};
use crate::problem::Refusal;
use crate::query::Query;
use crate::tags::Tag;
use crate::webhooks::Posted;
use answers::{
    AliasBalance, AliasEntries, AliasPaid, AliasPayments, ChargeAdded, CheckoutSession, ClientSecret,
    DepositsVerified, Received, StripeConfig,
};
pub(crate) use headers::mark;
use operations::STRIPE;
use requests::{
    AddCharge, AutopayByAlias, BeginCheckout, ChargeOnce, DefaultByAlias, PayBalance, PayByAlias,
    PriorityByAlias, ReadByAlias, RemoveByAlias, SetUpByAlias, VerifyDeposits,
};
pub(crate) use subscriptions::SubscriptionAliasesApi;
pub use table::reference;

pub(crate) struct AliasesApi {
    pub(crate) app: Arc<App>,
    pub(crate) public_url: String,
    pub(crate) development: bool,
}

#[OpenApi(tag = "Tag::Deprecated")]
impl AliasesApi {
    /// Charge at once
    ///
    /// A stored method is charged for something that was not put on the balance before. Without a key an equal payment that is
    /// still open is refused.
    #[oai(
        path = "/api/billing/charge-once",
        method = "post",
        operation_id = "alias_charge_once",
        deprecated
    )]
    async fn charge_once(
        &self,
        session: LiveSession,
        body: Body<ChargeOnce>,
    ) -> Answered<AliasPaid, PayByAlias> {
        Ok(Answer(self.charge(&session.who, body.0, None).await?))
    }

    /// Pay the balance
    ///
    /// A stored method is charged for what is due, or for less. Nothing due is no mistake.
    #[oai(
        path = "/api/billing/pay-balance",
        method = "post",
        operation_id = "alias_pay_balance",
        deprecated
    )]
    async fn pay_balance(
        &self,
        session: LiveSession,
        body: Body<PayBalance>,
    ) -> Answered<AliasPaid, PayByAlias> {
        Ok(Answer(self.pay(&session.who, body.0, None).await?))
    }

    /// Put something on one's own balance
    ///
    /// On a developer's machine alone: elsewhere there is no such path.
    #[oai(
        path = "/api/billing/_dev/add-charge",
        method = "post",
        operation_id = "alias_add_charge",
        deprecated
    )]
    async fn add_charge(
        &self,
        session: LiveSession,
        body: Body<AddCharge>,
    ) -> Answered<ChargeAdded, AddCharge> {
        Ok(Answer(self.charged(&session.who, body.0).await?))
    }

    /// Begin to add a card
    ///
    /// What the script of Stripe is started with.
    #[oai(
        path = "/api/billing/setup-intent/card",
        method = "post",
        operation_id = "alias_set_up_card",
        deprecated
    )]
    async fn set_up_card(&self, session: LiveSession) -> Answered<ClientSecret, SetUpByAlias> {
        Ok(Answer(self.set_up(&session.who, MethodKind::Card).await?))
    }

    /// Begin to add a US bank account
    ///
    /// What the script of Stripe is started with.
    #[oai(
        path = "/api/billing/setup-intent/us-bank",
        method = "post",
        operation_id = "alias_set_up_us_bank",
        deprecated
    )]
    async fn set_up_bank(&self, session: LiveSession) -> Answered<ClientSecret, SetUpByAlias> {
        Ok(Answer(self.set_up(&session.who, MethodKind::UsBankDebit).await?))
    }

    /// Prove a US bank account
    ///
    /// By the amounts that arrived there, or by the code in the text of the deposit.
    #[oai(
        path = "/api/billing/us-bank/verify-microdeposits",
        method = "post",
        operation_id = "alias_verify_deposits",
        deprecated
    )]
    async fn verify_deposits(
        &self,
        session: LiveSession,
        body: Body<VerifyDeposits>,
    ) -> Answered<DepositsVerified, VerifyDeposits> {
        Ok(Answer(self.verify(&session.who, body.0).await?))
    }

    /// Begin to pay on a page of Stripe
    ///
    /// The payer is sent to the address of the answer.
    #[oai(
        path = "/api/billing/checkout_session",
        method = "post",
        operation_id = "alias_checkout",
        deprecated
    )]
    async fn checkout(
        &self,
        session: LiveSession,
        body: Body<BeginCheckout>,
    ) -> Answered<CheckoutSession, PayByAlias> {
        Ok(Answer(self.begin_checkout(&session.who, body.0).await?))
    }

    /// Receive what Stripe posts
    ///
    /// As at the webhook of its only instance.
    #[oai(
        path = "/api/stripe/webhook",
        method = "post",
        operation_id = "alias_stripe_webhook",
        deprecated
    )]
    async fn webhook(&self, posted: Posted) -> Result<Answer<Received>, Refusal<Posted>> {
        self.delivered(STRIPE, None, posted).await
    }

    /// Receive what `PayPal` posts
    ///
    /// As at the webhook of its only instance.
    #[oai(
        path = "/api/paypal/webhook",
        method = "post",
        operation_id = "alias_paypal_webhook",
        deprecated
    )]
    async fn paypal_webhook(&self, posted: Posted) -> Result<Answer<Received>, Refusal<Posted>> {
        self.delivered("paypal", None, posted).await
    }

    /// Receive what `CCBill` posts
    ///
    /// As at the webhook of its only instance, with the token of that address, because `CCBill` signs nothing.
    #[oai(
        path = "/api/ccbill/webhook",
        method = "post",
        operation_id = "alias_ccbill_webhook",
        deprecated
    )]
    async fn ccbill_webhook(
        &self,
        /// What the set-up of the plugin shows as the last part of the address.
        token: Query<Option<String>>,
        posted: Posted,
    ) -> Result<Answer<Received>, Refusal<Posted>> {
        self.delivered("ccbill", token.0.as_deref(), posted).await
    }

    /// What a page needs for Stripe
    ///
    /// The key that Stripe publishes for its script, and the currency of requests that name none.
    #[expect(
        clippy::unused_async,
        reason = "poem-openapi takes asynchronous handlers only"
    )]
    #[oai(
        path = "/ui/billing/config",
        method = "get",
        operation_id = "alias_ui_config",
        deprecated
    )]
    async fn ui_config(&self) -> Answered<StripeConfig, ReadByAlias> {
        Ok(Answer(self.config()?))
    }

    /// What do I owe, in one currency?
    ///
    /// In the only currency in which anything was posted, or else in that of the setting `billing.default_currency`.
    #[oai(
        path = "/ui/billing/balance",
        method = "get",
        operation_id = "alias_ui_balance",
        deprecated
    )]
    async fn ui_balance(
        &self,
        session: LiveSession,
        /// In this currency.
        currency: Query<Option<Currency>>,
    ) -> Answered<AliasBalance, ReadByAlias> {
        Ok(Answer(self.balance(&session.who, currency.0).await?))
    }

    /// Read what is set about billing in the panel
    ///
    /// The default method, and whether what is due is collected by itself.
    #[oai(
        path = "/ui/billing/settings",
        method = "get",
        operation_id = "alias_ui_settings",
        deprecated
    )]
    async fn ui_settings(&self, session: LiveSession) -> Answered<BillingSettings, ReadByAlias> {
        self.only(STRIPE)?;
        Ok(Answer(
            self.app.autopay.billing_settings(session.who.subject()).await?,
        ))
    }

    /// Turn automatic payment on or off in the panel
    ///
    /// Turning it on needs a fresh step-up.
    #[oai(
        path = "/ui/billing/autopay",
        method = "post",
        operation_id = "alias_ui_autopay",
        deprecated
    )]
    async fn ui_autopay(
        &self,
        session: LiveSession,
        body: Body<SetAutopay>,
    ) -> Answered<AutopayView, AutopayByAlias> {
        self.only(STRIPE)?;
        Ok(Answer(self.app.autopay.set(&session.who, &body.0).await?))
    }

    /// Begin to add a card in the panel
    ///
    /// What the script of Stripe is started with.
    #[oai(
        path = "/ui/billing/setup-intent/card",
        method = "post",
        operation_id = "alias_ui_set_up_card",
        deprecated
    )]
    async fn ui_set_up_card(&self, session: LiveSession) -> Answered<ClientSecret, SetUpByAlias> {
        Ok(Answer(self.set_up(&session.who, MethodKind::Card).await?))
    }

    /// Begin to add a US bank account in the panel
    ///
    /// What the script of Stripe is started with.
    #[oai(
        path = "/ui/billing/setup-intent/us-bank",
        method = "post",
        operation_id = "alias_ui_set_up_us_bank",
        deprecated
    )]
    async fn ui_set_up_bank(&self, session: LiveSession) -> Answered<ClientSecret, SetUpByAlias> {
        Ok(Answer(self.set_up(&session.who, MethodKind::UsBankDebit).await?))
    }

    /// Prove a US bank account in the panel
    ///
    /// By the amounts that arrived there, or by the code in the text of the deposit.
    #[oai(
        path = "/ui/billing/us-bank/verify-microdeposits",
        method = "post",
        operation_id = "alias_ui_verify_deposits",
        deprecated
    )]
    async fn ui_verify_deposits(
        &self,
        session: LiveSession,
        body: Body<VerifyDeposits>,
    ) -> Answered<DepositsVerified, VerifyDeposits> {
        Ok(Answer(self.verify(&session.who, body.0).await?))
    }

    /// List payment methods at Stripe
    ///
    /// By priority.
    #[oai(
        path = "/ui/billing/payment-methods",
        method = "get",
        operation_id = "alias_ui_methods",
        deprecated
    )]
    async fn ui_methods(&self, session: LiveSession) -> Answered<BareList<MethodView>, ReadByAlias> {
        Ok(Answer(self.methods(&session.who).await?))
    }

    /// Put a payment method at Stripe in another place
    ///
    /// Lower comes first.
    #[oai(
        path = "/ui/billing/payment-methods/priority",
        method = "post",
        operation_id = "alias_ui_priority",
        deprecated
    )]
    async fn ui_priority(
        &self,
        session: LiveSession,
        body: Body<SetMethodPriority>,
    ) -> Answered<Confirmed, PriorityByAlias> {
        self.only(STRIPE)?;
        let methods = &self.app.payment_methods;
        methods.set_priority(&session.who, &body.0).await?;
        Ok(Answer(Confirmed::OK))
    }

    /// Choose the default payment method at Stripe
    ///
    /// It is charged where a payment names none. Needs a fresh step-up.
    #[oai(
        path = "/ui/billing/payment-methods/default",
        method = "post",
        operation_id = "alias_ui_default",
        deprecated
    )]
    async fn ui_default(
        &self,
        session: LiveSession,
        body: Body<SetDefaultMethod>,
    ) -> Answered<Confirmed, DefaultByAlias> {
        self.only(STRIPE)?;
        let methods = &self.app.payment_methods;
        methods.set_default(&session.who, &body.0).await?;
        Ok(Answer(Confirmed::OK))
    }

    /// Remove a payment method at Stripe
    ///
    /// It is gone at once, and the vendor is told to forget it. Needs a fresh step-up.
    #[oai(
        path = "/ui/billing/payment-methods/:payment_method_id",
        method = "delete",
        operation_id = "alias_ui_remove_method",
        deprecated
    )]
    async fn ui_remove(
        &self,
        session: LiveSession,
        /// As given in the list.
        payment_method_id: Path<PaymentMethodId>,
    ) -> Answered<Confirmed, RemoveByAlias> {
        self.only(STRIPE)?;
        let methods = &self.app.payment_methods;
        methods.remove(&session.who, &payment_method_id.0).await?;
        Ok(Answer(Confirmed::OK))
    }

    /// Pay the balance through Stripe
    ///
    /// A stored method is charged for what is due, or for less. Nothing due is no mistake.
    #[oai(
        path = "/ui/billing/pay-balance",
        method = "post",
        operation_id = "alias_ui_pay_balance",
        deprecated
    )]
    async fn ui_pay_balance(
        &self,
        session: LiveSession,
        body: Body<PayBalance>,
    ) -> Answered<AliasPaid, PayByAlias> {
        let vendor = self.only(STRIPE)?;
        Ok(Answer(self.pay(&session.who, body.0, Some(vendor)).await?))
    }

    /// Charge at once through Stripe
    ///
    /// A stored method is charged for something that was not put on the balance before. Without a key an equal payment that is
    /// still open is refused.
    #[oai(
        path = "/ui/billing/charge-once",
        method = "post",
        operation_id = "alias_ui_charge_once",
        deprecated
    )]
    async fn ui_charge_once(
        &self,
        session: LiveSession,
        body: Body<ChargeOnce>,
    ) -> Answered<AliasPaid, PayByAlias> {
        let vendor = self.only(STRIPE)?;
        Ok(Answer(self.charge(&session.who, body.0, Some(vendor)).await?))
    }

    /// Begin to pay on a page of Stripe, in the panel
    ///
    /// The payer is sent to the address of the answer.
    #[oai(
        path = "/ui/billing/checkout_session",
        method = "post",
        operation_id = "alias_ui_checkout",
        deprecated
    )]
    async fn ui_checkout(
        &self,
        session: LiveSession,
        body: Body<BeginCheckout>,
    ) -> Answered<CheckoutSession, PayByAlias> {
        Ok(Answer(self.begin_checkout(&session.who, body.0).await?))
    }

    /// Put something on one's own balance in the panel
    ///
    /// On a developer's machine alone: elsewhere there is no such path.
    #[oai(
        path = "/ui/billing/_dev/add-charge",
        method = "post",
        operation_id = "alias_ui_add_charge",
        deprecated
    )]
    async fn ui_add_charge(
        &self,
        session: LiveSession,
        body: Body<AddCharge>,
    ) -> Answered<ChargeAdded, AddCharge> {
        Ok(Answer(self.charged(&session.who, body.0).await?))
    }

    /// List entries of the ledger
    ///
    /// Newest first; entries that only end another one are left out.
    #[oai(
        path = "/ui/billing/ledger",
        method = "get",
        operation_id = "alias_ui_ledger",
        deprecated
    )]
    async fn ui_ledger(
        &self,
        session: LiveSession,
        /// How many at most, 1 to 200; 50 where it is not said. What is beyond counts as the nearest.
        limit: Query<Option<i64>>,
        /// Of the account in this currency.
        currency: Query<Option<Currency>>,
    ) -> Answered<AliasEntries, ReadByAlias> {
        Ok(Answer(self.entries(&session.who, limit.0, currency.0).await?))
    }

    /// List payments through Stripe
    ///
    /// Newest first.
    #[oai(
        path = "/ui/billing/payments",
        method = "get",
        operation_id = "alias_ui_payments",
        deprecated
    )]
    async fn ui_payments(
        &self,
        session: LiveSession,
        /// How many at most, 1 to 200; 50 where it is not said. What is beyond counts as the nearest.
        limit: Query<Option<i64>>,
    ) -> Answered<AliasPayments, ReadByAlias> {
        Ok(Answer(self.payments(&session.who, limit.0).await?))
    }
}
