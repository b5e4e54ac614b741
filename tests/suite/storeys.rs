//! The source is a house in storeys: a room (a module of the crate's root) uses rooms below it and never one above, and no
//! files of one room import each other in a circle. ARCHITECTURE.md lists the same rooms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::imports::{Import, Source, root};

/// The rooms, from the top to the bottom. `main` is the program.
const ROOMS: [&str; 31] = [
    "main",
    "commands",
    "report",
    "docs",
    "evaluate",
    "fit",
    "pipeline",
    "published",
    "publish",
    "audit",
    "tables",
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

/// Rooms whose files still form circles. This list gets shorter only.
const CIRCULAR: [&str; 0] = [];

/// Imports that still lead upwards, by their files. This list gets shorter only.
const UPWARDS: [(&str, &str); 0] = [];

/// The crates below all rooms.
const KERNELS: [&str; 2] = ["graph", "stats"];

/// Crates that the kernels do without: no Arrow, no async, no I/O.
const NOT_IN_KERNELS: [&str; 7] =
    ["arrow", "parquet", "datafusion", "object_store", "tokio", "futures", "tracing"];

const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");

#[test]
fn every_room_has_its_place() {
    let source = Source::read("src");
    let rooms: BTreeSet<&str> = source.modules.values().map(|module| room(&module.path)).collect();
    assert_eq!(rooms, BTreeSet::from(ROOMS));
}

#[test]
fn architecture_lists_the_same_rooms() {
    let table = ARCHITECTURE.split("<!-- rooms -->").nth(1).unwrap();
    let listed: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(room, _)| room.trim_end_matches('/'))
        .collect();
    assert_eq!(listed, ROOMS);
}

#[test]
fn documents_name_files_that_are_there() {
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
fn no_room_uses_one_above_it() {
    let place = |room: &str| ROOMS.iter().position(|listed| *listed == room);
    let source = Source::read("src");
    let excepted = |i: &Import<'_>| {
        UPWARDS.iter().any(|(from, to)| i.from.file.ends_with(from) && i.to.file.ends_with(to))
    };
    let upwards =
        |i: &Import<'_>| place(room(&i.to.path)) < place(room(&i.from.path)) && !excepted(i);
    let upwards = lines(source.imports().filter(upwards));
    assert!(upwards.is_empty(), "imports lead upwards:\n{upwards}");
}

#[test]
fn no_files_of_a_room_form_a_circle() {
    let source = Source::read("src");
    let circles = circles(&source, |import| {
        let own = room(&import.from.path);
        own == room(&import.to.path) && !CIRCULAR.contains(&own)
    });
    assert!(circles.is_empty(), "imports form circles:\n{circles}");
}

#[test]
fn no_files_of_a_kernel_form_a_circle() {
    for kernel in KERNELS.into_iter().filter(|kernel| !CIRCULAR.contains(kernel)) {
        let circles = circles(&Source::read(&format!("crates/{kernel}/src")), |_| true);
        assert!(circles.is_empty(), "imports of crates/{kernel} form circles:\n{circles}");
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

/// The imports of those `within` the same room that are part of a circle of files.
fn circles(source: &Source, within: impl Fn(&Import<'_>) -> bool) -> String {
    let imports = || {
        let imports = source.imports().filter(|i| !i.passed_on && i.from.file != i.to.file);
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

/// The room of a module; the program has files of its own.
fn room(path: &[String]) -> &str {
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
