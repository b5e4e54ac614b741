//! `renown rank`: what it refuses.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use crate::binary::renown;
use crate::parquet_files::{texts, write, write_parts};
use crate::rank_command::{Ranking, awkward_edges};

#[test]
fn iterations_and_tolerance_exclude_each_other() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
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
fn invalid_weights_are_refused() {
    let ids = |ids: [i64; 3]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let ranking = |weights: ArrayRef| {
        Ranking::of_columns(&[("src", ids([0, 1, 2])), ("dst", ids([1, 2, 0])), ("w", weights)])
    };
    let options = ["--iterations", "3", "--weight", "w"];
    for weight in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0] {
        let weights = Arc::new(Float64Array::from(vec![2.0, 1.0, weight]));
        ranking(weights).refused(&options, 65, &["weigh"]);
    }
    ranking(texts(["1", "2", "3"])).refused(&options, 65, &["`w`", "not a number"]);
}

/// The statistics of a Parquet file ignore NaN: of 1 and NaN, both minimum and maximum are 1.
#[test]
fn a_nan_weight_is_refused_although_file_statistics_hide_it() {
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
    for (source, target) in [(DataType::Int64, DataType::Utf8), (DataType::Utf8, DataType::UInt8)] {
        ranking(&source, &target).refused(&stop, 65, &["`src` is", "`dst` is"]);
    }
}

#[test]
fn dictionaries_of_floats_are_refused() {
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
fn a_truncated_file_is_bad_input() {
    let ranking = Ranking::of_pairs(&[(0, 1), (1, 0)]);
    let bytes = fs::read(&ranking.edges).unwrap();
    for length in [bytes.len() - 1, bytes.len() / 2, 4, 0] {
        fs::write(&ranking.edges, &bytes[..length]).unwrap();
        ranking.refused(&["--iterations", "3"], 65, &["edges.parquet"]);
    }
}

/// Half of the edges must not pass silently for all of them.
#[test]
fn an_empty_file_among_others_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let pairs = Ranking::of_pairs(&[(0, 1), (1, 0)]);
    fs::copy(&pairs.edges, folder.path().join("a.parquet")).unwrap();
    fs::write(folder.path().join("b.parquet"), "").unwrap();
    Ranking::of(folder.path()).refused(&["--iterations", "3"], 65, &["b.parquet"]);
}

#[test]
fn an_output_that_cannot_be_written_is_refused() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
    let edges = ranking.edges.to_str().unwrap();
    let rank = |out: &str| {
        let columns = ["--source", "src", "--target", "dst", "--iterations", "3"];
        renown(&[&["rank", edges, "--out", out], &columns[..]].concat())
    };
    let below_a_file = format!("{edges}/ranks.parquet");
    rank(&below_a_file).refused(2, &["edges.parquet/ranks.parquet", "into the input"]);
    let other = ranking.folder.path().join("notes");
    fs::write(&other, "mine").unwrap();
    rank(other.join("ranks.parquet").to_str().unwrap()).refused(78, &["notes/ranks.parquet"]);
    let folder = ranking.folder.path().join("taken");
    fs::create_dir(&folder).unwrap();
    rank(folder.to_str().unwrap()).refused(2, &["taken", "is a folder"]);
    rank("gopher://host/ranks.parquet").refused(78, &["`gopher`"]);
}

#[test]
fn two_tables_of_one_name_are_refused() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
    let (edges, out) = (ranking.edges.to_str().unwrap(), ranking.folder.path().join("o.parquet"));
    let select = "SELECT src AS source, dst AS target FROM f";
    let from = format!("f={edges}");
    let args = ["rank", select, "--from", &from, "--from", &from, "--out", out.to_str().unwrap()];
    renown(&args).refused(2, &["two tables are named `f`"]);
    renown(&[&args[..4], &args[6..]].concat()).done();
}

#[test]
fn edges_that_link_nothing_are_refused() {
    let ids = |ids: [i64; 3]| -> ArrayRef { Arc::new(Int64Array::from(ids.to_vec())) };
    let weights =
        |weights: [f64; 3]| -> ArrayRef { Arc::new(Float64Array::from(weights.to_vec())) };
    let ranking = |w: [f64; 3]| {
        Ranking::of_columns(&[("src", ids([1, 2, 3])), ("dst", ids([2, 3, 1])), ("w", weights(w))])
    };
    let weighted = ["--iterations", "3", "--weight", "w"];
    ranking([0.0; 3]).refused(&weighted, 65, &["the weights of all edges are 0"]);
    ranking([0.0, 0.0, 1.0]).run(&weighted).done();
    let to_itself = Ranking { columns: ["src", "src"], ..ranking([1.0; 3]) };
    to_itself.refused(&["--iterations", "3"], 65, &["`src` is both source and target"]);
}

/// A link to itself is a mistake, not a fault that passes.
#[cfg(unix)]
#[test]
fn links_to_themselves_are_refused() {
    let ranking = Ranking::of_pairs(&[(0, 1)]);
    let link = ranking.folder.path().join("link.parquet");
    std::os::unix::fs::symlink(&link, &link).unwrap();
    Ranking::of(&link).refused(&["--iterations", "3"], 78, &["a link leads to itself"]);
}

/// Unfinished files and markers of other writers are not data.
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

/// An error repeats names from the data, which are not trusted.
#[test]
fn errors_print_no_control_characters() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![0]));
    let ranking = Ranking::of_columns(&[("\u{1b}[2Jsrc", Arc::clone(&ids)), ("dst", ids)]);
    let ended = ranking.run(&["--iterations", "3"]).refused(65, &["no column `src`"]);
    assert!(!ended.stderr.trim_end().contains(|c: char| c.is_control() && c != '\n'));
}
