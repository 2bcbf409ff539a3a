//! What a shader may not use although it validates: it computes garbage on some driver, or naga panics on it.

use naga::proc::TypeResolution;
use naga::valid::{FunctionInfo, ModuleInfo};
use naga::{BinaryOperator, Expression, Function, Handle, MathFunction, Module, ScalarKind, Span, TypeInner};

/// Something refused.
pub struct Refusal {
    /// What it is.
    pub what: String,
    /// Where it stands.
    pub span: Span,
    /// What to write instead.
    pub fix: &'static str,
}

/// Functions of f64 that are exact everywhere: they move bits or compare.
const SAFE_F64: [MathFunction; 5] =
    [MathFunction::Abs, MathFunction::Min, MathFunction::Max, MathFunction::Clamp, MathFunction::Sign];

/// Functions of 64-bit integers that naga writes correctly.
const SAFE_INT64: [MathFunction; 5] = SAFE_F64;

/// The first thing in the module that is refused.
pub fn first(module: &Module, info: &ModuleInfo) -> Option<Refusal> {
    let functions = module.functions.iter().map(|(handle, f)| (f, &info[handle]));
    let entries = module.entry_points.iter().enumerate().map(|(i, e)| (&e.function, info.get_entry_point(i)));
    functions.chain(entries).find_map(|(f, info)| in_function(module, f, info))
}

fn in_function(module: &Module, function: &Function, info: &FunctionInfo) -> Option<Refusal> {
    function.expressions.iter().find_map(|(handle, expression)| {
        let scalar = |h: Handle<Expression>| scalar_of(module, &info[h].ty);
        let (what, fix) = match *expression {
            Expression::Math { fun, arg, .. } => match scalar(arg)? {
                (ScalarKind::Float, 8) if !SAFE_F64.contains(&fun) => (
                    format!("{fun:?} on f64"),
                    "drivers compute it wrongly; use the library's f64_ function of that name",
                ),
                (ScalarKind::Sint | ScalarKind::Uint, 8) if !SAFE_INT64.contains(&fun) => (
                    format!("{fun:?} on a 64-bit integer"),
                    "naga panics on it; work on the two 32-bit halves",
                ),
                _ => return None,
            },
            Expression::Binary { op: BinaryOperator::Modulo, left, .. } => match scalar(left)? {
                (ScalarKind::Float, 8) => {
                    ("% on f64".to_owned(), "drivers compute it wrongly; use the library's f64_fmod")
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(Refusal { what, span: function.expressions.get_span(handle), fix })
    })
}

/// Kind and width of the scalars in a type.
fn scalar_of(module: &Module, ty: &TypeResolution) -> Option<(ScalarKind, u8)> {
    match ty.inner_with(&module.types) {
        TypeInner::Scalar(s) | TypeInner::Vector { scalar: s, .. } => Some((s.kind, s.width)),
        _ => None,
    }
}
