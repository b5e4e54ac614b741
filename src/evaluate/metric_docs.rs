//! What each metric of the table `validity` means.

use super::intervals::{MAX_RESAMPLED, MAX_RESAMPLED_IN_GROUP};
use super::rolling_origin::{MAX_COUNTS, MAX_WITH_ALL_COUNTS};

/// The documentation of a metric.
pub struct MetricDoc {
    /// Its name, with `{k}` for the `top` of the job's `[validate]` and `{decile}` for 01 to 10.
    pub name: &'static str,
    /// What it is, and where it is undefined.
    pub meaning: &'static str,
    /// Its values.
    pub range: &'static str,
    /// Its value for perfect predictions, or which values are better.
    pub ideal: &'static str,
    /// Where it is from, as sources of measures are declared.
    pub source: &'static str,
}

/// Source of the random graphs.
const REWIRING: &str = "Maslov & Sneppen 2002, *Specificity and Stability in Topology of Protein Networks*; Fosdick, Larremore, Nishimura & \
                        Ugander 2018, *Configuring Random Graph Models with Fixed Degree Sequences*, §4";

/// Every metric.
pub const METRICS: [MetricDoc; 28] = [
    MetricDoc {
        name: "concordance",
        meaning: "Harrell's C: of the pairs of people with different values of the target, the share that the prediction orders \
                  right, ties half; undefined if the target is constant. 2 · C − 1 is Somers' D.",
        range: "0 to 1",
        ideal: "1, or `concordance_if_right`; 0.5 is no information",
        source: "Harrell, Lee & Mark 1996, *Multivariable Prognostic Models*, §5.5",
    },
    MetricDoc {
        name: "concordance_if_right",
        meaning: "Concordance of the forecast with outcomes drawn from its own distribution, the mean over 20 draws, of up to 10,000 \
                  people: what it would reach if it were exactly right. Its interval is that of the draws.",
        range: "0 to 1",
        ideal: "that of `concordance`",
        source: "own",
    },
    MetricDoc {
        name: "ndcg_{k}",
        meaning: "Normalised discounted cumulative gain of the first k: gains are the values of the target, 0 or more, the \
                  discount is log₂ of the position + 1, and tied people share the mean of their positions; undefined if all \
                  gains are 0.",
        range: "0 to 1",
        ideal: "1",
        source: "Järvelin & Kekäläinen 2002, *Cumulated Gain-Based Evaluation of IR Techniques*; McSherry & Najork 2008, \
                 *Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores*",
    },
    MetricDoc {
        name: "log_score",
        meaning: "Mean logarithm of the probability that the forecast distribution gave to the observed number; undefined where \
                  somebody was observed of whom nothing was forecast.",
        range: "0 and below",
        ideal: "higher is better",
        source: "Czado, Gneiting & Held 2009, *Predictive Model Assessment for Count Data*, §3",
    },
    MetricDoc {
        name: "spearman",
        meaning: "Spearman's ρ: the correlation of mid-ranks of prediction and target; undefined if either is constant.",
        range: "-1 to 1",
        ideal: "1; 0 is no information",
        source: "Kendall & Gibbons 1990, *Rank Correlation Methods*, §3",
    },
    MetricDoc {
        name: "kendall_tau_b",
        meaning: "Kendall's τ-b: pairs in the same order less those in the opposite order, over the root of the pairs not tied \
                  in the one times those not tied in the other; 0 if the prediction is constant, undefined if the target is.",
        range: "-1 to 1",
        ideal: "1; 0 is no information",
        source: "Kendall & Gibbons 1990, *Rank Correlation Methods*, §3",
    },
    MetricDoc {
        name: "auc_any",
        meaning: "Area under the ROC curve of whether anyone reacts: how often a person with an observed reactor has a higher \
                  prediction than one without, ties half; undefined without both.",
        range: "0 to 1",
        ideal: "1; 0.5 is no information",
        source: "Hanley & McNeil 1982, *The Meaning and Use of the Area under a ROC Curve*",
    },
    MetricDoc {
        name: "auc",
        meaning: "Area under the ROC curve of binary labels: how often a person with label 1 has a higher prediction than one \
                  with label 0, ties half; undefined without both.",
        range: "0 to 1",
        ideal: "1; 0.5 is no information",
        source: "Hanley & McNeil 1982, *The Meaning and Use of the Area under a ROC Curve*",
    },
    MetricDoc {
        name: "precision_{k}",
        meaning: "Share of the first k who are among the first k by the target (with all who are tied with the last of these); \
                  of binary labels only people with label 1 count, of observed reactors only people with any. Tied people share \
                  the mean of their positions; undefined for fewer than k people, and where there is nobody to find.",
        range: "0 to 1",
        ideal: "1",
        source: "own",
    },
    MetricDoc {
        name: "pairwise_accuracy",
        meaning: "Share of labelled pairs, by the weights of the judgements, in which the more influential person has the higher \
                  prediction, ties half; undefined without pairs.",
        range: "0 to 1",
        ideal: "1; 0.5 is no information",
        source: "own",
    },
    MetricDoc {
        name: "pairwise_auc",
        meaning: "Area under the ROC curve over labelled pairs, each both ways round: how often the margin of the more \
                  influential person over the other is above that of a less influential one over the other, ties half. \
                  Judgements count by their weights. Margins are of logarithms, of counts and columns `measure_*` of asinh; \
                  undefined without pairs.",
        range: "0 to 1",
        ideal: "1; 0.5 is no information",
        source: "Hanley & McNeil 1982, *The Meaning and Use of the Area under a ROC Curve*",
    },
    MetricDoc {
        name: "observed_over_forecast",
        meaning: "All observed reactors over all that were forecast; undefined where none was forecast.",
        range: "0 and above",
        ideal: "1",
        source: "own",
    },
    MetricDoc {
        name: "calibration_intercept",
        meaning: "a of ln E[observed] = a + b · ln forecast, by Poisson regression; people with a forecast of 0 are left out. \
                  Undefined where no one reacted or all forecasts are the same.",
        range: "any",
        ideal: "0",
        source: "Cox 1958, *Two further applications of a model for binary regression*; for counts",
    },
    MetricDoc {
        name: "calibration_slope",
        meaning: "b of the same: below 1 if forecasts are too far apart, above 1 if too close together.",
        range: "any",
        ideal: "1",
        source: "Cox 1958, *Two further applications of a model for binary regression*; for counts",
    },
    MetricDoc {
        name: "coverage_90",
        meaning: "Share of people whose randomised probability integral transform F(y − 1) + u · P(y), of y observed reactors, \
                  is between 0.05 and 0.95; u is fixed for each person.",
        range: "0 to 1",
        ideal: "0.9",
        source: "Czado, Gneiting & Held 2009, *Predictive Model Assessment for Count Data*, §2",
    },
    MetricDoc {
        name: "plain_coverage_90",
        meaning: "Share of people whose number of observed reactors is within the 90 % prediction interval, its ends included: counts are \
                  whole, so that where few are forecast the interval holds more than it has to.",
        range: "0 to 1",
        ideal: "0.9 and above",
        source: "own",
    },
    MetricDoc {
        name: "brier_any",
        meaning: "Mean squared error of the forecast probability that anyone reacts.",
        range: "0 to 1",
        ideal: "lower is better",
        source: "own",
    },
    MetricDoc {
        name: "pit_{decile}",
        meaning: "Share of people whose randomised probability integral transform is in this tenth of 0 to 1.",
        range: "0 to 1",
        ideal: "0.1 in each",
        source: "Czado, Gneiting & Held 2009, *Predictive Model Assessment for Count Data*, §2",
    },
    MetricDoc {
        name: "forecast_{decile}",
        meaning: "Mean forecast in this decile of people by forecast.",
        range: "0 and above",
        ideal: "that of `observed_{decile}`",
        source: "own",
    },
    MetricDoc {
        name: "observed_{decile}",
        meaning: "Mean number of observed reactors in this decile of people by forecast.",
        range: "0 and above",
        ideal: "that of `forecast_{decile}`",
        source: "own",
    },
    MetricDoc {
        name: "pairs",
        meaning: "How many (person, topic) pairs were compared, the mean over the backtests.",
        range: "0 and above",
        ideal: "–",
        source: "own",
    },
    MetricDoc {
        name: "null_value",
        meaning: "Concordance of a measure of rank at the latest backtest date, or with the labels at the end of the snapshot.",
        range: "0 to 1",
        ideal: "above `null_mean`",
        source: "own",
    },
    MetricDoc {
        name: "null_mean",
        meaning: "The mean of the same in random graphs in which every person pays attention to as many people, and as many pay attention to them; the interval is that of the random graphs.",
        range: "0 to 1",
        ideal: "below `null_value`",
        source: REWIRING,
    },
    MetricDoc {
        name: "null_spread",
        meaning: "Standard deviation of the same over the random graphs.",
        range: "0 and above",
        ideal: "–",
        source: "own",
    },
    MetricDoc {
        name: "null_z",
        meaning: "`null_value` less `null_mean`, in `null_spread`; undefined if that is 0.",
        range: "any",
        ideal: "above 2",
        source: "own",
    },
    MetricDoc {
        name: "null_p",
        meaning: "(1 + random graphs in which the measure is as good) / (1 + random graphs).",
        range: "above 0, to 1",
        ideal: "below 0.05",
        source: "Phipson & Smyth 2010, *Permutation P-values Should Never Be Zero*",
    },
    MetricDoc {
        name: "stability_mean",
        meaning: "Mean Spearman's ρ of a measure of rank with the same measure under a bootstrap of actors, in which an actor who is not drawn pays no attention and one who is drawn begins as many random walks; the interval is that of the resamples.",
        range: "-1 to 1",
        ideal: "1",
        source: "own",
    },
    MetricDoc {
        name: "stability_spread",
        meaning: "Standard deviation of the same over the resamples.",
        range: "0 and above",
        ideal: "0",
        source: "own",
    },
];

/// How metrics are averaged, and what their intervals are.
pub(crate) fn describe_intervals() -> String {
    format!(
        "Each metric is the mean over the backtests in which it is defined. The 95 % interval of concordance is by the influence of \
         each person on it, added over all backtests; that of all other metrics is of a bootstrap of people, in which a person is \
         drawn for all backtests at once. Of more than {MAX_RESAMPLED} people, or {MAX_RESAMPLED_IN_GROUP} in a group, a fixed sample \
         is resampled, and its deviations are scaled by the root of its share; metrics of the first k then have no interval. \
         Resampled are scores, chance and the best count of each metric; of other counts only concordance has an interval. \
         Differences are of the same people. Of more than {MAX_WITH_ALL_COUNTS} people, {MAX_COUNTS} counts are compared: those of \
         the highest concordance in a sample at the latest backtest date."
    )
}

/// Source of the intervals.
pub(crate) const INTERVAL_SOURCE: &str = "DeLong, DeLong & Clarke-Pearson 1988, *Comparing the Areas under Two or More Correlated Receiver \
    Operating Characteristic Curves*; Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, §13.3; Politis, Romano & Wolf 1999, \
    *Subsampling*, §2.1";
