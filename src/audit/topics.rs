//! The gates of the tables of topics.

use arrow::array::RecordBatch;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::columns::{count_rows, counts, text};
use crate::error::Result;
use crate::method::Evidence;
use crate::tables::Draft;

/// Every table names topics of `topics` alone, and scores and evidence are of the same people and topics.
pub(super) fn agree(draft: &Draft) -> Result<Option<String>> {
    let mut topics = HashSet::new();
    for batch in &draft.topics {
        topics.extend(text(batch, "topic_id")?.iter().flatten());
    }
    let tables = [
        &draft.topic_scores,
        &draft.topic_interests,
        &draft.topic_evidence,
        &draft.topic_posts,
        &draft.influence_edges,
    ];
    let mut unknown = 0;
    for batches in tables {
        let of_batch = |batch: &RecordBatch| -> Result<usize> {
            let ids = text(batch, "topic_id")?.iter().flatten();
            Ok(ids.filter(|id| !topics.contains(id)).count())
        };
        unknown += batches.par_iter().map(of_batch).sum::<Result<usize>>()?;
    }
    // Whether each pair of person and topic with a score has evidence.
    let mut pairs: HashMap<(&str, &str), bool> = HashMap::new();
    for batch in &draft.topic_scores {
        let (people, topics) = (text(batch, "person_id")?, text(batch, "topic_id")?);
        pairs
            .extend(people.iter().flatten().zip(topics.iter().flatten()).map(|pair| (pair, false)));
    }
    let mut without_score = 0;
    for batch in &draft.topic_evidence {
        let (people, topics) = (text(batch, "person_id")?, text(batch, "topic_id")?);
        for pair in people.iter().flatten().zip(topics.iter().flatten()) {
            pairs.get_mut(&pair).map_or_else(|| without_score += 1, |has| *has = true);
        }
    }
    let without_evidence = pairs.values().filter(|has| !**has).count();
    Ok((unknown + without_score + without_evidence > 0).then(|| {
        format!(
            "{unknown} rows name topics that `topics` lacks, {without_evidence} of {} topic scores have no \
             evidence, {without_score} rows of evidence no score",
            pairs.len()
        )
    }))
}

/// Every topic score rests on as many posts, people and weeks as the method asks for.
pub(super) fn enough_evidence(
    scores: &[RecordBatch],
    required: &Evidence,
) -> Result<Option<String>> {
    let minima =
        [("posts", required.posts), ("people", required.people), ("weeks", required.weeks)];
    let mut wrong = 0;
    for batch in scores {
        let mut short = vec![false; batch.num_rows()];
        for (name, minimum) in minima {
            for (short, count) in short.iter_mut().zip(counts(batch, name)?) {
                *short |= *count < i64::from(minimum);
            }
        }
        wrong += short.into_iter().filter(|short| *short).count();
    }
    let all = count_rows(scores);
    Ok((wrong > 0).then(|| {
        format!(
            "{wrong} of {all} topic scores rest on fewer posts, people or weeks than the method asks for"
        )
    }))
}
