//! CCBill's part in the browser: the Advanced Widget, which makes payment tokens and does 3-D Secure.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::money::Money;
use portcullis_ports::outcome::Reason;
use portcullis_ports::payments::{
    Browser, BrowserConfig, BrowserToken, ClientSecret, MethodRef, UNAVAILABLE, VendorRef,
};
use serde_json::json;

use crate::payments::Ccbill;
use crate::terms;

#[async_trait]
impl Browser for Ccbill {
    fn config(&self) -> &BrowserConfig {
        &self.browser
    }

    async fn token(&self, _: Option<&VendorRef>) -> Result<Option<BrowserToken>> {
        match self.widget(None, None).await {
            Ok(token) => Ok(Some(BrowserToken { token })),
            Err(reason) => Err(UNAVAILABLE.error().with_context("why", reason.detail)),
        }
    }
}

impl Ccbill {
    /// What the widget is started with, as JSON: the token of the front-end application, the account, and what is to be
    /// confirmed at the bank.
    pub(crate) async fn widget(
        &self,
        method: Option<&MethodRef>,
        amount: Option<Money>,
    ) -> Result<ClientSecret, Reason> {
        let token = self.client.token(&self.client.frontend, None).await?;
        let start = json!({
            "accessToken": token.text.expose(),
            "clientAccnum": self.account,
            "clientSubacc": self.subaccount,
            "paymentTokenId": method.map(|method| method.theirs.as_str()),
            "amount": amount.map(terms::price),
            "currencyCode": amount.and_then(|amount| terms::number(amount.currency)),
        });
        Ok(ClientSecret::new(start.to_string()))
    }
}
