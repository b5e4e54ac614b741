//! `renown rank` against outside references, closed forms and its own refusals.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int8Array, Int64Array, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int8Type};
use fastrand::Rng;
use tempfile::TempDir;

use crate::binary::{Ended, renown};
use crate::parquet_files::{
    batch, in_repository, integers, numbers, read, shuffled, strings, texts, write,
    write_in_groups, write_parts,
};

const DAMPING: f64 = 0.85;

/// Edges on disk, and where their ranks go.
struct Ranking {
    folder: TempDir,
    edges: PathBuf,
    columns: [&'static str; 2],
}

impl Ranking {
    fn of(edges: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, edges: edges.to_owned(), columns: ["src", "dst"] }
    }

    fn of_columns(columns: &[(&str, ArrayRef)]) -> Self {
        let mut ranking = Self::of(Path::new("edges.parquet"));
        ranking.edges = ranking.folder.path().join("edges.parquet");
        write(&ranking.edges, &batch(columns));
        ranking
    }

    fn of_pairs(pairs: &[(i64, i64)]) -> Self {
        let (sources, targets): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
        let ids = |ids: Vec<i64>| Arc::new(Int64Array::from(ids)) as ArrayRef;
        Self::of_columns(&[("src", ids(sources)), ("dst", ids(targets))])
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("ranks.parquet")
    }

    fn run(&self, more: &[&str]) -> Ended {
        let (edges, out) = (self.edges.to_str().unwrap(), self.out());
        let [source, target] = self.columns;
        let mut args = vec!["rank", edges, "--source", source, "--target", target];
        args.extend(["--out", out.to_str().unwrap()]);
        args.extend(more);
        renown(&args)
    }

    #[track_caller]
    fn ranks(&self, more: &[&str]) -> arrow::array::RecordBatch {
        self.run(more).done();
        let ranks = read(&self.out());
        assert_eq!(ranks.schema().fields().len(), 2);
        let sum: f64 = numbers(&ranks, "pagerank").iter().sum();
        assert!((sum - 1.0).abs() < 1e-9, "ranks sum to {sum}");
        ranks
    }

    #[track_caller]
    fn by_id(&self, more: &[&str]) -> BTreeMap<i64, f64> {
        let ranks = self.ranks(more);
        let ids = integers(&ranks, "id");
        assert!(ids.is_sorted_by(|a, b| a < b));
        ids.into_iter().zip(numbers(&ranks, "pagerank")).collect()
    }

    #[track_caller]
    fn bytes(&self, more: &[&str]) -> Vec<u8> {
        self.run(more).done();
        fs::read(self.out()).unwrap()
    }

    /// Refused, and nothing written.
    #[track_caller]
    fn refused(&self, more: &[&str], code: i32, words: &[&str]) {
        self.run(more).refused(code, words);
        assert!(!self.out().exists());
    }
}

#[track_caller]
fn agree(found: &BTreeMap<i64, f64>, expected: &BTreeMap<i64, f64>, relative: f64) {
    // Keys both ways: a vertex that is missing, or one too many, must not pass.
    let keys = |ranks: &BTreeMap<i64, f64>| ranks.keys().copied().collect::<Vec<_>>();
    assert_eq!(keys(found), keys(expected));
    for (id, rank) in found {
        let error = (rank - expected[id]).abs() / expected[id];
        assert!(error <= relative, "vertex {id}: {rank} for {}, off by {error:e}", expected[id]);
    }
}

fn graphalytics(name: &str) -> PathBuf {
    in_repository(&format!("tests/data/graphalytics/{name}.parquet"))
}

fn expected(graph: &str) -> BTreeMap<i64, f64> {
    let table = read(&graphalytics(&format!("{graph}_expected")));
    integers(&table, "node").into_iter().zip(numbers(&table, "pagerank")).collect()
}

