//! Exit codes of the program.

use crate::error::Kind;

/// The codes, for the help of the program.
pub const CODES: &str = "Exit codes: 0 done; 2 wrong command line; 65 bad input data; 69 storage or engine \
unavailable, try again; 70 a bug in renown; 75 interrupted, or another run published first, try again; 78 bad job, \
method or settings; 80 a gate refused the tables, or the day has not arrived";

/// The exit code of an error; the numbers up to 78 are those of BSD's `sysexits.h`.
pub fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Usage => 2,
        Kind::BadInput => 65,
        Kind::Unavailable => 69,
        Kind::Internal => 70,
        Kind::Interrupted => 75,
        Kind::BadJob => 78,
        Kind::Gate => 80,
    }
}
