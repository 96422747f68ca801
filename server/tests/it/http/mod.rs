//! The HTTP server as its clients see it: a listening socket, made-up ports behind it.

mod accounts;
mod browsers;
mod client;
mod connections;
mod conversation;
mod deployment;
mod documented;
mod early_answers;
mod edges;
mod factors;
mod hasher;
mod hosts;
mod known_devices;
mod log;
mod mail;
mod operations;
mod pages;
mod password_recovery;
mod problems;
mod sessions;
mod stopping;
mod webhooks;
