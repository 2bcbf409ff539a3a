//! A method as a Python function: its row gives the name, the signature, the documentation, and what is called.
use polyarray::array::implement::Implemented;
use polyarray::backend::{Kind, MethodRow, Param, ParamKind, Value, Values};
use polyarray::{Array, Key, OPS};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use smallvec::SmallVec;

use crate::array::PyArray;
use crate::errors::Raise;
use crate::operand::{operand_beside, operands};
use crate::options::{OptionType, option_type, renamed};
use crate::work;

/// Methods whose arrays are given one by one, not as a sequence.
pub const VARIADIC: [&str; 3] = ["broadcast_arrays", "meshgrid", "einsum"];

// A function that dispatches by where its arrays live. Its documentation is that of its row, and so it has none as a class.
#[pyclass(frozen, module = "polyarray", name = "Method")]
pub struct PyMethod {
    row: &'static MethodRow,
    name: &'static str,
    slots: Vec<Slot>,
    /// All its parameters are single arrays.
    only_arrays: bool,
    variadic: bool,
    /// It only records, so that it is not worth to let other threads run.
    records: bool,
    /// The class of its results, if they have names.
    results: Option<Py<PyAny>>,
}

/// How a parameter is filled from Python's arguments.
pub enum Slot {
    /// One array.
    Array(&'static str),
    /// Several.
    Arrays(&'static str),
    /// The keywords of an option type.
    Option { names: Vec<&'static str>, of: &'static OptionType },
}

impl Slot {
    fn of(row: &'static MethodRow, param: &'static Param) -> Option<Slot> {
        let name = renamed(row, param.name);
        Some(match param.kind {
            ParamKind::Array => Slot::Array(name),
            ParamKind::Arrays => Slot::Arrays(name),
            ParamKind::Device | ParamKind::Plain => {
                let of = option_type(row, param)?;
                let names = of.keywords.iter().map(|keyword| match keyword.name.strip_prefix("r#") {
                    Some(name) => name,
                    None if keyword.name.starts_with('_') => name,
                    None => keyword.name,
                });
                Slot::Option { names: names.collect(), of }
            }
        })
    }

    /// Python's parameters: name, default, and annotation.
    fn parameters(&self) -> Vec<(&'static str, Option<&'static str>, String)> {
        match self {
            Slot::Array(name) => vec![(name, None, "ArrayLike".into())],
            Slot::Arrays(name) => vec![(name, None, "Sequence[ArrayLike]".into())],
            Slot::Option { names, of } => {
                let each = names.iter().zip(of.keywords);
                each.map(|(name, keyword)| (*name, keyword.default, keyword.annotation())).collect()
            }
        }
    }

    /// How many parameters of Python it has, and their names.
    fn names(&self) -> SmallVec<[&'static str; 4]> {
        match self {
            Slot::Array(name) | Slot::Arrays(name) => SmallVec::from_elem(*name, 1),
            Slot::Option { names, .. } => names.iter().copied().collect(),
        }
    }
}

/// Of two option types with the same keywords the second one's get a number.
fn tell_apart(slots: &mut [Slot]) {
    let mut known: Vec<&'static str> = Vec::new();
    for slot in slots {
        if let Slot::Option { names, .. } = slot {
            for name in names.iter_mut().filter(|name| known.contains(*name)) {
                *name = String::leak(format!("{name}2"));
            }
        }
        known.extend(slot.names());
    }
}

impl PyMethod {
    /// The function of a row under a name; none if a parameter has a type that Python can't give.
    pub fn of(row: &'static MethodRow, name: &'static str, results: Option<Py<PyAny>>) -> Option<PyMethod> {
        let mut slots: Vec<Slot> =
            row.params.iter().map(|param| Slot::of(row, param)).collect::<Option<_>>()?;
        tell_apart(&mut slots);
        let only_arrays = slots.iter().all(|slot| matches!(slot, Slot::Array(_)));
        let variadic = VARIADIC.contains(&row.name);
        let records = row.domain == "numpy" && OPS.iter().any(|op| op.name == row.name);
        Some(PyMethod { row, name, slots, only_arrays, variadic, records, results })
    }

    /// Its row.
    pub fn row(&self) -> &'static MethodRow {
        self.row
    }

    /// Has a function in Python implement it for a kind of backends.
    pub fn implement(&self, kind: Kind, function: Py<PyAny>) -> PyResult<Implemented> {
        crate::implementation::implement(self.row, &self.slots, kind, function)
    }

    fn wrong(&self, message: impl std::fmt::Display) -> PyErr {
        PyTypeError::new_err(format!("{}() {message}", self.name))
    }

    /// Packs Python's arguments.
    fn pack(&self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Values> {
        let place = home(args);
        let mut positional = args.iter();
        let mut used = 0;
        let mut values = Values::new();
        for slot in &self.slots {
            if let (Slot::Arrays(_), true) = (slot, self.variadic) {
                let rest: Vec<Array> =
                    positional.by_ref().map(|arg| operand_beside(&arg, place)).collect::<PyResult<_>>()?;
                values.push(Value::Arrays(rest));
                continue;
            }
            let mut given: SmallVec<[Option<Bound<'_, PyAny>>; 4]> = SmallVec::new();
            for name in slot.names() {
                let keyword = match kwargs {
                    Some(kwargs) => kwargs.get_item(name)?,
                    None => None,
                };
                used += usize::from(keyword.is_some());
                let next = if self.variadic && keyword.is_none() && name == "indexing" {
                    None
                } else {
                    positional.next()
                };
                if keyword.is_some() && next.is_some() {
                    return Err(self.wrong(format_args!("got multiple values for argument '{name}'")));
                }
                // `None` is how Python leaves a keyword to its default.
                given.push(keyword.or(next).filter(|value| !value.is_none()));
            }
            values.push(match (slot, &given[..]) {
                (Slot::Array(_), [Some(array)]) => Value::Array(operand_beside(array, place)?),
                (Slot::Arrays(_), [Some(arrays)]) => Value::Arrays(operands(arrays)?),
                (Slot::Array(name) | Slot::Arrays(name), _) => {
                    return Err(self.wrong(format_args!("missing the argument '{name}'")));
                }
                (Slot::Option { of, .. }, given) => (of.build)(given)?,
            });
        }
        let left = positional.count();
        if left > 0 {
            let most = args.len() - left;
            return Err(self.wrong(format_args!("takes {most} arguments but {} were given", args.len())));
        }
        if let Some(kwargs) = kwargs.filter(|kwargs| kwargs.len() > used) {
            let known: Vec<&str> = self.slots.iter().flat_map(Slot::names).collect();
            for (name, _) in kwargs.iter() {
                let name: String = name.extract()?;
                if !known.contains(&&*name) {
                    return Err(self.wrong(format_args!("got an unexpected keyword argument '{name}'")));
                }
            }
        }
        Ok(values)
    }

    /// Calls it.
    fn run(&self, py: Python<'_>, values: Values) -> PyResult<Values> {
        let call = self.row.call;
        if self.records {
            return call(&values).raise();
        }
        let long = work::calls_long(values.iter().flat_map(Value::arrays));
        work::wait(py, long, move || call(&values))
    }

    fn unpack<'py>(&self, py: Python<'py>, results: Values) -> PyResult<Bound<'py, PyAny>> {
        let mut results = results.into_iter();
        if results.len() == 1 {
            return unpacked(py, results.next().expect("there is one"));
        }
        let all: Vec<Bound<'py, PyAny>> =
            results.map(|value| unpacked(py, value)).collect::<PyResult<_>>()?;
        match &self.results {
            Some(class) => class.bind(py).call1(PyTuple::new(py, all)?),
            None => Ok(PyTuple::new(py, all)?.into_any()),
        }
    }
}

/// Where the first array of ours lives.
fn home(args: &Bound<'_, PyTuple>) -> Option<Key> {
    args.iter_borrowed().find_map(|arg| arg.cast::<PyArray>().ok().map(|array| array.get().residency()))
}

fn unpacked(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    match &value {
        Value::Array(array) => Ok(PyArray::new(array.clone()).into_pyobject(py)?.into_any()),
        Value::Arrays(arrays) => {
            let all = arrays.iter().map(|array| PyArray::new(array.clone()));
            Ok(PyTuple::new(py, all.map(|array| array.into_pyobject(py)).collect::<PyResult<Vec<_>>>()?)?
                .into_any())
        }
        other => match other.get::<bool>() {
            Some(truth) => Ok(truth.into_pyobject(py)?.to_owned().into_any()),
            None => Err(PyTypeError::new_err("a result of a type that Python does not know")),
        },
    }
}

#[pymethods]
impl PyMethod {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // Most calls: arrays, and no keyword.
        if self.only_arrays && kwargs.is_none() && args.len() == self.slots.len() {
            let place = home(args);
            let mut values = Values::new();
            for arg in args.iter_borrowed() {
                values.push(Value::Array(operand_beside(&arg, place)?));
            }
            return self.unpack(py, self.run(py, values)?);
        }
        let values = self.pack(args, kwargs)?;
        self.unpack(py, self.run(py, values)?)
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __module__(&self) -> &'static str {
        "polyarray"
    }

