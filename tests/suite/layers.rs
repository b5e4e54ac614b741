//! The modules of the crate's root are layers: a module uses modules below it and never one above, and the files of a module
//! import each other without cycles. ARCHITECTURE.md lists the same modules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::imports::{Import, Source, root};

/// The modules of the crate's root, from the top to the bottom. `main` is the program.
const MODULES: [&str; 35] = [
    "main",
    "commands",
    "report",
    "docs",
    "attack",
    "evaluate",
    "fit",
    "pipeline",
    "forget",
    "published",
    "publish",
    "audit",
    "tables",
    "checks",
    "score",
    "topics",
    "propagate",
    "reduce",
    "read",
    "model",
    "phrases",
    "synth",
    "job",
    "method",
    "engine",
    "parquet_file",
    "storage",
    "schema",
    "toml_file",
    "renamed",
    "digest",
    "number_format",
    "lists",
    "error",
    "suggest",
];

/// Modules whose files still form import cycles. This list only gets shorter.
const CYCLIC: [&str; 0] = [];

/// Imports that still lead upwards, by their files. This list only gets shorter.
const UPWARDS: [(&str, &str); 0] = [];

/// The crates below all modules.
const KERNELS: [&str; 2] = ["graph", "stats"];

/// Crates that no kernel may depend on: no Arrow, no async, no I/O.
const NOT_IN_KERNELS: [&str; 7] =
    ["arrow", "parquet", "datafusion", "object_store", "tokio", "futures", "tracing"];

const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");

#[test]
fn every_module_has_a_place() {
    let source = Source::read("src");
    let found: BTreeSet<&str> =
        source.modules.values().map(|module| root_module(&module.path)).collect();
    assert_eq!(found, BTreeSet::from(MODULES));
}

#[test]
fn architecture_lists_the_same_modules() {
    let table = ARCHITECTURE.split("<!-- modules -->").nth(1).unwrap();
    let listed: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(module, _)| module.trim_end_matches('/'))
        .collect();
    assert_eq!(listed, MODULES);
}

#[test]
fn documents_name_existing_files() {
    for (document, text) in [
        ("ARCHITECTURE.md", ARCHITECTURE),
        ("CONTRIBUTING.md", include_str!("../../CONTRIBUTING.md")),
    ] {
        let named = text.split('`').skip(1).step_by(2).filter(|named| {
            let part_of_path = |c: char| c.is_ascii_lowercase() || "._-/".contains(c);
            named.contains('/') && named.chars().all(part_of_path)
        });
        for path in named {
            let found = [root(), root().join("src")].iter().any(|below| below.join(path).exists());
            assert!(found, "{document} names `{path}`");
        }
    }
}

#[test]
fn no_module_uses_a_module_above_it() {
    let place = |module: &str| MODULES.iter().position(|listed| *listed == module);
    let source = Source::read("src");
    let excepted = |i: &Import<'_>| {
        UPWARDS.iter().any(|(from, to)| i.from.file.ends_with(from) && i.to.file.ends_with(to))
    };
    let upwards = |i: &Import<'_>| {
        place(root_module(&i.to.path)) < place(root_module(&i.from.path)) && !excepted(i)
    };
    let upwards = lines(source.imports().filter(upwards));
    assert!(upwards.is_empty(), "imports lead upwards:\n{upwards}");
}

#[test]
fn files_of_a_module_form_no_import_cycle() {
    let source = Source::read("src");
    let cycles = cycles(&source, |import| {
        let module = root_module(&import.from.path);
        module == root_module(&import.to.path) && !CYCLIC.contains(&module)
    });
    assert!(cycles.is_empty(), "imports form cycles:\n{cycles}");
}

#[test]
fn files_of_a_kernel_form_no_import_cycle() {
    for kernel in KERNELS.into_iter().filter(|kernel| !CYCLIC.contains(kernel)) {
        let cycles = cycles(&Source::read(&format!("crates/{kernel}/src")), |_| true);
        assert!(cycles.is_empty(), "imports of crates/{kernel} form cycles:\n{cycles}");
    }
}

#[test]
fn kernels_need_no_arrow_no_async_and_no_io() {
    for kernel in KERNELS {
        let manifest = root().join("crates").join(kernel).join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(manifest).unwrap().parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        for refused in NOT_IN_KERNELS {
            assert!(!dependencies.contains_key(refused), "crates/{kernel} depends on {refused}");
        }
    }
}

/// The imports that are `within` a module and part of a cycle of files.
fn cycles(source: &Source, within: impl Fn(&Import<'_>) -> bool) -> String {
    let imports = || {
        let imports = source.imports().filter(|i| !i.reexported && i.from.file != i.to.file);
        imports.filter(|import| within(import))
    };
    let mut uses: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for import in imports() {
        uses.entry(&import.from.file).or_default().insert(&import.to.file);
    }
    lines(imports().filter(|i| reaches(&uses, &i.to.file, &i.from.file)))
}

/// A line for each pair of files, with the last names of what is imported.
fn lines<'a>(imports: impl Iterator<Item = Import<'a>>) -> String {
    let mut pairs: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for Import { from, to, name, .. } in imports {
        pairs.entry((&from.file, &to.file)).or_default().insert(name);
    }
    let mut lines = String::new();
    for ((from, to), names) in pairs {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        lines += &format!("{} -> {}: {names}\n", from.display(), to.display());
    }
    lines
}

/// The module of the crate's root that `path` lies in; the files of the program are `main`.
fn root_module(path: &[String]) -> &str {
    let first = path.first().map_or("main", String::as_str);
    if ["cli", "logging", "target"].contains(&first) { "main" } else { first }
}

/// Whether `from` uses `to`, directly or through others.
fn reaches<'a>(uses: &BTreeMap<&'a Path, BTreeSet<&'a Path>>, from: &'a Path, to: &Path) -> bool {
    let (mut seen, mut ahead) = (BTreeSet::new(), vec![from]);
    while let Some(file) = ahead.pop() {
        if file == to {
            return true;
        }
        if seen.insert(file) {
            ahead.extend(uses.get(file).into_iter().flatten());
        }
    }
    false
}
