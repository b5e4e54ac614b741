//! JSON without a person.

use serde_json::Value;

use super::traces::{Holds, Traces};

/// Removes from `value`, which stands under the name `key`, what holds the person: items of lists, whole where one of their own texts
/// does, and entries by their names. A text elsewhere becomes null. Returns how much was removed.
pub(super) fn cut(key: &str, value: &mut Value, traces: &Traces) -> u64 {
    match value {
        Value::String(text) if traces.are_in(Holds::of(key), text) => {
            *value = Value::Null;
            1
        }
        Value::Array(items) => {
            let before = items.len();
            items.retain(|item| !is_held(key, item, traces));
            let removed = (before - items.len()) as u64;
            removed + items.iter_mut().map(|item| cut(key, item, traces)).sum::<u64>()
        }
        Value::Object(entries) => {
            let before = entries.len();
            entries.retain(|name, _| !traces.occur_in(name) && !traces.is_person(name));
            let removed = (before - entries.len()) as u64;
            removed + entries.iter_mut().map(|(name, value)| cut(name, value, traces)).sum::<u64>()
        }
        _ => 0,
    }
}

/// Whether an item of the list `key` is, or has, a text that holds the person.
fn is_held(key: &str, item: &Value, traces: &Traces) -> bool {
    let is_in = |key: &str, text: &str| traces.are_in(Holds::of(key), text);
    match item {
        Value::String(text) => is_in(key, text),
        Value::Object(entries) => {
            entries.iter().any(|(name, value)| value.as_str().is_some_and(|text| is_in(name, text)))
        }
        _ => false,
    }
}

/// Whether anything in `value`, which stands under the name `key`, holds the person.
pub(super) fn holds(key: &str, value: &Value, traces: &Traces) -> bool {
    match value {
        Value::String(_) => is_held(key, value, traces),
        Value::Array(items) => items.iter().any(|item| holds(key, item, traces)),
        Value::Object(entries) => {
            entries.iter().any(|(name, value)| traces.occur_in(name) || holds(name, value, traces))
        }
        _ => false,
    }
}
