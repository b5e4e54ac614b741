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
