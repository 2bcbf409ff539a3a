//! Option types as keywords: for each type that a parameter of a method may have, the keywords that NumPy has for it, their
//! defaults, and how a value is made of them.
use polyarray::backend::{MethodRow, Param, ParamKind, Value};
use polyarray::{self as np, fft, linalg};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use smallvec::SmallVec;

use crate::creation;
use crate::dtypes::Given;
use crate::errors::Raise;

/// One keyword of an option type.
#[derive(Clone, Copy)]
pub struct Keyword {
    /// Its name; `_` for that of the parameter.
    pub name: &'static str,
    /// Its default in Rust; none if it must be given.
    pub default: Option<&'static str>,
    /// Its type in Rust.
    pub type_name: &'static str,
}

impl Keyword {
    /// Its type as Python annotates it.
    pub fn annotation(&self) -> String {
        let (inner, none) = match self.type_name.strip_prefix("Option<").and_then(|t| t.strip_suffix('>')) {
            Some(inner) => (inner, " | None"),
            None => (self.type_name, ""),
        };
        let python = match inner {
            "bool" => "bool",
            "String" => "str",
            "f64" => "float",
            "i64" | "isize" | "usize" | "u8" => "int",
            "Ints" => "int | Sequence[int]",
            "Numbers" => "float | Sequence[float]",
            "Number" => "complex",
            "Given" => "DTypeLike",
            "(f64, f64)" => "tuple[float, float]",
            _ => "object",
        };
        format!("{python}{none}")
    }
}

type Build = fn(&[Option<Bound<'_, PyAny>>]) -> PyResult<Value>;

/// An option type.
pub struct OptionType {
    /// The last part of the domain in whose methods it is meant, where several have a type of this name.
    pub domain: &'static str,
    /// The type's name.
    pub name: &'static str,
    /// Its keywords, in order.
    pub keywords: &'static [Keyword],
    /// A value, of what was given for each.
    pub build: Build,
}

/// The type of a parameter.
pub fn option_type(row: &MethodRow, param: &Param) -> Option<&'static OptionType> {
    let name = param.type_name.rsplit("::").next().unwrap_or(param.type_name);
    let domain = row.domain.rsplit('.').next().unwrap_or(row.domain);
    let of = |domain: &str| OPTIONS.iter().find(|known| known.domain == domain && known.name == name);
    if param.kind == ParamKind::Device { of("numpy") } else { of(domain).or_else(|| of("numpy")) }
}

/// A row's own name for a keyword that is called otherwise in NumPy.
pub fn renamed(row: &MethodRow, param: &'static str) -> &'static str {
    match (row.name, param) {
        ("split" | "array_split" | "hsplit" | "vsplit" | "dsplit", "at") => "indices_or_sections",
        ("insert" | "delete", "at") => "obj",
        ("bincount" | "bincount_weighted", "least") => "minlength",
        ("pad", "width") => "pad_width",
        ("sliding_window_view", "window") => "window_shape",
        ("matrix_power", "power") => "n",
        ("cond", "ord") => "p",
        ("searchsorted" | "searchsorted_by", "sorted" | "x") => "x1",
        ("searchsorted" | "searchsorted_by", "values") => "x2",
        (_, name) => name,
    }
}

/// An integer or several.
struct Ints(SmallVec<[isize; 4]>);

impl<'py> FromPyObject<'_, 'py> for Ints {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Ints> {
        if let Ok(one) = given.extract::<isize>() {
            return Ok(Ints(SmallVec::from_elem(one, 1)));
        }
        Ok(Ints(given.try_iter()?.map(|item| item?.extract::<isize>()).collect::<PyResult<_>>()?))
    }
}

/// A number or several.
struct Numbers {
    values: Vec<f64>,
    single: bool,
}

