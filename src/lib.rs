#![doc = include_str!("../README.md")]

mod credentials;
pub mod error;
pub mod job;
pub mod method;
pub mod run;
pub mod schema;
pub mod toml_file;

pub mod buckets;
pub mod engine;
pub mod lists;
pub mod numbering;
pub mod store;

pub mod phrases;

pub mod read;

pub mod graph;

pub mod propagate;

pub mod forecast;

pub mod topics;

pub mod score;

pub mod tables;

pub mod audit;

pub mod publish;

pub mod access;
mod asked;
pub mod audience;
pub mod bars;
pub mod check;
pub mod committed;
pub mod diff;
pub mod explain;
pub mod fit;
pub mod hindsight;
pub mod methods_page;
pub mod plan;
pub mod previous;
pub mod progress;
pub mod rank;
pub mod reference;
pub mod report;
pub mod run_id;
pub mod runs;
pub mod synth;
pub mod top;
pub mod topic_list;
pub mod validate;
