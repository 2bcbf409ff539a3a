//! Residencies as keys, the kinds that hold arrays, and their open instances.

use super::backend::{ArrayBackend, KernelLimits};
use crate::dispatch::{Instance, Key, KindId, unlinked};
use crate::dtype::DType;
use crate::error::{Error, Result};
use linkme::distributed_slice;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// The residency of host memory.
pub static HOST: LazyLock<Key> = LazyLock::new(|| Key::intern("host"));

/// How a backend kind opens its instances: link-time enrolment beside the dispatch engine's own.
pub struct ArrayKind {
    /// The kind's name, as enrolled with the engine.
    pub name: &'static str,
    /// Opens an instance, once; later calls return the same. Never called before the instance is needed.
    pub open: fn(u16) -> Result<&'static dyn ArrayBackend>,
    /// The residency whose arrays an instance takes without conversion; does not open it.
    pub residency: fn(u16) -> Key,
}

/// Every kind that holds arrays.
#[distributed_slice]
pub static ARRAY_KINDS: [ArrayKind];

/// Numbers of kinds and instances in the table of open instances that is read without a lock.
const SLOTS: (usize, usize) = (32, 16);
static OPEN: [OnceLock<Site>; SLOTS.0 * SLOTS.1] = [const { OnceLock::new() }; SLOTS.0 * SLOTS.1];

/// An open instance and its constant properties: recording reads most of them, and a virtual call for each would take a
/// tenth of its time.
pub(crate) struct Site {
    pub(crate) backend: &'static dyn ArrayBackend,
    pub(crate) instance: Instance,
    pub(crate) residency: Key,
    pub(crate) limits: KernelLimits,
    pub(crate) default_float: DType,
    pub(crate) caveats: String,
}

impl Site {
    fn of(instance: Instance) -> Result<Site> {
        let backend = (kind_of(instance.kind)?.open)(instance.index)?;
        let (residency, limits) = (backend.residency(), backend.limits());
        let caveats = backend.caveats().join("; ");
        Ok(Site { backend, instance, residency, limits, default_float: backend.default_float(), caveats })
    }
}

/// The backend behind an instance, opened on first use.
///
/// # Errors
/// [`Error::Unknown`] if no linked kind of arrays has that name; whatever opening the device fails with.
pub fn open(instance: Instance) -> Result<&'static dyn ArrayBackend> {
    Ok(site(instance)?.backend)
}

/// The instance, opened on first use.
#[inline]
pub(crate) fn site(instance: Instance) -> Result<&'static Site> {
    match slot(instance).and_then(OnceLock::get) {
        Some(site) => Ok(site),
        None => site_slowly(instance),
    }
}

#[inline]
fn slot(instance: Instance) -> Option<&'static OnceLock<Site>> {
    let (kind, index) = (instance.kind.index() as usize, instance.index as usize);
    if kind < SLOTS.0 && index < SLOTS.1 { Some(&OPEN[kind * SLOTS.1 + index]) } else { None }
}

#[cold]
fn site_slowly(instance: Instance) -> Result<&'static Site> {
    // Another thread may be first; `open` returns the same to both.
    if let Some(slot) = slot(instance) {
        let site = Site::of(instance)?;
        return Ok(slot.get_or_init(|| site));
    }
    // Beyond the table. Instances live as long as the process, and so do their sites.
    static BEYOND: LazyLock<parking_lot::Mutex<HashMap<Instance, &'static Site>>> =
        LazyLock::new(Default::default);
    if let Some(site) = BEYOND.lock().get(&instance) {
        return Ok(site);
    }
    let site = Site::of(instance)?;
    Ok(BEYOND.lock().entry(instance).or_insert_with(|| Box::leak(Box::new(site))))
}

fn kind_of(kind: KindId) -> Result<&'static ArrayKind> {
    ARRAY_KINDS.iter().find(|k| k.name == kind.name()).ok_or_else(|| Error::Unknown {
        what: "kind of arrays",
        name: kind.name().into(),
        known: known_kinds() + unlinked(kind.name()),
    })
}

fn known_kinds() -> String {
    let names: Vec<_> = ARRAY_KINDS.iter().map(|k| k.name).collect();
    if names.is_empty() { "none is linked into this program".into() } else { names.join(", ") }
}

/// The residency of an instance's arrays.
///
/// # Errors
/// [`Error::Unknown`] if no linked kind of arrays has that name.
pub fn residency_of(instance: Instance) -> Result<Key> {
    Ok((kind_of(instance.kind)?.residency)(instance.index))
}

/// A residency's name, for messages.
pub(crate) fn name(key: Key) -> String {
    key.name().to_string()
}

/// The residency of that name, of a linked kind or of the host, which every program has: `host`, `gpu` (the first),
/// `gpu:1`.
pub(super) fn named(name: &str) -> Result<Key> {
    if name == HOST.name() {
        return Ok(*HOST);
    }
    let (kind, index) = match name.split_once(':') {
        Some((k, i)) => (k, i.parse::<u16>().ok()),
        None => (name, Some(0)),
    };
    let found = index.and_then(|index| {
        ARRAY_KINDS.iter().map(|k| (k.residency)(index)).find(|key| {
            key.name() == name || (!name.contains(':') && key.name().strip_suffix(":0") == Some(kind))
        })
    });
    found.ok_or_else(|| Error::Unknown { what: "device", name: name.into(), known: known_devices(name) })
}

/// The first device of every kind, by name; whether others exist is known when they are used.
fn known_devices(asked: &str) -> String {
    let mut names = vec![HOST.name()];
    names.extend(ARRAY_KINDS.iter().map(|k| (k.residency)(0).name()).filter(|name| *name != HOST.name()));
    names.dedup();
    names.join(", ") + unlinked(asked)
}

/// The instance whose arrays have that residency.
///
/// # Errors
/// [`Error::Unknown`] if no linked kind holds it.
pub fn instance_at(key: Key) -> Result<Instance> {
    static FOUND: LazyLock<parking_lot::RwLock<HashMap<Key, Instance>>> = LazyLock::new(Default::default);
    if let Some(&i) = FOUND.read().get(&key) {
        return Ok(i);
    }
    let index = key.name().rsplit_once(':').and_then(|(_, i)| i.parse().ok()).unwrap_or(0);
    let kind = ARRAY_KINDS.iter().find(|k| (k.residency)(index) == key).ok_or_else(|| Error::Unknown {
        what: "device",
        name: key.name().into(),
        known: known_devices(key.name()),
    })?;
    let instance = Instance { kind: KindId::intern(kind.name), index };
    FOUND.write().insert(key, instance);
    Ok(instance)
}
