//! A source of one day that an input selects from.

use datafusion::dataframe::DataFrame;

/// A source of one day that an input selects from.
#[derive(Clone)]
pub(super) struct DailySource {
    pub(super) name: String,
    /// Its own rows.
    pub(super) rows: DataFrame,
    /// The rows of the SELECT if all other sources of the day were empty; `None` if there is no other.
    pub(super) alone: Option<DataFrame>,
}
