//! Cluster-robust standard errors.
//!
//! # Formula
//!
//! ```text
//! V = A⁻¹·( Σ_c u_c·u_cᵀ )·A⁻¹,    u_c = Σ_{i in c} r_i·(e_i, x_i)
//! ```
//!
//! with A the expected information plus the curvature of the penalties, and r_i the derivative of
//! the log likelihood by η_i. Source: Liang & Zeger 1986, *Longitudinal data analysis using
//! generalized linear models*, §2 (working independence).
//!
//! # Variant
//!
//! No correction for the number of clusters or of parameters, no standard error for levels, and the
//! overdispersion counts as known. Levels are swept out of A first: with m_g the row of
//! (level block)⁻¹·(cross block), the block of the coefficients in V is
//!
//! ```text
//! S⁻¹·( Σ_c v_c·v_cᵀ )·S⁻¹,    v_c = Σ_{i in c} r_i·(x_i − m_{group_i}),    S = A_xx − A_xe·m
//! ```

use super::design::{BLOCK, Design, Gram, LANES, empty_block, in_order};
use super::error::FitError;
use super::matrix::Symmetric;

/// Clusters that one thread sums.
const CHUNK: usize = 1024;

/// The standard error of each column of `design`, per standard deviation of the column.
pub(super) fn standard_errors(
    design: &Design,
    residuals: &[f64],
    information: &Symmetric,
    clusters: &[u32],
) -> Result<Vec<f64>, FitError> {
    let columns = design.columns.len();
    let (centres, schur) = sweep_levels(design.levels, information)?;
    let factor = schur.cholesky().ok_or(FitError::Singular)?;
    let meat = meat(design, residuals, &centres, clusters);
    let error = |k: usize| {
        let mut row = vec![0.0; columns];
        row[k] = 1.0;
        factor.solve(&mut row);
        libm::sqrt(meat.quadratic(&row))
    };
    Ok((0..columns).map(error).collect())
}

/// m, group after group, and S.
fn sweep_levels(levels: usize, information: &Symmetric) -> Result<(Vec<f64>, Symmetric), FitError> {
    let columns = information.order() - levels;
    let block: Vec<usize> = (0..levels).collect();
    let factor = information.principal(&block).cholesky().ok_or(FitError::Singular)?;
    let mut centres = vec![0.0; levels * columns];
    let rest: Vec<usize> = (levels..information.order()).collect();
    let mut schur = information.principal(&rest);
    for k in 0..columns {
        let mut solved: Vec<f64> = (0..levels).map(|g| information.get(g, levels + k)).collect();
        factor.solve(&mut solved);
        for j in 0..=k {
            let swept =
                (0..levels).fold(0.0, |sum, g| sum + information.get(g, levels + j) * solved[g]);
            schur.add(j, k, -swept);
        }
        solved.iter().enumerate().for_each(|(g, value)| centres[g * columns + k] = *value);
    }
    Ok((centres, schur))
}

/// Σ_c v_c·v_cᵀ.
fn meat(design: &Design, residuals: &[f64], centres: &[f64], clusters: &[u32]) -> Symmetric {
    let columns = design.columns.len();
    let mut rows: Vec<u32> = (0..residuals.len() as u32).collect();
    rows.sort_by_key(|&row| clusters[row as usize]);
    let members: Vec<&[u32]> =
        rows.chunk_by(|&a, &b| clusters[a as usize] == clusters[b as usize]).collect();
    let chunk = |range: std::ops::Range<usize>| {
        let mut gram = Gram::zero(columns);
        let mut block = empty_block(columns);
        for members in members[range].chunks(BLOCK) {
            block.fill([0.0; LANES]);
            for (at, &row) in members
                .iter()
                .enumerate()
                .flat_map(|(at, rows)| rows.iter().map(move |row| (at, row)))
            {
                let row = row as usize;
                for k in 0..columns {
                    let group = if design.levels == 0 { 0 } else { design.groups[row] as usize };
                    let centre = centres.get(group * columns + k).copied().unwrap_or(0.0);
                    let from_centre = design.columns[k][row] / design.spreads[k] - centre;
                    block[k / LANES * BLOCK + at][k % LANES] += residuals[row] * from_centre;
                }
            }
            gram.add_weighted(&block, &[1.0; BLOCK][..members.len()]);
        }
        gram
    };
    let mut total = Gram::zero(columns);
    in_order(members.len(), CHUNK, chunk, |part| total.add(&part));
    let mut meat = Symmetric::zero(columns);
    for j in 0..columns {
        for k in j..columns {
            meat.add(j, k, total.get(j, k));
        }
    }
    meat
}