impl<'py> FromPyObject<'_, 'py> for Numbers {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Numbers> {
        match given.extract::<f64>() {
            Ok(one) => Ok(Numbers { values: vec![one], single: true }),
            Err(_) => Ok(Numbers { values: given.extract()?, single: false }),
        }
    }
}

/// A number of any kind.
struct Number(np::Scalar);

impl<'py> FromPyObject<'_, 'py> for Number {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Number> {
        let array = crate::operand::operand(&given)?;
        array.item().raise().map(Number)
    }
}

/// The word of a table.
fn word<T: Copy>(what: &str, given: &str, words: &[(&str, T)]) -> PyResult<T> {
    words.iter().find(|(name, _)| *name == given).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(name, _)| format!("{name:?}")).collect();
        PyValueError::new_err(format!("{what} is {given:?}; it is one of {}", known.join(", ")))
    })
}

fn missing(name: &str) -> PyErr {
    PyTypeError::new_err(format!("missing the argument {name:?}"))
}

fn option_error(name: &str, error: PyErr) -> PyErr {
    Python::attach(|py| {
        let kind = error.get_type(py);
        PyErr::from_type(kind, format!("{name}: {}", error.value(py)))
    })
}

/// What was given for a keyword.
fn given<'py, T>(given: &[Option<Bound<'py, PyAny>>], at: usize, name: &str) -> PyResult<Option<T>>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    match given.get(at).and_then(Option::as_ref) {
        None => Ok(None),
        Some(value) => {
            let extracted: Result<T, _> = value.extract::<T>().map_err(Into::into);
            extracted.map(Some).map_err(|error| option_error(name, error))
        }
    }
}

/// A default, as it is written in the table.
trait Becomes<T> {
    fn becomes(self) -> T;
}

macro_rules! becomes {
    ($($from:ty => $to:ty: $f:expr;)*) => { $(
        impl Becomes<$to> for $from {
            fn becomes(self) -> $to { ($f)(self) }
        }
    )* };
}
becomes! {
    &str => String: String::from;
    bool => bool: std::convert::identity;
    f64 => f64: std::convert::identity;
    i64 => i64: std::convert::identity;
    isize => isize: std::convert::identity;
    usize => usize: std::convert::identity;
    u8 => u8: std::convert::identity;
}

macro_rules! options {
    ($($domain:ident $type:literal ($($key:tt : $t:ty $(= $default:tt)?),*) => $value:expr;)*) => {
        static OPTIONS: &[OptionType] = &[$(
            OptionType {
                domain: stringify!($domain),
                name: $type,
                keywords: &[$(Keyword {
                    name: options!(@name $key),
                    default: options!(@default $($default)?),
                    type_name: stringify!($t),
                }),*],
                build: {
                    #[allow(non_snake_case, reason = "keywords of NumPy")]
                    fn build(values: &[Option<Bound<'_, PyAny>>]) -> PyResult<Value> {
                        let mut _at = 0;
                        $(
                            let options!(@bind $key): $t = match given::<$t>(values, _at, options!(@name $key))? {
                                Some(value) => value,
                                None => options!(@missing $key $($default)?),
                            };
                            _at += 1;
                        )*
                        $value
                    }
                    build
                },
            },
        )*];
    };
    (@name $key:ident) => { stringify!($key) };
    (@default) => { None };
    (@default $default:tt) => { Some(stringify!($default)) };
    (@bind $key:ident) => { $key };
    (@missing $key:ident) => { return Err(missing(stringify!($key))) };
    (@missing $key:ident None) => { None };
    (@missing $key:ident $default:tt) => { Becomes::becomes($default) };
}

fn plain<T: Send + Sync + 'static>(value: T) -> PyResult<Value> {
    Ok(Value::plain(value))
}

fn reduce(axis: Option<Ints>, keepdims: bool) -> np::Reduce {
    np::Reduce { axes: axis.map(|axes| axes.0), keepdims }
}

