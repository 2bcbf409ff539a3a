//! What the first pass of a transform reads, and what the last one writes.

use crate::fused::input_access::Source;
use crate::fused::storage::{element, register};
use crate::params::{Names, param_register};
use crate::shader::Module;
use polyarray_core::DType;
use std::fmt::Write as _;

/// Where a pass finds its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum From {
    /// What the pass before it left.
    Between,
    /// That, multiplied by a table and conjugated: the second transform of a convolution.
    Product,
    /// Complex numbers of the operand.
    Complex,
    /// Real ones.
    Real,
    /// Two real ones each, as real and imaginary part.
    Pairs,
    /// The first half of them, of which the others are the conjugates.
    Hermitian,
    /// What a transform of pairs has for the spectrum that the operand is (a half-length transform to real numbers).
    Tangled,
}

/// How a pass reads.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Load {
    pub from: From,
    /// How it reaches the operand, if it reads it.
    pub source: Option<Source>,
    /// Elements that the operand lacks are 0.
    pub padded: bool,
    /// They are multiplied by a chirp, and 0 beyond it.
    pub chirp: bool,
}

/// What a pass writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Store {
    /// What the next one reads.
    Between,
    /// Multiplied by the factor, in the direction of the transform.
    Result {
        /// Real parts only.
        real: bool,
        /// A row keeps fewer elements than the pass has.
        cropped: bool,
        /// They are conjugated and multiplied by a chirp.
        chirp: bool,
    },
}

/// Names of the words that the ends of a pass need.
pub fn params(load: &Load, dtype: DType, names: &mut Names) {
    names.words(&["m", "points", "given", "kept", "out0", "sign"]);
    names.scalars(&[dtype.real()]);
    if let Some(source) = load.source {
        source.params(0, 2, names);
    }
}

/// Declares what is read, the elements and tables in the order of [`tables`], and what is written. Elements are those of
/// blocks where one is named.
pub fn declare(
    load: &Load,
    store: Store,
    turned: bool,
    dtype: DType,
    [read, written]: [Option<&str>; 2],
    module: &mut Module,
) {
    let complex = element(dtype);
    match (read, load.source) {
        (None, Some(source)) => source.declare(0, 1, module),
        _ => module.read("between", read.unwrap_or(complex)),
    }
    for (name, _) in tables(load, store, turned).into_iter().filter(|(_, read)| *read) {
        module.read(name, if name == "spectrum" { read.unwrap_or(complex) } else { complex });
    }
    let real = matches!(store, Store::Result { real: true, .. });
    module.read_write("out", written.unwrap_or(if real { element(dtype.real()) } else { complex }));
}

/// Writes `times(a, b)` and `sign()`.
pub fn write_arithmetic(dtype: DType, module: &mut Module) {
    let (v, t) = (register(dtype), register(dtype.real()));
    let _ = writeln!(
        module,
        "fn times(a: {v}, b: {v}) -> {v} {{ return {v}(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }}
fn sign() -> {t} {{ return {t}(bitcast<f32>(p.sign)); }}"
    );
}

/// The tables, and whether a pass reads them.
pub fn tables(load: &Load, store: Store, turned: bool) -> [(&'static str, bool); 4] {
    let back = matches!(store, Store::Result { chirp: true, .. });
    [
        ("turns", turned),
        ("halves", load.from == From::Tangled),
        ("chirp", load.chirp || back),
        ("spectrum", load.from == From::Product),
    ]
}

/// Writes `fetch(row, j)`, the element j of a row.
pub fn write_fetch(load: &Load, dtype: DType, module: &mut Module) {
    let (v, t) = (register(dtype), register(dtype.real()));
    if let Some(source) = load.source {
        let zero = if source.dtype.is_complex() { format!("{v}({t}(0), {t}(0))") } else { format!("{t}(0)") };
        let bound =
            if load.padded { format!("    if (j >= p.given) {{ return {zero}; }}\n") } else { String::new() };
        let _ = writeln!(
            module,
            "fn operand(row: u32, j: u32) -> {} {{\n{bound}    return load0(p.first0 + row * p.stride0_0 + j * p.stride0_1);\n}}",
            register(source.dtype)
        );
    }
    let body = match load.from {
        From::Between => "    return between[row * p.m + j];\n".to_owned(),
        From::Product => {
            format!("    let z = times(between[row * p.m + j], spectrum[j]);\n    return {v}(z.x, -z.y);\n")
        }
        From::Complex => {
            format!("    let z = operand(row, j);\n    return {v}(z.x, z.y * sign());\n")
        }
        From::Real => format!("    return {v}(operand(row, j), {t}(0));\n"),
        From::Pairs => format!("    return {v}(operand(row, 2u * j), operand(row, 2u * j + 1u));\n"),
        From::Hermitian => format!(
            "    let low = 2u * j <= p.points;
    let z = operand(row, select(p.points - j, j, low));
    let im = select(z.y * select(-sign(), sign(), low), {t}(0), j == 0u || 2u * j == p.points);
    return {v}(z.x, im);\n"
        ),
        // With a = X[j], b = conj(X[h − j]) and w = exp(−πi j / h): the conjugate of (a + b) + i·conj(w)·(a − b).
        From::Tangled => format!(
            "    let x = operand(row, j);
    let y = operand(row, p.points - j);
    let a = {v}(x.x, select(x.y, {t}(0), j == 0u));
    let b = {v}(y.x, select(-y.y, {t}(0), j == 0u));
    let w = halves[j];
    let s = a + b;
    let d = a - b;
    return {v}(s.x - (w.x * d.y - w.y * d.x), -(s.y + (w.x * d.x + w.y * d.y)));\n"
        ),
    };
    if load.chirp {
        let _ = write!(
            module,
            "fn plain(row: u32, j: u32) -> {v} {{\n{body}}}
fn fetch(row: u32, j: u32) -> {v} {{
    if (j >= p.points) {{ return {v}({t}(0), {t}(0)); }}
    return times(plain(row, j), chirp[j]);\n}}\n"
        );
    } else {
        let _ = write!(module, "fn fetch(row: u32, j: u32) -> {v} {{\n{body}}}\n");
    }
}

/// Writes `put(row, k, z)`, which stores the element k of a row.
pub fn write_put(store: Store, dtype: DType, module: &mut Module) {
    let v = register(dtype);
    let _ = writeln!(module, "fn put(row: u32, k: u32, z: {v}) {{");
    match store {
        Store::Between => *module += "    out[row * p.m + k] = z;\n",
        Store::Result { real, cropped, chirp } => {
            if cropped {
                *module += "    if (k >= p.kept) { return; }\n";
            }
            let z = if chirp { format!("times({v}(z.x, -z.y), chirp[k])") } else { "z".to_owned() };
            let scale = param_register(0, dtype.real());
            let value = if real {
                format!("y.x * {scale}")
            } else {
                format!("{v}(y.x * {scale}, y.y * ({scale} * sign()))")
            };
            let _ = writeln!(module, "    let y = {z};\n    out[p.out0 + row * p.kept + k] = {value};");
        }
    }
    *module += "}\n";
}
