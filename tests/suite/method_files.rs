//! Method files: what is refused, with which words.

use renown::error::Kind;
use renown::method::Method;

use crate::job_files::assert_error;
use crate::world::METHOD;

#[test]
fn method_values_out_of_range_are_refused() {
    for (from, to, words) in [
        ("half_life_hours = 720", "half_life_hours = 0", "`attention.half_life_hours` is 0"),
        ("window_hours    = 2160", "window_hours = 87661", "whole hours from 1 to 87660"),
        ("horizon_hours = 672", "horizon_hours = 0", "`forecast.horizon_hours` is 0"),
        ("weight = 0.3", "weight = -0.3", "`kinds.like.weight` is -0.3"),
        ("weight = 0.3", "weight = 1000.1", "to 1000"),
        ("weight = 0.3", "weight = nan", "`kinds.like.weight` is NaN"),
        ("weight = 0.3", "weight = inf", "`kinds.like.weight` is inf"),
        ("= 0.85", "= 1.0", "`rank.damping` is 1"),
        ("= 0.85", "= -0.1", "`rank.damping` is -0.1"),
        ("= 0.85", "= nan", "`rank.damping` is NaN"),
        ("= 1e-12", "= 1e-15", "from 1e-14"),
        ("= 1e-12", "= nan", "`rank.tolerance` is NaN"),
        ("= 1000\n", "= 0\n", "at least one iteration"),
        ("prior_posts = 5.0", "prior_posts = 0.0", "`amplification.prior_posts` is 0"),
        ("prior_posts = 5.0", "prior_posts = inf", "`amplification.prior_posts` is inf"),
        ("offset      = 0.05", "offset = 0.0", "offset above 0"),
        ("offset      = 0.05", "offset = nan", "offset above 0"),
        ("coefficient = 0.37", "coefficient = -0.1", "a coefficient and a reference of 0 or more"),
        ("coefficient = 0.37", "coefficient = inf", "a coefficient and a reference of 0 or more"),
        ("\"credited_reactors_30d\"", "\"rank\"", "`rank` may not enter the forecast"),
        ("\"credited_reactors_30d\"", "\"reactors_30\"", "did you mean `reactors_30d`?"),
        ("= -3.3", "= -inf", "`forecast.intercept` is -inf"),
        ("= 1e-9", "= 1.0", "`gates.rank_mass_tolerance` is 1"),
        ("= 1e-9", "= -1e-9", "0 or more and less than 1"),
        ("half_life_hours = 720", "half_life_hours = -1", "half_life_hours = -1"),
        ("half_life_hours = 720", "half_life = 720", "did you mean `half_life_hours`?"),
        ("tolerance      =", "tolerence =", "did you mean `tolerance`?"),
        ("weight = 0.3,", "weigth = 0.3,", "did you mean `weight`?"),
        ("offset      = 0.05", "ofset = 0.05", "did you mean `offset`?"),
        ("prior_posts", "prior_post", "did you mean `prior_posts`?"),
        ("fitted  = false", "fited = false", "did you mean `fitted`?"),
    ] {
        assert!(METHOD.contains(from), "{from}");
        let error = Method::parse("m.toml", &METHOD.replacen(from, to, 1)).expect_err(to);
        assert_error(error, Kind::BadJob, &["m.toml", words]);
    }
}

