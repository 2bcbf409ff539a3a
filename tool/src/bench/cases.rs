//! What a case of the bench is: inputs made from a size, work in public functions, and what its results should
//! be. The cases themselves are rows of [`table`](super::table::table).
use polyarray::{Array, DType, Result, astype};

/// Work on arrays, in public functions.
pub type Body = fn(&[Array]) -> Result<Array>;

/// One operation of the bench. The same names, inputs and definitions serve the runs of other libraries.
pub struct Case {
    /// What `--ops` names.
    pub name: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// The definition in NumPy's words, on inputs `a`, `b`, `c`.
    pub numpy: &'static str,
    /// Sizes (numbers of elements) unless the user gives some.
    pub sizes: Sizes,
    /// The inputs of a size.
    pub inputs: fn(usize) -> Vec<Input>,
    /// What is timed.
    pub work: Work,
    /// The element of the result at a row-major index, straight from the definition, in double precision.
    pub value_at: fn(&Given, usize) -> f64,
    /// The whole result, or something that converts to it exactly, where the work itself can't be done in
    /// float64; given the inputs as they are.
    pub reference: Option<Body>,
    /// Operations counted, from the shapes of the inputs.
    pub operations: fn(&[Vec<usize>]) -> u64,
    /// Which of the place's ceilings stands over it.
    pub bound: Bound,
    /// How far a result may be from the reference, from the shapes of the inputs.
    pub tolerance: fn(&[Vec<usize>]) -> Tolerance,
}

/// Sizes of a case: of a whole run, of a quick one.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub whole: &'static [usize],
    pub quick: &'static [usize],
    /// The case makes sense at these only.
    pub fixed: bool,
}

/// One input: values of a low-discrepancy sequence, the same in every library (docs/BENCH.md).
pub struct Input {
    pub shape: Vec<usize>,
    pub low: f64,
    pub high: f64,
    /// Its dtype where the case, not `--dtypes`, fixes it.
    pub dtype: Option<DType>,
}

/// What is timed.
#[derive(Clone, Copy)]
pub enum Work {
    /// Until the result is computed where the inputs live.
    Compute(Body),
    /// Until the result's values are in host memory.
    Read(Body),
    /// The inputs from host memory to the device.
    Upload,
    /// The first input from the device to host memory.
    Download,
}

/// What limits the work on an ideal machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Memory: a copy is the ceiling.
    Copy,
    /// Arithmetic: a matrix product is the ceiling.
    Gemm,
    /// The cost of a call, or of the way between host and device.
    Latency,
}

/// `|got − want| ≤ units · eps · max(|want|, floor)`, `eps` that of the dtype.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    pub units: f64,
    pub floor: f64,
}

/// The inputs in double precision.
pub struct Given {
    pub shapes: Vec<Vec<usize>>,
    pub data: Vec<Vec<f64>>,
}

impl Case {
    /// The dtypes it runs in, of those asked for.
    pub fn dtypes(&self, asked: &[DType]) -> Vec<DType> {
        let fixed = (self.inputs)(self.sizes.whole[0]).first().and_then(|input| input.dtype);
        fixed.map_or_else(|| asked.to_vec(), |dtype| vec![dtype])
    }

    /// Does it only move data, so that it means nothing on the host?
    pub fn is_transfer(&self) -> bool {
        matches!(self.work, Work::Upload | Work::Download)
    }

    /// The whole result in float64, computed on the host from the host's inputs.
    pub fn expected(&self, inputs: &[Array]) -> Result<Vec<f64>> {
        let result = match (self.reference, self.work) {
            (Some(reference), _) => reference(inputs)?,
            (None, Work::Compute(body) | Work::Read(body)) => {
                let wide =
                    inputs.iter().map(|input| astype(input, DType::F64)).collect::<Result<Vec<_>>>()?;
                body(&wide)?
            }
            (None, Work::Upload | Work::Download) => inputs[0].clone(),
        };
        values(&result)
    }
}

impl Input {
    /// Values between two bounds (the upper one excluded), in the dtype of the run.
    pub fn floats(shape: &[usize], low: f64, high: f64) -> Input {
        Input { shape: shape.to_vec(), low, high, dtype: None }
    }

