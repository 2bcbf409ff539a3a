//! Fused kernels: core's [`Kernel`] to one WGSL module per structure.

pub(crate) mod accumulator;
pub(crate) mod body;
pub(crate) mod input_access;
mod map;
mod reduce;
mod reduce_place;
mod rows;
pub(crate) mod storage;

use crate::library::Features;
use crate::plan::{Plan, PlanError, Profile, check_dtype};
use polyarray_core::expr::{Kernel, Op, Output, Reduction};
use polyarray_core::{DType, Kind};

/// Plans a fused kernel for an adapter. The kernel's inputs are [`crate::Slot::Input`] 0, 1, …
///
/// # Errors
/// [`PlanError`]: a dtype that the adapter lacks, too many buffers, indices beyond 32 bits.
pub fn plan(kernel: &Kernel, profile: &Profile) -> Result<Plan, PlanError> {
    let inputs = kernel.inputs.iter().map(|i| i.buffer.dtype());
    for dtype in kernel.code.iter().map(|v| v.dtype).chain(inputs) {
        check_dtype(dtype, profile.features)?;
    }
    body::check(&kernel.code)?;
    match kernel.output {
        _ if kernel.has_rows() => rows::plan(kernel, profile),
        Output::Map | Output::Rows { .. } => map::plan(kernel, profile),
        Output::Reduce { op, split } => reduce::plan(kernel, op, split, profile),
    }
}

/// Can an elementwise operation be computed in `dtype`?
///
/// # Errors
/// [`PlanError::Dtype`] or [`PlanError::NoSuchOp`].
pub fn supports_op(op: Op, dtype: DType, features: Features) -> Result<(), PlanError> {
    check_dtype(dtype, features)?;
    if op.info().kinds.has(dtype.kind()) { Ok(()) } else { Err(PlanError::NoSuchOp { op: op.name(), dtype }) }
}

