//! Assignment to a part of an array is copy-on-write. Arrays share storage: where another handle, a pending operation or a
//! backend refers to it, the elements are written to a copy that replaces it in this handle; uniquely owned host storage is
//! written in place. On devices the result is always a new buffer, made by one kernel.

use super::slice::{self, IntoSpec, Spec};
use super::{Array, Operandlike};
use crate::device::residency::{self, HOST};
use crate::device::{Device, Marker};
use crate::dispatch::{self, Argument, Instance, Key, Operand, determine_backend, trace};
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::expr::{Part, Span};
use crate::graph::{Dense, NodeRef, eval, record};
use crate::memory::strided::{gather, view, view_mut};
use crate::memory::{self, Buffer, HostBuffer, Layout, Strides};
use smallvec::SmallVec;
use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

impl<R: Marker> Array<R> {
    /// Writes `value` to a part of the array: an array that lives in the same place, or a scalar, broadcast to the
    /// part. `items` are what [`slice`](Array::slice) takes; `"..."` is all of it. The array stays where it is; a scope that
    /// coerces to its backend copies a value that lives elsewhere.
    ///
    /// Other handles keep their values, including views of the same storage and pending results: the storage is written in
    /// place if it is host memory that no other handle shares, else a copy of the array replaces it in this handle. Device
    /// copies of an array written in place are dropped, and uploaded again on next use. `value` is computed before anything
    /// is written, so it may be computed from the array itself.
    ///
    /// The array keeps its dtype. `value` may be of the same kind or a lower one (bool, unsigned, signed, float,
    /// complex), NumPy's `same_kind`, and is cast as [`astype`](fn@crate::numpy::astype) casts; a scalar integer must fit.
    ///
    /// ```
    /// use polyarray_core::array::Array;
    /// use ndarray::s;
    /// let mut x = Array::from(vec![0, 1, 2, 3, 4, 5]);
    /// let before = x.clone();
    /// x.assign("::2", -1)?; // a copy: `before` shares the storage
    /// x.assign(s![3..], &Array::from(vec![30, 40, 50]))?; // in place
    /// assert_eq!(x.to_vec::<i32>()?, [-1, 1, -1, 30, 40, 50]);
    /// assert_eq!(before.to_vec::<i32>()?, [0, 1, 2, 3, 4, 5]);
    /// x.assign("1:", x.slice(":-1")?)?; // what is read is what was there before
    /// assert_eq!(x.to_vec::<i32>()?, [-1, -1, 1, -1, 30, 40]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`slice`](Array::slice); [`Error::Shape`] if `value` does not broadcast to the part,
    /// [`Error::DType`] if it has no dtype or value that the array can take, [`Error::Residency`] if it lives elsewhere;
    /// those of computing either. After an error the array is unchanged.
    pub fn assign(&mut self, items: impl IntoSpec, value: impl Operandlike<R>) -> Result<()> {
        let spec = items.into_spec()?.0;
        let given_away = value.is_given_away();
        let value = value.operand();
        let called = trace::called("assign", || vec![self.describe("x"), value.describe("value")]);
        let tell = |how: &'static str| called.as_ref().map_or((), |called| called.note(how));
        if let Some(repr) = self.repr() {
            let assigned = repr.assign(&slice::resolve(self.shape(), &spec)?, &value)?;
            self.dense = assigned.dense;
            tell("written by its representation");
            return Ok(());
        }
        let node = &mut self.dense.node;
        match write(node, self.dense.view.as_deref(), &spec, &value, given_away)? {
            Some(node) => {
                self.dense = Dense::new(node, None);
                tell("written to a copy, which replaces it");
            }
            None => tell("written in place"),
        }
        Ok(())
    }
}

/// The array that is written to, where a backend is looked for: it stays where it is.
struct Target<'a>(&'a NodeRef);

impl Argument for Target<'_> {
    fn key(&self) -> Key {
        self.0.home
    }

    fn coercible(&self) -> bool {
        false
    }

    fn describe(&self, name: &'static str) -> Operand {
        Operand::new(name, format!("{}{:?} on {}", self.0.dtype, &self.0.shape[..], self.0.home))
    }

    fn remedy(&self, name: &str, _: Instance) -> String {
        format!("{name} stays where it is")
    }
}

