//! The embedded store from outside: the suite, and what is peculiar to a file.

#[cfg(test)]
mod archive;
#[cfg(test)]
mod beside;
#[cfg(test)]
mod child;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod freshness;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod reopening;
#[cfg(test)]
mod stores;
