//! What each metric of the table `validity` says.

use super::compare::{DRAWN, DRAWN_OF_PART};

/// What a metric says.
pub struct Described {
    /// Its name, with `{k}` for the `top` of the job's `[validate]` and `{tenth}` for 01 to 10.
    pub name: &'static str,
    /// What it is, and where it has no value.
    pub meaning: &'static str,
    /// Its values.
    pub range: &'static str,
    /// The value of numbers that are right, or, of a metric that no number need reach, the better one.
    pub right: &'static str,
    /// Where it is from, as sources of measures are declared.
    pub source: &'static str,
}

/// Every metric.
pub const METRICS: [Described; 16] = [
    Described {
        name: "spearman",
        meaning: "Spearman's ρ: the correlation of mid-ranks of what is predicted and the truth; 0 if what is predicted is constant, none \
                  if the truth is.",
        range: "-1 to 1",
        right: "1; 0 tells nothing",
        source: "Kendall & Gibbons 1990, *Rank Correlation Methods*, §3",
    },
    Described {
        name: "kendall_tau_b",
        meaning: "Kendall's τ-b: pairs in the same order less those in the other, over the root of the pairs not tied in one \
                  times those not tied in the other; 0 if what is predicted is constant, none if the truth is.",
        range: "-1 to 1",
        right: "1; 0 tells nothing",
        source: "Kendall & Gibbons 1990, *Rank Correlation Methods*, §3",
    },
    Described {
        name: "auc_any",
        meaning: "Area under the ROC curve of whether anybody comes: how often somebody to whom people came has more than \
                  somebody to whom nobody came, ties half; none without both.",
        range: "0 to 1",
        right: "1; 0.5 tells nothing",
        source: "Hanley & McNeil 1982, *The Meaning and Use of the Area under a ROC Curve*",
    },
    Described {
        name: "auc",
        meaning: "Area under the ROC curve of a truth of 0 and 1: how often somebody of whom it is true has more than \
                  somebody of whom it is not, ties half; none without both.",
        range: "0 to 1",
        right: "1; 0.5 tells nothing",
        source: "Hanley & McNeil 1982, *The Meaning and Use of the Area under a ROC Curve*",
    },
    Described {
        name: "ndcg_{k}",
        meaning: "Normalised discounted cumulative gain of the first k: gains are the values of the truth, 0 or more, the \
                  discount is log₂ of the place + 1, and equals are averaged over their places; none if nobody gains.",
        range: "0 to 1",
        right: "1",
        source: "Järvelin & Kekäläinen 2002, *Cumulated Gain-Based Evaluation of IR Techniques*; McSherry & Najork 2008, \
                 *Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores*",
    },
    Described {
        name: "precision_{k}",
        meaning: "Share of the first k who are among the first k of the truth, with all who are alike to the last of them, \
                  or of whom a truth of 0 and 1 is true; of counts only those to whom anybody came. Equals are averaged over \
                  their places; none if there are fewer than k.",
        range: "0 to 1",
        right: "1",
        source: "own",
    },
    Described {
        name: "pairwise_accuracy",
        meaning: "Share of judged pairs in which the one judged higher has more, ties half; none without pairs.",
        range: "0 to 1",
        right: "1; 0.5 tells nothing",
        source: "own",
    },
    Described {
        name: "pairwise_auc",
        meaning: "Area under the ROC curve over pairs that stand there both ways round: how often the margin of a better one \
                  over a worse is above that of a worse one over a better, ties half. Margins are of logarithms, of counts \
                  and columns `measure_*` of asinh; none without pairs.",
        range: "0 to 1",
        right: "1; 0.5 tells nothing",
        source: "Hanley & McNeil 1982, *The Meaning and Use of the Area under a ROC Curve*",
    },
    Described {
        name: "observed_over_forecast",
        meaning: "People who came in all over those expected in all; none where nobody was expected.",
        range: "0 and above",
        right: "1",
        source: "own",
    },
    Described {
        name: "calibration_intercept",
        meaning: "a of ln E[observed] = a + b · ln expected, by Poisson regression; who is expected to draw nobody is left \
                  out. None where nobody came or all are expected to draw alike.",
        range: "any",
        right: "0",
        source: "Cox 1958, *Two further applications of a model for binary regression*; for counts",
    },
    Described {
        name: "calibration_slope",
        meaning: "b of the same: below 1 if forecasts lie too far apart, above 1 if too close together.",
        range: "any",
        right: "1",
        source: "Cox 1958, *Two further applications of a model for binary regression*; for counts",
    },
    Described {
        name: "coverage_90",
        meaning: "Share of people whose randomised probability integral transform F(y − 1) + u · P(y), of the y who came, is \
                  within 0.05 and 0.95; u is fixed for each person.",
        range: "0 to 1",
        right: "0.9",
        source: "Czado, Gneiting & Held 2009, *Predictive Model Assessment for Count Data*, §2",
    },
    Described {
        name: "brier_any",
        meaning: "Mean square of what the chance that anybody comes was off from whether anybody came.",
        range: "0 to 1",
        right: "the lower, the better",
        source: "own",
    },
    Described {
        name: "pit_{tenth}",
        meaning: "Share of people whose randomised probability integral transform is in the tenth.",
        range: "0 to 1",
        right: "0.1 in each",
        source: "Czado, Gneiting & Held 2009, *Predictive Model Assessment for Count Data*, §2",
    },
    Described {
        name: "forecast_{tenth}",
        meaning: "Mean of the people expected, in the tenth of all by that forecast.",
        range: "0 and above",
        right: "that of `observed_{tenth}`",
        source: "own",
    },
    Described {
        name: "observed_{tenth}",
        meaning: "Mean of the people who came, in the tenth of all by the forecast.",
        range: "0 and above",
        right: "that of `forecast_{tenth}`",
        source: "own",
    },
];

/// How metrics are averaged, and what their intervals are.
pub(crate) fn intervals() -> String {
    format!(
        "Each metric is the mean over the instants in which it is defined, with the middle 95 % of a bootstrap of people in \
         which a person is drawn for all instants at once. Of more than {DRAWN} people, or {DRAWN_OF_PART} in a part, a fixed \
         sample is drawn from, and what the draws are off is scaled by the root of its share; metrics of the first k then have no interval. Differences are those \
         of the same draws."
    )
}

/// Where the intervals are from.
pub(crate) const INTERVAL_SOURCE: &str = "Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, §13.3; Politis, Romano & Wolf 1999, \
    *Subsampling*, §2.1";
