//! The program against what it says of itself, and against oracles that take another path.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod backtest;
mod binary;
mod campaign;
mod changes;
mod check;
mod citing;
mod commands;
mod consent;
mod contracts;
mod diff;
mod diff_oracle;
mod drafts;
mod errors;
mod explain;
mod faulty_store;
mod fit;
mod follows;
mod frozen;
mod full_world;
mod gates;
mod hostile_files;
mod identity;
mod imports;
mod inputs;
mod interruptions;
mod job_files;
mod label_sets;
mod large;
mod logs;
mod measures_oracle;
mod method_files;
mod monotone;
mod parquet_files;
mod plan;
mod profiles;
mod publish;
mod random_worlds;
mod rank_command;
mod rank_errors;
mod readme;
mod renamed;
mod report;
mod research_jobs;
mod runs;
mod same_bits;
mod sample_job;
mod storeys;
mod synth;
mod topics;
mod topics_oracle;
mod trust_oracle;
mod upgrade;
mod validate;
mod validity;
mod windows;
mod world;

/// Runs `work` on a rayon pool of its own.
fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(8 << 20).build();
    pool.unwrap().install(work)
}