/// Writes in place, or returns the node that replaces `node`, without a view.
fn write(
    node: &mut NodeRef,
    seen: Option<&Layout>,
    spec: &Spec,
    value: &Array,
    given_away: bool,
) -> Result<Option<NodeRef>> {
    let layout = seen.cloned().unwrap_or_else(|| Layout::dense(&node.shape));
    let part = slice::apply(&layout, spec)?;
    check(node, &part.shape, &value.dense)?;
    let value = at_home(node, value)?;
    if part.is_empty() {
        return Ok(None);
    }
    let value_layout = check(node, &part.shape, &value.dense)?;
    if given_away && distinct(&layout) && straight(node, &part, &value.dense)? {
        return Ok(None);
    }
    let mut value = computed(node, &value.dense)?;
    if !value.shape().is_empty() {
        value.view = Some(value_layout.into());
    }
    if node.home == *HOST {
        eval::evaluate(node)?;
        if distinct(&layout) && in_place(node, &part, &value)? {
            return Ok(None);
        }
        let mut fresh = copied(Dense::new(node.clone(), Some(layout.clone())))?;
        let part = slice::apply(&Layout::dense(&layout.shape), spec)?;
        if in_place(&mut fresh, &part, &value)? {
            return Ok(Some(fresh));
        }
        // Otherwise the host's backend has its own type of buffers.
    }
    let instance = instance(node)?;
    let failed = |e| record::failed("assign", instance, e);
    let (part, value) = by_axis(&layout.shape, spec, &value)?;
    let (shape, dtype, backend) = (layout.shape.clone(), node.dtype, residency::open(instance)?);
    let x = Dense::new(node.clone(), Some(layout));
    let run =
        move |o: &[memory::Operand]| Ok(std::iter::once(backend.assign(&o[0], &o[1], &part)?).collect());
    let outputs = std::iter::once((shape, dtype)).collect();
    let mut results =
        record::external(instance, "assign", outputs, &[&x, &value], Arc::new(run), None).map_err(failed)?;
    let out = results.remove(0);
    out.eval()?;
    Ok(Some(out.node))
}

/// Checks all that is known before evaluation. Returns the value's layout, broadcast to the part.
fn check(node: &NodeRef, part: &[usize], value: &Dense) -> Result<Layout> {
    let target = || format!("{} {part:?} on {}", node.dtype, node.home);
    let operands = || match value.describe_value() {
        Some(v) => format!("{v} to {}", target()),
        None => format!("{}{:?} on {} to {}", value.dtype(), value.shape(), value.residency(), target()),
    };
    if node.weak {
        return Err(Error::Residency {
            op: "assign",
            operands: "the target is a bare scalar, which lives nowhere".into(),
            fix: "make an array of it first, with Array::scalar or full".into(),
        });
    }
    // NumPy takes leading axes of length 1 that the part does not have.
    let mut layout = value.layout();
    while layout.shape.len() > part.len() && layout.shape[0] == 1 {
        layout.shape.remove(0);
        layout.strides.remove(0);
    }
    let layout = layout.broadcast_to(part).ok_or_else(|| Error::Shape {
        op: "assign",
        operands: operands(),
        fix: "aligned at the last axis, lengths of the value must be those of the part or 1".into(),
    })?;
    let dtype = |fix: String| Error::DType { op: "assign", operands: operands(), fix };
    match value.weak_value() {
        Some(v) if v.dtype().kind() > node.dtype.kind() => {
            return Err(dtype(format!(
                "an array of {} keeps its dtype; cast it with astype first",
                node.dtype
            )));
        }
        Some(v) if node.dtype.is_int() && v.cast(node.dtype).to_i128() != v.to_i128() => {
            let fix = format!("{v} does not fit {}; cast the array to a wider dtype first", node.dtype);
            return Err(dtype(fix));
        }
        None if rank(value.dtype()) > rank(node.dtype) => {
            return Err(dtype(format!("cast the value with astype({}) first", node.dtype)));
        }
        _ => {}
    }
    Ok(layout)
}

/// The value where the array lives: copied there if the scope in force coerces.
fn at_home<'a>(node: &NodeRef, value: &'a Array) -> Result<Cow<'a, Array>> {
    if value.residency() == node.home || value.residency() == Key::NONE {
        return Ok(Cow::Borrowed(value));
    }
    match determine_backend(&[&Target(node), value], "numpy", true) {
        Ok(_) => Ok(Cow::Owned(value.to(Device::At(node.home))?)),
        Err(dispatch::Error::NotFound(_)) => Err(Error::Residency {
            op: "assign",
            operands: format!("{} to {}", value.describe("value"), Target(node).describe("x")),
            fix: format!(
                "an array stays where it is; copy the value with .to({:?})? first, or in a scope that coerces to its backend",
                node.home.name()
            ),
        }),
        Err(error) => Err(error.into()),
    }
}

/// NumPy's order of kinds for casts of the same kind, in which unsigned integers come before signed ones.
fn rank(dtype: DType) -> (Kind, bool) {
    (dtype.kind(), dtype.is_int() && !dtype.is_unsigned())
}

/// The instance that computes for a node: the host's backend for host data that no backend made.
fn instance(node: &NodeRef) -> Result<Instance> {
    match node.site {
        Some(site) => Ok(site.instance),
        None => residency::instance_at(node.home),
    }
}

/// The evaluated value on the array's residency, in the array's dtype. A scalar has no axes.
fn computed(node: &NodeRef, value: &Dense) -> Result<Dense> {
    if let Some(v) = value.weak_value() {
        let v = v.cast(node.dtype);
        if node.home == *HOST {
            return Ok(record::host_leaf(Arc::new(eval::scalar_buffer(v)), Layout::dense(&[])));
        }
        let instance = instance(node)?;
        let made = record::full(&[], v, instance).map_err(|e| record::failed("assign", instance, e))?;
        made.eval()?;
        return Ok(made);
    }
    if value.dtype() == node.dtype {
        value.eval()?;
        return Ok(value.clone());
    }
    let instance = instance(node)?;
    let cast =
        record::cast(value, node.dtype, instance).map_err(|e| record::failed("assign", instance, e))?;
    cast.eval()?;
    Ok(cast)
}

