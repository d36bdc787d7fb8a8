//! Completions in real shells, and the manual page.

use e2e::{installed, program, run, within};
use std::{fs, path::Path, process::Stdio};
use tempfile::{TempDir, tempdir};

/// A command line to complete, candidates that have to be among the answers, and some that must not be.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

const ROWS: [Row; 9] = [
    ("linkextractor serve --", &["--allow-private", "--listen"], &["--format", "--raw"]),
    ("linkextractor --form", &["--format"], &["--listen"]),
    ("linkextractor completions ", &["bash", "fish", "zsh"], &["serve", "page.html", "--format"]),
    ("linkextractor --format ", &["csv", "json", "markdown", "ndjson"], &["page.html", "serve"]),
    ("linkextractor --links in", &["internal"], &["external", "page.html"]),
    ("linkextractor pa", &["page.html"], &["serve"]),
    ("linkextractor page.html ot", &["other.html"], &["page.html"]),
    ("linkextractor --output pa", &["page.html"], &["serve"]),
    ("linkextractor se", &["serve"], &["check-config", "page.html"]),
];

fn folder() -> TempDir {
    let folder = tempdir().expect("a folder");
    for file in ["page.html", "other.html"] {
        fs::write(folder.path().join(file), "").expect("a file");
    }
    folder
}

/// The output of a shell in `folder` that runs `script`; the program is in its `PATH`.
async fn shell(shell: &Path, args: &[&str], folder: &Path, script: &str) -> String {
    let program = program("linkextractor");
    let path = format!(
        "{}:{}",
        program.parent().expect("it is in a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut command = tokio::process::Command::new(shell);
    command
        .args(args)
        .arg(script)
        .current_dir(folder)
        .env("HOME", folder)
        .env("PATH", path)
        .env("TERM", "dumb");
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = within("a shell", output).await.expect("it starts");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn check(name: &str, (line, wanted, unwanted): Row, answer: &str) {
    let words: Vec<&str> = answer.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    for word in wanted {
        assert!(words.contains(word), "{name}: {line:?} lacks {word}: {answer}");
    }
    // zsh shows the line too.
    for word in unwanted.iter().filter(|word| !line.contains(**word)) {
        assert!(!words.contains(word), "{name}: {line:?} has {word}: {answer}");
    }
}

#[tokio::test]
async fn bash_completes_commands_options_values_and_files() {
    let Some(bash) = installed("bash") else { return };
    let folder = folder();
    for row in ROWS.into_iter().chain([("linkextractor --format = cs", &["csv"][..], &["page.html"][..])]) {
        let (line, ..) = row;
        let words: Vec<String> = line.split(' ').map(|word| format!("'{word}'")).collect();
        let script = format!(
            "source <(linkextractor completions bash); COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9; \
             $(complete -p linkextractor | sed 's/.*-F \\([^ ]*\\) .*/\\1/') linkextractor {} ''; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1,
            words.last().expect("a word"),
        );
        // In the shell itself, not in a substitution: the answer is a variable.
        let script = script.replace("$(complete -p", "f=$(complete -p").replace("/\\1/') ", "/\\1/'); $f ");
        check("bash", row, &shell(&bash, &["--norc", "-c"], folder.path(), &script).await);
    }
}

#[tokio::test]
async fn fish_completes_commands_options_values_and_files() {
    let Some(fish) = installed("fish") else { return };
    let folder = folder();
    for row in
        ROWS.into_iter().chain([("linkextractor --format=cs", &["--format=csv"][..], &["page.html"][..])])
    {
        let script = format!("linkextractor completions fish | source; complete -C '{}'", row.0);
        check("fish", row, &shell(&fish, &["--no-config", "-c"], folder.path(), &script).await);
    }
}

#[tokio::test]
async fn zsh_completes_commands_options_values_and_files() {
    let Some(zsh) = installed("zsh") else { return };
    let folder = folder();
    let setup = "zmodload zsh/zpty; zpty z zsh -f -i; \
        zpty -w z 'stty -echo; PS1=; PROMPT_EOL_MARK=; COLUMNS=200; LINES=100; LISTMAX=0'; \
        zpty -w z 'autoload -U compinit; compinit -u -D; source <(linkextractor completions zsh)'; \
        zpty -w z 'unsetopt auto_menu; bindkey \"^I\" complete-word'; \
        zpty -w z 'PS1=zle-\"ready \"'; zpty -r z answer '*zle-ready*';";
    for row in ROWS {
        // Lists the choices, or completes the only one; then the line is given up.
        let script = format!(
            "{setup} zpty -w -n z $'{}\\t\\x15'; zpty -w z 'echo DO\"\"NE'; zpty -r z answer '*DONE*'; print -r -- $answer",
            row.0
        );
        check("zsh", row, &shell(&zsh, &["-f", "-c"], folder.path(), &script).await);
    }
}

#[tokio::test]
async fn elvish_and_powershell_have_scripts() {
    for shell in ["elvish", "powershell"] {
        let script = run("linkextractor", &["completions", shell], b"").await;
        assert!(
            script.code == Some(0) && script.stdout.contains("LINKEXTRACTOR_COMPLETE"),
            "{}",
            script.stderr
        );
    }
    let output = run("linkextractor", &["completions", "tcsh"], b"").await;
    assert_eq!(output.code, Some(2));
}

#[tokio::test]
async fn the_manual_page_has_all_options_and_examples() {
    let page = run("linkextractor", &["man"], b"").await;
    assert_eq!(page.code, Some(0), "{}", page.stderr);
    for word in [
        ".TH linkextractor 1",
        ".SH EXAMPLES",
        "\\-\\-jobs\\-per\\-host",
        "\\-\\-retry\\-failed",
        "130 interrupted",
    ] {
        assert!(page.stdout.contains(word), "{word}: {}", page.stdout);
    }
    let Some(man) = installed("man") else { return };
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("linkextractor.1");
    fs::write(&file, &page.stdout).expect("a file");
    let mut rendered = tokio::process::Command::new(man);
    rendered.args(["--warnings", "-l"]).arg(&file).env("MANWIDTH", "80").env("MANROFFOPT", "-Wmac");
    let rendered = within("man", rendered.output()).await.expect("it starts");
    assert_eq!(String::from_utf8_lossy(&rendered.stderr), "");
    assert!(String::from_utf8_lossy(&rendered.stdout).contains("linkextractor --from urls.txt"));
}
