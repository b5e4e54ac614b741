//! `renown rank`: what it reads (ids, weights, SELECTs, vertices, seeds) and where it writes, against ranks computed here.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Decimal128Array, Decimal256Array, FixedSizeBinaryArray, Float64Array,
    Int32Array, Int64Array, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, i256};
use fastrand::Rng;
use tempfile::TempDir;

use crate::binary::{Ended, renown};
use crate::parquet_files::{batch, numbers, read, strings, texts, write};

const DAMPING: f64 = 0.85;

/// A folder with tables, ranked from files and SELECTs in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn table(&self, name: &str, columns: &[(&str, ArrayRef)]) -> String {
        write(&self.path(name), &batch(columns));
        self.text(name)
    }

    /// Edges over the columns `source`, `target` and `weight`.
    fn edges(&self, edges: &[(i64, i64, f64)]) -> String {
        let ends = |end: fn(&(i64, i64, f64)) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(edges.iter().map(end)))
        };
        let weights = Float64Array::from_iter_values(edges.iter().map(|edge| edge.2));
        let columns = [("source", ends(|e| e.0)), ("target", ends(|e| e.1))];
        self.table("edges.parquet", &[&columns[..], &[("weight", Arc::new(weights))]].concat())
    }

    fn run(&self, args: &[&str]) -> Ended {
        renown(&[&["rank"], args, &["--out", &self.text("ranks.parquet")]].concat())
    }

    /// Ranks by the text of their id.
    #[track_caller]
    fn ranks(&self, args: &[&str]) -> BTreeMap<String, f64> {
        self.run(args).done();
        let table = read(&self.path("ranks.parquet"));
        strings(&table, "id").into_iter().zip(numbers(&table, "pagerank")).collect()
    }

    #[track_caller]
    fn bytes(&self, args: &[&str]) -> Vec<u8> {
        self.run(args).done();
        fs::read(self.path("ranks.parquet")).unwrap()
    }

    #[track_caller]
    fn refused(&self, args: &[&str], code: i32, words: &[&str]) {
        self.run(args).refused(code, words);
        assert!(!self.path("ranks.parquet").exists());
    }
}

/// Ranks by serial power iteration in doubles; `teleport` sums to 1.
fn oracle(edges: &[(i64, i64, f64)], teleport: &BTreeMap<i64, f64>) -> BTreeMap<i64, f64> {
    let mut totals: BTreeMap<i64, f64> = BTreeMap::new();
    edges.iter().for_each(|(source, _, weight)| *totals.entry(*source).or_default() += weight);
    let mut ranks = teleport.clone();
    for _ in 0..400 {
        let passes = |id: &&i64| totals.get(id).is_some_and(|total| *total > 0.0);
        let dangling: f64 = ranks.keys().filter(|id| !passes(id)).map(|id| ranks[id]).sum();
        let jump = |share: f64| (1.0 - DAMPING + DAMPING * dangling) * share;
        let mut next: BTreeMap<i64, f64> =
            teleport.iter().map(|(id, share)| (*id, jump(*share))).collect();
        for (source, target, weight) in edges.iter().filter(|(source, ..)| passes(&source)) {
            *next.get_mut(target).unwrap() += DAMPING * ranks[source] * weight / totals[source];
        }
        ranks = next;
    }
    ranks
}

fn uniform(ids: impl IntoIterator<Item = i64>) -> BTreeMap<i64, f64> {
    let ids: std::collections::BTreeSet<i64> = ids.into_iter().collect();
    ids.iter().map(|id| (*id, 1.0 / ids.len() as f64)).collect()
}

fn ends(edges: &[(i64, i64, f64)]) -> impl Iterator<Item = i64> {
    edges.iter().flat_map(|(source, target, _)| [*source, *target])
}

/// L1 distance; both have the same keys.
#[track_caller]
fn distance(found: &BTreeMap<String, f64>, expected: &BTreeMap<i64, f64>) -> f64 {
    assert_eq!(found.len(), expected.len());
    expected.iter().map(|(id, rank)| (found[&id.to_string()] - rank).abs()).sum()
}

/// Edges among `n` vertices, of weights that 32 bits do not hold; the last two vertices dangle.
fn random_edges(n: i64, count: usize, rng: &mut Rng) -> Vec<(i64, i64, f64)> {
    let edge = |_| (rng.i64(0..n - 2), rng.i64(0..n), 10_f64.powf(4.0 * rng.f64() - 2.0));
    (0..count).map(edge).collect()
}

fn printed_bound(ended: &Ended) -> f64 {
    let line = ended.stdout.lines().find_map(|line| line.strip_prefix("bound "));
    line.unwrap().trim().parse().unwrap()
}

