//! The program against its documentation, and against oracles that compute the same in another way.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod account_stats;
mod attack;
mod backtest;
mod binary;
mod campaign;
mod changes;
mod check;
mod checks;
mod citation;
mod commands;
mod consent;
mod consent_campaign;
mod consent_statements;
mod consent_table;
mod contracts;
mod corrupt_files;
mod damage;
mod deep_selects;
#[cfg(feature = "delta")]
mod delta;
mod determinism;
mod diff;
mod diff_oracle;
mod drafts;
mod errors;
mod explain;
mod faulty_store;
mod fit;
mod folders;
mod follows;
mod freshness;
mod frozen;
mod full_world;
mod gates;
mod history;
mod history_oracle;
mod hostile_parquet;
mod identity;
mod imports;
mod inputs;
mod interruptions;
mod job_files;
mod joins;
mod label_sets;
mod large;
mod layers;
mod logs;
mod machine_limits;
mod measures_oracle;
mod mentions;
mod method_files;
mod missing_values;
mod monotonicity;
mod night_edits;
mod night_faults;
mod night_world;
mod nights;
mod output_conflicts;
mod parquet_files;
mod plan;
mod publish;
mod random_worlds;
mod rank_command;
mod rank_errors;
mod rank_inputs;
mod raw_parquet;
mod reading;
mod readme;
mod renamed;
mod report;
mod research_jobs;
mod runs;
mod sample_job;
mod select_faults;
mod select_remedies;
mod select_ties;
mod selects;
mod short_history;
mod synth;
mod time_units;
mod topic_languages;
mod topics;
mod topics_oracle;
mod topics_validated;
mod trust_oracle;
mod unknown_people;
mod upgrade;
mod validate;
mod validation_page;
mod validity;
mod verdicts;
mod vouches;
mod windows;
mod world;

/// Runs `work` on a separate rayon pool.
fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(8 << 20).build();
    pool.unwrap().install(work)
}
