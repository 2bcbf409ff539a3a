//! A small generator: splitmix64 (Steele, Lea, Flood 2014); and samples of what would be too many cases, each of which is
//! one more kernel to compile.

/// Takes a part of the cases, always the same.
pub struct Sample(u64);

impl Sample {
    pub fn new(seed: u64) -> Sample {
        Sample(seed)
    }

    /// True for one case of `of`.
    pub fn takes(&mut self, of: u64) -> bool {
        random(&mut self.0).is_multiple_of(of)
    }
}

pub fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
