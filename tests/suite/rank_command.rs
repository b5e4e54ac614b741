//! `renown rank` against outside references and closed forms.

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
pub struct Ranking {
    pub folder: TempDir,
    pub edges: PathBuf,
    pub columns: [&'static str; 2],
}

impl Ranking {
    pub fn of(edges: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, edges: edges.to_owned(), columns: ["src", "dst"] }
    }

    pub fn of_columns(columns: &[(&str, ArrayRef)]) -> Self {
        let mut ranking = Self::of(Path::new("edges.parquet"));
        ranking.edges = ranking.folder.path().join("edges.parquet");
        write(&ranking.edges, &batch(columns));
        ranking
    }

    pub fn of_pairs(pairs: &[(i64, i64)]) -> Self {
        let (sources, targets): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
        let ids = |ids: Vec<i64>| Arc::new(Int64Array::from(ids)) as ArrayRef;
        Self::of_columns(&[("src", ids(sources)), ("dst", ids(targets))])
    }

    pub fn out(&self) -> PathBuf {
        self.folder.path().join("ranks.parquet")
    }

    pub fn run(&self, more: &[&str]) -> Ended {
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
    pub fn refused(&self, more: &[&str], code: i32, words: &[&str]) {
        self.run(more).refused(code, words);
        assert!(!self.out().exists());
    }
}

#[track_caller]
fn assert_agree(found: &BTreeMap<i64, f64>, expected: &BTreeMap<i64, f64>, relative: f64) {
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
fn graphalytics_references_match() {
    for (graph, stop, relative) in [
        ("example_directed", ["--iterations", "2"], 1e-10),
        ("pr_dir", ["--iterations", "14"], 1e-5),
        ("pr_dir", ["--iterations", "60"], 1e-10),
        ("pr_dir", ["--tolerance", "1e-13"], 1e-10),
        ("pr_undir", ["--iterations", "26"], 1e-5),
    ] {
        let ranking = Ranking::of(&graphalytics(&format!("{graph}_edges")));
        assert_agree(&ranking.by_id(&stop), &expected(graph), relative);
    }
}

#[test]
fn an_undirected_graphalytics_reference_matches() {
    let once = read(&graphalytics("example_undirected_edges"));
    let (a, b) = (integers(&once, "a"), integers(&once, "b"));
    let forward = a.iter().copied().zip(b.iter().copied());
    let backward = b.iter().copied().zip(a.iter().copied());
    let ranking = Ranking::of_pairs(&forward.chain(backward).collect::<Vec<_>>());
    let found = ranking.by_id(&["--iterations", "2"]);
    assert_agree(&found, &expected("example_undirected"), 1e-10);
}

/// Probability that one of `leaders` ranks above one of the rest, ties counted half.
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
fn attention_that_flows_to_influencers_ranks_congress_leaders_high() {
    let to_influencer = leadership_curve(["dst", "src"]);
    assert!(to_influencer >= 0.78, "{to_influencer}");
    let from_influencer = leadership_curve(["src", "dst"]);
    assert!(from_influencer < 0.6, "{from_influencer}");
}

/// Every id but the last points at the last: a leaf has ℓ = 1/(n + d·k), the centre ℓ·(1 + d·k).
fn star(ids: &ArrayRef) -> Ranking {
    let last = ids.len() - 1;
    let centre = cast(&UInt64Array::from(vec![last as u64; last]), &DataType::UInt64).unwrap();
    let centre = arrow::compute::take(ids, &centre, None).unwrap();
    // In reverse, so that only the program can have sorted the ids.
    let order = UInt64Array::from_iter_values((0..last as u64).rev());
    let leaves = arrow::compute::take(ids, &order, None).unwrap();
    Ranking::of_columns(&[("src", leaves), ("dst", centre)])
}

/// Requires that the ids of a star are published unchanged and sorted, with its ranks.
#[track_caller]
fn assert_ids_preserved(ids: &ArrayRef) {
    let ranks = star(ids).ranks(&["--tolerance", "1e-12"]);
    // A dictionary is only an encoding of a column: its values are published.
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
fn integer_ids_of_every_width_are_preserved() {
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
    ids.iter().for_each(assert_ids_preserved);
}

/// Sorted by bytes, which no locale does.
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
fn utf8_ids_are_preserved() {
    assert_ids_preserved(&text_ids());
}

#[test]
fn large_utf8_ids_are_preserved() {
    assert_ids_preserved(&cast(&text_ids(), &DataType::LargeUtf8).unwrap());
}

#[test]
fn utf8_view_ids_are_preserved() {
    assert_ids_preserved(&cast(&text_ids(), &DataType::Utf8View).unwrap());
}

#[test]
fn dictionary_ids_are_preserved() {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    assert_ids_preserved(&cast(&text_ids(), &dictionary).unwrap());
}

/// Each column fits its dictionary of 128, the vertices of both together do not.
#[test]
fn small_dictionaries_with_many_ids_are_accepted() {
    let column = |range: std::ops::Range<u8>| -> ArrayRef {
        let texts: Vec<String> = range.map(|i| format!("{i:03}")).collect();
        Arc::new(texts.iter().map(|t| Some(t.as_str())).collect::<DictionaryArray<Int8Type>>())
    };
    let ranking = Ranking::of_columns(&[("src", column(0..120)), ("dst", column(120..240))]);
    let ranks = ranking.ranks(&["--iterations", "3"]);
    assert_eq!(strings(&ranks, "id"), (0..240).map(|i| format!("{i:03}")).collect::<Vec<_>>());
}

/// Integers in a dictionary are integers: 9 comes before 10, and both are published as numbers.
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
fn self_loops_are_kept() {
    let stop = ["--tolerance", "1e-12"];
    let looped = Ranking::of_pairs(&[(0, 0), (0, 1)]).by_id(&stop);
    assert_agree(&looped, &BTreeMap::from([(0, 0.5), (1, 0.5)]), 1e-11);
    let plain = Ranking::of_pairs(&[(0, 1)]).by_id(&stop);
    let first = 1.0 / (2.0 + DAMPING);
    assert_agree(&plain, &BTreeMap::from([(0, first), (1, 1.0 - first)]), 1e-11);
}

#[test]
fn damping_is_applied() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
    for damping in [0.0, 0.5, 0.99] {
        let option = damping.to_string();
        let found = ranking.by_id(&["--tolerance", "1e-12", "--damping", &option]);
        let first = 1.0 / (2.0 + damping);
        assert_agree(&found, &BTreeMap::from([(0, first), (1, 1.0 - first)]), 1e-11);
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
fn columns_may_have_any_name() {
    let ids = |ids: [i64; 2]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let names = ["from.Node", "To \"Node\""];
    let columns = [(names[0], ids([0, 1])), (names[1], ids([1, 0]))];
    let ranking = Ranking { columns: names, ..Ranking::of_columns(&columns) };
    let found = ranking.by_id(&["--tolerance", "1e-12"]);
    assert_agree(&found, &BTreeMap::from([(0, 0.5), (1, 0.5)]), 1e-11);
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
pub fn awkward_edges() -> arrow::array::RecordBatch {
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
