//! Every gate refuses the tables that it has to refuse, and the error names the gate.

use chrono::NaiveDate;
use renown::audit::{Audited, Limits, audit_run};
use renown::error::{Kind, Result};
use renown::method::{Evidence, GateRule};
use renown::tables::Draft;

use crate::drafts::{
    self, PEOPLE, RUN, accounts, changes, cohort, contributions, edges, evidence, facts, measures,
    people, scores, topic_posts, topic_scores, topics,
};
use crate::parquet_files::{strings, texts};

const ANN: &str = PEOPLE[0];
const BOB: &str = PEOPLE[1];
const CID: &str = PEOPLE[2];
const DEE: &str = PEOPLE[3];

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
}

fn audited(change: impl FnOnce(&mut Draft)) -> Result<Audited> {
    let mut draft = drafts::draft(day());
    change(&mut draft);
    audit_within(draft, &GateRule::default())
}

fn audit_within(draft: Draft, gates: &GateRule) -> Result<Audited> {
    let limits = Limits { gates, evidence: &Evidence::default() };
    audit_run(draft, &[], &facts(RUN), &limits)?.passed()
}

/// Requires that `gate` refuses the change with `words`.
#[track_caller]
fn refuses(gate: &str, words: &str, change: impl FnOnce(&mut Draft)) {
    let error = audited(change).map(|_| "passed").unwrap_err();
    assert_eq!(error.kind, Kind::Gate, "{error}");
    assert!(error.cause.contains(&format!("gate `{gate}` refused")), "{error}");
    assert!(error.cause.contains(words), "{error}");
}

#[test]
fn valid_tables_pass_unchanged() {
    let audited = audited(|_| {}).unwrap();
    let names: Vec<_> = audited.tables().iter().map(|(name, _)| *name).collect();
    let expected = drafts::draft(day());
    let given = expected.tables().map(|(name, _)| name);
    assert_eq!(names, [&given[..], &["runs"]].concat());
    for ((name, found), (_, given)) in audited.tables().iter().zip(expected.tables()) {
        assert_eq!(found, given, "{name}");
    }
    let runs = &audited.tables()[given.len()].1[0];
    assert_eq!(strings(runs, "run_id"), [RUN]);
}

#[test]
fn empty_tables_pass_where_the_method_allows_them() {
    let empty = |draft: &mut Draft| {
        draft.people = vec![people(&[])];
        draft.accounts = vec![accounts("net", &[])];
        draft.scores = vec![scores(&[], &[], &[])];
        draft.contributions = vec![contributions(&[], &[])];
        draft.changes = vec![changes(&[], &[])];
        draft.measures = vec![measures("net", &[], &[])];
        draft.influence_edges = vec![edges("net", &[])];
        draft.topics = vec![topics(&[])];
        draft.topic_scores = vec![topic_scores(&[], [0; 3])];
        draft.topic_interests = vec![drafts::of_topics("topic_interests", &[], vec![])];
        draft.topic_evidence = vec![evidence(&[])];
        draft.topic_posts = vec![topic_posts(&[])];
        draft.cohorts = vec![cohort("a", &[])];
    };
    refuses("enough_people", "0 people are eligible, fewer than the 1", empty);
    let mut draft = drafts::draft(day());
    empty(&mut draft);
    let rule = GateRule { min_people: 0, ..GateRule::default() };
    audit_within(draft, &rule).unwrap();
}

#[test]
fn batches_may_be_empty_or_single_rows() {
    audited(|draft| {
        let whole: Vec<_> =
            draft.people.iter().flat_map(|b| [b.slice(0, 1), b.slice(1, 1)]).collect();
        draft.people = [vec![people(&[])], whole, vec![people(&[])]].concat();
    })
    .unwrap();
}

#[test]
fn duplicate_keys_are_refused_in_every_table() {
    let words = |table: &str| format!("1 of 4 keys of `{table}`");
    refuses("keys_unique", &words("people"), |d| d.people[0] = people(&[ANN, ANN]));
    refuses("keys_unique", &words("scores"), |d| {
        d.scores[1] = scores(&[DEE, DEE], &[1.0; 2], &[0.0; 2]);
    });
    refuses("keys_unique", &words("measures"), |d| {
        d.measures[1] = measures("net", &[CID, CID], &[0.125; 2]);
    });
    refuses("keys_unique", "1 of 3 keys of `influence_edges`", |d| {
        d.influence_edges[1] = edges("net", &[(ANN, CID), (ANN, CID)]);
    });
}

