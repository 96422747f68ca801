//! Searching items: all words have to stand in name and description.

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use portcullis_ports::storage::Range;
use portcullis_ports::{Result, text};

use super::Catalog;
use super::commands::SearchItems;
use super::records::{ItemLine, ItemRecord};
use super::views::{ItemPage, ItemView};
use crate::foundation::cursor::SignedCursor;
use crate::foundation::table::PageRequest;

/// A page ends after so many items were looked at, however few of them are found.
const LOOKED_AT: usize = 2_000;

text!(
    /// What is searched for: 1 to 200 characters in one line.
    SearchText, "search", "plum kettle", in r"^\s*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]{0,199}\s*$", |text| {
        let text = text.trim();
        if (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(text.to_lowercase())
        } else {
            Err("1 to 200 characters in one line are expected")
        }
    }
);

impl Default for SearchText {
    /// No word: it stands everywhere.
    fn default() -> Self {
        Self(String::new())
    }
}

impl SearchText {
    /// Whether every word of it stands in a text of lower case.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.as_str().split_whitespace().all(|word| text.contains(word))
    }
}

impl Catalog {
    /// Items that hold every word, the last ids first. A page may hold fewer than were asked for, and even none.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn search(&self, command: &SearchItems) -> Result<ItemPage> {
        let keyring = &self.context.keyring;
        let words = ["catalog-search", command.text.as_str()];
        let after = command.part.next_token.as_ref();
        let request = PageRequest {
            partitions: &[ItemLine::PARTITION.to_owned()],
            range: Range::All,
            after: after.map(|cursor| cursor.place(keyring, &words)).transpose()?,
            limit: command.part.limit(),
            looked_at: LOOKED_AT,
        };
        let show = |lines: Vec<ItemLine>| self.found(lines, command).boxed();
        let page = self
            .context
            .table::<ItemLine>()
            .joined_page(request, show)
            .await?;
        let next = page.next.map(|place| SignedCursor::sign(keyring, &words, place));
        Ok(ItemPage {
            items: page.items,
            next_token: next.transpose()?,
        })
    }

    async fn found(&self, lines: Vec<ItemLine>, command: &SearchItems) -> Result<Vec<Option<ItemView>>> {
        let read = lines.iter().map(async |line| {
            if !command.text.is_in(&line.text)
                || self.category_in(&<_>::default(), &line.category).await.is_err()
            {
                return Ok(None);
            }
            let items = self.context.table::<ItemRecord>();
            let partition = ItemRecord::partition(&line.category);
            let item = items.find(&partition, line.item.as_str()).await?;
            Ok(item.map(|item| ItemView::of(&item)))
        });
        try_join_all(read).await
    }
}
