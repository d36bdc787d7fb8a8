//! Every state of the web page, in four widths, light and dark: nothing overflows, axe finds no violation, and the HTML is
//! valid. With SCREENSHOTS, a folder, each is also a picture there.

mod page_states {
    pub mod checks;
    pub mod states;
}

use e2e::{Browser, web};
use page_states::{checks::Checks, states::States};
use std::{env, fs, path::PathBuf};

const WIDTHS: [u32; 4] = [320, 360, 768, 1440];
const SCHEMES: [&str; 2] = ["light", "dark"];
/// The identifiers of the headings of the first level that can be seen.
const VISIBLE_HEADINGS: &str = "return new Promise(done => {
    const look = () => document.styleSheets.length == 0 ? setTimeout(look, 20) :
        done([...document.querySelectorAll('h1')].filter(all => all.checkVisibility()).map(all => all.id));
    look();
})";

/// The elements that can have the focus and cannot be seen then.
const HIDDEN_FOCUS: &str = "return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter(element => element.checkVisibility({ visibilityProperty: true })).filter(element => {
        element.focus();
        element.scrollIntoView({ block: 'center', behavior: 'instant' });
        const box = element.getClientRects()[0];
        const seen = document.elementFromPoint(box.left + Math.min(box.width / 2, 8), box.top + box.height / 2);
        return document.activeElement == element && !element.contains(seen);
    }).map(element => element.outerHTML)";

#[tokio::test]
async fn every_state_is_accessible_valid_and_as_wide_as_its_window() {
    let states = States::start().await;
    let public = [("LINKEXTRACTOR_WEB_API_PUBLIC_URL", "http://localhost:5000/")];
    let server = web(states.api.address(), &public).await;
    let site = format!("http://{}", server.address("service"));
    let checks = Checks::find();
    let pictures = env::var_os("SCREENSHOTS").map(PathBuf::from);
    if let Some(folder) = &pictures {
        fs::create_dir_all(folder).expect("a folder for the pictures");
    }
    let mut faults = Vec::new();
    for width in WIDTHS {
        let height = if width < 700 { 740 } else { 900 };
        let (patient, impatient) =
            (Browser::start(width, height).await, Browser::impatient(width, height).await);
        for scheme in SCHEMES {
            patient.prefer(scheme).await;
            impatient.prefer(scheme).await;
            for (name, target) in &states.targets {
                let late = match *name {
                    "waiting" => Some("#waiting"),
                    "late-result" => Some("table.links"),
                    "late-error" => Some("[role=alert]"),
                    _ => None,
                };
                let is_late = late.is_some();
                let browser = if is_late { &impatient } else { &patient };
                let (state, url) = (format!("{name}-{width}-{scheme}"), format!("{site}{target}"));
                if is_late {
                    states.api.hold();
                }
                browser.open(&url).await;
                if is_late {
                    browser.wait_for("#waiting").await;
                }
                if let Some(end) = late.filter(|_| *name != "waiting") {
                    states.api.release();
                    browser.wait_for(end).await;
                }
                let headings = browser.ask(VISIBLE_HEADINGS).await;
                let one = headings.as_array().is_some_and(|all| all.len() == 1);
                if !one || (headings[0] == "waiting") != (*name == "waiting") {
                    faults.push(format!("{state}: the visible headings are {headings}"));
                }
                if let Some(folder) = &pictures {
                    fs::write(folder.join(format!("{state}.png")), browser.screenshot().await)
                        .expect("a file");
                }
                // What can be opened is looked at, too.
                browser.ask("document.querySelectorAll('details').forEach(all => all.open = true)").await;
                let hidden = browser.ask(HIDDEN_FOCUS).await;
                if hidden.as_array().is_none_or(|all| !all.is_empty()) {
                    faults.push(format!("{state}: focus cannot be seen: {hidden}"));
                }
                let wide = browser.ask("return document.documentElement.scrollWidth").await;
                if wide.as_u64() != Some(u64::from(width)) {
                    faults.push(format!("{state}: {wide} wide"));
                }
                faults.extend(checks.accessibility(browser, &state).await);
                states.api.release();
            }
        }
    }
    let pages = states.targets.iter().map(|(name, target)| (*name, format!("{site}{target}")));
    faults.extend(checks.validity(pages).await);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
