#![doc = include_str!("../README.md")]

pub mod digest;
pub mod error;
pub mod lists;
pub(crate) mod number_format;
pub mod schema;
pub mod storage;
pub(crate) mod suggest;

pub mod engine;
pub mod parquet_file;
pub mod renamed;
pub mod toml_file;

pub mod method;

pub mod job;

pub mod phrases;

pub mod model;

pub mod read;

pub mod reduce;

pub mod propagate;

pub mod topics;

pub mod score;

pub mod checks;

pub mod tables;

pub mod audit;

pub mod publish;

pub mod published;

pub mod forget;

pub mod pipeline;

pub mod attack;
pub mod evaluate;
pub mod fit;

pub mod synth;

pub mod docs;
pub mod report;

pub mod commands;
