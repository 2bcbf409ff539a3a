//! Calls as data: packed arguments and results, a row for each method, and interceptors of calls.
//!
//! uarray's backends are one generic function over (method, arguments). An [`Interceptor`] is the same: a backend that
//! registers one receives every call of a domain for which it has no implementation of its own, also of methods of crates
//! that are linked later. A chunked backend, automatic differentiation and tracing are one interceptor each.

use super::{Array, Retype};
use crate::device::{Device, HOST, instance_at, residency_of};
use crate::dispatch::{Cx, Decline, Instance, Key, MethodInfo, Stop, interceptor_of, pinned, trace};
use crate::error::{Error, Result};
use linkme::distributed_slice;
use smallvec::SmallVec;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// One argument or result.
#[derive(Clone)]
#[non_exhaustive]
pub enum Value {
    /// An array.
    Array(Array),
    /// Several arrays in one argument.
    Arrays(Vec<Array>),
    /// The device of an array to be created.
    Device(Device),
    /// A value of any type, which takes no part in dispatch.
    Plain(Arc<dyn Any + Send + Sync>),
}

impl Value {
    /// A value that takes no part in dispatch.
    pub fn plain<T: Send + Sync + 'static>(value: T) -> Value {
        Value::Plain(Arc::new(value))
    }

    /// The array, if it is one.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Value::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The value that takes no part in dispatch, if it is a `T`.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        match self {
            Value::Plain(value) => (&**value as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// Its arrays: none, one, or several.
    pub fn arrays(&self) -> &[Array] {
        match self {
            Value::Array(array) => std::slice::from_ref(array),
            Value::Arrays(arrays) => arrays,
            Value::Device(_) | Value::Plain(_) => &[],
        }
    }

    fn map_arrays(&self, f: &mut dyn FnMut(&Array) -> Result<Array>) -> Result<Value> {
        Ok(match self {
            Value::Array(array) => Value::Array(f(array)?),
            Value::Arrays(arrays) => Value::Arrays(arrays.iter().map(f).collect::<Result<_>>()?),
            other => other.clone(),
        })
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Array(array) => array.fmt(f),
            Value::Arrays(arrays) => arrays.fmt(f),
            Value::Device(device) => write!(f, "{device}"),
            Value::Plain(_) => f.write_str("…"),
        }
    }
}

/// Packed arguments or results, in order.
pub type Values = SmallVec<[Value; 3]>;

/// The kind of a parameter of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// An array, which takes part in dispatch.
    Array,
    /// Several arrays, which take part in dispatch.
    Arrays,
    /// A device, which takes part in dispatch.
    Device,
    /// Any other value, which takes no part in dispatch.
    Plain,
}

/// A parameter of a method.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: ParamKind,
    /// Its type, as declared.
    pub type_name: &'static str,
}

/// The name of a method without what Rust needs to tell it from a keyword.
pub fn spoken(name: &'static str) -> &'static str {
    if name == "where_" { "where" } else { name }
}

/// A method over packed arguments.
pub type PackedFn = fn(&[Value]) -> Result<Values>;

/// The description of a method, which the tool, the coverage page, the conformance suite and wrappers read.
pub struct MethodRow {
    /// Its name.
    pub name: &'static str,
    /// Its domain.
    pub domain: &'static str,
    /// Its parameters, in order.
    pub params: &'static [Param],
    /// What it returns, as declared.
    pub returns: &'static str,
    /// The lines of its documentation.
    pub doc: &'static [&'static str],
    /// Calls it, through dispatch.
    pub call: PackedFn,
    /// Runs its default, without dispatch; none if it has none.
    pub default: Option<PackedFn>,
    /// Its identity in dispatch; none of a method that is declared while a program runs.
    #[doc(hidden)]
    pub info: Option<fn() -> &'static MethodInfo>,
}

impl MethodRow {
    /// Whether it has a default in terms of other methods.
    pub fn has_default(&self) -> bool {
        self.default.is_some()
    }

    /// The name that NumPy or the array API standard has for it: from the line of its documentation that begins
    /// with `NumPy:`, its own name without one.
    pub fn numpy(&self) -> &'static str {
        let line = self.doc.iter().find_map(|line| line.trim().strip_prefix("NumPy:"));
        let quoted = line.and_then(|line| line.split('`').nth(1));
        quoted.map_or(self.name, |text| text.split('(').next().unwrap_or(text))
    }

    /// The first sentence of its documentation.
    pub fn summary(&self) -> String {
        let text = self
            .doc
            .iter()
            .map(|line| line.trim())
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        match text.find(". ") {
            Some(end) => text[..=end].to_owned(),
            None => text,
        }
    }
}

impl fmt::Display for MethodRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.domain, self.name)
    }
}

