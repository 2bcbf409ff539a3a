//! One GPU as a backend of arrays.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use polyarray_core::array::{
    ArrayBackend, Buffer, HostBuffer, KernelLimits, MirrorSlot, Operand, Part, Query, downcast,
};
use polyarray_core::dispatch::{Instance, Key};
use polyarray_core::expr::{Input, Instr, Kernel, Output, Value, layout::collapse};
use polyarray_core::{DType, Error, Result, Unsupported};
use polyarray_shaders::methods::assign;
use polyarray_shaders::{LaneMap, Plan, PlanError, fused, plan};

use super::buffer::DeviceBuffer;
use super::errors::unplanned;
use super::kind::{KIND, gpu, residency};
use super::mirrors::Mirrors;
use super::parts::in_parts;
use super::tables::Tables;
use crate::adapters;
use crate::device::Gpu;
use crate::pool::GpuBuffer;
use crate::profile::Profile;

/// Inputs of one fused kernel: beyond a handful a kernel gains nothing from another one, and every
/// input may take several bindings where it is larger than one.
const MOST_INPUTS: u32 = 8;
/// Elements of the longest row whose reduction is fused with its consumers: sixty-four for each lane of its workgroup.
const LONGEST_ROW: usize = 16 << 10;
/// Axes of a view: what parameters have room for, and more than anyone has.
const MOST_AXES: usize = 32;

/// An open GPU. Instances live as long as the process; the device behind one can be made anew.
pub struct GpuBackend {
    index: u16,
    instance: Instance,
    residency: Key,
    /// What recording asks about, at hand without a lock: the adapter stays when a device is made anew.
    profile: Profile,
    device: RwLock<Gpu>,
    mirrors: Arc<Mirrors>,
    tables: Arc<Tables>,
}

impl std::fmt::Debug for GpuBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GpuBackend({})", self.device().title())
    }
}

impl GpuBackend {
    /// The instance of that number, opened at its first use and probed before it is trusted.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such adapter, [`Error::Device`]
    /// where it can't be opened.
    pub fn open(index: u16) -> Result<&'static GpuBackend> {
        // Held while a device is opened: two threads must not both open it. Never dropped at exit.
        static OPENED: Mutex<BTreeMap<u16, &'static GpuBackend>> = Mutex::new(BTreeMap::new());
        let mut opened = OPENED.lock();
        if let Some(backend) = opened.get(&index) {
            return Ok(backend);
        }
        let backend = Box::leak(Box::new(GpuBackend::over(index, open_device(index)?)));
        opened.insert(index, backend);
        Ok(backend)
    }

    /// A backend over a device that somebody else opened: what tests of poorer adapters' paths run on.
    /// It is not the one that [`GpuBackend::open`] gives, nor the one that arrays on `gpu` use.
    pub fn over(index: u16, device: Gpu) -> GpuBackend {
        let (mirrors, tables) = (Arc::new(Mirrors::default()), Arc::new(Tables::default()));
        watch(&device, &mirrors, &tables);
        GpuBackend {
            index,
            instance: gpu.instance(index),
            residency: residency(index),
            profile: device.profile().clone(),
            device: RwLock::new(device),
            mirrors,
            tables,
        }
    }

    /// What kernels look up.
    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The device behind it.
    pub fn device(&self) -> Gpu {
        self.device.read().clone()
    }

    /// Opens the device anew after it was lost. Arrays on the old one are gone: reading them is an
    /// error, and stays one.
    ///
    /// # Errors
    /// As [`GpuBackend::open`].
    pub fn reopen(&self) -> Result<()> {
        let device = open_device(self.index)?;
        watch(&device, &self.mirrors, &self.tables);
        *self.device.write() = device;
        Ok(())
    }

    /// Runs a plan over arrays of this device, into a fresh buffer.
    ///
    /// # Errors
    /// Out of memory, device lost, a driver's failure.
    pub(crate) fn execute(
        &self,
        operation: &str,
        plan: &Plan,
        inputs: &[&GpuBuffer],
        (dtype, len): (DType, usize),
    ) -> Result<Arc<dyn Buffer>> {
        let memory = self.device().execute(operation, plan, inputs)?;
        Ok(Arc::new(DeviceBuffer::new(dtype, len, memory)))
    }

    /// The operand's elements, dense: its buffer where they lie so, else a copy.
    pub(crate) fn dense(&self, operand: &Operand) -> Result<Arc<dyn Buffer>> {
        let layout = &operand.layout;
        if layout.is_dense() {
            return Ok(Arc::clone(&operand.buffer));
        }
        let mut strides = [layout.strides.clone()];
        let (dims, _) = collapse(&layout.shape, layout.shape.len(), &mut strides);
        let [strides] = strides;
        let input = Input { buffer: Arc::clone(&operand.buffer), strides, offset: layout.offset };
        let load = Value { instr: Instr::Load(0), dtype: operand.buffer.dtype() };
        self.run(&Kernel {
            dims,
            inputs: vec![input],
            params: Vec::new(),
            code: vec![load],
            output: Output::Map,
        })
    }

    /// A plan, or the error that names the device.
    pub(crate) fn planned<T>(&self, operation: &str, plan: Result<T, PlanError>) -> Result<T> {
        plan.map_err(|error| unplanned(operation, &self.device().title(), error))
    }
}

