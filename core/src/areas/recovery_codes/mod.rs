//! Recovery codes: each stands in once for a factor whose device is lost.

mod model;
mod records;

use std::sync::Arc;

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Result, id};

pub(crate) use model::RecoverySet;
use model::StoredCode;
pub use model::{RecoveryCodes, RecoveryOverview, RecoveryStatus};
pub(crate) use records::RECOVERY_CODES;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input;
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::table::Batch;
use crate::services::epochs::Epochs;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(
        RECOVERY_CODES,
        Personal::BySubject,
        &[shape::<RecoverySet>("set")],
    )
    .taken_over()],
    ..Area::EMPTY
};

/// How many codes are issued at once.
const COUNT: usize = 10;
/// The random bytes of one code: 80 bits.
const BYTES: usize = 10;

/// A recovery code that was right.
pub(crate) struct UsedCode {
    /// Its keyed hash, which the set keeps.
    pub(crate) mac: String,
    /// How many are left.
    pub(crate) left: usize,
}

/// Issues, counts and uses recovery codes.
#[derive(Clone)]
pub struct RecoveryCodeStore {
    context: Arc<Context>,
    epochs: Epochs,
}

impl RecoveryCodeStore {
    pub(crate) fn new(context: &Arc<Context>, epochs: &Epochs) -> Self {
        Self {
            context: Arc::clone(context),
            epochs: epochs.clone(),
        }
    }

    /// How many codes are left for each factor.
    pub async fn overview(&self, subject: &Subject) -> Result<RecoveryOverview> {
        let uses_lost_at = self.epochs.uses_lost_at().await?;
        let mut factors = Vec::new();
        for factor in FactorKind::ALL {
            let found = self
                .context
                .table::<RecoverySet>()
                .find(subject.as_str(), factor.as_str())
                .await?;
            factors.extend(found.map(|set| RecoveryStatus {
                factor,
                total: set.codes.len(),
                remaining: set.remaining(),
                issued_at: set.issued_at.seconds(),
                outdated: set.is_outdated(uses_lost_at),
            }));
        }
        Ok(RecoveryOverview { factors })
    }

    /// Whether a proof by the code with this keyed hash still counts in a session: its set is the one the account has, or
    /// was replaced in that very session.
    pub(crate) async fn stands(
        &self,
        subject: &Subject,
        factor: FactorKind,
        mac: &str,
        session: &SessionId,
    ) -> Result<bool> {
        let table = self.context.table::<RecoverySet>();
        let found = table.find(subject.as_str(), factor.as_str()).await?;
        Ok(found.is_some_and(|set| set.issued(mac) || set.replaced_in.as_ref() == Some(session)))
    }

    /// Whether a code is left for the factor.
    pub(crate) async fn any_left(&self, subject: &Subject, factor: FactorKind) -> Result<bool> {
        let found = self
            .context
            .table::<RecoverySet>()
            .find(subject.as_str(), factor.as_str())
            .await?;
        Ok(found.is_some_and(|set| set.remaining() > 0))
    }

    /// Adds a fresh set, in place of any older one, to the commit that needs it. The codes are shown once.
    pub(crate) fn issue(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        factor: FactorKind,
    ) -> Result<Vec<String>> {
        self.issue_in(batch, subject, factor, None)
    }

    pub(crate) fn issue_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        factor: FactorKind,
        replaced_in: Option<SessionId>,
    ) -> Result<Vec<String>> {
        let mut codes = Vec::with_capacity(COUNT);
        let mut stored = Vec::with_capacity(COUNT);
        for _ in 0..COUNT {
            let mut bytes = [0; BYTES];
            self.context.entropy.fill(&mut bytes)?;
            let code = id::base32(&bytes)?;
            stored.push(StoredCode {
                mac: self.mac(subject, factor, &code)?,
                used_at: None,
            });
            codes.push(grouped(&code));
        }
        let issued_at = self.context.now();
        batch.overwrite(&RecoverySet {
            subject: subject.clone(),
            factor,
            codes: stored,
            issued_at,
            replaced_in,
        })?;
        Ok(codes)
    }

    /// Adds the use of a code to the commit that it opens. Where a backup was restored since
    /// the set was issued, a code may have been used before without anybody knowing: the first one then uses up the set.
    ///
    /// # Errors
    /// `wrong-code` for a code that is unknown or used.
    pub(crate) async fn consume(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        factor: FactorKind,
        text: &str,
    ) -> Result<UsedCode> {
        let wrong = || WRONG_CODE.error();
        let presented = self.mac(subject, factor, &normalised(text))?;
        let found = self
            .context
            .table::<RecoverySet>()
            .find(subject.as_str(), factor.as_str())
            .await?
            .ok_or_else(wrong)?;
        let mut set = found.value.clone();
        let mut matching = None;
        for code in &mut set.codes {
            if same_secret(code.mac.as_bytes(), presented.as_bytes()) && code.used_at.is_none() {
                matching = Some(code);
            }
        }
        let now = self.context.now();
        matching.ok_or_else(wrong)?.used_at = Some(now);
        if set.is_outdated(self.epochs.uses_lost_at().await?) {
            for code in &mut set.codes {
                code.used_at.get_or_insert(now);
            }
        }
        batch.replace(&found, &set)?;
        Ok(UsedCode {
            mac: presented,
            left: set.remaining(),
        })
    }

    /// Whether the set that the account has now is the one with this code, used or not. The commit fails if the set is
    /// written meanwhile.
    pub(crate) async fn require_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        factor: FactorKind,
        mac: &str,
    ) -> Result<bool> {
        let found = self
            .context
            .table::<RecoverySet>()
            .find(subject.as_str(), factor.as_str())
            .await?;
        let Some(set) = found else {
            return Ok(false);
        };
        batch.check(&set);
        Ok(set.issued(mac))
    }

    /// Checks a code without using it up, for a commit that removes the whole set.
    pub(crate) async fn check(&self, subject: &Subject, factor: FactorKind, text: &str) -> Result<()> {
        let mut unused = Batch::default();
        self.consume(&mut unused, subject, factor, text).await.map(drop)
    }

    /// Adds the removal of a factor's codes to the commit that removes its last device.
    pub(crate) fn discard(batch: &mut Batch, subject: &Subject, factor: FactorKind) {
        batch.clear::<RecoverySet>(subject.to_string(), factor.as_str().into());
    }

    fn mac(&self, subject: &Subject, factor: FactorKind, code: &str) -> Result<String> {
        self.context
            .keyring
            .pseudonym("recovery-code", &[subject.as_str(), factor.as_str(), code])
    }
}

fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

/// Forgives what every code forgives, anything else between the groups, and the letters that look like digits.
fn normalised(text: &str) -> String {
    input::code(text)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(normalised(" ABCD-efgh 0oIl "), "abcdefgh0011");
        assert_eq!(normalised("ＡＢＣＤ－ＥＦＧＨ－０１２３"), "abcdefgh0123");
        assert_eq!(grouped("abcdefgh01234567"), "abcd-efgh-0123-4567");
    }
}
