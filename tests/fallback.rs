//! A method that only the host implements: on a GPU it runs on the host, counted and shown, unless a scope is strict.
use polyarray::backend::{Cx, Stop, registrations};
use polyarray::{self as np, Array, Error, explain, multimethod, scope};

multimethod! {
    domain "numpy.fallback_example";
    /// Whole and fractional parts, which only the host implements.
    pub fn parts(x: &Array) -> Result<(Array, Array)>;
    /// The parts' sum: `x` again, in terms of a method that may fall back.
    pub fn whole(x: &Array) -> Result<Array> {
        let (floor, rest) = parts(x)?;
        np::add(&floor, &rest)
    }
    /// A result that a device without int64 or float64 can hold all the same, and one argument that is no array.
    pub fn doubled(x: &Array, by: f64) -> Result<Array>;
}

fn parts_on_host(_: Cx, x: &Array) -> Result<(Array, Array), Stop<Error>> {
    assert_eq!(x.residency().name(), "host");
    let floor = np::floor(x)?;
    let rest = np::subtract(x, &floor)?;
    Ok((floor, rest))
}

fn doubled_on_host(_: Cx, x: &Array, by: f64) -> Result<Array, Stop<Error>> {
    if by < 0.0 {
        let fix = "give a factor that is not negative".into();
        return Err(Error::Shape { op: "doubled", operands: by.to_string(), fix }.into());
    }
    Ok(np::multiply(x, by)?)
}

registrations! { ONLY_ON_THE_HOST;
    "cpu": parts = parts_on_host;
    "cpu": doubled = doubled_on_host;
}

/// More axes than a device's kernels take, and than a bit set names.
#[test]
fn there_may_be_more_than_64_axes() -> np::Result<()> {
    let x = Array::from([1.0f32, 2.0]).reshape([&[1; 70][..], &[2]].concat())?;
    for x in [x.to("gpu:0")?, x] {
        let y = np::add(&x, 1.0)?;
        assert_eq!((y.ndim(), y.to("host")?.to_vec::<f32>()?), (71, vec![2.0, 3.0]));
        assert!(matches!(np::sum(&y, 0), Err(Error::Axis { .. })));
    }
    Ok(())
}

#[test]
fn what_a_device_lacks_runs_on_the_host_and_comes_back() -> np::Result<()> {
    let x = Array::from([1.25f32, -0.5, 3.0]).to("gpu:0")?;
    let (result, how) = explain(|| parts(&x));
    let (floor, rest) = result?;
    assert_eq!((floor.residency().name(), rest.residency().name()), ("gpu:0", "gpu:0"));
    assert_eq!(floor.to_vec::<f32>()?, [1.0, -1.0, 3.0]);
    assert_eq!(rest.to_vec::<f32>()?, [0.25, 0.5, 0.0]);
    let text = how.to_string();
    assert!(text.contains("fell back") && text.contains("copied 12 bytes from gpu:0 to host"), "{text}");
    assert_eq!(how.counters["calls that fell back to the host"], 1, "{text}");
    // Inside a default that is pinned to the device, too.
    let (sum, how) = explain(|| whole(&x));
    assert_eq!(sum?.to_vec::<f32>()?, [1.25, -0.5, 3.0]);
    assert_eq!(how.counters["calls that fell back to the host"], 1, "{how}");
    assert_eq!(doubled(&x, 2.0)?.to_vec::<f32>()?, [2.5, -1.0, 6.0]);
    Ok(())
}

#[test]
fn a_strict_scope_says_what_is_lacking() -> np::Result<()> {
    let x = Array::from([1.25f32]).to("gpu:0")?;
    scope!(np::gpu, strict);
    for error in [parts(&x).unwrap_err(), whole(&x).unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("numpy.fallback_example.parts") && text.contains("strict"), "{text}");
        assert!(error.is_not_found(), "{text}");
    }
    // What the device has runs.
    assert_eq!(np::floor(&x)?.to_vec::<f32>()?, [1.0]);
    Ok(())
}

#[test]
fn a_failure_on_the_host_is_the_callers() -> np::Result<()> {
    let x = Array::from([1.25f32]).to("gpu:0")?;
    assert!(matches!(doubled(&x, -1.0), Err(Error::Shape { op: "doubled", .. })));
    Ok(())
}

#[test]
fn host_arrays_do_not_fall_back() -> np::Result<()> {
    let x = Array::from([1.25f32]);
    let (result, how) = explain(|| parts(&x));
    result?;
    assert!(!how.to_string().contains("fell back"), "{how}");
    Ok(())
}
