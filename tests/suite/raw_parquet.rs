//! Parquet files byte by byte, so that they can claim anything. Thrift's compact protocol is written here anew.

/// Codes of types in thrift.
pub const I32: u8 = 5;
pub const I64: u8 = 6;
pub const BYTES: u8 = 8;
pub const STRUCT: u8 = 12;

/// Physical types of columns.
pub const INT64: i64 = 2;
pub const BYTE_ARRAY: i64 = 6;

/// Codecs.
pub const PLAIN: i64 = 0;
pub const GZIP: i64 = 2;
pub const BROTLI: i64 = 4;
pub const ZSTD: i64 = 6;

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn zigzag(value: i64) -> Vec<u8> {
    varint((value << 1 ^ value >> 63) as u64)
}

/// A struct as it is written.
#[derive(Clone, Default)]
pub struct Struct {
    bytes: Vec<u8>,
    last: i64,
}

impl Struct {
    pub fn field(mut self, id: i64, code: u8, value: &[u8]) -> Self {
        assert!(id > self.last && id - self.last < 16);
        self.bytes.push(((id - self.last) as u8) << 4 | code);
        self.bytes.extend(value);
        self.last = id;
        self
    }

    pub fn i32(self, id: i64, value: i64) -> Self {
        self.field(id, I32, &zigzag(value))
    }

    pub fn i64(self, id: i64, value: i64) -> Self {
        self.field(id, I64, &zigzag(value))
    }

    pub fn text(self, id: i64, value: &str) -> Self {
        let value = [varint(value.len() as u64), value.as_bytes().to_vec()].concat();
        self.field(id, BYTES, &value)
    }

    pub fn child(self, id: i64, child: Self) -> Self {
        self.field(id, STRUCT, &child.done())
    }

    /// A list that claims to have `length` items.
    pub fn list_of(self, id: i64, code: u8, length: u64, items: &[Vec<u8>]) -> Self {
        let value = [vec![0xf0 | code], varint(length), items.concat()].concat();
        self.field(id, 9, &value)
    }

    pub fn list(self, id: i64, items: &[Vec<u8>]) -> Self {
        self.list_of(id, STRUCT, items.len() as u64, items)
    }

