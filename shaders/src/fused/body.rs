//! The code of a kernel as a WGSL function: one `let` per value, one library function per operation.

use super::storage::{name, register};
use crate::params::param_register;
use crate::plan::PlanError;
use crate::shader::Module;
use polyarray_core::DType;
use polyarray_core::expr::{Instr, Op, Value};
use std::fmt::Write;

/// Loop iterations inside one evaluation of an operation, at most: they count against the lane's budget.
fn loops(op: Op, dtype: DType, int64: bool) -> u32 {
    match (op, dtype) {
        (Op::FloorDivide | Op::Remainder, DType::F16 | DType::F32) => 36,
        (Op::FloorDivide | Op::Remainder, DType::F64) => 191,
        (Op::FloorDivide | Op::Remainder, DType::I64 | DType::U64) if !int64 => 64,
        (Op::Pow, dtype) if dtype.is_int() => 64,
        // Fibonacci numbers need the most steps.
        (Op::Gcd, DType::I64 | DType::U64) => {
            if int64 {
                93
            } else {
                93 * 65
            }
        }
        (Op::Gcd, _) => 47,
        _ => 0,
    }
}

/// Instructions of an operation's function, roughly: decides how far blocks are unrolled.
fn cost(op: Op, dtype: DType) -> u32 {
    let wide = if dtype.is_complex() { 4 } else { 1 };
    wide * match op {
        Op::Pow | Op::Gcd => 64,
        Op::FloorDivide | Op::Remainder => 16,
        _ if op.is_function() => 16,
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

/// Writes `fn {function}(index, x0, x1, …)`: one argument per input.
pub fn write_function(function: &str, code: &[Value], inputs: &[DType], module: &mut Module) {
    let inputs = inputs.iter().enumerate().map(|(i, &dtype)| format!(", x{i}: {}", register(dtype)));
    let result = register(code.last().map_or(DType::Bool, |v| v.dtype));
    let _ = writeln!(module, "fn {function}(index: u32{}) -> {result} {{", inputs.collect::<String>());
    for (id, value) in code.iter().enumerate() {
        let expression = match value.instr {
            Instr::Load(input) => format!("x{input}"),
            Instr::Param(param) => param_register(param, value.dtype),
            Instr::Iota => cast(DType::U32, value.dtype, "index"),
            Instr::Reduce(..) => unreachable!("a phase loads the results of the reductions before it"),
            Instr::Cast(from) => cast(code[from as usize].dtype, value.dtype, &format!("v{from}")),
            Instr::Map(op, args) => {
                let operands: Vec<String> = args[..op.info().arity].iter().map(|a| format!("v{a}")).collect();
                // The library has a function of this name for each dtype of the row; a test walks the whole table.
                format!("{}_{}({})", name(computes_in(code, op, args)), op.name(), operands.join(", "))
            }
        };
        let _ = writeln!(module, "    let v{id} = {expression};");
    }
    let _ = writeln!(module, "    return v{};\n}}", code.len() - 1);
}

/// Writes the calls of such a function for the `unit` elements of a block, and returns the names of their results. `index`
/// and `argument` give the expressions of an element's number and of its part of an input.
pub fn write_calls<S>(
    function: &str,
    unit: u32,
    sources: &[S],
    index: impl Fn(u32) -> String,
    argument: impl Fn(usize, &S, u32) -> String,
    text: &mut impl Write,
) -> Vec<String> {
    let mut results = Vec::new();
    for e in 0..unit {
        let arguments = sources.iter().enumerate().map(|(i, source)| format!(", {}", argument(i, source, e)));
        let _ =
            writeln!(text, "        let y{e} = {function}({}{});", index(e), arguments.collect::<String>());
        results.push(format!("y{e}"));
    }
    results
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
        // Integers to floats. Drivers that see a zero or one follow from integers (a - a, a & 0, a == a) fold float
        // algebra with it, wrongly where NaN or infinity comes of it.
        (I8 | I16 | I32 | U8 | U16 | U32, F32) => format!("f32_opaque(f32({x}))"),
        (I64 | U64, F32) => format!("f32_opaque(f32_from_{f}({x}))"),
        // Beyond 2^24, where f32 rounds, a half is infinite anyway.
        (I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64, F16) => format!("f16_rounded({})", cast(from, F32, x)),
        (I8 | I16 | I32, F64) => format!("f64_opaque(f64_from_i32({x}))"),
        (U8 | U16 | U32, F64) => format!("f64_opaque(f64_from_u32({x}))"),
        (I64 | U64, F64) => format!("f64_opaque(f64_from_{f}({x}))"),
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
        (F32, F16) => format!("f16_rounded({x})"),
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