#[test]
fn graphalytics_references_are_met() {
    for (graph, stop, relative) in [
        ("example_directed", ["--iterations", "2"], 1e-10),
        ("pr_dir", ["--iterations", "14"], 1e-5),
        ("pr_dir", ["--iterations", "60"], 1e-10),
        ("pr_dir", ["--tolerance", "1e-13"], 1e-10),
        ("pr_undir", ["--iterations", "26"], 1e-5),
    ] {
        let ranking = Ranking::of(&graphalytics(&format!("{graph}_edges")));
        agree(&ranking.by_id(&stop), &expected(graph), relative);
    }
}

#[test]
fn an_undirected_graphalytics_reference_is_met() {
    let once = read(&graphalytics("example_undirected_edges"));
    let (a, b) = (integers(&once, "a"), integers(&once, "b"));
    let there = a.iter().copied().zip(b.iter().copied());
    let back = b.iter().copied().zip(a.iter().copied());
    let ranking = Ranking::of_pairs(&there.chain(back).collect::<Vec<_>>());
    let found = ranking.by_id(&["--iterations", "2"]);
    agree(&found, &expected("example_undirected"), 1e-10);
}

/// Chance that one of `leaders` ranks above one of the rest, ties counted half.
fn area_under_the_curve(leaders: &[f64], rest: &[f64]) -> f64 {
    let above = |leader: &f64| -> f64 {
        let half = |other: &f64| f64::from(u8::from(leader > other) + u8::from(leader >= other));
        rest.iter().map(half).sum()
    };
    leaders.iter().map(above).sum::<f64>() / (2 * leaders.len() * rest.len()) as f64
}

fn leadership_curve(columns: [&'static str; 2]) -> f64 {
    let members = read(&in_repository("jobs/congress/members.parquet"));
    let edges = in_repository("jobs/congress/influence_edges.parquet");
    let ranking = Ranking { columns, ..Ranking::of(&edges) };
    let ranks = ranking.by_id(&["--weight", "weight", "--tolerance", "1e-12"]);
    assert_eq!(ranks.keys().copied().collect::<Vec<_>>(), (0..475).collect::<Vec<_>>());
    let (mut leaders, mut rest) = (vec![], vec![]);
    for (row, id) in integers(&members, "id").into_iter().enumerate() {
        // Accounts without a chamber could not be matched to a member.
        if members["chamber"].is_valid(row) {
            let side = if members["leadership"].is_valid(row) { &mut leaders } else { &mut rest };
            side.push(ranks[&id]);
        }
    }
    assert_eq!((leaders.len(), rest.len()), (23, 448));
    area_under_the_curve(&leaders, &rest)
}

#[test]
fn attention_that_flows_to_the_influencer_finds_the_leaders_of_congress() {
    let right = leadership_curve(["dst", "src"]);
    assert!(right >= 0.78, "{right}");
    let wrong = leadership_curve(["src", "dst"]);
    assert!(wrong < 0.6, "{wrong}");
}

/// Every id but the last points at the last: a leaf has ℓ = 1/(n + d·k), the centre ℓ·(1 + d·k).
fn star(ids: &ArrayRef) -> Ranking {
    let last = ids.len() - 1;
    let centre = cast(&UInt64Array::from(vec![last as u64; last]), &DataType::UInt64).unwrap();
    let centre = arrow::compute::take(ids, &centre, None).unwrap();
    // Backwards, so that sorted ids are the program's doing.
    let order = UInt64Array::from_iter_values((0..last as u64).rev());
    let leaves = arrow::compute::take(ids, &order, None).unwrap();
    Ranking::of_columns(&[("src", leaves), ("dst", centre)])
}

/// The ids of a star come back as they are, sorted, with its ranks.
#[track_caller]
fn come_back(ids: &ArrayRef) {
    let ranks = star(ids).ranks(&["--tolerance", "1e-12"]);
    // A dictionary is a way to write a column: its values come back.
    let kind = match ids.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        kind => kind,
    };
    assert_eq!(ranks["id"].data_type(), kind);
    let text = |ids: &ArrayRef| cast(ids, &DataType::Utf8).unwrap();
    assert_eq!(text(&ranks["id"]).as_string::<i32>(), text(ids).as_string::<i32>());
    let leaves = (ids.len() - 1) as f64;
    let leaf = 1.0 / (ids.len() as f64 + DAMPING * leaves);
    for (row, rank) in numbers(&ranks, "pagerank").into_iter().enumerate() {
        let expected = if row + 1 == ids.len() { leaf * (1.0 + DAMPING * leaves) } else { leaf };
        assert!((rank - expected).abs() < 1e-12, "{row}: {rank} for {expected}");
    }
}

