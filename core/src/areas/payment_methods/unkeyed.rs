//! Setups of clients that send no idempotency key and know a setup by the vendor's name alone, as the replaced service let them.

use portcullis_ports::id::SetupId;
use portcullis_ports::{Error, Result};

use super::PaymentMethods;
use super::model::{BeginSetup, SETUP_LIMIT, SETUP_NOT_FOUND, SetupView};
use crate::areas::sessions::SignedIn;
use crate::services::idempotency::IdempotencyKey;

/// How many setups are tried until a new one is begun.
const TRIED: u32 = 64;

impl PaymentMethods {
    /// Begins to add a method, or goes on with the one of these kinds that waits for its payer, and gives what the vendor's
    /// script needs. A page that is opened again begins nothing new.
    ///
    /// # Errors
    /// Those of [`BeginSetup`].
    pub async fn begin_setup_unkeyed(&self, who: &SignedIn, command: &BeginSetup) -> Result<SetupView> {
        let asked = serde_json::to_string(command)
            .map_err(|error| Error::internal("a request cannot be written").with_source(error))?;
        for number in 0..TRIED {
            let parts = [who.subject().as_str(), &asked, &number.to_string()];
            let key = self.context.keyring.pseudonym("setup-without-key", &parts)?;
            let key = IdempotencyKey::parse(&key).map_err(Error::internal)?;
            match self.begin_setup(who, &key, command).await {
                Ok(setup) if setup.next_action.is_some() => return Ok(setup),
                // It is over, or its vendor gives the secret no more: the next one.
                Ok(_) => {}
                Err(error) if error.code() == SETUP_NOT_FOUND => {}
                Err(error) => return Err(error),
            }
        }
        Err(SETUP_LIMIT.error())
    }

    /// Our name of a setup that waits, by the vendor's.
    ///
    /// # Errors
    /// `payment-method-setup-not-found`, also for those of others.
    pub async fn setup_called(&self, who: &SignedIn, vendor: &str, theirs: &str) -> Result<SetupId> {
        let slot = self.methods(who.subject()).await?;
        let mut setups = slot.value.setups.iter();
        let found = setups.find(|setup| {
            let named = setup
                .theirs
                .as_ref()
                .is_some_and(|named| named.as_str() == theirs);
            named && setup.instance == vendor
        });
        found
            .map(|setup| setup.id.clone())
            .ok_or_else(|| SETUP_NOT_FOUND.error())
    }
}
