//! A method without its types.
use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The type-independent description of a method. There is one per method, whose address is the method's identity.
pub struct MethodInfo {
    /// Its name.
    pub name: &'static str,
    /// The domain that it is declared in.
    pub domain: &'static str,
    /// The names of its dispatchable arguments, in order.
    pub arguments: &'static [&'static str],
    /// Whether it has a default.
    pub has_default: bool,
    /// The implementation that packs its arguments, for interceptors and the fallback: a `Method::Fn`.
    #[doc(hidden)]
    pub packed: Option<&'static Erased>,
}

/// A type-erased function; its user downcasts it.
#[doc(hidden)]
pub type Erased = dyn Any + Send + Sync;

impl fmt::Display for MethodInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.domain, self.name)
    }
}

impl fmt::Debug for MethodInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A method, compared by identity.
#[derive(Clone, Copy)]
pub(super) struct MethodRef(pub &'static MethodInfo);

impl MethodRef {
    pub fn address(self) -> usize {
        std::ptr::from_ref(self.0).addr()
    }
}

impl PartialEq for MethodRef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for MethodRef {}

impl Hash for MethodRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}