/// Has uploaded copies and tables dropped where memory runs short.
fn watch(device: &Gpu, mirrors: &Arc<Mirrors>, tables: &Arc<Tables>) {
    let (mirrors, tables) = (Arc::clone(mirrors), Arc::clone(tables));
    device.on_pressure(Box::new(move |wanted| {
        let freed = mirrors.drop_bytes(wanted);
        freed + tables.drop_bytes(wanted.saturating_sub(freed))
    }));
}

fn open_device(index: u16) -> Result<Gpu> {
    let adapters = adapters::list()?;
    let adapter = adapters.get(usize::from(index)).ok_or_else(|| Error::Unknown {
        what: "device",
        name: format!("{KIND}:{index}"),
        known: adapters.iter().map(adapters::Adapter::title).collect::<Vec<_>>().join(", "),
    })?;
    Ok(Gpu::open(adapter)?)
}

impl ArrayBackend for GpuBackend {
    fn instance(&self) -> Instance {
        self.instance
    }

    fn identity(&self) -> String {
        let info = &self.device().adapter().info;
        let (driver, version) = (&info.driver, &info.driver_info);
        format!(
            "{}, {driver} {version}, {:?}, polyarray-gpu {}",
            info.name,
            info.backend,
            env!("CARGO_PKG_VERSION")
        )
    }

    fn residency(&self) -> Key {
        self.residency
    }

    fn supports(&self, query: Query) -> Result<(), Unsupported> {
        let features = self.profile.shader_features();
        let holds = |dtype| plan::check_dtype(dtype, features).map_err(|_| Unsupported::DType(dtype));
        match query {
            Query::Hold(dtype) => holds(dtype),
            Query::Map(op, dtype) => {
                holds(dtype)?;
                fused::supports_op(op, dtype, features).map_err(|_| Unsupported::Op(op.name(), dtype))
            }
            Query::Cast(from, to) => holds(from).and_then(|()| holds(to)),
            Query::Reduce(op, dtype) => {
                holds(dtype)?;
                fused::supports_reduction(op, dtype, features).map_err(|_| Unsupported::Op(op.name(), dtype))
            }
            _ => Err(Unsupported::Because("this backend knows no such operation")),
        }
    }

    fn limits(&self) -> KernelLimits {
        // One binding is the output, one may be the parameters.
        let inputs = self.profile.storage_buffers.saturating_sub(2).clamp(1, MOST_INPUTS);
        let row = match self.profile.lane_map {
            LaneMap::Coalesced => LONGEST_ROW,
            // Its lanes take turns at a barrier, and a load is as slow from the cache as from memory.
            LaneMap::Run => 0,
        };
        KernelLimits { inputs: inputs as usize, axes: MOST_AXES, row }
    }

