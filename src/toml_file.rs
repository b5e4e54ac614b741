//! Reading the TOML files that people write: unknown keys are refused, with the nearest known key
//! suggested and the line shown.

use serde::de::DeserializeOwned;

use crate::error::{Error, Help, Result};
use crate::renamed;
use crate::suggest::did_you_mean;

/// Parses `text`, the contents of the file that people know as `name`.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] with file, line, the line itself, and for an unknown key the
/// nearest known one.
pub fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let (line, shown) = error.span().map_or((0, ""), |span| line_at(text, span.start));
        let place = match line {
            0 => name.to_owned(),
            line => format!("{name}:{line}: `{}`", shown.trim()),
        };
        let message = error.message();
        match unknown(message) {
            Some((Unknown::Value, value, known)) => Error::bad_job(
                format!("{place}: invalid value `{value}`"),
                format!(
                    "{}values are: {}",
                    did_you_mean(value, known.iter().copied()),
                    known.join(", ")
                ),
            ),
            Some((Unknown::Key, key, known)) => Error::bad_job(
                format!("{place}: unknown key `{key}`"),
                match (renamed::key(key, &known), did_you_mean(key, known.iter().copied())) {
                    (Some(new), _) => format!("it is called `{new}` now"),
                    (None, near) if !near.is_empty() => near.trim_end().to_owned(),
                    (None, _) if known.is_empty() => "remove it: no keys are known here".to_owned(),
                    (None, _) => format!("remove it; known here are: {}", known.join(", ")),
                },
            ),
            None => Error::bad_job(format!("{place}: {message}"), "correct the line")
                .with_help(Help::Keys),
        }
        .caused_by(error)
    })
}

/// Line number (from 1) and text of the line that holds byte `at`.
fn line_at(text: &str, at: usize) -> (usize, &str) {
    let at = at.min(text.len());
    let before = text.get(..at).unwrap_or(text);
    let number = before.matches('\n').count() + 1;
    (number, text.lines().nth(number - 1).unwrap_or(""))
}

/// What is not known.
enum Unknown {
    Key,
    Value,
}

/// The unknown and the known keys or values named by serde's "unknown field `a`, expected one of `b`, `c`".
fn unknown(message: &str) -> Option<(Unknown, &str, Vec<&str>)> {
    let (what, message) = match message.strip_prefix("unknown field `") {
        Some(rest) => (Unknown::Key, rest),
        None => (Unknown::Value, message.strip_prefix("unknown variant `")?),
    };
    let (name, rest) = message.split_once('`')?;
    Some((what, name, rest.split('`').skip(1).step_by(2).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Kernel {
        #[allow(dead_code)]
        half_life_hours: u32,
    }

    #[test]
    fn unknown_keys_name_line_and_nearest_key() {
        let error = parse::<Kernel>("a.toml", "# a\nhalf_live_hours = 3\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.toml:2: `half_live_hours = 3`: unknown key `half_live_hours`\n\
             remedy: did you mean `half_life_hours`?"
        );
    }

    #[test]
    fn wrong_types_name_the_line() {
        let error = parse::<Kernel>("a.toml", "\n\nhalf_life_hours = \"x\"").unwrap_err();
        assert!(error.cause.starts_with("a.toml:3: `half_life_hours = \"x\"`: invalid type"));
    }
}
