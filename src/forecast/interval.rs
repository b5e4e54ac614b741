//! stub
/// stub
pub fn interval(mean: f64, _alpha: f64, _share: f64) -> (f64, f64) {
    (mean, mean)
}
