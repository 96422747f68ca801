//! Reading a whole family, in the order of the service.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use portcullis_ports::storage::{Collection, ScanPage, StoreError};

use crate::condition::Terms;
use crate::item::{self, Item};
use crate::paging::Filling;
use crate::store::{DynamoStore, no_judgement};

impl DynamoStore {
    /// The cursor is the key of the last item that was looked at, as JSON.
    pub(crate) async fn whole(
        &self,
        collection: &Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ScanPage, StoreError> {
        let start = after.map(read_cursor).transpose()?;
        let mut terms = Terms::default();
        let visible = terms.visible(self.clock.now());
        terms.name(item::PK);
        terms.value(":family", AttributeValue::S(item::family(collection)));
        let filter = format!("begins_with(#pk, :family) AND {visible}");
        let table = self.names.of(collection);
        let mut retry_budget = self.retry_budget();
        let mut filling = Filling::new(limit, start);
        while let Some((step, start)) = filling.step() {
            let request = || {
                self.calls
                    .client
                    .scan()
                    .table_name(table)
                    .consistent_read(true)
                    .filter_expression(&filter)
                    .set_expression_attribute_names(Some(terms.names.clone()))
                    .set_expression_attribute_values(Some(terms.values.clone()))
                    .limit(step)
                    .set_exclusive_start_key(start.clone())
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
            };
            let answer = self.calls.until_answered(&mut retry_budget, request).await;
            let answer = answer.map_err(no_judgement)?;
            filling.add(answer.items, answer.last_evaluated_key);
        }
        let (items, next) = filling.finish();
        let records = items
            .into_iter()
            .map(|item| item::decode(*collection, item))
            .collect::<Result<_, _>>()?;
        let next = next.map(write_cursor).transpose()?;
        Ok(ScanPage { records, next })
    }
}

fn write_cursor(key: Item) -> Result<String, StoreError> {
    Ok(serde_json::json!(item::key_texts(key)?).to_string())
}

fn read_cursor(cursor: &str) -> Result<Item, StoreError> {
    match serde_json::from_str::<(String, String)>(cursor) {
        Ok((pk, sk)) if !pk.is_empty() && !sk.is_empty() => Ok(item::raw_key(pk, sk)),
        _ => Err(StoreError::Refused("this is not a cursor of a scan".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{read_cursor, write_cursor};
    use crate::item::raw_key;

    #[test]
    fn a_cursor_comes_back_and_anything_else_is_refused() {
        let key = raw_key("things#\"'".to_owned(), "s".to_owned());
        assert_eq!(read_cursor(&write_cursor(key.clone()).unwrap()).unwrap(), key);
        for wrong in ["", "nonsense", "[]", "[\"a\"]", "[\"a\",\"\"]", "[\"a\",1]", "{}"] {
            assert!(read_cursor(wrong).is_err(), "{wrong}");
        }
    }
}