#[test]
fn integer_ids_of_every_width_come_back() {
    use arrow::array::{Int16Array, Int32Array, UInt8Array, UInt16Array, UInt32Array};
    let ids: [ArrayRef; 8] = [
        Arc::new(Int8Array::from(vec![i8::MIN, -1, 0, 1, i8::MAX])),
        Arc::new(Int16Array::from(vec![i16::MIN, -1, 0, 1, i16::MAX])),
        Arc::new(Int32Array::from(vec![i32::MIN, -1, 0, 1, i32::MAX])),
        Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, 1, i64::MAX])),
        Arc::new(UInt8Array::from(vec![0, 1, 128, u8::MAX])),
        Arc::new(UInt16Array::from(vec![0, 1, 1 << 15, u16::MAX])),
        Arc::new(UInt32Array::from(vec![0, 1, 1 << 31, u32::MAX])),
        Arc::new(UInt64Array::from(vec![0, i64::MAX as u64, 1 << 63, u64::MAX])),
    ];
    ids.iter().for_each(come_back);
}

/// Sorted by byte, as no locale would.
fn text_ids() -> ArrayRef {
    texts([
        "",
        " ",
        "-1",
        "10",
        "9",
        "Z",
        "a",
        "did:plc:z72i7hdynmk6r22z27h6tvur",
        "é",
        "日本",
        "😀",
    ])
}

#[test]
fn utf8_ids_come_back() {
    come_back(&text_ids());
}

#[test]
fn large_utf8_ids_come_back() {
    come_back(&cast(&text_ids(), &DataType::LargeUtf8).unwrap());
}

#[test]
fn utf8_view_ids_come_back() {
    come_back(&cast(&text_ids(), &DataType::Utf8View).unwrap());
}

#[test]
fn dictionary_ids_come_back() {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    come_back(&cast(&text_ids(), &dictionary).unwrap());
}

/// Each column fits its dictionary of 128, the vertices of both together do not.
#[test]
fn small_dictionaries_of_many_ids_are_no_fault() {
    let column = |range: std::ops::Range<u8>| -> ArrayRef {
        let texts: Vec<String> = range.map(|i| format!("{i:03}")).collect();
        Arc::new(texts.iter().map(|t| Some(t.as_str())).collect::<DictionaryArray<Int8Type>>())
    };
    let ranking = Ranking::of_columns(&[("src", column(0..120)), ("dst", column(120..240))]);
    let ranks = ranking.ranks(&["--iterations", "3"]);
    assert_eq!(strings(&ranks, "id"), (0..240).map(|i| format!("{i:03}")).collect::<Vec<_>>());
}

/// Integers in a dictionary are integers: 9 comes before 10, and both come back as numbers.
#[test]
fn integers_in_a_dictionary_stay_integers() {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Int64));
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![-5, 9, 10, 100]));
    let ranking = star(&cast(&ids, &dictionary).unwrap());
    assert_eq!(integers(&ranking.ranks(&["--iterations", "3"]), "id"), [-5, 9, 10, 100]);
}

#[test]
fn duplicate_edges_add_up() {
    let doubled = Ranking::of_pairs(&[(0, 1), (0, 2), (0, 1), (1, 0), (2, 0), (0, 1)]);
    let ids = |ids: &[i64]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let weighted = |src: &[i64], dst: &[i64], weights: &[f64]| {
        let weights = Arc::new(Float64Array::from(weights.to_vec()));
        Ranking::of_columns(&[("src", ids(src)), ("dst", ids(dst)), ("w", weights)])
    };
    let merged = weighted(&[0, 0, 1, 2], &[1, 2, 0, 0], &[3.0, 1.0, 1.0, 1.0]);
    let split = weighted(&[0, 0, 1, 0, 2], &[1, 2, 0, 1, 0], &[0.5, 1.0, 1.0, 2.5, 1.0]);
    let stop = ["--tolerance", "1e-12"];
    let by_weight = ["--tolerance", "1e-12", "--weight", "w"];
    assert_eq!(doubled.bytes(&stop), merged.bytes(&by_weight));
    assert_eq!(split.bytes(&by_weight), merged.bytes(&by_weight));
    // Without its weight column a file counts rows.
    assert_ne!(merged.bytes(&stop), merged.bytes(&by_weight));
    assert!(doubled.run(&stop).done().stdout.contains("edges      4\n"));
}

