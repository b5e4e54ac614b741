//! The scores of two runs, person by person.

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::Float64Type;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::ident;

use crate::commands::top::of_profile;
use crate::engine;
use crate::error::{Error, Result};
use crate::published::{other_version, selected};

/// The scores of a run under one profile. Lengths: people, in order of id.
pub(super) struct Scores {
    ids: StringArray,
    pub(super) score: Vec<f64>,
    pub(super) expected: Vec<f64>,
    /// The people, the most expected people first, of equals the lower id.
    pub(super) ranking: Vec<u32>,
}

impl Scores {
    /// Those of `profile` in a table `scores`.
    pub(super) async fn of(scores: DataFrame, profile: &str) -> Result<Self> {
        let what = "reading the table `scores`";
        let scores = of_profile(scores, profile).await?;
        let columns = ["person_id", "score", "expected_reactors"];
        let scores = selected("scores", scores, &columns)?
            .sort(vec![ident("person_id").sort(true, false)])
            .map_err(|e| Error::engine(what, e))?;
        let rows = engine::rows(what, scores).await?;
        let unlike = || other_version("scores");
        let numbers = |at: usize| {
            let column = rows.column(at).as_primitive_opt::<Float64Type>().ok_or_else(unlike)?;
            Ok::<_, Error>(column.values().to_vec())
        };
        let ids = rows.column(0).as_string_opt::<i32>().ok_or_else(unlike)?.clone();
        let (score, expected) = (numbers(1)?, numbers(2)?);
        let ranking = ranking(&expected);
        Ok(Self { ids, score, expected, ranking })
    }

    /// How many people have one.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Place of the person of a row in the run, from 1.
    pub(super) fn place(&self, row: u32) -> usize {
        let own = self.expected[row as usize];
        let before = |other: &u32| {
            let theirs = self.expected[*other as usize];
            theirs > own || (theirs == own && *other < row)
        };
        1 + self.ranking.partition_point(before)
    }
}

/// Indices of values, the highest first, of equals the lower index.
pub(super) fn ranking(values: &[f64]) -> Vec<u32> {
    let mut ranking: Vec<u32> = (0..values.len() as u32).collect();
    // It keeps the order of equals.
    ranking.sort_by(|one, other| values[*other as usize].total_cmp(&values[*one as usize]));
    ranking
}

/// The people of two runs, A and B.
pub(super) struct Paired {
    pub(super) scores: [Scores; 2],
    /// The rows in A and in B of everybody who is in both, in order of id.
    pub(super) rows: Vec<[u32; 2]>,
    /// By how many points the score of each of them is higher in B.
    pub(super) changes: Vec<f64>,
}

impl Paired {
    pub(super) fn of(scores: [Scores; 2]) -> Self {
        let [a, b] = &scores;
        let (mut rows, mut changes) = (Vec::new(), Vec::new());
        let (mut of_a, mut of_b) = (0, 0);
        while of_a < a.len() && of_b < b.len() {
            match a.ids.value(of_a).cmp(b.ids.value(of_b)) {
                std::cmp::Ordering::Less => of_a += 1,
                std::cmp::Ordering::Greater => of_b += 1,
                std::cmp::Ordering::Equal => {
                    rows.push([of_a as u32, of_b as u32]);
                    changes.push(b.score[of_b] - a.score[of_a]);
                    (of_a, of_b) = (of_a + 1, of_b + 1);
                }
            }
        }
        Self { scores, rows, changes }
    }

    /// Id of somebody who is in both.
    pub(super) fn id(&self, pair: usize) -> &str {
        self.scores[0].ids.value(self.rows[pair][0] as usize)
    }

    /// The place in `rows` of the person `id`, if it is in both.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let of_a = |[row, _]: &[u32; 2]| self.scores[0].ids.value(*row as usize);
        self.rows.binary_search_by(|rows| of_a(rows).cmp(id)).ok()
    }

    /// How many of the `first` people of one run are not in the other.
    pub(super) fn alone_of_first(&self, side: usize, first: usize) -> usize {
        // Rows rise on either side.
        let alone = |row: &&u32| self.rows.binary_search_by_key(*row, |rows| rows[side]).is_err();
        self.scores[side].ranking.iter().take(first).filter(alone).count()
    }

    /// The people expected of everybody who is in both, as one run has it.
    pub(super) fn expected(&self, side: usize) -> Vec<f64> {
        self.rows.iter().map(|rows| self.scores[side].expected[rows[side] as usize]).collect()
    }
}
