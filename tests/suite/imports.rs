//! The imports of the crate, as its source states them: every `use`, and every path within the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A module that is a separate file.
pub struct Module {
    /// Names from the crate's root.
    pub path: Vec<String>,
    pub file: PathBuf,
    paths: Vec<Named>,
}

/// A path as it stands in the source.
struct Named {
    segments: Vec<String>,
    /// The module that contains it, which may be an inline one.
    module: Vec<String>,
    /// The name that a `use` gives it.
    imported_as: Option<String>,
    /// Whether a `pub use` re-exports it.
    reexported: bool,
}

impl Named {
    fn mark(&self) -> &'static str {
        if self.reexported { ", re-exported" } else { "" }
    }
}

/// A path that leads from one module to another.
pub struct Import<'a> {
    pub from: &'a Module,
    pub to: &'a Module,
    /// The last name of the path.
    pub name: &'a str,
    /// Whether it re-exports the name, which does not count as a use.
    pub reexported: bool,
}

/// All modules of the crate by path; the program is the module `main`.
pub struct Source {
    pub modules: BTreeMap<Vec<String>, Module>,
}

impl Source {
    /// The source in a folder of the repository.
    pub fn read(folder: &str) -> Self {
        let (src, mut modules) = (root().join(folder), BTreeMap::new());
        let mut folders = vec![src.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let file = entry.unwrap().path();
                if file.is_dir() {
                    folders.push(file);
                } else if file.extension().is_some_and(|e| e == "rs")
                    && !file.ends_with("src/lib.rs")
                {
                    let text = std::fs::read_to_string(&file).unwrap();
                    let file = file.strip_prefix(&src).unwrap().to_owned();
                    let parts = file.with_extension("");
                    let mut path: Vec<String> =
                        parts.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
                    path.pop_if(|name| name == "mod");
                    let paths = paths(&text, &path);
                    modules.insert(path.clone(), Module { path, file, paths });
                }
            }
        }
        Self { modules }
    }

    /// Every path that leads from one file to another.
    pub fn imports(&self) -> impl Iterator<Item = Import<'_>> {
        self.modules.values().flat_map(move |from| {
            from.paths.iter().filter_map(move |named| {
                let to = self.module_of(&named.segments, &named.module, 0)?;
                let name = named.segments.last()?;
                Some(Import { from, to, name, reexported: named.reexported })
            })
        })
    }

    /// The module in which the item that `segments` names within `module` is defined; none if it is of another crate.
    fn module_of(&self, segments: &[String], module: &[String], depth: usize) -> Option<&Module> {
        let (mut at, mut rest) = (module.to_vec(), segments);
        match segments[0].as_str() {
            "crate" | "renown" => at.clear(),
            "self" | "super" => {}
            name => {
                let child = [module, &[name.to_owned()]].concat();
                self.modules.get(&child)?;
                (at, rest) = (child, &segments[1..]);
                return self.descend(at, rest, depth);
            }
        }
        rest = if segments[0] == "super" { rest } else { &rest[1..] };
        while let Some((_, after)) = rest.split_first().filter(|(first, _)| *first == "super") {
            at.pop();
            rest = after;
        }
        self.descend(at, rest, depth)
    }

    /// Follows `rest` from the module `at`, through names that modules on the way import.
    fn descend(&self, mut at: Vec<String>, mut rest: &[String], depth: usize) -> Option<&Module> {
        while let Some((next, after)) = rest.split_first() {
            let child = [&at[..], std::slice::from_ref(next)].concat();
            if self.modules.contains_key(&child) {
                (at, rest) = (child, after);
                continue;
            }
            let imported = self.modules.get(&at).into_iter().flat_map(|module| &module.paths);
            let mut imported = imported.filter(|path| path.imported_as.as_ref() == Some(next));
            let found = imported.next().filter(|_| depth < 8);
            return match found.and_then(|p| self.module_of(&p.segments, &p.module, depth + 1)) {
                Some(module) => Some(module),
                None => self.nearest(&at),
            };
        }
        self.nearest(&at)
    }

    /// The nearest module with a separate file that `path` names or lies in.
    fn nearest(&self, path: &[String]) -> Option<&Module> {
        (1..=path.len()).rev().find_map(|length| self.modules.get(&path[..length]))
    }
}