/// 0 → 0 and 0 → 1 with 1 dangling: r₀ = (1−d)/2 + d·(r₀/2 + r₁/2) = 1/2. Without the loop it is
/// 1/(2 + d).
#[test]
fn self_loops_stay() {
    let stop = ["--tolerance", "1e-12"];
    let looped = Ranking::of_pairs(&[(0, 0), (0, 1)]).by_id(&stop);
    agree(&looped, &BTreeMap::from([(0, 0.5), (1, 0.5)]), 1e-11);
    let plain = Ranking::of_pairs(&[(0, 1)]).by_id(&stop);
    let first = 1.0 / (2.0 + DAMPING);
    agree(&plain, &BTreeMap::from([(0, first), (1, 1.0 - first)]), 1e-11);
}

#[test]
fn damping_is_obeyed() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
    for damping in [0.0, 0.5, 0.99] {
        let option = damping.to_string();
        let found = ranking.by_id(&["--tolerance", "1e-12", "--damping", &option]);
        let first = 1.0 / (2.0 + damping);
        agree(&found, &BTreeMap::from([(0, first), (1, 1.0 - first)]), 1e-11);
    }
}

#[test]
fn weights_may_be_of_any_numeric_type() {
    let ids = |ids: [i64; 3]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let weights: ArrayRef = Arc::new(Float64Array::from(vec![3.0, 1.0, 0.0]));
    let bytes = |kind: &DataType| {
        let weights = cast(&weights, kind).unwrap();
        let columns = [("src", ids([0, 0, 2])), ("dst", ids([1, 2, 0])), ("w", weights)];
        Ranking::of_columns(&columns).bytes(&["--tolerance", "1e-12", "--weight", "w"])
    };
    let plain = bytes(&DataType::Float64);
    for kind in [DataType::Float32, DataType::Int8, DataType::UInt64, DataType::Decimal128(9, 2)] {
        assert!(bytes(&kind) == plain, "{kind}");
    }
}

#[test]
fn columns_may_be_called_anything() {
    let ids = |ids: [i64; 2]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let names = ["from.Node", "To \"Node\""];
    let columns = [(names[0], ids([0, 1])), (names[1], ids([1, 0]))];
    let ranking = Ranking { columns: names, ..Ranking::of_columns(&columns) };
    let found = ranking.by_id(&["--tolerance", "1e-12"]);
    agree(&found, &BTreeMap::from([(0, 0.5), (1, 0.5)]), 1e-11);
}

#[test]
fn iterations_and_tolerance_exclude_each_other() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
    ranking.refused(&[], 2, &["--iterations", "--tolerance"]);
    let both = ["--iterations", "3", "--tolerance", "1e-9"];
    ranking.refused(&both, 2, &["--iterations", "--tolerance"]);
    ranking.refused(&["--iterations", "-1"], 2, &[]);
    ranking.refused(&["--iterations", "3", "--threads", "0"], 2, &["--threads"]);
}

#[test]
fn parameters_out_of_range_are_refused() {
    let ranking = Ranking::of_pairs(&[(0, 1), (1, 2), (2, 0), (0, 2)]);
    ranking.refused(&["--iterations", "0"], 2, &["iteration"]);
    for tolerance in ["1e-15", "0", "nan", "inf"] {
        ranking.refused(&["--tolerance", tolerance], 2, &["tolerance"]);
    }
    for damping in ["1", "1.5", "nan"] {
        ranking.refused(&["--iterations", "3", "--damping", damping], 2, &["damping"]);
    }
    ranking.refused(&["--iterations", "3", "--damping=-0.1"], 2, &["damping"]);
}

