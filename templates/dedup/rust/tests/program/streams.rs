//! What becomes of results, warnings and errors that nobody can read.

use std::process::{Command, Output};

use crate::tree::{Tree, program};

fn shell(tree: &Tree, script: &str) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(program()).current_dir(tree.root());
    shell.output().expect("there is a shell")
}

#[test]
fn a_standard_output_that_takes_nothing_is_an_error() {
    let tree = Tree::new(&[("a", "same"), ("b", "same")]);
    for (output, reason) in [("> /dev/full", "no space left"), (">&-", "i/o error")] {
        tree.say("plan . --action delete -o plan.json").code(0);
        let said = format!("error: standard output: {reason}\n");
        for arguments in [
            "scan .",
            "scan . --format json",
            "plan . --action delete",
            "plan . --action delete -o plan.json",
            "apply plan.json",
            "apply plan.json --yes",
            "cache info",
            "completions zsh",
            "--help",
            "--version",
        ] {
            let ended = shell(&tree, &format!("exec \"$0\" {arguments} {output}"));
            assert_eq!(String::from_utf8_lossy(&ended.stderr), said, "{arguments} {output}");
            assert_eq!(ended.status.code(), Some(1), "{arguments} {output}");
        }
        assert!(!tree.path("b").exists(), "the work was done first");
        let ended = shell(&tree, &format!("exec \"$0\" apply plan.json --yes --quiet {output}"));
        assert_eq!(ended.status.code(), Some(0), "there is nothing to print");
        std::fs::remove_file(tree.path("plan.json.journal")).expect("it is there");
        tree.write("b", "same");
    }
}

#[test]
fn a_standard_error_that_takes_nothing_changes_nothing() {
    let tree = Tree::new(&[("a", "same"), ("b", "same")]);
    tree.say("plan . --action delete -o plan.json").code(0);
    tree.write("b", "else");
    let expected = tree.say("scan . none").code(1).get_output().stdout.clone();
    for error in ["2> /dev/full", "2>&-"] {
        let ended = shell(&tree, &format!("exec \"$0\" scan . none {error}"));
        assert_eq!((ended.status.code(), &ended.stdout), (Some(1), &expected), "{error}");
        let ended = shell(&tree, &format!("exec \"$0\" apply plan.json --yes {error}"));
        let printed = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(printed, "0 done, 1 left alone, 0 failed, 0 bytes freed\n", "{error}");
        assert_eq!(ended.status.code(), Some(3), "{error}");
    }
}

#[test]
fn the_help_tells_what_belongs_together_and_what_is_wrong() {
    let tree = Tree::new(&[]);
    for command in ["scan", "plan", "apply", "cache"] {
        let help = tree.say(&format!("{command} --help")).code(0).get_output().stdout.clone();
        let help = String::from_utf8_lossy(&help).into_owned();
        assert!(help.contains("Examples:"), "{command}");
        if command == "plan" {
            let (_, behind) = help.split_once("\nPlan:\n").expect("there is a heading");
            for option in ["--action", "--keep", "--output", "--protect"] {
                assert!(behind.contains(option), "{option}");
            }
        }
    }
    for (option, value, said) in [
        ("--min-size", "-1", "is no size"),
        ("--max-size", "-1", "is no size"),
        ("--min-age", "-1d", "is no age"),
        ("--jobs", "-1", "is not in 1..=1024"),
    ] {
        let ended = tree.run(["scan", ".", option, value]).code(2).get_output().stderr.clone();
        let ended = String::from_utf8_lossy(&ended).into_owned();
        assert!(ended.contains(said), "{ended}");
    }
}
