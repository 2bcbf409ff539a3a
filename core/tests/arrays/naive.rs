//! The naive backends: `cpu` on residency `host`, `far` with instances on `far:0`, `far:1`.

use parking_lot::Mutex;
use polyarray_core::array::{
    ARRAY_KINDS, ArrayBackend, ArrayKind, Buffer, HostBuffer, KernelLimits, MirrorSlot, Operand, Part, Query,
    Span, downcast,
};
use polyarray_core::backend::{Buffers, SpecKernel, kernels};
use polyarray_core::dispatch::{self, BackendKind, Decline, Fit, Instance, Key, Kind, Registrar};
use polyarray_core::dtype::{DType, Element, Scalar};
use polyarray_core::expr::op::Reduction;
use polyarray_core::expr::{Instr, Kernel, Op, Output};
use polyarray_core::testing::reference::{self, Want};
use polyarray_core::testing::samples::{Plain, unravel};
use polyarray_core::{Error, Result, Unsupported, numpy, with_element};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub struct Naive {
    kind: &'static str,
    index: u16,
    key: OnceLock<Key>,
    pub uploads: AtomicU64,
    pub downloads: AtomicU64,
    pub mirrors: Mutex<Vec<MirrorSlot>>,
    /// The next run fails with this.
    pub fault: Mutex<Option<Error>>,
}

pub static HERE: Naive = Naive::new("cpu", 0);
pub static FAR: [Naive; 2] = [Naive::new("far", 0), Naive::new("far", 1)];

/// A buffer of a far device: a host buffer that nobody on the host may touch.
#[derive(Debug)]
pub struct FarBuffer(HostBuffer);

impl Buffer for FarBuffer {
    fn dtype(&self) -> DType {
        self.0.dtype()
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn nbytes(&self) -> usize {
        self.0.nbytes()
    }
}

impl Naive {
    const fn new(kind: &'static str, index: u16) -> Naive {
        Naive {
            kind,
            index,
            key: OnceLock::new(),
            uploads: AtomicU64::new(0),
            downloads: AtomicU64::new(0),
            mirrors: Mutex::new(Vec::new()),
            fault: Mutex::new(None),
        }
    }
    fn wrap(&self, b: HostBuffer) -> Arc<dyn Buffer> {
        if self.kind == "cpu" { Arc::new(b) } else { Arc::new(FarBuffer(b)) }
    }
    fn open<'a>(&self, b: &'a dyn Buffer) -> Result<&'a HostBuffer> {
        if self.kind == "cpu" {
            downcast(b, self.kind, "run")
        } else {
            Ok(&downcast::<FarBuffer>(b, self.kind, "run")?.0)
        }
    }
}

fn same(b: &HostBuffer) -> HostBuffer {
    let mut out = HostBuffer::unwritten(b.dtype(), b.len()).unwrap();
    out.bytes_mut().copy_from_slice(b.bytes());
    out
}

fn element(b: &HostBuffer, i: usize) -> Scalar {
    with_element!(b.dtype(), T => b.as_slice::<T>().unwrap()[i].scalar())
}

fn buffer_of(values: &[Scalar], dtype: DType) -> HostBuffer {
    with_element!(dtype, T => HostBuffer::from_vec(values.iter().map(|v| T::from_scalar(*v)).collect::<Vec<T>>()))
}

/// One value by the reference interpreter, rounded to its dtype.
fn value(op: Op, x: &[Scalar], out: DType) -> Scalar {
    let compute = if op == Op::Where { x[1].dtype() } else { x[0].dtype() };
    reference::element(op, compute, x).rounded(out)
}

fn fold(op: Reduction, values: &[Scalar]) -> Scalar {
    let dtype = op.output(values[0].dtype());
    reference::fold(op, values[0].dtype(), values).rounded(dtype)
}

