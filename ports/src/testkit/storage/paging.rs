//! Cases: the cursors of a query.

use std::collections::BTreeSet;

use super::subject::{Failure, PasswordCheck, StoreSubject, delete, ensure, put, same};
use crate::storage::{Direction, Expect, MAX_PAGE, Query, Range, Write};

const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

async fn fill(subject: &StoreSubject, case: &str, sorts: &[String]) -> PasswordCheck {
    for chunk in sorts.chunks(100) {
        let writes: Vec<Write> = chunk
            .iter()
            .map(|sort| put(&subject.key(case, sort), "1", Expect::Any))
            .collect();
        subject.store.commit(&writes).await?;
    }
    Ok(())
}

fn numbered(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|n| format!("{n:03}")).collect()
}

fn directed(mut sorts: Vec<String>, direction: Direction) -> Vec<String> {
    if direction == Direction::Descending {
        sorts.reverse();
    }
    sorts
}

/// Whatever the limit, the pages together are the partition, in order and without doubles.
pub async fn pages_visit_every_record_exactly_once(subject: &StoreSubject) -> PasswordCheck {
    let case = "pages";
    let sorts = numbered(0..30);
    fill(subject, case, &sorts).await?;
    for direction in DIRECTIONS {
        for limit in [1, 7, 10, 29, 30, 31, MAX_PAGE] {
            let query = Query {
                direction,
                limit,
                ..subject.all_of(case)
            };
            same(
                &subject.sorts(&query).await?,
                &directed(sorts.clone(), direction),
                &format!("{direction:?} by {limit}"),
            )?;
        }
    }
    Ok(())
}

/// A cursor continues within the range that was asked for.
pub async fn pages_stay_inside_a_prefix_and_a_range(subject: &StoreSubject) -> PasswordCheck {
    let case = "pages-inside";
    fill(subject, case, &numbered(95..215)).await?;
    let ranges = [
        (Range::Prefix("1".to_owned()), numbered(100..200)),
        (
            Range::Between("098".to_owned(), "103".to_owned()),
            numbered(98..104),
        ),
    ];
    for (range, wanted) in ranges {
        for direction in DIRECTIONS {
            let query = Query {
                range: range.clone(),
                direction,
                limit: 3,
                ..subject.all_of(case)
            };
            same(
                &subject.sorts(&query).await?,
                &directed(wanted.clone(), direction),
                &format!("{range:?} {direction:?}"),
            )?;
        }
    }
    Ok(())
}

/// A store may cut a page short when records are large, but says where to continue.
pub async fn pages_of_large_records_visit_every_record(subject: &StoreSubject) -> PasswordCheck {
    let case = "pages-large";
    let sorts = numbered(0..24);
    let body = format!("\"{}\"", "x".repeat(200_000));
    for chunk in sorts.chunks(12) {
        let writes: Vec<Write> = chunk
            .iter()
            .map(|sort| put(&subject.key(case, sort), &body, Expect::Any))
            .collect();
        subject.store.commit(&writes).await?;
    }
    for direction in DIRECTIONS {
        let query = Query {
            direction,
            limit: MAX_PAGE,
            ..subject.all_of(case)
        };
        same(
            &subject.sorts(&query).await?,
            &directed(sorts.clone(), direction),
            &format!("{direction:?}"),
        )?;
    }
    Ok(())
}

/// The record a cursor names may be gone, and a cursor may lie outside the range.
pub async fn a_cursor_needs_no_record_to_stand_on(subject: &StoreSubject) -> PasswordCheck {
    let case = "cursor";
    fill(subject, case, &["b".to_owned(), "d".to_owned(), "f".to_owned()]).await?;
    let asks: [(Direction, Range, &str, &[&str]); 8] = [
        (Direction::Ascending, Range::All, "c", &["d", "f"]),
        (Direction::Descending, Range::All, "e", &["d", "b"]),
        (Direction::Ascending, Range::All, "f", &[]),
        (Direction::Descending, Range::All, "b", &[]),
        (Direction::Ascending, between("c", "e"), "a", &["d"]),
        (Direction::Ascending, between("c", "e"), "z", &[]),
        (Direction::Descending, between("c", "e"), "z", &["d"]),
        (Direction::Descending, Range::Prefix("d".to_owned()), "a", &[]),
    ];
    for (direction, range, after, wanted) in asks {
        let what = format!("{direction:?} of {range:?} behind {after:?}");
        let query = Query {
            direction,
            range,
            after: Some(after.to_owned()),
            ..subject.all_of(case)
        };
        let wanted: Vec<String> = wanted.iter().map(|sort| (*sort).to_owned()).collect();
        same(&subject.sorts(&query).await?, &wanted, &what)?;
    }
    Ok(())
}

fn between(from: &str, to: &str) -> Range {
    Range::Between(from.to_owned(), to.to_owned())
}

/// What stays in the partition all the time is visited exactly once, whatever comes and goes around it.
pub async fn pages_lose_nothing_while_others_write(subject: &StoreSubject) -> PasswordCheck {
    for direction in DIRECTIONS {
        let case = format!("pages-moving-{direction:?}");
        let stays: Vec<String> = (0..40).map(|n| format!("{n:03}-stays")).collect();
        let goes: Vec<String> = (0..40).map(|n| format!("{n:03}-goes")).collect();
        fill(subject, &case, &stays).await?;
        fill(subject, &case, &goes).await?;
        let mut query = Query {
            direction,
            limit: 7,
            ..subject.all_of(&case)
        };
        let mut seen = Vec::new();
        for round in 0..200 {
            let page = subject.store.query(&query).await?;
            seen.extend(page.records.into_iter().map(|record| record.key.sort));
            let Some(next) = page.next else {
                break;
            };
            ensure(round < 199, "the cursors never come to an end")?;
            query.after = Some(next);
            // Before the cursor, behind it, and around what was just seen.
            let key = |sort: String| subject.key(&case, &sort);
            let mut writes = vec![
                put(&key(format!("{round:03}-comes")), "1", Expect::Any),
                put(&key(format!("{:03}-comes", 39 - round % 40)), "1", Expect::Any),
                put(&key(stays[round % 40].clone()), "2", Expect::Present),
            ];
            if writes[0].key() == writes[1].key() {
                writes.pop();
            }
            writes.dedup_by(|a, b| a.key() == b.key());
            if let Some(sort) = goes.get(round) {
                writes.push(delete(&key(sort.clone()), Expect::Any));
            }
            subject.store.commit(&writes).await?;
        }
        let unique: BTreeSet<&String> = seen.iter().collect();
        same(&unique.len(), &seen.len(), "records seen without doubles")?;
        if let Some(lost) = stays.iter().find(|sort| !unique.contains(sort)) {
            return Err(Failure::new(format!("{lost} was never seen, {direction:?}")));
        }
    }
    Ok(())
}