#[test]
fn the_bound_holds_for_weights_of_64_bits() {
    let mut rng = Rng::with_seed(5);
    for round in 0..5 {
        let folder = Folder::new();
        let edges = random_edges(30, 200, &mut rng);
        let file = folder.edges(&edges);
        let args = [file.as_str(), "--weight", "weight", "--tolerance", "1e-12"];
        let ended = folder.run(&args).done();
        let off = distance(&folder.ranks(&args), &oracle(&edges, &uniform(ends(&edges))));
        let bound = printed_bound(&ended);
        assert!(off <= bound && bound < 2e-12, "{round}: off by {off:e}, bound {bound:e}");
    }
}

/// 32 bits hold each weight here, and not their sums: the bound says so.
#[test]
fn the_bound_holds_for_sums_of_weights() {
    let folder = Folder::new();
    let mut edges = vec![(0, 1, f64::from(1 << 23)), (0, 2, 1.0), (1, 0, 1.0), (2, 0, 1.0)];
    edges.extend((0..1_001).map(|_| (0, 1, 16_385.0)));
    let args = [&folder.edges(&edges), "--weight", "weight", "--tolerance", "1e-13"];
    let ended = folder.run(&args).done();
    let off = distance(&folder.ranks(&args), &oracle(&edges, &uniform(0..3)));
    let bound = printed_bound(&ended);
    assert!(off <= bound && bound < 7e-7, "off by {off:e}, bound {bound:e}");
    assert!(ended.stdout.contains("sums of weights that were rounded"), "{}", ended.stdout);
    let whole = [(0, 1, 3.0), (1, 0, 1.0), (0, 2, 5.0)];
    let ended = folder.run(&[&folder.edges(&whole), "--weight", "weight"]).done();
    assert!(!ended.stdout.contains("rounded") && printed_bound(&ended) < 1e-8, "{}", ended.stdout);
}

/// Only shares count: all weights of a source may be any multiple.
#[test]
fn the_scale_of_weights_changes_nothing() {
    let mut rng = Rng::with_seed(6);
    let edges = random_edges(30, 200, &mut rng);
    let folder = Folder::new();
    let ranked = |edges: &[(i64, i64, f64)]| {
        let file = folder.edges(edges);
        folder.bytes(&[&file, "--weight", "weight", "--tolerance", "1e-13"])
    };
    let plain = ranked(&edges);
    let scaled = |power: &dyn Fn(i64) -> i32| {
        let scaled = edges.iter().map(|(s, t, weight)| (*s, *t, weight * 2_f64.powi(power(*s))));
        scaled.collect::<Vec<_>>()
    };
    for power in [-1000, -200, -130, -40, 40, 130, 200, 1000] {
        assert!(ranked(&scaled(&|_| power)) == plain, "2^{power}");
    }
    assert!(ranked(&scaled(&|source| (source as i32 - 15) * 60)) == plain, "by source");
}

#[test]
fn weights_of_any_size_are_ranked() {
    let shape = [(0, 1, 1.0), (0, 2, 3.0), (1, 0, 2.0), (2, 0, 1.0)];
    let expected = oracle(&shape, &uniform(0..3));
    let folder = Folder::new();
    for scale in [1e-300, 1e-50, 1e39, 1e300, f64::MAX / 4.0] {
        let edges: Vec<_> = shape.iter().map(|(s, t, w)| (*s, *t, w * scale)).collect();
        let args = [&folder.edges(&edges), "--weight", "weight", "--tolerance", "1e-13"];
        assert!(distance(&folder.ranks(&args), &expected) < 1e-12, "{scale:e}");
    }
    // Among the weights of one vertex too: the small one carries nothing.
    let edges = [(0, 1, 1e300), (0, 2, 1e-300), (1, 0, 1.0), (2, 0, 1.0)];
    let args = [&folder.edges(&edges), "--weight", "weight", "--tolerance", "1e-13"];
    assert!(distance(&folder.ranks(&args), &oracle(&edges, &uniform(0..3))) < 1e-12);
}

