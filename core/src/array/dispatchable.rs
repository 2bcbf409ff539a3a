//! Arrays as arguments of dispatch.

use super::handle::Coercion;
use super::{Array, transfer};
use crate::device::{self, Device, HOST, Marker};
use crate::dispatch::{Argument, Dispatchable, Fit, Instance, Key, Operand, Refusal, Stop};
use crate::dispatch::{Decline, DispatchError};
use crate::error::Error;
use crate::graph::NotRecorded;
use std::sync::Arc;

impl<R: Marker> Argument for Array<R> {
    fn key(&self) -> Key {
        self.dense.node.home
    }

    fn coercible(&self) -> bool {
        self.coercion == Coercion::Allowed
    }

    fn converts(&self, to: Instance, _: Fit) -> Result<(), Refusal> {
        destination(self, to).map(drop)
    }

    fn describe(&self, name: &'static str) -> Operand {
        let text = match self.describe_value() {
            Some(value) => format!("scalar {value}"),
            None => {
                let typed = if self.coercible() { "" } else { ", its type forbids copies" };
                format!("{}{:?} on {}{typed}", self.dtype(), self.shape(), self.residency())
            }
        };
        Operand::new(name, text)
    }

    fn remedy(&self, name: &str, to: Instance) -> String {
        let device = device::residency_of(to).unwrap_or(*HOST);
        format!("{name}.to({:?})?", device.name())
    }
}

impl Dispatchable for Array {
    type Owned = Array;

    fn convert(&self, to: Instance, _: Fit) -> Result<Array, Refusal> {
        match destination(self, to)? {
            Some(target) => transfer::to(self, Device::At(target)).map_err(refusal),
            None => Ok(self.clone()),
        }
    }
}

/// Full memory or a lost device are failures; a dtype that the device can't hold is a refusal.
fn refusal(e: Error) -> Refusal {
    match e {
        Error::Unsupported { .. } | Error::TooLarge { .. } => {
            Refusal::Declined(Decline::show("can't be copied there", e))
        }
        e => Refusal::Failed(Box::new(e)),
    }
}

/// The residency that an array is to be copied to for an instance, which can hold it; none if it is usable as it is.
fn destination<R: Marker>(array: &Array<R>, to: Instance) -> Result<Option<Key>, Refusal> {
    let target = device::residency_of(to).map_err(refusal)?;
    if array.key() == Key::NONE || array.key() == target {
        return Ok(None);
    }
    let backend = device::open(to).map_err(|e| Refusal::Declined(Decline::show("can't be opened", e)))?;
    backend
        .supports(device::Query::Hold(array.dtype()))
        .map_err(|u| Refusal::Declined(Decline::show("can't be copied there", u)))?;
    if target != *HOST {
        backend.fits(array.dtype(), array.len()).map_err(refusal)?;
    }
    Ok(Some(target))
}

impl From<NotRecorded> for Stop<Error> {
    fn from(e: NotRecorded) -> Self {
        match e {
            NotRecorded::Declined(reason) => Stop::Declined(Decline::show("unsupported", reason)),
            NotRecorded::Failed(e) => Stop::Failed(e),
        }
    }
}

impl From<crate::dispatch::Error> for Error {
    fn from(e: crate::dispatch::Error) -> Self {
        // An array error that passed through a conversion is returned as itself.
        match e {
            crate::dispatch::Error::Conversion(ref failed) => match failed.source.downcast_ref::<Error>() {
                Some(own) => own.clone(),
                None => Error::Dispatch(Arc::new(e)),
            },
            e => Error::Dispatch(Arc::new(e)),
        }
    }
}

impl DispatchError for Error {
    fn dispatch_error(&self) -> Option<&crate::dispatch::Error> {
        match self {
            Error::Dispatch(e) => Some(e),
            _ => None,
        }
    }
}