impl fmt::Debug for MethodRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A row for each linked method, unordered; see [`methods`].
#[distributed_slice]
pub static METHODS: [&'static MethodRow];

/// The rows, by domain and name.
pub fn methods() -> Vec<&'static MethodRow> {
    let mut rows: Vec<_> = METHODS.iter().copied().collect();
    rows.sort_by_key(|row| (row.domain, row.name));
    rows
}

/// A call, as an interceptor receives it.
#[derive(Clone)]
pub struct Call {
    row: &'static MethodRow,
    cx: Cx,
    args: Values,
}

/// A backend's interceptor: receives every call of a domain for which the backend has no implementation of its own, with
/// arguments converted as for one. It runs in the empty state: neither a pin nor scopes around the call apply to the calls
/// that it makes. If it declines, the method's default runs, pinned to the backend, so that the calls of the default
/// reach the interceptor in turn.
pub type Interceptor = fn(Cx, &Call) -> Result<Values, Stop<Error>>;

/// Registers interceptors at link time: the kind, the domain, which includes those inside it, and the function.
///
/// ```
/// use polyarray_core::array::packed::{Call, Values};
/// use polyarray_core::backend::{Cx, Stop, interceptors};
/// fn intercept(_: Cx, call: &Call) -> Result<Values, Stop<polyarray_core::Error>> {
///     println!("{}", call.row());
///     Err(Stop::declined("it only watches"))
/// }
/// interceptors! { WATCHES; "watch": "numpy" = intercept; }
/// ```
#[macro_export]
macro_rules! interceptors {
    ($name:ident; $($kind:literal : $domain:literal = $interceptor:expr;)*) => {
        #[$crate::dispatch::linkme::distributed_slice($crate::dispatch::REGISTRATIONS)]
        #[linkme(crate = $crate::dispatch::linkme)]
        static $name: fn(&mut $crate::dispatch::Registrar<'_>) = |registrar| {
            $({
                static INTERCEPTOR: $crate::array::packed::Interceptor = $interceptor;
                registrar.intercept($kind, $domain, &INTERCEPTOR);
            })*
        };
    };
}

impl Call {
    /// The method.
    pub fn row(&self) -> &'static MethodRow {
        self.row
    }

    /// The arguments, in the order of the parameters.
    pub fn args(&self) -> &[Value] {
        &self.args
    }

    /// All arrays among the arguments, in order.
    pub fn arrays(&self) -> impl Iterator<Item = &Array> {
        self.args.iter().flat_map(Value::arrays)
    }

    /// An argument that takes no part in dispatch, by name, if it is a `T`.
    pub fn plain<T: 'static>(&self, name: &str) -> Option<&T> {
        let at = self.row.params.iter().position(|param| param.name == name)?;
        self.args.get(at)?.get()
    }

    /// The same call with other arguments.
    #[must_use]
    pub fn with_args(&self, args: Values) -> Call {
        Call { row: self.row, cx: self.cx, args }
    }

    /// The same call with every array replaced.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn map_arrays(&self, mut f: impl FnMut(&Array) -> Result<Array>) -> Result<Call> {
        let args = self.args.iter().map(|arg| arg.map_arrays(&mut f)).collect::<Result<_>>()?;
        Ok(self.with_args(args))
    }

    /// Calls the method with these arguments, dispatched by their residencies.
    ///
    /// # Errors
    /// Those of the method.
    pub fn invoke(&self) -> Result<Values> {
        (self.row.call)(&self.args)
    }

    /// Calls the method with one instance pinned; arguments are copied there where necessary.
    ///
    /// # Errors
    /// Those of the method.
    pub fn on(&self, instance: Instance) -> Result<Values> {
        pinned(instance, true, || (self.row.call)(&self.args))
    }

    /// Runs the method's default with the interceptor's backend pinned, so that the default's calls reach the interceptor.
    /// Declines if there is none.
    ///
    /// # Errors
    /// Those of the default.
    pub fn default(&self) -> Result<Values, Stop<Error>> {
        let default = self.row.default.ok_or(Stop::declined("the method has no default"))?;
        Ok(pinned(self.cx.instance, true, || default(&self.args))?)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.row, self.args)
    }
}

/// The body of every method's packed implementation: passes the call to the interceptor of its backend, or falls back to
/// the host.
#[doc(hidden)]
pub fn packed<Out: Retype>(cx: Cx, row: &'static MethodRow, args: Values) -> Result<Out, Stop<Error>> {
    Ok(Out::unpack(packed_values(cx, row, args)?)?)
}

/// [`packed`], with the results as they are.
pub(super) fn packed_values(cx: Cx, row: &'static MethodRow, args: Values) -> Result<Values, Stop<Error>> {
    let call = Call { row, cx, args };
    if cx.falls_back() {
        return fall_back(&call);
    }
    match super::implement::placed(cx.instance.kind, row) {
        Some(implementation) => trace::detached_but_heard(|| implementation(cx, &call)),
        None => intercept(&call),
    }
}

