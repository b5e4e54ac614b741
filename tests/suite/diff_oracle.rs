//! A comparison of two runs, computed again from their tables.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::world::{Published, Row};

const ENDS: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];

/// (forecast, score) of each person.
type Scores = BTreeMap<String, (f64, f64)>;

fn scores(published: &Published, profile: &str) -> Scores {
    let rows = published.tables["scores"].iter().filter(|row| row["profile"] == profile);
    let number = |row: &Row, name: &str| row[name].as_f64().unwrap();
    rows.map(|row| {
        let id = row["person_id"].as_str().unwrap().to_owned();
        (id, (number(row, "expected_reactors"), number(row, "score")))
    })
    .collect()
}

/// The number of people above a person, as `top` lists them.
fn people_above(scores: &Scores, id: &str) -> usize {
    let forecast = scores[id].0;
    let is_before = |(other, (theirs, _)): &(&String, &(f64, f64))| {
        *theirs > forecast || (*theirs == forecast && other.as_str() < id)
    };
    scores.iter().filter(is_before).count()
}

fn direction(change: f64) -> Ordering {
    if change.abs() <= 1e-9 { Ordering::Equal } else { change.total_cmp(&0.0) }
}

/// The value at a share of sorted values, linear between them.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + place.fract() * (high - low)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Pearson's correlation of mid-ranks.
fn spearman(one: &[f64], other: &[f64]) -> Value {
    let ranks = |values: &[f64]| -> Vec<f64> {
        let rank = |value: &f64| {
            let below = values.iter().filter(|v| *v < value).count() as f64;
            below + (values.iter().filter(|v| *v == value).count() as f64 + 1.0) / 2.0
        };
        values.iter().map(rank).collect()
    };
    let (one, other) = (ranks(one), ranks(other));
    let (of_one, of_other) = (mean(&one), mean(&other));
    let sum = |a: &[f64], of_a: f64, b: &[f64], of_b: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum()
    };
    let spread = sum(&one, of_one, &one, of_one) * sum(&other, of_other, &other, of_other);
    match spread > 0.0 {
        true => json!(sum(&one, of_one, &other, of_other) / spread.sqrt()),
        false => Value::Null,
    }
}

fn bins(changes: &BTreeMap<String, f64>) -> Value {
    let count = |within: &dyn Fn(f64) -> bool| changes.values().filter(|c| within(**c)).count();
    let (last, mut up, mut down) = (ENDS[ENDS.len() - 1], vec![], vec![]);
    let mut inner = 0.0;
    for outer in ENDS {
        let within = |size: f64, change: f64| {
            direction(change) != Ordering::Equal && size >= inner && size < outer
        };
        let rose = count(&|c| c > 0.0 && within(c, c));
        let fell = count(&|c| c < 0.0 && within(-c, c));
        up.push(json!({ "from": inner, "to": outer, "people": rose }));
        down.insert(0, json!({ "from": -outer, "to": 0.0 - inner, "people": fell }));
        inner = outer;
    }
    up.push(json!({ "from": last, "to": null, "people": count(&|c| c >= last) }));
    down.insert(0, json!({ "from": null, "to": -last, "people": count(&|c| c <= -last) }));
    let none = count(&|c| direction(c) == Ordering::Equal);
    down.push(json!({ "from": 0.0, "to": 0.0, "people": none }));
    down.extend(up);
    Value::Array(down)
}

/// (network, measure) → value and points of one person.
fn contributions(
    published: &Published,
    profile: &str,
    id: &str,
) -> BTreeMap<[String; 2], (Value, f64)> {
    let of_person = |row: &&Row| row["profile"] == profile && row["person_id"] == id;
    let text = |row: &Row, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = published.tables["contributions"].iter().filter(of_person);
    rows.map(|row| {
        let key = [text(row, "network"), text(row, "measure")];
        (key, (row["value"].clone(), row["points"].as_f64().unwrap()))
    })
    .collect()
}

