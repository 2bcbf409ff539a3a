//! The one error enum of the backend: every variant names what was asked, of which device, and what
//! to do about it.

/// The command that installs Mesa's software adapter, which every missing-adapter message quotes.
pub const MENDING_COMMAND: &str = "apt-get install -y mesa-vulkan-drivers libvulkan1";

/// A result of the GPU backend.
pub type Result<T, E = GpuError> = std::result::Result<T, E>;

/// Whatever can go wrong between a host program and a GPU.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// No adapter of Vulkan, Metal or DirectX 12 answered.
    #[error(
        "no GPU adapter found (Vulkan, Metal and DirectX 12 were asked). A machine without a GPU can \
         use Mesa's software adapter: `{MENDING_COMMAND}`"
    )]
    NoAdapter,

    /// A name in the environment or a call matches no adapter.
    #[error("{asked_by} names `{asked}`, but no adapter matches it; the adapters are: {known}")]
    UnknownAdapter {
        /// What was asked for.
        asked: String,
        /// Who asked: an environment variable or a function.
        asked_by: &'static str,
        /// The adapters there are, by index and name.
        known: String,
    },

    /// The adapter is there but gave no device.
    #[error("{adapter}: opening a device failed: {reason}")]
    Open {
        /// The adapter, by index and name.
        adapter: String,
        /// What the driver said.
        reason: String,
    },

    /// The adapter's shader compiler rewrites float algebra in a way that nothing here prevents, and exactness was asked for.
    #[error(
        "{adapter} can't be used with POLYARRAY_EXACT=1: its arithmetic is not exact where it must be ({failed}). \
         Choose another adapter with POLYARRAY_ADAPTER, update its driver, or unset POLYARRAY_EXACT"
    )]
    Inexact {
        /// The adapter, by index and name.
        adapter: String,
        /// The probes that failed, each with what came and what should have come.
        failed: String,
    },

    /// The device is gone: unplugged, reset, or destroyed. Its arrays are gone with it.
    #[error("{device} is lost ({reason}); arrays on it are gone, open a new device and upload again")]
    DeviceLost {
        /// The device, by name.
        device: String,
        /// What the driver said.
        reason: String,
    },

    /// wgpu reported an error that belongs to no call: what was computed since can't be trusted.
    #[error("{device} reported an error outside any call: {reason}; open a new device")]
    Fault {
        /// The device, by name.
        device: String,
        /// What was reported.
        reason: String,
    },

    /// There is no room at this moment; freeing arrays helps.
    #[error(
        "{operation}: {device} is full: {asked} bytes asked, {in_use} in use of a limit of {limit}. \
         Drop arrays on the device, or work in smaller pieces"
    )]
    OutOfMemory {
        /// What was being done.
        operation: String,
        /// The device, by name.
        device: String,
        /// Bytes asked for.
        asked: u64,
        /// Bytes held by live buffers.
        in_use: u64,
        /// The pool's hard limit.
        limit: u64,
    },

    /// No amount of freeing makes room for this.
    #[error(
        "{operation}: {asked} bytes can never fit on {device}, whose limit for {which} is {limit}; \
         work in smaller pieces or on the host"
    )]
    CanNeverFit {
        /// What was being done.
        operation: String,
        /// The device, by name.
        device: String,
        /// Bytes asked for.
        asked: u64,
        /// The limit met.
        limit: u64,
        /// Which limit that is.
        which: &'static str,
    },

    /// The device did not finish in time.
    #[error("{operation}: {device} did not finish within {seconds} s")]
    Timeout {
        /// What was being waited for.
        operation: &'static str,
        /// The device, by name.
        device: String,
        /// How long it was waited for.
        seconds: f64,
    },

    /// A shader does not parse, does not validate, or the driver refused it.
    #[error("kernel `{kernel}` does not compile for {device}: {reason}")]
    Shader {
        /// The kernel's name.
        kernel: String,
        /// The device, by name.
        device: String,
        /// naga's or the driver's message, with its source span where there is one.
        reason: String,
    },

    /// The buffers or parameters handed to a kernel are not those it declares.
    #[error("kernel `{kernel}`: {problem}")]
    Binding {
        /// The kernel's name.
        kernel: String,
        /// What does not fit, with both sides.
        problem: String,
    },

    /// A grid with more workgroups than the device can be given.
    #[error("kernel `{kernel}`: a grid of {asked:?} workgroups exceeds {limit} per dimension on {device}")]
    Grid {
        /// The kernel's name.
        kernel: String,
        /// The device, by name.
        device: String,
        /// The workgroups asked for.
        asked: [u64; 3],
        /// The limit per dimension.
        limit: u32,
    },

    /// A copy between host and device does not fit the buffer.
    #[error("{operation}: bytes {start}..{end} are outside a buffer of {len} bytes")]
    Range {
        /// The copy.
        operation: &'static str,
        /// First byte.
        start: u64,
        /// One past the last byte.
        end: u64,
        /// The buffer's length in bytes.
        len: u64,
    },

    /// A mapping failed although the device is there.
    #[error("{operation}: mapping a buffer of {device} failed: {reason}")]
    Map {
        /// The copy.
        operation: &'static str,
        /// The device, by name.
        device: String,
        /// What wgpu said.
        reason: String,
    },
}

/// The message: what `main` prints of an error that it returns, and `unwrap` of one that it meets.
impl std::fmt::Debug for GpuError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
