//! Chunked sums: exact where the exact sum is known, the same bits everywhere.

use std::num::NonZeroUsize;

use renown_graph::sum::chunked;

use crate::on_threads;

fn lengths() -> impl Iterator<Item = NonZeroUsize> {
    [1, 7, 4096, usize::MAX].into_iter().filter_map(NonZeroUsize::new)
}

#[test]
fn integers_sum_exactly() {
    for n in [0u32, 1, 6, 7, 8, 4096, 4097, 20_000] {
        let values: Vec<f64> = (1..=n).map(f64::from).collect();
        for chunk in lengths() {
            assert_eq!(chunked(&values, chunk), f64::from(n) * f64::from(n + 1) / 2.0);
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let mut rng = fastrand::Rng::with_seed(4);
    let values: Vec<f64> = (0..20_000).map(|_| rng.f64() * 10f64.powi(rng.i32(-8..8))).collect();
    for chunk in lengths() {
        // The definition, computed on one thread.
        let mut expected = 0.0;
        for chunk in values.chunks(chunk.get()) {
            let mut partial = 0.0;
            for value in chunk {
                partial += value;
            }
            expected += partial;
        }
        for threads in [1, 2, 3, 8] {
            let sum = on_threads(threads, || chunked(&values, chunk));
            assert_eq!(sum.to_bits(), expected.to_bits());
        }
    }
}
