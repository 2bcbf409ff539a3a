//! The device on which an array is created.

use super::residency::{self, HOST, named};
use crate::dispatch::{Argument, Decline, Dispatchable, Fit, Instance, Key, Kind, Operand, Refusal, State};
use crate::error::{Error, Result};
use std::fmt;
use std::sync::OnceLock;

/// Where to make an array: the argument of creation functions and of [`Array::to`](crate::array::Array::to).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Device {
    /// The backend that a scope names; without one the default device (`POLYARRAY_DEFAULT_DEVICE`, else the host).
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
    /// The device of an array to be created: a backend named by a scope comes before the environment's default device.
    ///
    /// # Errors
    /// [`Error::Unknown`] if `POLYARRAY_DEFAULT_DEVICE` names no device.
    pub(crate) fn placed(self) -> Result<Device> {
        if self != Device::Default || State::names_backend() {
            return Ok(self);
        }
        // The host is not named: it is that of the first registered backend, and a global backend may come before it.
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

impl TryFrom<&String> for Device {
    type Error = Error;
    fn try_from(name: &String) -> Result<Device> {
        Device::try_from(name.as_str())
    }
}

impl TryFrom<Kind> for Device {
    type Error = Error;
    /// That of its default instance.
    fn try_from(kind: Kind) -> Result<Device> {
        let default = kind.id().backend().and_then(|backend| backend.select(&[]).ok());
        Device::try_from(kind.instance(default.unwrap_or(0)))
    }
}

impl From<Key> for Device {
    /// Scalars, which live nowhere, leave it to the default.
    fn from(residency: Key) -> Device {
        if residency == Key::NONE { Device::Default } else { Device::At(residency) }
    }
}

impl From<&Device> for Device {
    fn from(device: &Device) -> Device {
        *device
    }
}

impl TryFrom<Instance> for Device {
    type Error = Error;
    fn try_from(instance: Instance) -> Result<Device> {
        residency::residency_of(instance).map(Device::At)
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

impl Argument for Device {
    fn key(&self) -> Key {
        match self {
            Device::Default => Key::NONE,
            Device::At(key) => *key,
        }
    }

    fn coercible(&self) -> bool {
        false
    }

    fn converts(&self, to: Instance, how: Fit) -> Result<(), Refusal> {
        self.convert(to, how).map(drop)
    }

    fn describe(&self, name: &'static str) -> Operand {
        Operand::new(name, self.to_string())
    }

    fn remedy(&self, name: &str, to: Instance) -> String {
        let device = residency::residency_of(to).unwrap_or(*HOST);
        format!("{name} = {:?}", device.name())
    }
}

impl Dispatchable for Device {
    type Owned = Device;

    fn convert(&self, _: Instance, _: Fit) -> Result<Device, Refusal> {
        Err(Refusal::Declined(Decline::new("an array is made on the device that was named")))
    }
}
