//! Tables as folders of Parquet files, generated and written piece by piece.

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
/// Maximum number of files that are generated at once: it bounds the memory of machines with many cores.
const MAX_AT_ONCE: usize = 8;

/// The folder to which a world is written.
pub(super) struct Out<'a> {
    pub(super) stores: &'a Stores,
    pub(super) url: &'a Url,
}

impl Out<'_> {
    /// Writes the table `name`; `batch` generates the rows of a range of `items`, of which each `per_group` form a row group.
    /// Returns the name and the number of rows.
    ///
    /// The next files are generated while the last are written; their content depends on neither.
    pub(super) async fn write(
        &self,
        name: &'static str,
        items: u64,
        per_group: u64,
        batch: impl Fn(Range<u64>) -> Result<RecordBatch> + Sync,
    ) -> Result<(&'static str, u64)> {
        let per_file = GROUPS * per_group;
        let files: Vec<u64> = (0..items.div_ceil(per_file)).collect();
        let at_once = rayon::current_num_threads().min(MAX_AT_ONCE);
        let mut rows = 0;
        let mut writing = None;
        for numbers in files.chunks(at_once) {
            let file = |number: &u64| -> Result<(Url, Vec<u8>, u64)> {
                let items = number * per_file..items.min((number + 1) * per_file);
                let (bytes, rows) = encode(items, per_group, &batch)?;
                let path = format!("{name}/part-{number:05}.parquet");
                Ok((below(self.url, &path)?, bytes, rows))
            };
            let files: Result<Vec<_>> =
                tokio::task::block_in_place(|| numbers.par_iter().map(file).collect());
            let files = files?;
            rows += files.iter().map(|(_, _, rows)| rows).sum::<u64>();
            finished(writing.take()).await?;
            let stores = self.stores.clone();
            writing = Some(tokio::spawn(async move {
                for (url, bytes, _) in files {
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

/// The bytes of one file, and its number of rows.
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