#[test]
fn usual_columns_need_not_be_named() {
    let folder = Folder::new();
    let ids = |ids: [i64; 3]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let of = |names: [&str; 2]| {
        let columns = [(names[0], ids([0, 1, 2])), (names[1], ids([1, 2, 1])), ("x", ids([0; 3]))];
        folder.table("edges.parquet", &columns)
    };
    let file = of(["a", "b"]);
    let named = folder.bytes(&[&file, "--source", "a", "--target", "b", "--tolerance", "1e-9"]);
    for names in [["source", "target"], ["src", "dst"], ["from", "to"], ["Source", "Target"]] {
        let file = of(names);
        assert!(folder.bytes(&[&file]) == named, "{names:?}");
        let shown = folder.run(&[&file]).done().stdout;
        let line = format!("columns    {} -> {}, every edge weighs 1\n", names[0], names[1]);
        assert!(shown.starts_with(&line), "{shown}");
    }
    fs::remove_file(folder.path("ranks.parquet")).unwrap();
    let file = of(["a", "target"]);
    folder.refused(&[&file], 65, &["source and target", "a, target, x", "--source"]);
    folder.refused(&[&file, "--source", "a"], 2, &["--target"]);
    let several =
        [("src", ids([0; 3])), ("dst", ids([1; 3])), ("from", ids([2; 3])), ("to", ids([3; 3]))];
    folder.refused(&[&folder.table("several.parquet", &several)], 65, &["several pairs"]);
}

/// The ids 5, −7 and 12 as columns of several types, on a triangle that leans to 12.
fn triangle(folder: &Folder, ids: &ArrayRef, others: &ArrayRef) -> String {
    let take = |ids: &ArrayRef, order: [u64; 4]| {
        arrow::compute::take(ids, &UInt64Array::from(order.to_vec()), None).unwrap()
    };
    let columns = [("source", take(ids, [0, 1, 2, 0])), ("target", take(others, [1, 2, 0, 2]))];
    folder.table("edges.parquet", &columns)
}

#[test]
fn ids_of_every_integer_type_go_together() {
    let folder = Folder::new();
    let of = |kind: &DataType| cast(&Int64Array::from(vec![5, 7, 120]), kind).unwrap();
    let plain = triangle(&folder, &of(&DataType::Int64), &of(&DataType::Int64));
    let expected = folder.ranks(&[&plain]);
    let kinds = [
        DataType::Int8,
        DataType::Int32,
        DataType::UInt16,
        DataType::UInt64,
        DataType::Decimal128(3, 0),
        DataType::Decimal128(38, 0),
        DataType::Decimal256(76, 0),
    ];
    for (i, one) in kinds.iter().enumerate() {
        // With itself and with its neighbour.
        for other in [one, &kinds[(i + 1) % kinds.len()]] {
            let file = triangle(&folder, &of(one), &of(other));
            assert_eq!(folder.ranks(&[&file]), expected, "{one} with {other}");
        }
    }
    let file = triangle(&folder, &of(&DataType::Int32), &of(&DataType::Int64));
    folder.run(&[&file]).done();
    assert_eq!(read(&folder.path("ranks.parquet"))["id"].data_type(), &DataType::Int64);
}

#[test]
fn decimals_of_any_length_come_back_in_order() {
    let folder = Folder::new();
    let ten = |digits: u32| i256::from_i128(10).wrapping_pow(digits);
    let narrow = Decimal128Array::from(vec![-(10_i128.pow(37)), -3, 10_i128.pow(37) + 1]);
    let narrow = narrow.with_precision_and_scale(38, 0).unwrap();
    let wide = Decimal256Array::from(vec![ten(60).wrapping_neg(), i256::from_i128(9), ten(60)]);
    let wide = wide.with_precision_and_scale(76, 0).unwrap();
    for ids in [Arc::new(narrow) as ArrayRef, Arc::new(wide)] {
        let file = triangle(&folder, &ids, &ids);
        folder.run(&[&file]).done();
        let ranks = read(&folder.path("ranks.parquet"));
        assert_eq!(&ranks["id"], &ids);
    }
}

#[test]
fn uuids_come_back_as_their_text() {
    let folder = Folder::new();
    let bytes: Vec<[u8; 16]> = [0x10_u8, 0xab, 0xff]
        .map(|first| std::array::from_fn(|i| first.wrapping_add(17 * i as u8)))
        .to_vec();
    let uuids: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter(bytes.into_iter()).unwrap());
    let file = triangle(&folder, &uuids, &uuids);
    let ranks = folder.ranks(&[&file]);
    let first = "10213243-5465-7687-98a9-bacbdcedfe0f";
    assert!(ranks.contains_key(first), "{ranks:?}");
    // As text in one of the columns they are the same ids.
    let text = texts([
        first,
        "abbccdde-ef00-1122-3344-5566778899aa",
        "ff102132-4354-6576-8798-a9bacbdcedfe",
    ]);
    for kind in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View] {
        let file = triangle(&folder, &uuids, &cast(&text, &kind).unwrap());
        assert_eq!(folder.ranks(&[&file]), ranks, "{kind}");
    }
    let file = triangle(&folder, &uuids, &(Arc::new(Int32Array::from(vec![1, 2, 3])) as ArrayRef));
    fs::remove_file(folder.path("ranks.parquet")).unwrap();
    folder.refused(&[&file], 65, &["`source` is FixedSizeBinary(16)", "`target` is Int32"]);
}

