//! The scores of two runs, person by person.

use arrow::array::{Array, StringArray, StringBuilder};

use crate::error::Result;
use crate::published::Run;
use crate::published::rows::ScoreOrder;
use crate::published::table::{ascending, each, planned};

/// The scores of a run under one profile. Lengths: people, in order of id.
pub(super) struct Scores {
    ids: StringArray,
    pub(super) score: Vec<f64>,
    pub(super) expected: Vec<f64>,
    /// The people, the highest forecast first, of equals the lower id.
    pub(super) ranking: Vec<u32>,
}

impl Scores {
    /// Those of `profile` in a run.
    pub(super) async fn of(run: &Run, profile: &str) -> Result<Self> {
        let scores = run.scores(profile).await?;
        let scores = planned("scores", scores.sort(ascending(&["person_id"])))?;
        let mut ids = StringBuilder::new();
        let (mut score, mut expected) = (vec![], vec![]);
        let see = |row: ScoreOrder<&str>| {
            ids.append_value(row.person_id);
            score.push(row.score);
            expected.push(row.expected_reactors);
        };
        each::<ScoreOrder>(scores, see).await?;
        let ranking = ranking(&expected);
        Ok(Self { ids: ids.finish(), score, expected, ranking })
    }

    /// How many people have one.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Position of the person of a row in the run, from 1.
    pub(super) fn position(&self, row: u32) -> usize {
        let expected = self.expected[row as usize];
        let before = |other: &u32| {
            let theirs = self.expected[*other as usize];
            theirs > expected || (theirs == expected && *other < row)
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
    /// The rows in A and in B of the people who are in both, in order of id.
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

    /// Id of the person of a pair.
    pub(super) fn id(&self, pair: usize) -> &str {
        self.scores[0].ids.value(self.rows[pair][0] as usize)
    }

    /// The index in `rows` of the person `id`, if it is in both.
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

    /// The forecasts of one run for the people who are in both.
    pub(super) fn expected(&self, side: usize) -> Vec<f64> {
        self.rows.iter().map(|rows| self.scores[side].expected[rows[side] as usize]).collect()
    }
}
