//! The pages that describe the text have every field, method and engine, and their tables name nothing else.

use std::path::Path;

use crate::auth::METHODS;
use crate::reference::fields::{COMMAND, OWN};
use crate::settings;
use crate::vault::Engine;

/// What the tables name that is neither a field nor a setting of ours: the environment's, the JVM's, the classes'.
const OTHERS: [&str; 5] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "java.library.path"];

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The rows of a page's tables whose first cell is names only: these names, and the second cell.
fn rows(page: &str) -> Vec<(Vec<&str>, &str)> {
    page.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<(Vec<&str>, &str)> {
    let mut cells = line.strip_prefix("| ")?.split(" | ");
    let names: Option<Vec<&str>> = cells.next()?.split(", ").map(|name| name.strip_prefix('`')?.strip_suffix('`')).collect();
    Some((names?, cells.next()?))
}

fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names
}

#[test]
fn every_field_has_a_row_and_an_example() {
    let page = page("docs/text.md");
    let fields = rows(&page)
        .into_iter()
        .filter(|(_, required)| ["yes", "no", "instead"].iter().any(|word| required.split([' ', ',']).next() == Some(word)));
    assert_eq!(sorted(fields.flat_map(|(names, _)| names)), sorted(OWN));
    let examples: Vec<&str> = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    for field in OWN {
        assert!(examples.iter().any(|text| text.contains(&format!("\"{field}\":"))), "no example has {field}");
    }
    for (engine, _) in Engine::ALL {
        assert!(page.contains(&format!("\n| `{engine}` |")), "docs/text.md has no row for the engine {engine}");
    }
}

#[test]
fn every_field_of_a_text_to_store_has_a_row() {
    let page = page("docs/store.md");
    for field in COMMAND {
        assert!(page.contains(&format!("\n| `{field}` | ")), "docs/store.md has no row for {field}");
    }
}

#[test]
fn the_readme_has_every_field() {
    let page = page("README.md");
    for name in OWN {
        assert!(page.contains(&format!("`{name}`")), "the README does not have `{name}`");
    }
}

#[test]
fn every_method_is_described() {
    let page = page("docs/authentication.md");
    for method in METHODS {
        let name = method.name;
        let row = page.lines().find(|line| line.starts_with(&format!("| [`{name}`](")));
        let row = row.unwrap_or_else(|| panic!("docs/authentication.md has no row for {name}"));
        let here = format!("(#{})", name.to_lowercase());
        assert!(!row.contains(&here) || page.contains(&format!("\n## {name}\n")), "docs/authentication.md has no section {name}");
    }
}

#[test]
fn no_table_names_a_setting_that_the_code_does_not_know() {
    let settings = || settings::ALL.iter().flat_map(|setting| setting.variables.iter().copied().chain(setting.field));
    let mut checked = 0;
    for file in ["README.md", "docs/settings.md"] {
        for name in rows(&page(file)).into_iter().flat_map(|(names, _)| names) {
            let known = OWN.contains(&name)
                || settings().any(|known| known == name)
                || settings::properties().any(|known| known == name)
                || OTHERS.contains(&name)
                || name.starts_with("dev.vaultcipher.") // Java's: DocsTest looks at them
                || ["linux-", "windows-", "macos-"].iter().any(|system| name.starts_with(system)); // platforms
            assert!(known, "{file}: the code does not know {name}");
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} names in the tables");
}
