//! A secret is sealed and opened, and stays shut for another purpose.

use super::{FAILED, SelfTest};
use crate::error::Result;
use crate::keys::{EncryptionContext, KeyManager};
use crate::secret::same_secret;

pub(crate) async fn round_trip(keys: &dyn KeyManager, with: &SelfTest<'_>) -> Result<String> {
    let mut plain = [0; 32];
    with.entropy.fill(&mut plain)?;
    let context = EncryptionContext::new("doctor").and("try", "1");
    let sealed = keys.seal(&plain, &context).await?;
    let opened = keys.open(&sealed, &context).await?;
    if !same_secret(&opened, &plain) {
        return Err(FAILED.with_detail("what was sealed does not open to the same"));
    }
    let other = EncryptionContext::new("doctor").and("try", "2");
    if keys.open(&sealed, &other).await.is_ok() {
        return Err(FAILED.with_detail("what was sealed for one purpose opens for another"));
    }
    Ok("sealed and opened a secret; for another purpose it stays shut".to_owned())
}