#[test]
fn a_missing_column_is_named_with_the_nearest() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
    let misspelt = Ranking { columns: ["scr", "dst"], ..ranking };
    let columns = "the columns are src, dst";
    misspelt.refused(
        &["--iterations", "3"],
        65,
        &["no column `scr`", "did you mean `src`?", columns],
    );
    let ranking = Ranking { columns: ["src", "dst"], ..misspelt };
    ranking.refused(&["--iterations", "3", "--weight", "w"], 65, &["no column `w`", columns]);
}

#[test]
fn nulls_are_counted_and_refused() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), None, Some(2), None]));
    let full: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
    let weights: ArrayRef =
        Arc::new(Float64Array::from(vec![None, Some(1.0), Some(1.0), Some(1.0)]));
    let (first, second) = ([("src", &ids), ("dst", &full)], [("src", &full), ("dst", &ids)]);
    for (columns, name) in [(first, "src"), (second, "dst")] {
        let ranking = Ranking::of_columns(&columns.map(|(name, ids)| (name, Arc::clone(ids))));
        let words = format!("column `{name}` is null in 2 of 4 rows");
        ranking.refused(&["--iterations", "3"], 65, &[&words]);
    }
    let ranking = Ranking::of_columns(&[("src", Arc::clone(&full)), ("dst", full), ("w", weights)]);
    let options = ["--iterations", "3", "--weight", "w"];
    ranking.refused(&options, 65, &["column `w` is null in 1 of 4 rows"]);
}

#[test]
fn weights_that_are_no_weights_are_refused() {
    let ids = |ids: [i64; 3]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let ranking = |weights: ArrayRef| {
        Ranking::of_columns(&[("src", ids([0, 1, 2])), ("dst", ids([1, 2, 0])), ("w", weights)])
    };
    let options = ["--iterations", "3", "--weight", "w"];
    for weight in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0] {
        let weights = Arc::new(Float64Array::from(vec![2.0, 1.0, weight]));
        ranking(weights).refused(&options, 65, &["weigh"]);
    }
    // The graph keeps 32 bits of a weight.
    for weight in [1e39, 1e-60] {
        let weights = Arc::new(Float64Array::from(vec![2.0, 1.0, weight]));
        ranking(weights).refused(&options, 65, &["32 bits"]);
    }
    ranking(texts(["1", "2", "3"])).refused(&options, 65, &["`w`", "not a number"]);
}

/// The statistics of a Parquet file leave NaN out: 1 and NaN have the least and greatest value 1.
#[test]
fn a_weight_that_is_no_number_is_seen_beside_equal_ones() {
    let ids = |ids: [i64; 2]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let weights = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
    let columns = [("src", ids([0, 1])), ("dst", ids([1, 0])), ("w", weights as ArrayRef)];
    let ranking = Ranking::of_columns(&columns);
    ranking.refused(&["--iterations", "3", "--weight", "w"], 65, &["weighs NaN"]);
}

#[test]
fn ids_of_other_or_differing_types_are_refused() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![0, 1]));
    let as_type = |kind: &DataType| cast(&ids, kind).unwrap();
    let ranking = |source: &DataType, target: &DataType| {
        Ranking::of_columns(&[("src", as_type(source)), ("dst", as_type(target))])
    };
    let stop = ["--iterations", "3"];
    for kind in [DataType::Float64, DataType::Float32, DataType::Boolean] {
        let words = [&kind.to_string(), "neither integers nor text"];
        ranking(&kind, &kind).refused(&stop, 65, &words);
    }
    for (source, target) in [
        (DataType::Int32, DataType::Int64),
        (DataType::Int64, DataType::UInt64),
        (DataType::Int64, DataType::Utf8),
    ] {
        ranking(&source, &target).refused(&stop, 65, &["`src` is", "`dst` is"]);
    }
}

#[test]
fn numbers_that_are_no_integers_are_refused_in_a_dictionary_too() {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Float64));
    let ids = cast(&Float64Array::from(vec![0.5, 1.0]), &dictionary).unwrap();
    let ranking = Ranking::of_columns(&[("src", Arc::clone(&ids)), ("dst", ids)]);
    ranking.refused(&["--iterations", "3"], 65, &["neither integers nor text"]);
}

