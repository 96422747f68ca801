//! What a client does before its sessions can be checked: sign up, start a session.

use serde::Deserialize;
use serde_json::json;

use crate::Result;
use crate::http::{Connection, Url};

/// A password that no rule refuses.
const PASSWORD: &str = "vX7-quiet-harbour-lantern-29";

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Started {
    session_id: Option<String>,
}

#[derive(Deserialize)]
struct Key {
    api_key: String,
}

/// Somebody with an account.
pub(crate) struct Person {
    token: String,
}

impl Person {
    /// Makes the account.
    pub(crate) async fn sign_up(connection: &mut Connection, url: &Url, email: &str) -> Result<Self> {
        let request = url.at("/auth/sign-up").request("POST", &[], &credentials(email));
        let Token { access_token } = connection.json(&request, 201).await?;
        Ok(Self { token: access_token })
    }

    /// Starts one more session and returns the headers that prove it.
    pub(crate) async fn start_session(
        &self,
        connection: &mut Connection,
        url: &Url,
    ) -> Result<Vec<(String, String)>> {
        let bearer = ("authorization".to_owned(), format!("Bearer {}", self.token));
        let body = json!({ "transport": "header" }).to_string();
        let request = url
            .at("/ui/session/start")
            .request("POST", std::slice::from_ref(&bearer), &body);
        let Started { session_id } = connection.json(&request, 200).await?;
        let session =
            session_id.ok_or("the session was not started at once; is a second factor asked for?")?;
        Ok(vec![bearer, ("x-session-id".to_owned(), session)])
    }
}

/// Makes an API key that may read entitlements and returns the header that shows it.
pub(crate) async fn make_key(
    connection: &mut Connection,
    url: &Url,
    session: &[(String, String)],
) -> Result<(String, String)> {
    let body = json!({ "scopes": ["entitlements:read"] }).to_string();
    let request = url.at("/ui/api_keys").request("POST", session, &body);
    let Key { api_key } = connection.json(&request, 200).await?;
    Ok(("x-api-key".to_owned(), api_key))
}

/// The body of a sign-up or a sign-in.
pub(crate) fn credentials(email: &str) -> String {
    json!({ "email": email, "password": PASSWORD }).to_string()
}

/// The address of the n-th person of a measurement.
pub(crate) fn email(group: &str, number: usize) -> String {
    format!("{group}-{number}@bench.example")
}
