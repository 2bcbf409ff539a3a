//! Views against ndarray, which knows.

use polyarray_core::ndarray::{ArrayD, Axis, IxDyn, s};
use polyarray_core::{Array, Error, numpy as np};

fn cube() -> (Array, ArrayD<i32>) {
    let a = ArrayD::from_shape_vec(IxDyn(&[2, 3, 4]), (0..24).collect()).unwrap();
    (Array::from(&a), a)
}

#[test]
fn views_show_what_ndarray_shows() {
    let (x, a) = cube();
    let same = |got: Array, want: ArrayD<i32>| assert_eq!(got.to_ndarray::<i32>().unwrap(), want);
    same(x.t(), a.t().to_owned());
    same(x.permute([1, -1, 0]).unwrap(), a.clone().permuted_axes(vec![1, 2, 0]));
    same(x.swap_axes(0, 2).unwrap(), {
        let mut b = a.clone();
        b.swap_axes(0, 2);
        b
    });
    same(x.slice(s![.., 1..;-1, ..;2]).unwrap(), a.slice(s![.., 1..;-1, ..;2]).to_owned().into_dyn());
    same(x.slice("1, ::-2, 3:0:-1").unwrap(), a.slice(s![1, ..;-2, 1..4;-1]).to_owned().into_dyn());
    same(x.flip([0, 2]).unwrap(), {
        let mut b = a.clone();
        b.invert_axis(Axis(0));
        b.invert_axis(Axis(2));
        b
    });
    same(x.reshape([-1, 6]).unwrap(), a.clone().into_shape_with_order(IxDyn(&[4, 6])).unwrap());
    same(
        x.t().reshape([24]).unwrap(),
        ArrayD::from_shape_vec(IxDyn(&[24]), a.t().iter().copied().collect()).unwrap(),
    );
    same(x.expand_dims(1).unwrap().squeeze(()).unwrap(), a.clone());
    same(
        x.slice("0").unwrap().broadcast_to([5, 3, 4]).unwrap(),
        a.index_axis(Axis(0), 0).broadcast((5, 3, 4)).unwrap().to_owned().into_dyn(),
    );
    // Views of values not yet computed, and of views.
    same((&x + 1).t().slice("::2, 1").unwrap(), (&a + 1).t().slice(s![..;2, 1, ..]).to_owned().into_dyn());
    same(-x.flip(()).unwrap(), {
        let mut b = a.clone();
        for k in 0..3 {
            b.invert_axis(Axis(k));
        }
        b.mapv(|v| -v)
    });
}

#[test]
fn views_share_storage_and_copy_nothing() {
    let (x, _) = cube();
    let v = x.slice("1").unwrap().t();
    assert!(!v.is_pending());
    assert_eq!(v.get(&[3, -1]).unwrap().to_f64(), 23.0);
    let r = x.t().reshape([24]).unwrap();
    assert!(r.is_pending(), "a reshape that strides can't express is a recorded copy");
}

#[test]
fn empty_and_scalar_shapes_are_shapes() {
    let none = Array::from(Vec::<f64>::new()).reshape([0, 3]).unwrap();
    assert_eq!(np::sum(&none, 0).unwrap().to_vec::<f64>().unwrap(), [0.0; 3]);
    assert_eq!(np::sum(&none, 1).unwrap().shape(), [0]);
    assert!(np::mean(&none, ()).unwrap().item().unwrap().to_f64().is_nan());
    assert_eq!((&none + 1.0).shape(), [0, 3]);
    assert!(matches!(np::max(&none, ()), Err(Error::Shape { .. })));
    assert_eq!(np::max(&none, 1).unwrap().shape(), [0]);
    let zero = Array::scalar(4.0f32);
    assert_eq!(np::sqrt(&zero).unwrap().item().unwrap().to_f64(), 2.0);
    assert_eq!(np::sum(&zero, ()).unwrap().shape(), [0usize; 0]);
    assert_eq!(none.t().slice("::-1, 0:0").unwrap().shape(), [3, 0]);
    assert_eq!(none.flip(()).unwrap().to_vec::<f64>().unwrap(), []);
}

#[test]
fn what_does_not_fit_is_an_error_that_says_so() {
    let (x, _) = cube();
    assert!(matches!(x.reshape([5, -1]), Err(Error::Shape { .. })));
    assert!(matches!(x.reshape([-1, -1]), Err(Error::Shape { .. })));
    assert!(matches!(x.reshape([isize::MAX, isize::MAX, 4]), Err(Error::Shape { .. })));
    assert!(matches!(x.permute([0, 1]), Err(Error::Axis { .. })));
    assert!(matches!(x.permute([0, 1, 1]), Err(Error::Axis { .. })));
    let e = x.permute([2, 0]).unwrap_err().to_string();
    assert_eq!(e, "permute: axis 1 of an array with 3 axes; it is not named: name every axis once");
    assert!(matches!(x.slice("5"), Err(Error::Index { .. })));
    assert!(matches!(x.squeeze([0]), Err(Error::Shape { .. })));
    assert!(matches!(x.broadcast_to([2, 3, 5]), Err(Error::Shape { .. })));
    assert!(matches!(x.broadcast_to([usize::MAX, 2, 3, 4]), Err(Error::Shape { .. })));
    assert!(matches!(x.expand_dims(5), Err(Error::Axis { .. })));
    assert!(matches!(x.get(&[0, 0, 4]), Err(Error::Index { axis: 2, len: 4, index: 4, .. })));
    assert!(matches!(x.to_vec::<f32>(), Err(Error::DType { .. })));
    assert!(matches!(Array::from_vec(vec![1, 2, 3], &[2, 2]), Err(Error::Shape { .. })));
    // Unevaluated operands of impossible size are refused before anything is allocated.
    let wide = Array::from(vec![1.0f32]).broadcast_to([1_usize << 40]).unwrap();
    assert!(matches!(np::add(&wide, 1.0), Err(Error::TooLarge { .. })));
    // What a reduction may compute in passing is refused where it is to be stored.
    let wide = Array::from(vec![1.0f32]).broadcast_to([1_usize << 39]).unwrap();
    let more = np::add(&wide, 1.0).unwrap();
    assert!(np::sum(&more, ()).is_ok());
    assert!(matches!(more.eval(), Err(Error::TooLarge { .. })));
    let tall = Array::from(vec![1.0f32]).broadcast_to([1_usize << 33, 1]).unwrap();
    let e = np::add(&tall, &Array::from(vec![1.0f32]).broadcast_to([1_usize << 33]).unwrap());
    assert!(matches!(e, Err(Error::TooLarge { .. })), "{e:?}");
}
