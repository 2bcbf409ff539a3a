//! The code of a kernel as a WGSL function: one `let` per value, one library function per operation.

use super::storage::{name, register};
use crate::plan::PlanError;
use polyarray_core::DType;
use polyarray_core::expr::{Instr, Op, Value};
use std::fmt::Write as _;

/// What follows the dtype in the name of an operation's function. A new operation demands an arm here and a
/// function `{dtype}_{stem}` for each of its dtypes; a test walks the whole table.
pub const fn stem(op: Op) -> &'static str {
    match op {
        Op::Negative => "negative",
        Op::Absolute => "absolute",
        Op::Floor => "floor",
        Op::Sqrt => "sqrt",
        Op::Exp => "exp",
        Op::Log => "log",
        Op::Sin => "sin",
        Op::Cos => "cos",
        Op::Tanh => "tanh",
        Op::Conj => "conj",
        Op::Real => "real",
        Op::Imag => "imag",
        Op::IsNan => "isnan",
        Op::Invert => "bitwise_invert",
        Op::Add => "add",
        Op::Subtract => "subtract",
        Op::Multiply => "multiply",
        Op::Divide => "divide",
        Op::FloorDivide => "floor_divide",
        Op::Remainder => "remainder",
        Op::Minimum => "minimum",
        Op::Maximum => "maximum",
        Op::Equal => "equal",
        Op::NotEqual => "not_equal",
        Op::Less => "less",
        Op::LessEqual => "less_equal",
        Op::Greater => "greater",
        Op::GreaterEqual => "greater_equal",
        Op::BitwiseAnd => "bitwise_and",
        Op::BitwiseOr => "bitwise_or",
        Op::BitwiseXor => "bitwise_xor",
        Op::Where => "where",
    }
}

/// Loop iterations inside one evaluation of an operation, at most: they count against the lane's budget.
fn loops(op: Op, dtype: DType, int64: bool) -> u32 {
    match (op, dtype) {
        (Op::FloorDivide | Op::Remainder, DType::F16 | DType::F32) => 36,
        (Op::FloorDivide | Op::Remainder, DType::F64) => 191,
        (Op::FloorDivide | Op::Remainder, DType::I64 | DType::U64) if !int64 => 64,
        _ => 0,
    }
}

/// Instructions of an operation's function, roughly: decides how far blocks are unrolled.
fn cost(op: Op, dtype: DType) -> u32 {
    let wide = if dtype.is_complex() { 4 } else { 1 };
    wide * match op {
        Op::Sin | Op::Cos | Op::Exp | Op::Log | Op::Tanh | Op::FloorDivide | Op::Remainder => 16,
        Op::Sqrt | Op::Divide => 4,
        _ => 1,
    }
}

/// The dtype that a value's operation computes in.
fn computes_in(code: &[Value], op: Op, args: [u16; 3]) -> DType {
    code[args[if op == Op::Where { 1 } else { 0 }] as usize].dtype
}

/// Loop iterations of one element.
pub fn loops_per_element(code: &[Value], int64: bool) -> u32 {
    sum_over_ops(code, |op, dtype| loops(op, dtype, int64))
}

/// Rough instructions of one element.
pub fn cost_per_element(code: &[Value]) -> u32 {
    sum_over_ops(code, cost)
}

fn sum_over_ops(code: &[Value], f: impl Fn(Op, DType) -> u32) -> u32 {
    let each = code.iter().map(|v| match v.instr {
        Instr::Map(op, args) => f(op, computes_in(code, op, args)),
        _ => 0,
    });
    each.sum()
}

/// Every operation of the code exists in its dtype.
pub fn check(code: &[Value]) -> Result<(), PlanError> {
    for value in code {
        if let Instr::Map(op, args) = value.instr {
            let dtype = computes_in(code, op, args);
            if !op.info().kinds.has(dtype.kind()) {
                return Err(PlanError::NoSuchOp { op: op.name(), dtype });
            }
        }
    }
    Ok(())
}

/// True of code with an operation whose large arguments cost more than all else: see [`Angles`].
pub fn has_angles(code: &[Value]) -> bool {
    let angle = |v: &Value| matches!(v.instr, Instr::Map(Op::Sin | Op::Cos, _)) && v.dtype == DType::F32;
    code.iter().any(angle)
}

/// For which arguments sin and cos of float32 are right.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
pub enum Angles {
    /// All.
    All,
    /// Below 2^20; beyond, of elements before `until`, they set the variable `far`.
    Near,
}

/// `fn compute(index, x0, x1, …)`: one argument per input; `params` gives the expression of a scalar.
pub fn function(code: &[Value], inputs: &[DType], params: impl Fn(u8, DType) -> String) -> String {
    function_for("compute", code, inputs, Angles::All, 1, params)
}

