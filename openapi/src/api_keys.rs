//! API keys: make, list, change, rotate, revoke, and have them verified.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::api_keys::{
    ApiKeyId, ApiKeyList, ApiKeyNetworks, ApiKeyUsage, ApiKeyView, CreateApiKey, IssuedApiKey,
    ReadApiKeyUsage, RenameApiKey, RevokeApiKey, RotateApiKey, ScopeList, SetApiKeyNetworks, SetApiKeyRules,
    VerifiedApiKey, VerifyApiKey,
};

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::dto::Confirmed;
use crate::key_scopes::{KeyAlone, KeysVerify};
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct ApiKeysApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(ApiKeysApi);

#[OpenApi(tag = "Tag::ApiKeys")]
impl ApiKeysApi {
    /// List the API keys of the account
    ///
    /// Newest first, with those that ended within the last 30 days. When a key was last used is told to a few seconds.
    #[oai(path = "/ui/api_keys", method = "get", operation_id = "list_api_keys")]
    async fn list(&self, session: LiveSession) -> Answered<ApiKeyList> {
        Ok(Answer(self.app.api_keys.list(&session.who).await?))
    }

    /// Make an API key
    ///
    /// The key is in this answer and nowhere else. Without scopes it may do nothing but be verified. Where the account has
    /// factors it needs a fresh step-up.
    #[oai(path = "/ui/api_keys", method = "post", operation_id = "create_api_key")]
    async fn create(
        &self,
        session: LiveSession,
        body: Body<CreateApiKey>,
    ) -> Answered<IssuedApiKey, CreateApiKey> {
        Ok(Answer(self.app.api_keys.create(&session.who, &body.0).await?))
    }

    /// List the scopes that one can give to API keys
    ///
    /// Those of the service, each for some of its operations, and those that the application has of its own.
    #[oai(
        path = "/ui/api_keys/scopes",
        method = "get",
        operation_id = "list_api_key_scopes"
    )]
    async fn scopes(&self, session: LiveSession) -> Answered<ScopeList> {
        let scopes = self.app.api_keys.scopes(session.who.subject());
        Ok(Answer(scopes.await?))
    }

    /// Rename an API key
    #[oai(
        path = "/ui/api_keys/rename",
        method = "post",
        operation_id = "rename_api_key"
    )]
    async fn rename(
        &self,
        session: LiveSession,
        body: Body<RenameApiKey>,
    ) -> Answered<ApiKeyView, RenameApiKey> {
        Ok(Answer(self.app.api_keys.rename(&session.who, &body.0).await?))
    }

    /// Rotate an API key
    ///
    /// The key gets a new secret and stays what it is otherwise. Those before are valid beside it for as long as is asked, so that
    /// programs can be changed over one by one. Asked again, as after an answer that was lost, it gets another one. No
    /// secret ends sooner than was said for it, unless a shorter time is asked for now: while two of before are valid, a third one
    /// is refused. Where the account has factors it needs a fresh step-up.
    #[oai(
        path = "/ui/api_keys/rotate",
        method = "post",
        operation_id = "rotate_api_key"
    )]
    async fn rotate(
        &self,
        session: LiveSession,
        body: Body<RotateApiKey>,
    ) -> Answered<IssuedApiKey, RotateApiKey> {
        Ok(Answer(self.app.api_keys.rotate(&session.who, &body.0).await?))
    }

    /// Revoke an API key
    ///
    /// It is not accepted any more as soon as this is answered, and by other nodes within a second. Revoking a key that has
    /// ended changes nothing.
    #[oai(
        path = "/ui/api_keys/revoke",
        method = "post",
        operation_id = "revoke_api_key"
    )]
    async fn revoke(
        &self,
        session: LiveSession,
        body: Body<RevokeApiKey>,
    ) -> Answered<Confirmed, RevokeApiKey> {
        self.app.api_keys.revoke(&session.who, &body.0).await?;
        Ok(Answer(Confirmed::OK))
    }

    /// Set from where an API key may be used
    ///
    /// Both lists are replaced. What lets it be used from any address more than before needs a fresh step-up where the account has
    /// factors.
    #[oai(
        path = "/ui/api_keys/ip_rules",
        method = "post",
        operation_id = "set_api_key_ip_rules"
    )]
    async fn ip_rules(
        &self,
        session: LiveSession,
        body: Body<SetApiKeyNetworks>,
    ) -> Answered<ApiKeyNetworks, SetApiKeyNetworks> {
        Ok(Answer(
            self.app.api_keys.set_networks(&session.who, &body.0).await?,
        ))
    }

    /// Set what an API key may do, and how often
    ///
    /// All of it is replaced. What lets it do anything more, or more often, needs a fresh step-up where the account has factors.
    #[oai(
        path = "/ui/api_keys/rules",
        method = "post",
        operation_id = "set_api_key_rules"
    )]
    async fn rules(
        &self,
        session: LiveSession,
        body: Body<SetApiKeyRules>,
    ) -> Answered<ApiKeyView, SetApiKeyRules> {
        Ok(Answer(self.app.api_keys.set_rules(&session.who, &body.0).await?))
    }

    /// Read how an API key was used
    ///
    /// By days (UTC), and by scope, address and client, up to a few seconds ago and for up to 90 days. Uses that were refused
    /// although the key was valid are told as well.
    #[oai(
        path = "/ui/api_keys/:key_id/usage",
        method = "get",
        operation_id = "read_api_key_usage"
    )]
    async fn usage(
        &self,
        session: LiveSession,
        /// As given in the list.
        key_id: Path<ApiKeyId>,
        /// Of how many days, today included; 30 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "90")))]
        days: Query<Option<u16>>,
    ) -> Answered<ApiKeyUsage, ReadApiKeyUsage> {
        let command = ReadApiKeyUsage { days: days.0 };
        let usage = self.app.api_keys.usage(&session.who, &key_id.0, command);
        Ok(Answer(usage.await?))
    }

    /// Verify an API key
    ///
    /// For the back end of the application, which was shown a key by one of its clients: whose it is, and what it may do. A use
    /// of that key is counted and noted as any other. The key that asks is one of an operator, and has a budget of its own for
    /// this. Of a key that is not valid nothing is told.
    #[oai(path = "/api/keys/verify", method = "post", operation_id = "verify_api_key")]
    async fn verify(
        &self,
        key: KeyAlone<KeysVerify>,
        body: Body<VerifyApiKey>,
    ) -> Answered<VerifiedApiKey, VerifyApiKey> {
        Ok(Answer(self.app.api_keys.verify(&key.who, &body.0).await?))
    }
}
