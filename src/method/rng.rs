//! Counter-based random numbers: the draw of a run does not depend on threads, order or other runs.

use libm::{log, sqrt};

/// One Philox4x32-10 block (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four
/// 32-bit words from a 128-bit counter and a 64-bit key.
#[must_use]
pub fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let products = [MULTIPLIERS[0] * u64::from(counter[0]), MULTIPLIERS[1] * u64::from(counter[2])];
        // High and low halves of the products: the truncation is the algorithm.
        #[allow(clippy::cast_possible_truncation)]
        let (high, low) = ([(products[0] >> 32) as u32, (products[1] >> 32) as u32], [products[0] as u32, products[1] as u32]);
        counter = [high[1] ^ counter[1] ^ key[0], low[1], high[0] ^ counter[3] ^ key[1], low[0]];
    }
    counter
}

/// A stream of standard normal draws for one key.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The stream of a name under a seed. The key is the first 64 bits of SHA-256(seed, name).
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        use sha2::{Digest, Sha256};
        let mut hasher = Sha256::new();
        hasher.update(seed.to_le_bytes());
        hasher.update(name.as_bytes());
        let d = hasher.finalize();
        Self { key: [u32::from_le_bytes([d[0], d[1], d[2], d[3]]), u32::from_le_bytes([d[4], d[5], d[6], d[7]])] }
    }

    /// Four 32-bit words of draw `draw` and block `block`.
    #[must_use]
    pub fn words(self, draw: u32, block: u32) -> [u32; 4] {
        philox4x32_10([draw, block, 0, 0], self.key)
    }

    /// Four uniforms in (0, 1) of draw `draw` and block `block`.
    #[must_use]
    pub fn uniforms(self, draw: u32, block: u32) -> [f64; 4] {
        // Half a step off zero keeps both ends open: the smallest value is 2^-33.
        self.words(draw, block).map(|w| (f64::from(w) + 0.5) / 4_294_967_296.0)
    }

    /// Four standard normals of draw `draw` and block `block`.
    #[must_use]
    pub fn normals(self, draw: u32, block: u32) -> [f64; 4] {
        self.uniforms(draw, block).map(normal_quantile)
    }
}

/// Standard normal quantile for p in [e^-25, 1 - e^-25], which holds every uniform above: Wichura, algorithm AS 241 (PPND16),
/// Applied Statistics 37 (1988) 477-484; relative accuracy about 1e-16.
#[must_use]
#[allow(clippy::excessive_precision)] // The published digits, all of them.
pub fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 8] = [
        3.387_132_872_796_366_608,
        133.141_667_891_784_377_45,
        1_971.590_950_306_551_442_7,
        13_731.693_765_509_461_125,
        45_921.953_931_549_871_457,
        67_265.770_927_008_700_853,
        33_430.575_583_588_128_105,
        2_509.080_928_730_122_672_7,
    ];
    const B: [f64; 8] = [
        1.0,
        42.313_330_701_600_911_252,
        687.187_007_492_057_908_3,
        5_394.196_021_424_751_107_7,
        21_213.794_301_586_595_867,
        39_307.895_800_092_710_61,
        28_729.085_735_721_942_674,
        5_226.495_278_852_854_561,
    ];
    const C: [f64; 8] = [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_9,
        5.769_497_221_460_691_405_5,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        0.241_780_725_177_450_611_77,
        0.022_723_844_989_269_184_583_3,
        7.745_450_142_783_414_076_4e-4,
    ];
    const D: [f64; 8] = [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_4,
        0.689_767_334_985_100_004_55,
        0.148_103_976_427_480_074_59,
        0.015_198_666_563_616_457_196_6,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ];
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * horner(&A, r) / horner(&B, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = sqrt(-log(tail)) - 1.6;
    let z = horner(&C, r) / horner(&D, r);
    if q < 0.0 { -z } else { z }
}

fn horner(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known-answer vectors of the Random123 distribution (kat_vectors, philox4x32 10).
    #[test]
    fn philox_known_answers() {
        assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32_10([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    /// Wichura 1988, section "test data": PPND16 at 0.25 and 0.001; and statrs over the whole range in use.
    #[test]
    fn normal_quantile_published_values() {
        assert!((normal_quantile(0.25) - -0.674_489_750_196_081_7).abs() < 1e-15);
        assert!((normal_quantile(0.001) - -3.090_232_306_167_814).abs() < 1e-14);
        use statrs::distribution::{ContinuousCDF, Normal};
        let reference = Normal::new(0.0, 1.0).unwrap();
        for i in 1..2000 {
            let p = f64::from(i) / 2000.0;
            assert!((reference.cdf(normal_quantile(p)) - p).abs() < 1e-10, "{p}");
        }
        assert!((reference.cdf(normal_quantile(1e-9)) / 1e-9 - 1.0).abs() < 1e-5);
    }

    #[test]
    fn streams_differ_by_name_and_repeat_by_name() {
        let a = Stream::new(1, "a/b#pretraining");
        assert_eq!(a.normals(3, 0), Stream::new(1, "a/b#pretraining").normals(3, 0));
        assert_ne!(a.normals(3, 0), Stream::new(1, "a/c#pretraining").normals(3, 0));
        assert_ne!(a.normals(3, 0), Stream::new(2, "a/b#pretraining").normals(3, 0));
    }
}
