//! Least squares against the NIST Statistical Reference Datasets, https://www.itl.nist.gov/div898/strd/ (public domain): the linear sets
//! that are not among the unit tests of `method::ols`. Digits of agreement with the certified values are printed per coefficient.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test that cannot solve has failed, and its digits are what one wants to see.

use hugging_carbon::method::ols::{Design, solve};

/// log10 of the inverse relative error.
fn digits(got: f64, certified: f64) -> f64 {
    -((got - certified).abs() / certified.abs()).max(1e-16).log10()
}

fn agrees(set: &str, design: &[Vec<f64>], y: &[f64], certified: &[f64], wanted: f64) {
    let solution = solve(&Design::from_rows(design), y).unwrap();
    assert_eq!(solution.coefficients.len(), certified.len());
    for (i, (got, expected)) in solution.coefficients.iter().zip(certified).enumerate() {
        let digits = digits(*got, *expected);
        eprintln!("{set:9} B{i:<2} {digits:4.1} digits");
        assert!(digits >= wanted, "{set} B{i}: {got} against {expected}, {digits:.1} digits");
    }
}

fn polynomial(x: &[f64], degree: i32) -> Vec<Vec<f64>> {
    x.iter().map(|x| (0..=degree).map(|p| x.powi(p)).collect()).collect()
}

#[test]
fn pontius() {
    let y = [
        0.11019, 0.21956, 0.32949, 0.43899, 0.54803, 0.65694, 0.76562, 0.87487, 0.98292, 1.09146, 1.20001, 1.30822, 1.41599,
        1.52399, 1.63194, 1.73947, 1.84646, 1.95392, 2.06128, 2.16844, 0.11052, 0.22018, 0.32939, 0.43886, 0.54798, 0.65739,
        0.76596, 0.87474, 0.98300, 1.09150, 1.20004, 1.30818, 1.41613, 1.52408, 1.63159, 1.73965, 1.84696, 1.95445, 2.06177,
        2.16829,
    ];
    let x: Vec<f64> = (0..40).map(|i| 150_000.0 * f64::from(i % 20 + 1)).collect();
    let certified = [0.673565789473684e-3, 0.732059160401003e-6, -0.316081871345029e-14];
    agrees("Pontius", &polynomial(&x, 2), &y, &certified, 9.0);
}

/// Without an intercept.
#[test]
fn no_intercept() {
    let column = |x: std::ops::RangeInclusive<i32>| -> Vec<Vec<f64>> { x.map(|x| vec![f64::from(x)]).collect() };
    let y: Vec<f64> = (130..=140).map(f64::from).collect();
    agrees("NoInt1", &column(60..=70), &y, &[2.07438016528926], 9.0);
    agrees("NoInt2", &column(4..=6), &[3.0, 4.0, 4.0], &[0.727272727272727], 9.0);
}

