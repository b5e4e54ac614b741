//! Which people a list is about.

use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::prelude::{ident, lit};

use crate::error::Result;
use crate::published::table::{Queried, highest_first, planned};

/// Which people are listed.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Filter {
    /// Only people of this country, as stated by their accounts
    #[arg(long)]
    pub country: Option<String>,
    /// Only people of this language, as stated by their accounts
    #[arg(long)]
    pub language: Option<String>,
    /// Only people with an account on this network
    #[arg(long)]
    pub network: Option<String>,
    /// Minimum score (on the topic, if one is given)
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    pub min_score: Option<f64>,
}

impl Filter {
    /// Ids, as the column `id`, of those in a table `people` who pass the filter.
    fn people(&self, people: DataFrame) -> Queried {
        let mut kept = people;
        for (column, wanted) in [("country", &self.country), ("language", &self.language)] {
            if let Some(wanted) = wanted {
                kept = kept.filter(ident(column).eq(lit(wanted.as_str())))?;
            }
        }
        if let Some(network) = &self.network {
            kept = kept.filter(array_has(ident("networks"), lit(network.as_str())))?;
        }
        kept.select(vec![ident("person_id").alias("id")])
    }

    /// The `limit` highest `scores` of the people who pass the filter; of equal ones the lower id first.
    pub(super) fn highest(
        &self,
        people: DataFrame,
        scores: DataFrame,
        limit: usize,
    ) -> Result<DataFrame> {
        let people = planned("people", self.people(people))?;
        let scores = match self.min_score {
            Some(min_score) => scores.filter(ident("score").gt_eq(lit(min_score))),
            None => Ok(scores),
        };
        let highest = scores
            .and_then(|kept| kept.join(people, JoinType::LeftSemi, &["person_id"], &["id"], None))
            .and_then(|kept| kept.sort(highest_first()))
            .and_then(|kept| kept.limit(0, Some(limit)));
        planned("scores", highest)
    }
}