fn intercept(call: &Call) -> Result<Values, Stop<Error>> {
    let found = interceptor_of(call.cx.instance.kind, call.row.domain);
    let interceptor = found.and_then(|found| (found as &dyn Any).downcast_ref::<Interceptor>());
    match interceptor {
        // Its calls are dispatched by residency alone: neither its own pin nor scopes around the call apply.
        Some(interceptor) => trace::detached_but_heard(|| interceptor(call.cx, call)),
        None => Err(Stop::declined("its interceptor is of another type")),
    }
}

/// Counter: calls that fell back to the host.
pub const FALLBACKS: &str = "calls that fell back to the host";

struct FellBack {
    method: &'static MethodRow,
    from: Instance,
}

impl fmt::Display for FellBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} has no kernel on {}: it runs on the host, and the results are copied back",
            self.method, self.from
        )
    }
}

/// Runs a call on the host, and copies the results back to the instance that it was dispatched to.
fn fall_back(call: &Call) -> Result<Values, Stop<Error>> {
    let host = instance_at(*HOST).map_err(|_| Stop::declined("no backend for the host is linked"))?;
    let home = residency_of(call.cx.instance)?;
    if host == call.cx.instance {
        return Err(Stop::declined("it is the host"));
    }
    warn_once(call);
    if let Some(sink) = trace::current_sink() {
        sink.count(FALLBACKS, 1);
        sink.note(FellBack { method: call.row, from: call.cx.instance });
    }
    let to_host = |arg: &Value| match arg {
        Value::Device(Device::At(key)) if *key == home => Ok(Value::Device(Device::At(*HOST))),
        arg => arg.map_arrays(&mut |array| {
            if array.residency() == Key::NONE { Ok(array.clone()) } else { array.to(Device::At(*HOST)) }
        }),
    };
    let args: Values = call.args.iter().map(to_host).collect::<Result<_>>()?;
    let results = pinned(host, false, || (call.row.call)(&args))?;
    let back = |result: &Value| result.map_arrays(&mut |array| array.to(Device::At(home)));
    match results.iter().map(back).collect::<Result<Values>>() {
        Ok(results) => Ok(results),
        // A dtype that the device can't hold is a reason to decline: the call ends as not found.
        Err(error @ (Error::Unsupported { .. } | Error::TooLarge { .. })) => {
            Err(Stop::Declined(Decline::show("the result can't be copied there", error)))
        }
        Err(error) => Err(error.into()),
    }
}

#[cold]
fn warn_once(call: &Call) {
    use parking_lot::Mutex;
    static SAID: Mutex<Vec<(usize, Instance)>> = Mutex::new(Vec::new());
    let key = (std::ptr::from_ref(call.row).addr(), call.cx.instance);
    let mut said = SAID.lock();
    if said.contains(&key) {
        return;
    }
    said.push(key);
    drop(said);
    tracing::warn!(method = %call.row, backend = %call.cx.instance, "runs on the host: the backend has no kernel for it");
}

/// What the macro unpacks arguments with.
#[doc(hidden)]
pub mod unpack {
    use super::{Device, Value};
    use crate::array::Array;
    use crate::error::{Error, Result};

    fn wrong(method: &'static str, at: usize, want: &str, got: Option<&Value>) -> Error {
        Error::Argument {
            op: method,
            operands: match got {
                Some(got) => format!("argument {at} is {got:?}"),
                None => format!("there is no argument {at}"),
            },
            fix: format!("it takes {want}"),
        }
    }

    pub fn array<'a>(method: &'static str, args: &'a [Value], at: usize) -> Result<&'a Array> {
        match args.get(at) {
            Some(Value::Array(array)) => Ok(array),
            got => Err(wrong(method, at, "an array", got)),
        }
    }

    pub fn arrays<'a>(method: &'static str, args: &'a [Value], at: usize) -> Result<&'a [Array]> {
        match args.get(at) {
            Some(Value::Arrays(arrays)) => Ok(arrays),
            got => Err(wrong(method, at, "arrays", got)),
        }
    }

    pub fn device<'a>(method: &'static str, args: &'a [Value], at: usize) -> Result<&'a Device> {
        match args.get(at) {
            Some(Value::Device(device)) => Ok(device),
            got => Err(wrong(method, at, "a device", got)),
        }
    }

    pub fn plain<T: Clone + 'static>(method: &'static str, args: &[Value], at: usize) -> Result<T> {
        let got = args.get(at);
        got.and_then(Value::get::<T>)
            .cloned()
            .ok_or_else(|| wrong(method, at, std::any::type_name::<T>(), got))
    }
}
