//! People who take no part in a fit.

use sha2::{Digest, Sha256};

/// Whether a person is one of the `share` held out: the same one in every snapshot, whoever else is there.
pub fn is_held_out(person_id: &str, share: f64) -> bool {
    let hash = Sha256::digest(person_id);
    let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (number as f64) < share * libm::exp2(64.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requested_share_is_held_out_and_a_larger_share_holds_out_more() {
        let ids: Vec<String> = (0..10_000).map(|i| format!("net:{i}")).collect();
        let held = |share: f64| ids.iter().filter(|id| is_held_out(id, share)).count();
        assert_eq!((held(0.0), held(1.0)), (0, 10_000));
        assert!(held(0.25).abs_diff(2_500) < 200, "{}", held(0.25));
        assert!(ids.iter().all(|id| !is_held_out(id, 0.2) || is_held_out(id, 0.3)));
    }
}