/// A polynomial of the tenth degree whose condition number is beyond 1e15: double precision allows some seven digits.
#[test]
fn filip() {
    let y = [
        0.8116, 0.9072, 0.9052, 0.9039, 0.8053, 0.8377, 0.8667, 0.8809, 0.7975, 0.8162, 0.8515, 0.8766, 0.8885, 0.8859, 0.8959,
        0.8913, 0.8959, 0.8971, 0.9021, 0.909, 0.9139, 0.9199, 0.8692, 0.8872, 0.89, 0.891, 0.8977, 0.9035, 0.9078, 0.7675, 0.7705,
        0.7713, 0.7736, 0.7775, 0.7841, 0.7971, 0.8329, 0.8641, 0.8804, 0.7668, 0.7633, 0.7678, 0.7697, 0.77, 0.7749, 0.7796,
        0.7897, 0.8131, 0.8498, 0.8741, 0.8061, 0.846, 0.8751, 0.8856, 0.8919, 0.8934, 0.894, 0.8957, 0.9047, 0.9129, 0.9209,
        0.9219, 0.7739, 0.7681, 0.7665, 0.7703, 0.7702, 0.7761, 0.7809, 0.7961, 0.8253, 0.8602, 0.8809, 0.8301, 0.8664, 0.8834,
        0.8898, 0.8964, 0.8963, 0.9074, 0.9119, 0.9228,
    ];
    let x = [
        -6.860120914,
        -4.324130045,
        -4.358625055,
        -4.358426747,
        -6.955852379,
        -6.661145254,
        -6.355462942,
        -6.118102026,
        -7.115148017,
        -6.815308569,
        -6.519993057,
        -6.204119983,
        -5.853871964,
        -6.109523091,
        -5.79832982,
        -5.482672118,
        -5.171791386,
        -4.851705903,
        -4.517126416,
        -4.143573228,
        -3.709075441,
        -3.499489089,
        -6.300769497,
        -5.953504836,
        -5.642065153,
        -5.031376979,
        -4.680685696,
        -4.329846955,
        -3.928486195,
        -8.56735134,
        -8.363211311,
        -8.107682739,
        -7.823908741,
        -7.522878745,
        -7.218819279,
        -6.920818754,
        -6.628932138,
        -6.323946875,
        -5.991399828,
        -8.781464495,
        -8.663140179,
        -8.473531488,
        -8.247337057,
        -7.971428747,
        -7.676129393,
        -7.352812702,
        -7.072065318,
        -6.774174009,
        -6.478861916,
        -6.159517513,
        -6.835647144,
        -6.53165267,
        -6.224098421,
        -5.910094889,
        -5.598599459,
        -5.290645224,
        -4.974284616,
        -4.64454848,
        -4.290560426,
        -3.885055584,
        -3.408378962,
        -3.13200249,
        -8.726767166,
        -8.66695597,
        -8.511026475,
        -8.165388579,
        -7.886056648,
        -7.588043762,
        -7.283412422,
        -6.995678626,
        -6.691862621,
        -6.392544977,
        -6.067374056,
        -6.684029655,
        -6.378719832,
        -6.065855188,
        -5.752272167,
        -5.132414673,
        -4.811352704,
        -4.098269308,
        -3.66174277,
        -3.2644011,
    ];
    let certified = [
        -1467.48961422980,
        -2772.17959193342,
        -2316.37108160893,
        -1127.97394098372,
        -354.478233703349,
        -75.1242017393757,
        -10.8753180355343,
        -1.06221498588947,
        -0.670191154593408e-1,
        -0.246781078275479e-2,
        -0.402962525080404e-4,
    ];
    agrees("Filip", &polynomial(&x, 10), &y, &certified, 7.0);
}

/// The fifth-degree polynomial of Wampler1 with its residuals of Wampler3, a hundred times and ten thousand times as large: the certified
/// coefficients are all one. Rounding of residuals that much larger than the coefficients costs two digits each time: double precision
/// does not allow the nine digits of the others.
#[test]
fn wampler_with_residuals() {
    let delta = [
        759.0, -2048.0, 2048.0, -2048.0, 2523.0, -2048.0, 2048.0, -2048.0, 1838.0, -2048.0, 2048.0, -2048.0, 1838.0, -2048.0,
        2048.0, -2048.0, 2523.0, -2048.0, 2048.0, -2048.0, 759.0,
    ];
    let x: Vec<f64> = (0..=20).map(f64::from).collect();
    for (set, scale, wanted) in [("Wampler3", 1.0, 9.0), ("Wampler4", 100.0, 8.5), ("Wampler5", 10_000.0, 6.5)] {
        let y: Vec<f64> = x.iter().zip(delta).map(|(x, d)| (0..=5).map(|p| x.powi(p)).sum::<f64>() + scale * d).collect();
        agrees(set, &polynomial(&x, 5), &y, &[1.0; 6], wanted);
    }
}
