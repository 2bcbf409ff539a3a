//! Compiled kernels, as many as are kept: programs that meet ever new expressions must not keep every kernel.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::pipeline::Pipeline;

/// Kernels kept unless a program says otherwise: more than a program uses again and again, and at most some 700 MiB where
/// they are largest (1.4 MiB each with Mesa's software adapter, measured as resident memory).
const MOST: usize = 512;

/// Bytes of their code that are kept: where kernels are large, fewer of them.
const MOST_BYTES: u64 = 32 << 20;

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
    /// The kernels that there are too many of, or whose code is too long, least recently used first; with them an eighth, so
    /// that their search is made for every eighth kernel only.
    fn shrink(&mut self) -> Vec<Entry> {
        let sizes = || self.kernels.iter().map(|(key, entry)| (entry.used, *key, entry.kernel.bytes()));
        if self.kernels.len() <= self.most && self.stats.bytes <= MOST_BYTES {
            return Vec::new();
        }
        let mut uses: Vec<(u64, u128, u64)> = sizes().collect();
        uses.sort_unstable();
        let surplus =
            surplus(&uses.iter().map(|&(.., bytes)| bytes).collect::<Vec<_>>(), self.most, MOST_BYTES);
        let gone: Vec<Entry> =
            uses[..surplus].iter().filter_map(|(_, key, _)| self.kernels.remove(key)).collect();
        self.stats.let_go += gone.len();
        self.stats.bytes -= gone.iter().map(|entry| entry.kernel.bytes()).sum::<u64>();
        gone
    }
}

/// How many of kernels of these sizes go, from the first one on, so that seven eighths of what may be kept are left; the last
/// one, which is in use, stays.
fn surplus(sizes: &[u64], most: usize, most_bytes: u64) -> usize {
    let (mut count, mut bytes) = (sizes.len(), sizes.iter().sum::<u64>());
    let gone = sizes.iter().take_while(|&&size| {
        let goes = count > 1 && (count > most - most / 8 || bytes > most_bytes - most_bytes / 8);
        count -= usize::from(goes);
        bytes -= if goes { size } else { 0 };
        goes
    });
    gone.count()
}

#[cfg(test)]
mod tests {
    use super::surplus;

    #[test]
    fn kernels_go_by_their_number_and_by_the_length_of_their_code() {
        assert_eq!(surplus(&[1; 9], 8, 1000), 2, "seven of eight stay");
        assert_eq!(surplus(&[100; 11], 512, 1000), 3, "875 bytes stay");
        assert_eq!(surplus(&[900, 1, 1, 200], 512, 1000), 1);
        assert_eq!(surplus(&[5000], 512, 1000), 0, "the one in use stays");
        assert_eq!(surplus(&[1, 1, 1], 1, 1000), 2);
    }
}