/// The paths in the source `text` of the module `path` that may lead to other modules of the crate.
fn paths(text: &str, path: &[String]) -> Vec<Named> {
    let tokens = tokens(text);
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    let is_name = |token: &str| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let (mut found, mut inline, mut children) = (Vec::new(), Vec::new(), BTreeSet::new());
    let (mut at, mut braces) = (0, 0);
    while at < tokens.len() {
        let module: Vec<String> = path
            .iter()
            .cloned()
            .chain(inline.iter().map(|(name, _): &(String, _)| name.clone()))
            .collect();
        match token(at) {
            "{" => braces += 1,
            "}" => {
                braces -= 1;
                inline.pop_if(|(_, opened)| *opened == braces);
            }
            "mod" if is_name(token(at + 1)) && token(at + 2) == "{" => {
                inline.push((token(at + 1).to_owned(), braces));
                at += 1;
            }
            "mod" if is_name(token(at + 1)) => {
                children.insert(token(at + 1).to_owned());
                at += 1;
            }
            "use" if token(at + 1) != "<" => {
                let reexported = at > 0 && matches!(token(at - 1), "pub" | ")");
                let length = tokens[at..].iter().position(|token| token == ";").unwrap();
                for (segments, imported_as) in leaves(&tokens[at + 1..at + length]) {
                    let module = module.clone();
                    found.push(Named {
                        segments,
                        module,
                        imported_as: Some(imported_as),
                        reexported,
                    });
                }
                at += length;
            }
            name if is_name(name) && (at == 0 || !matches!(token(at - 1), "::" | ".")) => {
                let mut segments = vec![name.to_owned()];
                while token(at + 1) == "::" && is_name(token(at + 2)) {
                    segments.push(token(at + 2).to_owned());
                    at += 2;
                }
                if segments.len() > 1 {
                    found.push(Named { segments, module, imported_as: None, reexported: false });
                }
            }
            _ => {}
        }
        at += 1;
    }
    // A re-exported name that occurs elsewhere in the file is also used there.
    for named in found.iter_mut().filter(|named: &&mut Named| named.reexported) {
        let name = named.imported_as.as_deref().unwrap_or_default();
        named.reexported = tokens.iter().filter(|token| *token == name).count() == 1;
    }
    let leads = |first: &str| {
        matches!(first, "crate" | "self" | "super" | "renown") || children.contains(first)
    };
    found.retain(|named| leads(&named.segments[0]));
    found
}

/// The paths of a tree of `use`, and the name that each gives.
fn leaves(tree: &[String]) -> Vec<(Vec<String>, String)> {
    let Some(open) = tree.iter().position(|token| token == "{") else {
        let (path, alias) = match tree.iter().position(|token| token == "as") {
            Some(at) => (&tree[..at], tree.get(at + 1)),
            None => (tree, None),
        };
        let segments: Vec<String> = path.iter().filter(|token| *token != "::").cloned().collect();
        let last = segments.iter().rfind(|segment| *segment != "self").cloned();
        let name = alias.cloned().or(last).unwrap_or_default();
        return vec![(segments, name)];
    };
    let prefix: Vec<String> = tree[..open].iter().filter(|token| *token != "::").cloned().collect();
    let (mut found, mut from, mut depth) = (Vec::new(), open + 1, 0);
    for at in open..tree.len() {
        match tree[at].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if (tree[at] == "," && depth == 1) || depth == 0 {
            if from < at {
                let inner = leaves(&tree[from..at]).into_iter();
                found.extend(inner.map(|(rest, name)| {
                    let name =
                        if rest == ["self"] { prefix[prefix.len() - 1].clone() } else { name };
                    ([&prefix[..], &rest].concat(), name)
                }));
            }
            from = at + 1;
        }
    }
    found
}

/// Names, `::` and single signs of a source text, without comments and literals of text.
fn tokens(text: &str) -> Vec<String> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(marks) = raw_text(rest) {
            let end = format!("\"{}", "#".repeat(marks));
            let body = rest.find('"').unwrap() + 1;
            body + rest[body..].find(&end).unwrap() + end.len()
        } else if first == '"'
            || rest.starts_with("'\\")
            || (first == '\'' && rest.chars().nth(2) == Some('\''))
        {
            quoted(rest)
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        } else {
            let length = if rest.starts_with("::") { 2 } else { first.len_utf8() };
            if !first.is_whitespace() {
                tokens.push(rest[..length].to_owned());
            }
            length
        };
        rest = &rest[length..];
    }
    tokens
}

/// The number of `#` of a raw literal that `text` begins with.
fn raw_text(text: &str) -> Option<usize> {
    let marked = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let quote = marked.find(|c| c != '#')?;
    marked[quote..].starts_with('"').then_some(quote)
}

/// Bytes of the literal between quotation marks or apostrophes that `text` begins with.
fn quoted(text: &str) -> usize {
    let mut signs = text.char_indices();
    let mark = signs.next().unwrap().1;
    while let Some((at, sign)) = signs.next() {
        if sign == '\\' {
            signs.next();
        } else if sign == mark {
            return at + 1;
        }
    }
    text.len()
}

#[test]
fn imports_are_found_in_every_form() {
    let text = r##"
        use crate::read::{self, people::{Persons as P, Row}, *}; // crate::not_this
        pub(crate) use inner::Thing;
        mod inner;
        fn f<'a>(x: &'a str) -> crate::model::Post { inner::g::<u8>('"', "crate::nor_this", r#"crate::nor"#) }
        mod tests { use super::f; }
    "##;
    let found: Vec<String> = paths(text, &["a".into()])
        .into_iter()
        .map(|path| {
            format!("{} in {}{}", path.segments.join("::"), path.module.join("::"), path.mark())
        })
        .collect();
    assert_eq!(
        found,
        [
            "crate::read::self in a",
            "crate::read::people::Persons in a",
            "crate::read::people::Row in a",
            "crate::read::* in a",
            "inner::Thing in a, re-exported",
            "crate::model::Post in a",
            "inner::g in a",
            "super::f in a::tests",
        ]
    );
}
