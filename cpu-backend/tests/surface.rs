//! What the suite doesn't call: functions that are no multimethods, methods of arrays, and bad arguments. Wanted values are
//! NumPy's.

use polyarray_core::expr::Reduction;
use polyarray_core::numpy::{self as np, Binning, Bins, Bounds, Count, Mode, Pad, Quantiles, Update};
use polyarray_core::{Array, DType, Error, Result};
use polyarray_cpu as _;

fn numbers(n: usize) -> Array {
    np::arange(n, DType::F64).unwrap()
}

fn matrix() -> Array {
    numbers(12).reshape([3, 4]).unwrap()
}

#[track_caller]
fn gives(x: Result<Array>, want: &[f64]) {
    let x = np::astype(&x.unwrap(), DType::F64).unwrap();
    let got = x.to_vec::<f64>().unwrap();
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs();
    assert!(got.len() == want.len() && got.iter().zip(want).all(near), "{got:?} instead of {want:?}");
}

#[test]
fn arrays_from_nothing() {
    gives(np::eye((2, 3, 1), ()), &[0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    gives(np::identity(2, DType::I8), &[1.0, 0.0, 0.0, 1.0]);
    gives(np::tri((2, 3, -1), ()), &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    gives(np::logspace(0.0, 2.0, 3, (), ()), &[1.0, 10.0, 100.0]);
    gives(np::logspace(0.0, 3.0, 4, 2.0, ()), &[1.0, 2.0, 4.0, 8.0]);
    gives(np::geomspace(-1.0, -1000.0, 4, ()), &[-1.0, -10.0, -100.0, -1000.0]);
    gives(np::indices([2, 2], ()), &[0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    gives(np::fromfunction(|i| np::add(&i[0], &i[1]), [2, 3], ()), &[0.0, 1.0, 2.0, 1.0, 2.0, 3.0]);
    gives(np::ones_like(&matrix(), DType::I16).and_then(|x| np::sum(&x, ())), &[12.0]);
    assert_eq!(np::zeros_like(&matrix(), DType::I16).unwrap().dtype(), DType::I16);
    assert_eq!(np::empty([2, 3], ()).unwrap().shape(), [2, 3]);
    assert_eq!(np::asarray([[1, 2], [3, 4]], DType::F32).unwrap().dtype(), DType::F32);
    assert_eq!(np::asarray(2.5, ()).unwrap().ndim(), 0);
}

#[test]
fn windows_and_indices() {
    gives(np::hanning(5, ()), &[0.0, 0.5, 1.0, 0.5, 0.0]);
    gives(np::hamming(3, ()), &[0.54 - 0.46, 1.0, 0.54 - 0.46]);
    gives(np::bartlett(4, ()), &[0.0, 2.0 / 3.0, 2.0 / 3.0, 0.0]);
    gives(np::kaiser(3, 14.0, ()), &[7.726_866_835_273_05e-6, 1.0, 7.726_866_835_273_05e-6]);
    gives(np::blackman(1, ()), &[1.0]);
    gives(np::blackman(4, ()).and_then(np::round), &[0.0, 1.0, 1.0, 0.0]);
    assert_eq!(np::hanning(0, DType::F32).unwrap().shape(), [0]);
    let (rows, columns) = np::tril_indices((3, 3, -1), ()).unwrap();
    gives(Ok(rows), &[1.0, 2.0, 2.0]);
    gives(Ok(columns), &[0.0, 0.0, 1.0]);
    let (rows, columns) = np::triu_indices((2, 3), ()).unwrap();
    gives(Ok(rows), &[0.0, 0.0, 0.0, 1.0, 1.0]);
    gives(Ok(columns), &[0.0, 1.0, 2.0, 1.0, 2.0]);
    let diagonal = np::diag_indices(3, 2, ()).unwrap();
    gives(matrix().get_items(&diagonal), &[0.0, 5.0, 10.0]);
    let open = np::ix_(&[Array::from(vec![2_i64, 0]), Array::from(vec![true, false, true, false])]).unwrap();
    gives(matrix().get_items(&open), &[8.0, 10.0, 0.0, 2.0]);
}

#[test]
fn the_dtype_of_several_operands_does_not_depend_on_their_order() {
    let one = |dtype: DType| np::ones([2], dtype).unwrap();
    let dtypes = [DType::I8, DType::U8, DType::F16];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let [a, b, c] = order.map(|i| one(dtypes[i]));
        let condition = np::greater(&a, 0).unwrap();
        // NumPy's answers: result_type(int8, uint8, float16) is float16.
        assert_eq!(np::clip(&a, &b, &c).unwrap().dtype(), DType::F16, "{order:?}");
        let chosen = np::select_first(&[condition.clone(), condition], &[a.clone(), b.clone()], &c).unwrap();
        assert_eq!(chosen.dtype(), DType::F16, "{order:?}");
        let zero = np::astype(&one(DType::I64).slice("0").unwrap(), DType::I64).unwrap();
        assert_eq!(np::choose(&zero, &[a, b, c], Bounds::Raise).unwrap().dtype(), DType::F16, "{order:?}");
    }
    assert_eq!(np::clip(one(DType::I8), 0, 5).unwrap().dtype(), DType::I8, "scalars stay weak");
    assert_eq!(np::clip(one(DType::F32), 0.0, one(DType::F16)).unwrap().dtype(), DType::F32);
}

#[test]
fn divisors_and_neighbours() {
    let bytes = |x: &[i8]| Array::from(x.to_vec());
    gives(
        np::gcd(bytes(&[-128, -128, 0, 12, -18]), bytes(&[0, -128, 0, 18, 12])),
        &[-128.0, -128.0, 0.0, 6.0, 6.0],
    );
    gives(
        np::lcm(bytes(&[-128, 100, 0, 4, -4]), bytes(&[3, 99, 5, 6, 6])),
        &[-128.0, -84.0, 0.0, 12.0, 12.0],
    );
    assert_eq!(
        np::nextafter(Array::from(vec![1_i64]), 2.0).unwrap().to_vec::<f64>().unwrap(),
        [1.0 + f64::EPSILON]
    );
    let half = np::nextafter(np::ones([1], DType::F16).unwrap(), 2.0).unwrap();
    assert_eq!(half.dtype(), DType::F16);
    gives(Ok(half), &[1.0 + 1.0 / 1024.0]);
    let single = np::nextafter(1.0, np::ones([1], DType::F32).unwrap() * 2.0).unwrap();
    assert_eq!(single.dtype(), DType::F32);
    gives(Ok(single), &[1.0 + f64::from(f32::EPSILON)]);
    assert_eq!(np::spacing(Array::scalar(1e308)).unwrap().item().unwrap().to_f64(), 1.99584030953472e292);
}

#[test]
fn functions_of_parts() {
    gives(np::apply_along_axis(|x| np::sum(x, ()), 0, &matrix()), &[12.0, 15.0, 18.0, 21.0]);
    let doubled = np::apply_along_axis(|x| np::append(x, x, ()), 0, &matrix()).unwrap();
    assert_eq!(doubled.shape(), [6, 4]);
    let outer = np::apply_along_axis(|x| np::diag(x, 0), 1, &matrix()).unwrap();
    assert_eq!(outer.shape(), [3, 4, 4]);
    gives(np::apply_over_axes(|x, axis| np::sum(x, axis), &matrix(), &[0, 1]), &[66.0]);
    gives(
        np::vectorize(|x| np::multiply(&x[0], &x[1]), &[numbers(3), Array::from(vec![2.0])]),
        &[0.0, 2.0, 4.0],
    );
    let x = numbers(5);
    let conditions = [np::less(&x, 2.0).unwrap(), np::greater(&x, 3.0).unwrap()];
    let functions: [np::Piece<'_>; 3] =
        [&|x| np::negative(x), &|x| np::multiply(x, 10.0), &|_| Ok(Array::from(7.0))];
    gives(np::piecewise(&x, &conditions, &functions), &[0.0, -1.0, 7.0, 7.0, 40.0]);
    let block = np::block(&[
        vec![np::eye(2, ()).unwrap(), numbers(2)],
        vec![numbers(3), np::ones([1, 0], ()).unwrap()],
    ]);
    assert!(block.is_err(), "rows of blocks have one length");
    let two = np::eye(2, ()).unwrap();
    gives(np::block(&[vec![two.clone(), two]]), &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
}

#[test]
fn items_are_written_and_other_handles_keep_theirs() {
    let mut x = numbers(6);
    let before = x.clone();
    x.set_items(&[Array::from(vec![1_i64, -1, 1])], Array::from(vec![10.0, 20.0, 30.0])).unwrap();
    gives(Ok(x.clone()), &[0.0, 30.0, 2.0, 3.0, 4.0, 20.0]);
    x.update_items(&[Array::from(vec![0_i64, 0])], 1.5, Update::Add).unwrap();
    gives(Ok(x.clone()), &[3.0, 30.0, 2.0, 3.0, 4.0, 20.0]);
    x.set_items(&[np::greater(&x, 10.0).unwrap()], 0.0).unwrap();
    gives(Ok(x), &[3.0, 0.0, 2.0, 3.0, 4.0, 0.0]);
    gives(Ok(before), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    gives(matrix().get_items(&[Array::from(vec![2_i64, 0]), Array::from(vec![1_i64, -1])]), &[9.0, 3.0]);
}

#[test]
fn calls_read_as_numpys_do() {
    let x = Array::from(vec![3_i64, 1, 3, 0]);
    gives(np::bincount(&x, ()), &[1.0, 1.0, 0.0, 2.0]);
    gives(np::bincount(&x, 5), &[1.0, 1.0, 0.0, 2.0, 0.0]);
    gives(np::topk(&x, 2, ()).map(|top| top.1), &[0.0, 2.0]);
    gives(np::diff(&x, (), -1), &[-2.0, 2.0, -3.0]);
    gives(np::percentile(&x, [25.0, 50.0], ()), &[0.75, 2.0]);
    gives(np::quantile(&x, Quantiles::from(0.5).by(np::Method::Lower), ()), &[1.0]);
    gives(np::pad(&x, (1, 2), 9), &[9.0, 3.0, 1.0, 3.0, 0.0, 9.0, 9.0]);
    gives(np::pad(&x, 1, Pad::Reflect), &[1.0, 3.0, 1.0, 3.0, 0.0, 3.0]);
    gives(np::histogram(&x, (3, 0.0, 3.0)).map(|h| h.0), &[1.0, 1.0, 2.0]);
    gives(np::take(&x, Array::from(vec![9_i64, -9]), np::Gather::from(0).clip()), &[0.0, 3.0]);
    gives(np::roll(&x, 1, ()), &[0.0, 3.0, 1.0, 3.0]);
    gives(np::atleast_1d(2.0), &[2.0]);
    gives(np::append(&x, 5, ()), &[3.0, 1.0, 3.0, 0.0, 5.0]);
    gives(np::tile(1.5, 3), &[1.5, 1.5, 1.5]);
    gives(np::average(Array::from(vec![1.0, 2.0]), Array::from(vec![3.0, 1.0]), ()), &[1.25]);
}

/// Every error names its function, and none is a panic.
#[test]
fn bad_arguments_are_typed_errors() {
    let (x, m) = (numbers(4), matrix());
    let complex = np::astype(&x, DType::C128).unwrap();
    let one = |x: i64| Array::from(vec![x]);
    let first = |r: Result<Vec<Array>>| r.map(|mut all| all.remove(0));
    #[rustfmt::skip]
    let cases: Vec<(&str, Result<Array>)> = vec![
        ("reshape", np::reshape(&x, [3, 2])),
        ("moveaxis", np::moveaxis(&m, [0, 1], 0)),
        ("expand_dims", np::expand_dims(&m, 5)),
        ("rot90", np::rot90(&m, 1, [0, 0])),
        ("flipud", np::flipud(&Array::scalar(1.0))),
        ("split", first(np::split(&x, 3, 0))),
        ("split", first(np::split(&x, 0, 0))),
        ("array_split", first(np::array_split(&x, usize::MAX / 2, 0))),
        ("vsplit", first(np::vsplit(&x, 2))),
        ("roll", np::roll(&m, [1, 2, 3], [0, 1])),
        ("repeat", np::repeat(&x, -1, ())),
        ("repeat", np::repeat(&x, Array::from(vec![1_i64, 2]), ())),
        ("repeat", np::repeat(&x, 1.5, ())),
        ("tile", np::tile(&x, -1)),
        ("insert", np::insert(&x, 9, 1.0, ())),
        ("delete", np::delete(&x, [0, -7], ())),
        ("pad", np::pad(&x, -1, ())),
        ("pad", np::pad(&m, [(1, 1), (2, 2), (3, 3)], ())),
        ("pad", np::pad(&numbers(0), 1, Pad::Edge)),
        ("diag", np::diag(&m.reshape([3, 2, 2]).unwrap(), 0)),
        ("tril", np::tril(&Array::scalar(1.0), 0)),
        ("vander", np::vander(&m, ())),
        ("geomspace", np::geomspace(0.0, 1.0, 3, ())),
        ("searchsorted", np::searchsorted(&m, &x, ())),
        ("searchsorted", np::searchsorted(&complex, &x, ())),
        ("digitize", np::digitize(&x, Array::from(vec![1.0, 3.0, 2.0]), false)),
        ("take", np::take(&x, one(4), ())),
        ("get_items", np::get_items(&m, &[one(3)])),
        ("get_items", np::get_items(&x, &[one(0), one(0)])),
        ("get_items", np::get_items(&x, &[Array::from(vec![0.5])])),
        ("get_items", np::get_items(&x, &[Array::from(vec![true, false])])),
        ("update_items", np::update_items(&x, &[one(-5)], 1.0, Update::Put)),
        ("scatter", np::scatter(&x, one(4), 1.0, Update::Add)),
        ("scatter", np::scatter(&complex, one(0), 1.0, Update::Minimum)),
        ("put", np::put(&x, Array::from(vec![0.5]), 1.0, Bounds::Raise)),
        ("place", np::place(&m, np::greater(&x, 1.0).unwrap(), 1.0)),
        ("take_along_axis", np::take_along_axis(&m, one(0), 0)),
        ("reduceat", np::reduceat(&x, one(4), Reduction::Sum, 0)),
        ("partition", np::partition(&x, 4, -1)),
        ("topk", np::topk(&x, 5, ()).map(|top| top.0)),
        ("topk", np::topk(&complex, 1, ()).map(|top| top.0)),
        ("order_statistics", np::order_statistics(&complex, 0, -1)),
        ("reduce_segments", np::reduce_segments(&x, &x, one(1), Reduction::Sum)),
        ("scatter", np::scatter(&x, one(0), &x, Update::Add)),
        ("less_equal", np::less_equal(np::zeros([3], DType::U64).unwrap(), np::zeros([2], DType::I32).unwrap())),
        ("polyint", np::polyint(&x, usize::MAX)),
        ("pow", np::pow(numbers(3), &complex)),
        ("lexsort", np::lexsort(&[] as &[Array], -1)),
        ("compress", np::compress(&m, &m, 0)),
        ("choose", np::choose(one(2), &[x.clone(), x.clone()], Bounds::Raise)),
        ("select_first", np::select_first(&[] as &[Array], &[] as &[Array], &x)),
        ("nanargmin", np::nanargmin(Array::from(vec![f64::NAN]), ())),
        ("median", np::median(&complex, ())),
        ("quantile", np::quantile(&x, 1.5, ())),
        ("percentile", np::percentile(&x, f64::NAN, ())),
        ("quantile", np::quantile(&numbers(0), 0.5, ())),
        ("average", np::average(&x, Array::from(vec![1.0, -1.0, 0.0, 0.0]), ())),
        ("average", np::average(&m, &x, 0)),
        ("cov", np::cov(m.reshape([3, 2, 2]).unwrap(), ())),
        ("bincount", np::bincount(Array::from(vec![-1_i64]), ())),
        ("bincount", np::bincount(&x, ())),
        ("histogram", np::histogram(Array::from(vec![f64::NAN]), ()).map(|h| h.0)),
        ("histogram", np::histogram(&x, 0).map(|h| h.0)),
        ("histogram", np::histogram(&x, usize::MAX).map(|h| h.0)),
        ("logspace", np::logspace(0.0, 1.0, usize::MAX, (), ())),
        ("pad", np::pad(&x, (isize::MAX, isize::MAX), Pad::Wrap)),
        ("histogram", np::histogram(&x, [1.0, 0.0]).map(|h| h.0)),
        ("histogram2d", np::histogram2d(&x, &m, 2, 2).map(|h| h.0)),
        ("gradient", first(np::gradient(numbers(1), (), ()))),
        ("gradient", first(np::gradient(&m, [1.0, 2.0, 3.0], ()))),
        ("interp", np::interp(&x, numbers(0), numbers(0), ())),
        ("convolve", np::convolve(&x, numbers(0), Mode::Full)),
        ("nextafter", np::nextafter(&complex, &x)),
        ("frexp", np::frexp(&complex).map(|x| x.0)),
        ("gcd", np::gcd(&x, &x)),
        ("lcm", np::lcm(&x, one(2))),
        ("unique_along", np::unique_along(&x, 1).map(|x| x.0)),
        ("quantile_weighted", np::quantile_weighted(&x, &x, 0.5, ())),
        ("quantile_weighted", np::quantile_weighted(&x, &m, Quantiles::from(0.5).by(np::Method::InvertedCdf), ())),
        ("percentile_weighted", np::percentile_weighted(&x, np::zeros([4], ()).unwrap(), Quantiles::from(50.0).by(np::Method::InvertedCdf), ())),
        ("polyval", np::polyval(&m, 1.0)),
        ("polydiv", np::polydiv(&x, &x).map(|x| x.0)),
        ("polyfit", np::polyfit(&x, numbers(3), 1_usize)),
        ("roots", np::roots(&m)),
        ("unravel_index", first(np::unravel_index(one(20), [4, 5]))),
        ("unravel_index", first(np::unravel_index(one(-1), [4, 5]))),
        ("unravel_index", first(np::unravel_index(&x, [4, 5]))),
        ("ravel_multi_index", np::ravel_multi_index(&[one(4), one(0)], [4, 5], Bounds::Raise)),
        ("ravel_multi_index", np::ravel_multi_index(&[one(4)], [4, 5], Bounds::Clip)),
        ("ix_", first(np::ix_(std::slice::from_ref(&m)))),
        ("fill_diagonal", np::fill_diagonal(&x, 1.0)),
        ("packbits", np::packbits(&x, (), ())),
        ("unpackbits", np::unpackbits(&x, (), (), ())),
        ("tensorsolve", np::linalg::tensorsolve(&m, &x)),
        ("tensorinv", np::linalg::tensorinv(&m, 0_usize)),
        ("hanning", np::hanning(usize::MAX, ())),
        ("sliding_window_view", np::sliding_window_view(&x, 5, 0)),
    ];
    for (name, result) in cases {
        let error = result.expect_err(name);
        assert!(error.to_string().contains(name), "{name}: {error}");
        assert!(!matches!(error, Error::Backend { .. }), "{name}: {error}");
    }
    assert!(np::diff(&x, usize::MAX, 0).unwrap().is_empty());
    assert_eq!((Count::from(()), Bins::from(()).binning), (Count(None), Binning::Count(10)));
}

/// A view of nothing may begin beyond the memory of an array of no elements.
#[test]
fn views_of_nothing_are_read() {
    let x = np::zeros([0, 2, 3], ()).unwrap();
    let diagonal = np::diagonal(&x, np::diagonal_of(2, -2).offset(1)).unwrap();
    assert_eq!(diagonal.shape(), [0, 1]);
    assert_eq!(np::add(&diagonal, 1.0).unwrap().to_vec::<f64>().unwrap(), []);
    assert_eq!(diagonal.to_vec::<f64>().unwrap(), []);
}
