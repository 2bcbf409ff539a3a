//! Buffers: storage of elements. Each backend has its own type; the host's is in core, because every backend exchanges
//! data with host memory.

use super::host_pool::{self, Chunks, Counted};
use crate::dispatch::Instance;
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Dense storage of `len` elements of one dtype on one residency. Backends downcast it to their own type: see
/// [`downcast`].
pub trait Buffer: Any + Send + Sync + fmt::Debug {
    /// Type of the elements.
    fn dtype(&self) -> DType;
    /// Number of elements.
    fn len(&self) -> usize;
    /// Bytes that it occupies on its residency.
    fn nbytes(&self) -> usize;
    /// True where there is no element.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A copy of a host buffer that lives on a device. The slot is shared with the device, which empties it when
/// its memory runs short: the next use uploads again.
pub type MirrorSlot = Arc<Mutex<Option<Arc<dyn Buffer>>>>;

/// Host memory: a block of the pool, aligned to cache lines unless it is small; a `Vec<T>` adopted without a copy; or
/// borrowed memory of another owner, which is only read.
pub struct HostBuffer {
    dtype: DType,
    len: usize,
    data: Box<dyn Bytes>,
    mirrors: Mutex<Vec<(Instance, MirrorSlot)>>,
}

/// Memory of another owner that host arrays borrow: a mapped device buffer, a mapped file. While the owner is alive the
/// bytes neither move nor change; they are never written.
pub trait ForeignMemory: Send + Sync + 'static {
    /// The same bytes at every call.
    fn bytes(&self) -> &[u8];
}

/// The owner of host bytes.
trait Bytes: Any + Send + Sync {
    fn bytes(&self) -> &[u8];
    /// None where they are borrowed.
    fn bytes_mut(&mut self) -> Option<&mut [u8]>;
}

impl<P: bytemuck::Pod + Send + Sync> Bytes for Vec<P> {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self)
    }
    fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        Some(bytemuck::cast_slice_mut(self))
    }
}

impl Bytes for Chunks {
    fn bytes(&self) -> &[u8] {
        self.bytes()
    }
    fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        Some(self.bytes_mut())
    }
}

/// Borrowed bytes. They count towards the memory limit as a copy would, because the host array may be all that keeps them
/// alive.
struct Borrowed {
    memory: Arc<dyn ForeignMemory>,
    _counted: Counted,
}

impl Bytes for Borrowed {
    fn bytes(&self) -> &[u8] {
        self.memory.bytes()
    }
    fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        None
    }
}

impl HostBuffer {
    /// A buffer of arbitrary contents (old data of the pool): the caller writes every element.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] or [`Error::TooLarge`] where the host memory limit or the allocator refuses.
    pub fn unwritten(dtype: DType, len: usize) -> Result<HostBuffer> {
        let bytes = len.checked_mul(dtype.size()).ok_or(Error::TooLarge {
            place: "host".into(),
            bytes: len as u128 * dtype.size() as u128,
            detail: "the address space".into(),
        })?;
        Ok(HostBuffer { dtype, len, data: Box::new(host_pool::take(bytes)?), mirrors: Mutex::default() })
    }

    /// Adopts a vector without copying it.
    pub fn from_vec<T: Element>(v: Vec<T>) -> HostBuffer {
        let len = v.len();
        let v: Vec<T::Repr> = bytemuck::allocation::cast_vec(v);
        HostBuffer { dtype: T::DTYPE, len, data: Box::new(v), mirrors: Mutex::default() }
    }