#[test]
fn trust_and_forecast_out_of_range_are_refused() {
    for (from, to, words) in [
        ("lag_hours       = 168", "lag_hours = 2160", ["`trust.lag_hours` is 2160", "fewer hours"]),
        ("lag_hours       = 168", "lag_hours = -1", ["lag_hours = -1", "renown schema method"]),
        ("lag_hours       =", "lag_hour =", ["`lag_hour`", "did you mean `lag_hours`?"]),
        ("threshold       = 0.01", "threshold = -0.1", ["`trust.threshold` is -0.1", "0 or more"]),
        ("threshold       = 0.01", "threshold = nan", ["`trust.threshold` is NaN", "0 or more"]),
        ("threshold       = 0.01", "threshold = 2e6", ["`trust.threshold` is 2000000", "the mean"]),
        ("tenure_hours    = 1440", "tenure_hours = -2", ["tenure_hours = -2", "renown schema"]),
        (
            "tenure_hours    = 1440",
            "tenure_hours = 23",
            ["`trust.tenure_hours` is 23", "24 or more"],
        ),
        ("tenure_hours", "tenure_ours", ["`tenure_ours`", "`tenure_hours`?"]),
        (
            "[[trust.seeds]]",
            "[trust.networks.a]\nfull_credit = 0\n\n[[trust.seeds]]",
            ["`trust.networks.a.full_credit` is 0", "leave the network out"],
        ),
        (
            "[[trust.seeds]]",
            "[trust.networks.a]\nfull = 3\n\n[[trust.seeds]]",
            ["`full`", "full_credit"],
        ),
        ("verified = true", "", ["a rule of `trust.seeds` has no condition", "name `verified`"]),
        ("verified = true", "verified = false", ["a rule of `trust.seeds`", "everyone"]),
        ("verified = true", "verify = true", ["`verify`", "did you mean `verified`?"]),
        (
            "intercept     =",
            "overdispersion = -1.0\nintercept =",
            ["`forecast.overdispersion` is -1", "0 or more"],
        ),
        (
            "intercept     =",
            "overdispersion = nan\nintercept =",
            ["`forecast.overdispersion` is NaN", "0 or more"],
        ),
        (
            "intercept     =",
            "overdispersion_power = 0.99\nintercept =",
            ["`forecast.overdispersion_power` is 0.99", "1 to 2"],
        ),
        (
            "intercept     =",
            "overdispersion_power = 2.01\nintercept =",
            ["`forecast.overdispersion_power` is 2.01", "1 to 2"],
        ),
        (
            "intercept     =",
            "outcomes = [\"clap\"]\nintercept =",
            ["`forecast.outcomes` names `clap`", "name kinds of this method"],
        ),
        (
            "intercept     =",
            "levels = { a = inf }\nintercept =",
            ["a level is inf", "finite numbers"],
        ),
        (
            "intercept     =",
            "level = { a = 1.0 }\nintercept =",
            ["`level`", "did you mean `levels`?"],
        ),
        (
            "coefficient = 0.37",
            "coefficient = 0.37\nreference = -1.0",
            ["reference -1", "a reference of 0 or more"],
        ),
        (
            "coefficient = 0.37",
            "coefficient = 0.37\nreference = nan",
            ["reference NaN", "a reference of 0 or more"],
        ),
        (
            "coefficient = 0.37",
            "coefficient = 0.37\nrefrence = 1.0",
            ["`refrence`", "did you mean `reference`?"],
        ),
        (
            "coefficient = 0.37",
            "coefficient = 0.37\nhigest = 1.0",
            ["`higest`", "did you mean `highest`?"],
        ),
        ("coefficient = 0.37", "coefficient = 0.0", ["", ""]),
        (
            "\"credited_reactors_90d\"",
            "\"trust\"",
            ["`trust` may not enter the forecast", "those that may: "],
        ),
        // The points of a measure are one row.
        (
            "\"credited_reactors_90d\"",
            "\"credited_reactors_30d\"",
            ["`credited_reactors_30d`", "one term"],
        ),
    ] {
        assert!(METHOD.contains(from), "{from}");
        let parsed = Method::parse("m.toml", &METHOD.replacen(from, to, 1));
        match words {
            ["", ""] => drop(parsed.unwrap()),
            words => assert_error(
                parsed.expect_err(to),
                Kind::BadJob,
                &[&["m.toml"][..], &words].concat(),
            ),
        }
    }
    let none = METHOD.replace("coefficient = 0.37", "coefficient = 0.0");
    let none = none.replace("coefficient = 0.6", "coefficient = 0.0");
    let words = ["no term of the forecast has a coefficient other than 0", "give at least one"];
    assert_error(Method::parse("m.toml", &none).unwrap_err(), Kind::BadJob, &words);
    // The coefficient of a custom measure may have any sign.
    let custom = METHOD.replacen("\"credited_reactors_30d\"", "\"measure_sales\"", 1);
    Method::parse("m.toml", &custom.replace("= 0.6", "= -0.6")).unwrap();
}

#[test]
fn a_method_without_a_name_is_refused() {
    // Every score row names the version.
    assert!(Method::parse("m.toml", &METHOD.replace("\"standard-5\"", "\"\"")).is_err());
}

#[test]
fn a_weight_that_rounds_to_zero_is_refused() {
    // 1e-10 of the fixed-point unit 2^-32 is 0: the kind would silently weigh nothing.
    assert!(Method::parse("m.toml", &METHOD.replace("weight = 0.3", "weight = 1e-10")).is_err());
}

#[test]
fn the_hash_of_a_method_depends_on_its_content_only() {
    let hash = |text: &str| Method::parse("m.toml", text).unwrap().sha256().unwrap();
    assert_eq!(hash(METHOD), hash(&format!("# a comment\n{METHOD}")));
    assert_ne!(hash(METHOD), hash(&METHOD.replace("weight = 0.3", "weight = 0.4")));
}
