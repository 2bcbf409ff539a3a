//! What is done with a product's elements where they are stored: an epilogue's code as a function, its other inputs read
//! through strides over (batch…, rows, columns). A product without an epilogue has an empty code.

use crate::compile::Exact;
use crate::fused::body;
use crate::fused::input_access::{Placed, Source};
use crate::fused::storage::register;
use crate::params::{Names, scalar_words};
use crate::plan::{Bind, PlanError, Profile, check_dtype};
use crate::shader::Module;
use polyarray_core::DType;
use polyarray_core::expr::{Epilogue, Instr, Value};

/// Number of the first of its inputs: the operands come before them.
const FIRST: usize = 2;
/// Instructions of a lane's elements, all of them unrolled, up to which compilers are quick.
const UNROLLED_COST: u32 = 1024;

/// Its structure.
#[derive(Clone, Debug, Hash)]
pub(super) struct EpilogueCode {
    /// Dtype of the product's elements, and of the output's.
    product: DType,
    pub out: DType,
    sources: Vec<Source>,
    params: Vec<DType>,
    /// Empty where nothing is done.
    code: Vec<Value>,
    /// Axes of a matrix's batch.
    batch_rank: usize,
}

/// A code with the numbers of one launch.
pub(super) struct PlacedEpilogue {
    pub code: EpilogueCode,
    placed: Vec<Placed>,
    scalars: Vec<u32>,
}

/// Where an element is: expressions.
pub(super) struct Place<'a> {
    /// Row and column of its matrix.
    pub row: &'a str,
    pub column: &'a str,
    /// Its number among all elements of the output.
    pub index: &'a str,
}

impl PlacedEpilogue {
    /// Nothing is done.
    pub fn none(product: DType) -> PlacedEpilogue {
        let (sources, params, code) = (Vec::new(), Vec::new(), Vec::new());
        let code = EpilogueCode { product, out: product, sources, params, code, batch_rank: 0 };
        PlacedEpilogue { code, placed: Vec::new(), scalars: Vec::new() }
    }

    /// The code of an epilogue whose axes are (batch…, rows, columns) of the job.
    ///
    /// # Errors
    /// A dtype that the adapter lacks, or whose elements no lane owns a word of; code with loops.
    pub fn new(epilogue: &Epilogue, profile: &Profile) -> Result<PlacedEpilogue, PlanError> {
        let kernel = &epilogue.kernel;
        let out = kernel.output_dtype();
        let inputs = kernel.inputs.iter().map(|i| i.buffer.dtype());
        for dtype in kernel.code.iter().map(|v| v.dtype).chain(inputs) {
            check_dtype(dtype, profile.features)?;
        }
        body::check(&kernel.code)?;
        // Lanes don't own whole words of packed elements; and their loops are counted without those of the code.
        if out.size() < 4 || body::loops_per_element(&kernel.code, profile.features.int64) > 0 {
            return Err(not_taken(out));
        }
        let place = |(i, input)| Placed::new(FIRST + i, input, &kernel.dims, None, profile);
        let placed = kernel.inputs.iter().enumerate().map(place).collect::<Result<Vec<_>, _>>()?;
        let code = EpilogueCode {
            product: epilogue.dtype,
            out,
            sources: placed.iter().map(|p| p.source).collect(),
            params: kernel.params.iter().map(|p| p.dtype()).collect(),
            code: kernel.code.clone(),
            batch_rank: kernel.dims.len() - 2,
        };
        let scalars = kernel.params.iter().flat_map(|&p| scalar_words(p)).collect();
        Ok(PlacedEpilogue { code, placed, scalars })
    }

    /// Values of the words that [`EpilogueCode::params`] names.
    pub fn words(&self, profile: &Profile) -> Vec<u32> {
        let inputs = self.placed.iter().flat_map(|p| p.words(0, 1, profile));
        inputs.chain(self.scalars.iter().copied()).collect()
    }

    /// The bindings of its inputs.
    pub fn binds(&self, profile: &Profile) -> Vec<Bind> {
        self.placed.iter().flat_map(|p| p.binds(0, 0, profile)).collect()
    }
}

/// The answer where a product is better computed on its own.
pub(super) fn not_taken(dtype: DType) -> PlanError {
    PlanError::Epilogue { dtype }
}

impl EpilogueCode {
    /// Nothing is done.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty()
    }

    /// Is a lane with so many elements compiled quickly enough?
    ///
    /// # Errors
    /// The answer that it is not.
    pub fn check(&self, elements: usize) -> Result<(), PlanError> {
        let cost = body::cost_per_element(&self.code) * elements as u32;
        if cost <= UNROLLED_COST { Ok(()) } else { Err(not_taken(self.out)) }
    }

    /// May sums in `sums` that are not complete be left where the output will be?
    ///
    /// # Errors
    /// The answer that they may not.
    pub fn check_parts(&self, parts: usize, sums: DType) -> Result<(), PlanError> {
        if parts <= 1 || self.is_empty() || self.out == sums { Ok(()) } else { Err(not_taken(self.out)) }
    }

    /// Where a kernel that ends so must be exact.
    pub fn exact(&self) -> Exact {
        if self.is_empty() { Exact::Nowhere } else { Exact::Functions }
    }

    /// What its operations add to a kernel's name.
    pub fn label(&self) -> String {
        let ops = self.code.iter().filter_map(|v| match v.instr {
            Instr::Map(op, _) => Some(op.name()),
            _ => None,
        });
        ops.flat_map(|op| [" ", op]).collect()
    }

    /// Names of its words.
    pub fn params(&self, names: &mut Names) {
        for (i, source) in self.sources.iter().enumerate() {
            source.params(FIRST + i, self.batch_rank + 2, names);
        }
        names.scalars(&self.params);
    }

    /// All sources of a kernel, for its offsets: those of the operands, then its own.
    pub fn with(&self, operands: [Source; 2]) -> Vec<Source> {
        operands.into_iter().chain(self.sources.iter().copied()).collect()
    }

    /// Declares its inputs, and its code as the function `compute`.
    pub fn declare(&self, module: &mut Module) {
        if self.is_empty() {
            return;
        }
        for (i, source) in self.sources.iter().enumerate() {
            source.declare(FIRST + i, 1, module);
        }
        let inputs: Vec<DType> = self.sources.iter().map(|s| s.dtype).chain([self.product]).collect();
        body::write_function("compute", &self.code, &inputs, module);
    }

    /// What becomes of an element of the product, `value` in dtype `from`, whose matrix's offsets are in the variable
    /// `at_batch`.
    pub fn element(&self, value: &str, from: DType, place: &Place<'_>) -> String {
        if self.is_empty() {
            return value.to_owned();
        }
        let mut arguments = vec![place.index.to_owned()];
        let (rows, columns) = (self.batch_rank, self.batch_rank + 1);
        for (i, source) in self.sources.iter().enumerate() {
            let i = FIRST + i;
            arguments.push(match source.strided() {
                false => format!("load{i}(p.first{i})"),
                true => format!(
                    "load{i}(p.first{i} + at_batch.o{i} + ({}) * p.stride{i}_{rows} + ({}) * p.stride{i}_{columns})",
                    place.row, place.column
                ),
            });
        }
        arguments.push(match from == self.product {
            true => value.to_owned(),
            false => format!("bitcast<{}>({value})", register(self.product)),
        });
        format!("compute({})", arguments.join(", "))
    }
}
