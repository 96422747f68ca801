//! Stored methods over a vendor in memory that loses answers, acts late and tells news in any order.

mod choosing;
mod customers;
mod forgetting;
mod news;
mod setups;
