//! How implementations and conversions decline.
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// Why an argument that a backend would have to copy is refused, although the scope coerces.
pub(super) const FIXED: &str = "may never be copied to another residency";

/// Why a backend passes a call on to the next candidate.
///
/// Cheap to build: nothing is formatted before it is displayed.
pub struct Decline {
    reason: &'static str,
    detail: Detail,
}

enum Detail {
    Nothing,
    Int(i64),
    Of(i64, i64),
    Word(&'static str),
    Shown(Box<dyn fmt::Display + Send + Sync>),
}

impl Decline {
    /// A reason without details.
    pub const fn new(reason: &'static str) -> Self {
        Self { reason, detail: Detail::Nothing }
    }

    /// A reason and a number: `Decline::int("more than 4 dimensions", 7)`.
    pub const fn int(reason: &'static str, value: i64) -> Self {
        Self { reason, detail: Detail::Int(value) }
    }

    /// A reason, a value and the limit that it exceeds.
    pub const fn limit(reason: &'static str, value: i64, limit: i64) -> Self {
        Self { reason, detail: Detail::Of(value, limit) }
    }

    /// A reason and a word: `Decline::word("no such dtype here", "f64")`.
    pub const fn word(reason: &'static str, word: &'static str) -> Self {
        Self { reason, detail: Detail::Word(word) }
    }

    /// A reason and a value that is formatted when displayed.
    pub fn show(reason: &'static str, detail: impl fmt::Display + Send + Sync + 'static) -> Self {
        Self { reason, detail: Detail::Shown(Box::new(detail)) }
    }

    /// A candidate's own reason, if it has an implementation, and that of its fallback.
    pub(super) fn fallback(own: Option<Decline>, fallback: Decline) -> Self {
        match own {
            Some(own) => Self::show("here and on the host", format!("{own}; {fallback}")),
            None => Self::show("it has no implementation, and on the host", fallback),
        }
    }

    /// The reason without its details.
    pub const fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for Decline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)?;
        match &self.detail {
            Detail::Nothing => Ok(()),
            Detail::Int(value) => write!(f, ": {value}"),
            Detail::Of(value, limit) => write!(f, ": {value}, the limit is {limit}"),
            Detail::Word(word) => write!(f, ": {word}"),
            Detail::Shown(detail) => write!(f, ": {detail}"),
        }
    }
}

impl fmt::Debug for Decline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decline({self})")
    }
}

/// The two ways in which an implementation stops without a result.
///
/// `?` on the method's own error means *failed*: it reaches the caller at once.
#[derive(Debug)]
pub enum Stop<E> {
    /// Not for this backend: the next candidate is tried.
    Declined(Decline),
    /// An error: no other candidate is tried.
    Failed(E),
}

impl<E> From<E> for Stop<E> {
    fn from(error: E) -> Self {
        Stop::Failed(error)
    }
}

impl<E> Stop<E> {
    /// Declined for a fixed reason.
    pub const fn declined(reason: &'static str) -> Self {
        Stop::Declined(Decline::new(reason))
    }
}

/// Why [`Dispatchable::convert`](super::Dispatchable::convert) returned no value.
#[derive(Debug)]
pub enum Refusal {
    /// This value can't be converted: the next candidate is tried, without trying the default.
    Declined(Decline),
    /// The conversion failed (out of memory, device lost): the error is returned to the caller at once.
    Failed(Box<dyn StdError + Send + Sync>),
}

impl From<Decline> for Refusal {
    fn from(decline: Decline) -> Self {
        Refusal::Declined(decline)
    }
}

/// The description of one operand for errors and traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// The parameter's name.
    pub name: &'static str,
    /// Shape, dtype, residency, or what else describes its type.
    pub description: Cow<'static, str>,
}

impl Operand {
    /// An operand and its description.
    pub fn new(name: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self { name, description: description.into() }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.description)
    }
}