    fn default_float(&self) -> DType {
        if self.profile.shader_features().f64 { DType::F64 } else { DType::F32 }
    }

    fn fits(&self, dtype: DType, len: usize) -> Result<()> {
        let bytes = len as u128 * dtype.size() as u128;
        let (buffer, memory) = (self.profile.max_buffer, self.device.read().memory_limit());
        let (limit, which) =
            if buffer <= memory { (buffer, "one buffer") } else { (memory, "the pool's memory") };
        if bytes <= u128::from(limit) {
            return Ok(());
        }
        Err(Error::TooLarge {
            place: self.device.read().title(),
            bytes,
            detail: format!("the limit for {which} is {limit} bytes"),
        })
    }

    fn run(&self, kernel: &Kernel) -> Result<Arc<dyn Buffer>> {
        let most = plan::MAX_ELEMENTS as usize;
        if let Some(op) = in_parts(kernel, most) {
            return self.reduce_in_parts(kernel, op, most);
        }
        let plan = fused::plan(kernel, &self.profile.for_shaders());
        if let Err(PlanError::Apart { .. }) = plan {
            return self.run(&kernel.unfused(|reduction| self.run(reduction))?);
        }
        let label = kernel.label();
        let plan = self.planned(&label, plan)?;
        let inputs = kernel
            .inputs
            .iter()
            .map(|input| Ok(downcast::<DeviceBuffer>(&*input.buffer, KIND, &label)?.memory()))
            .collect::<Result<Vec<_>>>()?;
        self.execute(&label, &plan, &inputs, (kernel.output_dtype(), kernel.output_len()))
    }

    fn upload(&self, host: &HostBuffer) -> Result<Arc<dyn Buffer>> {
        let device = self.device();
        let bytes = plan::buffer_bytes(host.dtype(), host.len());
        let memory = device.allocate(bytes, "upload")?;
        device.write(&memory, host.bytes())?;
        Ok(Arc::new(DeviceBuffer::new(host.dtype(), host.len(), memory)))
    }

    fn download(&self, buffer: &dyn Buffer) -> Result<HostBuffer> {
        let source = downcast::<DeviceBuffer>(buffer, KIND, "download")?;
        let memory = source.memory();
        let bytes = (source.len() * source.dtype().size()) as u64;
        if memory.gpu().maps_reads(bytes)
            && let Some(host) =
                HostBuffer::foreign(source.dtype(), source.len(), memory.gpu().map_read(memory)?)
        {
            memory.gpu().count_mapped(bytes);
            return Ok(host);
        }
        let mut host = HostBuffer::unwritten(source.dtype(), source.len())?;
        // The buffer's own device: after a reopening that is the lost one, which says so.
        memory.gpu().read(memory, 0, host.bytes_mut())?;
        Ok(host)
    }

    fn assign(&self, x: &Operand, value: &Operand, part: &Part) -> Result<Arc<dyn Buffer>> {
        let view = |of: &Operand| assign::View {
            strides: of.layout.strides.to_vec(),
            offset: of.layout.offset,
            len: of.buffer.len(),
        };
        let job = assign::Assign {
            dtype: x.buffer.dtype(),
            part: part.clone(),
            value: view(value),
            array: view(x),
        };
        let plan = self.planned("assign", assign::plan(&job, &self.profile.for_shaders()))?;
        let of = |operand| downcast::<DeviceBuffer>(operand, KIND, "assign");
        let inputs = [of(&*value.buffer)?.memory(), of(&*x.buffer)?.memory()];
        let len = part.shape.iter().product();
        self.execute("assign", &plan, &inputs, (job.dtype, len))
    }

    fn keeps_mirror(&self, slot: &MirrorSlot) {
        self.mirrors.keep(slot);
    }

    fn caveats(&self) -> Vec<String> {
        self.device().inexact().map(|probe| probe.name.to_owned()).collect()
    }

    fn synchronize(&self) -> Result<()> {
        Ok(self.device().finish("synchronize")?)
    }
}
