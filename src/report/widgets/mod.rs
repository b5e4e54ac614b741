//! Parts that any page may be made of; they know nothing of runs or validations.

pub(crate) mod bars;
pub(crate) mod calibration;
pub(crate) mod figures;
pub(crate) mod histogram;
pub(crate) mod interval;
pub(crate) mod scale;
pub(crate) mod whiskers;