/// The ways to interpolate of quantiles.
pub const METHODS: [(&str, np::Method); 13] = [
    ("inverted_cdf", np::Method::InvertedCdf),
    ("averaged_inverted_cdf", np::Method::AveragedInvertedCdf),
    ("closest_observation", np::Method::ClosestObservation),
    ("interpolated_inverted_cdf", np::Method::InterpolatedInvertedCdf),
    ("hazen", np::Method::Hazen),
    ("weibull", np::Method::Weibull),
    ("linear", np::Method::Linear),
    ("median_unbiased", np::Method::MedianUnbiased),
    ("normal_unbiased", np::Method::NormalUnbiased),
    ("lower", np::Method::Lower),
    ("higher", np::Method::Higher),
    ("midpoint", np::Method::Midpoint),
    ("nearest", np::Method::Nearest),
];

/// What becomes of indices beyond the bounds.
pub const BOUNDS: [(&str, np::Bounds); 3] =
    [("raise", np::Bounds::Raise), ("clip", np::Bounds::Clip), ("wrap", np::Bounds::Wrap)];

const TRIANGLES: [(&str, linalg::Triangle); 2] =
    [("L", linalg::Triangle::Lower), ("U", linalg::Triangle::Upper)];

/// How elements are updated.
pub const UPDATES: [(&str, np::Update); 5] = [
    ("put", np::Update::Put),
    ("add", np::Update::Add),
    ("multiply", np::Update::Multiply),
    ("minimum", np::Update::Minimum),
    ("maximum", np::Update::Maximum),
];

/// Reductions by the ufunc that they fold.
pub const REDUCTIONS: [(&str, np::Reduction); 6] = [
    ("add", np::Reduction::Sum),
    ("multiply", np::Reduction::Prod),
    ("minimum", np::Reduction::Min),
    ("maximum", np::Reduction::Max),
    ("logical_or", np::Reduction::Any),
    ("logical_and", np::Reduction::All),
];

fn transform_norm(name: Option<String>) -> PyResult<fft::Norm> {
    let words =
        [("backward", fft::Norm::Backward), ("ortho", fft::Norm::Ortho), ("forward", fft::Norm::Forward)];
    word("norm", name.as_deref().unwrap_or("backward"), &words)
}

fn order(given: Option<Bound<'_, PyAny>>) -> PyResult<Option<linalg::NormOrder>> {
    let Some(given) = given else { return Ok(None) };
    if let Ok(name) = given.extract::<String>() {
        let words = [("fro", linalg::NormOrder::Frobenius), ("nuc", linalg::NormOrder::Nuclear)];
        return word("ord", &name, &words).map(Some);
    }
    given.extract::<f64>().map(|p| Some(linalg::NormOrder::P(p)))
}

fn length(s: Option<Ints>) -> Option<SmallVec<[isize; 4]>> {
    s.map(|s| s.0)
}

fn contraction(axes: Option<Bound<'_, PyAny>>) -> PyResult<np::Contraction> {
    let Some(axes) = axes else { return Ok(np::Contraction::Adjacent(2)) };
    if let Ok(n) = axes.extract::<usize>() {
        return Ok(np::Contraction::Adjacent(n));
    }
    let (a, b): (Ints, Ints) = axes.extract()?;
    Ok(np::Contraction::Axes(a.0, b.0))
}

fn indices(given: &Bound<'_, PyAny>) -> PyResult<np::Indices> {
    if let Ok(one) = given.extract::<isize>() {
        return Ok(np::Indices::One(one));
    }
    Ok(np::Indices::Many(given.try_iter()?.map(|item| item?.extract()).collect::<PyResult<_>>()?))
}

