//! Thrift's compact protocol, as far as checking it takes: values are read, nothing is allocated.
//!
//! A file that is accepted here must be read in the same way by the decoder that follows. So known fields must have their types, a
//! field may come once, and what that decoder is known to read otherwise (lists of flags in fields that it skips) is refused.
//! Source: *Thrift compact protocol encoding*, <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use super::shapes::{Kind, Shape};

/// Levels of unknown structs and lists that are skipped, at most.
const MAX_SKIPPED_LEVELS: usize = 32;

/// Longest encoding of a number, in bytes.
const MAX_NUMBER_BYTES: usize = 10;

/// What is wrong, in words.
pub(super) type Checked<T> = Result<T, String>;

/// What is called with each integer of a known struct: the name of the struct, the id of the field, the value; and with id 0 at the
/// end of each known struct.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&'static str, i16, i64) -> Checked<()>;

/// Bytes that are read from front to end.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Goes over a struct of this shape.
    pub(super) fn walk(&mut self, shape: &'static Shape, visit: Visit<'_>) -> Checked<()> {
        let (mut last, mut seen) = (0_i16, 0_u64);
        loop {
            let header = self.byte()?;
            let (code, delta) = (header & 15, header >> 4);
            if code == 0 {
                break;
            }
            let id = match delta {
                0 => self.number()? as i16,
                delta => last.checked_add(i16::from(delta)).ok_or("a field has no valid id")?,
            };
            last = id;
            let Some(field) = shape.fields.iter().find(|field| field.id == id) else {
                self.skip(code, 0)?;
                continue;
            };
            let bit = 1 << field.id;
            if seen & bit != 0 {
                return Err(format!("a field of {} stands there twice", shape.name));
            }
            seen |= bit;
            if !field.kind.is_code(code) {
                return Err(format!("a field of {} has another type", shape.name));
            }
            match field.kind {
                // A flag stands in the header of its field.
                Kind::Flag => visit(shape.name, id, i64::from(code == 1))?,
                _ => self.value(&field.kind, shape.name, id, visit)?,
            }
        }
        if shape.fields.iter().any(|field| field.required && seen & (1 << field.id) == 0) {
            return Err(format!("{} lacks a field", shape.name));
        }
        visit(shape.name, 0, 0)
    }

    fn value(
        &mut self,
        kind: &'static Kind,
        name: &'static str,
        id: i16,
        visit: Visit<'_>,
    ) -> Checked<()> {
        match kind {
            // Those of fields stand in their headers, and lists go over theirs.
            Kind::Flag => Ok(()),
            Kind::I16 | Kind::I32 | Kind::I64 => {
                let value = self.number()?;
                visit(name, id, value)
            }
            Kind::Bytes => self.bytes(),
            Kind::Struct(shape) => self.walk(shape, visit),
            Kind::List(items) => {
                let (code, length) = self.list()?;
                if length > 0 && !items.is_code(code) {
                    return Err(format!("a list of {name} has items of another type"));
                }
                for _ in 0..length {
                    match items {
                        Kind::Flag => self.take(1)?,
                        Kind::Struct(shape) => self.walk(shape, visit)?,
                        // Numbers in lists have no name to be known by.
                        Kind::I16 | Kind::I32 | Kind::I64 => self.number().map(drop)?,
                        other => self.value(other, name, id, visit)?,
                    }
                }
                Ok(())
            }
        }
    }

    /// Goes over a value of an unknown field.
    fn skip(&mut self, code: u8, level: usize) -> Checked<()> {
        if level > MAX_SKIPPED_LEVELS {
            return Err("an unknown field is nested too deeply".to_owned());
        }
        match code {
            1 | 2 => Ok(()),
            3 => self.take(1),
            4..=6 => self.number().map(drop),
            7 => self.take(8),
            8 => self.bytes(),
            9 | 10 => {
                let (code, length) = self.list()?;
                if length > 0 && matches!(code, 1 | 2) {
                    return Err("an unknown field is a list of flags".to_owned());
                }
                (0..length).try_for_each(|_| self.skip(code, level + 1))
            }
            11 => {
                let length = self.length()?;
                if length == 0 {
                    return Ok(());
                }
                let codes = self.byte()?;
                let codes = [codes >> 4, codes & 15];
                if codes.iter().any(|code| matches!(code, 0..=2)) {
                    return Err("an unknown field is a map of flags".to_owned());
                }
                (0..length).try_for_each(|_| {
                    codes.into_iter().try_for_each(|code| self.skip(code, level + 1))
                })
            }
            12 => loop {
                let header = self.byte()?;
                if header & 15 == 0 {
                    return Ok(());
                }
                if header >> 4 == 0 {
                    self.number()?;
                }
                self.skip(header & 15, level + 1)?;
            },
            13 => self.take(16),
            other => Err(format!("a field has the unknown type {other}")),
        }
    }

    fn byte(&mut self) -> Checked<u8> {
        let (first, rest) = self.bytes.split_first().ok_or_else(cut)?;
        self.bytes = rest;
        Ok(*first)
    }

    fn take(&mut self, length: usize) -> Checked<()> {
        self.bytes = self.bytes.get(length..).ok_or_else(cut)?;
        Ok(())
    }

    fn unsigned(&mut self) -> Checked<u64> {
        let mut value = 0;
        for place in 0..MAX_NUMBER_BYTES {
            let byte = self.byte()?;
            value |= u64::from(byte & 127).wrapping_shl(7 * place as u32);
            if byte < 128 {
                return Ok(value);
            }
        }
        Err("a number has no end".to_owned())
    }

    fn number(&mut self) -> Checked<i64> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A count of things that take a byte each at least.
    fn length(&mut self) -> Checked<usize> {
        let claimed = self.unsigned()?;
        self.held(claimed)
    }

    fn held(&self, claimed: u64) -> Checked<usize> {
        let length = usize::try_from(claimed).ok().filter(|length| *length <= self.left());
        length.ok_or_else(|| {
            format!("{claimed} items are claimed, and {} bytes are left", self.left())
        })
    }

    fn bytes(&mut self) -> Checked<()> {
        let length = self.length()?;
        self.take(length)
    }

    /// The type of the items of a list, and how many there are.
    fn list(&mut self) -> Checked<(u8, usize)> {
        let header = self.byte()?;
        let length = match header >> 4 {
            15 => self.length()?,
            short => self.held(u64::from(short))?,
        };
        Ok((header & 15, length))
    }
}

fn cut() -> String {
    "there are too few bytes".to_owned()
}
