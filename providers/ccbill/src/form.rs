//! Pages of FlexForms: their address with its digest, and what proves that a sale on one was begun here.
//!
//! CCBill's digests are MD5 over a salt that both sides know. The first covers the price, not what is passed through, so a
//! payer could put what is passed for one page into the address of a cheaper one: our own MAC binds it to amount and
//! currency.

use std::collections::BTreeMap;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use portcullis_ports::id::SubscriptionId;
use portcullis_ports::money::Money;
use portcullis_ports::payments::{AttemptId, SubscriptionOrder, Tag};
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Endpoint, Secret};
use sha2::Sha256;

use crate::subscriptions::REBILLS;
use crate::terms;
use crate::wire::{ATTEMPT, PROOF, SUBSCRIPTION, TAG};

/// A subscription that is agreed to on a page.
pub(crate) struct Rebilled<'a> {
    pub(crate) order: &'a SubscriptionOrder,
    pub(crate) days: u16,
}

/// The form of an account.
pub(crate) struct Form {
    pub(crate) endpoint: Endpoint,
    pub(crate) id: String,
    pub(crate) account: String,
    /// With four digits.
    pub(crate) subaccount: String,
    pub(crate) period_days: u16,
    pub(crate) salt: Secret,
}

fn md5(text: &str) -> String {
    HEXLOWER.encode(&Md5::digest(text.as_bytes()))
}

impl Form {
    /// The address at which a payment is made; `None` in a currency that CCBill does not take.
    pub(crate) fn url(&self, id: &AttemptId, tag: &Tag, amount: Money) -> Option<String> {
        let price = terms::price(amount);
        let currency = format!("{:03}", terms::number(amount.currency)?);
        let digest = self.digest(&price, &self.period_days.to_string(), &currency);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("clientAccnum", &self.account)
            .append_pair("clientSubacc", &self.subaccount)
            .append_pair("initialPrice", &price)
            .append_pair("initialPeriod", &self.period_days.to_string())
            .append_pair("currencyCode", &currency)
            .append_pair("formDigest", &digest)
            .extend_pairs(self.passed(id, tag, amount));
        let (endpoint, form) = (&self.endpoint, &self.id);
        Some(format!(
            "{endpoint}/wap-frontflex/flexforms/{form}?{}",
            query.finish()
        ))
    }

    /// The address at which a subscription is agreed to; `None` in a currency that CCBill does not take.
    pub(crate) fn subscription_url(&self, rebilled: &Rebilled<'_>) -> Option<String> {
        let (order, days) = (rebilled.order, rebilled.days.to_string());
        let amount = order.amount.get();
        let price = terms::price(amount);
        let currency = format!("{:03}", terms::number(amount.currency)?);
        let rebills = REBILLS.to_string();
        let salt = self.salt.expose();
        let digest = md5(&format!("{price}{days}{price}{days}{rebills}{currency}{salt}"));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("clientAccnum", &self.account)
            .append_pair("clientSubacc", &self.subaccount)
            .append_pair("initialPrice", &price)
            .append_pair("initialPeriod", &days)
            .append_pair("recurringPrice", &price)
            .append_pair("recurringPeriod", &days)
            .append_pair("numRebills", &rebills)
            .append_pair("currencyCode", &currency)
            .append_pair("formDigest", &digest)
            .extend_pairs(self.passed_subscription(&order.id, &order.tag, amount));
        let (endpoint, form) = (&self.endpoint, &self.id);
        Some(format!(
            "{endpoint}/wap-frontflex/flexforms/{form}?{}",
            query.finish()
        ))
    }

    /// The same of a subscription.
    pub(crate) fn passed_subscription(
        &self,
        id: &SubscriptionId,
        tag: &Tag,
        amount: Money,
    ) -> [(&'static str, String); 3] {
        let (id, tag) = (id.to_string(), tag.to_string());
        let proof = self.proof(&id, &tag, amount);
        [(SUBSCRIPTION, id), (TAG, tag), (PROOF, proof)]
    }

    /// The digest of an address with one price.
    pub(crate) fn digest(&self, price: &str, period: &str, currency: &str) -> String {
        md5(&format!("{price}{period}{currency}{}", self.salt.expose()))
    }

    /// The digest that a sale carries, or a denial.
    pub(crate) fn answer_digest(&self, id: &str, approved: bool) -> String {
        md5(&format!("{id}{}{}", u8::from(approved), self.salt.expose()))
    }

    /// What CCBill gives back with everything that it tells of the sale.
    pub(crate) fn passed(&self, id: &AttemptId, tag: &Tag, amount: Money) -> [(&'static str, String); 3] {
        let (id, tag) = (id.to_string(), tag.to_string());
        let proof = self.proof(&id, &tag, amount);
        [(ATTEMPT, id), (TAG, tag), (PROOF, proof)]
    }

    fn proof(&self, id: &str, tag: &str, amount: Money) -> String {
        let said = format!(
            "portcullis sale\n{id}\n{tag}\n{}\n{}",
            amount.minor, amount.currency
        );
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.salt.expose().as_bytes()) else {
            return String::new();
        };
        HEXLOWER.encode(&mac.chain_update(said.as_bytes()).finalize().into_bytes())
    }

    /// What a sale of this amount was begun for, if what it carries under that name proves it.
    pub(crate) fn proven<T: FromStr>(
        &self,
        fields: &BTreeMap<String, String>,
        named: &str,
        amount: Money,
    ) -> Option<T> {
        let given = |name: &str| fields.get(&format!("X-{name}")).map(String::as_str);
        let (id, tag, proof) = (given(named)?, given(TAG)?, given(PROOF)?);
        let right = self.proof(id, tag, amount);
        (!right.is_empty() && same_secret(right.as_bytes(), proof.as_bytes()))
            .then(|| id.parse().ok())
            .flatten()
    }
}
