//! Sessions beside accounts, factors and other nodes: what ends them, and what ends with them.

mod ending;
mod lineage;
