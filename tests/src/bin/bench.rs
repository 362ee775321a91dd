//! Measures the decision natively and in the module, paired in one run, and the cold start of the whole command.
//!
//! What counts is processor time, because other work on the machine does not change it much; ratios of medians are held
//! against the bars. A bar that is missed is told, and is no error: times differ between machines, tests do not.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use countersign_cli::sandbox::{Cache, EMBEDDED, Origin, Sandbox, Spent};
use countersign_tests::bench::clock::{Took, cpu, exponent, median, peak_memory};
use countersign_tests::bench::cold::Cold;
use countersign_tests::bench::decision;
use countersign_tests::bench::load::{CHECKS, Load, deviations};
use serde_json::Value;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Components of the changes that are measured, and how often each is.
const SIZES: [(u32, usize); 4] = [(10, 41), (100, 21), (1_000, 9), (10_000, 5)];
/// How often the cold start is measured.
const STARTS: usize = 11;
/// Exponents are fitted from so many components on; below, what every call costs is too much of the whole.
const GROWTH_FROM: u32 = 100;
/// More processor time than this at the start, and something was compiled.
const COMPILED: Duration = Duration::from_millis(20);

const HELP: &str = "\
cargo xtask bench [MOST]

  MOST   components of the largest change that is measured; default 10000
";

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => bench(10_000),
        ["alone", way, components] => alone(way, components.parse()?),
        [most] if most.parse::<u32>().is_ok() => bench(most.parse()?),
        _ => {
            print!("{HELP}");
            Ok(())
        }
    }
}

/// What was measured of one size.
struct Row {
    components: u32,
    bytes: usize,
    reasons: usize,
    native: Duration,
    module: Duration,
    native_peak: u64,
    module_peak: u64,
    linear_peak: u64,
    fuel: u64,
}

impl Row {
    fn each(&self, quantity: f64) -> f64 {
        quantity / f64::from(self.components)
    }

    fn ratio(&self) -> f64 {
        self.module.as_secs_f64() / self.native.as_secs_f64()
    }
}

fn bench(most: u32) -> Outcome {
    let sandbox = Sandbox::embedded()?;
    let mut bars = Bars::default();
    let mut rows = Vec::new();
    for (components, rounds) in SIZES.into_iter().filter(|(components, _)| *components <= most) {
        rows.push(measure(&sandbox, components, rounds)?);
    }
    tell_decision(&rows);
    hold_decision(&rows, &mut bars);
    start(&sandbox, &mut bars)?;
    bars.tell();
    Ok(())
}

/// Measures one size: both ways in turn, so that what disturbs one disturbs the other.
fn measure(sandbox: &Sandbox, components: u32, rounds: usize) -> Outcome<Row> {
    eprintln!("==> {components} components, {rounds} rounds");
    let (native_peak, _) = peaks("native", components)?;
    let (module_peak, linear_peak) = peaks("module", components)?;
    let load = Load::of(components);
    let (mut native, mut module) = (Vec::new(), Vec::new());
    let mut spent: Option<Spent> = None;
    for _ in 0..rounds {
        let given = load.documents.clone();
        let ((ours, _session), took) = cpu(|| decision::natively(given, &load.request));
        native.push(took);
        let (answered, took) = cpu(|| decision::in_the_module(sandbox, &load));
        module.push(took);
        let (theirs, spending) = answered?;
        if ours != theirs {
            return Err("the module does not answer what the engine answers natively: build it anew".into());
        }
        if spent.replace(spending).is_some_and(|before| before.fuel != spending.fuel) {
            return Err("the same input took another amount of fuel".into());
        }
        check(&ours, components)?;
    }
    Ok(Row {
        components,
        bytes: load.size(),
        reasons: deviations(components),
        native: median(native),
        module: median(module),
        native_peak,
        module_peak,
        linear_peak,
        fuel: spent.unwrap_or_default().fuel,
    })
}

/// Fails unless the answer is a judgement with a blocking reason for every deviation.
fn check(answer: &[u8], components: u32) -> Outcome {
    let answer: Value = serde_json::from_slice(answer)?;
    let reasons = answer["judgement"]["reasons"].as_array().ok_or_else(|| format!("no judgement: {answer}"))?;
    let blocking = reasons.iter().filter(|reason| reason["blocking"] == true).count();
    if blocking == deviations(components) {
        return Ok(());
    }
    Err(format!("{blocking} reasons block, and {} records deviate", deviations(components)).into())
}

/// The peak memory of a process of its own: all of it, and that of the module.
fn peaks(way: &str, components: u32) -> Outcome<(u64, u64)> {
    let output = Command::new(std::env::current_exe()?).args(["alone", way, &components.to_string()]).output()?;
    let text = String::from_utf8(output.stdout)?;
    match text.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?.as_slice() {
        [process, linear] => Ok((*process, *linear)),
        _ => Err(format!("the process that measures memory said `{text}`").into()),
    }
}

/// Decides once and prints the peak memory.
fn alone(way: &str, components: u32) -> Outcome {
    let linear = match way {
        "native" => {
            check(&decision::natively_alone(components), components)?;
            0
        }
        _ => {
            let (answer, spent) = decision::in_the_module_alone(&Sandbox::embedded()?, components)?;
            check(&answer, components)?;
            spent.memory_peak
        }
    };
    println!("{} {linear}", peak_memory()?);
    Ok(())
}

