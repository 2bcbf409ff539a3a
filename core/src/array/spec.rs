//! Kernels by spec: kernels that are not fused ones (products, sorts, scans, gathers, decompositions).
//!
//! A method's family checks and normalises its arguments, and describes the work by a [`Spec`]; a backend registers a
//! kernel for the spec's type and nothing else. It declines the method where it has none.

use super::Array;
use crate::device::residency;
use crate::dispatch::{Cx, KindId, Stop};
use crate::dtype::DType;
use crate::error::{Error, Result, Unsupported};
use crate::expr::Epilogue;
use crate::graph::{Dense, NotRecorded, record as graph};
use crate::memory::{Buffer, Dims, Operand};
use linkme::distributed_slice;
use parking_lot::RwLock;
use smallvec::SmallVec;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Shape and dtype of each result of a kernel.
pub type Outputs = SmallVec<[(Dims, DType); 3]>;
/// The results of a kernel: dense, row-major buffers.
pub type Buffers = SmallVec<[Arc<dyn Buffer>; 3]>;

/// The outputs of a spec with one result.
pub fn output(shape: impl Into<Dims>, dtype: DType) -> Outputs {
    std::iter::once((shape.into(), dtype)).collect()
}

/// A description of what a kernel computes, with checked arguments. Equal specs describe the same work.
pub trait Spec: Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The name in traces and errors.
    const NAME: &'static str;

    /// The name of this spec, where specs of one type have several names.
    fn name(&self) -> &'static str {
        Self::NAME
    }

    /// Shape and dtype of each result, known before anything runs.
    fn outputs(&self) -> Outputs;
}

/// Computes every result of a spec from evaluated operands on the instance. Never called where all results are empty; may
/// be called again after memory was full.
pub type Compute<S> = fn(Cx, &S, &[Operand]) -> Result<Buffers>;

/// Computes the one result of a spec with an epilogue fused. `None`, having done nothing, if it does not take this epilogue:
/// both then run one after the other.
pub type ComputeWithEpilogue<S> = fn(Cx, &S, &[Operand], &Epilogue) -> Result<Option<Arc<dyn Buffer>>>;

/// Why a backend does not take a spec, if it does not.
pub type Supports<S> = fn(Cx, &S) -> Result<(), Unsupported>;

/// A backend's kernel for specs of one type.
pub struct SpecKernel<S> {
    compute: Compute<S>,
    epilogue: Option<ComputeWithEpilogue<S>>,
    supports: Option<Supports<S>>,
}

impl<S> Clone for SpecKernel<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for SpecKernel<S> {}

impl<S: Spec> SpecKernel<S> {
    /// A kernel for every such spec.
    pub const fn new(compute: Compute<S>) -> Self {
        SpecKernel { compute, epilogue: None, supports: None }
    }

    /// It fuses elementwise consumers of its result.
    #[must_use]
    pub const fn with_epilogue(self, epilogue: ComputeWithEpilogue<S>) -> Self {
        SpecKernel { epilogue: Some(epilogue), ..self }
    }

    /// It declines the specs for which `supports` returns a reason. Called when a call is recorded.
    #[must_use]
    pub const fn supporting(self, supports: Supports<S>) -> Self {
        SpecKernel { supports: Some(supports), ..self }
    }
}

/// The kernels registered at link time; see [`kernels!`](crate::kernels).
#[distributed_slice]
pub static KERNELS: [fn(&mut Kernels)];

/// The table of kernels by kind and spec type.
#[derive(Default)]
pub struct Kernels(HashMap<(KindId, TypeId), Box<dyn Any + Send + Sync>>);

static TABLE: LazyLock<RwLock<Kernels>> = LazyLock::new(|| {
    let mut kernels = Kernels::default();
    KERNELS.iter().for_each(|add| add(&mut kernels));
    RwLock::new(kernels)
});

impl Kernels {
    /// Adds a kernel to a kind, or replaces the one that is there.
    pub fn add<S: Spec>(&mut self, kind: &str, kernel: SpecKernel<S>) {
        self.0.insert((KindId::intern(kind), TypeId::of::<S>()), Box::new(kernel));
    }
}

/// Registers a kernel at run time, or replaces the present one. Calls recorded before keep theirs.
pub fn register_kernel<S: Spec>(kind: &str, kernel: SpecKernel<S>) {
    TABLE.write().add(kind, kernel);
}

