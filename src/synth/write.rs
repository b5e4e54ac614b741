//! Tables as folders of Parquet files, made and written piece by piece.

use std::ops::Range;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use url::Url;

use crate::error::{Error, Result};
use crate::storage::{Stores, below};

/// Row groups in a file.
const GROUPS: u64 = 4;
/// Files that are made at once, at most: this bounds the memory of machines with many cores.
const MOST_AT_ONCE: usize = 8;

/// The folder that a world goes to.
pub(super) struct Out<'a> {
    pub(super) stores: &'a Stores,
    pub(super) url: &'a Url,
}

impl Out<'_> {
    /// Writes the table `name`; `batch` makes the rows of a range of `items`, and each `per_group` of them are
    /// a row group. Returns the name and the number of rows.
    ///
    /// The next files are made while the last are written. What they hold depends on neither.
    pub(super) async fn write(
        &self,
        name: &'static str,
        items: u64,
        per_group: u64,
        batch: impl Fn(Range<u64>) -> Result<RecordBatch> + Sync,
    ) -> Result<(&'static str, u64)> {
        let per_file = GROUPS * per_group;
        let files: Vec<u64> = (0..items.div_ceil(per_file)).collect();
        let at_once = rayon::current_num_threads().min(MOST_AT_ONCE);
        let mut rows = 0;
        let mut writing = None;
        for numbers in files.chunks(at_once) {
            let file = |number: &u64| -> Result<(Url, Vec<u8>, u64)> {
                let items = number * per_file..items.min((number + 1) * per_file);
                let (bytes, rows) = encode(items, per_group, &batch)?;
                let path = format!("{name}/part-{number:05}.parquet");
                Ok((below(self.url, &path)?, bytes, rows))
            };
            let made: Result<Vec<_>> =
                tokio::task::block_in_place(|| numbers.par_iter().map(file).collect());
            let made = made?;
            rows += made.iter().map(|(_, _, rows)| rows).sum::<u64>();
            finished(writing.take()).await?;
            let stores = self.stores.clone();
            writing = Some(tokio::spawn(async move {
                for (url, bytes, _) in made {
                    stores.write(&url, bytes).await?;
                }
                Ok(())
            }));
        }
        finished(writing).await?;
        Ok((name, rows))
    }
}

async fn finished(writing: Option<tokio::task::JoinHandle<Result<()>>>) -> Result<()> {
    match writing {
        Some(writing) => writing.await.map_err(Error::internal)?,
        None => Ok(()),
    }
}

/// One file, and how many rows it has.
fn encode(
    items: Range<u64>,
    per_group: u64,
    batch: &(impl Fn(Range<u64>) -> Result<RecordBatch> + Sync),
) -> Result<(Vec<u8>, u64)> {
    let starts: Vec<u64> = items.clone().step_by(per_group as usize).collect();
    let group = |start: &u64| batch(*start..items.end.min(start + per_group));
    let groups: Vec<RecordBatch> = starts.par_iter().map(group).collect::<Result<_>>()?;
    let schema = groups.first().ok_or_else(|| Error::internal("a file without rows"))?.schema();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, schema, Some(properties)).map_err(Error::internal)?;
    let mut rows = 0;
    for group in groups {
        rows += group.num_rows() as u64;
        writer.write(&group).map_err(Error::internal)?;
        writer.flush().map_err(Error::internal)?;
    }
    writer.close().map_err(Error::internal)?;
    Ok((bytes, rows))
}