/// Whether all indices have distinct elements: not where an axis is broadcast.
fn distinct(layout: &Layout) -> bool {
    let mut axes: SmallVec<[(usize, usize); 4]> =
        layout.strides.iter().map(|s| s.unsigned_abs()).zip(layout.shape.iter().copied()).collect();
    axes.retain(|&mut (_, n)| n > 1);
    axes.sort_unstable();
    let mut reach = 0;
    axes.iter().all(|&(step, n)| {
        let distinct = step > reach;
        reach += step * (n - 1);
        distinct
    })
}

/// The memory of a node, if nobody else refers to it.
fn own(node: &mut NodeRef) -> Option<&mut HostBuffer> {
    // Both node and buffer must be unique: several nodes may share a buffer, and a backend may hold it.
    let buffer = NodeRef::get_mut(node).and_then(|node| node.value.get_mut()).and_then(Arc::get_mut);
    let own = buffer.and_then(|b| (b as &mut dyn Any).downcast_mut::<HostBuffer>());
    own.filter(|own| !own.is_foreign())
}

/// Computes a pending value that nobody else reads where it is to stand, and says whether it did. It can't read what it is
/// written to, which would not be the node's own.
fn straight(node: &mut NodeRef, part: &Layout, value: &Dense) -> Result<bool> {
    let whole = value.view.is_none() && value.shape() == &part.shape[..] && value.dtype() == node.dtype;
    if !whole || value.node.weak || NodeRef::strong_count(&value.node) > 1 || node.home != *HOST {
        return Ok(false);
    }
    eval::evaluate(node)?;
    own(node).map_or(Ok(false), |target| eval::evaluate_into(&value.node, target, part))
}

/// Writes to host memory that only this handle refers to; false, having done nothing, where it is shared or not on the host.
fn in_place(node: &mut NodeRef, part: &Layout, value: &Dense) -> Result<bool> {
    let Some(target) = own(node) else { return Ok(false) };
    let memory::Operand { buffer, layout } = value.operand()?;
    let source: &HostBuffer = crate::memory::downcast(&*buffer, "host", "assign")?;
    let layout = layout.broadcast_to(&part.shape).expect("it was broadcast, or is a scalar");
    crate::with_element!(target.dtype(), T => {
        let from = view(source.as_repr::<T>()?, &layout);
        view_mut(target.as_repr_mut::<T>()?, part).assign(&from);
    });
    Ok(true)
}

/// A dense copy of a host array: by the host's backend, or by a loop in a program that links none.
fn copied(array: Dense) -> Result<NodeRef> {
    if residency::instance_at(*HOST).is_ok() {
        let copy = record::copy(&array)?;
        copy.eval()?;
        return Ok(copy.node);
    }
    let memory::Operand { buffer, layout } = array.operand()?;
    let dense = gather(crate::memory::downcast(&*buffer, "host", "assign")?, &layout)?;
    Ok(record::host_leaf(Arc::new(dense), Layout::dense(&layout.shape)).node)
}

/// The part by axis, and the value with one axis for each of them.
fn by_axis(shape: &[usize], spec: &Spec, value: &Dense) -> Result<(Part, Dense)> {
    let whole = Layout::dense(shape);
    let part = slice::apply(&whole, spec)?;
    let mut seen = value.layout().broadcast_to(&part.shape).expect("it was broadcast, or is a scalar");
    let mut spans: SmallVec<[Span; 4]> = (whole.strides.iter().zip(shape))
        .map(|(&s, &n)| Span { start: part.offset / s as usize % n, step: 1, count: 1 })
        .collect();
    let mut strides: Strides = SmallVec::from_elem(0, shape.len());
    for (i, (&n, &step)) in part.shape.iter().zip(&part.strides).enumerate().filter(|(_, (n, _))| **n > 1) {
        // Two indices of one axis differ by less than its length, so the step determines the axis.
        let axis =
            (0..shape.len()).rfind(|&a| shape[a] > 1 && whole.strides[a] * shape[a] as isize > step.abs());
        let axis = axis.expect("the part lies in the array");
        let span = &mut spans[axis];
        (span.step, span.count) = (step.unsigned_abs() / whole.strides[axis] as usize, n);
        strides[axis] = seen.strides[i];
        if step < 0 {
            span.start -= (n - 1) * span.step;
            seen.offset = (seen.offset as isize + (n as isize - 1) * strides[axis]) as usize;
            strides[axis] = -strides[axis];
        }
    }
    let counts = spans.iter().map(|s| s.count).collect();
    let layout = Layout { shape: counts, strides, offset: seen.offset };
    let part = Part { shape: SmallVec::from_slice(shape), spans };
    Ok((part, Dense::new(value.node.clone(), Some(layout))))
}
