//! An open device: what is shared by all its buffers, kernels and batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::adapters::Adapter;
use crate::error::{GpuError, Result};
use crate::health::Health;
use crate::kept::{KeptKernels, KernelStats};
use crate::mapped_read::MappedReads;
use crate::pool::{Pool, PoolStats, PressureHook};
use crate::probes::{self, Outcome};
use crate::profile::Profile;
use crate::submit::Recorder;
use crate::transfer::{TransferStats, Transfers};

/// How long a single wait may take where nobody says otherwise.
const PATIENCE: Duration = Duration::from_secs(120);
/// One poll; between two of them a lost device is noticed.
const POLL: Duration = Duration::from_millis(500);

/// A handle of an open device; clones share it. The device closes with the last of its handles and
/// buffers.
#[derive(Clone)]
pub struct Gpu(Arc<Shared>);

struct Shared {
    name: String,
    adapter: &'static Adapter,
    profile: Profile,
    health: Arc<Health>,
    pool: Pool,
    mapped_reads: MappedReads,
    transfers: Transfers,
    kernels: KeptKernels,
    probes: Vec<Outcome>,
    patience: AtomicU64,
    recorder: Mutex<Recorder>,
    queue: wgpu::Queue,
    device: wgpu::Device,
}

impl std::fmt::Debug for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gpu({})", self.title())
    }
}

impl Gpu {
    /// Opens `adapter` with every feature that kernels can use, and probes its arithmetic.
    ///
    /// # Errors
    /// [`GpuError::Open`], and [`GpuError::Inexact`] where needed probes fail and `POLYARRAY_EXACT` is 1.
    pub fn open(adapter: &'static Adapter) -> Result<Self> {
        Self::open_as(adapter, adapter.profile.clone())
    }

    /// As [`Gpu::open`], with a profile that claims less than the adapter offers: how tests run the
    /// paths of poorer adapters.
    ///
    /// # Errors
    /// As [`Gpu::open`].
    pub fn open_as(adapter: &'static Adapter, profile: Profile) -> Result<Self> {
        let (device, queue) = request(adapter, &profile)?;
        let health = Arc::new(Health::new(adapter.title()));
        let lost = Arc::clone(&health);
        device.set_device_lost_callback(move |reason, message| {
            lost.lose(if message.is_empty() { format!("{reason:?}") } else { message });
        });
        let faulty = Arc::clone(&health);
        // wgpu's own handler panics; a shared device must not take the process with it.
        device.on_uncaptured_error(Arc::new(move |error| faulty.fault(error.to_string())));
        let limit = profile.default_memory_limit();
        let mut shared = Shared {
            name: adapter.name(),
            adapter,
            health,
            pool: Pool::new(limit),
            mapped_reads: MappedReads::default(),
            transfers: Transfers::default(),
            kernels: KeptKernels::default(),
            probes: Vec::new(),
            patience: AtomicU64::new(PATIENCE.as_millis() as u64),
            recorder: Mutex::new(Recorder::new()),
            queue,
            device,
            profile,
        };
        // The probes need a device to run on, the finished device needs their outcome: they run on a
        // handle that is taken apart again, when nothing else has seen it.
        let mut gpu = Self(Arc::new(shared));
        let outcomes = probes::run(&gpu)?;
        shared = Arc::try_unwrap(gpu.0).map_err(|shared| GpuError::Open {
            adapter: shared.adapter.title(),
            reason: "a probe kept the device".to_owned(),
        })?;
        shared.probes = outcomes;
        gpu = Self(Arc::new(shared));
        probes::require(&gpu.title(), gpu.probes(), &crate::adapters::environment)?;
        gpu.0.transfers.reset();
        Ok(gpu)
    }

    /// The residency name, `gpu:N`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The name and what the driver calls itself.
    pub fn title(&self) -> String {
        self.0.adapter.title()
    }

