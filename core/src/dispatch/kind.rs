//! Backends: kinds, their instances, how scopes name them, and the table of kinds.
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use linkme::distributed_slice;
use parking_lot::RwLock;

use super::decline::Decline;
use super::key::Key;

/// The backends linked into this program, collected by the linker without any call; see
/// [`linked_kind!`](crate::dispatch::linked_kind).
#[distributed_slice]
pub static KINDS: [&'static dyn BackendKind];

/// Kinds that are registered before all others; the others follow by name.
const PRECEDENCE: [&str; 2] = ["cpu", "gpu"];

/// What an error that lists the known backends or devices adds where one of this project is named that isn't linked.
pub fn unlinked(name: &str) -> &'static str {
    let kind = name.split(':').next().unwrap_or(name);
    if kind == "gpu" && KindId::intern(kind).backend().is_none() {
        "; `gpu` comes with the crate polyarray-gpu, that is with the feature `gpu` of polyarray"
    } else {
        ""
    }
}

/// A backend, as the engine sees it. Implementations of methods are registered for it, and are not part of it.
///
/// Every method but [`instances`](BackendKind::instances) is called while candidates are computed, and must answer from names
/// and keys alone: a program that runs on the host only must never open a device.
pub trait BackendKind: Send + Sync + 'static {
    /// The kind's name: `cpu`, `gpu`, an outsider's.
    fn name(&self) -> &'static str;

    /// The domains that it serves; a domain includes those below it.
    fn domains(&self) -> &'static [&'static str] {
        &["numpy"]
    }

    /// Whether it is a candidate only where a scope or a global setting names it, as for wrapper backends. Others are
    /// registered for their domains when they are enrolled.
    fn explicit(&self) -> bool {
        false
    }

    /// Whether calls that no backend runs fall back to the host, their results copied back, where this one is a candidate.
    /// Never inside a `strict` scope.
    fn falls_back(&self) -> bool {
        false
    }

    /// The instance that arguments with these keys select; its default instance if none names one.
    /// Keys of two of its instances in one call are declined.
    fn select(&self, keys: &[Key]) -> Result<u16, Decline>;

    /// What it takes to use an argument with this (single) key on an instance.
    fn fit(&self, index: u16, key: Key) -> Fit;

    /// The names of its instances. May open devices; called only to check an instance named by number, or to list all.
    fn instances(&self) -> Vec<String>;

    /// The name of one instance; does not open it.
    fn instance_name(&self, index: u16) -> String {
        format!("{}:{index}", self.name())
    }
}

/// What it takes to use an argument on an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// As it is.
    Native,
    /// A conversion that copies nothing between residencies.
    Free,
    /// A copy between residencies: only where the scope coerces and the argument allows it.
    Copy,
    /// Not at all, and why.
    Never(&'static str),
}

impl Fit {
    /// The more demanding of two, for an argument of several parts.
    fn and(self, other: Fit) -> Fit {
        let rank = |fit: &Fit| match fit {
            Fit::Native => 0,
            Fit::Free => 1,
            Fit::Copy => 2,
            Fit::Never(_) => 3,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }

    pub(super) fn of(backend: &dyn BackendKind, index: u16, key: Key) -> Fit {
        let fits = key.parts().iter().map(|&part| backend.fit(index, part));
        fits.fold(Fit::Native, Fit::and)
    }
}

/// A kind's number in this process, interned by name: a registration or a scope may name a kind that is not linked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindId(pub(super) u16);

impl KindId {
    /// The id for this name, enrolled or not.
    pub fn intern(name: &str) -> KindId {
        let known = TABLE.read().by_name.get(name).copied();
        known.unwrap_or_else(|| TABLE.write().intern(name))
    }

    /// The name.
    pub fn name(self) -> &'static str {
        TABLE.read().kinds[self.0 as usize].cell.name
    }

    /// The number itself, for tables by kind.
    pub const fn index(self) -> u16 {
        self.0
    }

    /// The backend enrolled under this id, if it is linked.
    pub fn backend(self) -> Option<&'static dyn BackendKind> {
        TABLE.read().kinds[self.0 as usize].backend
    }
}

impl fmt::Debug for KindId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

