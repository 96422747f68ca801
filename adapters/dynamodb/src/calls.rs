//! Every call to the service: which there are, what each needs to be allowed, and how it is made.
//!
//! A call is known by the type of its answer, and an answer without an [`Answer`] does not compile. So the list below
//! is complete, and the policy that is printed from it cannot fall behind.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableOutput;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
use aws_sdk_dynamodb::operation::delete_table::DeleteTableOutput;
use aws_sdk_dynamodb::operation::describe_continuous_backups::DescribeContinuousBackupsOutput;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableOutput;
use aws_sdk_dynamodb::operation::describe_time_to_live::DescribeTimeToLiveOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
use aws_sdk_dynamodb::operation::update_continuous_backups::UpdateContinuousBackupsOutput;
use aws_sdk_dynamodb::operation::update_time_to_live::UpdateTimeToLiveOutput;
use aws_sdk_dynamodb::types::ConsumedCapacity;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use portcullis_ports::clock::Entropy;

use crate::failure::{Miss, gave_up};
use crate::meters::{Meters, Outcome};
use crate::retry_budget::RetryBudget;

macro_rules! calls {
    ($($(#[$only:meta])* $list:ident { $($call:ident($answer:ty) $(consumes $kind:ident)? needs [$($permission:literal),+];)+ })+) => {
        /// A call to the service, named as the service names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Call { $($($call,)+)+ }

        impl Call {
            $($(#[$only])* pub(crate) const $list: [Self; [$(stringify!($call)),+].len()] = [$(Self::$call),+];)+

            pub(crate) const fn name(self) -> &'static str {
                match self { $($(Self::$call => stringify!($call),)+)+ }
            }

            /// What the caller must be allowed.
            pub(crate) const fn permissions(self) -> &'static [&'static str] {
                match self { $($(Self::$call => &[$(concat!("dynamodb:", $permission)),+],)+)+ }
            }
        }

        $($(impl Answer for $answer {
            const CALL: Call = Call::$call;

            $(fn consumed(&self) -> Consumed {
                $kind(self.consumed_capacity())
            })?
        })+)+
    };
}

calls! {
    SERVICE {
        GetItem(GetItemOutput) consumes read needs ["GetItem"];
        Query(QueryOutput) consumes read needs ["Query"];
        Scan(ScanOutput) consumes read needs ["Scan"];
        PutItem(PutItemOutput) consumes write needs ["PutItem"];
        DeleteItem(DeleteItemOutput) consumes write needs ["DeleteItem"];
        TransactWriteItems(TransactWriteItemsOutput) consumes write
            needs ["ConditionCheckItem", "DeleteItem", "PutItem"];
    }
    CREATE {
        DescribeTable(DescribeTableOutput) needs ["DescribeTable"];
        CreateTable(CreateTableOutput) needs ["CreateTable", "TagResource"];
        DescribeTimeToLive(DescribeTimeToLiveOutput) needs ["DescribeTimeToLive"];
        UpdateTimeToLive(UpdateTimeToLiveOutput) needs ["UpdateTimeToLive"];
        DescribeContinuousBackups(DescribeContinuousBackupsOutput) needs ["DescribeContinuousBackups"];
        UpdateContinuousBackups(UpdateContinuousBackupsOutput) needs ["UpdateContinuousBackups"];
    }
    #[cfg(test)]
    DELETE {
        DeleteTable(DeleteTableOutput) needs ["DeleteTable"];
    }
}

/// The answer to a call.
pub(crate) trait Answer {
    /// The call.
    const CALL: Call;

    /// What it has consumed.
    fn consumed(&self) -> Consumed {
        Consumed::default()
    }
}

/// Capacity units.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Consumed {
    read: f64,
    write: f64,
}

fn read<'a>(reports: impl IntoIterator<Item = &'a ConsumedCapacity>) -> Consumed {
    sum(reports, |units| Consumed {
        read: units,
        write: 0.0,
    })
}

fn write<'a>(reports: impl IntoIterator<Item = &'a ConsumedCapacity>) -> Consumed {
    sum(reports, |units| Consumed {
        read: 0.0,
        write: units,
    })
}

/// Adds up what is reported per table. A transaction tells reading from writing; where that is missing, the total is of
/// the kind that such a call consumes.
fn sum<'a>(reports: impl IntoIterator<Item = &'a ConsumedCapacity>, usual: fn(f64) -> Consumed) -> Consumed {
    let mut all = Consumed::default();
    for report in reports {
        let one = match (report.read_capacity_units(), report.write_capacity_units()) {
            (None, None) => usual(report.capacity_units().unwrap_or(0.0)),
            (read, write) => Consumed {
                read: read.unwrap_or(0.0),
                write: write.unwrap_or(0.0),
            },
        };
        all.read += one.read;
        all.write += one.write;
    }
    all
}

/// The way to the service.
pub(crate) struct Calls {
    pub(crate) client: Client,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) meters: Meters,
}

impl Calls {
    /// Makes a call once.
    pub(crate) async fn once<T, E, F>(&self, retry_budget: &RetryBudget, request: F) -> Result<T, Miss<E>>
    where
        T: Answer,
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let begun = Instant::now();
        let limit = retry_budget.of_one_try();
        let outcome = match tokio::time::timeout(limit, request).await {
            Ok(answered) => answered.map_err(|error| Miss::of(T::CALL.name(), error)),
            Err(_) => Err(Miss::late(T::CALL.name(), limit)),
        };
        let counted = match &outcome {
            Ok(answer) => {
                let Consumed { read, write } = answer.consumed();
                self.meters.capacity(T::CALL, read, write);
                Outcome::Done
            }
            Err(Miss::Judged(_)) => Outcome::Conflict,
            Err(Miss::Again { throttled: true, .. }) => Outcome::Throttled,
            Err(Miss::Again { .. } | Miss::Never { .. }) => Outcome::Failed,
        };
        self.meters.request(T::CALL, counted, begun.elapsed());
        outcome
    }

    /// Makes a call that may be made twice, until there is an answer or the time is up.
    pub(crate) async fn until_answered<T, E, F>(
        &self,
        retry_budget: &mut RetryBudget,
        mut request: impl FnMut() -> F,
    ) -> Result<T, Miss<E>>
    where
        T: Answer,
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        loop {
            match self.once(retry_budget, request()).await {
                Err(Miss::Again { why, .. }) => {
                    if !retry_budget.pause(&*self.entropy).await {
                        return Err(Miss::Never {
                            code: String::new(),
                            error: gave_up(why),
                        });
                    }
                }
                answered => return answered,
            }
        }
    }
}
