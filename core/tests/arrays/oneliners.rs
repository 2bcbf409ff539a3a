//! What a user writes in one line, of whatever type the values in it have.

use half::f16;
use num_complex::{Complex32, Complex64};
use polyarray_core::array::{Device, HOST};
use polyarray_core::dispatch::Kind;
use polyarray_core::{Array, DType, Result, Scalar, multimethod, numpy as np};

fn x() -> Array {
    np::arange(6, DType::F32).unwrap().reshape([2, 3]).unwrap()
}

#[test]
fn lengths_axes_and_indices_are_of_any_integer_type() -> Result<()> {
    let (n, m, axis): (usize, usize, usize) = (3, 2, 1);
    let x = x();
    assert_eq!(x.reshape([n, m])?.shape(), [3, 2]);
    assert_eq!(x.reshape((n, m))?.shape(), [3, 2]);
    assert_eq!(x.permute([axis, 0])?.shape(), [3, 2]);
    assert_eq!(np::sum(&x, axis)?.shape(), [2]);
    assert_eq!(np::sum(&x, [0, axis])?.shape(), []);
    for (i, j) in [(0usize, 2usize), (1, 0)] {
        assert_eq!(x.get(&[i, j])?, x.get([i, j])?);
    }
    assert_eq!(x.slice(format!("{}, ::-1", m - 1))?.to_vec::<f32>()?, [5.0, 4.0, 3.0]);
    Ok(())
}

#[test]
fn devices_are_named_by_all_that_names_one() -> Result<()> {
    let (x, far) = (x(), x().to("far:1")?);
    let name = String::from("far:1");
    let kind = Kind::named("far")?;
    for there in [
        x.to(far.residency())?,
        x.to(&name)?,
        x.to(name.clone())?,
        x.to(kind.instance(1))?,
        x.to(far.device())?,
        x.to(&far.device())?,
        np::zeros([2], far.residency())?,
        np::zeros([2], name.clone())?,
        np::zeros([2], &name)?,
        np::zeros([2], kind.instance(1))?,
        np::zeros([2], np::dtype(DType::F32).device(&name))?,
    ] {
        assert_eq!(there.residency().name(), "far:1");
    }
    assert_eq!(x.to(kind)?.residency().name(), "far:0");
    assert_eq!(np::zeros([2], kind)?.residency().name(), "far:0");
    assert_eq!(far.to(*HOST)?.residency().name(), "host");
    // What has no residency has no device of its own.
    assert_eq!(Device::from(Array::from(1.0).residency()), Device::Default);
    let e = x.to(Kind::new(&NOT_LINKED)).unwrap_err().to_string();
    assert!(e.contains("not linked here"), "{e}");
    Ok(())
}

static NOT_LINKED: polyarray_core::dispatch::KindCell =
    polyarray_core::dispatch::KindCell::new("not linked here");

#[test]
fn literals_are_operands() -> Result<()> {
    let x = x();
    assert_eq!(np::take(&x, [0, 2], 1)?.to_vec::<f32>()?, [0.0, 2.0, 3.0, 5.0]);
    assert_eq!(np::take(&x, vec![1i64], 0)?.shape(), [1, 3]);
    assert_eq!(np::take(&x, &[1u8, 0][..], 0)?.shape(), [2, 3]);
    assert_eq!(np::take(&x, [[0, 1], [1, 0]], 0)?.shape(), [2, 2, 3]);
    assert_eq!((&x + [1.0f32, 2.0, 3.0]).to_vec::<f32>()?, [1.0, 3.0, 5.0, 4.0, 6.0, 8.0]);
    let mut y = x.clone();
    y.assign("0", [7.0f32, 8.0, 9.0])?;
    assert_eq!(y.to_vec::<f32>()?, [7.0, 8.0, 9.0, 3.0, 4.0, 5.0]);
    let twice = vec![x.clone(), x.clone()];
    assert_eq!(np::concat(&twice, 0)?.shape(), [4, 3]);
    let cube = Array::from([[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]]);
    assert_eq!((cube.shape(), cube.get([2, 1, 0])?), (&[3, 2, 2][..], Scalar::I32(11)));
    assert_eq!(Array::from([[[[1.5f32; 2]; 1]; 3]; 1]).shape(), [1, 3, 1, 2]);
    Ok(())
}