    /// The adapter behind the device.
    pub fn adapter(&self) -> &'static Adapter {
        self.0.adapter
    }

    /// What kernels need to know of the adapter.
    pub fn profile(&self) -> &Profile {
        &self.0.profile
    }

    /// What the algebra probes found when the device was opened.
    pub fn probes(&self) -> &[Outcome] {
        &self.0.probes
    }

    /// What kernels rely on and the device's compiler does not keep: results may differ from the numeric contract in it.
    pub fn inexact(&self) -> impl Iterator<Item = &Outcome> {
        self.0.probes.iter().filter(|probe| probe.needed && !probe.holds)
    }

    /// Whether both handles are of one open device (two devices of one adapter are not).
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// # Errors
    /// The sticky [`GpuError::DeviceLost`] or [`GpuError::Fault`].
    pub fn check(&self) -> Result<()> {
        self.0.health.check()
    }

    /// Gives the device up: every later call on it, or on its buffers, fails with
    /// [`GpuError::DeviceLost`]. Another one can be opened. Bytes that host arrays read in its memory stay theirs.
    pub fn destroy(&self) {
        self.0.health.lose("destroyed by the program".to_owned());
        self.trim();
        self.0.mapped_reads.destroy(&self.0.device);
    }

    /// What the pool holds and has done.
    pub fn pool_stats(&self) -> PoolStats {
        self.0.pool.stats()
    }

    /// The pool's hard limit in bytes.
    pub fn memory_limit(&self) -> u64 {
        self.0.pool.limit()
    }

    /// Sets the pool's hard limit in bytes. What is in use beyond it stays in use.
    pub fn set_memory_limit(&self, bytes: u64) {
        self.0.pool.set_limit(bytes);
    }

    /// Gives kept buffers back to the driver; the bytes given back.
    pub fn trim(&self) -> u64 {
        self.0.pool.trim()
    }

    /// Has `hook` called before an allocation fails; it answers the bytes it let go of.
    pub fn on_pressure(&self, hook: PressureHook) {
        self.0.pool.add_hook(hook);
    }

    /// Fills every buffer handed out from now on with `pattern`, so that tests see what a kernel
    /// leaves unwritten; `None` ends it.
    pub fn set_poison(&self, pattern: Option<u32>) {
        self.0.pool.set_poison(pattern);
    }

    /// How long one wait may take; a dispatch that takes longer is an error, not a hang.
    pub fn set_patience(&self, patience: Duration) {
        let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        self.0.patience.store(millis.max(1), Ordering::Relaxed);
    }

    /// The copies between host and device so far.
    pub fn transfer_stats(&self) -> TransferStats {
        self.0.transfers.stats()
    }

    /// Kernels compiled so far, and those kept.
    pub fn kernel_stats(&self) -> KernelStats {
        self.0.kernels.stats()
    }

    /// Sets how many compiled kernels are kept. Beyond it those used least recently are let go of; they are compiled
    /// again when they are used.
    pub fn set_kernel_limit(&self, kernels: usize) {
        self.0.kernels.set_most(kernels);
    }

    /// Kernel calls recorded so far.
    pub fn dispatches(&self) -> u64 {
        self.recorder().dispatches()
    }

    /// Batches handed to the device so far.
    pub fn submits(&self) -> u64 {
        self.recorder().submits()
    }

    /// THE polling path: waits until all that was handed over is done. Finite, and a lost device
    /// ends it.
    ///
    /// # Errors
    /// [`GpuError::Timeout`], [`GpuError::DeviceLost`].
    pub fn wait(&self, operation: &'static str) -> Result<()> {
        self.wait_for(operation, None)
    }

    /// The same for what was handed over up to a submission.
    pub(crate) fn wait_for(
        &self,
        operation: &'static str,
        submission_index: Option<wgpu::SubmissionIndex>,
    ) -> Result<()> {
        let patience = self.patience();
        let start = Instant::now();
        loop {
            self.check()?;
            let slice = POLL.min(patience.saturating_sub(start.elapsed()));
            let poll =
                wgpu::PollType::Wait { submission_index: submission_index.clone(), timeout: Some(slice) };
            match self.0.device.poll(poll) {
                Ok(_) => return self.check(),
                Err(wgpu::PollError::Timeout) if start.elapsed() < patience => {}
                Err(_) => {
                    self.check()?;
                    return Err(GpuError::Timeout {
                        operation,
                        device: self.title(),
                        seconds: patience.as_secs_f64(),
                    });
                }
            }
        }
    }

    /// How long one wait may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_millis(self.0.patience.load(Ordering::Relaxed))
    }

    pub(crate) fn is_well(&self) -> bool {
        self.0.health.is_well()
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    pub(crate) fn mapped_reads(&self) -> &MappedReads {
        &self.0.mapped_reads
    }

    pub(crate) fn transfers(&self) -> &Transfers {
        &self.0.transfers
    }

    pub(crate) fn kept_kernels(&self) -> &KeptKernels {
        &self.0.kernels
    }

    pub(crate) fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.0.recorder.lock()
    }

    pub(crate) fn raw_device(&self) -> &wgpu::Device {
        &self.0.device
    }

    pub(crate) fn raw_queue(&self) -> &wgpu::Queue {
        &self.0.queue
    }

    /// Runs `work` and answers what wgpu complained of meanwhile, on this thread. The error scopes
    /// are popped whatever happens: a guard that is dropped pops itself.
    pub(crate) fn scoped<T>(&self, work: impl FnOnce() -> T) -> Result<T, String> {
        let device = &self.0.device;
        let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = device.push_error_scope(wgpu::ErrorFilter::Internal);
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let answer = work();
        let found = [
            pollster::block_on(memory.pop()),
            pollster::block_on(internal.pop()),
            pollster::block_on(validation.pop()),
        ];
        match found.into_iter().flatten().next() {
            None => Ok(answer),
            Some(error) => Err(error.to_string()),
        }
    }

    /// A buffer that kernels can use, or `None` where the driver has no memory.
    pub(crate) fn create_pooled(&self, bytes: u64) -> Option<wgpu::Buffer> {
        use wgpu::BufferUsages as Usage;
        let mut usage = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
        if self.0.profile.mapped_primary {
            usage |= Usage::MAP_READ | Usage::MAP_WRITE;
        }
        let descriptor =
            wgpu::BufferDescriptor { label: None, size: bytes, usage, mapped_at_creation: false };
        self.scoped(|| self.0.device.create_buffer(&descriptor)).ok()
    }
}

fn request(adapter: &Adapter, profile: &Profile) -> Result<(wgpu::Device, wgpu::Queue)> {
    use wgpu::Features;
    let mut wanted = Features::SUBGROUP | Features::SHADER_F16 | Features::SHADER_I16;
    let claimed = [
        (profile.f64, Features::SHADER_F64),
        (profile.int64, Features::SHADER_INT64),
        (profile.immediates > 0, Features::IMMEDIATES),
        (profile.mapped_primary, Features::MAPPABLE_PRIMARY_BUFFERS),
        (profile.timestamps, Features::TIMESTAMP_QUERY),
        (profile.passthrough, Features::PASSTHROUGH_SHADERS),
    ];
    for (_, feature) in claimed.iter().filter(|(claimed, _)| *claimed) {
        wanted |= *feature;
    }
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("polyarray"),
        required_features: wanted & adapter.raw.features(),
        // The adapter's own limits: the defaults of WebGPU are those of a phone.
        required_limits: adapter.raw.limits(),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..wgpu::DeviceDescriptor::default()
    };
    pollster::block_on(adapter.raw.request_device(&descriptor))
        .map_err(|error| GpuError::Open { adapter: adapter.title(), reason: error.to_string() })
}