#[test]
fn missing_and_empty_edge_lists_are_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let stop = ["--iterations", "3"];
    let ranking = Ranking::of(&folder.path().join("nowhere.parquet"));
    ranking.refused(&stop, 65, &["nowhere.parquet", "no Parquet file"]);
    Ranking::of(folder.path()).refused(&stop, 65, &["no Parquet file"]);
    fs::write(folder.path().join("edges.csv"), "src,dst\n0,1\n").unwrap();
    Ranking::of(folder.path()).refused(&stop, 65, &["no Parquet file"]);
    let text = folder.path().join("text.parquet");
    fs::write(&text, "src,dst\n0,1\n").unwrap();
    Ranking::of(&text).refused(&stop, 65, &["text.parquet"]);
    Ranking::of_pairs(&[]).refused(&stop, 65, &[]);
}

#[test]
fn a_file_that_was_cut_off_is_bad_input() {
    let ranking = Ranking::of_pairs(&[(0, 1), (1, 0)]);
    let bytes = fs::read(&ranking.edges).unwrap();
    for length in [bytes.len() - 1, bytes.len() / 2, 4, 0] {
        fs::write(&ranking.edges, &bytes[..length]).unwrap();
        ranking.refused(&["--iterations", "3"], 65, &["edges.parquet"]);
    }
}

/// Nothing silent: half of the edges must not pass for all of them.
#[test]
fn an_empty_file_among_others_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let pairs = Ranking::of_pairs(&[(0, 1), (1, 0)]);
    fs::copy(&pairs.edges, folder.path().join("a.parquet")).unwrap();
    fs::write(folder.path().join("b.parquet"), "").unwrap();
    Ranking::of(folder.path()).refused(&["--iterations", "3"], 65, &["b.parquet"]);
}

#[test]
fn an_output_that_cannot_be_written_is_unavailable() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
    let edges = ranking.edges.to_str().unwrap();
    let rank = |out: &str| {
        let columns = ["--source", "src", "--target", "dst", "--iterations", "3"];
        renown(&[&["rank", edges, "--out", out], &columns[..]].concat())
    };
    let below_a_file = format!("{edges}/ranks.parquet");
    rank(&below_a_file).refused(69, &["edges.parquet/ranks.parquet"]);
    let folder = ranking.folder.path().join("taken");
    fs::create_dir(&folder).unwrap();
    rank(folder.to_str().unwrap()).refused(69, &["taken"]);
    rank("gopher://host/ranks.parquet").refused(78, &["`gopher`"]);
}

#[test]
fn paths_may_hold_any_character() {
    let ranking = Ranking::of_pairs(&[(0, 1), (1, 0)]);
    let stop = ["--iterations", "3"];
    ranking.run(&stop).done();
    let mut unread = vec![];
    for name in ["my edges", "a+b", "é", "100%", "a%20b", "#1", "what?", "[ab]", "*"] {
        let file = ranking.folder.path().join(format!("{name}.parquet"));
        fs::copy(&ranking.edges, &file).unwrap();
        unread.extend((Ranking::of(&file).run(&stop).code != Some(0)).then_some(file));
        let folder = ranking.folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::copy(&ranking.edges, folder.join(format!("{name}.parquet"))).unwrap();
        unread.extend((Ranking::of(&folder).run(&stop).code != Some(0)).then_some(folder));
    }
    assert!(unread.is_empty(), "{unread:?}");
}

/// A random graph with duplicates, self-loops, and weights whose sum depends on their order.
fn awkward_edges() -> arrow::array::RecordBatch {
    let mut rng = Rng::with_seed(11);
    let rows = 30_000;
    let mut ids = |n: u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values((0..rows).map(|_| u64::MAX - rng.u64(..n).pow(2))))
    };
    let (sources, targets) = (ids(90), ids(90));
    let weights = Float64Array::from_iter_values((0..rows).map(|_| 10_f64.powf(9.0 * rng.f64())));
    batch(&[("src", sources), ("dst", targets), ("w", Arc::new(weights))])
}

