//! What the decision costs in fuel: the same number on every machine, so that it can be a test.

use countersign_cli::sandbox::{Sandbox, Spent};
use countersign_tests::bench::clock::exponent;
use countersign_tests::bench::decision::in_the_module;
use countersign_tests::bench::load::Load;

/// Fuel for one component with twelve records of evidence, at most, by the size of the change: a quarter above what it
/// was when this was written.
const BOUNDS: [(u32, u64); 3] = [(10, 3_300_000), (100, 3_000_000), (1_000, 3_000_000)];

#[test]
fn fuel_per_component_has_a_bound_and_grows_with_the_input_alone() {
    let sandbox = Sandbox::embedded().expect("the module is built in");
    let mut points = Vec::new();
    for (components, bound) in BOUNDS {
        let load = Load::of(components);
        let spend = || in_the_module(&sandbox, &load).expect("the module answers");
        let ((answer, Spent { fuel, .. }), (again, spent_again)) = (spend(), spend());
        assert_eq!((again, spent_again.fuel), (answer, fuel), "the same input: the same answer for the same fuel");
        let each = fuel / u64::from(components);
        println!("{components} components: {each} fuel each");
        assert!(each <= bound, "{each} fuel for each of {components} components; the bound is {bound}");
        points.push((f64::from(components), fuel as f64));
    }
    let growth = exponent(points.get(1..).unwrap_or_default());
    println!("growth exponent from 100 components on: {growth:.4}");
    assert!(growth <= 1.05, "the exponent is {growth:.4}");
}
