//! Loops compiled several times: for the processor that every x86-64 machine is, for one with AVX2, and, where
//! arithmetic and not memory is the limit, for one with AVX-512. Which one runs is found out when the program runs.
//! No loop contracts `a * b + c` unless it says so, and then it runs only where products are fused: all versions of
//! a loop give the same bits.

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
pub fn avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn with_avx2<L: Loop>(task: L) -> L::Out {
    task.run()
}

/// The widest vectors that loops run with here.
pub fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if avx512() {
        return "AVX-512";
    } else if avx2() {
        return "AVX2";
    }
    "baseline"
}

/// Runs a loop of arithmetic on fused products with the widest instructions that this processor has; gives it back
/// where the processor has no fused product (each would be a call).
pub fn fused<L: Loop>(task: L) -> Result<L::Out, L> {
    #[cfg(target_arch = "x86_64")]
    {
        if avx512() {
            // SAFETY: `avx512` found every feature that the function is compiled for.
            return Ok(unsafe { with_avx512(task) });
        }
        if avx2() {
            // SAFETY: `avx2` found every feature that the function is compiled for.
            return Ok(unsafe { with_avx2(task) });
        }
        Err(task)
    }
    #[cfg(target_arch = "aarch64")]
    {
        Ok(task.run())
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        Err(task)
    }
}

/// The processor has what [`with_avx512`] is compiled for.
#[cfg(target_arch = "x86_64")]
pub fn avx512() -> bool {
    avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")]
fn with_avx512<L: Loop>(task: L) -> L::Out {
    task.run()
}