fn binning(given: Option<Bound<'_, PyAny>>) -> PyResult<np::Binning> {
    let Some(given) = given else { return Ok(np::Binning::Count(10)) };
    if let Ok(name) = given.extract::<String>() {
        let words = [("sqrt", 0), ("sturges", 1), ("rice", 2), ("scott", 3), ("fd", 4)];
        return Ok(match word("bins", &name, &words)? {
            0 => np::Binning::Sqrt,
            1 => np::Binning::Sturges,
            2 => np::Binning::Rice,
            3 => np::Binning::Scott,
            _ => np::Binning::FreedmanDiaconis,
        });
    }
    if let Ok(n) = given.extract::<usize>() {
        return Ok(np::Binning::Count(n));
    }
    Ok(np::Binning::Edges(given.try_iter()?.map(|item| item?.extract()).collect::<PyResult<_>>()?))
}

fn pad(mode: &str, constant: Option<Number>, end: Option<Number>) -> PyResult<np::Pad> {
    let or_zero = |number: Option<Number>| number.map_or(np::Scalar::I64(0), |number| number.0);
    let words = [
        ("constant", np::Pad::Constant(or_zero(constant))),
        ("edge", np::Pad::Edge),
        ("linear_ramp", np::Pad::LinearRamp { end: or_zero(end) }),
        ("maximum", np::Pad::Maximum),
        ("mean", np::Pad::Mean),
        ("minimum", np::Pad::Minimum),
        ("reflect", np::Pad::Reflect),
        ("symmetric", np::Pad::Symmetric),
        ("wrap", np::Pad::Wrap),
    ];
    word("mode", mode, &words)
}

fn pad_width(given: &Bound<'_, PyAny>) -> PyResult<np::PadWidth> {
    if let Ok(one) = given.extract::<isize>() {
        return Ok(np::PadWidth::from(one));
    }
    if let Ok((before, after)) = given.extract::<(isize, isize)>() {
        return Ok(np::PadWidth::from((before, after)));
    }
    let each: Vec<(isize, isize)> = given.extract()?;
    Ok(np::PadWidth::from(each))
}

type Any<'py> = Bound<'py, PyAny>;

