//! From where a request comes.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use crate::foundation::device_proof::{DeviceProof, proofs};
use crate::foundation::texts::PreferredLanguages;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The client's address, after trusted proxies.
    pub ip: IpAddr,
    /// The user agent, cut to [`Source::USER_AGENT`] characters.
    pub user_agent: Arc<str>,
    /// What the client shows of the devices that accounts of it signed in on.
    pub(crate) devices: Arc<[DeviceProof]>,
    /// The languages that it asks for.
    pub(crate) languages: PreferredLanguages,
}

impl Source {
    /// The longest user agent that is kept, in characters.
    pub const USER_AGENT: usize = 256;

    /// A source; a longer user agent is cut.
    pub fn new(ip: IpAddr, user_agent: &str) -> Self {
        let end = user_agent.char_indices().nth(Self::USER_AGENT);
        let kept = end.map_or(user_agent, |(end, _)| user_agent.get(..end).unwrap_or_default());
        Self {
            ip: ip.to_canonical(),
            user_agent: kept.into(),
            devices: Arc::default(),
            languages: PreferredLanguages::default(),
        }
    }

    /// The program itself, where no client asks: a command, or a worker. Its address is `::`, and histories name it.
    pub fn internal(name: &str) -> Self {
        Self::new(Ipv6Addr::UNSPECIFIED.into(), name)
    }

    /// The same with the languages that the client asks for.
    #[must_use]
    pub fn speaking(self, languages: PreferredLanguages) -> Self {
        Self { languages, ..self }
    }

    /// The same with the device tokens that the client presents; what is none is left out.
    #[must_use]
    pub fn presenting<'a>(self, tokens: impl IntoIterator<Item = &'a str>) -> Self {
        match proofs(tokens) {
            none if none.is_empty() => self,
            devices => Self {
                devices: devices.into(),
                ..self
            },
        }
    }

    /// The address, where there is one: the program itself has none, and neither has whoever is not told of with one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        Some(self.ip).filter(|ip| !ip.is_unspecified())
    }

    /// What counts as one source in budgets.
    pub(crate) fn network(&self) -> String {
        match client_network(self.ip) {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// What tells one client from another: an IPv4 address, or the /64 that an IPv6 client is free to move in.
pub fn client_network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        ip @ IpAddr::V4(_) => ip,
    }
}
