//! Buffers: where elements are stored. A backend has its own kind; the host's is here, in core, because
//! Rust's in-memory arrays are everyone's lingua franca.

use super::host_memory::{self, Chunks};
use crate::dispatch::Instance;
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Dense storage of `len` elements of one dtype, resident somewhere. Backends downcast to their own:
/// `(buffer as &dyn Any).downcast_ref()`.
pub trait Buffer: Any + Send + Sync + fmt::Debug {
    /// Type of the elements.
    fn dtype(&self) -> DType;
    /// Number of elements.
    fn len(&self) -> usize;
    /// Bytes that it occupies where it lives.
    fn nbytes(&self) -> usize;
    /// True where there is no element.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A copy of a host buffer that lives on a device. The slot is shared with the device, which empties it when
/// its memory runs short: the next use uploads again.
pub type MirrorSlot = Arc<Mutex<Option<Arc<dyn Buffer>>>>;

/// Host memory: blocks of the pool's, aligned to cache lines unless they are small, or a `Vec<T>` adopted without a copy.
pub struct HostBuffer {
    dtype: DType,
    len: usize,
    data: Box<dyn Bytes>,
    mirrors: Mutex<Vec<(Instance, MirrorSlot)>>,
}

/// The owner of host bytes.
trait Bytes: Send + Sync {
    fn bytes(&self) -> &[u8];
    fn bytes_mut(&mut self) -> &mut [u8];
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<P: bytemuck::Pod + Send + Sync> Bytes for Vec<P> {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self)
    }
    fn bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(self)
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Bytes for Chunks {
    fn bytes(&self) -> &[u8] {
        self.bytes()
    }
    fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes_mut()
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl HostBuffer {
    /// A buffer to be written. Its contents are arbitrary (old data of the pool): write every element.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] or [`Error::TooLarge`] where the host memory limit or the allocator refuses.
    pub fn unwritten(dtype: DType, len: usize) -> Result<HostBuffer> {
        let bytes = len.checked_mul(dtype.size()).ok_or(Error::TooLarge {
            place: "host".into(),
            bytes: len as u128 * dtype.size() as u128,
            detail: "the address space".into(),
        })?;
        Ok(HostBuffer { dtype, len, data: Box::new(host_memory::take(bytes)?), mirrors: Mutex::default() })
    }

    /// Adopts a vector without copying it.
    pub fn from_vec<T: Element>(v: Vec<T>) -> HostBuffer {
        let len = v.len();
        let v: Vec<T::Repr> = bytemuck::allocation::cast_vec(v);
        HostBuffer { dtype: T::DTYPE, len, data: Box::new(v), mirrors: Mutex::default() }
    }

    /// The vector back: without a copy where it was adopted from one, else by copying.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`.
    pub fn into_vec<T: Element>(self) -> Result<Vec<T>> {
        self.check::<T>()?;
        match self.data.into_any().downcast::<Vec<T::Repr>>() {
            Ok(v) => Ok(from_repr(*v)),
            Err(other) => {
                let chunks = other.downcast::<Chunks>().expect("a buffer is a vector or chunks");
                let bytes = &chunks.bytes()[..self.len * self.dtype.size()];
                Ok(bytemuck::checked::cast_slice::<u8, T>(bytes).to_vec())
            }
        }
    }

    fn check<T: Element>(&self) -> Result<()> {
        if T::DTYPE == self.dtype {
            return Ok(());
        }
        Err(Error::DType {
            op: "read",
            operands: format!("the array holds {}, {} was asked for", self.dtype, T::DTYPE),
            fix: format!("cast it with astype({:?}) first", T::DTYPE),
        })
    }

    /// The elements. A bool that is neither 0 nor 1 panics: nothing here stores one.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.check::<T>()?;
        Ok(bytemuck::checked::cast_slice(self.bytes()))
    }

    /// The elements as stored: bools as bytes.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`.
    pub fn as_repr<T: Element>(&self) -> Result<&[T::Repr]> {
        self.check::<T>()?;
        Ok(bytemuck::cast_slice(self.bytes()))
    }

    /// The elements as stored, to be written; copies on devices are forgotten.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`.
    pub fn as_repr_mut<T: Element>(&mut self) -> Result<&mut [T::Repr]> {
        self.check::<T>()?;
        Ok(bytemuck::cast_slice_mut(self.bytes_mut()))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.data.bytes()[..self.len * self.dtype.size()]
    }

    /// The bytes, to be written; copies on devices are forgotten.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.mirrors.get_mut().clear();
        let n = self.len * self.dtype.size();
        &mut self.data.bytes_mut()[..n]
    }

    /// The slot for this buffer's copy on `instance`, made on first use.
    pub fn mirror(&self, instance: Instance) -> MirrorSlot {
        let mut mirrors = self.mirrors.lock();
        match mirrors.iter().find(|(i, _)| *i == instance) {
            Some((_, slot)) => slot.clone(),
            None => {
                let slot = MirrorSlot::default();
                mirrors.push((instance, slot.clone()));
                slot
            }
        }
    }
}

/// A vector of stored elements as the elements, which the caller has checked.
fn from_repr<T: Element>(v: Vec<T::Repr>) -> Vec<T> {
    // For every dtype but bool the two types are one, and this is a move.
    let any: Box<dyn Any> = Box::new(v);
    match any.downcast::<Vec<T>>() {
        Ok(v) => *v,
        Err(any) => {
            let v = any.downcast::<Vec<T::Repr>>().expect("it was boxed as that");
            bytemuck::checked::cast_slice::<T::Repr, T>(&v).to_vec()
        }
    }
}

impl Buffer for HostBuffer {
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn len(&self) -> usize {
        self.len
    }
    fn nbytes(&self) -> usize {
        self.len * self.dtype.size()
    }
}

impl fmt::Debug for HostBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostBuffer({} x {})", self.len, self.dtype)
    }
}
