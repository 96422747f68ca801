//! Where browsers may be sent after signing in.

use portcullis_ports::Endpoint;
use url::Url;

/// The origins to which browsers are sent.
pub(super) struct ReturnAddresses(Vec<Endpoint>);

impl ReturnAddresses {
    pub(super) fn new(origins: impl Iterator<Item = Endpoint>) -> Self {
        Self(origins.collect())
    }

    /// The address as a browser reads it, if it is at one of the origins.
    ///
    /// What is given out is written anew from its parts: no reader of the text can take it for another address.
    pub(super) fn admit(&self, address: &str) -> Option<String> {
        let url = Url::parse(address).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        let origin: Endpoint = url.origin().ascii_serialization().parse().ok()?;
        (plain && matches!(url.scheme(), "https" | "http") && self.0.contains(&origin)).then(|| url.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn addresses() -> ReturnAddresses {
        let origins = [
            "https://gate.example.com",
            "https://shop.example.com:8443/",
            "http://localhost:3000",
        ];
        ReturnAddresses::new(origins.into_iter().map(|text| text.parse().unwrap()))
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
