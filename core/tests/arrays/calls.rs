//! Calls as data: rows, packed arguments, kernels with several results, interceptors, other representations.

use super::naive::alone;
use polyarray_core::array::trace::KERNELS;
use polyarray_core::backend::{
    BackendKind, Buffers, Call, Cx, Decline, Fit, HostBuffer, Key, Operand, Outputs, Picked, Repr, Spec,
    SpecKernel, Stop, Value, Values, View, downcast, interceptors, kernels, linked_kind, methods, record,
    registrations,
};
use polyarray_core::dispatch::explain;
use polyarray_core::{Array, DType, Error, Result, multimethod, numpy as np};
use std::sync::Arc;

multimethod! {
    domain "numpy.calls_test";
    /// The smallest and the largest element, and where they are.
    ///
    /// NumPy: `extent(x)`.
    pub fn extent(x: &Array, scale: f64) -> Result<(Array, Array, Array)>;
}

#[derive(Clone, Debug, PartialEq)]
struct Extent {
    scale: f64,
}

impl Spec for Extent {
    const NAME: &'static str = "extent";
    fn outputs(&self) -> Outputs {
        let (none, two): ([usize; 0], _) = ([], [2]);
        [(none[..].into(), DType::F64), (none[..].into(), DType::F64), (two[..].into(), DType::I64)]
            .into_iter()
            .collect()
    }
}

fn extent_here(_: Cx, spec: &Extent, operands: &[Operand]) -> Result<Buffers> {
    let values = downcast::<HostBuffer>(&*operands[0].buffer, "cpu", "extent")?.as_slice::<f64>()?;
    let at = |better: fn(&f64, &f64) -> bool| {
        (1..values.len()).fold(0, |best, i| if better(&values[i], &values[best]) { i } else { best })
    };
    let (low, high) = (at(|a, b| a < b), at(|a, b| a > b));
    let one = |v: f64| {
        Arc::new(HostBuffer::from_vec(vec![v * spec.scale])) as Arc<dyn polyarray_core::backend::Buffer>
    };
    let places = Arc::new(HostBuffer::from_vec(vec![low as i64, high as i64]));
    Ok([one(values[low]), one(values[high]), places].into_iter().collect())
}

kernels! { EXTENT; "cpu": Extent = SpecKernel::new(extent_here); }
registrations! { EXTENT_HERE; "cpu": extent = |cx, x, scale| {
    let mut results = record(cx, Extent { scale }, &[x])?.into_iter();
    let mut next = || results.next().expect("it has three");
    Ok((next(), next(), next()))
}; }

#[test]
fn several_results_are_one_kernel() {
    let _turn = alone();
    let x = Array::from([3.0f64, -1.0, 7.0]);
    let (values, how) = explain(|| {
        let (low, high, at) = extent(&x, 2.0).unwrap();
        assert!(low.is_pending() && at.is_pending());
        let sum = np::add(&low, &high).unwrap();
        (sum.to_vec::<f64>().unwrap(), low.to_vec::<f64>().unwrap(), at.to_vec::<i64>().unwrap())
    });
    assert_eq!(values, (vec![12.0], vec![-2.0], vec![1, 2]));
    assert_eq!(how.to_string().matches("on host: extent").count(), 1, "{how}");
    assert_eq!(how.counters[KERNELS], 2, "{how}");
}

#[test]
fn a_method_is_a_row() {
    let rows = methods();
    let row = rows.iter().find(|row| row.name == "extent").expect("its row is linked");
    assert_eq!(
        (row.domain, row.returns, row.has_default()),
        ("numpy.calls_test", "(Array, Array, Array)", false)
    );
    assert_eq!(row.params.iter().map(|p| p.name).collect::<Vec<_>>(), ["x", "scale"]);
    assert_eq!(row.summary(), "The smallest and the largest element, and where they are.");
    assert_eq!(row.numpy(), "extent");
    let args = [Value::Array(Array::from([3.0f64, -1.0])), Value::plain(1.0f64)];
    let results = (row.call)(&args).unwrap();
    assert_eq!(results.len(), 3);
    assert_eq!(results[0].as_array().unwrap().to_vec::<f64>().unwrap(), [-1.0]);
    // What is of another kind or missing is an error that says so.
    for (args, want) in [
        (vec![Value::plain(1.0f64), Value::plain(1.0f64)], "an array"),
        (vec![Value::Array(Array::from(1.0)), Value::plain(1i32)], "f64"),
        (vec![], "no argument 0"),
    ] {
        let error = (row.call)(&args).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
    // Every method of the domain is one.
    for name in ["exp", "where_", "sum", "matmul", "concat", "full", "sort", "nonzero", "astype", "svd"] {
        assert!(rows.iter().any(|row| row.name == name && row.domain.starts_with("numpy")), "{name}");
    }
}

/// An array that counts what is done to it: the values, and how many calls made them.
struct Counted(Array, usize);

fn key() -> Key {
    Key::intern("counted")
}

fn counted(x: &Array) -> usize {
    x.repr_as::<Counted>().expect("it is counted").1
}

impl Repr for Counted {
    fn shape(&self) -> &[usize] {
        self.0.shape()
    }
    fn dtype(&self) -> DType {
        self.0.dtype()
    }
    fn residency(&self) -> Key {
        key()
    }
    fn view(&self, view: &View) -> Result<Array> {
        Ok(Array::from_repr(Counted(view.of(&self.0)?, self.1)))
    }
    fn assign(&self, part: &[Picked], value: &Array) -> Result<Array> {
        let mut changed = self.0.clone();
        changed.assign(part, value)?;
        Ok(Array::from_repr(Counted(changed, self.1 + 1)))
    }
    fn to_dense(&self) -> Result<Array> {
        Ok(self.0.clone())
    }
}

fn count(_: Cx, call: &Call) -> Result<Values, Stop<Error>> {
    let before: usize = call.arrays().filter_map(|x| x.repr_as::<Counted>()).map(|x| x.1).sum();
    if call.row().name == "log" {
        return Err(Stop::declined("it counts no logarithms"));
    }
    if call.row().has_default() {
        return call.default();
    }
    let inner = call.map_arrays(|x| Ok(x.repr_as::<Counted>().map_or_else(|| x.clone(), |x| x.0.clone())))?;
    let wrap = |value: Value| match value {
        Value::Array(array) => Value::Array(Array::from_repr(Counted(array, before + 1))),
        other => other,
    };
    Ok(inner.invoke()?.into_iter().map(wrap).collect())
}

struct CountedKind;

impl BackendKind for CountedKind {
    fn name(&self) -> &'static str {
        "counted"
    }
    fn select(&self, keys: &[Key]) -> Result<u16, Decline> {
        let own = keys.iter().flat_map(|key| key.parts()).any(|part| *part == key());
        if own { Ok(0) } else { Err(Decline::new("nothing is counted")) }
    }
    fn fit(&self, _: u16, _: Key) -> Fit {
        Fit::Native
    }
    fn instances(&self) -> Vec<String> {
        vec!["counted".into()]
    }
}

