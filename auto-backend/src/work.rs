//! What a call computes, as far as its cost depends on it.

use polyarray_core::backend::{Call, DType};
use polyarray_core::expr::{OPS, Op, REDUCTIONS, Reduction};

/// The work of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// An elementwise operation.
    Map(Op),
    /// A cast, or a dense copy.
    Cast(DType),
    /// A reduction.
    Reduce(Reduction),
    /// A variance: a reduction that reads its operand twice.
    Var,
    /// A matrix product in the operands' dtype.
    Matmul,
    /// A matrix product in another dtype.
    MatmulAs(DType),
    /// A product of bits.
    MatmulBits,
    /// Arrays one after another.
    Concat,
    /// Elements at indices.
    Take,
}

impl Work {
    /// The work of a method; none of one whose cost is not known: its default runs here, if it has one, and its parts
    /// are decided one by one.
    pub fn of(call: &Call) -> Option<Work> {
        let row = call.row();
        if row.domain != "numpy" {
            return None;
        }
        let dtype = || call.plain::<DType>("dtype").copied();
        Some(match row.name {
            "astype" => Work::Cast(dtype()?),
            "var" => Work::Var,
            "matmul" => Work::Matmul,
            "matmul_as" => Work::MatmulAs(dtype()?),
            "matmul_bits" => Work::MatmulBits,
            "concat" => Work::Concat,
            "take" => Work::Take,
            // `where` is a word of the language.
            name => match OPS.iter().find(|info| info.name == name.trim_end_matches('_')) {
                Some(info) => Work::Map(info.op),
                None => Work::Reduce(*REDUCTIONS.iter().find(|reduction| reduction.name() == name)?),
            },
        })
    }
}
