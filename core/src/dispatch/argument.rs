//! Arguments that take part in dispatch.
use std::borrow::Borrow;

use super::decline::{Operand, Refusal};
use super::key::Key;
use super::kind::{Fit, Instance};

/// What the engine asks of an argument before it chooses a backend: object-safe, so that
/// [`determine_backend`](super::determine_backend) takes arguments of different types.
pub trait Argument {
    /// Its residency. Read on every call: must cost no more than a load.
    fn key(&self) -> Key;

    /// Whether a scope that coerces may copy it to another residency.
    fn coercible(&self) -> bool {
        true
    }

    /// Whether a scope that coerces may make the copies that `to` needs: of several parts, only of those that live elsewhere.
    fn may_be_copied(&self, to: Instance) -> bool {
        let _ = to;
        self.coercible()
    }

    /// Whether its value, and not only its residency, can be used on `to`: what [`determine_backend`] asks of an argument
    /// that is not native. A [`Dispatchable`] answers what its conversion would, as `self.convert(to, how).map(drop)` does,
    /// or more cheaply, without a copy.
    ///
    /// [`determine_backend`]: super::determine_backend
    fn converts(&self, to: Instance, how: Fit) -> Result<(), Refusal> {
        let _ = (to, how);
        Ok(())
    }

    /// Its description; only for errors and traces.
    fn describe(&self, name: &'static str) -> Operand;

    /// What the caller could write to have argument `name` on `to`, such as `x.to("gpu:0")`.
    fn remedy(&self, name: &str, to: Instance) -> String;
}

/// An argument taken by reference in a multimethod's signature.
pub trait Dispatchable: Argument {
    /// The result of a conversion. Arguments that are native to the backend are passed as they are.
    type Owned: Borrow<Self>;

    /// Makes it usable on `to`. With [`Fit::Free`] no data may be copied between residencies; with
    /// [`Fit::Copy`] it may, and the scope has allowed it.
    fn convert(&self, to: Instance, how: Fit) -> Result<Self::Owned, Refusal>;
}

impl<T: Argument + ?Sized> Argument for &T {
    fn key(&self) -> Key {
        (**self).key()
    }

    fn coercible(&self) -> bool {
        (**self).coercible()
    }

    fn may_be_copied(&self, to: Instance) -> bool {
        (**self).may_be_copied(to)
    }

    fn converts(&self, to: Instance, how: Fit) -> Result<(), Refusal> {
        (**self).converts(to, how)
    }

    fn describe(&self, name: &'static str) -> Operand {
        (**self).describe(name)
    }

    fn remedy(&self, name: &str, to: Instance) -> String {
        (**self).remedy(name, to)
    }
}

impl<T: Argument> Argument for [T] {
    fn key(&self) -> Key {
        Key::join(self.iter().map(T::key))
    }

    fn coercible(&self) -> bool {
        self.iter().all(T::coercible)
    }

    fn may_be_copied(&self, to: Instance) -> bool {
        self.iter().all(|part| to.fit(part.key()) != Fit::Copy || part.may_be_copied(to))
    }

    fn converts(&self, to: Instance, _: Fit) -> Result<(), Refusal> {
        self.iter().try_for_each(|part| match to.fit(part.key()) {
            Fit::Native => Ok(()),
            how => part.converts(to, how),
        })
    }

    fn describe(&self, name: &'static str) -> Operand {
        let parts: Vec<String> =
            self.iter().map(|part| part.describe(name).description.into_owned()).collect();
        Operand::new(name, format!("[{}]", parts.join("; ")))
    }

    fn remedy(&self, name: &str, to: Instance) -> String {
        let stray = |part: &&T| !matches!(to.fit(part.key()), Fit::Native | Fit::Free);
        match self.iter().find(stray) {
            Some(part) => part.remedy(&format!("each of {name}"), to),
            None => format!("{name} lives there already"),
        }
    }
}

/// Several dispatchables in one argument. A conversion of the slice clones the members that are native, so members should
/// be cheap handles.
impl<T: Dispatchable<Owned = T> + Clone> Dispatchable for [T] {
    type Owned = Vec<T>;

    fn convert(&self, to: Instance, _: Fit) -> Result<Vec<T>, Refusal> {
        self.iter()
            .map(|part| match to.fit(part.key()) {
                Fit::Native => Ok(part.clone()),
                how => part.convert(to, how),
            })
            .collect()
    }
}

impl<T: Argument> Argument for Option<T> {
    fn key(&self) -> Key {
        self.as_ref().map_or(Key::NONE, T::key)
    }

    fn coercible(&self) -> bool {
        self.as_ref().is_none_or(T::coercible)
    }

    fn may_be_copied(&self, to: Instance) -> bool {
        self.as_ref().is_none_or(|value| value.may_be_copied(to))
    }

    fn converts(&self, to: Instance, how: Fit) -> Result<(), Refusal> {
        self.as_ref().map_or(Ok(()), |value| value.converts(to, how))
    }

    fn describe(&self, name: &'static str) -> Operand {
        self.as_ref().map_or(Operand::new(name, "none"), |value| value.describe(name))
    }

    fn remedy(&self, name: &str, to: Instance) -> String {
        self.as_ref().map_or_else(|| name.to_owned(), |value| value.remedy(name, to))
    }
}

/// An optional argument: it takes part in dispatch when present.
impl<T: Dispatchable<Owned = T> + Clone> Dispatchable for Option<T> {
    type Owned = Option<T>;

    fn convert(&self, to: Instance, how: Fit) -> Result<Option<T>, Refusal> {
        self.as_ref().map(|value| value.convert(to, how)).transpose()
    }
}

/// An argument during one attempt: the caller's own, or its conversion.
#[doc(hidden)]
pub enum Held<'a, T: Dispatchable + ?Sized> {
    /// Native: passed through.
    Borrowed(&'a T),
    /// Converted.
    Owned(T::Owned),
}

impl<'a, T: Dispatchable + ?Sized> Held<'a, T> {
    #[doc(hidden)]
    pub fn new(argument: &'a T, to: Instance, how: Fit) -> Result<Self, Refusal> {
        Ok(match how {
            Fit::Native => Held::Borrowed(argument),
            how => Held::Owned(argument.convert(to, how)?),
        })
    }

    #[doc(hidden)]
    pub fn get(&self) -> &T {
        match self {
            Held::Borrowed(argument) => argument,
            Held::Owned(owned) => owned.borrow(),
        }
    }
}
