//! Reference pages generated from the declarations: contracts of tables, keys of job and method files.

use std::fmt::Write as _;

use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value};

use crate::error::{Error, Help, Kind, Result};
use crate::job::JobFile;
use crate::method::Method;
use crate::schema::{self, Status, Table};
use crate::suggest::did_you_mean;

/// Every key of a job file with type, default and meaning.
///
/// # Errors
/// [`Kind::Internal`] if the declaration cannot be read.
pub fn job() -> Result<String> {
    keys::<JobFile>()
}

/// Every key of a method file with type, default and meaning.
///
/// # Errors
/// [`Kind::Internal`] if the declaration cannot be read.
pub fn method() -> Result<String> {
    keys::<Method>()
}

/// The contracts called `name` (all without a name) as text.
///
/// # Errors
/// [`Kind::Usage`] if there is no such table.
pub fn text(name: Option<&str>) -> Result<String> {
    Ok(select(name)?.into_iter().map(Table::text).collect::<Vec<_>>().join("\n"))
}

/// The contracts called `name` as `CREATE TABLE`; without a name those of the published tables, as a
/// warehouse would create them.
///
/// # Errors
/// [`Kind::Usage`] if there is no such table.
pub fn ddl(name: Option<&str>) -> Result<String> {
    let written = [Status::Published, Status::Measured, Status::Simulated];
    let wanted = |t: &&Table| name.is_some() || written.contains(&t.status);
    Ok(select(name)?.into_iter().filter(wanted).map(Table::ddl).collect::<Vec<_>>().join("\n"))
}

/// The contracts called `name` (all without a name) as JSON.
///
/// # Errors
/// [`Kind::Usage`] if there is no such table.
pub fn json(name: Option<&str>) -> Result<String> {
    let text = serde_json::to_string_pretty(&select(name)?).map_err(Error::internal)?;
    Ok(format!("{text}\n"))
}

fn select(name: Option<&str>) -> Result<Vec<&'static Table>> {
    let all = schema::tables()?;
    let Some(name) = name else { return Ok(all.iter().collect()) };
    let found: Vec<_> = all.iter().filter(|t| t.table == name).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let near = did_you_mean(name, all.iter().map(|t| t.table.as_str()));
    Err(Error::new(
        Kind::Usage,
        format!("there is no table `{name}`"),
        format!("{near}name a table that has a contract"),
    )
    .with_help(Help::Contracts))
}

/// The tables in use as a Markdown list, for `docs/output.md`.
///
/// # Errors
/// [`Kind::Internal`] if a contract does not parse.
pub fn markdown() -> Result<String> {
    let mut out = String::from("| table | | one row is | columns |\n|---|---|---|---|\n");
    for t in schema::tables()?.iter().filter(|t| t.status != Status::Reserved) {
        let direction = match t.status {
            Status::Read => "read",
            _ => "published",
        };
        let columns: Vec<String> =
            t.columns
                .iter()
                .map(|c| {
                    if t.key.contains(&c.name) { format!("**{}**", c.name) } else { c.name.clone() }
                })
                .collect();
        let _ =
            writeln!(out, "| `{}` | {direction} | {} | {} |", t.table, t.grain, columns.join(", "));
    }
    Ok(out)
}

fn keys<T: JsonSchema>() -> Result<String> {
    let schema = schema_for!(T).to_value();
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut out = String::new();
    section(&schema, &Value::Null, &definitions, "", &mut out)?;
    Ok(out)
}

/// Writes the keys of one object, then its sections.
fn section(
    schema: &Value,
    defaults: &Value,
    definitions: &Map<String, Value>,
    path: &str,
    out: &mut String,
) -> Result<()> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !path.is_empty() {
        let _ = writeln!(out, "\n[{path}]  {}", words(schema));
    }
    if schema["additionalProperties"]["type"] == "string" {
        let _ = writeln!(out, "NAME: text");
    }
    let mut sections = Vec::new();
    for (key, declared) in properties {
        let resolved = resolve(declared, definitions);
        let default = match (&declared["default"], &defaults[key]) {
            (Value::Null, other) | (other, Value::Null) | (_, other) => other,
        };
        if resolved["additionalProperties"]["type"] == "string" {
            sections.push((dotted(path, key), declared, &Value::Null));
            continue;
        }
        let inner = if resolved["type"] == "array" { &resolved["items"] } else { resolved };
        let inner = match &inner["additionalProperties"] {
            Value::Object(_) => resolve(&inner["additionalProperties"], definitions),
            _ => resolve(inner, definitions),
        };
        if inner.get("properties").is_some() {
            let name = match (resolved["type"].as_str(), inner == resolved) {
                (Some("array"), _) => format!("[{}]", dotted(path, key)),
                (_, false) => format!("{}.NAME", dotted(path, key)),
                _ => dotted(path, key),
            };
            sections.push((name, inner, default));
            continue;
        }
        let default = match default {
            Value::Null if required.contains(&key.as_str()) => "required".to_owned(),
            Value::Null => "optional".to_owned(),
            value => format!("default {value}"),
        };
        let _ = writeln!(
            out,
            "{key}: {} ({default})\n    {}",
            kind(resolved),
            words_of(declared, resolved)
        );
    }
    for (name, inner, default) in sections {
        section(inner, default, definitions, &name, out)?;
    }
    Ok(())
}

pub(crate) fn dotted(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The declaration that a reference leads to; of an optional value that of the value.
pub(crate) fn resolve<'a>(schema: &'a Value, definitions: &'a Map<String, Value>) -> &'a Value {
    let schema = schema["anyOf"].get(0).unwrap_or(schema);
    let name = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/"));
    name.and_then(|name| definitions.get(name)).unwrap_or(schema)
}

fn words(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a key means, by its own description or that of its type.
pub(crate) fn words_of(declared: &Value, resolved: &Value) -> String {
    let description = words(declared);
    if description.is_empty() { words(resolved) } else { description }
}

fn kind(schema: &Value) -> String {
    let choices = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().map(Value::to_string).collect()
    };
    if let Some(one_of) = schema["oneOf"].as_array() {
        return one_of.iter().map(|o| o["const"].to_string()).collect::<Vec<_>>().join(" or ");
    }
    if schema.get("enum").is_some() {
        return choices(&schema["enum"]).join(" or ");
    }
    let name = match &schema["type"] {
        Value::Array(types) => types[0].as_str(),
        one => one.as_str(),
    };
    match (name.unwrap_or("any"), schema["format"].as_str()) {
        ("string", Some("date")) => "date".to_owned(),
        ("string", _) => "text".to_owned(),
        (name, _) => name.to_owned(),
    }
}
