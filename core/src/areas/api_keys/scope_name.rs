//! How requests and keys name a scope.

use portcullis_ports::text;

/// The longest half of a name.
const HALF: usize = 32;

fn is_half(text: &str) -> bool {
    let first = text.starts_with(|letter: char| letter.is_ascii_lowercase());
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
    first && text.len() <= HALF && text.bytes().all(plain)
}

text!(
    /// What a key may do, such as `entitlements:read`. `GET /ui/api_keys/scopes` lists all there are.
    ScopeName, "scope", "entitlements:read", in "^[a-z][a-z0-9_.-]{0,31}:[a-z][a-z0-9_.-]{0,31}$", |text| {
        match text.split_once(':') {
            Some((what, how)) if is_half(what) && is_half(how) => Ok(text.to_owned()),
            _ => Err("a scope such as entitlements:read is expected"),
        }
    }
);