#[test]
fn text_of_every_kind_goes_together() {
    let folder = Folder::new();
    let of = |kind: &DataType| cast(&texts(["a", "b", "c"]), kind).unwrap();
    let file = triangle(&folder, &of(&DataType::Utf8), &of(&DataType::Utf8));
    let expected = folder.ranks(&[&file]);
    let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    for kind in [DataType::LargeUtf8, DataType::Utf8View, dictionary] {
        let file = triangle(&folder, &of(&DataType::Utf8), &of(&kind));
        assert_eq!(folder.ranks(&[&file]), expected, "{kind}");
    }
}

#[test]
fn edges_may_be_a_select() {
    let folder = Folder::new();
    let edges = [(0, 1, 2.0), (1, 2, 3.0), (2, 0, 1.0), (2, 1, 4.0)];
    let file = folder.edges(&edges);
    let expected = folder.bytes(&[&file, "--weight", "weight"]);
    let from = format!("e={file}");
    let sql = "SELECT source AS src, target AS dst, sum(CAST(weight AS BIGINT)) AS w FROM e GROUP BY source, target";
    assert!(folder.bytes(&[sql, "--from", &from, "--weight", "w"]) == expected);
    fs::remove_file(folder.path("ranks.parquet")).unwrap();
    folder.refused(&[&file, "--from", &from], 2, &["--from", "no SELECT"]);
    folder.refused(
        &["SELECT source FROM nowhere", "--from", &from],
        78,
        &["SELECT of edges", "nowhere"],
    );
    folder.refused(&["SELECT * FROM e LIMIT 2", "--from", &from], 78, &["LIMIT without ORDER BY"]);
    folder.refused(&["DELETE FROM e", "--from", &from], 78, &["SELECT of edges"]);
    folder.refused(
        &["SELECT source, target / 0 AS target FROM e", "--from", &from],
        78,
        &["SELECT of edges", "divides by zero"],
    );
}

#[test]
fn listed_vertices_and_seeds_are_those_of_the_formula() {
    let folder = Folder::new();
    let mut rng = Rng::with_seed(7);
    let edges: Vec<_> =
        random_edges(20, 60, &mut rng).into_iter().map(|(s, t, w)| (s, t, w.ceil())).collect();
    let file = folder.edges(&edges);
    let ids = |ids: &[i64]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let listed = folder.table("vertices.parquet", &[("id", ids(&[3, 100, 101, 100]))]);
    let args = [file.as_str(), "--weight", "weight", "--tolerance", "1e-12", "--vertices", &listed];
    let all = || ends(&edges).chain([100, 101]);
    assert!(distance(&folder.ranks(&args), &oracle(&edges, &uniform(all()))) < 1e-11);

    // 3 is named twice; 101 has no edge, and 5 a weight of 0. Ids may be of another type.
    let seeds: ArrayRef = Arc::new(Int32Array::from(vec![3, 101, 5, 3, 0]));
    let weights: ArrayRef = Arc::new(Float64Array::from(vec![1e300, 4e300, 0.0, 2e300, 3e300]));
    let seeded = folder.table("seeds.parquet", &[("id", Arc::clone(&seeds)), ("weight", weights)]);
    let args = [&args[..], &["--seeds", &seeded]].concat();
    let mut teleport: BTreeMap<i64, f64> = all().map(|id| (id, 0.0)).collect();
    teleport.extend([(3, 0.3), (101, 0.4), (0, 0.3)]);
    assert!(distance(&folder.ranks(&args), &oracle(&edges, &teleport)) < 1e-11);
    let shown = folder.run(&args).done();
    assert!(shown.stdout.contains("seeds      3\n"), "{}", shown.stdout);

    // Without weights every row counts 1; as a SELECT.
    let from = format!("s={}", folder.table("plain.parquet", &[("id", seeds)]));
    let sql = "SELECT id FROM s WHERE id <> 5";
    let args = [&args[..5], &["--vertices", &listed, "--seeds", sql, "--from", &from]].concat();
    teleport.extend([(3, 0.5), (101, 0.25), (0, 0.25)]);
    assert!(distance(&folder.ranks(&args), &oracle(&edges, &teleport)) < 1e-11);
}

