//! Writing: one record with a condition, anything else as a transaction.
//!
//! An answer can be lost after the service has done what was asked. A transaction carries a token, so sending it again
//! is harmless. That is needed for one record as well where a write would be done a second time after somebody else has
//! built on the first: what expects nothing, or any state. The others rely on the versions, which nobody else draws:
//! - The condition of every further try also says that the record does not hold a version of an earlier one. If it does,
//!   the earlier try was done, and its version is the answer.
//! - If the expectation fails after an answer was lost, and the record holds none of our versions, then either somebody
//!   else was first, or we were and somebody has changed it since. Nobody can tell, so the caller is told exactly that:
//!   unavailable, perhaps done. A conflict would invite to do it twice.
//! - A further try has a version of its own: a version never comes back, even if a try was done, replaced and done again.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};
use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Expect, Key, StoreError, Version, Write};

use crate::condition::Condition;
use crate::failed_condition::{judge_put, judge_transaction};
use crate::failure::{Miss, gave_up, undecided};
use crate::item;
use crate::store::{DynamoStore, no_judgement};
use crate::version;

/// As many values as the service takes in a list of a condition.
const MOST_MARKS: usize = 100;

impl DynamoStore {
    pub(crate) async fn write(&self, writes: &[Write]) -> Result<Vec<Option<Version>>, StoreError> {
        match writes {
            [
                Write::Put {
                    key,
                    body,
                    expires_at,
                    expect: expect @ (Expect::Absent | Expect::Version(_)),
                },
            ] => {
                let version = self.put_one(key, body, *expires_at, *expect).await?;
                Ok(vec![Some(version)])
            }
            [
                Write::Delete {
                    key,
                    expect: expect @ (Expect::Absent | Expect::Version(_)),
                },
            ] => {
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
        let mut retry_budget = self.retry_budget();
        // The versions of tries that nobody knows the outcome of.
        let mut sent: Vec<Version> = Vec::new();
        loop {
            let version = version::draw(&*self.calls.entropy)?;
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
            match self.calls.once(&retry_budget, request.send()).await {
                Ok(_) => return Ok(version),
                Err(Miss::Judged(PutItemError::ConditionalCheckFailedException(failed))) => {
                    return judge_put(failed.item.as_ref(), &sent);
                }
                Err(Miss::Again { why, unknown, .. }) => {
                    if unknown {
                        sent.push(version);
                    }
                    if sent.len() == MOST_MARKS || !retry_budget.pause(&*self.calls.entropy).await {
                        return Err(gave_up(why));
                    }
                }
                Err(miss) => return Err(no_judgement(miss)),
            }
        }
    }

    async fn delete_one(&self, key: &Key, expect: Expect) -> Result<(), StoreError> {
        let table = self.names.of(&key.collection);
        let mut retry_budget = self.retry_budget();
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
            match self.calls.once(&retry_budget, request.send()).await {
                Ok(_) => return Ok(()),
                Err(Miss::Judged(DeleteItemError::ConditionalCheckFailedException(_))) if lost => {
                    return Err(undecided("DeleteItem"));
                }
                Err(Miss::Judged(DeleteItemError::ConditionalCheckFailedException(_))) => {
                    return Err(StoreError::Conflict(vec![0]));
                }
                Err(Miss::Again { why, unknown, .. }) => {
                    lost |= unknown;
                    if !retry_budget.pause(&*self.calls.entropy).await {
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
        let token = version::token(&*self.calls.entropy)?;
        let mut retry_budget = self.retry_budget();
        loop {
            let request = self
                .calls
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send();
            let why = match self.calls.once(&retry_budget, request).await {
                Ok(_) => return Ok(versions),
                Err(Miss::Judged(TransactWriteItemsError::TransactionCanceledException(cancelled))) => {
                    judge_transaction(cancelled.cancellation_reasons(), writes.len())?
                }
                Err(Miss::Again { why, .. }) => why,
                Err(miss) => return Err(no_judgement(miss)),
            };
            if !retry_budget.pause(&*self.calls.entropy).await {
                return Err(gave_up(why));
            }
        }
    }

    /// One step of a transaction, and the version that it writes.
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
                let version = *version.insert(version::draw(&*self.calls.entropy)?);
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