#[test]
fn unsorted_keys_are_refused() {
    refuses("keys_unique", "`people`", |d| d.people[1] = people(&[DEE, CID]));
    refuses("keys_unique", "`influence_edges`", |d| {
        d.influence_edges = vec![edges("net", &[(BOB, ANN), (ANN, BOB)])];
    });
    // The network comes before the person.
    refuses("keys_unique", "`measures`", |d| d.measures.push(measures("a", &[ANN], &[1.0])));
}

#[test]
fn keys_are_compared_across_batches() {
    refuses("keys_unique", "1 of 4 keys of `people`", |d| d.people[1] = people(&[BOB, DEE]));
    refuses("keys_unique", "1 of 4 keys of `people`", |d| d.people.reverse());
    // An empty batch between the two must not hide the rows before it.
    refuses("keys_unique", "1 of 4 keys of `people`", |d| {
        d.people = vec![people(&[ANN, BOB]), people(&[]), people(&[BOB, DEE])];
    });
    refuses("keys_unique", "1 of 2 keys of `influence_edges`", |d| {
        d.influence_edges[1] = edges("net", &[(ANN, BOB)]);
    });
}

#[test]
fn scores_off_the_scale_are_refused() {
    for score in [0.5, 0.0, -1.0, 100.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for batch in [0, 1] {
            refuses("scores_in_range", "1 of 4 scores", |d| {
                let ids = [&[ANN, BOB], &[CID, DEE]][batch];
                d.scores[batch] = scores(ids, &[1.0, score], &[0.0, 0.0]);
            });
        }
    }
}

#[test]
fn forecasts_that_are_negative_or_not_finite_are_refused() {
    for expected in [-1e-9, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refuses("scores_in_range", "1 of 4 scores", |d| {
            d.scores[1] = scores(&[CID, DEE], &[1.0, 1.0], &[0.0, expected]);
        });
    }
}

#[test]
fn a_score_outside_its_interval_is_refused() {
    for (low, high) in [
        (11.5, 12.0),
        (10.0, 10.5),
        (f64::NAN, 12.0),
        (10.0, f64::NAN),
        (0.5, 12.0),
        (10.0, 100.5),
        (12.0, 10.0),
    ] {
        refuses("scores_within_intervals", "1 of 4 scores lie outside their interval", |d| {
            d.scores[0] = drafts::put(&d.scores[0], "score_low", drafts::numbers(&[low, 1.0]));
            d.scores[0] = drafts::put(&d.scores[0], "score_high", drafts::numbers(&[high, 1.0]));
        });
    }
    audited(|d| {
        d.scores[0] = drafts::put(&d.scores[0], "score_low", drafts::numbers(&[1.0, 1.0]));
        d.scores[0] = drafts::put(&d.scores[0], "score_high", drafts::numbers(&[100.0, 1.5]));
    })
    .unwrap();
}

#[test]
fn contributions_sum_to_their_score() {
    let wrong = "the contributions of 1 of 4 scores do not sum to them, 0 are of no score";
    for points in [11.1, 10.9, 11.0 + 1e-8, f64::NAN, f64::INFINITY] {
        refuses("contributions_sum", wrong, |d| {
            d.contributions[0] = contributions(&[ANN, BOB, CID], &[points, 1.0, 1.0]);
        });
    }
    // Two rows that sum to it, in two batches, and a sum within rounding.
    audited(|d| {
        let two = contributions(&[ANN, ANN], &[4.0, 7.0 + 1e-12]);
        let two = drafts::put(&two, "measure", texts(["a", "b"]));
        d.contributions[0] = contributions(&[BOB, CID], &[1.0, 1.0]);
        d.contributions.insert(0, two.slice(0, 1));
        d.contributions.insert(1, two.slice(1, 1));
    })
    .unwrap();
    // A score without contributions, and contributions for a profile without scores.
    refuses("contributions_sum", "of 1 of 4 scores", |d| {
        d.contributions.truncate(1);
    });
    refuses("contributions_sum", "1 are of no score", |d| {
        let other = contributions(&[DEE], &[100.0]);
        d.contributions.push(drafts::put(&other, "profile", texts(["studio"])));
    });
    refuses("contributions_sum", "of 1 of 5 scores", |d| {
        let other = scores(&[DEE], &[100.0], &[1e9]);
        d.scores.push(drafts::put(&other, "profile", texts(["studio"])));
    });
}

