//! Whether a device can still be trusted. Sticky: what was once lost stays lost.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::error::{GpuError, Result};

/// Set from wgpu's callbacks, read on every call. wgpu itself reports nothing when work is given to
/// a destroyed device, so this flag is the only thing that stands between a lost device and garbage.
#[derive(Debug)]
pub(crate) struct Health {
    device: String,
    sick: AtomicBool,
    reason: Mutex<Option<Sickness>>,
}

#[derive(Debug, Clone)]
enum Sickness {
    Lost(String),
    Fault(String),
}

impl Health {
    pub(crate) fn new(device: String) -> Self {
        Self { device, sick: AtomicBool::new(false), reason: Mutex::new(None) }
    }

    /// # Errors
    /// The first thing that went wrong, on every call since.
    pub(crate) fn check(&self) -> Result<()> {
        if !self.sick.load(Ordering::Acquire) {
            return Ok(());
        }
        let device = self.device.clone();
        match self.reason.lock().clone() {
            Some(Sickness::Fault(reason)) => Err(GpuError::Fault { device, reason }),
            Some(Sickness::Lost(reason)) => Err(GpuError::DeviceLost { device, reason }),
            None => Err(GpuError::DeviceLost { device, reason: "no reason given".to_owned() }),
        }
    }

    pub(crate) fn is_well(&self) -> bool {
        !self.sick.load(Ordering::Acquire)
    }

    /// A lost device overrules an earlier fault: only opening another one helps then.
    pub(crate) fn lose(&self, reason: String) {
        let mut held = self.reason.lock();
        if !matches!(*held, Some(Sickness::Lost(_))) {
            *held = Some(Sickness::Lost(reason));
        }
        self.sick.store(true, Ordering::Release);
    }

    pub(crate) fn fault(&self, reason: String) {
        let mut held = self.reason.lock();
        if held.is_none() {
            *held = Some(Sickness::Fault(reason));
        }
        self.sick.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sickness_is_sticky_and_loss_overrules_fault() {
        let health = Health::new("gpu:0".to_owned());
        health.check().expect("well at first");
        health.fault("first".to_owned());
        health.fault("second".to_owned());
        assert!(health.check().unwrap_err().to_string().contains("first"));
        health.lose("unplugged".to_owned());
        health.fault("third".to_owned());
        assert!(matches!(health.check(), Err(GpuError::DeviceLost { .. })));
        assert!(matches!(health.check(), Err(GpuError::DeviceLost { .. })));
    }
}