/// The movers in one direction, without the causes in `changes`.
fn movers(
    [a, b]: [&Published; 2],
    profile: &str,
    changes: &BTreeMap<String, f64>,
    towards: Ordering,
    limit: usize,
) -> Vec<Value> {
    let [of_a, of_b] = [a, b].map(|published| scores(published, profile));
    let mut moved: Vec<(&String, f64)> = changes.iter().map(|(id, change)| (id, *change)).collect();
    moved.retain(|(_, change)| direction(*change) == towards);
    moved.sort_by(|one, other| {
        other.1.abs().total_cmp(&one.1.abs()).then_with(|| one.0.cmp(other.0))
    });
    moved.truncate(limit);
    let people = b.by("people", &["person_id"]);
    let mover = |(id, points): (&String, f64)| {
        let [before_a, before_b] = [a, b].map(|published| contributions(published, profile, id));
        let keys: BTreeSet<_> = before_a.keys().chain(before_b.keys()).collect();
        let of = |parts: &BTreeMap<[String; 2], (Value, f64)>, key: &[String; 2]| {
            parts.get(key).cloned().unwrap_or((Value::Null, 0.0))
        };
        let mut causes: Vec<(&[String; 2], f64)> =
            keys.iter().map(|key| (*key, of(&before_b, key).1 - of(&before_a, key).1)).collect();
        let is_reference = |cause: &(&[String; 2], f64)| cause.0[1] == "reference";
        let reference: f64 = causes.iter().filter(|c| is_reference(c)).map(|c| c.1).sum();
        let others: f64 = causes.iter().map(|c| c.1).sum::<f64>() - reference;
        causes.retain(|cause| !is_reference(cause) && direction(cause.1) != Ordering::Equal);
        causes.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
        causes.truncate(5);
        let shown: f64 = causes.iter().map(|cause| cause.1).sum();
        let causes = causes.iter().map(|(key, points)| {
            json!({
                "network": key[0],
                "measure": key[1],
                "value": [of(&before_a, key).0, of(&before_b, key).0],
                "points": points,
            })
        });
        json!({
            "person_id": id,
            "display_name": people[&vec![id.clone()]]["display_name"],
            "score": [of_a[id].1, of_b[id].1],
            "points": points,
            "position": [people_above(&of_a, id) + 1, people_above(&of_b, id) + 1],
            "causes": causes.collect::<Vec<_>>(),
            "other_points": others - shown,
            "reference_points": reference,
        })
    };
    moved.into_iter().map(mover).collect()
}

fn groupings(b: &Published, changes: &BTreeMap<String, f64>) -> Vec<Value> {
    let people = b.by("people", &["person_id"]);
    let grouping = |of: &str| {
        let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut unknown = 0;
        for (id, change) in changes {
            let row = people[&vec![id.clone()]];
            let names = match of {
                "network" => row["networks"].as_array().unwrap().clone(),
                of => vec![row[of].clone()],
            };
            let names = names.iter().filter_map(Value::as_str);
            unknown += usize::from(names.clone().count() == 0);
            names.for_each(|name| groups.entry(name.to_owned()).or_default().push(*change));
        }
        let people = |wanted: &dyn Fn(usize) -> bool| {
            groups.values().map(Vec::len).filter(|size| wanted(*size)).sum::<usize>()
        };
        let (in_smaller, large) = (people(&|size| size < 20), people(&|size| size >= 20));
        let mut groups: Vec<_> =
            groups.into_iter().filter(|(_, changes)| changes.len() >= 20).collect();
        groups.sort_by(|one, other| {
            other.1.len().cmp(&one.1.len()).then_with(|| one.0.cmp(&other.0))
        });
        groups.truncate(20);
        let shown: usize = groups.iter().map(|(_, changes)| changes.len()).sum();
        let groups = groups.into_iter().map(|(name, changes)| {
            let share = |towards: Ordering| {
                changes.iter().filter(|c| direction(**c) == towards).count() as f64
                    / changes.len() as f64
            };
            json!({
                "name": name,
                "people": changes.len(),
                "mean": mean(&changes),
                "median": quantile(&sorted(changes.iter().copied()), 0.5),
                "rose": share(Ordering::Greater),
                "fell": share(Ordering::Less),
            })
        });
        json!({
            "property": of,
            "groups": groups.collect::<Vec<_>>(),
            "in_smaller_groups": in_smaller,
            "in_further_groups": large - shown,
            "unknown": unknown,
        })
    };
    ["network", "language", "country"].map(grouping).into()
}

