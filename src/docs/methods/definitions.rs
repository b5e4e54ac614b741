//! Definitions of attention, trust, forecast and score in formulas, with the numbers of the method.

use std::fmt::Write as _;

use super::markdown::{code, escaped, table};
use super::references::References;
use crate::method::points;
use crate::method::profile::Profile;
use crate::method::{FitForm, Forecast, Method, ROLLING_ORIGIN, TrustRule};
use crate::propagate::BUDGET;
use crate::reduce::ONE;
use crate::score::scores::COVERED;
use renown_stats::additive::KNOTS;

const RANK: &str = "Page, Brin, Motwani & Winograd 1999, *The PageRank Citation Ranking*, §2.4–2.6; Boldi, Santini & Vigna 2009, \
                    *PageRank: Functional Dependencies*";
const TRUST: &str =
    "Gyöngyi, Garcia-Molina & Pedersen 2004, *Combating Web Spam with TrustRank*, §4";
const COUNTS: &str = "Cameron & Trivedi 2013, *Regression Analysis of Count Data*, §3.3; Lawless 1987, *Negative binomial and mixed \
                      Poisson regression*, §2; Greene 2008, *Functional forms for the negative binomial model for count data*";
const PARTS: &str = "Ang 2004, *Decomposition analysis for policymaking in energy*, §3";
const CURVES: &str = "Eilers & Marx 1996, *Flexible smoothing with B-splines and penalties*, §3; Wedderburn 1974, \
                      *Quasi-likelihood functions, generalized linear models, and the Gauss–Newton method*, §2";
const TOPICS: &str = "Spärck Jones 1972, *A Statistical Interpretation of Term Specificity*";
const ERRORS: &str =
    "Liang & Zeger 1986, *Longitudinal data analysis using generalized linear models*, §2";
const ORIGINS: &str = "Tashman 2000, *Out-of-sample tests of forecasting accuracy*, §3";
const PAIRS: &str = "Bradley & Terry 1952, *Rank analysis of incomplete block designs: I. The method of paired comparisons*";

/// Every source of a definition.
#[cfg(test)]
pub(super) const SOURCES: [&str; 9] =
    [RANK, TRUST, COUNTS, PARTS, CURVES, TOPICS, ERRORS, ORIGINS, PAIRS];

/// Attention, ranks and trust.
pub(super) fn attention(method: &Method, references: &mut References) -> String {
    let Method { attention, rank, trust, .. } = method;
    format!(
        "### Attention\n\n\
         An interaction $e$ of kind $k$ by actor $a$ on target $t$, $g_e$ whole hours before the end of the snapshot, weighs \
         $\\kappa_k \\cdot 2^{{-g_e/h}}$, with the weight $\\kappa_k$ of the kind and the half-life $h = {half_life}$ hours, if \
         it lies within the last {window} hours, and nothing if not. Weights are whole multiples of $1/{ONE}$, so that sums are exact in any order. Interactions of a \
         person with themselves are dropped. A pair of people saturates, and the attention of each actor is divided by its total:\n\n\
         $$A(a \\to t) = \\ln\\left(1 + \\sum_e \\kappa_{{k(e)}} \\, 2^{{-g_e/h}}\\right), \\qquad \
         P(a \\to t) = \\frac{{A(a \\to t)}}{{\\sum_u A(a \\to u)}}$$\n\n\
         ### Rank\n\n\
         On each network ranks are those of PageRank, with the damping $d = {damping}$, $v$ uniform over everyone on the network, and \
         $D(r)$ the rank of those who attend to nobody:\n\n\
         $$r = (1 - d)\\,v + d\\,\\left(P^\\top r + D(r)\\,v\\right)$$\n\n\
         It is iterated until $\\frac{{d}}{{1-d}} \\lVert r_i - r_{{i-1}} \\rVert_1$, which bounds the $L_1$ distance to the exact \
         ranks, rounding aside, is at most {tolerance:e}; not reaching that within {iterations} iterations is an error {of_rank}.\n\n\
         ### Trust\n\n\
         Trust decides how much the attention of each person counts. A reaction that is not negative and older than {lag} hours vouches \
         for its target. A long-standing person $a$ who reacted to $n_a$ people vouches for each of them with $u_a = \\min(1, b_a / n_a)$, \
         where $b_a = {budget}$ for founders and $\\min({budget}, \\max(0, v'_a - K))$ for others, $v'_a$ being the vouches by people known for \
         longer. With $v_t = \\sum_a u_a$ the credit is $w_t = 1$ for founders and $\\min(1, v_t / K)$ for everybody else; in the audience \
         of $t$ the vouch of $t$ is left out. Founders acted, and two distinct people had reacted to them, {tenure} hours before the first \
         night with trust; with seeds, they are the seeds and those whose rank, with $v$ uniform over the seeds, was at least {threshold} \
         of the mean by then {of_trust}. {networks} On any other network everybody counts whole, and the `flags` of its scores say \
         `trust_none`. Trusted are people with a credit of at least ½.\n\n\
         Counts of distinct reactors by credit, $V = \\sum_a w_a$ with $U$ missing to all of them, enter the forecast as \
         $V + 0.01\\,(V + 0.1)\\,U / (U + 10)$: others keep an order, and can add no more than that.\n",
        half_life = attention.half_life_hours,
        window = attention.window_hours,
        damping = rank.damping,
        tolerance = rank.tolerance,
        iterations = rank.max_iterations,
        of_rank = see(references, RANK),
        lag = trust.lag_hours,
        threshold = trust.threshold,
        of_trust = see(references, TRUST),
        tenure = trust.tenure_hours,
        budget = BUDGET,
        networks = networks_with_trust(trust),
    )
}

