//! How deeply a SELECT is nested, from its words alone.
//!
//! Planning is recursive: a SELECT of a thousand terms or tables within each other would overflow the stack, which ends the process.
//! So it is measured before it is parsed.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// Terms around each other, at most: brackets, operators that follow one another, cases.
const MAX_TERMS: usize = 200;

/// SELECTs, joins and unions, at most.
const MAX_TABLES: usize = 200;

/// Words and signs, but for literals and commas: a list may be long.
const MAX_WORDS: usize = 10_000;

/// Bytes.
const MAX_BYTES: usize = 1 << 20;

/// A bracket or a case, with what has been read in it.
#[derive(Default)]
struct Level {
    is_case: bool,
    /// Whether a list of tables is being read.
    in_from: bool,
    /// AND, OR and NOT since the last comma or clause.
    logical: usize,
    /// Other operators since the last of these.
    operators: usize,
}

/// Refuses a SELECT that would be too deep to plan; says why.
pub(super) fn refuse_nested(sql: &str) -> Result<(), String> {
    if sql.len() > MAX_BYTES {
        return Err(format!("it has {} bytes; the most is {MAX_BYTES}", sql.len()));
    }
    // What cannot be read is refused by the parser, with the place.
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else { return Ok(()) };
    let (mut words, mut tables) = (0, 0);
    let (mut levels, mut around) = (vec![Level::default()], 0);
    let mut after_as = false;
    for token in tokens {
        let word = match &token {
            Token::Whitespace(_) => continue,
            Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
            Token::Word(_) => String::new(),
            _ => String::new(),
        };
        let Some(level) = levels.last_mut() else { break };
        let is_bracket_of_with = after_as && token == Token::LParen;
        after_as = word == "AS";
        match &token {
            Token::Comma => {
                tables += usize::from(level.in_from);
                (level.logical, level.operators) = (0, 0);
                continue;
            }
            Token::LParen => {
                tables += usize::from(is_bracket_of_with);
                around += 1 + level.logical + level.operators;
                levels.push(Level::default());
            }
            Token::RParen => close(&mut levels, &mut around),
            Token::Word(_) => match word.as_str() {
                "AND" | "OR" | "NOT" | "XOR" => {
                    level.logical += 1;
                    level.operators = 0;
                }
                "IS" | "IN" | "LIKE" | "ILIKE" | "BETWEEN" | "SIMILAR" | "AT" | "COLLATE" => {
                    level.operators += 1;
                }
                "CASE" => {
                    around += 1 + level.logical + level.operators;
                    levels.push(Level { is_case: true, ..Level::default() });
                }
                "END" if level.is_case => close(&mut levels, &mut around),
                "WHEN" | "THEN" | "ELSE" => (level.logical, level.operators) = (0, 0),
                "JOIN" | "UNION" | "EXCEPT" | "INTERSECT" | "MINUS" | "SELECT" | "VALUES" => {
                    tables += 1;
                    (level.logical, level.operators) = (0, 0);
                    level.in_from = false;
                }
                "FROM" => {
                    level.in_from = true;
                    (level.logical, level.operators) = (0, 0);
                }
                "WHERE" | "GROUP" | "HAVING" | "ORDER" | "WINDOW" | "QUALIFY" | "LIMIT" | "ON" => {
                    level.in_from &= word == "ON";
                    (level.logical, level.operators) = (0, 0);
                }
                _ => {}
            },
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_) => continue,
            Token::Period | Token::SemiColon => {}
            _ => level.operators += 1,
        }
        words += 1;
        let last = levels.last().map_or(0, |level| level.logical + level.operators);
        if around + last > MAX_TERMS {
            return Err(format!("more than {MAX_TERMS} terms are nested in each other"));
        }
        if tables > MAX_TABLES {
            return Err(format!("it has more than {MAX_TABLES} tables, SELECTs and joins"));
        }
        if words > MAX_WORDS {
            return Err(format!("it has more than {MAX_WORDS} words, literals aside"));
        }
    }
    Ok(())
}

/// Closes the last bracket or case; what stood before it counts again.
fn close(levels: &mut Vec<Level>, around: &mut usize) {
    if levels.len() > 1 {
        levels.pop();
        let before = levels.last().map_or(0, |level| level.logical + level.operators);
        *around = around.saturating_sub(1 + before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_not_too_deep() {
        let kinds = vec!["kind = 'like'"; 150].join(" OR ");
        let list = vec!["'x'"; 20_000].join(", ");
        let cases = vec!["WHEN a + b * c > 1 AND d THEN 'x'"; 500].join(" ");
        let joined = vec!["JOIN t ON a.id = t.id AND a.x = t.x"; 60].join(" ");
        let with = vec!["x AS (SELECT * FROM t WHERE a = 1)"; 60].join(", ");
        for sql in [
            format!("SELECT * FROM t WHERE {kinds}"),
            format!("SELECT * FROM t WHERE kind IN ({list})"),
            format!("SELECT CASE {cases} END AS a FROM t"),
            format!("SELECT a.* FROM a {joined} WHERE a.x = 1"),
            format!("WITH {with} SELECT * FROM x"),
            format!("SELECT {} FROM t", vec!["(a + 1) * 2 AS a"; 900].join(", ")),
            format!("{}1{}", "(".repeat(40), ")".repeat(40)),
        ] {
            assert_eq!(refuse_nested(&sql), Ok(()), "{}", &sql[..60]);
        }
    }

    #[test]
    fn every_way_to_nest_has_a_limit() {
        let with: Vec<String> =
            (1..300).map(|i| format!("a{i} AS (SELECT * FROM a{})", i - 1)).collect();
        for sql in [
            format!("SELECT {}1{}", "(".repeat(300), ")".repeat(300)),
            format!("SELECT {}1", "- ".repeat(300)),
            format!("SELECT {}", vec!["1"; 300].join(" + ")),
            format!("SELECT * FROM t WHERE {}", vec!["a = 1"; 300].join(" AND ")),
            format!("SELECT {} true", "NOT ".repeat(300)),
            format!("SELECT 1{}", "::int".repeat(300)),
            format!("SELECT a{}", "[0]".repeat(300)),
            format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(300), " END".repeat(300)),
            format!("SELECT {}1{}", "f(".repeat(300), ")".repeat(300)),
            format!("SELECT {}1{}", "1 + (".repeat(150), ")".repeat(150)),
            vec!["SELECT 1"; 300].join(" UNION ALL "),
            format!("SELECT * FROM {}", vec!["t"; 300].join(", ")),
            format!("SELECT * FROM t {}", "NATURAL JOIN t ".repeat(300)),
            format!("WITH {} SELECT * FROM a299", with.join(", ")),
            format!("{}SELECT 1{}", "SELECT * FROM (".repeat(300), ")".repeat(300)),
            format!("SELECT {}", vec!["a"; 20_000].join(" ")),
            " ".repeat(2 << 20),
        ] {
            assert!(refuse_nested(&sql).is_err(), "{}", &sql[..60]);
        }
    }
}