/// What `diff` should answer for two runs, without the causes in `changes`.
pub fn expected([a, b]: [&Published; 2], profile: &str, limit: usize) -> Value {
    let [of_a, of_b] = [a, b].map(|published| scores(published, profile));
    let both = |these: &Scores, others: &Scores| -> Scores {
        let shared = these.iter().filter(|(id, _)| others.contains_key(*id));
        shared.map(|(id, scores)| (id.clone(), *scores)).collect()
    };
    let [both_a, both_b] = [both(&of_a, &of_b), both(&of_b, &of_a)];
    let changes = both_a.iter().map(|(id, (_, score))| (id.clone(), both_b[id].1 - score));
    let changes: BTreeMap<String, f64> = changes.collect();
    let alone = |these: &Scores, others: &Scores| {
        let alone = these.keys().filter(|id| !others.contains_key(*id));
        alone.filter(|id| people_above(these, id) < 100).count()
    };
    let overlap = [10, 100, 1000].into_iter().filter(|first| *first <= changes.len());
    let overlap = overlap.map(|first| {
        let shared = changes
            .keys()
            .filter(|id| people_above(&both_a, id) < first && people_above(&both_b, id) < first);
        json!({ "top": first, "shared": shared.count() })
    });
    let column = |scores: &Scores| scores.values().map(|score| score.0).collect::<Vec<_>>();
    let run = |published: &Published| {
        let row = &published.tables["runs"][0];
        json!({
            "commit": published.commit.number,
            "snapshot_date": published.commit.snapshot_date.to_string(),
            "run_id": row["run_id"],
            "job": row["job"],
            "method_version": row["method_version"],
            "method_sha256": row["method_sha256"],
            "renown_version": row["renown_version"],
            "horizon_hours": row["horizon_hours"],
            "people": published.tables["people"].len(),
        })
    };
    let forecast = |published: &Published| {
        let profiles = published.tables["runs"][0]["profiles"].as_str().unwrap();
        let profiles: Vec<Value> = serde_json::from_str(profiles).unwrap();
        profiles.iter().find(|candidate| candidate["name"] == profile).unwrap()["forecast"].clone()
    };
    let values = sorted(changes.values().copied());
    json!({
        "profile": profile,
        "a": run(a),
        "b": run(b),
        "differs": {
            "snapshot_date": a.commit.snapshot_date != b.commit.snapshot_date,
            "method": a.tables["runs"][0]["method_sha256"] != b.tables["runs"][0]["method_sha256"],
            "forecast": forecast(a) != forecast(b),
            "renown_version": false,
        },
        "people": {
            "both": changes.len(),
            "only_a": of_a.len() - changes.len(),
            "only_b": of_b.len() - changes.len(),
            "left_top_100": alone(&of_a, &of_b),
            "entered_top_100": alone(&of_b, &of_a),
        },
        "agreement": {
            "spearman": spearman(&column(&both_a), &column(&both_b)),
            "overlap": overlap.collect::<Vec<_>>(),
        },
        "score_changes": {
            "mean": mean(&values),
            "median": quantile(&values, 0.5),
            "percentile_5": quantile(&values, 0.05),
            "percentile_95": quantile(&values, 0.95),
            "bins": bins(&changes),
        },
        "up": movers([a, b], profile, &changes, Ordering::Greater, limit.div_ceil(2)),
        "down": movers([a, b], profile, &changes, Ordering::Less, limit / 2),
        "groupings": groupings(b, &changes),
    })
}
