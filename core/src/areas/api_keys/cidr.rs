//! A network as people write it.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use portcullis_ports::text;

/// Four numbers up to 255.
macro_rules! ipv4 {
    () => {
        r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}"
    };
}

/// Eight groups, of which some zeros may be left out.
macro_rules! ipv6_in_groups {
    () => {
        concat!(
            "([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|([0-9A-Fa-f]{1,4}:){1,7}:",
            "|([0-9A-Fa-f]{1,4}:){1,6}:[0-9A-Fa-f]{1,4}|([0-9A-Fa-f]{1,4}:){1,5}(:[0-9A-Fa-f]{1,4}){1,2}",
            "|([0-9A-Fa-f]{1,4}:){1,4}(:[0-9A-Fa-f]{1,4}){1,3}|([0-9A-Fa-f]{1,4}:){1,3}(:[0-9A-Fa-f]{1,4}){1,4}",
            "|([0-9A-Fa-f]{1,4}:){1,2}(:[0-9A-Fa-f]{1,4}){1,5}|[0-9A-Fa-f]{1,4}:(:[0-9A-Fa-f]{1,4}){1,6}",
            "|:(:[0-9A-Fa-f]{1,4}){1,7}|::"
        )
    };
}

/// What stands in front of the last two groups where these are written as an IPv4 address.
macro_rules! ipv6_before_ipv4 {
    () => {
        concat!(
            "([0-9A-Fa-f]{1,4}:){6}|::([0-9A-Fa-f]{1,4}:){0,5}|([0-9A-Fa-f]{1,4}:){1,5}:",
            "|([0-9A-Fa-f]{1,4}:){1,4}:[0-9A-Fa-f]{1,4}:|([0-9A-Fa-f]{1,4}:){1,3}:([0-9A-Fa-f]{1,4}:){1,2}",
            "|([0-9A-Fa-f]{1,4}:){1,2}:([0-9A-Fa-f]{1,4}:){1,3}|[0-9A-Fa-f]{1,4}::([0-9A-Fa-f]{1,4}:){1,4}"
        )
    };
}

/// Exactly what is parsed.
const PATTERN: &str = concat!(
    r"^[ \t\r\n]*((",
    ipv4!(),
    ")(/(3[0-2]|[12]?[0-9]))?|(",
    ipv6_in_groups!(),
    "|(",
    ipv6_before_ipv4!(),
    ")",
    ipv4!(),
    r")(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)[ \t\r\n]*$"
);

text!(
    /// A network: an address with the length of its prefix, or one address alone. Bits behind the prefix are cleared.
    Cidr, "cidr", "203.0.113.0/24", in PATTERN, |text| match parsed(text) {
        Some(net) => Ok(net.to_string()),
        None => Err("an address or a network such as 203.0.113.0/24 or 2001:db8::/32 is expected"),
    }
);

/// A network of IPv4 addresses that is written as one of IPv6 is that of IPv4, as addresses of clients are.
fn parsed(text: &str) -> Option<IpNet> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    // Some read numbers that begin with 0 as octal.
    let decimal = |text: &&str| *text == "0" || (!text.starts_with(['0', '+']) && text.len() <= 3);
    let address: IpAddr = address.parse().ok()?;
    let net = match length {
        None => address.into(),
        Some(length) => IpNet::new(address, Some(length).filter(decimal)?.parse().ok()?).ok()?,
    };
    let canonical = match net {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(ip) => IpNet::V4(Ipv4Net::new(ip, v6.prefix_len() - 96).ok()?),
            None => net,
        },
        _ => net,
    };
    Some(canonical.trunc())
}

impl Cidr {
    pub(super) fn net(&self) -> Option<IpNet> {
        parsed(self.as_str())
    }
}

impl From<&IpNet> for Cidr {
    fn from(net: &IpNet) -> Self {
        Self(net.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::string::string_regex;

    use super::*;

    #[test]
    fn a_network_is_written_in_one_way() {
        let written = |text| Cidr::parse(text).map(|cidr| cidr.to_string());
        assert_eq!(written(" 203.0.113.9/24 ").unwrap(), "203.0.113.0/24");
        assert_eq!(written("203.0.113.9").unwrap(), "203.0.113.9/32");
        assert_eq!(written("2001:DB8::1").unwrap(), "2001:db8::1/128");
        assert_eq!(written("::ffff:203.0.113.9").unwrap(), "203.0.113.9/32");
        assert_eq!(written("::ffff:203.0.113.9/120").unwrap(), "203.0.113.0/24");
        let wrong = [
            "",
            "203.0.113",
            "203.0.113.0/33",
            "x",
            "::/129",
            "203.0.113.0/",
            "203.0.113.0/08",
            "010.0.0.0/8",
            "203.0.113.0/+8",
            "203.0.113.0/24/24",
            "fd2d",
            "1:2:3:4:5:6:7:8::",
            "fe80::1%eth0",
        ];
        for wrong in wrong {
            assert!(written(wrong).is_err(), "{wrong}");
        }
    }

    fn of_the_pattern() -> impl Strategy<Value = String> {
        let inner = PATTERN.trim_start_matches('^').trim_end_matches('$');
        string_regex(inner).unwrap()
    }

    proptest! {
        #[test]
        fn whatever_has_the_pattern_is_a_network(text in of_the_pattern()) {
            let parsed = Cidr::parse(&text);
            prop_assert!(parsed.is_ok(), "{text:?}");
            let again = Cidr::parse(parsed.unwrap().as_str());
            prop_assert!(again.is_ok());
        }
    }
}
