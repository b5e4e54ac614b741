//! Names of earlier versions: what a key or a measure is called now.
//!
//! Files with an old name are refused; the error says the new one. What Renown published itself is read under either.

use serde_json::Value;

/// Section and name as they were in earlier versions, and the name now.
const RENAMED: [(&str, &str, &str); 15] = [
    // Job.
    ("cohort", "most", "max_people"),
    ("validate", "instants", "backtests"),
    ("validate", "draws", "resamples"),
    ("validate", "least_people", "min_people"),
    ("validate", "truth", "target"),
    // Method.
    ("topics", "of_parent", "parent_weight"),
    ("topics", "most", "max_topics"),
    ("topics", "least_share", "min_share"),
    ("gates", "least_people", "min_people"),
    ("fit", "truth", "target"),
    // Columns of `measures`.
    ("measures", "rank", "pagerank"),
    ("measures", "rank_percentile", "pagerank_percentile"),
    ("measures", "audience_rank_percentile", "audience_pagerank_percentile"),
    ("measures", "follow_rank", "follow_pagerank"),
    ("measures", "vouchers", "endorsers"),
];

/// Target of a fit to observed reactors, as earlier versions named it, and its name now.
pub const ROLLING_ORIGIN: (&str, &str) = ("forward", "rolling_origin");

/// What the key `old` is called now, if it had another name and the new one is among the `known` keys.
pub fn key(old: &str, known: &[&str]) -> Option<&'static str> {
    let new = RENAMED.iter().filter(|(_, name, _)| *name == old).map(|(.., new)| *new);
    new.into_iter().find(|new| known.contains(new))
}

/// What the measure `old` is called now, if it had another name.
pub fn measure(old: &str) -> Option<&'static str> {
    let is = |(section, name, _): &&(&str, &str, &str)| *section == "measures" && *name == old;
    RENAMED.iter().find(is).map(|(.., new)| *new)
}

/// The measures that had other names: old and new.
pub fn measures() -> impl Iterator<Item = (&'static str, &'static str)> {
    RENAMED
        .into_iter()
        .filter(|(section, ..)| *section == "measures")
        .map(|(_, old, new)| (old, new))
}

/// Gives the keys of a published `method` the names that they have now.
pub fn update_method(method: &mut Value) {
    for (section, old, new) in RENAMED {
        if let Some(section) = method.get_mut(section).and_then(Value::as_object_mut)
            && let Some(value) = section.remove(old)
        {
            section.insert(new.to_owned(), value);
        }
    }
    // Who counted on networks without seeds, up to 0.9.0: it acts no longer.
    if let Some(trust) = method.get_mut("trust").and_then(Value::as_object_mut) {
        trust.remove("fallback_people");
    }
    if let Some(target) = method.pointer_mut("/fit/target")
        && target == ROLLING_ORIGIN.0
    {
        *target = ROLLING_ORIGIN.1.into();
    }
}

/// Gives the keys of a published `profile` the names that they have now.
pub fn update_profile(profile: &mut Value) {
    if let Some(profile) = profile.as_object_mut()
        && let Some(value) = profile.remove("truth")
    {
        profile.insert("fitted_to_labels".to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_renamed_only_where_its_new_name_is_known() {
        assert_eq!(key("most", &["name", "max_people"]), Some("max_people"));
        assert_eq!(key("most", &["roll_up", "max_topics"]), Some("max_topics"));
        assert_eq!(key("most", &["name"]), None);
        assert_eq!(key("max_people", &["max_people"]), None);
    }

    #[test]
    fn a_method_of_an_earlier_version_gets_the_current_names() {
        let mut method = serde_json::json!({
            "topics": { "most": 5, "roll_up": 0.5 },
            "gates": { "least_people": 1 },
            "fit": { "truth": "forward" },
        });
        update_method(&mut method);
        let updated = serde_json::json!({
            "topics": { "max_topics": 5, "roll_up": 0.5 },
            "gates": { "min_people": 1 },
            "fit": { "target": "rolling_origin" },
        });
        assert_eq!(method, updated);
        let mut profile = serde_json::json!({ "name": "standard", "truth": false });
        update_profile(&mut profile);
        let updated = serde_json::json!({ "name": "standard", "fitted_to_labels": false });
        assert_eq!(profile, updated);
    }
}
