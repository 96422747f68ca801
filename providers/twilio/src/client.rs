//! The API of Twilio as requests: where they go, who asks, how long they may take.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::{Endpoint, Secret};

/// Messages to one number that are looked at.
const PAGE: &str = "50";

/// Names and values of a form, in order.
pub(crate) type Form = Vec<(&'static str, String)>;

/// A name and a secret, ready for the header `Authorization` (RFC 7617).
#[derive(Clone)]
pub(crate) struct Credentials(Secret);

impl Credentials {
    pub(crate) fn new(name: &str, secret: &Secret) -> Self {
        let pair = Secret::new(format!("{name}:{}", secret.expose()));
        Self(Secret::new(format!(
            "Basic {}",
            BASE64.encode(pair.expose().as_bytes())
        )))
    }
}

/// Asks Twilio.
pub(crate) struct Client {
    pub(crate) http: Arc<dyn HttpClient>,
    /// For everything but the account itself: standard API keys cannot read it.
    pub(crate) requests: Credentials,
    /// Account SID and Auth Token.
    pub(crate) token: Credentials,
    pub(crate) account: String,
    pub(crate) messages: Endpoint,
    pub(crate) verify: Endpoint,
    pub(crate) limit: Duration,
}

impl Client {
    /// Asks for one message to be sent.
    pub(crate) async fn create_message(&self, form: &Form) -> Result<HttpResponse, NoAnswer> {
        let url = format!(
            "{}/2010-04-01/Accounts/{}/Messages.json",
            self.messages, self.account
        );
        self.post(url, form).await
    }

    /// Reads one message.
    pub(crate) async fn message(&self, sid: &str) -> Result<HttpResponse, NoAnswer> {
        self.get(&format!("Messages/{sid}.json")).await
    }

    /// Lists the newest messages to a number. Not by the day of sending: a message that waits has none yet.
    pub(crate) async fn messages_to(&self, number: &str) -> Result<HttpResponse, NoAnswer> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", number)
            .append_pair("PageSize", PAGE)
            .finish();
        self.get(&format!("Messages.json?{query}")).await
    }

    /// Asks for a code to be sent.
    pub(crate) async fn create_verification(
        &self,
        service: &str,
        form: &Form,
    ) -> Result<HttpResponse, NoAnswer> {
        let url = format!("{}/v2/Services/{service}/Verifications", self.verify);
        self.post(url, form).await
    }

    /// Ends a verification, so that the next one for the same number is a new one.
    pub(crate) async fn cancel_verification(
        &self,
        service: &str,
        sid: &str,
    ) -> Result<HttpResponse, NoAnswer> {
        let url = format!("{}/v2/Services/{service}/Verifications/{sid}", self.verify);
        self.post(url, &vec![("Status", "canceled".to_owned())]).await
    }

    /// Reads the account.
    pub(crate) async fn account(&self) -> Result<HttpResponse, NoAnswer> {
        let url = format!("{}/2010-04-01/Accounts/{}.json", self.messages, self.account);
        self.send(HttpRequest::new(HttpMethod::Get, url), &self.token)
            .await
    }

    /// Reads a Verify Service.
    pub(crate) async fn verify_service(&self, service: &str) -> Result<HttpResponse, NoAnswer> {
        let url = format!("{}/v2/Services/{service}", self.verify);
        self.send(HttpRequest::new(HttpMethod::Get, url), &self.requests)
            .await
    }

    async fn get(&self, resource: &str) -> Result<HttpResponse, NoAnswer> {
        let url = format!(
            "{}/2010-04-01/Accounts/{}/{resource}",
            self.messages, self.account
        );
        self.send(HttpRequest::new(HttpMethod::Get, url), &self.requests)
            .await
    }

    async fn post(&self, url: String, form: &Form) -> Result<HttpResponse, NoAnswer> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = HttpRequest::new(HttpMethod::Post, url).body("application/x-www-form-urlencoded", body);
        self.send(request, &self.requests).await
    }

    async fn send(&self, request: HttpRequest, who: &Credentials) -> Result<HttpResponse, NoAnswer> {
        let request = request
            .header("authorization", who.0.expose())
            .header("accept", "application/json")
            .within(self.limit);
        self.http.send(request).await
    }
}
