//! Indices of persons, vertices, networks and posts, a type each: that of a person does not compile where a vertex is meant.
//!
//! Kernels take plain `u32` and `usize`. An index becomes one where the input of a kernel is built.

use crate::digest::{Digest, Digestible};
use renown_graph::numbering::NONE;

/// An index that [`OrNone`] can hold.
pub trait Index: Copy + PartialEq + Into<u32> {
    /// The value that is no index.
    const NONE: Self;
}

macro_rules! indices {
    ($($(#[$documentation:meta])* $name:ident),* $(,)?) => {$(
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The index `index`, counted from 0.
            ///
            /// # Panics
            /// If it is `u32::MAX` or above. Inputs with so many ids are refused as they are read.
            #[inline]
            pub fn new(index: usize) -> Self {
                assert!(index < NONE as usize, "index {index} does not fit into 32 bits");
                Self(index as u32)
            }

            /// Its place in an array over all of them.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl Index for $name {
            const NONE: Self = Self(NONE);
        }

        impl From<$name> for u32 {
            #[inline]
            fn from(index: $name) -> Self {
                index.0
            }
        }

        impl Digestible for $name {
            fn digest(&self, to: &mut Digest) {
                let Self(number) = self;
                to.add(number);
            }
        }
    )*};
}

indices!(
    /// Index of a person, in order of person id.
    PersonIndex,
    /// Index of a vertex, which is a person on one network, in order of (network, person).
    VertexIndex,
    /// Index of a network, in order of name.
    NetworkIndex,
    /// Index of a post, in the order of [`Posts`](super::Posts).
    PostIndex,
);

/// An index, or none, in 4 bytes where an `Option` takes 8. None goes after all indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct OrNone<I>(I);

impl<I: Index> OrNone<I> {
    /// No index.
    pub const NONE: Self = Self(I::NONE);

    /// The index, if there is one.
    #[inline]
    pub fn get(self) -> Option<I> {
        (self != Self::NONE).then_some(self.0)
    }
}

impl<I: Index> From<Option<I>> for OrNone<I> {
    #[inline]
    fn from(index: Option<I>) -> Self {
        index.map_or(Self::NONE, Self)
    }
}

/// The number of the index, [`NONE`] for none.
impl<I: Index> From<OrNone<I>> for u32 {
    #[inline]
    fn from(OrNone(index): OrNone<I>) -> Self {
        index.into()
    }
}

impl<I: Digestible> Digestible for OrNone<I> {
    fn digest(&self, to: &mut Digest) {
        let Self(index) = self;
        to.add(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_index_goes_last_and_digests_as_its_number() {
        let indices = [0, 7].map(PostIndex::new);
        assert_eq!(indices.map(PostIndex::index), [0, 7]);
        let mut posts = [OrNone::NONE, Some(indices[1]).into(), Some(indices[0]).into()];
        posts.sort_unstable();
        assert_eq!(posts.map(OrNone::get), [Some(indices[0]), Some(indices[1]), None]);
        assert_eq!(Digest::of(&posts[..]), Digest::of(&[0, 7, NONE][..]));
        assert_eq!(size_of::<OrNone<PostIndex>>(), 4);
    }

    #[test]
    #[should_panic(expected = "does not fit")]
    fn the_number_of_none_is_no_index() {
        let _ = VertexIndex::new(NONE as usize);
    }
}
