//! Whether a footer of Parquet says that columns are encrypted.
//!
//! The reader of Parquet, built without encryption, passes over what says so, and would decode encrypted pages.

/// Levels of structs and lists within each other that are looked into; footers have six.
const MAX_DEPTH: usize = 32;

/// The field of `FileMetaData` that names the algorithm, see `parquet.thrift`.
const ENCRYPTION_ALGORITHM: i64 = 8;

/// Whether the thrift of a footer, in the compact protocol, names an algorithm of encryption. What cannot be decoded does not:
/// the reader will say what is wrong.
pub(super) fn is_encrypted(footer: &[u8]) -> bool {
    let mut thrift = Compact { rest: footer };
    let mut last = 0;
    while let Some((field, kind)) = thrift.field(last) {
        if field == ENCRYPTION_ALGORITHM {
            return true;
        }
        if thrift.skip(kind, 0).is_none() {
            return false;
        }
        last = field;
    }
    false
}

/// The compact protocol of thrift, as far as it takes to pass over values.
struct Compact<'a> {
    rest: &'a [u8],
}

impl Compact<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn pass(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Number and type of the next field of a struct after the field `last`; `None` at its end.
    fn field(&mut self, last: i64) -> Option<(i64, u8)> {
        let head = self.byte()?;
        let (step, kind) = (head >> 4, head & 0x0f);
        if kind == 0 {
            return None;
        }
        let field = match step {
            0 => {
                let zigzag = self.varint()?;
                (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)
            }
            step => last.checked_add(i64::from(step))?,
        };
        Some((field, kind))
    }

    /// Passes over a value.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            // True and false, of which a field has no bytes.
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.pass(8),
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.pass(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let items = match head >> 4 {
                    15 => self.varint()?,
                    items => u64::from(items),
                };
                for _ in 0..items {
                    match head & 0x0f {
                        1 | 2 => self.pass(1)?,
                        kind => self.skip(kind, depth + 1)?,
                    }
                }
                Some(())
            }
            12 => {
                let mut last = 0;
                loop {
                    // The end of a struct, and the end of the bytes, which only the struct that holds them all may reach.
                    if self.rest.is_empty() {
                        return None;
                    }
                    let Some((field, kind)) = self.field(last) else { return Some(()) };
                    self.skip(kind, depth + 1)?;
                    last = field;
                }
            }
            // Footers have no maps.
            _ => None,
        }
    }
}