#[test]
fn seeds_and_vertices_that_cannot_be_are_refused() {
    let folder = Folder::new();
    let file = folder.edges(&[(0, 1, 1.0), (1, 0, 1.0)]);
    let table = |ids: Vec<Option<i64>>, weights: Vec<f64>| {
        let weights: ArrayRef = Arc::new(Float64Array::from(weights));
        let ids: ArrayRef = Arc::new(Int64Array::from(ids));
        folder.table("seeds.parquet", &[("id", ids), ("weight", weights)])
    };
    for (ids, weights, words) in [
        (
            vec![Some(0), Some(7), Some(9)],
            vec![1.0; 3],
            &["2 of 3 seeds are no vertices", "`7`, `9`"],
        ),
        (vec![Some(0), Some(1)], vec![0.0, 0.0], &["all seeds are 0", "seeds.parquet"]),
        (vec![Some(0)], vec![-1.0], &["a seed weighs -1", "seeds.parquet"]),
        (vec![Some(0)], vec![f64::NAN], &["a seed weighs NaN", "seeds.parquet"]),
        (vec![Some(0)], vec![f64::INFINITY], &["a seed weighs inf", "seeds.parquet"]),
        (vec![Some(0), None], vec![1.0; 2], &["`id` is null in 1 of 2 rows", "seeds.parquet"]),
        (vec![], vec![], &["there are no seeds", "seeds.parquet"]),
    ] {
        folder.refused(&[&file, "--seeds", &table(ids, weights)], 65, words);
    }
    let listed = folder.table("listed.parquet", &[("node", texts(["a"]))]);
    folder.refused(&[&file, "--vertices", &listed], 65, &["no column `id`", "listed.parquet"]);
    let listed = folder.table("listed.parquet", &[("id", texts(["a"]))]);
    folder.refused(&[&file, "--vertices", &listed], 65, &["`id` is Utf8", "listed.parquet"]);
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(1)]));
    let listed = folder.table("listed.parquet", &[("id", nulls)]);
    folder.refused(&[&file, "--vertices", &listed], 65, &["null in 1 of 2", "listed.parquet"]);
}

#[test]
fn an_input_is_never_written_over() {
    let folder = Folder::new();
    let file = folder.edges(&[(0, 1, 1.0), (1, 0, 1.0)]);
    let seeds = folder.table("seeds.parquet", &[("id", Arc::new(Int64Array::from(vec![0])))]);
    let parts = folder.path("parts");
    fs::create_dir(&parts).unwrap();
    fs::copy(&file, parts.join("one.parquet")).unwrap();
    symlink(&file, parts.join("two.parquet")).unwrap();
    symlink(&file, folder.path("link.parquet")).unwrap();
    symlink(&parts, folder.path("linked")).unwrap();
    fs::hard_link(&file, folder.path("hard.parquet")).unwrap();
    let before = fs::read(&file).unwrap();
    let from = format!("e={file}");
    let parts = parts.to_str().unwrap();
    let cases: [(&[&str], &str); 10] = [
        (&[&file], "edges.parquet"),
        (&[&file], "linked/../edges.parquet"),
        (&[&file], "link.parquet"),
        (&[&file], "hard.parquet"),
        (&[parts], "parts/one.parquet"),
        (&[parts], "parts/new/ranks.parquet"),
        (&[parts], "linked/ranks.parquet"),
        // It is read through a link in the folder.
        (&[parts], "edges.parquet"),
        (&[&file, "--seeds", &seeds], "seeds.parquet"),
        (&["SELECT * FROM e", "--from", &from], "edges.parquet"),
    ];
    for (args, out) in cases {
        let out = folder.text(out);
        let ended = renown(&[&["rank"], args, &["--out", &out]].concat());
        ended.refused(2, &["over or into the input"]);
    }
    assert!(fs::read(&file).unwrap() == before);
    assert_eq!(fs::read_dir(parts).unwrap().count(), 2);
    // In its folder a single file has no say.
    folder.run(&[&file]).done();
    folder.run(&[&file]).done();
}

#[test]
fn an_output_that_is_a_folder_is_said_so() {
    let folder = Folder::new();
    let file = folder.edges(&[(0, 1, 1.0)]);
    fs::create_dir(folder.path("ranks")).unwrap();
    for out in ["ranks", "ranks/", "new/"] {
        let ended = renown(&["rank", &file, "--out", &folder.text(out)]);
        ended.refused(2, &["is a folder", "name a file"]);
    }
    assert!(Path::new(&folder.path("ranks")).read_dir().unwrap().next().is_none());
}
