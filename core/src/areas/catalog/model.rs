//! The types of the catalog as callers see them.

use portcullis_ports::text;

/// The most categories.
pub(super) const MAX_CATEGORIES: usize = 500;
/// The most items of one category.
pub(super) const MAX_ITEMS: u32 = 10_000;
/// The most images of one item.
pub(super) const MAX_IMAGES: usize = 20;
/// The most attributes of one item.
pub(super) const MAX_ATTRIBUTES: usize = 50;
/// The longest name of an attribute, in characters.
pub(super) const LONGEST_NAME: usize = 64;
/// The longest value of an attribute, in characters.
pub(super) const LONGEST_VALUE: usize = 500;
/// The highest price of one piece, in minor units.
pub(super) const HIGHEST_PRICE: i64 = 1_000_000_000;
/// The most that can be in stock.
pub(super) const MOST_STOCK: u32 = 1_000_000_000;

/// Whether a text is a name of letters, digits and the marks that may stand within it: none that a path would have to encode.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    begins && text.len() <= 64 && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

const NAME: &str = "1 to 64 letters, digits and any of _ . - are expected, such as plum-kettle";

text!(
    /// What a category is called for good.
    CategoryId, "category-id", "kettles", in "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", |text| {
        if is_name(text) { Ok(text.to_owned()) } else { Err(NAME) }
    }
);

text!(
    /// What an item is called for good, in the whole catalog.
    ItemId, "item-id", "plum-kettle", in "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", |text| {
        if is_name(text) { Ok(text.to_owned()) } else { Err(NAME) }
    }
);

text!(
    /// What a review is called for good, among those of its item.
    ReviewId, "review-id", "rev_01h2xcejqtf2nbrexx3vqjhp41", in "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", |text| {
        if is_name(text) { Ok(text.to_owned()) } else { Err(NAME) }
    }
);

text!(
    /// A name that people read: 1 to 200 characters in one line.
    Title, "title", "Plum kettle", in r"^\s*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]{0,199}\s*$", |text| {
        let text = text.trim();
        if (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err("1 to 200 characters in one line are expected")
        }
    }
);

text!(
    /// A text that people read: at most 4,000 characters, of which line breaks are the only ones that control anything.
    Prose, "prose", "Boils a litre of water in two minutes.", in r"^\s*[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]{0,4000}\s*$", |text| {
        let text = text.trim();
        let controls = |letter: char| letter.is_control() && letter != '\n';
        if text.chars().count() <= 4_000 && !text.chars().any(controls) {
            Ok(text.to_owned())
        } else {
            Err("at most 4,000 characters are expected, with no control characters but line breaks")
        }
    }
);

text!(
    /// Where an image lies: an address that begins with https://.
    ImageUrl, "uri", "https://images.example.com/plum-kettle.jpg", in "^https://[^\\s\"'<>@\\\\]{1,1000}$", |text| {
        let plain = |letter: char| letter.is_ascii_graphic() && !"\"'<>@\\".contains(letter);
        let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
        let has_host = host.is_some_and(|host| host.bytes().any(|byte| byte.is_ascii_alphanumeric()));
        if has_host && text.len() <= 1_000 && text.chars().all(plain) {
            Ok(text.to_owned())
        } else {
            Err("an address of at most 1,000 characters that begins with https:// is expected")
        }
    }
);

impl Default for Prose {
    /// Nothing is said.
    fn default() -> Self {
        Self(String::new())
    }
}
