//! Compiled kernels, as many as are kept: programs that meet ever new expressions must not keep every kernel.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::pipeline::Pipeline;

/// Kernels kept unless a program says otherwise: more than a program uses again and again, and at most some 700 MiB where
/// they are largest (1.4 MiB each with Mesa's software adapter, measured as resident memory).
const MOST: usize = 512;

/// A device's compiled kernels in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KernelStats {
    /// Kernels compiled so far, those compiled again among them; every one costs milliseconds.
    pub compiled: usize,
    /// Kernels kept.
    pub kept: usize,
    /// Bytes of the code that the driver was given for these; the driver's own are several times as many.
    pub bytes: u64,
    /// Kernels let go of because others were used more recently.
    pub let_go: usize,
}

/// Compiled kernels by the hash of their structure, the most recently used ones.
#[derive(Debug)]
pub(crate) struct KeptKernels(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    kernels: HashMap<u128, Entry>,
    most: usize,
    /// Counts uses.
    clock: u64,
    stats: KernelStats,
}

#[derive(Debug)]
struct Entry {
    kernel: Arc<Pipeline>,
    used: u64,
}

impl Default for KeptKernels {
    fn default() -> Self {
        let (kernels, stats) = (HashMap::new(), KernelStats::default());
        Self(Mutex::new(Kept { kernels, most: MOST, clock: 0, stats }))
    }
}

impl KeptKernels {
    pub(crate) fn stats(&self) -> KernelStats {
        let kept = self.0.lock();
        KernelStats { kept: kept.kernels.len(), ..kept.stats }
    }

    pub(crate) fn set_most(&self, kernels: usize) {
        let mut kept = self.0.lock();
        kept.most = kernels.max(1);
        let gone = kept.shrink();
        drop(kept);
        drop(gone);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().kernels.values().map(|entry| entry.kernel.name().to_owned()).collect()
    }

    pub(crate) fn find(&self, key: u128) -> Option<Arc<Pipeline>> {
        let mut kept = self.0.lock();
        kept.clock += 1;
        let now = kept.clock;
        let entry = kept.kernels.get_mut(&key)?;
        entry.used = now;
        Some(Arc::clone(&entry.kernel))
    }

    /// Keeps a kernel that was compiled, unless another thread was first; the kernel to use.
    pub(crate) fn keep(&self, key: u128, made: Arc<Pipeline>) -> Arc<Pipeline> {
        let mut kept = self.0.lock();
        kept.stats.compiled += 1;
        if let Some(entry) = kept.kernels.get(&key) {
            return Arc::clone(&entry.kernel);
        }
        let entry = Entry { kernel: Arc::clone(&made), used: kept.clock };
        kept.stats.bytes += made.bytes();
        kept.kernels.insert(key, entry);
        let gone = kept.shrink();
        // The driver may take its time to destroy them.
        drop(kept);
        drop(gone);
        made
    }
}

impl Kept {
    /// The kernels that there are too many of, least recently used first; with them an eighth, so that their search is
    /// made for every eighth kernel only.
    fn shrink(&mut self) -> Vec<Entry> {
        if self.kernels.len() <= self.most {
            return Vec::new();
        }
        let surplus = self.kernels.len() - (self.most - self.most / 8);
        let mut uses: Vec<(u64, u128)> = self.kernels.iter().map(|(key, entry)| (entry.used, *key)).collect();
        uses.select_nth_unstable(surplus - 1);
        let gone: Vec<Entry> =
            uses[..surplus].iter().filter_map(|(_, key)| self.kernels.remove(key)).collect();
        self.stats.let_go += gone.len();
        self.stats.bytes -= gone.iter().map(|entry| entry.kernel.bytes()).sum::<u64>();
        gone
    }
}