impl ArrayBackend for Naive {
    fn instance(&self) -> Instance {
        Kind::named(self.kind).unwrap().instance(self.index)
    }
    fn identity(&self) -> String {
        format!("{} {}, one element after the other", self.kind, self.index)
    }
    fn residency(&self) -> Key {
        *self.key.get_or_init(|| Key::intern(&place(self.kind, self.index)))
    }
    fn supports(&self, query: Query) -> Result<(), Unsupported> {
        // The far device has no half floats and no sine.
        match query {
            Query::Hold(DType::F16) | Query::Cast(DType::F16, _) | Query::Cast(_, DType::F16)
                if self.kind == "far" =>
            {
                Err(Unsupported::DType(DType::F16))
            }
            Query::Map(Op::Sin, d) if self.kind == "far" => Err(Unsupported::Op("sin", d)),
            // The second one has no doubles, either.
            Query::Hold(d)
            | Query::Map(_, d)
            | Query::Cast(_, d)
            | Query::Cast(d, _)
            | Query::Reduce(_, d)
                if self.index == 1 && matches!(d, DType::F64 | DType::C128) =>
            {
                Err(Unsupported::DType(d))
            }
            _ => Ok(()),
        }
    }
    fn limits(&self) -> KernelLimits {
        KernelLimits { inputs: 7, axes: 12, row: 16 }
    }
    fn default_float(&self) -> DType {
        if self.index == 1 { DType::F32 } else { DType::F64 }
    }
    fn fits(&self, dtype: DType, len: usize) -> Result<()> {
        let bytes = len as u128 * dtype.size() as u128;
        if bytes > 1 << 40 {
            return Err(Error::TooLarge { place: self.kind.into(), bytes, detail: "1 TiB".into() });
        }
        Ok(())
    }
    fn run(&self, k: &Kernel) -> Result<Arc<dyn Buffer>> {
        if let Some(e) = self.fault.lock().take() {
            return Err(e);
        }
        assert!(k.inputs.len() <= self.limits().inputs, "the kernel has {} inputs", k.inputs.len());
        assert!(!k.dims.contains(&1), "dims are collapsed: {:?}", k.dims);
        let inputs = k.inputs.iter().map(|i| self.open(&*i.buffer)).collect::<Result<Vec<_>>>()?;
        // The value with that number of an element; a reduction's, of its row.
        fn value_at(k: &Kernel, inputs: &[&HostBuffer], linear: usize, id: usize) -> Scalar {
            let ix = unravel(linear, &k.dims);
            let mut values: Vec<Scalar> = Vec::new();
            for v in &k.code[..=id] {
                values.push(match v.instr {
                    Instr::Load(i) => {
                        let input = &k.inputs[i as usize];
                        let step: isize = ix.iter().zip(&input.strides).map(|(&a, &s)| a as isize * s).sum();
                        element(inputs[i as usize], (input.offset as isize + step) as usize)
                    }
                    Instr::Param(i) => k.params[i as usize],
                    Instr::Iota => Scalar::I64(linear as i64),
                    Instr::Cast(a) => values[a as usize].cast(v.dtype),
                    Instr::Reduce(op, a) => {
                        let (m, row) = (k.reduced_len(), linear / k.reduced_len());
                        assert!((2..=16).contains(&m), "a row of {m} elements");
                        let each = (row * m..(row + 1) * m).map(|l| value_at(k, inputs, l, a.into()));
                        fold(op, &each.collect::<Vec<_>>())
                    }
                    Instr::Map(op, args) => {
                        let args: Vec<Scalar> =
                            args[..op.info().arity].iter().map(|&a| values[a as usize]).collect();
                        value(op, &args, v.dtype)
                    }
                });
                assert_eq!(values.last().unwrap().dtype(), v.dtype, "{:?}", v.instr);
            }
            *values.last().unwrap()
        }
        let at = |linear: usize| value_at(k, &inputs, linear, k.code.len() - 1);
        let (n, m, dtype) = (k.output_len(), k.reduced_len(), k.output_dtype());
        let out: Vec<Scalar> = (0..n)
            .map(|o| match k.output {
                Output::Map | Output::Rows { .. } => at(o),
                Output::Reduce { op, .. } if m == 0 => match op {
                    Reduction::Prod | Reduction::All => Scalar::I64(1).cast(dtype),
                    _ => Scalar::I64(0).cast(dtype),
                },
                Output::Reduce { op, .. } => fold(op, &(0..m).map(|r| at(o * m + r)).collect::<Vec<_>>()),
            })
            .collect();
        Ok(self.wrap(buffer_of(&out, dtype)))
    }
    fn upload(&self, host: &HostBuffer) -> Result<Arc<dyn Buffer>> {
        self.uploads.fetch_add(1, Relaxed);
        Ok(self.wrap(same(host)))
    }
    fn download(&self, buffer: &dyn Buffer) -> Result<HostBuffer> {
        self.downloads.fetch_add(1, Relaxed);
        Ok(same(self.open(buffer)?))
    }
    fn assign(&self, x: &Operand, value: &Operand, part: &Part) -> Result<Arc<dyn Buffer>> {
        if let Some(e) = self.fault.lock().take() {
            return Err(e);
        }
        let (old, new) = (self.open(&*x.buffer)?, self.open(&*value.buffer)?);
        let within = |(&i, span): (&usize, &Span)| -> Option<usize> {
            let k = i.checked_sub(span.start)?;
            (k % span.step == 0 && k / span.step < span.count).then_some(k / span.step)
        };
        let n = part.shape.iter().product();
        let out: Vec<Scalar> = (0..n)
            .map(|linear| {
                let ix = unravel(linear, &part.shape);
                match ix.iter().zip(&part.spans).map(within).collect::<Option<Vec<usize>>>() {
                    Some(at) => element(new, value.layout.at(&at)),
                    None => element(old, x.layout.at(&ix)),
                }
            })
            .collect();
        Ok(self.wrap(buffer_of(&out, x.buffer.dtype())))
    }
    fn keeps_mirror(&self, slot: &MirrorSlot) {
        self.mirrors.lock().push(slot.clone());
    }
    fn caveats(&self) -> Vec<String> {
        // The second far device has a driver that rewrites algebra, or so it says.
        if self.index == 1 { vec!["(a + b) - b is a".into()] } else { Vec::new() }
    }
    fn synchronize(&self) -> Result<()> {
        Ok(())
    }
}

