//! From where a key may be used: networks that are allowed, and networks that are not.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Cidr;

/// Without either list a key may be used from everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Networks {
    /// If there is any, from these alone.
    #[serde(default)]
    pub(super) allow: Vec<IpNet>,
    /// From these never, whatever is allowed.
    #[serde(default)]
    pub(super) deny: Vec<IpNet>,
}

impl Networks {
    /// Each once, in order.
    pub(super) fn of(allow: &[Cidr], deny: &[Cidr]) -> Self {
        let nets = |cidrs: &[Cidr]| {
            let mut nets: Vec<IpNet> = cidrs.iter().filter_map(Cidr::net).collect();
            nets.sort();
            nets.dedup();
            nets
        };
        Self {
            allow: nets(allow),
            deny: nets(deny),
        }
    }

    pub(super) fn admit(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let within = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&ip));
        (self.allow.is_empty() || within(&self.allow)) && !within(&self.deny)
    }

    /// Whether any address is admitted that `former` refuses.
    pub(super) fn exceed(&self, former: &Self) -> bool {
        let (now, before) = (self.spans(), former.spans());
        !now.iter().zip(&before).all(|(now, before)| covers(before, now))
    }

    /// The addresses that are admitted, of IPv4 and of IPv6, as ascending spans that do not touch.
    fn spans(&self) -> [Vec<Span>; 2] {
        [u128::from(u32::MAX), u128::MAX].map(|last| {
            let of = |nets: &[IpNet]| {
                let family = nets.iter().filter(|net| family(net) == last);
                joined(family.map(span).collect())
            };
            let allowed = if self.allow.is_empty() {
                vec![(0, last)]
            } else {
                of(&self.allow)
            };
            without(allowed, &of(&self.deny))
        })
    }
}

/// First and last.
type Span = (u128, u128);

/// The last address of a family.
fn family(net: &IpNet) -> u128 {
    match net {
        IpNet::V4(_) => u128::from(u32::MAX),
        IpNet::V6(_) => u128::MAX,
    }
}

fn span(net: &IpNet) -> Span {
    match net {
        IpNet::V4(net) => (
            u128::from(net.network().to_bits()),
            u128::from(net.broadcast().to_bits()),
        ),
        IpNet::V6(net) => (net.network().to_bits(), net.broadcast().to_bits()),
    }
}

fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for (first, last) in spans {
        match joined.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    joined
}

fn without(spans: Vec<Span>, taken: &[Span]) -> Vec<Span> {
    taken.iter().fold(spans, |spans, (from, to)| {
        let cut = |(first, last): Span| {
            let before = (first < *from).then(|| (first, last.min(from.saturating_sub(1))));
            let behind = (last > *to).then(|| (first.max(to.saturating_add(1)), last));
            before.into_iter().chain(behind)
        };
        spans.into_iter().flat_map(cut).collect()
    })
}

fn covers(larger: &[Span], smaller: &[Span]) -> bool {
    let within = |(first, last): &Span| larger.iter().any(|(from, to)| from <= first && last <= to);
    smaller.iter().all(within)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn cidrs(texts: &[&str]) -> Vec<Cidr> {
        texts.iter().map(|text| Cidr::parse(text).unwrap()).collect()
    }

    fn networks(allow: &[&str], deny: &[&str]) -> Networks {
        Networks::of(&cidrs(allow), &cidrs(deny))
    }

    #[test]
    fn what_is_denied_is_denied_within_what_is_allowed() {
        let admits = |networks: &Networks, ip: &str| networks.admit(ip.parse().unwrap());
        let none = Networks::default();
        assert!(admits(&none, "198.51.100.1") && admits(&none, "2001:db8::1"));
        let some = networks(&["203.0.113.0/24"], &["203.0.113.128/25"]);
        assert!(admits(&some, "203.0.113.1") && admits(&some, "::ffff:203.0.113.1"));
        for refused in ["203.0.113.200", "198.51.100.1", "2001:db8::1"] {
            assert!(!admits(&some, refused), "{refused}");
        }
        let open = networks(&[], &["2001:db8::/32"]);
        assert!(admits(&open, "198.51.100.1") && !admits(&open, "2001:db8::1"));
    }

    #[test]
    fn the_whole_of_a_family_can_be_named() {
        let all = networks(&["0.0.0.0/0", "::/0"], &[]);
        assert!(!Networks::default().exceed(&all) && !all.exceed(&Networks::default()));
        let nothing = networks(&[], &["0.0.0.0/0", "::/0"]);
        assert!(!nothing.exceed(&nothing) && all.exceed(&nothing) && !nothing.exceed(&all));
    }

    fn nets() -> impl Strategy<Value = Vec<Cidr>> {
        let net = (0_u32..64, 26_u8..=32).prop_map(|(host, length)| {
            Cidr::parse(&format!("{}/{length}", Ipv4Addr::from_bits(host))).unwrap()
        });
        prop::collection::vec(net, 0..4)
    }

    proptest! {
        #[test]
        fn whoever_is_let_in_anew_is_found(
            (allow, deny) in (nets(), nets()),
            (allowed, denied) in (nets(), nets()),
        ) {
            let (now, before) = (Networks::of(&allow, &deny), Networks::of(&allowed, &denied));
            // Every address of the small family that is drawn from, and one of everything else.
            let hosts = (0..64).chain([1_000]).map(|host| IpAddr::V4(Ipv4Addr::from_bits(host)));
            let others = ["2001:db8::1".parse().unwrap()];
            let anew = hosts.chain(others).any(|ip| now.admit(ip) && !before.admit(ip));
            prop_assert_eq!(now.exceed(&before), anew);
        }
    }
}
