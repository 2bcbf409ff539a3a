//! Residency: where an array lives, as a run-time key, as a type, and as a device that one can name.

use super::backend::{ArrayBackend, KernelLimits};
use crate::dispatch::{Instance, Key, KindId, State};
use crate::dtype::DType;
use crate::error::{Error, Result};
use linkme::distributed_slice;
use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

/// The residency of host memory.
pub static HOST: LazyLock<Key> = LazyLock::new(|| Key::intern("host"));

/// A residency as a type: the `R` of `Array<R>`. An outsider's backend adds its own with
/// [`residency_marker!`](crate::residency_marker).
pub trait Marker: Send + Sync + 'static {
    /// Its name in messages, and for [`Array::to`](super::Array::to).
    const NAME: &'static str;
    /// May arrays of it be copied elsewhere by a scope that coerces? Only those that name no residency.
    const COERCIBLE: bool;
    /// Does it cover a residency?
    fn admits(key: Key) -> bool;
}

/// Any residency: checked when called.
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

/// How a backend kind opens its instances: link-time enrolment beside the dispatch engine's own.
pub struct ArrayKind {
    /// The kind's name, as enrolled with the engine.
    pub name: &'static str,
    /// Opens an instance, once; later calls give the same. Never called before something needs the instance.
    pub open: fn(u16) -> Result<&'static dyn ArrayBackend>,
    /// The residency whose arrays an instance takes as they are, answered without opening it.
    pub residency: fn(u16) -> Key,
}

/// Every kind that holds arrays.
#[distributed_slice]
pub static ARRAY_KINDS: [ArrayKind];

/// Kinds and instances that the open table holds without a lock.
const SLOTS: (usize, usize) = (32, 16);
static OPEN: [OnceLock<Site>; SLOTS.0 * SLOTS.1] = [const { OnceLock::new() }; SLOTS.0 * SLOTS.1];

/// An instance that is open, and what never changes about it: recording an operation asks for most of it, and a
/// virtual call each would be a tenth of its time.
pub(crate) struct Site {
    pub(crate) backend: &'static dyn ArrayBackend,
    pub(crate) instance: Instance,
    pub(crate) residency: Key,
    pub(crate) limits: KernelLimits,
    pub(crate) default_float: DType,
}

impl Site {
    fn of(instance: Instance) -> Result<Site> {
        let backend = (kind_of(instance.kind)?.open)(instance.index)?;
        let (residency, limits) = (backend.residency(), backend.limits());
        Ok(Site { backend, instance, residency, limits, default_float: backend.default_float() })
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
    // Another thread may be first; `open` gives both the same.
    if let Some(slot) = slot(instance) {
        let site = Site::of(instance)?;
        return Ok(slot.get_or_init(|| site));
    }
    // Beyond the table: instances live as long as the process, so do their sites.
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
        known: known_kinds(),
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

/// Where to make an array: the argument of creation functions and of [`Array::to`](super::Array::to).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Device {
    /// Where the scope says; the default device (`POLYARRAY_DEFAULT_DEVICE`, else the host) if it says nothing.
    #[default]
    Default,
    /// A residency.
    At(Key),
}

impl Device {
    /// The residency named, the default device's for [`Device::Default`].
    ///
    /// # Errors
    /// [`Error::Unknown`] if `POLYARRAY_DEFAULT_DEVICE` names no device.
    pub fn key(self) -> Result<Key> {
        match self {
            Device::At(key) => Ok(key),
            Device::Default => default_device(),
        }
    }
}

impl Device {
    /// Where an array is to be made: what a scope names comes before the environment's default device.
    ///
    /// # Errors
    /// [`Error::Unknown`] if `POLYARRAY_DEFAULT_DEVICE` names no device.
    pub(crate) fn placed(self) -> Result<Device> {
        if self != Device::Default || State::names_backend() {
            return Ok(self);
        }
        // The host needs no naming: it is the first registered backend's, and a global one may come before it.
        let key = default_device()?;
        Ok(if key == *HOST { Device::Default } else { Device::At(key) })
    }
}

/// `POLYARRAY_DEFAULT_DEVICE`, read once.
fn default_device() -> Result<Key> {
    static DEFAULT: OnceLock<Result<Key>> = OnceLock::new();
    if let Some(d) = DEFAULT.get() {
        return d.clone();
    }
    let found = match std::env::var("POLYARRAY_DEFAULT_DEVICE") {
        Ok(name) if !name.is_empty() => named(&name).map_err(|e| match e {
            Error::Unknown { name, known, .. } => {
                Error::Unknown { what: "device in POLYARRAY_DEFAULT_DEVICE", name, known }
            }
            e => e,
        }),
        _ => Ok(*HOST),
    };
    DEFAULT.get_or_init(|| found).clone()
}

/// The residency of that name, which a linked kind must hold, but for the host, which every program has: `host`,
/// `gpu` (the first), `gpu:1`.
fn named(name: &str) -> Result<Key> {
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
    found.ok_or_else(|| Error::Unknown { what: "device", name: name.into(), known: known_devices() })
}

/// The first device of every kind, by name; numbers beyond are found out when they are used.
fn known_devices() -> String {
    let mut names = vec![HOST.name()];
    names.extend(ARRAY_KINDS.iter().map(|k| (k.residency)(0).name()).filter(|name| *name != HOST.name()));
    names.dedup();
    names.join(", ")
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
        known: known_devices(),
    })?;
    let instance = Instance { kind: KindId::intern(kind.name), index };
    FOUND.write().insert(key, instance);
    Ok(instance)
}

impl TryFrom<&str> for Device {
    type Error = Error;
    fn try_from(name: &str) -> Result<Device> {
        named(name).map(Device::At)
    }
}

impl TryFrom<String> for Device {
    type Error = Error;
    fn try_from(name: String) -> Result<Device> {
        Device::try_from(name.as_str())
    }
}

impl TryFrom<Instance> for Device {
    type Error = Error;
    fn try_from(instance: Instance) -> Result<Device> {
        residency_of(instance).map(Device::At)
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Default => f.pad("default"),
            Device::At(key) => f.pad(key.name()),
        }
    }
}
