//! Arrays of an outsider's residency, in scopes that coerce to the GPU.

use polyarray_core::array::slice::Picked;
use polyarray_core::array::trace::COPIES;
use polyarray_core::array::{Repr, View};
use polyarray_core::dispatch::{Key, Options, determine_backend, explain, with_backend};
use polyarray_core::{Array, DType, Error, Result, numpy as np};

use crate::{device, on_gpu};

/// An outsider's array, which knows how to become a dense one.
struct Elsewhere(Array);

impl Repr for Elsewhere {
    fn shape(&self) -> &[usize] {
        self.0.shape()
    }
    fn dtype(&self) -> DType {
        self.0.dtype()
    }
    fn residency(&self) -> Key {
        Key::intern("elsewhere:0")
    }
    fn view(&self, view: &View) -> Result<Array> {
        Ok(Array::from_repr(Elsewhere(view.of(&self.0)?)))
    }
    fn assign(&self, _: &[Picked], _: &Array) -> Result<Array> {
        Err(Error::Argument {
            op: "assign",
            operands: "an array elsewhere".into(),
            fix: "none assigns to it".into(),
        })
    }
    fn to_dense(&self) -> Result<Array> {
        Ok(self.0.clone())
    }
}

#[test]
fn a_scope_that_coerces_takes_what_lives_at_an_outsiders() {
    device();
    let x = Array::from_repr(Elsewhere(Array::from(vec![1.0f32, 4.0, 9.0])));
    assert_eq!(x.to("gpu:0").unwrap().residency().name(), "gpu:0");
    let (y, how) = explain(|| with_backend("gpu", Options::COERCE, || np::sqrt(&x)?.to_vec::<f32>()));
    assert_eq!(y.unwrap_or_else(|e| panic!("{e}\n{how}")), [1.0, 2.0, 3.0]);
    let mixed = |y: &Array| with_backend("gpu", Options::COERCE, || np::add(&x, y)?.to_vec::<f32>());
    for y in [Array::from(vec![1.0f32; 3]), on_gpu(&Array::from(vec![1.0f32; 3])), x.clone()] {
        assert_eq!(mixed(&y).unwrap().len(), 3);
    }
    let found = with_backend("gpu", Options::COERCE, || determine_backend(&[&x], "numpy", true)).unwrap();
    assert_eq!(found.instance.name(), "gpu:0");
    // Without permission to copy it is refused, and what the error advises works.
    let e = with_backend("gpu", Options::ONLY, || np::sqrt(&x)).unwrap_err();
    assert!(e.is_not_found(), "{e}");
    for fix in ["x.to(\"gpu:0\")?", "scope!(\"gpu\", coerce);"] {
        assert!(e.to_string().contains(fix), "{fix} is missing in {e}");
    }
}

#[test]
fn assignment_copies_the_value_where_the_scope_coerces() {
    let value = Array::from(vec![7, 8]);
    let mut x = on_gpu(&Array::from(vec![0, 0, 0]));
    assert!(matches!(x.assign("1:", &value), Err(Error::Residency { .. })));
    let (result, how) = explain(|| with_backend("gpu", Options::COERCE, || x.assign("1:", &value)));
    result.unwrap();
    assert_eq!((how.counters[COPIES], x.to_vec::<i32>().unwrap()), (1, vec![0, 7, 8]), "{how}");
    let outside = Array::from_repr(Elsewhere(value));
    with_backend("gpu", Options::COERCE, || x.assign(":2", &outside)).unwrap();
    assert_eq!(x.to_vec::<i32>().unwrap(), [7, 8, 8]);
}
