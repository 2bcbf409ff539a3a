//! The dispatch engine. It knows no array.

/// A kind of backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KindId(pub u16);

/// One instance of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The kind.
    pub kind: KindId,
    /// Which one of the kind.
    pub index: u16,
}
