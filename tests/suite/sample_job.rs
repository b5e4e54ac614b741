//! The bundled sample as a job in a temporary folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::binary::{Ended, renown};
use crate::parquet_files::in_repository;

pub const TABLES: [&str; 3] = ["accounts", "interactions", "posts"];

/// A job over the sample, or over inputs of the same names elsewhere.
pub struct SampleJob {
    folder: TempDir,
}

impl SampleJob {
    /// A copy of the bundled job, with its output in the same folder.
    pub fn new() -> Self {
        let job = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["jobs/sample", "jobs/methods"] {
            fs::create_dir_all(job.path(folder)).unwrap();
        }
        let copied = TABLES.map(|table| format!("jobs/sample/{table}.parquet"));
        let copied = copied.iter().map(String::as_str);
        for file in copied.chain(["jobs/sample.toml", "jobs/methods/sample-1.toml"]) {
            fs::copy(in_repository(file), job.path(file)).unwrap();
        }
        job
    }

    /// The job after a run of it, which all tests share: what it published is copied.
    pub fn after_run() -> Self {
        static PUBLISHED: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
        let published = PUBLISHED.get_or_init(|| {
            let job = Self::new();
            job.run(&[]).done();
            job.objects()
        });
        let job = Self::new();
        for (path, bytes) in published {
            let file = job.output().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
        job
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn file(&self) -> String {
        self.path("jobs/sample.toml").to_str().unwrap().to_owned()
    }

    pub fn output(&self) -> PathBuf {
        self.path("out/sample")
    }

    pub fn input(&self, table: &str) -> PathBuf {
        self.path(&format!("jobs/sample/{table}.parquet"))
    }

    /// Replaces `from`, which the job file must hold, by `to`.
    pub fn edit(&self, from: &str, to: &str) {
        edit(&self.path("jobs/sample.toml"), from, to);
    }

    pub fn run(&self, more: &[&str]) -> Ended {
        renown(&[&["run", &self.file()], more].concat())
    }

    pub fn top(&self, target: &str) -> Ended {
        renown(&["top", target, "-n", "7"])
    }

    pub fn commit(&self, number: u64) -> PathBuf {
        self.output().join(format!("commits/{number:020}.json"))
    }

    /// Every object of the output by its path, but for the logs.
    pub fn published(&self) -> BTreeMap<String, Vec<u8>> {
        let mut objects = self.objects();
        objects.retain(|path, _| !path.starts_with("logs/"));
        objects
    }

    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let mut objects = BTreeMap::new();
        collect(&self.output(), &self.output(), &mut objects);
        objects
    }
}

/// Replaces `from`, which `file` must hold, by `to`.
pub fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(file, text.replace(from, to)).unwrap();
}

fn collect(root: &Path, folder: &Path, objects: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, objects);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            objects.insert(name, fs::read(&path).unwrap());
        }
    }
}
