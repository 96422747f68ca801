//! Writing: one record with a condition, several as a transaction.
//!
//! An answer can be lost after the service has done what was asked. A transaction carries a token, so sending it again
//! is harmless. A single write has none; it relies on the marks, which nobody else draws:
//! - The condition of every further try also says that the record does not hold a mark of an earlier one. If it does,
//!   the earlier try was done, and its mark is the answer.
//! - If the expectation fails after an answer was lost, and the record holds none of our marks, then either somebody
//!   else was first, or we were and somebody has changed it since. Nobody can tell, so the caller is told exactly that:
//!   unavailable, perhaps done. A conflict would invite to do it twice.
//! - A further try has a mark of its own: a mark never comes back, even if a try was done, replaced and done again.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Expect, Key, StoreError, Version, Write};

use crate::condition::Condition;
use crate::failure::{Miss, gave_up, undecided};
use crate::item::{self, Item};
use crate::mark;
use crate::store::{DynamoStore, no_judgement};

impl DynamoStore {
    pub(crate) async fn write(&self, writes: &[Write]) -> Result<Vec<Option<Version>>, StoreError> {
        match writes {
            [
                Write::Put {
                    key,
                    body,
                    expires_at,
                    expect,
                },
            ] => {
                let version = self.put_one(key, body, *expires_at, *expect).await?;
                Ok(vec![Some(version)])
            }
            [Write::Delete { key, expect }] => {
                self.delete_one(key, *expect).await?;
                Ok(vec![None])
            }
            _ => self.transact(writes).await,
        }
    }

    async fn put_one(
        &self,
        key: &Key,
        body: &str,
        expires_at: Option<Timestamp>,
        expect: Expect,
    ) -> Result<Version, StoreError> {
        let table = self.names.of(&key.collection);
        let mut patience = self.patience();
        // The marks of tries that nobody knows the outcome of.
        let mut sent: Vec<Version> = Vec::new();
        loop {
            let version = mark::draw(&*self.calls.entropy)?;
            let item = item::encode(key, version, expires_at, body, &self.ttl_attribute)?;
            let mut request = self
                .calls
                .client
                .put_item()
                .table_name(table)
                .set_item(Some(item))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            if let Some(condition) = Condition::of(expect, self.clock.now(), &sent) {
                request = request
                    .condition_expression(condition.expression)
                    .set_expression_attribute_names(Some(condition.terms.names))
                    .set_expression_attribute_values(Some(condition.terms.values));
            }
            if !sent.is_empty() {
                request = request
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            }
            match self.calls.once(&patience, request.send()).await {
                Ok(_) => return Ok(version),
                Err(Miss::Judged(PutItemError::ConditionalCheckFailedException(failed))) => {
                    return judge_put(failed.item.as_ref(), &sent);
                }
                Err(Miss::Again { why, unknown, .. }) => {
                    if unknown {
                        sent.push(version);
                    }
                    if !patience.pause(&*self.calls.entropy).await {
                        return Err(gave_up(why));
                    }
                }
                Err(miss) => return Err(no_judgement(miss)),
            }
        }
    }

    async fn delete_one(&self, key: &Key, expect: Expect) -> Result<(), StoreError> {
        let table = self.names.of(&key.collection);
        let mut patience = self.patience();
        let mut lost = false;
        loop {
            let mut request = self
                .calls
                .client
                .delete_item()
                .table_name(table)
                .set_key(Some(item::key(key)?))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            if let Some(condition) = Condition::of(expect, self.clock.now(), &[]) {
                request = request
                    .condition_expression(condition.expression)
                    .set_expression_attribute_names(Some(condition.terms.names))
                    .set_expression_attribute_values(Some(condition.terms.values));
            }
            match self.calls.once(&patience, request.send()).await {
                Ok(_) => return Ok(()),
                Err(Miss::Judged(DeleteItemError::ConditionalCheckFailedException(_))) if lost => {
                    return Err(undecided("DeleteItem"));
                }
                Err(Miss::Judged(DeleteItemError::ConditionalCheckFailedException(_))) => {
                    return Err(StoreError::Conflict(vec![0]));
                }
                Err(Miss::Again { why, unknown, .. }) => {
                    lost |= unknown;
                    if !patience.pause(&*self.calls.entropy).await {
                        return Err(gave_up(why));
                    }
                }
                Err(miss) => return Err(no_judgement(miss)),
            }
        }
    }

    async fn transact(&self, writes: &[Write]) -> Result<Vec<Option<Version>>, StoreError> {
        let now = self.clock.now();
        let mut versions = Vec::with_capacity(writes.len());
        let mut items = Vec::with_capacity(writes.len());
        for write in writes {
            let (step, version) = self.step(write, now)?;
            items.push(step);
            versions.push(version);
        }
        let token = mark::token(&*self.calls.entropy)?;
        let mut patience = self.patience();
        loop {
            let request = self
                .calls
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send();
            let why = match self.calls.once(&patience, request).await {
                Ok(_) => return Ok(versions),
                Err(Miss::Judged(TransactWriteItemsError::TransactionCanceledException(cancelled))) => {
                    judge_transaction(cancelled.cancellation_reasons(), writes.len())?
                }
                Err(Miss::Again { why, .. }) => why,
                Err(miss) => return Err(no_judgement(miss)),
            };
            if !patience.pause(&*self.calls.entropy).await {
                return Err(gave_up(why));
            }
        }
    }

    /// One step of a transaction, and the mark that it writes.
    fn step(
        &self,
        write: &Write,
        now: Timestamp,
    ) -> Result<(TransactWriteItem, Option<Version>), StoreError> {
        let table = self.names.of(&write.key().collection);
        let (expression, names, values) = match Condition::of(write.expect(), now, &[]) {
            None => (None, None, None),
            Some(Condition { expression, terms }) => {
                (Some(expression), Some(terms.names), Some(terms.values))
            }
        };
        let step = TransactWriteItem::builder();
        let key = write.key();
        let mut version = None;
        let step = match write {
            Write::Put { body, expires_at, .. } => {
                let version = *version.insert(mark::draw(&*self.calls.entropy)?);
                let item = item::encode(key, version, *expires_at, body, &self.ttl_attribute)?;
                let put = Put::builder()
                    .table_name(table)
                    .set_item(Some(item))
                    .set_condition_expression(expression)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                step.put(put.build().map_err(unbuildable)?)
            }
            Write::Delete { .. } => {
                let delete = Delete::builder()
                    .table_name(table)
                    .set_key(Some(item::key(key)?))
                    .set_condition_expression(expression)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                step.delete(delete.build().map_err(unbuildable)?)
            }
            Write::Check { .. } => {
                let check = ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(item::key(key)?))
                    .set_condition_expression(expression)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                step.condition_check(check.build().map_err(unbuildable)?)
            }
        };
        Ok((step.build(), version))
    }
}

fn unbuildable(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Refused(error.to_string())
}

/// What a failed condition of a put means, if the record holds `found` and these marks were sent before.
fn judge_put(found: Option<&Item>, sent: &[Version]) -> Result<Version, StoreError> {
    if sent.is_empty() {
        return Err(StoreError::Conflict(vec![0]));
    }
    match found.and_then(item::version) {
        Some(version) if sent.contains(&version) => Ok(version),
        _ => Err(undecided("PutItem")),
    }
}

/// What a cancelled transaction means: an error for good, or why it should be tried again.
fn judge_transaction(reasons: &[CancellationReason], writes: usize) -> Result<String, StoreError> {
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
        let holding = |mark: u64| [(VERSION.to_owned(), number(mark))].into();
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