    /// The domain of the method.
    #[getter]
    fn domain(&self) -> &'static str {
        self.row.domain
    }

    #[getter]
    fn __doc__(&self) -> String {
        // Between fences stands an example in Rust.
        let mut code = false;
        let mut lines: Vec<&str> = Vec::new();
        for line in self.row.doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)) {
            let fence = line.starts_with("```");
            code ^= fence;
            let doubled = line.is_empty() && lines.last().is_some_and(|last| last.is_empty());
            if !(code || fence || doubled) {
                lines.push(line);
            }
        }
        format!("{}{}\n\n{}", self.name, self.signature(), lines.join("\n"))
    }

    /// The parameters, as Python writes them.
    #[getter]
    fn __text_signature__(&self) -> String {
        self.signature()
    }

    #[getter]
    fn __signature__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let code = format!("lambda {}: None", self.signature().trim_start_matches('(').trim_end_matches(')'));
        let function = py.import("builtins")?.getattr("eval")?.call1((code,))?;
        py.import("inspect")?.getattr("signature")?.call1((function,))
    }

    /// The class of its results, if they have names.
    #[getter]
    fn _results(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.results.as_ref().map(|class| class.clone_ref(py))
    }

    /// Its declaration with types, for the package's stub.
    fn _stub(&self) -> String {
        let parameters = self.parameters(|name, annotation, default| match default {
            Some(default) => format!("{name}: {annotation} = {default}"),
            None => format!("{name}: {annotation}"),
        });
        let returns = match self.row.returns.replace(' ', "").as_str() {
            "Array" => "Array".to_owned(),
            "Vec<Array>" => "tuple[Array, ...]".to_owned(),
            "bool" => "bool".to_owned(),
            several => match crate::results(self.row.name) {
                Some((class, _)) => class.to_owned(),
                None => format!(
                    "tuple[{}]",
                    several
                        .trim_matches(['(', ')'])
                        .replace("Vec<Array>", "tuple[Array, ...]")
                        .replace(',', ", ")
                ),
            },
        };
        format!("def {}{parameters} -> {returns}: ...", self.name)
    }

    fn __repr__(&self) -> String {
        format!("<method {}{} of the domain {}>", self.name, self.signature(), self.row.domain)
    }
}

impl PyMethod {
    /// The parameters, as Python writes them.
    fn signature(&self) -> String {
        self.parameters(|name, _, default| match default {
            Some(default) => format!("{name}={default}"),
            None => name.to_owned(),
        })
    }

    fn parameters(&self, show: impl Fn(&str, &str, Option<&str>) -> String) -> String {
        let mut parts = Vec::new();
        let mut optional = false;
        for slot in &self.slots {
            if let (Slot::Arrays(name), true) = (slot, self.variadic) {
                parts.push(show(&format!("*{name}"), "ArrayLike", None));
                continue;
            }
            for (name, default, annotation) in slot.parameters() {
                // A parameter after one with a default must have one, too.
                optional |= default.is_some();
                let default = default.map(in_python).or_else(|| optional.then(|| "None".into()));
                parts.push(show(name, &annotation, default.as_deref()));
            }
        }
        format!("({})", parts.join(", "))
    }
}

/// A default of the table in Python.
fn in_python(default: &str) -> String {
    match default.trim_start_matches('(').trim_end_matches(')').trim() {
        "true" => "True".into(),
        "false" => "False".into(),
        "std::f64::consts::TAU" => "6.283185307179586".into(),
        other => other.replace("- ", "-"),
    }
}
