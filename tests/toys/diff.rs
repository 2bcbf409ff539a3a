//! Reverse-mode differentiation: an array that remembers what it was computed from, and a rule for each method.
use crate::kind::{Wrapper, made_on_host};
use polyarray::array::Device;
use polyarray::backend::{Call, Cx, Key, Picked, Repr, Stop, Value, Values, View, interceptors, linked_kind};
use polyarray::{self as np, Array, DType, Error, Reduce, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

type Pull = Box<dyn Fn(&Array) -> Result<Array> + Send + Sync>;

/// A step of the tape: where it stands, and what it hands to the steps that it was computed from.
struct Step {
    order: usize,
    from: Vec<(Arc<Step>, Pull)>,
}

/// A value and the step that computed it.
struct Dual {
    value: Array,
    step: Arc<Step>,
}

fn key() -> Key {
    Key::intern("diff")
}

fn dual(value: Array, from: Vec<(Arc<Step>, Pull)>) -> Array {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    Array::from_repr(Dual { value, step: Arc::new(Step { order: NEXT.fetch_add(1, Relaxed), from }) })
}

/// What gradients are taken with respect to.
pub fn variable(value: &Array) -> Array {
    dual(value.clone(), Vec::new())
}

/// The value without its tape.
pub fn value(x: &Array) -> Array {
    x.repr_as::<Dual>().map_or_else(|| x.clone(), |dual| dual.value.clone())
}

/// The gradients of a sum of `of` with respect to variables.
pub fn gradients(of: &Array, with_respect_to: &[&Array]) -> Result<Vec<Array>> {
    let start = of.repr_as::<Dual>().expect("it depends on a variable");
    let mut open = vec![(start.step.clone(), np::full_like(&start.value, 1.0, ())?)];
    let mut done: Vec<(Arc<Step>, Array)> = Vec::new();
    // The last step first: whatever hands something to a step comes before it.
    while let Some(at) = (0..open.len()).max_by_key(|&n| open[n].0.order) {
        let (step, gradient) = open.swap_remove(at);
        for (earlier, pull) in &step.from {
            let handed = pull(&gradient)?;
            match open.iter_mut().find(|(known, _)| Arc::ptr_eq(known, earlier)) {
                Some((_, sum)) => *sum = np::add(&*sum, &handed)?,
                None => open.push((earlier.clone(), handed)),
            }
        }
        done.push((step, gradient));
    }
    let found = |x: &&Array| {
        let own = &x.repr_as::<Dual>().expect("a variable").step;
        let known = done.iter().find(|(step, _)| Arc::ptr_eq(step, own));
        known.map_or_else(|| np::full_like(&value(x), 0.0, ()), |(_, gradient)| Ok(gradient.clone()))
    };
    with_respect_to.iter().map(found).collect()
}

/// Sums a gradient over what was broadcast.
fn unbroadcast(gradient: &Array, shape: &[usize]) -> Result<Array> {
    let more = gradient.ndim() - shape.len();
    let stretched = |axis: &usize| *axis < more || (shape[axis - more] == 1 && gradient.shape()[*axis] != 1);
    let axes: Vec<isize> = (0..gradient.ndim()).filter(stretched).map(|axis| axis as isize).collect();
    let summed = if axes.is_empty() { gradient.clone() } else { np::sum(gradient, &axes[..])? };
    summed.reshape(shape.iter().map(|&n| n as isize).collect::<Vec<_>>())
}

impl Repr for Dual {
    fn shape(&self) -> &[usize] {
        self.value.shape()
    }
    fn dtype(&self) -> DType {
        self.value.dtype()
    }
    fn residency(&self) -> Key {
        key()
    }
    fn to_dense(&self) -> Result<Array> {
        Ok(self.value.clone())
    }
    fn view(&self, view: &View) -> Result<Array> {
        let (shape, view_of) = (self.value.shape().to_vec(), view.clone());
        let template = self.value.clone();
        let pull: Pull = Box::new(move |g| match &view_of {
            View::Reshape(_) => View::Reshape(shape.as_slice().into()).of(g),
            View::Permute(axes) => {
                let back = (0..axes.len()).map(|n| axes.iter().position(|&a| a == n).unwrap_or(0) as isize);
                g.permute(back.collect::<Vec<_>>())
            }
            View::Flip(_) => view_of.of(g),
            View::BroadcastTo(_) => unbroadcast(g, &shape),
            View::Slice(picks) => {
                let mut whole = np::full_like(&template, 0.0, ())?;
                whole.assign(&picks[..], g)?;
                Ok(whole)
            }
        });
        Ok(dual(view.of(&self.value)?, vec![(self.step.clone(), pull)]))
    }
    fn assign(&self, part: &[Picked], new: &Array) -> Result<Array> {
        let mut whole = self.value.clone();
        whole.assign(part, value(new).to(Device::At(whole.residency()))?)?;
        let (part, shape) = (part.to_vec(), self.value.slice(part)?.shape().to_vec());
        let outside = part.clone();
        let rest: Pull = Box::new(move |g| {
            let mut g = g.clone();
            g.assign(&outside[..], 0.0)?;
            Ok(g)
        });
        let mut from = vec![(self.step.clone(), rest)];
        if let Some(new) = new.repr_as::<Dual>() {
            let own = new.value.shape().to_vec();
            let pull: Pull = Box::new(move |g| unbroadcast(&g.slice(&part[..])?.broadcast_to(&shape)?, &own));
            from.push((new.step.clone(), pull));
        }
        Ok(dual(whole, from))
    }
}

/// What each operand of a method is handed, from the operands, the result and the result's gradient.
fn rule(call: &Call, x: &[Array], out: &Array, n: usize) -> Option<Pull> {
    let (x, out, shape) = (x.to_vec(), out.clone(), x[n].shape().to_vec());
    let fit = move |g: Result<Array>| unbroadcast(&g?, &shape);
    Some(match call.row().name {
        "exp" => Box::new(move |g| np::multiply(g, &out)),
        "log" => Box::new(move |g| np::divide(g, &x[0])),
        "negative" => Box::new(move |g| np::negative(g)),
        "add" => Box::new(move |g| fit(Ok(g.clone()))),
        "subtract" => Box::new(move |g| fit(if n == 0 { Ok(g.clone()) } else { np::negative(g) })),
        "multiply" => Box::new(move |g| fit(np::multiply(g, &x[1 - n]))),
        "divide" => Box::new(move |g| match n {
            0 => fit(np::divide(g, &x[1])),
            _ => fit(np::negative(np::divide(np::multiply(g, &out)?, &x[1])?)),
        }),
        "sum" => {
            let (over, own) = (call.plain::<Reduce>("over")?.clone(), x[0].shape().to_vec());
            Box::new(move |g| {
                let kept =
                    np::sum(np::full_like(&x[0], 0.0, ())?, Reduce { keepdims: true, ..over.clone() })?;
                g.reshape(kept.shape().iter().map(|&n| n as isize).collect::<Vec<_>>())?.broadcast_to(&own)
            })
        }
        "matmul" if x[0].ndim() == 2 && x[1].ndim() == 2 => Box::new(move |g| match n {
            0 => np::matmul(g, x[1].t()),
            _ => np::matmul(x[0].t(), g),
        }),
        _ => return None,
    })
}

/// The values are there all the same: only a gradient fails.
fn lacks(call: &Call) -> Pull {
    let op = call.row().name;
    Box::new(move |_| {
        Err(Error::Argument { op, operands: "a variable".into(), fix: "it has no derivative here".into() })
    })
}

fn intercept(_: Cx, call: &Call) -> Result<Values, Stop<Error>> {
    let arrays: Vec<Array> = call.arrays().cloned().collect();
    if !arrays.iter().any(|x| x.repr_as::<Dual>().is_some()) {
        return Ok(made_on_host(call).invoke()?);
    }
    let primals: Vec<Array> = arrays.iter().map(value).collect();
    if call.row().has_default() && rule(call, &primals, &primals[0], 0).is_none() {
        return call.default();
    }
    let results = call.map_arrays(|x| Ok(value(x)))?.invoke()?;
    // Integers, truth values and several results are constants.
    let [Value::Array(out)] = &results[..] else { return Ok(results) };
    if !out.dtype().is_float() && !out.dtype().is_complex() {
        return Ok(results);
    }
    let mut from = Vec::new();
    for (n, x) in arrays.iter().enumerate() {
        let Some(own) = x.repr_as::<Dual>() else { continue };
        from.push((own.step.clone(), rule(call, &primals, out, n).unwrap_or_else(|| lacks(call))));
    }
    Ok(std::iter::once(Value::Array(dual(out.clone(), from))).collect())
}

linked_kind! { DIFF: &Wrapper("diff"); }
interceptors! { DIFF_INTERCEPTS; "diff": "numpy" = intercept; }
