//! The arithmetic of measurements.

use countersign_tests::bench::clock::exponent;

#[test]
fn the_exponent_of_a_power_is_found() {
    let points = |power: f64| [100.0, 1000.0, 10_000.0].map(|x: f64| (x, 3.0 * x.powf(power)));
    for power in [0.5, 1.0, 1.05, 2.0] {
        assert!((exponent(&points(power)) - power).abs() < 1e-9);
    }
}
