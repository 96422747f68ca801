//! Where browsers may be sent after signing in.

use url::{Origin, Url};

/// The origins to which browsers are sent.
pub(super) struct ReturnAddresses(Vec<Origin>);

impl ReturnAddresses {
    pub(super) fn new<'a>(origins: impl Iterator<Item = &'a str>) -> Self {
        Self(origins.filter_map(origin).collect())
    }

    /// The address as a browser reads it, if it is at one of the origins.
    ///
    /// What is given out is written anew from its parts: no reader of the text can take it for another address.
    pub(super) fn admit(&self, address: &str) -> Option<String> {
        let url = web_address(address)?;
        self.0.contains(&url.origin()).then(|| url.into())
    }
}

/// The origin that a text names, which holds nothing else.
pub(super) fn origin(text: &str) -> Option<Origin> {
    let url = web_address(text)?;
    let alone = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    alone.then(|| url.origin())
}

/// Absolute, for browsers, and without a name or a password in it.
fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    (plain && matches!(url.scheme(), "https" | "http")).then_some(url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn addresses() -> ReturnAddresses {
        ReturnAddresses::new(
            [
                "https://gate.example.com",
                "https://shop.example.com:8443/",
                "http://localhost:3000",
            ]
            .into_iter(),
        )
    }

    #[test]
    fn only_addresses_at_the_origins_are_admitted() {
        let addresses = addresses();
        for (address, read) in [
            (
                "https://gate.example.com/a?b=c#d",
                "https://gate.example.com/a?b=c#d",
            ),
            ("HTTPS://Gate.Example.com:443", "https://gate.example.com/"),
            (
                "https://shop.example.com:8443/cart",
                "https://shop.example.com:8443/cart",
            ),
            ("http://localhost:3000/", "http://localhost:3000/"),
            ("https:/\\gate.example.com/x", "https://gate.example.com/x"),
        ] {
            assert_eq!(addresses.admit(address).as_deref(), Some(read), "{address}");
        }
        for address in [
            "",
            "/a",
            "//gate.example.com/",
            "http://gate.example.com/",
            "https://shop.example.com/",
            "https://gate.example.com.evil.example/",
            "https://gate.example.com@evil.example/",
            "https://evil.example/https://gate.example.com/",
            "https://ada@gate.example.com/",
            "https://:secret@gate.example.com/",
            "https:\\\\evil.example\\@gate.example.com",
            "javascript:alert(1)//https://gate.example.com/",
            "data:text/html,https://gate.example.com/",
            "blob:https://gate.example.com/1",
            "file:///etc/passwd",
        ] {
            assert_eq!(addresses.admit(address), None, "{address}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_alone() {
        for text in [
            "https://a.example",
            "https://a.example/",
            "http://127.0.0.1:80",
            "https://[::1]:8",
        ] {
            assert!(origin(text).is_some(), "{text}");
        }
        for text in [
            "a.example",
            "https://a.example/x",
            "https://a.example/?",
            "https://a.example#",
            "ftp://a.example",
            "*",
        ] {
            assert!(origin(text).is_none(), "{text}");
        }
    }

    proptest! {
        /// Whatever is put around the name of an origin.
        #[test]
        fn what_is_admitted_begins_with_an_origin(before in "[a-z:/\\\\@.?#]{0,12}", after in "[a-z:/\\\\@.?#]{0,12}") {
            let address = format!("{before}https://gate.example.com{after}");
            if let Some(read) = addresses().admit(&address) {
                prop_assert!(read.starts_with("https://gate.example.com/"), "{address} is read as {read}");
            }
        }
    }
}
