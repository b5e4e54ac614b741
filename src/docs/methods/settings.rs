//! Keys of a job or a method with their values and meanings, from the declarations.

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::{Map, Value};

use super::markdown::{escaped, table};
use crate::docs::reference::{dotted, resolve, words_of};
use crate::error::{Error, Result};

/// The settings of some sections.
#[derive(Default)]
pub(super) struct Settings {
    /// Key, value and meaning.
    keys: Vec<[String; 3]>,
    /// Tables of settings that may occur several times.
    repeated: Vec<String>,
}

impl Settings {
    /// Adds the section called `path` without the keys `left_out`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if it cannot be written as JSON.
    pub fn add<T: JsonSchema + Serialize>(
        &mut self,
        path: &str,
        section: &T,
        left_out: &[&str],
    ) -> Result<()> {
        let schema = schema_for!(T).to_value();
        let definitions = schema["$defs"].as_object().cloned().unwrap_or_default();
        let value = serde_json::to_value(section).map_err(Error::internal)?;
        self.walk(&schema, &value, &definitions, path, left_out);
        Ok(())
    }

    fn walk(
        &mut self,
        schema: &Value,
        value: &Value,
        definitions: &Map<String, Value>,
        path: &str,
        left_out: &[&str],
    ) {
        for (key, declared) in schema["properties"].as_object().into_iter().flatten() {
            let path = dotted(path, key);
            if left_out.contains(&&*path) {
                continue;
            }
            let (resolved, value) = (resolve(declared, definitions), &value[key]);
            let items = [&resolved["items"], &resolved["additionalProperties"]];
            let items = items.map(|items| resolve(items, definitions));
            let item = items.into_iter().find(|item| item.get("properties").is_some());
            let meaning = words_of(declared, resolved);
            match (item, value) {
                (Some(item), Value::Array(many)) if !many.is_empty() => {
                    let rows = many.iter().map(|value| (None, value));
                    self.repeated.push(list(&path, &meaning, item, definitions, rows));
                }
                (Some(item), Value::Object(many)) if !many.is_empty() => {
                    let rows = many.iter().map(|(name, value)| (Some(name.as_str()), value));
                    self.repeated.push(list(&path, &meaning, item, definitions, rows));
                }
                (None, Value::Object(_)) if resolved.get("properties").is_some() => {
                    self.walk(resolved, value, definitions, &path, left_out);
                }
                _ => self.keys.push([format!("`{path}`"), text(value), meaning]),
            }
        }
    }

    /// As Markdown.
    pub fn render(&self) -> String {
        let keys = self.keys.iter().map(|row| row.to_vec());
        let keys = table(&["key".into(), "value".into(), "meaning".into()], keys);
        [&[keys], &self.repeated[..]].concat().join("\n")
    }
}

/// A table of items that have the same keys, with the meanings of these above it.
fn list<'a>(
    path: &str,
    meaning: &str,
    item: &Value,
    definitions: &Map<String, Value>,
    rows: impl Iterator<Item = (Option<&'a str>, &'a Value)> + Clone,
) -> String {
    let named = rows.clone().any(|(name, _)| name.is_some());
    let keys: Vec<(&String, &Value)> =
        item["properties"].as_object().into_iter().flatten().collect();
    let meanings = keys.iter().map(|(key, declared)| {
        format!("- `{key}`: {}\n", words_of(declared, resolve(declared, definitions)))
    });
    let meanings: String = meanings.collect();
    let header = named.then(|| "name".to_owned()).into_iter();
    let header: Vec<String> =
        header.chain(keys.iter().map(|(key, _)| format!("`{key}`"))).collect();
    let rows = rows.map(|(name, value)| {
        let cells = keys.iter().map(|(key, _)| text(&value[key.as_str()]));
        name.map(escaped).into_iter().chain(cells).collect()
    });
    format!("`{path}`: {meaning}\n\n{meanings}\n{}", table(&header, rows))
}

/// A value in a table.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => escaped(text),
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(self::text).collect::<Vec<_>>().join(", ")
        }
        Value::Object(items) if !items.is_empty() => {
            let of = |(name, value): (&String, &Value)| {
                format!("{} = {}", escaped(name), self::text(value))
            };
            items.iter().map(of).collect::<Vec<_>>().join(", ")
        }
        Value::Array(_) | Value::Object(_) => "none".to_owned(),
        other => other.to_string(),
    }
}
