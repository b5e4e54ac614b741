//! How deeply a SELECT is nested, from its words alone.
//!
//! Planning is recursive, and takes time and memory that double with each level of some terms: a SELECT of a thousand terms or
//! tables within each other would overflow the stack, which ends the process, or never be planned. So it is measured before it is
//! parsed.

use std::collections::HashMap;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// Terms around each other, at most: brackets, operators that follow one another, cases.
const MAX_TERMS: usize = 200;

/// Terms around each other for which planning takes twice the time each, at most: CASE, NOT and subqueries within conditions.
const MAX_DOUBLING: usize = 12;

/// SELECTs, joins and unions, at most, where each use of a table of WITH counts as all that it consists of.
const MAX_TABLES: usize = 200;

/// Words and signs, but for literals and commas: a list may be long.
const MAX_WORDS: usize = 10_000;

/// Bytes.
const MAX_BYTES: usize = 1 << 20;

/// A bracket or a case, with what has been read in it.
#[derive(Default)]
struct Level {
    is_case: bool,
    /// Whether it stands where a condition or a value may stand.
    is_condition: bool,
    /// Whether it is a subquery there.
    is_subquery: bool,
    /// Whether a list of tables is being read.
    in_from: bool,
    /// NOT since the last other operator.
    negations: usize,
    /// AND, OR and NOT since the last comma or clause.
    logical: usize,
    /// Other operators since the last of these.
    operators: usize,
    /// SELECTs, joins and unions.
    tables: usize,
    /// The name of the table of WITH that it defines.
    defines: Option<String>,
}

impl Level {
    fn terms(&self) -> usize {
        1 + self.logical + self.operators
    }

    fn end_clause(&mut self) {
        (self.logical, self.operators, self.negations) = (0, 0, 0);
    }
}

/// Refuses a SELECT that would be too deep to plan; says why.
pub(super) fn refuse_nested(sql: &str) -> Result<(), String> {
    if sql.len() > MAX_BYTES {
        return Err(format!("it has {} bytes; the most is {MAX_BYTES}", sql.len()));
    }
    // What cannot be read is refused by the parser, with the place.
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else { return Ok(()) };
    let mut measure = Measure { levels: vec![Level::default()], ..Measure::default() };
    let mut tokens =
        tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).peekable();
    while let Some(token) = tokens.next() {
        measure.add(token, tokens.peek() == Some(&&Token::Period))?;
    }
    Ok(())
}

#[derive(Default)]
struct Measure {
    levels: Vec<Level>,
    /// Terms around the last level, and those of them that double the time.
    around: usize,
    doubling: usize,
    words: usize,
    /// Tables of WITH by name, with what they consist of.
    defined: HashMap<String, usize>,
    /// The words before, in capitals; empty for what is no word.
    before: [String; 2],
}

