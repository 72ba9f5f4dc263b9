//! Everything that is left to chance in one seed, from one number.

/// SplitMix64: small, fast, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub const fn below(&mut self, bound: usize) -> usize {
        // The remainder favours small numbers by one part in 2^64 / bound, which is nothing here.
        if bound == 0 { 0 } else { (self.draw() % bound as u64) as usize }
    }

    /// A number in `[low, high)`.
    pub const fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(if high > low { (high - low) as usize } else { 0 }) as i64
    }

    /// True so many times in ten thousand.
    pub const fn of_ten_thousand(&mut self, rate: u16) -> bool {
        self.below(10_000) < rate as usize
    }

    pub const fn coin(&mut self) -> bool {
        self.draw() & 1 == 1
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}