#[test]
fn causes_sum_to_the_change_of_the_score() {
    use arrow::array::{ArrayRef, Float64Array};
    // Ann gained 2 points, Bob has no score before.
    let moved = |d: &mut Draft| {
        let moved: ArrayRef = std::sync::Arc::new(Float64Array::from(vec![Some(2.0), None]));
        d.scores[0] = drafts::put(&d.scores[0], "change_1d", moved);
    };
    audited(|d| {
        moved(d);
        let causes = drafts::put(
            &changes(&[ANN, ANN], &[3.0 + 1e-12, -1.0]),
            "cause",
            texts(["audience", "decay"]),
        );
        d.changes = vec![causes.slice(0, 1), causes.slice(1, 1)];
    })
    .unwrap();
    let wrong = "the causes of 1 changes do not sum to them, 0 people";
    refuses("changes_sum", wrong, moved);
    for points in [1.9, 2.1, -2.0, f64::NAN] {
        refuses("changes_sum", wrong, |d| {
            moved(d);
            d.changes = vec![changes(&[ANN], &[points])];
        });
    }
    // A cause for a person without a previous score.
    refuses("changes_sum", wrong, |d| {
        moved(d);
        d.changes = vec![changes(&[ANN, BOB], &[2.0, 1.0])];
    });
}

#[test]
fn everyone_has_a_score_and_measures() {
    let missing = "1 of 4 people lack a score or measures";
    refuses("rows_agree", missing, |d| d.scores[1] = scores(&[CID], &[1.0], &[0.0]));
    refuses("rows_agree", missing, |d| d.measures[1] = measures("net", &[CID], &[0.25]));
    refuses("rows_agree", "2 of 4 people", |d| d.scores.truncate(1));
}

#[test]
fn unknown_people_are_refused_in_every_table() {
    let one = "1 rows name people that `people` lacks";
    refuses("rows_agree", one, |d| d.scores.push(scores(&["net:eve"], &[1.0], &[0.0])));
    refuses("rows_agree", one, |d| d.measures.push(measures("net", &["net:eve"], &[0.0])));
    refuses("rows_agree", one, |d| d.accounts.push(accounts("net", &["net:eve"])));
    for ends in [(BOB, "net:eve"), ("net:eve", BOB)] {
        refuses("rows_agree", one, |d| d.influence_edges.push(edges("net", &[ends])));
    }
    refuses("rows_agree", "4 rows name", |d| d.people = vec![people(&[ANN, BOB, CID])]);
    refuses("rows_agree", one, |d| d.contributions.push(contributions(&["net:eve"], &[1.0])));
    refuses("rows_agree", one, |d| d.changes = vec![changes(&["net:eve"], &[1.0])]);
    let eve = [("net:eve", "t1")];
    refuses("rows_agree", one, |d| d.topic_scores.insert(2, topic_scores(&eve, [9; 3])));
    refuses("rows_agree", one, |d| {
        d.topic_interests.push(drafts::of_topics("topic_interests", &eve, vec![]));
    });
    refuses("rows_agree", one, |d| d.topic_evidence.push(evidence(&eve)));
    refuses("rows_agree", one, |d| d.topic_posts = vec![topic_posts(&eve)]);
    refuses("rows_agree", one, |d| d.cohorts.push(cohort("c", &["net:eve"])));
    // Reactors of a post are people as well.
    refuses("rows_agree", one, |d| {
        let people = list_of_texts(&[&[BOB, "net:eve"], &[]]);
        let pairs = [(ANN, "t1"), (ANN, "t2")];
        d.topic_evidence =
            vec![drafts::of_topics("topic_evidence", &pairs, vec![("reactor_ids", people)])];
    });
}

#[test]
fn rows_of_another_run_are_refused_in_every_table() {
    for (name, _) in drafts::draft(day()).tables() {
        let mut draft = drafts::draft(day());
        let other = drafts::of_run(drafts::draft(day()), "other");
        let of_other =
            other.tables().into_iter().find(|(table, _)| *table == name).unwrap().1.clone();
        let rows: usize = of_other.iter().map(|batch| batch.num_rows()).sum();
        match name {
            "people" => draft.people = of_other,
            "accounts" => draft.accounts = of_other,
            "scores" => draft.scores = of_other,
            "contributions" => draft.contributions = of_other,
            "changes" => continue,
            "checks" => draft.checks = of_other,
            "measures" => draft.measures = of_other,
            "influence_edges" => draft.influence_edges = of_other,
            "topics" => draft.topics = of_other,
            "topic_scores" => draft.topic_scores = of_other,
            "topic_interests" => draft.topic_interests = of_other,
            "topic_evidence" => draft.topic_evidence = of_other,
            "topic_posts" => draft.topic_posts = of_other,
            _ => draft.cohorts = of_other,
        }
        let error = audit_within(draft, &GateRule::default());
        let error = error.map(|_| "passed").unwrap_err();
        let words = format!("{rows} of {rows} rows of `{name}` name another run");
        assert!(error.cause.contains("gate `rows_agree` refused"), "{error}");
        assert!(error.cause.contains(&words), "{error}");
    }
}