linked_kind! { COUNTED: &CountedKind; }
interceptors! { COUNTS; "counted": "numpy" = count; }

#[test]
fn an_interceptor_sees_every_call() {
    let x = Array::from_repr(Counted(Array::from([[1.0f64, 2.0], [3.0, 4.0]]), 0));
    assert_eq!((x.shape(), x.dtype(), x.residency()), (&[2, 2][..], DType::F64, key()));
    let y = np::exp(&x).unwrap();
    assert_eq!(counted(&y), 1);
    // Mixed with a host array and a scalar, through an operator.
    let z = &y * 2.0 + Array::from([1.0f64, 1.0]);
    assert_eq!(counted(&z), 3);
    // A default comes as its parts: sum, divide.
    assert_eq!(counted(&np::mean(&x, ()).unwrap()), 2);
    // Of a domain inside the one that is intercepted.
    let (low, high, _) = extent(&x, 1.0).unwrap();
    assert_eq!((counted(&low), high.to_vec::<f64>().unwrap()), (1, vec![4.0]));
    // Declined, and no default: nobody has it.
    assert!(np::log(&x).unwrap_err().to_string().contains("it counts no logarithms"));
    let dense = [1.0f64, 2.0, 3.0, 4.0].map(f64::exp);
    assert_eq!(y.to_vec::<f64>().unwrap(), dense);
}

#[test]
fn views_assignment_and_reading_reach_the_representation() {
    let x = Array::from_repr(Counted(Array::from([[1.0f64, 2.0, 3.0], [4.0, 5.0, 6.0]]), 5));
    let same = |got: Array, want: &[f64], shape: &[usize]| {
        assert_eq!((got.shape(), counted(&got)), (shape, 5));
        assert_eq!(got.to_vec::<f64>().unwrap(), want);
    };
    same(x.t(), &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0], &[3, 2]);
    same(x.slice("1, ::-2").unwrap(), &[6.0, 4.0], &[2]);
    same(x.slice("..., None, 0").unwrap(), &[1.0, 4.0], &[2, 1]);
    same(x.reshape([3, -1]).unwrap(), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2]);
    same(x.flip(0).unwrap(), &[4.0, 5.0, 6.0, 1.0, 2.0, 3.0], &[2, 3]);
    same(x.slice("0").unwrap().broadcast_to([2, 3]).unwrap(), &[1.0, 2.0, 3.0, 1.0, 2.0, 3.0], &[2, 3]);
    same(x.expand_dims(1).unwrap().squeeze(()).unwrap(), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
    same(x.swap_axes(0, 1).unwrap().permute([1, 0]).unwrap(), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
    assert!(x.slice("2").is_err() && x.reshape([4]).is_err() && x.permute([0]).is_err(), "checked before");
    let (mut y, before) = (x.clone(), x.clone());
    y.assign("1, :2", 0.0).unwrap();
    assert_eq!(
        (counted(&y), y.get([1, 1]).unwrap().to_f64(), before.get([1, 1]).unwrap().to_f64()),
        (6, 0.0, 5.0)
    );
    assert_eq!(x.to_string(), x.repr_as::<Counted>().unwrap().0.to_string());
    assert_eq!(x.to("host").unwrap().residency().name(), "host");
    assert!(x.operand().is_err(), "a kernel gets dense arrays only");
    assert!(format!("{x:?}").contains("counted"));
}
