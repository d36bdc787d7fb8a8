//! The URL standard's own test data: `urltestdata.json` of web-platform-tests, in the folder `url`
//! of the one that `LINKEXTRACTOR_SUITES` names. Without it nothing is checked here; `references.rs` has a row for each
//! part.

use serde_json::Value;
use std::{env, fs, path::Path};
use weburl::{Resolver, WebUrl};

#[test]
fn every_row_of_the_standards_data_parses_as_it_says() {
    let Some(folder) = env::var_os("LINKEXTRACTOR_SUITES") else { return };
    let data = fs::read(Path::new(&folder).join("url/urltestdata.json")).unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&data).unwrap();
    let (mut checked, mut wrong) = (0, Vec::new());
    for row in rows.iter().filter(|row| row.is_object() && row.get("relativeTo").is_none()) {
        let (input, base) = (row["input"].as_str().unwrap(), row["base"].as_str());
        checked += 1;
        let base_url = base.map(WebUrl::parse).transpose();
        let parsed = base_url.ok().and_then(|base| {
            let parsed = WebUrl::parse_with(input, base.as_ref(), None).ok();
            let resolved = Resolver::new(base.as_ref(), None).resolve(input).map(str::to_owned);
            assert_eq!(
                resolved.as_deref(),
                parsed.as_ref().map(WebUrl::as_str),
                "{input:?} against {base:?}"
            );
            resolved
        });
        let (parsed, expected) = (parsed.as_deref(), row["href"].as_str());
        if parsed != expected {
            wrong.push(format!("{input:?} against {base:?}: {parsed:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {checked} rows:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked > 800, "{checked} rows");
}