fn place(kind: &str, index: u16) -> String {
    if kind == "cpu" { "host".into() } else { format!("{kind}:{index}") }
}

struct NaiveKind(&'static str);

impl BackendKind for NaiveKind {
    fn name(&self) -> &'static str {
        self.0
    }
    fn select(&self, keys: &[Key]) -> Result<u16, Decline> {
        let mut own = keys.iter().filter_map(|k| k.name().strip_prefix("far:").filter(|_| self.0 == "far"));
        let first = own.next().map_or(0, |i| i.parse().unwrap());
        match own.find(|i| i.parse() != Ok(first)) {
            Some(_) => Err(Decline::new("arguments live on two of its devices")),
            None => Ok(first),
        }
    }
    fn fit(&self, index: u16, key: Key) -> Fit {
        if key == Key::NONE || key.name() == place(self.0, index) { Fit::Native } else { Fit::Copy }
    }
    fn instances(&self) -> Vec<String> {
        if self.0 == "cpu" { vec!["cpu".into()] } else { vec!["far:0".into(), "far:1".into()] }
    }
}

dispatch::linked_kind! { CPU_KIND: &NaiveKind("cpu"); }
dispatch::linked_kind! { FAR_KIND: &NaiveKind("far"); }

fn here(_: u16) -> Result<&'static dyn ArrayBackend> {
    Ok(&HERE)
}
fn far(i: u16) -> Result<&'static dyn ArrayBackend> {
    FAR.get(i as usize).map(|f| f as _).ok_or_else(|| Error::Unknown {
        what: "device",
        name: format!("far:{i}"),
        known: "far:0, far:1".into(),
    })
}