/// Can elements of `dtype` be reduced?
///
/// # Errors
/// [`PlanError::Dtype`] or [`PlanError::NoSuchOp`].
pub fn supports_reduction(op: Reduction, dtype: DType, features: Features) -> Result<(), PlanError> {
    check_dtype(dtype, features)?;
    let exists = match op {
        Reduction::Sum | Reduction::Prod => dtype != DType::Bool,
        Reduction::Any | Reduction::All => dtype == DType::Bool,
        Reduction::Min | Reduction::Max | Reduction::ArgMin | Reduction::ArgMax => {
            dtype.kind() != Kind::Complex
        }
    };
    if exists { Ok(()) } else { Err(PlanError::NoSuchOp { op: op.name(), dtype }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use crate::plan::LaneMap;
    use polyarray_core::array::{Buffer, HostBuffer};
    use polyarray_core::dtype::DTYPES;
    use polyarray_core::expr::op::{OPS, REDUCTIONS};
    use polyarray_core::expr::{Input, Instr, Value};
    use std::sync::Arc;

    fn profiles() -> impl Iterator<Item = Profile> {
        Features::ALL.into_iter().flat_map(|features| {
            [(LaneMap::Coalesced, 0), (LaneMap::Run, 128)].map(|(lane_map, immediates)| Profile {
                features,
                lane_map,
                immediates,
                ..Profile::BASELINE
            })
        })
    }

    /// `n` dense inputs of 40 elements, the last one reversed, so that both kinds of access are written.
    fn inputs(dtypes: &[DType]) -> Vec<Input> {
        let input = |(i, &dtype): (usize, &DType)| {
            let reversed = i + 1 == dtypes.len() && i > 0;
            Input {
                buffer: Arc::new(HostBuffer::unwritten(dtype, 40).expect("40 elements fit"))
                    as Arc<dyn Buffer>,
                strides: [if reversed { -1 } else { 1 }].as_slice().into(),
                offset: if reversed { 39 } else { 0 },
            }
        };
        dtypes.iter().enumerate().map(input).collect()
    }

    fn compiles(kernel: &Kernel, profile: &Profile) {
        let plan = plan(kernel, profile).unwrap_or_else(|e| panic!("{}: {e}", kernel.label()));
        assert!(!plan.steps.is_empty());
        for step in plan.steps {
            let spirv = step.shader.compile().unwrap_or_else(|e| panic!("{e}\n{}", step.shader.wgsl()));
            let buffers = step.bindings.len() + usize::from(!step.params_are_immediate);
            assert_eq!(spirv.bindings.len(), buffers, "{}", step.shader.wgsl());
            assert_eq!(
                spirv.immediate_bytes as usize,
                4 * step.params.len() * usize::from(step.params_are_immediate)
            );
            assert_eq!(spirv.entry_points[0].name, crate::plan::ENTRY);
        }
    }

    #[test]
    fn every_operation_compiles_for_every_profile() {
        for profile in profiles() {
            for row in OPS {
                for dtype in DTYPES {
                    if supports_op(row.op, dtype, profile.features).is_err() {
                        continue;
                    }
                    let mut dtypes = vec![dtype; row.arity];
                    if row.op == Op::Where {
                        dtypes[0] = DType::Bool;
                    }
                    let mut code: Vec<Value> = (0..)
                        .zip(&dtypes)
                        .map(|(i, &dtype)| Value { instr: Instr::Load(i), dtype })
                        .collect();
                    let args = [0, 1, 2].map(|i| if usize::from(i) < row.arity { i } else { 0 });
                    code.push(Value { instr: Instr::Map(row.op, args), dtype: row.op.output(dtype) });
                    assert!(Library::get(profile.features).has(&format!(
                        "{}_{}",
                        storage::name(dtype),
                        row.name
                    )));
                    let kernel = Kernel {
                        dims: [40].as_slice().into(),
                        inputs: inputs(&dtypes),
                        params: vec![],
                        code,
                        output: Output::Map,
                    };
                    compiles(&kernel, &profile);
                }
            }
        }
    }

    #[test]
    fn every_cast_and_reduction_compiles_for_every_profile() {
        for profile in profiles() {
            let held = || DTYPES.into_iter().filter(|&d| check_dtype(d, profile.features).is_ok());
            for from in held() {
                for to in held() {
                    let code = vec![
                        Value { instr: Instr::Load(0), dtype: from },
                        Value { instr: Instr::Cast(0), dtype: to },
                    ];
                    let kernel = Kernel {
                        dims: [40].as_slice().into(),
                        inputs: inputs(&[from]),
                        params: vec![],
                        code,
                        output: Output::Map,
                    };
                    compiles(&kernel, &profile);
                }
                for op in REDUCTIONS {
                    if supports_reduction(op, from, profile.features).is_ok() {
                        let code = vec![Value { instr: Instr::Load(0), dtype: from }];
                        let output = Output::Reduce { op, split: 0 };
                        compiles(
                            &Kernel {
                                dims: [40].as_slice().into(),
                                inputs: inputs(&[from]),
                                params: vec![],
                                code,
                                output,
                            },
                            &profile,
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn shapes_and_scalars_make_no_new_kernel() {
        let kernel = |n: usize, scalar: f32| Kernel {
            dims: [n].as_slice().into(),
            inputs: inputs(&[DType::F32]),
            params: vec![scalar.into()],
            code: vec![
                Value { instr: Instr::Load(0), dtype: DType::F32 },
                Value { instr: Instr::Param(0), dtype: DType::F32 },
                Value { instr: Instr::Map(Op::Add, [0, 1, 0]), dtype: DType::F32 },
            ],
            output: Output::Map,
        };
        let shader = |k: Kernel| plan(&k, &Profile::BASELINE).expect("it fits").steps[0].shader.clone();
        assert_eq!(shader(kernel(7, 1.0)), shader(kernel(33, 2.5)));
        let mut other = kernel(7, 1.0);
        other.code[2].instr = Instr::Map(Op::Subtract, [0, 1, 0]);
        assert_ne!(shader(kernel(7, 1.0)), shader(other));
    }

    #[test]
    fn what_an_adapter_lacks_is_an_error_with_a_fix() {
        let kernel = Kernel {
            dims: [40].as_slice().into(),
            inputs: inputs(&[DType::F64]),
            params: vec![],
            code: vec![Value { instr: Instr::Load(0), dtype: DType::F64 }],
            output: Output::Map,
        };
        let error = plan(&kernel, &Profile::BASELINE).expect_err("the baseline has no f64");
        assert_eq!(
            error.to_string(),
            "the adapter has no float64: compute in float32 or complex64 there, or move the array to another device"
        );
        assert!(matches!(
            supports_op(Op::Floor, DType::C64, Features::default()),
            Err(PlanError::NoSuchOp { .. })
        ));
    }
}
