//! Samples of people by number.

/// A number with its bits mixed, so that one in n follows no pattern of the ids (Steele, Lea, Flood 2014, *Fast Splittable
/// Pseudorandom Number Generators*, mix32).
pub fn mix32(number: u32) -> u32 {
    let number = (number ^ (number >> 16)).wrapping_mul(0x85eb_ca6b);
    let number = (number ^ (number >> 13)).wrapping_mul(0xc2b2_ae35);
    number ^ (number >> 16)
}
