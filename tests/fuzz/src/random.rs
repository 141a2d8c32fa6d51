//! SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): repeatable, not secret.

pub struct Random(u64);

impl Random {
    pub const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    /// Below `bound`; zero when that is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }
    pub fn octet(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }
}
