//! The one error of ports and core: a kind to branch on, a code for clients, a sentence for people.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What a fallible port or use case returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The closed list of ways in which something can fail. Code branches on this, clients on [`Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The input is wrong; sending it again unchanged cannot help.
    Invalid,
    /// Nobody, or nobody we know, is asking.
    Unauthenticated,
    /// We know who asks, and the answer is no.
    Forbidden,
    /// Allowed after a fresh proof of a factor.
    StepUp,
    /// There is no such thing, or none the caller may know of.
    NotFound,
    /// The state of the thing does not allow it now.
    Conflict,
    /// It existed and is over for good.
    Gone,
    /// Too often; later it works again.
    Limited,
    /// A third party understood and refused.
    Declined,
    /// Something we depend on does not answer.
    Unavailable,
    /// The operator has to set something first.
    Config,
    /// A defect of ours.
    Internal,
}

/// May the caller try the same thing again?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It cannot succeed unchanged.
    Never,
    /// Nothing happened; try again after this long.
    Later(Duration),
    /// It may have happened: look first, do not simply repeat.
    Unknown,
}

/// A stable name for one problem, with its kind and its title. Declared as constants, one per problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code {
    name: &'static str,
    kind: Kind,
    title: &'static str,
}

impl Code {
    /// Declares a code. `name` is kebab-case and never changes once published.
    pub const fn new(name: &'static str, kind: Kind, title: &'static str) -> Self {
        Self { name, kind, title }
    }

    /// The stable name, such as `wrong-code`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The kind every error of this code has.
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// One sentence that is true for every occurrence.
    pub const fn title(self) -> &'static str {
        self.title
    }

    /// An error whose detail is the title.
    pub fn error(self) -> Error {
        self.with_detail(self.title)
    }

    /// An error that tells the caller what is special about this occurrence.
    pub fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Error {
        Error(Box::new(Inner {
            code: self,
            detail: detail.into(),
            retry: Retry::Never,
            fields: Vec::new(),
            members: Vec::new(),
            context: Vec::new(),
            source: None,
        }))
    }
}

/// A defect of ours, or a broken promise of a dependency; the detail never reaches the caller.
pub const INTERNAL: Code = Code::new("internal", Kind::Internal, "Something went wrong on our side.");

/// One field of the input that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// JSON pointer to the field, such as `/email` (RFC 6901).
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// The one error of ports and core.
///
/// `detail` and `fields` are for the caller; `context` and `source` go to the log only.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    retry: Retry,
    fields: Vec<FieldProblem>,
    members: Vec<(&'static str, String)>,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A defect of ours: `what` is for the log.
    pub fn internal(what: impl Into<String>) -> Self {
        INTERNAL.error().with_context("what", what.into())
    }

    /// The code, which also carries kind and title.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Shorthand for `code().kind()`.
    pub fn kind(&self) -> Kind {
        self.0.code.kind
    }

    /// The sentence for the caller.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Whether and when to try again.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The fields at fault, if the input was wrong.
    pub fn fields(&self) -> &[FieldProblem] {
        &self.0.fields
    }

    /// What the caller needs to go on, by name: extension members of a problem (RFC 9457).
    pub fn members(&self) -> &[(&'static str, String)] {
        &self.0.members
    }

    /// What helps whoever reads the log.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// Says when trying again makes sense.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry = Retry::Later(wait);
        self
    }

    /// Says that it may have happened.
    #[must_use]
    pub fn may_have_happened(mut self) -> Self {
        self.0.retry = Retry::Unknown;
        self
    }

    /// Names a field at fault.
    #[must_use]
    pub fn with_field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.fields.push(FieldProblem {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// Gives the caller something to go on with. It never reaches the log.
    #[must_use]
    pub fn member(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.members.push((name, value.into()));
        self
    }

    /// Adds a line for the log. Never put a secret here.
    #[must_use]
    pub fn with_context(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.context.push((name, value.into()));
        self
    }

    /// Keeps what caused it, for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("code", &self.0.code.name)
            .field("detail", &self.0.detail)
            .field("retry", &self.0.retry);
        for (name, value) in &self.0.context {
            out.field(name, value);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