impl Measure {
    fn add(&mut self, token: &Token, is_qualifier: bool) -> Result<(), String> {
        let word = match token {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
            Token::Word(word) => word.value.clone(),
            _ => String::new(),
        };
        let is_open = self.levels.len() > 1;
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        match token {
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_) => {}
            Token::Comma => {
                level.tables += usize::from(level.in_from);
                level.end_clause();
            }
            Token::LParen => {
                let opened = Level {
                    is_condition: !matches!(
                        self.before[1].as_str(),
                        "FROM" | "JOIN" | "AS" | "LATERAL"
                    ),
                    defines: (self.before[1] == "AS").then(|| self.before[0].clone()),
                    ..Level::default()
                };
                self.open(opened);
            }
            Token::RParen if is_open => self.close(),
            Token::Word(_) => self.add_word(&word, is_qualifier),
            Token::RParen | Token::Period | Token::SemiColon => {}
            Token::DoubleColon => level.operators += 2,
            _ => level.operators += 1,
        }
        self.words += usize::from(!matches!(
            token,
            Token::Comma | Token::Number(..) | Token::SingleQuotedString(_)
        ));
        self.before.rotate_left(1);
        self.before[1] = word;
        self.check()
    }

    fn add_word(&mut self, word: &str, is_qualifier: bool) {
        let is_case = self.levels.last().is_some_and(|level| level.is_case);
        match word {
            "CASE" => return self.open(Level { is_case: true, ..Level::default() }),
            "END" if is_case => return self.close(),
            _ => {}
        }
        let used = self.defined.get(word).copied().filter(|_| !is_qualifier);
        let Some(level) = self.levels.last_mut() else { return };
        level.tables = level.tables.saturating_add(used.unwrap_or(0));
        match word {
            "NOT" => {
                level.logical += 1;
                level.negations += 1;
            }
            "AND" | "OR" | "XOR" => {
                level.logical += 1;
                (level.operators, level.negations) = (0, 0);
            }
            "IS" | "IN" | "LIKE" | "ILIKE" | "BETWEEN" | "SIMILAR" | "AT" | "COLLATE" => {
                level.operators += 1;
            }
            "WHEN" | "THEN" | "ELSE" => level.end_clause(),
            "JOIN" | "UNION" | "EXCEPT" | "INTERSECT" | "MINUS" | "SELECT" | "VALUES" => {
                level.tables = level.tables.saturating_add(1);
                level.in_from = false;
                level.end_clause();
                if level.is_condition && !level.is_subquery && word == "SELECT" {
                    level.is_subquery = true;
                    self.doubling += 1;
                }
            }
            "FROM" => {
                level.in_from = true;
                level.end_clause();
            }
            "WHERE" | "GROUP" | "HAVING" | "ORDER" | "WINDOW" | "QUALIFY" | "LIMIT" | "ON" => {
                level.in_from &= word == "ON";
                level.end_clause();
            }
            _ => {}
        }
    }

    fn open(&mut self, opened: Level) {
        if let Some(level) = self.levels.last() {
            self.around += level.terms();
            self.doubling += level.negations + usize::from(opened.is_case);
        }
        self.levels.push(opened);
    }

    /// Closes the last bracket or case; what stood before it counts again.
    fn close(&mut self) {
        let Some(closed) = self.levels.pop() else { return };
        let Some(level) = self.levels.last_mut() else { return };
        self.around = self.around.saturating_sub(level.terms());
        let doubled =
            level.negations + usize::from(closed.is_case) + usize::from(closed.is_subquery);
        self.doubling = self.doubling.saturating_sub(doubled);
        match closed.defines {
            Some(name) if closed.tables > 0 => {
                self.defined.insert(name, closed.tables);
            }
            _ => level.tables = level.tables.saturating_add(closed.tables),
        }
    }

    fn check(&self) -> Result<(), String> {
        let last = self.levels.last();
        let (terms, negations) = last.map_or((0, 0), |level| (level.terms(), level.negations));
        if self.around + terms > MAX_TERMS {
            return Err(format!("it has more than {MAX_TERMS} terms nested in each other"));
        }
        if self.doubling + negations > MAX_DOUBLING {
            let what = "CASE, NOT and subqueries of conditions";
            return Err(format!("it has more than {MAX_DOUBLING} {what} nested in each other"));
        }
        let open: usize =
            self.levels.iter().map(|level| level.tables).fold(0, usize::saturating_add);
        if open > MAX_TABLES || self.defined.len() > MAX_TABLES {
            return Err(format!("it has more than {MAX_TABLES} tables, SELECTs, joins and unions"));
        }
        if self.words > MAX_WORDS {
            return Err(format!("it has more than {MAX_WORDS} words, literals aside"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_not_too_deep() {
        let kinds = vec!["kind = 'like'"; 150].join(" OR ");
        let list = vec!["'x'"; 20_000].join(", ");
        let cases = vec!["WHEN a + b * c > 1 AND NOT d THEN 'x'"; 500].join(" ");
        let joined = vec!["JOIN t ON a.id = t.id AND a.x = t.x"; 60].join(" ");
        let with =
            vec!["x AS (SELECT * FROM t WHERE a = 1 AND b IN (SELECT b FROM u))"; 40].join(", ");
        for sql in [
            format!("SELECT * FROM t WHERE {kinds}"),
            format!("SELECT * FROM t WHERE kind IN ({list})"),
            format!("SELECT CASE {cases} END AS a FROM t"),
            format!("SELECT a.* FROM a {joined} WHERE a.x = 1"),
            format!("WITH {with} SELECT x.a, x.b FROM x JOIN x AS y ON x.a = y.a"),
            format!("SELECT {} FROM t", vec!["(a + 1) * 2 AS a"; 900].join(", ")),
            format!("SELECT {} FROM t", vec!["CASE WHEN NOT a THEN (SELECT 1) END"; 50].join(", ")),
            format!("SELECT * FROM t WHERE {}", vec!["NOT (NOT a OR b)"; 40].join(" AND ")),
            format!("{}1{}", "(".repeat(40), ")".repeat(40)),
            format!("{}SELECT 1{}", "SELECT * FROM (".repeat(30), ")".repeat(30)),
        ] {
            assert_eq!(refuse_nested(&sql), Ok(()), "{}", &sql[..60]);
        }
    }

    #[test]
    fn every_way_to_nest_has_a_limit() {
        let with = |body: &dyn Fn(usize) -> String, count: usize| {
            let tables: Vec<String> =
                (1..count).map(|i| format!("a{i} AS ({})", body(i))).collect();
            format!("WITH {} SELECT * FROM a{}", tables.join(", "), count - 1)
        };
        for sql in [
            format!("SELECT {}1{}", "(".repeat(300), ")".repeat(300)),
            format!("SELECT {}1", "- ".repeat(300)),
            format!("SELECT {}", vec!["1"; 300].join(" + ")),
            format!("SELECT * FROM t WHERE {}", vec!["a = 1"; 300].join(" AND ")),
            format!("SELECT {} true", "NOT ".repeat(20)),
            format!("SELECT {} true {}", "NOT (".repeat(20), ")".repeat(20)),
            format!("SELECT 1{}", "::int".repeat(110)),
            format!("SELECT a{}", "[0]".repeat(300)),
            format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(20), " END".repeat(20)),
            format!("SELECT {}1{}", "a IN (SELECT b FROM t WHERE ".repeat(20), ")".repeat(20)),
            format!("SELECT {}1{}", "f(".repeat(300), ")".repeat(300)),
            format!("SELECT {}1{}", "1 + (".repeat(150), ")".repeat(150)),
            vec!["SELECT 1"; 300].join(" UNION ALL "),
            format!("SELECT * FROM {}", vec!["t"; 300].join(", ")),
            format!("SELECT * FROM t {}", "NATURAL JOIN t ".repeat(300)),
            with(&|i| format!("SELECT * FROM a{}", i - 1), 300),
            // Each twice the one before.
            with(&|i| format!("SELECT * FROM A{} x JOIN a{} y ON x.b = y.b", i - 1, i - 1), 12),
            format!("{}SELECT 1{}", "SELECT * FROM (".repeat(300), ")".repeat(300)),
            format!("SELECT {}", vec!["a"; 20_000].join(" ")),
            " ".repeat(2 << 20),
        ] {
            assert!(refuse_nested(&sql).is_err(), "{}", &sql[..60]);
        }
    }
}
