//! The store against emulators, and against a service that behaves badly.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod capacity;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod races;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod tables;
