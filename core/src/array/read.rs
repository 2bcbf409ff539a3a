//! Reading: evaluation, and copies to the host.

use super::{Array, IntoAxes, transfer};
use crate::device::{Device, HOST, Marker};
use crate::dispatch::Key;
use crate::dtype::{Element, Scalar};
use crate::error::{Error, Result};
use crate::graph::record;
use crate::memory::{Buffer, Dims, HostBuffer, Layout, Operand};
use smallvec::SmallVec;
use std::sync::Arc;

impl<R: Marker> Array<R> {
    /// Computes the values now instead of when they are read.
    ///
    /// # Errors
    /// Those of the computation: out of memory, a lost device.
    pub fn eval(&self) -> Result<&Self> {
        if let Some(repr) = self.repr() {
            repr.eval()?;
            return Ok(self);
        }
        self.dense.eval()?;
        Ok(self)
    }

    /// How many elements its computation reads and writes, counted up to `most`: 0 if it is computed, `most` of a
    /// representation that the graph does not know.
    ///
    /// ```
    /// use polyarray_core::Array;
    /// assert_eq!(Array::from(vec![1.0, 2.0]).pending_elements(1000), 0);
    /// ```
    pub fn pending_elements(&self, most: usize) -> usize {
        if self.repr().is_some() {
            return most;
        }
        crate::graph::interrupt::elements(&self.dense.node, most)
    }

    /// The evaluated array as buffer and layout, for implementations of backends.
    ///
    /// # Errors
    /// Those of the computation.
    pub fn operand(&self) -> Result<Operand> {
        Ok(Operand { buffer: self.dense.eval()?, layout: self.layout() })
    }

    /// The values on the host, as buffer and layout, copied if they are on a device.
    pub(crate) fn on_host(&self) -> Result<(Arc<dyn Buffer>, Layout)> {
        if let Some(repr) = self.repr() {
            return repr.to_dense()?.on_host();
        }
        if self.dense.node.home == *HOST || self.dense.node.home == Key::NONE {
            return Ok((self.dense.eval()?, self.layout()));
        }
        transfer::download(&self.as_dyn())
    }

    /// The values in row-major order, on the host. A copy.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`; those of the computation and the copy.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let (buffer, layout) = self.on_host()?;
        let host: &HostBuffer = crate::memory::downcast(&*buffer, "host", "to_vec")?;
        let data = host.as_slice::<T>()?;
        if layout.is_contiguous() {
            return Ok(data[layout.offset..layout.offset + layout.len()].to_vec());
        }
        Ok(crate::memory::strided::view::<T>(data, &layout).iter().copied().collect())
    }

    /// The one value of an array of one element.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are more or none.
    pub fn item(&self) -> Result<Scalar> {
        if self.len() != 1 {
            return Err(Error::Shape {
                op: "item",
                operands: format!("an array of shape {:?}", self.shape()),
                fix: "item reads arrays of one element; use get(index) or to_vec".into(),
            });
        }
        self.get(SmallVec::<[isize; 4]>::from_elem(0, self.ndim()))
    }

    /// One element. A negative index counts from the end.
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::Shape`] if there are not as many indices as axes.
    pub fn get(&self, index: impl IntoAxes) -> Result<Scalar> {
        let index = index.into_axes();
        if index.len() != self.ndim() {
            return Err(Error::Shape {
                op: "get",
                operands: format!("{} indices into shape {:?}", index.len(), self.shape()),
                fix: "give one index per axis".into(),
            });
        }
        let mut at: Dims = SmallVec::new();
        for (axis, (&i, &len)) in index.iter().zip(self.shape()).enumerate() {
            at.push(crate::expr::axes::wrap_index("get", i as i64, axis, len)?);
        }
        // From a device only that element is copied, not the array.
        let home = self.dense.node.home;
        let near = home == *HOST || home == Key::NONE || self.repr().is_some();
        let one = if near || self.len() == 1 {
            self.as_dyn()
        } else {
            let mut layout = self.layout();
            layout.offset = layout.at(&at);
            (layout.shape, layout.strides) = Default::default();
            at.clear();
            record::copy(&self.dense.seen(layout))?.into()
        };
        let (buffer, layout) = one.on_host()?;
        let host: &HostBuffer = crate::memory::downcast(&*buffer, "host", "get")?;
        let k = layout.at(&at);
        crate::with_element!(host.dtype(), T => Ok(host.as_slice::<T>()?[k].scalar()))
    }

    /// A copy on another residency: `"host"`, `"gpu:0"`, `Host`, a `Device`; the array itself if it lives there.
    ///
    /// # Errors
    /// [`Error::Unknown`] device; what the computation or the copy fails with.
    pub fn to(&self, device: impl TryInto<Device, Error: Into<Error>>) -> Result<Array> {
        transfer::to(&self.as_dyn(), device.try_into().map_err(Into::into)?)
    }
}
