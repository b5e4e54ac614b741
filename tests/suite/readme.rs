//! The README says what the declarations say.

const README: &str = include_str!("../../README.md");

#[test]
fn tables_come_from_the_contracts() {
    let section = README.split("<!-- tables -->").nth(1).unwrap();
    let section = section.split("<!-- end of tables -->").next().unwrap();
    let declared = renown::reference::markdown().unwrap();
    assert_eq!(
        section.trim(),
        declared.trim(),
        "stale: put what `cargo run -- schema --format markdown` prints between the marks"
    );
}

#[test]
fn commands_and_exit_codes_are_those_of_the_program() {
    let help =
        std::process::Command::new(env!("CARGO_BIN_EXE_renown")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for command in ["run", "top", "rank", "schema"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not a command");
        assert!(README.contains(&format!(" {command} ")), "{command} is not in the README");
    }
    use renown::error::Kind::*;
    for kind in [Usage, BadInput, Unavailable, Internal, Interrupted, BadJob, Gate] {
        let code = kind.exit_code();
        assert!(README.contains(&format!("\n| {code} | ")), "exit code {code}");
        assert!(help.replace('\n', " ").contains(&format!(" {code} ")), "exit code {code}");
    }
}

#[test]
fn its_job_file_is_one() {
    let job = README.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nightly.toml");
    std::fs::write(&path, job).unwrap();
    let lake = [("lake".to_owned(), "s3://acme-lake".to_owned())];
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 21);
    let job = renown::job::Job::load(&path, &lake, day).unwrap();
    assert_eq!(job.sources["tweets"].as_str(), "s3://acme-lake/twitter/tweets/dt=2026-11-21/");
    assert_eq!(job.output.as_str(), "s3://acme-lake/renown/");
}
