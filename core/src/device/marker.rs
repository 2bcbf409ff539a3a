//! Residencies as types.

use crate::dispatch::Key;

/// A residency as a type: the `R` of `Array<R>`. An outsider's backend adds its own with
/// [`residency_marker!`](crate::residency_marker).
pub trait Marker: Send + Sync + 'static {
    /// Its name in messages, and for [`Array::to`](crate::array::Array::to).
    const NAME: &'static str;
    /// Whether a scope that coerces may copy such arrays elsewhere: only if the marker names no residency.
    const COERCIBLE: bool;
    /// Whether it covers a residency.
    fn admits(key: Key) -> bool;
}

/// Any residency: checked at each call.
#[derive(Clone, Copy, Debug)]
pub enum Dyn {}

impl Marker for Dyn {
    const NAME: &'static str = "any residency";
    const COERCIBLE: bool = true;
    fn admits(_: Key) -> bool {
        true
    }
}

/// A marker that names a residency, unlike [`Dyn`].
pub trait Typed: Marker {}

/// Declares a residency marker that covers the residencies of one backend kind: `residency_marker!(pub Gpu =
/// "gpu")` covers `gpu:0`, `gpu:1` and so on, `"host"` covers `host`.
#[macro_export]
macro_rules! residency_marker {
    ($(#[$meta:meta])* $vis:vis $name:ident = $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis enum $name {}
        impl $crate::array::Marker for $name {
            const NAME: &'static str = $prefix;
            const COERCIBLE: bool = false;
            fn admits(key: $crate::dispatch::Key) -> bool {
                let name = key.name();
                name.strip_prefix($prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            }
        }
        impl $crate::array::Typed for $name {}
    };
}

residency_marker!(
    /// Host memory.
    pub Host = "host"
);
residency_marker!(
    /// Any GPU. Two different GPUs in one call are an error at the call.
    pub Gpu = "gpu"
);