/// Registers kernels at link time, for any kind of any crate.
///
/// ```
/// use polyarray_core::backend::{Buffers, Cx, DType, Operand, Outputs, Spec, SpecKernel, downcast, kernels};
/// use polyarray_core::memory::HostBuffer;
/// #[derive(Clone, Debug, PartialEq)]
/// struct Histogram { bins: usize }
/// impl Spec for Histogram {
///     const NAME: &'static str = "histogram";
///     fn outputs(&self) -> Outputs { [([self.bins].as_slice().into(), DType::I64)].into_iter().collect() }
/// }
/// fn histogram(_: Cx, spec: &Histogram, operands: &[Operand]) -> polyarray_core::Result<Buffers> {
///     let values = downcast::<HostBuffer>(&*operands[0].buffer, "cpu", "histogram")?.as_slice::<u8>()?;
///     let mut counts = vec![0i64; spec.bins];
///     values.iter().filter(|v| usize::from(**v) < spec.bins).for_each(|v| counts[usize::from(*v)] += 1);
///     Ok(polyarray_core::backend::one(HostBuffer::from_vec(counts)))
/// }
/// kernels! { HISTOGRAM_ON_THE_HOST; "cpu": Histogram = SpecKernel::new(histogram); }
/// ```
#[macro_export]
macro_rules! kernels {
    ($name:ident; $($kind:literal : $spec:ty = $kernel:expr;)*) => {
        #[$crate::dispatch::linkme::distributed_slice($crate::array::spec::KERNELS)]
        #[linkme(crate = $crate::dispatch::linkme)]
        static $name: fn(&mut $crate::array::spec::Kernels) = |kernels| {
            $(kernels.add::<$spec>($kind, $kernel);)*
        };
    };
}

/// A single result.
pub fn one(buffer: impl Buffer) -> Buffers {
    single(Arc::new(buffer))
}

/// A single result that is shared already.
pub fn single(buffer: Arc<dyn Buffer>) -> Buffers {
    std::iter::once(buffer).collect()
}

/// The kernel of the kind of `cx` for this spec.
///
/// # Errors
/// If there is none, or it does not support this spec.
pub fn kernel_for<S: Spec>(cx: Cx, spec: &S) -> Result<SpecKernel<S>, Unsupported> {
    let known = {
        let table = TABLE.read();
        let kernel = table.0.get(&(cx.instance.kind, TypeId::of::<S>()));
        kernel.and_then(|kernel| kernel.downcast_ref::<SpecKernel<S>>()).copied()
    };
    let kernel = known.ok_or(Unsupported::Because("no crate that is linked has a kernel for that"))?;
    if let Some(supports) = kernel.supports {
        supports(cx, spec)?;
    }
    Ok(kernel)
}

/// Records the results of a spec on the instance that a call was dispatched to, by its kind's kernel.
///
/// # Errors
/// Declined if the kind has no kernel for the spec, or the instance can't hold a result; failed if opening it fails.
pub fn record<S: Spec>(cx: Cx, spec: S, args: &[&Array]) -> Result<SmallVec<[Array; 3]>, Stop<Error>> {
    let kernel = kernel_for(cx, &spec).map_err(NotRecorded::from)?;
    record_with(cx, spec, args, kernel)
}

/// Records the only result of a spec.
///
/// # Errors
/// Those of [`record`].
pub fn record_one<S: Spec>(cx: Cx, spec: S, args: &[&Array]) -> Result<Array, Stop<Error>> {
    let mut results = record(cx, spec, args)?;
    debug_assert_eq!(results.len(), 1);
    Ok(results.remove(0))
}

/// Records the results of a spec that has `N` of them.
///
/// # Errors
/// Those of [`record`].
pub fn record_each<const N: usize>(
    cx: Cx,
    spec: impl Spec,
    args: &[&Array],
) -> Result<[Array; N], Stop<Error>> {
    let results = record(cx, spec, args)?;
    debug_assert_eq!(results.len(), N);
    let mut results = results.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("a spec has the results that its family asks for")))
}

/// [`record`] by a given kernel.
///
/// # Errors
/// Those of [`record`].
pub fn record_with<S: Spec>(
    cx: Cx,
    spec: S,
    args: &[&Array],
    kernel: SpecKernel<S>,
) -> Result<SmallVec<[Array; 3]>, Stop<Error>> {
    residency::site(cx.instance)?;
    let args: SmallVec<[&Dense; 3]> = args.iter().map(|a| &a.dense).collect();
    let outputs = spec.outputs();
    let epilogue = kernel.epilogue.map(|epilogue| -> Arc<crate::graph::node::Finish> {
        let spec = spec.clone();
        Arc::new(move |operands: &[Operand], consumer: &Epilogue| epilogue(cx, &spec, operands, consumer))
    });
    let (compute, name) = (kernel.compute, spec.name());
    let called = super::multimethod::called().unwrap_or(name);
    let run = move |operands: &[Operand]| compute(cx, &spec, operands).map_err(|error| error.within(called));
    let results = graph::external(cx.instance, name, outputs, &args, Arc::new(run), epilogue)?;
    Ok(results.into_iter().map(Array::from).collect())
}
