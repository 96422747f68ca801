//! Filling a page, although the service counts what it looks at and not what it finds.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::item::{BODY, Item, PK, SK};

/// The bodies of one page, in bytes: a page of a thousand large records must not fill the memory.
const MAX_PAGE_BYTES: usize = 4 << 20;
/// After so many requests a page is given out as it is, so that a long row of expired records holds nobody up.
const MAX_REQUESTS: usize = 16;
/// A page that could not be filled at once is filled in larger steps.
const LARGER_STEP: usize = 100;
const LARGEST_STEP: usize = 1000;

/// A page that is being filled.
pub(crate) struct Filling {
    wanted: usize,
    items: Vec<Item>,
    bytes: usize,
    requests: usize,
    /// The key behind which the next request begins.
    start: Option<Item>,
    done: bool,
}

impl Filling {
    /// So many items behind `start`.
    pub(crate) fn new(wanted: usize, start: Option<Item>) -> Self {
        Self {
            wanted,
            items: Vec::new(),
            bytes: 0,
            requests: 0,
            start,
            done: false,
        }
    }

    /// How many items the next request looks at, and behind which key; `None` once the page is done.
    pub(crate) fn step(&self) -> Option<(i32, Option<Item>)> {
        if self.done {
            return None;
        }
        let missing = self.wanted - self.items.len();
        let step = match self.requests {
            0 => missing,
            1 => missing.max(LARGER_STEP),
            _ => missing.max(LARGEST_STEP),
        };
        Some((i32::try_from(step).unwrap_or(i32::MAX), self.start.clone()))
    }

    /// Takes the answer: what was found, and the last key that was looked at if there may be more behind it.
    pub(crate) fn add(&mut self, found: Option<Vec<Item>>, last: Option<Item>) {
        let found = found.unwrap_or_default();
        self.requests += 1;
        self.bytes += found.iter().map(body_length).sum::<usize>();
        self.items.extend(found);
        self.start = last;
        if self.items.len() > self.wanted {
            self.items.truncate(self.wanted);
            self.start = self.items.last().map(key_of);
        }
        self.done = self.start.is_none()
            || self.items.len() == self.wanted
            || self.bytes >= MAX_PAGE_BYTES
            || self.requests == MAX_REQUESTS;
    }

    /// The items, and the key to continue behind if there may be more.
    pub(crate) fn finish(self) -> (Vec<Item>, Option<Item>) {
        (self.items, self.start)
    }
}

fn body_length(item: &Item) -> usize {
    match item.get(BODY) {
        Some(AttributeValue::S(text)) => text.len(),
        _ => 0,
    }
}

/// The key of an item.
pub(crate) fn key_of(item: &Item) -> Item {
    let parts = item.iter().filter(|(name, _)| *name == PK || *name == SK);
    parts.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::Filling;
    use crate::item::raw_key;

    fn number(key: &super::Item) -> usize {
        key["sk"].as_s().unwrap().parse().unwrap()
    }

    /// A table of so many items, of which every `nth` is visible; returns what was found, where to continue, and the
    /// steps that were taken.
    fn filled(wanted: usize, items: usize, nth: usize) -> (Vec<usize>, Option<usize>, Vec<i32>) {
        let mut steps = Vec::new();
        let mut filling = Filling::new(wanted, None);
        while let Some((step, start)) = filling.step() {
            steps.push(step);
            let first = start.map_or(0, |key| number(&key) + 1);
            let end = (first + usize::try_from(step).unwrap()).min(items);
            let visible = (first..end).filter(|n| n % nth == nth - 1);
            let found = visible.map(|n| raw_key("p".to_owned(), n.to_string())).collect();
            let last = (end < items).then(|| raw_key("p".to_owned(), (end - 1).to_string()));
            filling.add(Some(found), last);
        }
        let (found, next) = filling.finish();
        (
            found.iter().map(number).collect(),
            next.as_ref().map(number),
            steps,
        )
    }

    #[test]
    fn a_page_that_is_found_at_once_takes_one_request() {
        assert_eq!(filled(2, 10, 1), (vec![0, 1], Some(1), vec![2]));
        assert_eq!(filled(10, 10, 1).1, None);
        assert_eq!(filled(11, 10, 1), ((0..10).collect(), None, vec![11]));
    }

    #[test]
    fn hidden_items_are_passed_over_in_larger_steps() {
        let (found, next, steps) = filled(2, 1000, 50);
        assert_eq!((found, next, steps), (vec![49, 99], Some(101), vec![2, 100]));
        // More were found than fit: the page ends at the last one that does.
        let (found, next, steps) = filled(2, 1000, 20);
        assert_eq!((found, next, steps), (vec![19, 39], Some(39), vec![2, 100]));
    }

    #[test]
    fn a_page_is_given_out_short_rather_than_late() {
        let (found, next, steps) = filled(2, 1_000_000, 500_000);
        assert!(found.is_empty());
        assert_eq!(steps.len(), 16);
        assert_eq!(next, Some(2 + 100 + 14 * 1000 - 1));
    }
}