/// The same under another name, for several elements side by side, with sin and cos as `angles` says. There is an argument
/// `index_{element}` for each, then `x{input}_{element}` for each of each input; the result is an array where there are
/// several.
pub fn function_for(
    function: &str,
    code: &[Value],
    inputs: &[DType],
    angles: Angles,
    together: u32,
    params: impl Fn(u8, DType) -> String,
) -> String {
    let mut text = String::new();
    if angles == Angles::Near {
        text += "var<private> far: bool = false;\nvar<private> until: u32 = 0u;\n";
    }
    let mut arguments: Vec<String> = (0..together).map(|e| format!("index_{e}: u32")).collect();
    for (i, dtype) in inputs.iter().enumerate() {
        arguments.extend((0..together).map(|e| format!("x{i}_{e}: {}", register(*dtype))));
    }
    let result = register(code.last().map_or(DType::Bool, |v| v.dtype));
    let result = if together == 1 { result } else { format!("array<{result}, {together}>") };
    let _ = writeln!(text, "fn {function}({}) -> {result} {{", arguments.join(", "));
    for (id, value) in code.iter().enumerate() {
        for e in 0..together {
            let expression = match value.instr {
                Instr::Load(input) => format!("x{input}_{e}"),
                Instr::Param(param) => params(param, value.dtype),
                Instr::Iota => cast(DType::U32, value.dtype, &format!("index_{e}")),
                Instr::Reduce(..) => unreachable!("a phase loads the results of the reductions before it"),
                Instr::Cast(from) => cast(code[from as usize].dtype, value.dtype, &format!("v{from}_{e}")),
                Instr::Map(op, args) => {
                    let operands: Vec<String> =
                        args[..op.info().arity].iter().map(|a| format!("v{a}_{e}")).collect();
                    let dtype = computes_in(code, op, args);
                    let near =
                        angles == Angles::Near && matches!(op, Op::Sin | Op::Cos) && dtype == DType::F32;
                    if near {
                        let angle = &operands[0];
                        let _ =
                            writeln!(text, "    far = far | (f32_is_far({angle}) & (index_{e} < until));");
                    }
                    let near = if near { "_near" } else { "" };
                    format!("{}_{}{near}({})", name(dtype), stem(op), operands.join(", "))
                }
            };
            let _ = writeln!(text, "    let v{id}_{e} = {expression};");
        }
    }
    let last = code.len() - 1;
    let results: Vec<String> = (0..together).map(|e| format!("v{last}_{e}")).collect();
    let results = results.join(", ");
    let value = if together == 1 { results } else { format!("{result}({results})") };
    let _ = writeln!(text, "    return {value};\n}}");
    text
}

/// Elements that a lane on a CPU-type adapter computes side by side. One after another, each a chain of dependent
/// instructions as long as its functions, they leave half of the processor's units idle.
pub const TOGETHER: u32 = 4;

/// Writes the calls of such a function for the `unit` elements of a block, `together` in each, and returns the expressions
/// of their results. `index` and `argument` give those of an element's number and of its part of an input.
pub fn calls<S>(
    function: &str,
    unit: u32,
    together: u32,
    sources: &[S],
    index: impl Fn(u32) -> String,
    argument: impl Fn(usize, &S, u32) -> String,
    text: &mut String,
) -> Vec<String> {
    let mut results = Vec::new();
    for first in (0..unit).step_by(together as usize) {
        let block = first..first + together;
        let mut arguments: Vec<String> = block.clone().map(&index).collect();
        for (i, source) in sources.iter().enumerate() {
            arguments.extend(block.clone().map(|e| argument(i, source, e)));
        }
        let _ = writeln!(text, "        let r_{first} = {function}({});", arguments.join(", "));
        results.extend((0..together).map(|e| match together {
            1 => format!("r_{first}"),
            _ => format!("r_{first}[{e}]"),
        }));
    }
    results
}

/// A scalar parameter's register from its words.
pub fn param_register(dtype: DType, word: impl Fn(usize) -> String) -> String {
    let float = |i| format!("bitcast<f32>({})", word(i));
    let double = |i| format!("f64_from_bits(u64_join({}, {}))", word(i), word(i + 1));
    match dtype {
        DType::Bool => format!("({} > 0u)", word(0)),
        DType::I8 | DType::I16 | DType::I32 => format!("bitcast<i32>({})", word(0)),
        DType::U8 | DType::U16 | DType::U32 => word(0),
        DType::I64 => format!("i64_join({}, {})", word(0), word(1)),
        DType::U64 => format!("u64_join({}, {})", word(0), word(1)),
        DType::F16 | DType::F32 => float(0),
        DType::F64 => double(0),
        DType::C64 => format!("vec2<f32>({}, {})", float(0), float(1)),
        DType::C128 => format!("vec2<f64>({}, {})", double(0), double(2)),
    }
}

