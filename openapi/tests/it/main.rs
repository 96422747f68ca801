//! The HTTP API in one test program: its document, its problems, its levels.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod committed;
mod handlers;
mod ledger;
mod levels;
mod lint;
mod networks;
mod schema;
mod service;