#[test]
fn scalars_become_numbers() -> Result<()> {
    let half = x().get([0, 1])?;
    let number: f32 = half.try_into()?;
    assert_eq!((number, half.to_f32(), f64::try_from(half)?), (1.0, 1.0, 1.0));
    let sum: f32 = np::sum(&x(), ())?.item()?.try_into()?;
    assert_eq!(sum, 15.0);
    assert_eq!(i64::try_from(Scalar::U64(7))?, 7);
    assert_eq!(u8::try_from(Scalar::I64(255))?, 255);
    assert_eq!(usize::try_from(Scalar::I32(3))?, 3);
    assert!(bool::try_from(Scalar::Bool(true))?);
    assert_eq!(f16::try_from(Scalar::F64(0.1))?, f16::from_f64(0.1));
    assert_eq!(Complex64::try_from(Scalar::F32(2.0))?, Complex64::new(2.0, 0.0));
    assert_eq!(Complex32::try_from(Scalar::C128(Complex64::new(1.0, 2.0)))?, Complex32::new(1.0, 2.0));
    // What a number of that type can't say is no number of that type.
    for wrong in [
        u8::try_from(Scalar::I64(256)).map(f64::from),
        u8::try_from(Scalar::I64(-1)).map(f64::from),
        i32::try_from(Scalar::F64(1.0)).map(f64::from),
        f64::try_from(Scalar::C64(Complex32::new(1.0, 0.0))),
        bool::try_from(Scalar::I64(1)).map(f64::from),
    ] {
        let e = wrong.unwrap_err();
        assert!(matches!(e, polyarray_core::Error::DType { .. }), "{e}");
    }
    Ok(())
}

multimethod! {
    domain "numpy.oneliners_test";
    /// With parameters of all types of numbers.
    fn counted(x: &Array, n: usize, m: u32, least: isize, by: f32, byte: u8) -> Result<Array> {
        np::add(x, n as f64 + f64::from(m) + least as f64 + f64::from(by) + f64::from(byte))
    }
}

#[test]
fn numbers_are_passed_as_literals() -> Result<()> {
    assert_eq!(counted(Array::from(vec![0.0]), 3, 4, -2, 0.5, 7)?.to_vec::<f64>()?, [12.5]);
    let n: usize = 3;
    assert!(counted(Array::from(1.0), n, 4u32, -2isize, 0.5f32, 7u8).is_ok());
    Ok(())
}

#[test]
fn where_chooses_between_scalars_of_their_own_precision() -> Result<()> {
    let mask = Array::from(vec![true, false]);
    assert_eq!(np::where_(&mask, 1.0f32, 0.0f32)?.to_vec::<f32>()?, [1.0, 0.0]);
    for (y, want) in [
        (np::where_(&mask, 1.0, 0.0)?, DType::F64),
        (np::where_(&mask, 1.0f32, 0)?, DType::F32),
        (np::where_(&mask, 1.0f32, 0.0)?, DType::F64),
        (np::where_(&mask, f16::ONE, 0.0f32)?, DType::F32),
        (np::where_(&mask, f16::ONE, f16::ZERO)?, DType::F16),
        (np::where_(&mask, 1, 0)?, DType::I64),
        (np::where_(&mask, Complex32::new(0.0, 1.0), 0.0f32)?, DType::C64),
        (np::where_(&mask, Complex32::new(0.0, 1.0), 0.0)?, DType::C128),
        // Where something is computed of them it is in the device's own.
        (np::add(Array::from(1.0f32), 2)?, DType::F64),
        // With an array they are weak, as ever.
        (np::add(Array::from(vec![f16::ONE]), 1.0f32)?, DType::F16),
        (np::add(Array::from(vec![1i8]), 1.0f32)?, DType::F64),
        (np::add(Array::from(vec![1.0f64]), 1.0f32)?, DType::F64),
        (np::where_(&mask, Array::from(vec![1.0f64, 2.0]), 0.5f32)?, DType::F64),
    ] {
        assert_eq!(y.dtype(), want, "{y:?}");
    }
    Ok(())
}

#[test]
fn scalars_stand_on_the_left() -> Result<()> {
    let x = x();
    // With an operator for f32 as well the type of this could not be inferred; on the right any scalar goes.
    assert_eq!((2.0 * &x).dtype(), DType::F32);
    assert_eq!((&x * 2.0f32).dtype(), DType::F32);
    let y = 1.0 - &x;
    assert_eq!(y.shape(), [2, 3]);
    let z = 1.0 / (1.0 + np::exp(-&x)?);
    assert_eq!(z.to_vec::<f32>()?.len(), 6);
    let w = (2.0 * x.clone() + 3.0) * 0.5;
    assert_eq!(np::sum(&w, 0)?.shape(), [3]);
    Ok(())
}