/// The networks on which trust decides who counts.
fn networks_with_trust(trust: &TrustRule) -> String {
    let networks =
        trust.networks.iter().map(|(name, own)| format!("{} on `{name}`", own.full_credit));
    let networks: Vec<String> = networks.collect();
    match networks.is_empty() {
        true => "This method gives no $K$.".into(),
        false => format!("$K$ is {}.", networks.join(", ")),
    }
}

/// The forecast, its interval, the score and its contributions.
pub(super) fn score(method: &Method, profiles: &[Profile], references: &mut References) -> String {
    let mut text = format!(
        "### Forecast\n\n\
         {counted} On each network $n$, with the measures $x_k$ of the person there, where an unknown or negative one counts as 0:\n\n\
         $$\\ln \\hat y_n = \\beta_0 + \\ell_n + \\sum_k f_k(\\varphi_k(x_k)), \\qquad \
         \\varphi_k(x) = \\ln\\left(1 + \\frac{{x}}{{o_k}}\\right)$$\n\n\
         with $f_k(\\varphi) = \\beta_k \\, \\varphi$ where the table has one slope; where it has several, $f_k$ is the curve through 0 \
         that has them between the knots {knots} and on.\n\n\
         The forecast of a person is the sum over networks, $\\hat y = \\sum_n \\hat y_n$.\n\n",
        counted = counted(method),
        knots = KNOTS.map(|knot| knot.to_string()).join(", "),
    );
    for profile in profiles {
        text += &coefficients(profile);
    }
    let examples: Vec<String> = [0.0, 4.0, 24.0, 124.0, 624.0, 15_624.0]
        .map(|people| format!("{people} people are {:.0} points", points(people)))
        .into();
    let covered = COVERED * 100.0;
    let _ = write!(
        text,
        "### Interval\n\n\
         On each network the count about $\\mu = \\hat y_n$ is negative binomial with\n\n\
         $$\\operatorname{{Var}} = \\mu + \\alpha \\, \\mu^p$$\n\n\
         with the $\\alpha$ and $p$ above; the sum over networks is taken for negative binomial with the mean and variance that it has. \
         The interval holds the count with a probability of {covered} % at least, its ends being the quantiles at {low:.2} and {high:.2}, \
         widened to $\\hat y$ where that lies outside {of_counts}.\n\n\
         ### Score\n\n\
         $$\\text{{score}} = \\min\\left(100,\\; 1 + 10 \\log_5 (1 + \\hat y)\\right)$$\n\n\
         and so are the ends of the interval. The map is the same for every network and day: {examples}.\n\n\
         ### Contributions\n\n\
         Against the reference person, whose measures are those of the table and who is on one network, the points of measure $k$ on \
         network $n$ are\n\n\
         $$c_{{n,k}} = \\frac{{\\Delta \\text{{score}}}}{{\\sum_n \\Delta \\hat y_n}} \\, L\\left(\\hat y_n, \\hat y_n^{{\\text{{ref}}}}\\right) \
         \\, \\Delta f_k(\\varphi_{{n,k}}), \\qquad L(a, b) = \\frac{{a - b}}{{\\ln (a / b)}}, \\quad L(a, a) = a$$\n\n\
         with the derivative of the score in place of the first factor where its sum is 0. It is the logarithmic mean decomposition: the \
         points sum to the score without a residual. Further networks of a person are a row of their own, `joined` {of_parts}.\n",
        low = (1.0 - COVERED) / 2.0,
        high = (1.0 + COVERED) / 2.0,
        of_counts = see(references, COUNTS),
        examples = examples.join(", "),
        of_parts = see(references, PARTS),
    );
    text
}

/// What the forecast counts.
fn counted(method: &Method) -> String {
    let target = method.fit.as_ref().map(|record| &*record.target);
    if let Some(labels) = target.filter(|target| *target != ROLLING_ORIGIN) {
        return format!(
            "The forecast orders people as the label set {} does; $\\hat y$ is a scale and not a count.",
            escaped(labels)
        );
    }
    if method.structural {
        return "The data have no times, so that nothing is forecast: $\\hat y$ is a scale of structure.".to_owned();
    }
    let Forecast { horizon_hours, outcomes, .. } = &method.forecast;
    let kinds: Vec<String> = outcomes.iter().map(|kind| escaped(kind)).collect();
    let what = match kinds.is_empty() {
        true => "who react to the person".to_owned(),
        false => format!("who do any of these to the person ({})", kinds.join(", ")),
    };
    format!(
        "The forecast $\\hat y$ is the expected number of distinct trusted people, counted on each network of the person, {what} within \
         {horizon_hours} hours after the end of the snapshot."
    )
}

