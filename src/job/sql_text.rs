//! Values of variables within SQL: each stays one value, whatever characters it holds.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// A variable of a text with its value.
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// Its value.
    pub(super) value: String,
}

/// SQL between variables: `parts` are one more than `variables`. A value lands within a text in quotes as part of that
/// text, within a name as part of that name, and elsewhere as a number or a text of its own.
///
/// # Errors
/// What is wrong, in words that go on from the name of the variable.
pub(super) fn join(
    parts: &[&str],
    variables: &[Variable],
) -> std::result::Result<String, (String, &'static str)> {
    let mut mark = "_renown".to_owned();
    let values = || variables.iter().map(|variable| variable.value.as_str());
    while parts.iter().copied().chain(values()).any(|text| text.contains(&mark)) {
        mark.push('_');
    }
    let marked = |at: usize| format!("{mark}{at}x");
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        text.push_str(part);
        if at < variables.len() {
            text.push_str(&marked(at));
        }
    }
    let first = || variables.first().map_or_else(String::new, |variable| variable.name.clone());
    let unread = |_| (first(), "stands in SQL that cannot be read; correct the quotes");
    let tokens = Tokenizer::new(&GenericDialect {}, &text).with_unescape(false).tokenize();
    let tokens = tokens.map_err(unread)?;
    let mut filled = String::with_capacity(text.len());
    let mut again = String::with_capacity(text.len());
    for token in tokens {
        let shown = token.to_string();
        again.push_str(&shown);
        let held: Vec<usize> =
            (0..variables.len()).filter(|at| shown.contains(&marked(*at))).collect();
        if held.is_empty() {
            filled.push_str(&shown);
            continue;
        }
        let mut shown = shown;
        for at in held {
            let Variable { name, value } = &variables[at];
            let landed =
                land(&token, &marked(at), name, value).map_err(|why| (name.clone(), why))?;
            shown = shown.replace(&marked(at), &landed);
        }
        filled.push_str(&shown);
    }
    // What the tokens do not give back as it was must not be run.
    if again != text {
        return Err((first(), "stands in SQL that cannot be filled"));
    }
    Ok(filled)
}

/// How the value of a variable reads within `token`, in place of `mark`.
fn land(
    token: &Token,
    mark: &str,
    name: &str,
    value: &str,
) -> std::result::Result<String, &'static str> {
    match token {
        Token::SingleQuotedString(_) | Token::NationalStringLiteral(_) => {
            Ok(value.replace('\'', "''"))
        }
        Token::DoubleQuotedString(_) => Ok(value.replace('"', "\"\"")),
        Token::Word(word) => match word.quote_style {
            Some('[') if value.contains(']') => Err("is no part of a name: it holds `]`"),
            Some('[') => Ok(value.to_owned()),
            Some(quote) => Ok(value.replace(quote, &format!("{quote}{quote}"))),
            None if word.value == mark => Ok(literal(value)),
            None if is_part_of_name(value) => Ok(value.to_owned()),
            None => Err("is part of a name, where only letters, digits and _ may stand"),
        },
        // Nothing reads it there.
        Token::Whitespace(
            Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_),
        ) => Ok(format!("${{{name}}}")),
        _ => Err("stands where no value can; put it in single quotes"),
    }
}

fn is_part_of_name(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A value as a literal of its own.
fn literal(value: &str) -> String {
    let is_number = value.parse::<f64>().is_ok()
        && value.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
        // An id such as 007 is no number.
        && !(value.len() > 1 && value.starts_with('0') && !value.starts_with("0."));
    let is_truth = ["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word));
    match is_number || is_truth {
        // Apart from what stands before it, so that two minus signs are no comment.
        true => format!(" {value} "),
        false => format!("'{}'", value.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &[&str], values: &[&str]) -> std::result::Result<String, String> {
        let variable = |value: &&str| Variable { name: "v".into(), value: (*value).to_owned() };
        let variables: Vec<_> = values.iter().map(variable).collect();
        join(parts, &variables).map_err(|(_, why)| why.to_owned())
    }

    #[test]
    fn values_stay_values() {
        for (parts, value, filled) in [
            (["a = '", "'"], "it's", "a = 'it''s'"),
            (["a = 'x", "y' -- '"], "' OR 1=1 --", "a = 'x'' OR 1=1 --y' -- '"),
            (["a = ", ""], "it's", "a = 'it''s'"),
            (["a = ", " AND b"], "1 OR 1=1", "a = '1 OR 1=1' AND b"),
            (["a > ", ""], "12.5", "a >  12.5 "),
            (["a -", ""], "-5", "a - -5 "),
            (["a = ", ""], "007", "a = '007'"),
            (["a = ", ""], "TRUE", "a =  TRUE "),
            (["FROM tweets_", " t"], "eu", "FROM tweets_eu t"),
            (["FROM \"", "\" t"], "a\"b", "FROM \"a\"\"b\" t"),
            (["FROM t -- ", "\n"], "\n; DROP", "FROM t -- ${v}\n"),
            (["/* ", " */ x"], "*/ y /*", "/* ${v} */ x"),
        ] {
            assert_eq!(joined(&parts, &[value]).as_deref(), Ok(filled), "{parts:?} {value}");
        }
        assert_eq!(joined(&["'", " ", "'"], &["a'", "b"]).as_deref(), Ok("'a'' b'"));
        // What was filled in is not filled again.
        assert_eq!(
            joined(&["'", "' '", "'"], &["_renown1x", "b"]).as_deref(),
            Ok("'_renown1x' 'b'")
        );
        for (parts, value) in [
            (["FROM tweets_", ""], "eu; DROP"),
            (["a = E'", "'"], "x"),
            (["a = 'x", ""], "x"),
            (["a = $$", "$$"], "x"),
        ] {
            assert!(joined(&parts, &[value]).is_err(), "{parts:?}");
        }
    }
}