/// Number of words of a parameter.
pub const fn param_words(dtype: DType) -> usize {
    match dtype {
        DType::I64 | DType::U64 | DType::F64 | DType::C64 => 2,
        DType::C128 => 4,
        _ => 1,
    }
}

/// `x` in another dtype, as `Scalar::cast` does: integers wrap, floats saturate, anything non-zero is true.
pub fn cast(from: DType, to: DType, x: &str) -> String {
    use DType::*;
    if from == to {
        return x.to_owned();
    }
    let (f, t) = (name(from), name(to));
    match (from, to) {
        // From bool: through u32, which every other cast starts from.
        (Bool, _) => cast(U32, to, &format!("select(0u, 1u, {x})")),
        (I8 | I16 | I32 | U8 | U16 | U32, Bool) => format!("!({x} == {f}_reg(0))"),
        (I64 | U64, Bool) => format!("(({f}_low({x}) | {f}_high({x})) > 0u)"),
        (F16 | F32, Bool) => format!("!f32_is_zero({x})"),
        (F64, Bool) => format!("!f64_is_zero({x})"),
        (C64, Bool) => format!("!(f32_is_zero(({x}).x) && f32_is_zero(({x}).y))"),
        (C128, Bool) => format!("!(f64_is_zero(({x}).x) && f64_is_zero(({x}).y))"),
        // Between integers: the bits, wrapped.
        (I8 | I16 | I32 | U8 | U16 | U32, I8 | I16 | I32) => format!("{t}_wrap(bitcast<i32>({x}))"),
        (I8 | I16 | I32 | U8 | U16 | U32, U8 | U16 | U32) => format!("{t}_wrap(bitcast<u32>({x}))"),
        (I64 | U64, I8 | I16 | I32) => format!("{t}_wrap(bitcast<i32>({f}_low({x})))"),
        (I64 | U64, U8 | U16 | U32) => format!("{t}_wrap({f}_low({x}))"),
        (I8 | I16 | I32, I64 | U64) => format!("{t}_from_i32({x})"),
        (U8 | U16 | U32, I64 | U64) => format!("{t}_from_u32({x})"),
        (I64 | U64, I64 | U64) => format!("{t}_from_{f}({x})"),
        // Integers to floats.
        (I8 | I16 | I32 | U8 | U16 | U32, F32) => format!("f32({x})"),
        (I64 | U64, F32) => format!("f32_from_{f}({x})"),
        // Beyond 2^24, where f32 rounds, a half is infinite anyway.
        (I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64, F16) => format!("f16_round({})", cast(from, F32, x)),
        (I8 | I16 | I32, F64) => format!("f64_from_i32({x})"),
        (U8 | U16 | U32, F64) => format!("f64_from_u32({x})"),
        (I64 | U64, F64) => format!("f64_from_{f}({x})"),
        // Floats to integers.
        (F16 | F32, I8 | I16 | I32) => format!("{t}_clamp(i32_from_f32({x}))"),
        (F16 | F32, U8 | U16 | U32) => format!("{t}_clamp(u32_from_f32({x}))"),
        (F64, I8 | I16 | I32) => format!("{t}_clamp(i32_from_f64({x}))"),
        (F64, U8 | U16 | U32) => format!("{t}_clamp(u32_from_f64({x}))"),
        (F16 | F32, I64 | U64) => format!("{t}_from_f32({x})"),
        (F64, I64 | U64) => format!("{t}_from_f64({x})"),
        // Between floats.
        // (Equal dtypes are answered above.)
        (F16, F16 | F32) | (F32, F32) | (F64, F64) => x.to_owned(),
        (F32, F16) => format!("f16_round({x})"),
        (F16 | F32, F64) => format!("f64({x})"),
        (F64, F32) => format!("f32({x})"),
        (F64, F16) => format!("f16_from_f64({x})"),
        // Complex numbers: a real one gets an imaginary zero that drivers don't know; to real, the real part.
        (C64, C128) => format!("vec2<f64>(f64(({x}).x), f64(({x}).y))"),
        (C128, C64) => format!("vec2<f32>(f32(({x}).x), f32(({x}).y))"),
        (C64 | C128, _) => cast(from.real(), to, &format!("({x}).x")),
        (_, C64) => format!("vec2<f32>({}, f32_run_time_zero())", cast(from, F32, x)),
        (_, C128) => format!("vec2<f64>({}, f64_run_time_zero())", cast(from, F64, x)),
    }
}
