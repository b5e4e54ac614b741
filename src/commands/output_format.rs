//! The format of an answer.

use clap::ValueEnum;

/// Whether people or programs read an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// A page for people
    #[default]
    Text,
    /// One JSON object or array
    Json,
}
