//! What a Parquet file claims, compared with the bytes that it has, before anything is allocated or looped over for it.
//!
//! Files come from strangers. The reader of Parquet trusts sizes and counts in them: a footer of 200 bytes makes it recurse 600
//! levels deep, count 2⁴⁰ rows or reserve gigabytes. [`read_footer`] checks a footer and its page indexes before they are decoded,
//! and [`CheckPages`] lets a plan check the headers of the pages that it fetches.

mod checked_reader;
mod footer;
mod pages;
mod shapes;
mod thrift;
mod tree;

pub use checked_reader::CheckPages;
pub use footer::read_footer;
pub use pages::MAX_PAGE_BYTES;
