//! Headers of pages: how much memory they ask for, compared with their bytes.

use std::io::Read as _;

use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;

use super::shapes::{DATA_PAGE, DATA_PAGE_V2, DICTIONARY_PAGE, PAGE_HEADER};
use super::thrift::{Checked, Cursor};

/// Bytes that a page may take once it is decompressed, unless a job says otherwise.
pub const MAX_PAGE_BYTES: u64 = 64 << 20;

/// How many times its own size a page may take.
const MAX_RATIO: u64 = 1_000;

/// Bytes that a page may take whatever its size: writers fill pages to one megabyte, and equal values compress to nearly nothing.
const FREE_BYTES: u64 = 2 << 20;

/// Bytes of a text, at most.
const MAX_TEXT_BYTES: u64 = 16 << 20;

/// Bytes at a time in which a page is decompressed to be measured.
const MEASURED_BYTES: usize = 16 << 10;

/// Refuses pages of a column that claim too much. `bytes` begin with the header of a page and hold whole pages.
pub(super) fn check_pages(
    mut bytes: &[u8],
    column: &ColumnChunkMetaData,
    max_page_bytes: u64,
) -> Checked<()> {
    let most = u64::try_from(column.num_values()).unwrap_or(0);
    let mut values = 0_u64;
    while !bytes.is_empty() {
        let (page, rest) = Page::read(bytes)?;
        page.check(column, max_page_bytes)?;
        if !page.is_dictionary {
            values = values.saturating_add(page.values);
            if values > most {
                return Err(format!("its pages claim more than its {most} values"));
            }
            // What is behind the last value is not read.
            if values == most {
                return Ok(());
            }
        }
        bytes = rest;
    }
    Ok(())
}

/// A page with what its header claims.
struct Page<'a> {
    body: &'a [u8],
    /// Bytes once it is decompressed.
    unpacked: u64,
    values: u64,
    is_dictionary: bool,
    /// Whether the codec of the column was applied: pages of the second version say so.
    is_packed: bool,
    /// Bytes of levels in front, which are not compressed.
    levels: u64,
}

impl<'a> Page<'a> {
    /// The first page of some bytes, and the bytes behind it.
    fn read(bytes: &'a [u8]) -> Checked<(Self, &'a [u8])> {
        let (mut unpacked, mut packed, mut values, mut levels) = (-1, -1, 0, 0_i64);
        let (mut is_dictionary, mut is_packed, mut headers) = (false, true, 0);
        let mut cursor = Cursor::new(bytes);
        let mut visit = |name: &'static str, id: i16, value: i64| -> Checked<()> {
            let of_values = [DATA_PAGE.name, DATA_PAGE_V2.name, DICTIONARY_PAGE.name];
            match id {
                2 if name == PAGE_HEADER.name => unpacked = value,
                3 if name == PAGE_HEADER.name => packed = value,
                1 if of_values.contains(&name) => {
                    values = value;
                    headers += 1;
                    is_dictionary = name == DICTIONARY_PAGE.name;
                }
                7 if name == DATA_PAGE_V2.name => is_packed = value != 0,
                5 | 6 if name == DATA_PAGE_V2.name => levels = levels.saturating_add(value.max(0)),
                _ => {}
            }
            Ok(())
        };
        cursor.walk(&PAGE_HEADER, &mut visit)?;
        if headers > 1 {
            return Err("a page has several headers".to_owned());
        }
        let behind = &bytes[bytes.len() - cursor.left()..];
        let sizes = [unpacked, packed, values].map(u64::try_from);
        let [Ok(unpacked), Ok(packed), Ok(values)] = sizes else {
            return Err("a page claims a size below 0".to_owned());
        };
        let Some((body, rest)) = behind.split_at_checked(packed as usize) else {
            return Err(format!("a page claims {packed} bytes, and {} follow", behind.len()));
        };
        let levels = levels.unsigned_abs();
        Ok((Self { body, unpacked, values, is_dictionary, is_packed, levels }, rest))
    }

    fn check(&self, column: &ColumnChunkMetaData, max_page_bytes: u64) -> Checked<()> {
        let (unpacked, packed) = (self.unpacked, self.body.len() as u64);
        if unpacked > max_page_bytes {
            return Err(format!(
                "a page claims {unpacked} bytes of memory; the most is {max_page_bytes}, unless a job allows more with \
                 `max_page_bytes` under [reading]"
            ));
        }
        if unpacked > (MAX_RATIO * packed).max(FREE_BYTES) {
            return Err(format!(
                "a page of {packed} bytes claims {unpacked}, more than {MAX_RATIO} times its size"
            ));
        }
        if self.is_dictionary && self.values > unpacked {
            return Err(format!("a dictionary of {unpacked} bytes claims {} values", self.values));
        }
        let is_text = column.column_type() == Type::BYTE_ARRAY;
        // The longest is as long as all are on average, less eight bytes each for its length and its levels.
        if is_text && unpacked / self.values.max(1) > MAX_TEXT_BYTES + 8 {
            return Err(format!("it has a text of more than {MAX_TEXT_BYTES} bytes"));
        }
        self.check_codec(column.compression())
    }

    /// Refuses pages that decompress to more than they claim, where the decoder would only see it afterwards.
    fn check_codec(&self, codec: Compression) -> Checked<()> {
        let is_larger = match codec {
            _ if !self.is_packed => false,
            Compression::GZIP(_) => {
                self.is_larger(flate2::read::MultiGzDecoder::new(self.packed()))
            }
            Compression::BROTLI(_) => {
                self.is_larger(brotli::Decompressor::new(self.packed(), MEASURED_BYTES))
            }
            _ => false,
        };
        match is_larger {
            true => Err(format!(
                "a page decompresses to more than the {} bytes it claims",
                self.unpacked
            )),
            false => Ok(()),
        }
    }

    /// The compressed part.
    fn packed(&self) -> &'a [u8] {
        self.body.get(self.levels as usize..).unwrap_or_default()
    }

    /// Whether more comes out than the page claims. What cannot be decompressed is left for the decoder to refuse.
    fn is_larger(&self, from: impl std::io::Read) -> bool {
        let (mut buffer, mut left) = ([0; MEASURED_BYTES], self.unpacked);
        let mut from = from.take(self.unpacked.saturating_add(1));
        loop {
            match from.read(&mut buffer) {
                Ok(0) | Err(_) => return false,
                Ok(read) => match left.checked_sub(read as u64) {
                    Some(rest) => left = rest,
                    None => return true,
                },
            }
        }
    }
}