#[test]
fn threads_files_and_order_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let edges = awkward_edges();
    let mut rng = Rng::with_seed(12);
    let at = |name: &str| folder.path().join(name);
    write(&at("whole.parquet"), &edges);
    write(&at("shuffled.parquet"), &shuffled(&edges, &mut rng));
    write_in_groups(&at("groups.parquet"), &shuffled(&edges, &mut rng), 1000);
    write_parts(&at("parts"), &shuffled(&edges, &mut rng), 5);
    // A sixth part without rows.
    write(&at("parts").join("part-6.parquet"), &edges.slice(0, 0));
    let bytes = |name: &str, threads: &str| {
        let stop = ["--tolerance", "1e-10", "--weight", "w", "--threads", threads];
        Ranking::of(&at(name)).bytes(&stop)
    };
    let first = bytes("whole.parquet", "1");
    for name in ["whole.parquet", "shuffled.parquet", "groups.parquet", "parts"] {
        for threads in ["1", "2", "3", "8"] {
            assert!(bytes(name, threads) == first, "{name} with {threads} threads");
        }
    }
}

#[test]
fn partitioned_folders_are_read_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let edges = awkward_edges();
    let at = |name: &str| folder.path().join(name);
    write(&at("whole.parquet"), &edges);
    write_parts(&at("edges/day=2026-01-01"), &edges.slice(0, 10_000), 2);
    write_parts(&at("edges/day=2026-01-02"), &edges.slice(10_000, 20_000), 1);
    let stop = ["--iterations", "5"];
    let whole = Ranking::of(&at("whole.parquet")).bytes(&stop);
    assert!(Ranking::of(&at("edges")).bytes(&stop) == whole);
}

/// Files below a plain folder are read or refused, never left out in silence.
#[test]
fn nested_folders_are_read_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let edges = awkward_edges();
    let at = |name: &str| folder.path().join(name);
    write(&at("whole.parquet"), &edges);
    write_parts(&at("edges"), &edges.slice(0, 10_000), 1);
    write_parts(&at("edges/more"), &edges.slice(10_000, 20_000), 1);
    let stop = ["--iterations", "5"];
    let nested = Ranking::of(&at("edges")).run(&stop);
    if nested.code != Some(65) {
        let whole = Ranking::of(&at("whole.parquet")).run(&stop).done().stdout;
        let edges = |text: &str| text.lines().find(|l| l.starts_with("edges")).map(str::to_owned);
        assert_eq!(edges(&nested.done().stdout), edges(&whole));
    }
}

/// What other writers have not finished or use as markers is no data.
#[test]
fn hidden_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let edges = awkward_edges();
    let at = |name: &str| folder.path().join(name);
    write_parts(&at("edges"), &edges.slice(0, 10_000), 1);
    let stop = ["--iterations", "5"];
    write(&at("edges/_unfinished.parquet"), &edges);
    write(&at("edges/.hidden.parquet"), &edges);
    write_parts(&at("edges/_temporary"), &edges, 1);
    Ranking::of(&at("edges")).refused(&stop, 65, &["3 Parquet files", ".hidden.parquet"]);
}

/// An error repeats names from the data, and these come from strangers.
#[test]
fn errors_print_no_control_characters() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![0]));
    let ranking = Ranking::of_columns(&[("\u{1b}[2Jsrc", Arc::clone(&ids)), ("dst", ids)]);
    let ended = ranking.run(&["--iterations", "3"]).refused(65, &["no column `src`"]);
    assert!(!ended.stderr.trim_end().contains(|c: char| c.is_control() && c != '\n'));
}

/// Which edge is at fault is said in the words of the file.
#[test]
fn an_edge_too_heavy_is_named_by_its_own_ids() {
    let ids = |id: &str| texts([id]);
    let weights = Arc::new(Float64Array::from(vec![1e39]));
    let columns = [("src", ids("alice")), ("dst", ids("bob")), ("w", weights as ArrayRef)];
    let options = ["--iterations", "3", "--weight", "w"];
    Ranking::of_columns(&columns).refused(&options, 65, &["alice", "bob"]);
}