    pub fn done(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

/// A page, and what its header claims.
#[derive(Clone)]
pub struct Page {
    pub is_dictionary: bool,
    pub unpacked: i64,
    pub packed: i64,
    pub values: i64,
    pub body: Vec<u8>,
}

impl Page {
    /// Values of a column of integers that are never null.
    pub fn of(values: &[i64]) -> Self {
        let body: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let size = body.len() as i64;
        Self {
            is_dictionary: false,
            unpacked: size,
            packed: size,
            values: values.len() as i64,
            body,
        }
    }

    /// Texts of a column that are never null.
    pub fn of_texts(texts: &[&str]) -> Self {
        let text = |text: &&str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
        let body: Vec<u8> = texts.iter().flat_map(text).collect();
        let size = body.len() as i64;
        Self {
            is_dictionary: false,
            unpacked: size,
            packed: size,
            values: texts.len() as i64,
            body,
        }
    }

    /// A body that a codec has made of what claims to be `unpacked` bytes.
    pub fn packed(body: Vec<u8>, unpacked: i64, values: i64) -> Self {
        Self { is_dictionary: false, unpacked, packed: body.len() as i64, values, body }
    }

    fn bytes(&self) -> Vec<u8> {
        let header = Struct::default()
            .i32(1, if self.is_dictionary { 2 } else { 0 })
            .i32(2, self.unpacked)
            .i32(3, self.packed);
        let of_values = Struct::default().i32(1, self.values).i32(2, 0);
        let header = match self.is_dictionary {
            true => header.child(7, of_values),
            false => header.child(5, of_values.i32(3, 3).i32(4, 3)),
        };
        [header.done(), self.body.clone()].concat()
    }
}

/// A column of the only row group; `None` claims what is so.
#[derive(Clone)]
pub struct Column {
    pub name: String,
    pub kind: i64,
    pub codec: i64,
    pub pages: Vec<Page>,
    pub values: Option<i64>,
    pub offset: Option<i64>,
    /// Where its first page of values is, if not at `offset`.
    pub data: Option<i64>,
    pub size: Option<i64>,
    /// Offset and length of an offset index.
    pub index: Option<(i64, i64)>,
}

impl Column {
    pub fn of(name: &str, kind: i64, codec: i64, pages: Vec<Page>) -> Self {
        let name = name.to_owned();
        Self {
            name,
            kind,
            codec,
            pages,
            values: None,
            offset: None,
            data: None,
            size: None,
            index: None,
        }
    }

    pub fn integers(name: &str, values: &[i64]) -> Self {
        Self::of(name, INT64, PLAIN, vec![Page::of(values)])
    }
}

/// A file of one row group.
#[derive(Clone)]
pub struct RawFile {
    pub columns: Vec<Column>,
    /// Rows that the file and its row group claim.
    pub rows: i64,
    pub group_rows: i64,
    /// How often its row group is listed.
    pub groups: usize,
}

impl RawFile {
    /// Edges 0 → 1, 1 → 2, …
    pub fn edges(rows: i64) -> Self {
        let ids: Vec<i64> = (0..=rows).collect();
        let columns = vec![
            Column::integers("src", &ids[..rows as usize]),
            Column::integers("dst", &ids[1..]),
        ];
        Self { columns, rows, group_rows: rows, groups: 1 }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut data = b"PAR1".to_vec();
        let mut chunks = Vec::new();
        for column in &self.columns {
            let start = data.len() as i64;
            column.pages.iter().for_each(|page| data.extend(page.bytes()));
            let is_dictionary = column.pages.first().is_some_and(|page| page.is_dictionary);
            let values: i64 = column
                .pages
                .iter()
                .filter(|page| !page.is_dictionary)
                .map(|page| page.values)
                .sum();
            let unpacked = column.pages.iter().map(|page| page.unpacked.max(0)).sum();
            let offset = column.offset.unwrap_or(start);
            let name =
                [varint(column.name.len() as u64), column.name.clone().into_bytes()].concat();
            let metadata = Struct::default()
                .i32(1, column.kind)
                .list_of(2, I32, 1, &[zigzag(0)])
                .list_of(3, BYTES, 1, &[name])
                .i32(4, column.codec)
                .i64(5, column.values.unwrap_or(values))
                .i64(6, unpacked)
                .i64(7, column.size.unwrap_or(data.len() as i64 - start))
                .i64(9, column.data.unwrap_or(offset));
            let metadata = if is_dictionary { metadata.i64(11, offset) } else { metadata };
            let mut chunk = Struct::default().i64(2, 0).child(3, metadata);
            if let Some((offset, length)) = column.index {
                chunk = chunk.i64(4, offset).i32(5, length);
            }
            chunks.push(chunk.done());
        }
        let mut schema = vec![group("root", self.columns.len() as i64)];
        schema.extend(self.columns.iter().map(|column| leaf(&column.name, column.kind)));
        let group = Struct::default().list(1, &chunks).i64(2, 100).i64(3, self.group_rows).done();
        with_footer(data, &footer(&schema, self.rows, &vec![group; self.groups]))
    }
}

/// An element of a schema that has children.
pub fn group(name: &str, children: i64) -> Vec<u8> {
    Struct::default().i32(3, 1).text(4, name).i32(5, children).done()
}

/// A column that is never null.
pub fn leaf(name: &str, kind: i64) -> Vec<u8> {
    let leaf = Struct::default().i32(1, kind).i32(3, 0).text(4, name);
    // Bytes are text.
    if kind == BYTE_ARRAY { leaf.i32(6, 0) } else { leaf }.done()
}

pub fn footer(schema: &[Vec<u8>], rows: i64, groups: &[Vec<u8>]) -> Vec<u8> {
    Struct::default().i32(1, 2).list(2, schema).i64(3, rows).list(4, groups).done()
}

/// A file of these data, which begin with the magic number, and this footer.
pub fn with_footer(data: Vec<u8>, footer: &[u8]) -> Vec<u8> {
    [&data[..], footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()
}

/// A file without rows and with this schema.
pub fn without_rows(schema: &[Vec<u8>]) -> Vec<u8> {
    with_footer(b"PAR1".to_vec(), &footer(schema, 0, &[]))
}
