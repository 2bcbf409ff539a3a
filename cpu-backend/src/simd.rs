//! Loops compiled twice: for the processor that every x86-64 machine is, and for one with AVX2. Which one runs
//! is found out when the program runs. No loop here contracts `a * b + c`, so both give the same bits.

/// A loop over slices. `run` must be `#[inline(always)]`: only then is it compiled with the wide instructions
/// of the function that it is inlined into.
pub trait Loop {
    /// What it computes.
    type Out;
    /// Runs it.
    fn run(self) -> Self::Out;
}

/// Runs a loop with the widest instructions that this processor has.
pub fn widest<L: Loop>(task: L) -> L::Out {
    #[cfg(target_arch = "x86_64")]
    if avx2() {
        // SAFETY: `avx2` found every feature that the function is compiled for.
        return unsafe { with_avx2(task) };
    }
    task.run()
}

/// The processor has what [`with_avx2`] is compiled for. The standard library keeps the answer.
#[cfg(target_arch = "x86_64")]
fn avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn with_avx2<L: Loop>(task: L) -> L::Out {
    task.run()
}

/// Do kernels run with wide vectors here?
pub fn wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return avx2();
    #[cfg(not(target_arch = "x86_64"))]
    false
}
