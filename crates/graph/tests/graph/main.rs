//! Graphs, ranks, numbers and sums against oracles that compute the same in another way.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod csr;
mod oracle;
mod pagerank;
mod random;
mod relabel;
mod rewire;
mod sum;

/// Runs `work` on a separate rayon pool.
fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

/// The bits of `values`, which distinguish +0 from −0 and are equal only if nothing differs.
fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}