#[linkme::distributed_slice(ARRAY_KINDS)]
static HERE_ARRAYS: ArrayKind = ArrayKind {
    name: "cpu",
    open: here,
    residency: |_| {
        static HOST: OnceLock<Key> = OnceLock::new();
        *HOST.get_or_init(|| Key::intern("host"))
    },
};
#[linkme::distributed_slice(ARRAY_KINDS)]
static FAR_ARRAYS: ArrayKind =
    ArrayKind { name: "far", open: far, residency: |i| Key::intern(&place("far", i)) };

#[linkme::distributed_slice(dispatch::REGISTRATIONS)]
static RECORDERS: fn(&mut Registrar<'_>) = |r| {
    for kind in ["cpu", "far"] {
        numpy::register_methods(r, kind);
    }
};

macro_rules! naive_kernels {
    ($($kind:literal)*) => {
        kernels! { NAIVE_KERNELS; $(
            $kind: numpy::specs::Concat = SpecKernel::new(|cx, spec, parts| {
                joined(cx, reference::concat(&plain(cx, parts)?, spec.axis as isize))
            });
            $kind: numpy::specs::Take = SpecKernel::new(|cx, spec, operands| {
                let [x, indices] = &plain(cx, operands)?[..] else { panic!("take has two operands") };
                joined(cx, reference::take(x, indices, Some(spec.axis as isize)))
            });
            $kind: numpy::specs::Sort = SpecKernel::new(|cx, spec, operands| {
                let (x, order) = (&plain(cx, operands)?[0], numpy::Order { axis: -1, descending: spec.descending });
                let (values, indices) = (reference::sort(x, &order), reference::argsort(x, &order));
                match spec.gives {
                    numpy::specs::Sorted::Values => joined(cx, values),
                    numpy::specs::Sorted::Indices => joined(cx, indices),
                    numpy::specs::Sorted::Both => Ok([joined(cx, values)?, joined(cx, indices)?].into_iter().flatten().collect()),
                }
            });
            $kind: numpy::specs::Scan = SpecKernel::new(|cx, spec, operands| {
                joined(cx, reference::scan(spec.op, &plain(cx, operands)?[0], &spec.dtype.into()))
            });
            $kind: numpy::specs::SearchSorted = SpecKernel::new(|cx, spec, operands| {
                let [sorted, values] = &plain(cx, operands)?[..] else { panic!("a search has two operands") };
                joined(cx, reference::search(sorted, values, spec.side))
            });
            $kind: numpy::specs::Segments = SpecKernel::new(|cx, spec, operands| {
                let [x, starts, ends] = &plain(cx, operands)?[..] else { panic!("segments have two bounds") };
                joined(cx, reference::segments(spec.op, x, starts, ends))
            });
            $kind: numpy::specs::Compact = SpecKernel::new(|cx, spec, operands| {
                let operands = plain(cx, operands)?;
                joined(cx, match spec.keeps {
                    numpy::specs::Kept::Indices => reference::flat_nonzero(&operands[0]),
                    numpy::specs::Kept::Values(_) => reference::select(&operands[1], &operands[0].cast(DType::Bool)),
                })
            });
        )* }
    };
}
naive_kernels!("cpu" "far");

fn backend(cx: dispatch::Cx) -> &'static Naive {
    if cx.instance.kind.name() == "cpu" { &HERE } else { &FAR[cx.instance.index as usize] }
}

/// Operands as the reference takes them.
fn plain(cx: dispatch::Cx, operands: &[Operand]) -> Result<Vec<Plain>> {
    let read = |x: &Operand| {
        let (buffer, shape) = (backend(cx).open(&*x.buffer)?, &x.layout.shape);
        let at = |linear| element(buffer, x.layout.at(&unravel(linear, shape)));
        Ok(Plain::new(x.buffer.dtype(), shape, (0..shape.iter().product()).map(at)))
    };
    operands.iter().map(read).collect()
}

fn joined(cx: dispatch::Cx, want: Want) -> Result<Buffers> {
    Ok(std::iter::once(backend(cx).wrap(buffer_of(&want.plain().data, want.dtype))).collect())
}

/// Counts are of the whole process: tests that read them take turns.
pub fn alone() -> parking_lot::MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock()
}
