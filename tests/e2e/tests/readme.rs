//! The commands of the README print what it says, with pages of a server here instead of `example.com`.

use e2e::{Origin, Page, command};
use std::{env, fs, path::Path};

const README: &str = include_str!("../../../README.md");
const PAGE: &str = "<a href=https://www.iana.org/domains/example>More information...</a>";

#[tokio::test]
async fn the_commands_of_the_readme_print_what_it_says() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(PAGE));
    let missing = format!("http://{}/nowhere", origin.address());
    let block = README.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let block =
        block.replace("https://example.com/", &page).replace("https://www.iana.org/nowhere", &missing);
    let folder = tempfile::tempdir().unwrap();
    let article = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/encyclopedia.html");
    fs::copy(article, folder.path().join("article.html")).unwrap();
    let program = command("linkextractor").into_std();
    let programs = Path::new(program.get_program()).parent().unwrap().to_owned();
    let path = env::join_paths([programs].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap())));
    let path = path.unwrap();
    let examples: Vec<_> = block.split("$ ").skip(1).collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let (command, printed) = example.split_once('\n').unwrap();
        let mut shell = tokio::process::Command::new("sh");
        shell.args(["-c", &format!("exec 2>&1; {command}")]).current_dir(folder.path()).env("PATH", &path);
        let output = String::from_utf8(shell.output().await.unwrap().stdout).unwrap();
        // Errors come as they happen, beside the results.
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.trim_end().lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        assert_eq!(sorted(&output), sorted(printed), "{command}");
    }
}