fn tell_decision(rows: &[Row]) {
    println!("\nThe decision: a fresh session, every document, one call; {} records of evidence each.", CHECKS.len());
    println!(
        "Processor time (user and system), medians. `process` is the peak of a whole process, `linear` the module's own.\n"
    );
    println!(
        "{:>10} {:>10} {:>10} {:>10} {:>10} {:>6} {:>9} {:>9} {:>11} {:>11} {:>10} {:>10}",
        "components",
        "MB",
        "deviating",
        "native ms",
        "module ms",
        "ratio",
        "native us",
        "module us",
        "native MB",
        "module MB",
        "linear MB",
        "fuel each"
    );
    for row in rows {
        println!(
            "{:>10} {:>10.2} {:>10} {:>10.2} {:>10.2} {:>6.2} {:>9.1} {:>9.1} {:>11.1} {:>11.1} {:>10.1} {:>10.0}",
            row.components,
            mega(row.bytes as u64),
            row.reasons,
            milli(row.native),
            milli(row.module),
            row.ratio(),
            row.each(milli(row.native) * 1000.0),
            row.each(milli(row.module) * 1000.0),
            mega(row.native_peak),
            mega(row.module_peak),
            mega(row.linear_peak),
            row.each(row.fuel as f64),
        );
    }
}

fn hold_decision(rows: &[Row], bars: &mut Bars) {
    for row in rows {
        bars.hold(&format!("module / native, {} components", row.components), 2.0, row.ratio());
    }
    let growing: Vec<&Row> = rows.iter().filter(|row| row.components >= GROWTH_FROM).collect();
    if growing.len() < 2 {
        return;
    }
    let fit = |of: fn(&Row) -> f64| {
        exponent(&growing.iter().map(|row| (f64::from(row.components), of(row))).collect::<Vec<_>>())
    };
    bars.hold("growth exponent, native time", 1.05, fit(|row| row.native.as_secs_f64()));
    bars.hold("growth exponent, module time", 1.05, fit(|row| row.module.as_secs_f64()));
    bars.hold("growth exponent, fuel", 1.05, fit(|row| row.fuel as f64));
}

/// Measures the cold start, and shows that nothing is compiled in it.
fn start(sandbox: &Sandbox, bars: &mut Bars) -> Outcome {
    let beside = std::env::current_exe()?.with_file_name(format!("noop{}", std::env::consts::EXE_SUFFIX));
    let runner = std::env::var_os("COUNTERSIGN_BIN").map(PathBuf::from);
    let runner = runner
        .unwrap_or_else(|| beside.with_file_name(format!("countersign-scripted{}", std::env::consts::EXE_SUFFIX)));
    let folder = std::env::temp_dir().join(format!("countersign-bench-{}", std::process::id()));
    let cold = Cold::prepare(runner, beside, folder)?;
    eprintln!("==> {STARTS} cold starts");
    let (mut nothing, mut version, mut assess) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        nothing.push(cold.nothing()?);
        version.push(cold.version()?);
        assess.push(cold.assess()?);
    }
    let removed = std::fs::remove_dir_all(cold.folder());
    // 11, because the inventory is a plain folder, and nothing proves which promotion made that.
    if let Some(odd) = assess.iter().find(|took| took.code != Some(11)) {
        return Err(format!("`countersign assess` ended with {:?}, not with 11", odd.code).into());
    }
    let begun = Instant::now();
    let (compiled, compiling) = cpu(|| Sandbox::from_bytes(EMBEDDED.to_vec(), &Cache::none()));
    let compiled = matches!(compiled?.origin(), Origin::Compiled(_));

    println!("\nThe cold start: whole processes in turn, medians of {STARTS}.\n");
    println!("{:<46} {:>8} {:>8}", "", "CPU ms", "wall ms");
    let tell = |what: &str, took: &[Took]| {
        let cpu = median(took.iter().map(|took| took.cpu).collect());
        println!("{what:<46} {:>8.2} {:>8.2}", milli(cpu), milli(median(took.iter().map(|took| took.wall).collect())));
        cpu
    };
    let nothing = tell("a process that does nothing", &nothing);
    tell("countersign --version", &version);
    let assess = tell("countersign assess, 10 components", &assess);
    if compiled {
        let (cpu, wall) = (milli(compiling), milli(begun.elapsed()));
        println!("{:<46} {cpu:>8.2} {wall:>8.2}", "compiling the module, which is not done");
    }
    println!("\nThe module's native code is {}.", origin(sandbox.origin()));
    bars.hold("cold start: assess / no-op", 3.0, assess.as_secs_f64() / nothing.as_secs_f64());
    bars.hold("cold start: CPU ms, or it was compiled", milli(COMPILED), milli(assess));
    Ok(removed?)
}

fn origin(origin: &Origin) -> &'static str {
    match origin {
        Origin::Embedded => "embedded: nothing is compiled",
        Origin::Cached => "of an earlier run, because what is embedded is not for this machine",
        Origin::Compiled(_) => "compiled by this run, because what is embedded is not for this machine",
    }
}

/// What was demanded, and what was found.
#[derive(Default)]
struct Bars(Vec<(String, f64, f64)>);

impl Bars {
    fn hold(&mut self, bar: &str, limit: f64, measured: f64) {
        self.0.push((bar.to_owned(), limit, measured));
    }

    fn tell(&self) {
        println!("\n{:<42} | {:>6} | {:>8} | met", "bar", "limit", "measured");
        for (bar, limit, measured) in &self.0 {
            let met = if measured <= limit { "yes" } else { "MISSED" };
            println!("{bar:<42} | {limit:>6.2} | {measured:>8.3} | {met}");
        }
    }
}

fn milli(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