struct Slot {
    cell: &'static KindCell,
    backend: Option<&'static dyn BackendKind>,
}

/// Names of backends are kept for good: so many, enrolled or not, and then only those of enrolled ones.
const MOST_NAMES: usize = 1 << 15;
const TOO_MANY: &str = "one of too many names of backends";

/// All kinds named so far, by number.
#[derive(Default)]
struct Table {
    kinds: Vec<Slot>,
    by_name: HashMap<&'static str, KindId>,
    /// Names under which two backends are linked.
    linked_twice: Vec<&'static str>,
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(|| RwLock::new(Table::linked()));

impl Table {
    fn linked() -> Table {
        let mut table = Table::default();
        let mut linked: Vec<&'static dyn BackendKind> = KINDS.iter().copied().collect();
        linked.sort_by_key(|kind| {
            let name = kind.name();
            (PRECEDENCE.iter().position(|&first| first == name).unwrap_or(PRECEDENCE.len()), name)
        });
        for backend in linked {
            if table.enrol(backend).is_none() {
                table.linked_twice.push(backend.name());
            }
        }
        table
    }

    /// The id of a name. A program that is given more names than a typing mistake explains gets one id for the rest, which
    /// no backend ever has.
    fn intern(&mut self, name: &str) -> KindId {
        let known = self.by_name.get(name).copied();
        known.unwrap_or_else(|| match self.kinds.len() {
            0..MOST_NAMES => self.add(name),
            _ => self.by_name.get(TOO_MANY).copied().unwrap_or_else(|| self.add(TOO_MANY)),
        })
    }

    fn add(&mut self, name: &str) -> KindId {
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        let id = KindId(self.kinds.len() as u16);
        self.kinds.push(Slot { cell: Box::leak(Box::new(KindCell::new(name))), backend: None });
        self.by_name.insert(name, id);
        id
    }

    fn enrol(&mut self, backend: &'static dyn BackendKind) -> Option<KindId> {
        let id = self.by_name.get(backend.name()).copied().unwrap_or_else(|| self.add(backend.name()));
        let place = &mut self.kinds[id.0 as usize].backend;
        if place.is_some() {
            return None;
        }
        *place = Some(backend);
        Some(id)
    }
}

/// Enrols a backend; none if another has its name.
pub(super) fn enrol(backend: &'static dyn BackendKind) -> Option<KindId> {
    TABLE.write().enrol(backend)
}

/// Names under which two backends are linked.
pub(super) fn linked_twice() -> Vec<&'static str> {
    TABLE.read().linked_twice.clone()
}

/// The kinds enrolled, in the order of their numbers.
pub fn kinds() -> Vec<Kind> {
    let table = TABLE.read();
    table.kinds.iter().filter(|kind| kind.backend.is_some()).map(|kind| Kind(kind.cell)).collect()
}

/// The storage behind a [`Kind`] constant: `static GPU: KindCell = KindCell::new("gpu");`.
pub struct KindCell {
    name: &'static str,
    /// The id plus one, once it is known.
    id: AtomicU32,
}

impl KindCell {
    /// A kind of this name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, id: AtomicU32::new(0) }
    }
}

