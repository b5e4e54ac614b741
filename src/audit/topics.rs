//! The gates of what is said about topics.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::{column, refused, rows, text};
use crate::error::{Error, Result};
use crate::method::Evidence;
use crate::tables::Draft;

/// Every table names topics of `topics` alone, and scores and evidence are of the same people and topics.
pub(super) fn agree(draft: &Draft) -> Result<()> {
    let mut topics = HashSet::new();
    for batch in &draft.topics {
        topics.extend(text(batch, "topic_id")?.iter().flatten());
    }
    let named = [
        &draft.topic_scores,
        &draft.topic_interests,
        &draft.topic_evidence,
        &draft.topic_posts,
        &draft.influence_edges,
    ];
    let mut unknown = 0;
    for batches in named {
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
    if unknown + without_score + without_evidence > 0 {
        return Err(refused(
            "topics_agree",
            format!(
                "{unknown} rows name topics that `topics` lacks, {without_evidence} of {} topic scores have no \
                 evidence, {without_score} rows of evidence no score",
                pairs.len()
            ),
        ));
    }
    Ok(())
}

/// Nobody is said to move people on a topic for fewer posts, people or weeks than the method asks for.
pub(super) fn enough_evidence(scores: &[RecordBatch], least: &Evidence) -> Result<()> {
    let mut wrong = 0;
    for batch in scores {
        let asked = [("posts", least.posts), ("people", least.people), ("weeks", least.weeks)];
        let mut short = vec![false; batch.num_rows()];
        for (name, least) in asked {
            let counts = column(batch, name)?.as_primitive_opt::<Int64Type>();
            let counts = counts.filter(|counts| counts.null_count() == 0);
            let counts = counts.ok_or_else(|| Error::internal(format!("`{name}` is no count")))?;
            for (short, count) in short.iter_mut().zip(counts.values()) {
                *short |= *count < i64::from(least);
            }
        }
        wrong += short.into_iter().filter(|short| *short).count();
    }
    if wrong > 0 {
        return Err(refused(
            "enough_evidence",
            format!(
                "{wrong} of {} topic scores rest on fewer posts, people or weeks than the method asks for",
                rows(scores)
            ),
        ));
    }
    Ok(())
}
