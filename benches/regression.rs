//! The regression of a fit at the size of a large one: a million rows of forty measures that go along with one another.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fastrand::Rng;
use renown_stats::regression::{RegressionProblem, fit, fit_dispersion};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: usize = 1_000_000;
const COLUMNS: usize = 40;

/// Columns of logarithms, and counts of which four columns tell.
fn data() -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut rng = Rng::with_seed(1);
    let common: Vec<f64> = (0..ROWS).map(|_| 3.0 * rng.f64()).collect();
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(COLUMNS);
    for _ in 0..COLUMNS {
        columns.push(common.iter().map(|own| own + rng.f64()).collect());
    }
    // The same generator goes on: those of neighbouring seeds are correlated.
    let outcome = |row: usize| {
        let slopes = columns[..4].iter().map(|column| 0.2 * column[row]);
        let mean = libm::exp(slopes.sum::<f64>() - 2.0);
        // Geometric, which is negative binomial of overdispersion 1.
        libm::floor(libm::log(1.0 - rng.f64()) / libm::log(mean / (1.0 + mean)))
    };
    let outcomes = (0..ROWS).map(outcome).collect();
    (columns, outcomes)
}

fn regression(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let (columns, outcomes) = data();
    let groups: Vec<u32> = (0..ROWS as u32).map(|row| row % 8).collect();
    let problem = RegressionProblem {
        columns: columns.iter().map(Vec::as_slice).collect(),
        groups: &groups,
        outcomes: &outcomes,
        nonnegative: &[true; COLUMNS],
        ridge: 0.01,
        ridged: &[true; COLUMNS],
        max_elasticity: Some(1.25),
    };
    let found = fit(&problem, None)?;
    let [first, rest] = [&found.coefficients[..4], &found.coefficients[4..]];
    println!(
        "{} steps to a derivative of {:.0e}; coefficients that are 0.2 but for the ridge: {first:.3?}, others up to {:.3}; {:?}",
        found.iterations,
        found.optimality,
        rest.iter().copied().fold(0.0, f64::max),
        fit_dispersion(&problem, &found)?
    );
    let mut group = criterion.benchmark_group("a million rows of forty measures");
    group.sample_size(10);
    group.bench_function("regression", |bencher| {
        bencher.iter(|| black_box(fit(&problem, None)).map(|found| found.iterations));
    });
    group.bench_function("dispersion", |bencher| {
        bencher.iter(|| black_box(fit_dispersion(&problem, &found)).map(|found| found.power));
    });
    group.finish();
    Ok(())
}

fn all(criterion: &mut Criterion) {
    if let Err(error) = regression(criterion) {
        eprintln!("{error}");
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
