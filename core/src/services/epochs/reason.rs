//! Why a session is over.

use serde::{Deserialize, Serialize};

/// Why a session is over: it was not used for a while (`idle`), reached its longest duration (`expired`), signed out
/// (`signed_out`), was ended from another session (`revoked`, or `others_ended` with all others), ended with a password
/// that was changed (`password_changed`) or recovered (`password_recovered`), made room for newer ones (`too_many`), or
/// ended with those of everybody, by the operator (`all_ended`) or after a backup was restored (`backup_restored`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum EndReason {
    /// It was not used for longer than `sessions.idle`.
    Idle,
    /// It reached `sessions.lifetime`.
    Expired,
    /// It signed out.
    SignedOut,
    /// Another session of the account ended it, or one that it grew from.
    #[default]
    Revoked,
    /// Another session of the account ended all others.
    OthersEnded,
    /// Another session of the account changed the password.
    PasswordChanged,
    /// A forgotten password was replaced.
    PasswordRecovered,
    /// The account began more sessions than `sessions.limit`.
    TooMany,
    /// The operator ended all sessions of everybody.
    AllEnded,
    /// The operator restored a backup.
    BackupRestored,
    /// The account was closed, and is being erased.
    AccountClosed,
}

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Idle,
        Self::Expired,
        Self::SignedOut,
        Self::Revoked,
        Self::OthersEnded,
        Self::PasswordChanged,
        Self::PasswordRecovered,
        Self::TooMany,
        Self::AllEnded,
        Self::BackupRestored,
        Self::AccountClosed,
    ];

    /// Its name in problems and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Expired => "expired",
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::OthersEnded => "others_ended",
            Self::PasswordChanged => "password_changed",
            Self::PasswordRecovered => "password_recovered",
            Self::TooMany => "too_many",
            Self::AllEnded => "all_ended",
            Self::BackupRestored => "backup_restored",
            Self::AccountClosed => "account_closed",
        }
    }

    /// The reason of that name.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// A sentence for the person.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Idle => "The session ended because it was not used for a while: please sign in again.",
            Self::Expired => "The session has reached its longest duration: please sign in again.",
            Self::SignedOut => "You signed out of this session: please sign in again.",
            Self::Revoked => {
                "The session was ended from another session of the account: please sign in again."
            }
            Self::OthersEnded => {
                "Another session of the account ended all others, this one included: please sign in again."
            }
            Self::PasswordChanged => {
                "The password was changed, which ended this session: please sign in with the new one."
            }
            Self::PasswordRecovered => {
                "The forgotten password was replaced, which ended this session: please sign in with the new one."
            }
            Self::TooMany => {
                "The session ended because the account is signed in in too many places: please sign in again."
            }
            Self::AllEnded => "The operator ended the sessions of everybody: please sign in again.",
            Self::BackupRestored => {
                "The service was restored from a backup, which ended all sessions: please sign in again."
            }
            Self::AccountClosed => "The account was closed and is being deleted.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_problems_call_a_reason_the_same() {
        for reason in EndReason::ALL {
            let word = format!("\"{}\"", reason.as_str());
            assert_eq!(serde_json::to_string(&reason).unwrap(), word);
            assert_eq!(EndReason::of(reason.as_str()), Some(reason));
        }
        assert_eq!(EndReason::of("other"), None);
    }
}