/// A list of texts per row.
fn list_of_texts(rows: &[&[&str]]) -> arrow::array::ArrayRef {
    let item = arrow::datatypes::Field::new("item", arrow::datatypes::DataType::Utf8, false);
    let mut lists =
        arrow::array::ListBuilder::new(arrow::array::StringBuilder::new()).with_field(item);
    for row in rows {
        row.iter().for_each(|text| lists.values().append_value(text));
        lists.append(true);
    }
    std::sync::Arc::new(lists.finish())
}

#[test]
fn topics_are_the_same_in_all_tables() {
    let unknown = "1 rows name topics that `topics` lacks";
    refuses("topics_agree", unknown, |d| {
        d.topic_interests.push(drafts::of_topics("topic_interests", &[(CID, "t3")], vec![]));
    });
    refuses("topics_agree", unknown, |d| d.topic_posts = vec![topic_posts(&[(ANN, "t3")])]);
    refuses("topics_agree", "4 rows name topics", |d| d.topics = vec![topics(&["t2"])]);
    refuses("topics_agree", "1 of 2 topic scores have no evidence", |d| {
        d.topic_evidence = vec![evidence(&[(ANN, "t1")])];
    });
    refuses("topics_agree", "1 rows of evidence no score", |d| d.topic_scores.truncate(1));
}

#[test]
fn topic_scores_on_thin_evidence_are_refused() {
    let words = "1 of 2 topic scores rest on fewer";
    for evidence in [[2, 5, 2], [3, 4, 2], [3, 5, 1]] {
        refuses("enough_evidence", words, |d| {
            d.topic_scores[0] = topic_scores(&[(ANN, "t1")], evidence);
        });
    }
}

#[test]
fn ranks_of_each_network_sum_to_one() {
    for last in [0.125 + 1e-6, 0.0, f64::NAN, f64::INFINITY] {
        refuses("rank_mass", "network `net`", |d| {
            d.measures[1] = measures("net", &[CID, DEE], &[0.125, last]);
        });
    }
    refuses("rank_mass", "network `other`", |d| d.measures.push(measures("other", &[ANN], &[0.9])));
    audited(|d| d.measures.push(measures("other", &[ANN], &[1.0]))).unwrap();
}

/// Negative ranks are refused even if they sum to 1.
#[test]
fn a_negative_rank_is_refused() {
    refuses("rank_mass", "1 ranks are negative", |d| {
        d.measures[1] = measures("net", &[CID, DEE], &[-0.125, 0.375]);
    });
}

#[test]
fn the_tolerance_of_the_method_decides() {
    let audit_with = |rank_mass_tolerance| {
        let mut draft = drafts::draft(day());
        draft.measures[1] = measures("net", &[CID, DEE], &[0.125, 0.126]);
        let rule = GateRule { rank_mass_tolerance, ..GateRule::default() };
        audit_within(draft, &rule)
    };
    audit_with(0.01).unwrap();
    assert_eq!(audit_with(1e-4).unwrap_err().kind, Kind::Gate);
}

/// Shares, percentiles and counts must be numbers.
#[test]
fn nan_is_refused_in_every_column() {
    let mut passed = vec![];
    for column in ["percentile", "true_reach", "amplification", "network_score", "negative_share"] {
        let result = audited(|d| {
            let mut columns: Vec<_> = d.scores[0].columns().to_vec();
            let at = d.scores[0].schema().index_of(column).unwrap();
            columns[at] = drafts::numbers(&[f64::NAN, 0.0]);
            let schema = d.scores[0].schema();
            d.scores[0] = arrow::array::RecordBatch::try_new(schema, columns).unwrap();
        });
        passed.extend(result.is_ok().then_some(column));
    }
    assert!(passed.is_empty(), "not a number in {passed:?}");
}
