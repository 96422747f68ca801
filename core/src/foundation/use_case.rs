//! What use cases and their types declare of themselves, for the documents that describe them.

use portcullis_ports::Code;

/// Problems, in lists, so that use cases share those of what they are built on.
pub type Problems = &'static [&'static [Code]];

/// Something that can be asked for, named by its command where it has one.
pub trait UseCase {
    /// What it may answer with, besides the problems of every request: who asks, the form of the request, failures.
    const PROBLEMS: Problems;
}

/// Nothing can be wrong but what can be wrong with every request.
impl UseCase for () {
    const PROBLEMS: Problems = &[];
}

/// A command or an answer as documents show it.
pub trait Documented {
    /// One of them, as JSON.
    const EXAMPLE: &'static str;
    /// Fields of which a command needs one, each of which may otherwise be null or left out.
    const ANY_OF: &'static [&'static str] = &[];
    /// A field of a command that may also be sent under a second name, and that name.
    const ALIAS: Option<(&'static str, &'static str)> = None;
    /// The longest body of a command in bytes, where that is more than the setting allows to others.
    const LONGEST: Option<usize> = None;
}
