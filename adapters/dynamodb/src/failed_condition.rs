//! What the service's judgement of expectations means for the caller.

use aws_sdk_dynamodb::types::CancellationReason;
use portcullis_ports::storage::{StoreError, Version};

use crate::failure::undecided;
use crate::item::{self, Item};

/// What a failed condition of a put means, if the record holds `found` and these versions were sent before.
pub(crate) fn judge_put(found: Option<&Item>, sent: &[Version]) -> Result<Version, StoreError> {
    if sent.is_empty() {
        return Err(StoreError::Conflict(vec![0]));
    }
    match found.and_then(item::version) {
        Some(version) if sent.contains(&version) => Ok(version),
        _ => Err(undecided("PutItem")),
    }
}

/// What a cancelled transaction means: an error for good, or why it should be tried again.
pub(crate) fn judge_transaction(reasons: &[CancellationReason], writes: usize) -> Result<String, StoreError> {
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    let failed: Vec<usize> = reasons
        .iter()
        .enumerate()
        .filter(|(_, reason)| code(reason) == "ConditionalCheckFailed")
        .map(|(at, _)| at)
        .collect();
    // Others may have been in the way as well, but what is false now was false without them.
    if !failed.is_empty() {
        return Err(StoreError::Conflict(failed));
    }
    let mut others: Vec<String> = reasons.iter().map(code).filter(|code| code != "None").collect();
    others.dedup();
    let why = format!(
        "TransactWriteItems of {writes}: cancelled by {}",
        others.join(", ")
    );
    let later = |code: &String| {
        matches!(
            code.as_str(),
            "TransactionConflict" | "ProvisionedThroughputExceeded" | "ThrottlingError"
        )
    };
    if others.iter().all(later) {
        return Ok(why);
    }
    let messages: Vec<&str> = reasons.iter().filter_map(CancellationReason::message).collect();
    Err(StoreError::Refused(format!("{why}: {}", messages.join("; "))))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::CancellationReason;
    use portcullis_ports::storage::{StoreError, Version};

    use super::{judge_put, judge_transaction};
    use crate::item::{VERSION, number};

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        let reason = |code: &&str| CancellationReason::builder().code(*code).build();
        codes.iter().map(reason).collect()
    }

    #[test]
    fn a_transaction_is_a_conflict_only_if_an_expectation_failed() {
        let judge = |codes: &[&str]| judge_transaction(&reasons(codes), codes.len());
        let both = judge(&["None", "ConditionalCheckFailed", "TransactionConflict"]);
        assert!(matches!(both, Err(StoreError::Conflict(failed)) if failed == [1]));
        for later in [
            "TransactionConflict",
            "ProvisionedThroughputExceeded",
            "ThrottlingError",
        ] {
            let why = judge(&["None", later]).unwrap();
            assert!(why.contains(later), "{why}");
        }
        let defect = judge(&["ValidationError", "TransactionConflict"]);
        assert!(matches!(defect, Err(StoreError::Refused(_))));
    }

    #[test]
    fn a_failed_condition_is_a_conflict_only_if_no_answer_was_lost() {
        let holding = |version: u64| [(VERSION.to_owned(), number(version))].into();
        let first = judge_put(Some(&holding(1)), &[]);
        assert!(matches!(first, Err(StoreError::Conflict(failed)) if failed == [0]));
        let sent = [Version(1), Version(2)];
        assert!(matches!(judge_put(Some(&holding(2)), &sent), Ok(Version(2))));
        for found in [Some(holding(3)), None] {
            let unclear = judge_put(found.as_ref(), &sent);
            assert!(matches!(unclear, Err(StoreError::Unavailable { .. })));
        }
    }
}
