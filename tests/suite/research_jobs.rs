//! The bundled jobs over public research data, on a few rows of the same columns.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, TimestampMicrosecondArray, UInt32Array};
use chrono::NaiveDate;
use tempfile::TempDir;

use crate::binary::renown;
use crate::parquet_files::{batch, in_repository, integers, numbers, read, strings, texts, write};

/// Copies the job so that its output lies in `folder`, and runs it over `folder`/data.
fn run(folder: &Path, job: &str, method: &str) -> PathBuf {
    fs::create_dir_all(folder.join("jobs/methods")).unwrap();
    for file in [format!("jobs/{job}.toml"), format!("jobs/methods/{method}.toml")] {
        fs::copy(in_repository(&file), folder.join(file)).unwrap();
    }
    let file = folder.join(format!("jobs/{job}.toml"));
    let data = format!("data={}", folder.join("data").display());
    renown(&["run", file.to_str().unwrap(), "--set", &data]).done();
    folder.join("out").join(job)
}

fn measures(output: &Path, day: &str) -> arrow::array::RecordBatch {
    let mut files = fs::read_dir(output.join("measures").join(day)).unwrap();
    read(&files.next().unwrap().unwrap().path())
}

/// Times without a zone, as in the data.
fn instants<const N: usize>(times: [(i32, u32, u32, u32); N]) -> ArrayRef {
    let at = times.map(|(year, month, day, hour)| {
        let day = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        day.and_hms_opt(hour, 0, 0).unwrap().and_utc().timestamp_micros()
    });
    Arc::new(TimestampMicrosecondArray::from(at.to_vec()))
}

#[test]
fn higgs_counts_the_hours_before_the_cutoff() {
    let folder = TempDir::new().unwrap();
    let rows = batch(&[
        ("src", Arc::new(UInt32Array::from(vec![1, 2, 3, 4])) as ArrayRef),
        ("dst", Arc::new(UInt32Array::from(vec![9, 9, 9, 9]))),
        ("ts", instants([(2012, 7, 5, 23), (2012, 7, 5, 11), (2012, 7, 1, 0), (2012, 7, 6, 0)])),
        ("kind", texts(["retweet", "mention", "reply", "reply"])),
    ]);
    write(&folder.path().join("data/interactions.parquet"), &rows);
    let output = run(folder.path(), "higgs", "hours-2");
    let measures = measures(&output, "2012-07-05");
    let people = ["twitter:1", "twitter:2", "twitter:3", "twitter:9"];
    assert_eq!(strings(&measures, "person_id"), people);
    assert_eq!(integers(&measures, "reactors_90d"), [0, 0, 0, 3]);
    // Ages of 0, 12 and 119 whole hours, halved every 12.
    let decayed = 1.0 + 0.5 + (-119.0_f64 / 12.0).exp2();
    let found = numbers(&measures, "reactors_decayed")[3];
    // Each term is rounded to 32 fractional bits.
    assert!((found - decayed).abs() < 1e-9, "{found} {decayed}");
}

#[test]
fn a_bad_rating_changes_sentiment_and_not_weight() {
    let folder = TempDir::new().unwrap();
    let rows = batch(&[
        ("src", Arc::new(Int64Array::from(vec![1, 2, 1, 2])) as ArrayRef),
        ("dst", Arc::new(Int64Array::from(vec![8, 8, 9, 9]))),
        ("rating", Arc::new(Int64Array::from(vec![10, 1, -10, 1]))),
        ("ts", instants([(2013, 12, 1, 0); 4])),
    ]);
    write(&folder.path().join("data/ratings.parquet"), &rows);
    let output = run(folder.path(), "bitcoin-otc", "ratings-2");
    let measures = measures(&output, "2013-12-31");
    let people = [1, 2, 8, 9].map(|id| format!("bitcoin-otc:{id}"));
    assert_eq!(strings(&measures, "person_id"), people);
    assert_eq!(integers(&measures, "reactors_90d"), [0, 0, 2, 2]);
    let received = numbers(&measures, "attention_received");
    assert_eq!(received[2].to_bits(), received[3].to_bits());
    let negative = measures.column_by_name("negative_share").unwrap().slice(2, 2);
    let expected = arrow::array::Float64Array::from(vec![0.0, 0.5]);
    assert_eq!(&*negative, &expected as &dyn arrow::array::Array);
}