    /// Whole numbers between two bounds (the upper one excluded), in a dtype of their own.
    pub fn integers(shape: &[usize], low: f64, high: f64, dtype: DType) -> Input {
        Input { shape: shape.to_vec(), low, high, dtype: Some(dtype) }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The input numbered `number` of its case, on the host. Element `i` is `low + (high − low) · u` with
    /// `u = (2654435761 · i + 97 · number + 12345 mod 2³²) / 2³²`, rounded down where the dtype is one of integers.
    pub fn make(&self, number: usize, dtype: DType) -> Result<Array> {
        let dtype = self.dtype.unwrap_or(dtype);
        let unit = |i: usize| {
            let word = (i as u32).wrapping_mul(2_654_435_761).wrapping_add(97 * number as u32 + 12_345);
            f64::from(word) / 2f64.powi(32)
        };
        let value = |i: usize| {
            let value = self.low + (self.high - self.low) * unit(i);
            if dtype.is_int() { value.floor() } else { value }
        };
        match dtype {
            DType::F32 => Array::from_vec((0..self.len()).map(|i| value(i) as f32).collect(), &self.shape),
            DType::I8 => Array::from_vec((0..self.len()).map(|i| value(i) as i8).collect(), &self.shape),
            DType::U32 => Array::from_vec((0..self.len()).map(|i| value(i) as u32).collect(), &self.shape),
            _ => {
                let values: Vec<f64> = (0..self.len()).map(value).collect();
                let made = astype(&Array::from_vec(values, &self.shape)?, dtype)?;
                made.eval()?;
                Ok(made)
            }
        }
    }
}

impl Given {
    /// The host's inputs, read.
    pub fn of(inputs: &[Array]) -> Result<Given> {
        Ok(Given {
            shapes: inputs.iter().map(|input| input.shape().to_vec()).collect(),
            data: inputs.iter().map(values).collect::<Result<_>>()?,
        })
    }

    /// Rows and columns of an input: its last two axes.
    pub fn sides(&self, input: usize) -> (usize, usize) {
        let shape = &self.shapes[input];
        (shape[shape.len() - 2], shape[shape.len() - 1])
    }

    /// All elements of the first input.
    pub fn all(&self) -> impl Iterator<Item = f64> + '_ {
        self.data[0].iter().copied()
    }

    /// A row of the first input; rows of a batch of matrices are numbered through.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f64> + '_ {
        let columns = self.sides(0).1;
        self.data[0][row * columns..][..columns].iter().copied()
    }

    /// A column of the first input.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> + '_ {
        self.column_of(0, 0, column)
    }

    /// A column of one matrix of a batch.
    pub fn column_of(&self, input: usize, batch: usize, column: usize) -> impl Iterator<Item = f64> + '_ {
        let (rows, columns) = self.sides(input);
        let matrix = &self.data[input][batch * rows * columns..][..rows * columns];
        matrix[column..].iter().step_by(columns).copied()
    }
}

/// The values of an array in float64, on the host.
pub fn values(array: &Array) -> Result<Vec<f64>> {
    let host = array.to("host")?;
    if host.dtype() == DType::F64 { host.to_vec() } else { astype(&host, DType::F64)?.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_those_of_the_documented_formula() {
        let x = Input::floats(&[3], -1.0, 1.0).make(1, DType::F64).unwrap().to_vec::<f64>().unwrap();
        let word = |i: u64| ((2_654_435_761 * i + 97 + 12_345) % (1 << 32)) as f64 / 4_294_967_296.0;
        assert_eq!(x, [0, 1, 2].map(|i| -1.0 + 2.0 * word(i)));
        let words = Input::integers(&[2], 0.0, 4_294_967_296.0, DType::U32).make(0, DType::F32).unwrap();
        assert_eq!(words.to_vec::<u32>().unwrap(), [12_345, 2_654_435_761 + 12_345]);
        let small = Input::integers(&[1000], -100.0, 101.0, DType::I8).make(0, DType::F32).unwrap();
        let small = small.to_vec::<i8>().unwrap();
        assert_eq!((small.iter().min(), small.iter().max()), (Some(&-100), Some(&100)));
    }
}
