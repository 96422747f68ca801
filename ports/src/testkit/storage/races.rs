//! Cases: many callers at the same time.

use futures_util::future::join_all;

use super::subject::{Failure, PasswordCheck, StoreSubject, delete, put, same};
use crate::storage::{Expect, StoreError};

const CALLERS: usize = 32;

/// Read, add one, write with the version, again on conflict: the sum is exact.
pub async fn counting_at_the_same_time_loses_nothing(subject: &StoreSubject) -> PasswordCheck {
    const EACH: usize = 3;
    let key = subject.key("counter", "one");
    subject.put(&key, "0").await?;
    let add = async || -> PasswordCheck {
        // Each failed round means that another caller got through, so the rounds are bounded.
        for _ in 0..=CALLERS * EACH {
            let record = subject.existing(&key).await?;
            let count: usize = record
                .body
                .parse()
                .map_err(|_| Failure::new(format!("the counter reads {:?}", record.body)))?;
            let write = put(&key, &(count + 1).to_string(), Expect::Version(record.version));
            match subject.store.commit(&[write]).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new("a caller was starved by conflicts"))
    };
    let callers = (0..CALLERS).map(|_| async {
        for _ in 0..EACH {
            add().await?;
        }
        Ok(())
    });
    join_all(callers).await.into_iter().collect::<PasswordCheck>()?;
    same(
        &subject.body(&key).await?,
        &Some((CALLERS * EACH).to_string()),
        "the counter",
    )
}

/// Of many that claim one name in a batch of their own, exactly one succeeds, and only its batch is written.
pub async fn a_name_is_given_to_exactly_one(subject: &StoreSubject) -> PasswordCheck {
    let case = "unique-name";
    let name = subject.key(case, "name");
    let claims = (0..CALLERS).map(|caller| {
        let holder = caller.to_string();
        let writes = [
            put(
                &subject.key(case, &format!("holder-{caller:03}")),
                &holder,
                Expect::Absent,
            ),
            put(&name, &holder, Expect::Absent),
        ];
        async move { subject.store.commit(&writes).await }
    });
    let mut winners = Vec::new();
    for (caller, outcome) in join_all(claims).await.into_iter().enumerate() {
        match outcome {
            Ok(_) => winners.push(caller),
            Err(StoreError::Conflict(failed)) => same(&failed, &vec![1], "the failed write")?,
            Err(error) => return Err(error.into()),
        }
    }
    let [winner] = winners.as_slice() else {
        return Err(Failure::new(format!("the name was given to {winners:?}")));
    };
    same(
        &subject.body(&name).await?,
        &Some(winner.to_string()),
        "the holder",
    )?;
    let wanted = vec![format!("holder-{winner:03}"), "name".to_owned()];
    same(
        &subject.sorts(&subject.all_of(case)).await?,
        &wanted,
        "the partition",
    )
}

/// After the answer of a commit, reads and queries show what it wrote, also where they had looked before.
pub async fn a_finished_commit_is_seen_by_every_later_read(subject: &StoreSubject) -> PasswordCheck {
    let case = "read-your-writes";
    let callers = (0..CALLERS).map(|caller| async move {
        let key = subject.key(&format!("{case}-{caller}"), "one");
        let query = subject.all_of(&format!("{case}-{caller}"));
        same(&subject.body(&key).await?, &None, "before")?;
        for round in 0..4 {
            let body = round.to_string();
            let version = subject.put(&key, &body).await?;
            let record = subject.existing(&key).await?;
            same(
                &(record.version, &*record.body),
                &(version, body.as_str()),
                "read",
            )?;
            same(&subject.pages(&query).await?, &vec![record], "listed")?;
        }
        subject.store.commit(&[delete(&key, Expect::Present)]).await?;
        same(&subject.body(&key).await?, &None, "deleted")?;
        same(&subject.pages(&query).await?.len(), &0, "listed after the delete")
    });
    join_all(callers).await.into_iter().collect()
}