/// A backend kind as a value: what `np::gpu` is, what scopes and registrations name.
///
/// ```
/// use polyarray_core::dispatch::{Kind, KindCell};
/// static GPU: KindCell = KindCell::new("gpu");
/// #[allow(non_upper_case_globals, reason = "reads as a backend, not as a constant")]
/// pub const gpu: Kind = Kind::new(&GPU);
/// assert_eq!(gpu.name(), "gpu");
/// ```
#[derive(Clone, Copy)]
pub struct Kind(&'static KindCell);

impl Kind {
    /// The kind of a cell.
    pub const fn new(cell: &'static KindCell) -> Self {
        Self(cell)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Its number in this process.
    #[inline]
    pub fn id(self) -> KindId {
        match self.0.id.load(Ordering::Relaxed) {
            0 => {
                let id = KindId::intern(self.0.name);
                self.0.id.store(u32::from(id.0) + 1, Ordering::Relaxed);
                id
            }
            known => KindId((known - 1) as u16),
        }
    }

    /// Its instance of this number; whether it exists is checked when a call reaches it.
    pub fn instance(self, index: u16) -> Instance {
        Instance { kind: self.id(), index }
    }
}

impl From<KindId> for Kind {
    fn from(id: KindId) -> Kind {
        Kind(TABLE.read().kinds[id.0 as usize].cell)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One instance of a kind, such as `gpu:1`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instance {
    /// Its kind.
    pub kind: KindId,
    /// Its number within the kind.
    pub index: u16,
}

impl Instance {
    /// Its name: `cpu`, `gpu:1`.
    pub fn name(self) -> String {
        match self.kind.backend() {
            Some(backend) => backend.instance_name(self.index),
            None => format!("{}:{}", self.kind.name(), self.index),
        }
    }

    /// What it takes to use an argument with this key here.
    pub fn fit(self, key: Key) -> Fit {
        match self.kind.backend() {
            Some(backend) => Fit::of(backend, self.index, key),
            None => Fit::Never("no such backend is linked"),
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// What a scope names: a kind, whose instance the arguments select, or one instance of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// The kind.
    pub kind: KindId,
    /// The instance; none if the arguments select it.
    pub index: Option<u16>,
}

impl Target {
    /// Whether this target, used to skip or block, covers an instance.
    pub(super) fn covers(self, instance: Instance) -> bool {
        self.kind == instance.kind && self.index.is_none_or(|index| index == instance.index)
    }
}

impl From<Instance> for Target {
    fn from(instance: Instance) -> Target {
        Target { kind: instance.kind, index: Some(instance.index) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => Instance { kind: self.kind, index }.fmt(f),
            None => f.write_str(self.kind.name()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value that names a backend: a [`Kind`], an [`Instance`], or a string such as `"gpu"` or `"gpu:1"`.
///
/// Naming an unknown one is no error yet: the first call that meets it returns the typed error, which lists those
/// enrolled.
pub trait AsTarget {
    /// The backend that it names.
    fn target(&self) -> Target;
}

impl AsTarget for Target {
    fn target(&self) -> Target {
        *self
    }
}

impl AsTarget for Kind {
    #[inline]
    fn target(&self) -> Target {
        Target { kind: self.id(), index: None }
    }
}

impl AsTarget for KindId {
    fn target(&self) -> Target {
        Target { kind: *self, index: None }
    }
}

impl AsTarget for Instance {
    fn target(&self) -> Target {
        Target { kind: self.kind, index: Some(self.index) }
    }
}

impl AsTarget for str {
    fn target(&self) -> Target {
        if let Some((kind, index)) = self.rsplit_once(':')
            && let Ok(index) = index.parse()
        {
            return Target { kind: KindId::intern(kind), index: Some(index) };
        }
        Target { kind: KindId::intern(self), index: None }
    }
}

impl AsTarget for String {
    fn target(&self) -> Target {
        self.as_str().target()
    }
}

impl<T: AsTarget + ?Sized> AsTarget for &T {
    #[inline]
    fn target(&self) -> Target {
        (**self).target()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Late;
    impl BackendKind for Late {
        fn name(&self) -> &'static str {
            "late"
        }
        fn select(&self, _: &[Key]) -> Result<u16, Decline> {
            Ok(0)
        }
        fn fit(&self, _: u16, _: Key) -> Fit {
            Fit::Native
        }
        fn instances(&self) -> Vec<String> {
            vec![]
        }
    }

    #[test]
    fn names_without_end_alias_no_backend_and_take_no_memory() {
        let mut table = Table::default();
        let first = table.intern("first");
        let many: Vec<KindId> = (0..100_000).map(|n| table.intern(&format!("name {n}"))).collect();
        assert_eq!(table.kinds[many[0].0 as usize].cell.name, "name 0");
        assert!(many.iter().all(|id| *id != first) && table.intern("first") == first);
        assert_eq!(table.kinds.len(), MOST_NAMES + 1);
        let late = table.enrol(&Late).expect("a new name");
        assert!(!many.contains(&late) && table.intern("late") == late);
        assert!(table.kinds[many[99_999].0 as usize].backend.is_none());
    }
}
