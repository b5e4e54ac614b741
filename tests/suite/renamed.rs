//! Former names in job and method files are refused, and the error says the current names.

use renown::error::Kind;
use renown::method::Method;

use crate::job_files::{assert_error, load};
use crate::world::METHOD;

const JOB: &str = "[inputs]\ninteractions = \"in/\"\n[output]\nurl = \"out\"\n";

#[test]
fn errors_name_renamed_keys_of_a_job() {
    for (section, key, words) in [
        ("[[validate.truth]]\nname = 'panel'", "truth", "it is called `target` now"),
        ("[validate]\ninstants = 3", "instants", "it is called `backtests` now"),
        ("[validate]\ndraws = 300", "draws", "it is called `resamples` now"),
        ("[validate]\nleast_people = 10", "least_people", "it is called `min_people` now"),
        ("[[cohort]]\nname = 'all'\nmost = 5", "most", "it is called `max_people` now"),
    ] {
        let error = load(&format!("{JOB}{section}\n")).expect_err(section);
        assert_error(error, Kind::BadJob, &[&format!("unknown key `{key}`"), words]);
    }
}

#[test]
fn errors_name_renamed_keys_of_a_method() {
    for (new, old) in [
        ("parent_weight", "of_parent"),
        ("max_topics", "most"),
        ("min_share", "least_share"),
        ("min_people", "least_people"),
    ] {
        assert!(METHOD.contains(new), "{new}");
        let error = Method::parse("m.toml", &METHOD.replacen(new, old, 1)).expect_err(old);
        let words = [format!("unknown key `{old}`"), format!("it is called `{new}` now")];
        assert_error(error, Kind::BadJob, &words.each_ref().map(String::as_str));
    }
}

#[test]
fn errors_name_renamed_measures() {
    let of_method = METHOD.replacen("\"credited_reactors_30d\"", "\"follow_rank\"", 1);
    let error = Method::parse("m.toml", &of_method).expect_err("follow_rank");
    let now = "it is called `follow_pagerank` now";
    assert_error(error, Kind::BadJob, &["`follow_rank` may not enter the forecast", now]);
    for section in ["[fit]\nmeasures = ['rank']", "[[profile]]\nname = 'own'\nweights.rank = 2.0"] {
        let error = load(&format!("{JOB}{section}\n")).expect_err(section);
        assert_error(error, Kind::BadJob, &["`rank`", "it is called `pagerank` now"]);
    }
}

#[test]
fn the_former_target_of_a_fit_is_not_taken_for_a_label_set() {
    let bundled = include_str!("../../jobs/methods/sample-1.toml");
    assert!(bundled.contains("target = \"rolling_origin\""));
    let error = Method::parse("m.toml", &bundled.replace("\"rolling_origin\"", "\"forward\""));
    let error = error.expect_err("forward");
    assert_error(
        error,
        Kind::BadJob,
        &["`fit.target` is `forward`", "it is called `rolling_origin` now"],
    );
}