options! {
    // Types that are one value.
    numpy "i64" (_value: i64 = 0) => plain(_value);
    numpy "usize" (_value: usize) => plain(_value);
    numpy "bool" (_value: bool = false) => plain(_value);
    numpy "f64" (_value: f64 = 1.0) => plain(_value);
    numpy "String" (_value: String) => plain(_value);
    numpy "Scalar" (_value: Number) => plain(_value.0);
    numpy "DType" (dtype: Given) => plain(dtype.0);
    numpy "Option<DType>" (dtype: Option<Given> = None) => plain(dtype.map(|given| given.0));
    numpy "Device" (device: Option<Any<'_>> = None) => Ok(Value::Device(creation::device(device.as_ref())?));
    numpy "Axis" (_axis: isize = (-1)) => plain(np::Axis(_axis));
    numpy "Axes" (_axes: Option<Ints> = None) => plain(np::Axes(length(_axes).unwrap_or_default()));
    numpy "Along" (axis: Option<isize> = None) => plain(np::Along(axis));
    numpy "Shape" (_shape: Ints) => plain(np::Shape(_shape.0));
    numpy "Count" (_count: Option<usize> = None) => plain(np::Count(_count));
    numpy "Indices" (_indices: Any<'_>) => plain(indices(&_indices)?);
    // Reductions, scans, sorting.
    numpy "Reduce" (axis: Option<Ints> = None, keepdims: bool = false) => plain(reduce(axis, keepdims));
    numpy "Variance" (axis: Option<Ints> = None, correction: f64 = 0.0, keepdims: bool = false, ddof: f64 = 0.0) =>
        plain(np::Variance { axes: reduce(axis, keepdims), ddof: ddof + correction });
    numpy "Scanned" (axis: Option<isize> = None, dtype: Option<Given> = None, include_initial: bool = false) =>
        plain(np::Scanned { axis, dtype: dtype.map(|given| given.0), include_initial });
    numpy "Order" (axis: isize = (-1), descending: bool = false, stable: bool = true) => {
        let _always = stable;
        plain(np::Order { axis, descending })
    };
    numpy "Top" (axis: isize = (-1), largest: bool = true) => plain(np::Top { axis, smallest: !largest });
    numpy "Side" (side: String = "left") =>
        plain(word("side", &side, &[("left", np::Side::Left), ("right", np::Side::Right)])?);
    numpy "Quantiles" (_q: Numbers, method: String = "linear") =>
        plain(np::Quantiles { q: _q.values, single: _q.single, method: word("method", &method, &METHODS)? });
    numpy "Covariance" (rowvar: bool = true, ddof: f64 = 1.0) => plain(np::Covariance { columns: !rowvar, ddof });
    numpy "Bins" (bins: Option<Any<'_>> = None, range: Option<(f64, f64)> = None, density: bool = false) =>
        plain(np::Bins { binning: binning(bins)?, range, density });
    numpy "Reduction" (_ufunc: String) => plain(word("ufunc", &_ufunc, &REDUCTIONS)?);
    numpy "Update" (_by: String = "put") => plain(word("by", &_by, &UPDATES)?);
    // Elements and tolerances.
    numpy "Close" (rtol: f64 = 1e-5, atol: f64 = 1e-8, equal_nan: bool = false) =>
        plain(np::Close { rtol, atol, equal_nan });
    numpy "NanToNum" (nan: f64 = 0.0, posinf: Option<f64> = None, neginf: Option<f64> = None) =>
        plain(np::NanToNum { nan, posinf, neginf });
    numpy "Bounds" (mode: String = "raise") => plain(word("mode", &mode, &BOUNDS)?);
    numpy "Gather" (axis: Option<isize> = None, mode: String = "raise") =>
        plain(np::Gather { axis, bounds: word("mode", &mode, &BOUNDS)? });
    numpy "Beyond" (left: Option<f64> = None, right: Option<f64> = None) => plain(np::Beyond { left, right });
    numpy "Spacing" (spacing: Option<Numbers> = None, edge_order: usize = 1) =>
        plain(np::Spacing { steps: spacing.map(|steps| steps.values).unwrap_or_else(|| vec![1.0]), edge_order });
    numpy "EdgeOrder" (edge_order: usize = 1) => plain(np::EdgeOrder(edge_order));
    numpy "Period" (period: f64 = (std::f64::consts::TAU), discont: Option<f64> = None) =>
        plain(np::Period { period, discontinuity: discont });
    numpy "Mode" (mode: String = "full") => plain(word(
        "mode",
        &mode,
        &[("full", np::Mode::Full), ("same", np::Mode::Same), ("valid", np::Mode::Valid)],
    )?);
    // Shapes.
    numpy "Indexing" (indexing: String = "xy") =>
        plain(word("indexing", &indexing, &[("xy", np::Indexing::Xy), ("ij", np::Indexing::Ij)])?);
    numpy "PadWidth" (_width: Any<'_>) => plain(pad_width(&_width)?);
    numpy "Pad" (mode: String = "constant", constant_values: Option<Number> = None, end_values: Option<Number> = None) =>
        plain(pad(&mode, constant_values, end_values)?);
    numpy "Trim" (trim: String = "fb") =>
        plain(word("trim", &trim, &[("f", np::Trim::Front), ("b", np::Trim::Back), ("fb", np::Trim::Both)])?);
    numpy "BitOrder" (bitorder: String = "big") => plain(word(
        "bitorder",
        &bitorder,
        &[("big", np::BitOrder::Big), ("little", np::BitOrder::Little)],
    )?);
    numpy "Powers" (N: Option<usize> = None, increasing: bool = false) =>
        plain(np::Powers { columns: N, increasing });
    numpy "Diagonal" (offset: isize = 0, axis1: Option<isize> = None, axis2: Option<isize> = None) =>
        plain(diagonal(offset, axis1, axis2));
    numpy "Trace" (offset: isize = 0, axis1: Option<isize> = None, axis2: Option<isize> = None, dtype: Option<Given> = None) =>
        plain(np::Trace { of: diagonal(offset, axis1, axis2), dtype: dtype.map(|given| given.0) });
    linalg "Diagonal" (offset: isize = 0) => plain(diagonal(offset, Some(-2), Some(-1)));
    linalg "Trace" (offset: isize = 0, dtype: Option<Given> = None) =>
        plain(np::Trace { of: diagonal(offset, Some(-2), Some(-1)), dtype: dtype.map(|given| given.0) });
    numpy "Contraction" (axes: Option<Any<'_>> = None) => plain(contraction(axes)?);
    // Transforms.
    fft "Along" (n: Option<usize> = None, axis: isize = (-1), norm: Option<String> = None) =>
        plain(fft::Along { n, axis, norm: transform_norm(norm)? });
    fft "Over" (s: Option<Ints> = None, axes: Option<Ints> = None, norm: Option<String> = None) =>
        plain(fft::Over { s: length(s), axes: length(axes), norm: transform_norm(norm)? });
    fft "Wave" (r#type: u8 = 2, s: Option<Ints> = None, axes: Option<Ints> = None, norm: Option<String> = None) =>
        plain(fft::Wave { kind: r#type, over: fft::Over { s: length(s), axes: length(axes), norm: transform_norm(norm)? } });
    fft "Reduce" (axes: Option<Ints> = None) => plain(reduce(axes, false));
    // Linear algebra.
    linalg "Triangle" (upper: bool = false, UPLO: Option<String> = None) => {
        let named = UPLO.map(|name| word("UPLO", &name, &TRIANGLES)).transpose()?;
        plain(named.unwrap_or(if upper { linalg::Triangle::Upper } else { linalg::Triangle::Lower }))
    };
    linalg "Triangular" (lower: bool = false, unit_diagonal: bool = false) => plain(linalg::Triangular {
        triangle: if lower { linalg::Triangle::Lower } else { linalg::Triangle::Upper },
        unit_diagonal,
    });
    linalg "Sketch" (n_components: usize, n_oversamples: usize = 10, n_iter: Option<usize> = None, random_state: usize = 0) =>
        plain(linalg::Sketch {
            oversamples: n_oversamples,
            iterations: n_iter,
            ..linalg::Sketch::from(n_components).seed(random_state as u64)
        });
    linalg "Tolerance" (rtol: Option<f64> = None) => plain(linalg::Tolerance(rtol));
    linalg "NormOrder" (_ord: Option<Any<'_>> = None) =>
        plain(order(_ord)?.unwrap_or(linalg::NormOrder::P(2.0)));
    linalg "Norm" (ord: Option<Any<'_>> = None, axis: Option<Ints> = None, keepdims: bool = false) =>
        plain(linalg::Norm { over: reduce(axis, keepdims), ord: order(ord)? });
    linalg "QrMode" (mode: String = "reduced") => plain(word(
        "mode",
        &mode,
        &[("reduced", linalg::QrMode::Reduced), ("complete", linalg::QrMode::Complete)],
    )?);
    linalg "bool" (_value: bool = true) => plain(_value);
    // Genetics.
    sk_allel "Float" (dtype: Option<Given> = None) => plain(float(dtype));
    sk_allel "Relationship" (dtype: Option<Given> = None, samples: Option<usize> = None) =>
        plain(polyarray_genetics::Relationship { float: float(dtype), samples, ..Default::default() });
}

fn diagonal(offset: isize, first: Option<isize>, second: Option<isize>) -> np::Diagonal {
    let axes = (first.is_some() || second.is_some()).then(|| [first.unwrap_or(0), second.unwrap_or(1)]);
    np::Diagonal { offset, axes }
}

fn float(dtype: Option<Given>) -> polyarray_genetics::Float {
    polyarray_genetics::Float(dtype.map(|given| given.0))
}