    /// `len` elements of borrowed memory, from the memory's first byte on. None if the memory has fewer, if they are not aligned
    /// for the dtype, or if they would exceed the host memory limit, towards which they count as a copy would.
    ///
    /// ```
    /// # use polyarray_core::{DType, array::{HostBuffer, ForeignMemory}};
    /// # use std::sync::Arc;
    /// struct Table(Box<[f32]>);
    /// impl ForeignMemory for Table {
    ///     fn bytes(&self) -> &[u8] {
    ///         bytemuck::cast_slice(&self.0)
    ///     }
    /// }
    /// let table = Arc::new(Table(vec![1.0, 2.0, 3.0].into()));
    /// let buffer = HostBuffer::foreign(DType::F32, 2, table).expect("it has three");
    /// assert!(buffer.is_foreign());
    /// assert_eq!(buffer.as_slice::<f32>()?, [1.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn foreign(dtype: DType, len: usize, memory: Arc<dyn ForeignMemory>) -> Option<HostBuffer> {
        let bytes = memory.bytes().get(..len.checked_mul(dtype.size())?)?;
        crate::with_element!(dtype, T => {
            bytemuck::checked::try_cast_slice::<u8, T>(&bytes[..dtype.size().min(bytes.len())]).ok()?;
        });
        let counted = host_pool::count(bytes.len())?;
        let data = Box::new(Borrowed { memory, _counted: counted });
        Some(HostBuffer { dtype, len, data, mirrors: Mutex::default() })
    }

    /// Whether the memory is borrowed: a write in place then goes to a copy.
    pub fn is_foreign(&self) -> bool {
        (&*self.data as &dyn Any).is::<Borrowed>()
    }

    /// The elements as a vector: without a copy if the buffer adopted one, else by copying.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`.
    pub fn into_vec<T: Element>(self) -> Result<Vec<T>> {
        self.check::<T>()?;
        if !(&*self.data as &dyn Any).is::<Vec<T::Repr>>() {
            return Ok(self.as_slice::<T>()?.to_vec());
        }
        let vec = (self.data as Box<dyn Any>).downcast::<Vec<T::Repr>>().expect("it was just asked");
        Ok(from_repr(*vec))
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

    /// The elements as stored, to be written; mirrors on devices are dropped.
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

    /// The bytes, to be written; mirrors on devices are dropped. Borrowed memory is copied first.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.mirrors.get_mut().clear();
        let n = self.len * self.dtype.size();
        if self.is_foreign() {
            let mut own = vec![0_u128; n.div_ceil(16)];
            bytemuck::cast_slice_mut(&mut own)[..n].copy_from_slice(&self.data.bytes()[..n]);
            self.data = Box::new(own);
        }
        &mut self.data.bytes_mut().expect("foreign memory was just replaced")[..n]
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

/// A vector of stored elements as elements; the caller has checked them.
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

/// A buffer as a backend's own type.
///
/// # Errors
/// [`Error::Backend`]: a buffer of another residency reached this backend, which dispatch prevents.
pub fn downcast<'a, B: Buffer>(buffer: &'a dyn Buffer, backend: &str, op: &str) -> Result<&'a B> {
    (buffer as &dyn std::any::Any).downcast_ref().ok_or_else(|| Error::Backend {
        op: op.into(),
        backend: backend.into(),
        message: format!("{buffer:?} does not live here"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Owner(Vec<u64>, usize);

    impl ForeignMemory for Owner {
        fn bytes(&self) -> &[u8] {
            &bytemuck::cast_slice(&self.0)[self.1..]
        }
    }

    fn owner(words: &[u64], skipped: usize) -> Arc<dyn ForeignMemory> {
        Arc::new(Owner(words.to_vec(), skipped))
    }

    #[test]
    fn lent_memory_is_read_where_it_is_and_never_written() {
        let memory = owner(&[1, 2, 3], 0);
        let at = memory.bytes().as_ptr();
        let mut buffer = HostBuffer::foreign(DType::U64, 2, memory.clone()).unwrap();
        assert!(buffer.is_foreign());
        assert_eq!((buffer.bytes().as_ptr(), buffer.as_slice::<u64>().unwrap()), (at, &[1, 2][..]));
        buffer.as_repr_mut::<u64>().unwrap()[0] = 9;
        assert!(!buffer.is_foreign());
        assert_eq!(buffer.into_vec::<u64>().unwrap(), [9, 2]);
        assert_eq!(memory.bytes()[..8], 1_u64.to_ne_bytes());
        let whole = HostBuffer::foreign(DType::U64, 3, memory).unwrap();
        assert_eq!(whole.into_vec::<u64>().unwrap(), [1, 2, 3]);
    }

    #[test]
    fn what_a_loan_does_not_have_is_not_taken() {
        assert!(HostBuffer::foreign(DType::U64, 3, owner(&[1, 2], 0)).is_none());
        assert!(HostBuffer::foreign(DType::U64, usize::MAX, owner(&[1, 2], 0)).is_none());
        assert!(HostBuffer::foreign(DType::U64, 1, owner(&[1, 2], 4)).is_none(), "not aligned");
        assert!(HostBuffer::foreign(DType::U32, 3, owner(&[1, 2], 4)).is_some());
        assert!(HostBuffer::foreign(DType::F64, 0, owner(&[], 0)).is_some());
    }
}