fn coefficients(profile: &Profile) -> String {
    let Profile { name, forecast, .. } = profile;
    let levels: Vec<String> = forecast
        .levels
        .iter()
        .map(|(network, level)| format!("$\\ell$ = {level} on {}", escaped(network)))
        .collect();
    let levels = match levels.is_empty() {
        true => "$\\ell_n$ = 0 on every network".to_owned(),
        false => format!("{}, 0 on others", levels.join(", ")),
    };
    let on_topics = forecast.topic_levels.iter();
    let on_topics = on_topics.map(|(network, level)| format!("{level} on {}", escaped(network)));
    let levels = match forecast.topic_levels.is_empty() {
        true => levels,
        false => {
            format!("{levels}; on topics less, by {}", on_topics.collect::<Vec<_>>().join(", "))
        }
    };
    let number = |value: Option<f64>| value.map_or("none".to_owned(), |value| value.to_string());
    let header = ["measure", "offset $o_k$", "slopes $\\beta_k$", "reference", "maximum observed"];
    let rows = forecast.terms.iter().map(|term| {
        let error = term.standard_error.map_or(String::new(), |error| format!(" ± {error}"));
        let slopes: Vec<String> = term.curve().iter().map(f64::to_string).collect();
        vec![
            code(&term.measure),
            term.offset.to_string(),
            format!("{}{error}", slopes.join(", ")),
            term.reference.to_string(),
            number(term.highest),
        ]
    });
    format!(
        "Profile {}, of method {}: $\\beta_0$ = {}, {levels}, $\\alpha$ = {}, $p$ = {}. ± is one standard error.\n\n{}\n",
        escaped(name),
        escaped(&profile.method_version),
        forecast.intercept,
        forecast.overdispersion,
        forecast.overdispersion_power,
        table(&header.map(str::to_owned), rows)
    )
}

/// Where the coefficients come from.
pub(super) fn fit(method: &Method, references: &mut References) -> String {
    let Some(record) = &method.fit else {
        return match method.fitted {
            true => "The method states that its coefficients were fitted to data, and has no record of the fit.\n".to_owned(),
            false => "Neither slopes nor level were learnt from data of the job: they came along, or were set by hand. Every score has `method_not_fitted` in its `flags`.\n".to_owned(),
        };
    };
    match record.form {
        FitForm::Coefficients => format!(
            "Fitted to labels as to pairs of people, by the weights of the judgements: the probability that one is labelled above the other \
             is the logistic function of the difference of their $\\sum_k f_k(\\varphi_k)$ {}. Slopes are 0 or more, except those of \
             `measure_*`, and a ridge shrinks all but that of the best single measure towards 0. Whether one measure, lines or curves \
             enter, and the ridge, were chosen on people who took no part in the fit. Standard errors are robust, by judgement {}.\n",
            see(references, PAIRS),
            see(references, ERRORS)
        ),
        form => format!(
            "Fitted to the trusted reactors observed within the horizon after each origin; a row is an active person on a network at an \
             origin. {} The level of each network is that of the latest origins.{}\n",
            match form {
                FitForm::Level => "The slopes came along; the level was learnt.".to_owned(),
                FitForm::Count => "The forecast is one measure.".to_owned(),
                _ => format!(
                    "Each $f_k$ is a curve with slopes of 0 or more, drawn to the default slopes; the quasi-likelihood is that of \
                     $\\operatorname{{Var}} = \\mu + a \\, \\mu^{{1.5}}$ {}.",
                    see(references, CURVES)
                ),
            },
            match record.validation.is_absent() {
                true => " The data were too short to compare it with anything.".to_owned(),
                false => format!(
                    " It was chosen by its log score at later origins than those fitted to, among forms that order people no worse than \
                     the best single count {}.",
                    see(references, ORIGINS)
                ),
            }
        ),
    }
}

/// Topics of posts, and scores on topics.
pub(super) fn topics(method: &Method, references: &mut References) -> String {
    let rule = &method.topics;
    format!(
        "A phrase in a post weighs $\\ln((1 + N)/n)$, with $n$ of the $N$ own posts holding it, times the weight of its place: 1 in the \
         text, {title} in the title, {tag} as a tag, {url} in an address {sources}. An ambiguous phrase counts only together with another \
         phrase of the same branch. A topic passes {roll_up} of its weight on to those right above it. The topics of a post are the {max_topics} heaviest, each with a share of at least {min_share}; the topics of the post that it \
         answers or reposts are added at the weight {parent}. Shares sum to 1. The score on a topic is that of the forecast above, over \
         the measures counted on the topic.\n",
        title = rule.title_weight,
        tag = rule.tag_weight,
        url = rule.url_weight,
        sources = see(references, TOPICS),
        roll_up = rule.roll_up,
        max_topics = rule.max_topics,
        min_share = rule.min_share,
        parent = rule.parent_weight,
    )
}

fn see(references: &mut References, sources: &str) -> String {
    format!("({})", references.cite(sources))
}
