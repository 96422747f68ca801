//! What goes along with a call to a vendor, made of what is stored alone: so that a repeat is the same to the last byte.

use std::net::IpAddr;

use portcullis_ports::money::Amount;
use portcullis_ports::payments::{CallKey, Presence, Tag};
use portcullis_ports::{Error, Result, id};

use crate::foundation::context::Context;

/// How many characters of a code prove that somebody comes back from a page that we sent to.
const RETURN_CODE: usize = 32;

/// The idempotency key of a call: the same for every repeat of it, and for no other call.
pub(crate) fn call_key(
    context: &Context,
    purpose: &'static str,
    (instance, step, row, number): (&str, &str, &str, u32),
) -> Result<CallKey> {
    key_of(context, purpose, &[instance, step, row, &number.to_string()])
}

/// The idempotency key of a call that these parts make.
pub(crate) fn key_of(context: &Context, purpose: &'static str, parts: &[&str]) -> Result<CallKey> {
    let code = context.keyring.pseudonym_bytes(purpose, parts)?;
    CallKey::parse(&id::base32(&code)?).map_err(Error::internal)
}

/// What a vendor gives back with what was ordered, which nobody else can make.
pub(crate) fn order_tag(
    context: &Context,
    purpose: &'static str,
    (instance, row, amount): (&str, &str, Amount),
) -> Result<Tag> {
    let parts = [instance, row, &amount.get().to_string()];
    let code = context.keyring.pseudonym_bytes(purpose, &parts)?;
    Tag::parse(&id::base32(&code)?).map_err(Error::internal)
}

/// Where a payer comes back to: an address of ours that names what it is about, and proves that we named it.
pub(crate) fn return_state(context: &Context, purpose: &'static str, row: &str) -> Result<String> {
    let mut code = context.keyring.pseudonym(purpose, &[row])?;
    code.truncate(RETURN_CODE);
    Ok(format!("{row}.{code}"))
}

/// A payer who is there, and is sent back to that address.
pub(crate) fn present(context: &Context, state: &str, ip: IpAddr) -> Result<Presence> {
    let route = |way: &str| context.links.route(&format!("/billing/{way}/{state}"));
    let unknown = || Error::internal("it is not known at which address this service is reached");
    Ok(Presence::Present {
        return_url: route("return").ok_or_else(unknown)?,
        cancel_url: route("cancel"),
        ip: Some(ip),
    })
}
