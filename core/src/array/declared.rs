//! Methods that are declared while a program runs, over arrays and one value that takes no part in dispatch: for interpreters,
//! whose functions have no Rust types. A call of one walks the candidates as that of any other does.

use super::Array;
use super::implement::{Implemented, put};
use super::packed::{Call, MethodRow, Param, ParamKind, Value, Values, packed_values};
use crate::dispatch::__private::{Fits, slow};
use crate::dispatch::{self, Argument, Cx, Erased, Held, Kind, MethodInfo, Stop};
use crate::error::{Error, Result};
use std::sync::Arc;

type Implementation = dyn Fn(Cx, &[Array], &Value) -> Result<Values, Stop<Error>> + Send + Sync;
type Body = dyn Fn(&[Array], &Value) -> Result<Values> + Send + Sync;

/// What implementations are registered as.
#[derive(Clone, Copy)]
struct Function(&'static Implementation);

/// A method. It is never undeclared, as handles of it are everywhere.
///
/// ```
/// use polyarray_core::array::{Array, declared::Declared, packed::Value};
/// let first = Declared::new("numpy.sk_example", "first", "The first array.", Some(|arrays: &[Array], _: &Value| {
///     Ok([Value::Array(arrays[0].clone())].into_iter().collect())
/// }));
/// let given = [Array::from(vec![1.0, 2.0])];
/// let values = first.call(&given, Value::plain(()))?;
/// assert_eq!(values[0].as_array().unwrap().to_vec::<f64>()?, [1.0, 2.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Declared {
    info: &'static MethodInfo,
    row: &'static MethodRow,
    body: Option<&'static Body>,
}

static PARAMS: [Param; 3] = [
    Param { name: "method", kind: ParamKind::Plain, type_name: "Declared" },
    Param { name: "arrays", kind: ParamKind::Arrays, type_name: "&[Array]" },
    Param { name: "options", kind: ParamKind::Plain, type_name: "Value" },
];

impl Declared {
    /// Declares a method of a domain, with a default or without.
    pub fn new(
        domain: &str,
        name: &str,
        doc: &str,
        default: Option<impl Fn(&[Array], &Value) -> Result<Values> + Send + Sync + 'static>,
    ) -> Declared {
        let (name, domain) = (&*String::leak(name.to_owned()), &*String::leak(domain.to_owned()));
        let body = default.map(|body| &*Box::leak(Box::new(body) as Box<Body>));
        let doc: &'static str = String::leak(doc.to_owned());
        let row = Box::leak(Box::new(MethodRow {
            name,
            domain,
            params: &PARAMS,
            returns: "Values",
            doc: Vec::leak(doc.lines().collect()),
            call: |args| {
                let (declared, arrays, options) = Declared::unpack(args)?;
                declared.call(arrays, options.clone())
            },
            default: body.map(|_| {
                (|args: &[Value]| {
                    let (declared, arrays, options) = Declared::unpack(args)?;
                    match declared.body {
                        Some(body) => dispatch::caught(|| body(arrays, options)),
                        None => Err(mistaken("a method without a default")),
                    }
                }) as super::packed::PackedFn
            }),
            info: None,
        }));
        let row: &'static MethodRow = row;
        // The packed form names the method itself, and that names its packed form.
        let packed: &'static std::sync::OnceLock<Declared> = Box::leak(Box::default());
        let pack = move |cx: Cx, arrays: &[Array], options: &Value| {
            let declared = packed.get().copied().ok_or_else(|| Stop::declined("it is being declared"))?;
            let args = [Value::plain(declared), Value::Arrays(arrays.to_vec()), options.clone()];
            packed_values(cx, row, args.into_iter().collect())
        };
        let function: &'static Erased = Box::leak(Box::new(Function(Box::leak(Box::new(pack)))));
        let info = Box::leak(Box::new(MethodInfo {
            name,
            domain,
            arguments: &["arrays"],
            has_default: body.is_some(),
            packed: Some(function),
        }));
        *packed.get_or_init(|| Declared { info, row, body })
    }

    fn unpack(args: &[Value]) -> Result<(&Declared, &[Array], &Value)> {
        let [declared, arrays, options] = args else { return Err(mistaken("another number of arguments")) };
        let declared = declared.get::<Declared>().ok_or_else(|| mistaken("another method"))?;
        Ok((declared, arrays.arrays(), options))
    }

    /// Its description.
    pub fn row(self) -> &'static MethodRow {
        self.row
    }

    /// Calls it.
    ///
    /// # Errors
    /// Those of the implementation that runs; [`Error::Dispatch`] if none does.
    pub fn call(self, arrays: &[Array], options: Value) -> Result<Values> {
        slow::<Function, &'static Body, _, Values, Error, 1>(
            self.info,
            self.body,
            None,
            &[arrays.key()],
            &[&arrays as &dyn Argument],
            None,
            &|fits: &mut Fits<'_>| fits.hold::<[Array]>(arrays),
            &|function, cx, held: &Held<'_, [Array]>| (function.0)(cx, held.get(), &options),
            &|body, held: Option<&Held<'_, [Array]>>| body(held.map_or(arrays, Held::get), &options),
        )
    }

    /// Puts an implementation in front of the one that a kind has, if it has one, as
    /// [`MethodRow::implement`] does.
    #[track_caller]
    pub fn implement(
        self,
        kind: Kind,
        implementation: impl Fn(Cx, &[Array], &Value) -> Result<Values, Stop<Error>> + Send + Sync + 'static,
    ) -> Implemented {
        let unpacked = move |cx: Cx, call: &Call| {
            let (_, arrays, options) = Declared::unpack(call.args())?;
            implementation(cx, arrays, options)
        };
        put(self.row, self.info, kind, Arc::new(unpacked))
    }
}

fn mistaken(what: &str) -> Error {
    Error::Argument {
        op: "declared method",
        operands: what.into(),
        fix: "pass the arguments of the call that was received".into(),
    }
}
