//! The structs of the Parquet format that are read, with the types of their fields. Source: `parquet.thrift` of format version 2.12.

/// A type of a field.
#[derive(Debug)]
pub(super) enum Kind {
    Flag,
    I16,
    I32,
    I64,
    Bytes,
    List(&'static Kind),
    Struct(&'static Shape),
}

impl Kind {
    /// Whether a field of this type may have this code.
    pub(super) fn is_code(&self, code: u8) -> bool {
        match self {
            Self::Flag => matches!(code, 1 | 2),
            Self::I16 => code == 4,
            Self::I32 => code == 5,
            Self::I64 => code == 6,
            Self::Bytes => code == 8,
            Self::List(_) => code == 9,
            Self::Struct(_) => code == 12,
        }
    }
}

/// A field of a struct; ids are below 64.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) id: i16,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

/// A struct.
#[derive(Debug)]
pub(super) struct Shape {
    /// What it is called in messages.
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

const fn required(id: i16, kind: Kind) -> Field {
    Field { id, kind, required: true }
}

const fn optional(id: i16, kind: Kind) -> Field {
    Field { id, kind, required: false }
}

/// The footer of a file.
pub(super) static FOOTER: Shape = Shape {
    name: "the footer",
    fields: &[
        required(1, Kind::I32),
        required(2, Kind::List(&Kind::Struct(&SCHEMA_ELEMENT))),
        required(3, Kind::I64),
        required(4, Kind::List(&Kind::Struct(&ROW_GROUP))),
        optional(5, Kind::List(&Kind::Struct(&KEY_VALUE))),
        optional(6, Kind::Bytes),
        optional(7, Kind::List(&Kind::Struct(&UNKNOWN))),
        optional(8, Kind::Struct(&ENCRYPTION)),
        optional(9, Kind::Bytes),
    ],
};

/// Field of [`SCHEMA_ELEMENT`]: bytes of a value of fixed length.
pub(super) const TYPE_LENGTH: i16 = 2;

/// Field of [`SCHEMA_ELEMENT`]: how many of the next elements are its children.
pub(super) const NUM_CHILDREN: i16 = 5;

/// A column, or a group of columns, in the order of a walk through their tree.
pub(super) static SCHEMA_ELEMENT: Shape = Shape {
    name: "an element of the schema",
    fields: &[
        optional(1, Kind::I32),
        optional(TYPE_LENGTH, Kind::I32),
        optional(3, Kind::I32),
        required(4, Kind::Bytes),
        optional(NUM_CHILDREN, Kind::I32),
        optional(6, Kind::I32),
        optional(7, Kind::I32),
        optional(8, Kind::I32),
        optional(9, Kind::I32),
        optional(10, Kind::Struct(&UNKNOWN)),
    ],
};

/// A row group.
pub(super) static ROW_GROUP: Shape = Shape {
    name: "a row group",
    fields: &[
        required(1, Kind::List(&Kind::Struct(&COLUMN_CHUNK))),
        required(2, Kind::I64),
        required(3, Kind::I64),
        optional(4, Kind::List(&Kind::Struct(&SORTING_COLUMN))),
        optional(5, Kind::I64),
        optional(6, Kind::I64),
        optional(7, Kind::I16),
    ],
};

static COLUMN_CHUNK: Shape = Shape {
    name: "a column chunk",
    fields: &[
        optional(1, Kind::Bytes),
        required(2, Kind::I64),
        required(3, Kind::Struct(&COLUMN_META_DATA)),
        optional(4, Kind::I64),
        optional(5, Kind::I32),
        optional(6, Kind::I64),
        optional(7, Kind::I32),
        optional(8, Kind::Struct(&UNKNOWN)),
        optional(9, Kind::Bytes),
    ],
};

static COLUMN_META_DATA: Shape = Shape {
    name: "a column chunk's metadata",
    fields: &[
        required(1, Kind::I32),
        required(2, Kind::List(&Kind::I32)),
        required(3, Kind::List(&Kind::Bytes)),
        required(4, Kind::I32),
        required(5, Kind::I64),
        required(6, Kind::I64),
        required(7, Kind::I64),
        optional(8, Kind::List(&Kind::Struct(&KEY_VALUE))),
        required(9, Kind::I64),
        optional(10, Kind::I64),
        optional(11, Kind::I64),
        optional(12, Kind::Struct(&STATISTICS)),
        optional(13, Kind::List(&Kind::Struct(&ENCODING_STATS))),
        optional(14, Kind::I64),
        optional(15, Kind::I32),
        optional(16, Kind::Struct(&SIZE_STATISTICS)),
        optional(17, Kind::Struct(&UNKNOWN)),
    ],
};

static STATISTICS: Shape = Shape {
    name: "statistics",
    fields: &[
        optional(1, Kind::Bytes),
        optional(2, Kind::Bytes),
        optional(3, Kind::I64),
        optional(4, Kind::I64),
        optional(5, Kind::Bytes),
        optional(6, Kind::Bytes),
        optional(7, Kind::Flag),
        optional(8, Kind::Flag),
    ],
};

static ENCODING_STATS: Shape = Shape {
    name: "statistics of encodings",
    fields: &[required(1, Kind::I32), required(2, Kind::I32), required(3, Kind::I32)],
};

static SIZE_STATISTICS: Shape = Shape {
    name: "statistics of sizes",
    fields: &[
        optional(1, Kind::I64),
        optional(2, Kind::List(&Kind::I64)),
        optional(3, Kind::List(&Kind::I64)),
    ],
};

static SORTING_COLUMN: Shape = Shape {
    name: "a sorting column",
    fields: &[required(1, Kind::I32), required(2, Kind::Flag), required(3, Kind::Flag)],
};

static KEY_VALUE: Shape = Shape {
    name: "a key of the metadata",
    fields: &[required(1, Kind::Bytes), optional(2, Kind::Bytes)],
};

/// What is read in ways of its own; its bytes are gone over.
static UNKNOWN: Shape = Shape { name: "a part", fields: &[] };

/// How a file is encrypted.
pub(super) static ENCRYPTION: Shape = Shape { name: "the encryption", fields: &[] };

/// Where the pages of a column chunk are.
pub(super) static OFFSET_INDEX: Shape = Shape {
    name: "an offset index",
    fields: &[
        required(1, Kind::List(&Kind::Struct(&PAGE_LOCATION))),
        optional(2, Kind::List(&Kind::I64)),
    ],
};

static PAGE_LOCATION: Shape = Shape {
    name: "the place of a page",
    fields: &[required(1, Kind::I64), required(2, Kind::I32), required(3, Kind::I64)],
};

/// Statistics of the pages of a column chunk.
pub(super) static COLUMN_INDEX: Shape = Shape {
    name: "a column index",
    fields: &[
        required(1, Kind::List(&Kind::Flag)),
        required(2, Kind::List(&Kind::Bytes)),
        required(3, Kind::List(&Kind::Bytes)),
        required(4, Kind::I32),
        optional(5, Kind::List(&Kind::I64)),
        optional(6, Kind::List(&Kind::I64)),
        optional(7, Kind::List(&Kind::I64)),
    ],
};

/// The header of a page.
pub(super) static PAGE_HEADER: Shape = Shape {
    name: "the header of a page",
    fields: &[
        required(1, Kind::I32),
        required(2, Kind::I32),
        required(3, Kind::I32),
        optional(4, Kind::I32),
        optional(5, Kind::Struct(&DATA_PAGE)),
        optional(6, Kind::Struct(&UNKNOWN)),
        optional(7, Kind::Struct(&DICTIONARY_PAGE)),
        optional(8, Kind::Struct(&DATA_PAGE_V2)),
    ],
};

/// The header of a page of values.
pub(super) static DATA_PAGE: Shape = Shape {
    name: "the header of a page of values",
    fields: &[
        required(1, Kind::I32),
        required(2, Kind::I32),
        required(3, Kind::I32),
        required(4, Kind::I32),
        optional(5, Kind::Struct(&STATISTICS)),
    ],
};

/// The header of a page of values, second version.
pub(super) static DATA_PAGE_V2: Shape = Shape {
    name: "the second header of a page of values",
    fields: &[
        required(1, Kind::I32),
        required(2, Kind::I32),
        required(3, Kind::I32),
        required(4, Kind::I32),
        required(5, Kind::I32),
        required(6, Kind::I32),
        optional(7, Kind::Flag),
        optional(8, Kind::Struct(&STATISTICS)),
    ],
};

/// The header of a page that is a dictionary.
pub(super) static DICTIONARY_PAGE: Shape = Shape {
    name: "the header of a dictionary",
    fields: &[required(1, Kind::I32), required(2, Kind::I32), optional(3, Kind::Flag)],
};
