//! The tables in docs/settings.md are those of the settings. `UPDATE=1 cargo test settings_page` writes them.

use std::fmt::Write;
use std::path::Path;

use crate::settings::{SECTIONS, Setting};

/// What a table of settings begins with.
const HEAD: &str = "| field | environment variables | system property | default | meaning |\n|---|---|---|---|---|\n";

#[test]
fn the_settings_page_has_every_setting() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let page = std::fs::read_to_string(&file).unwrap();
    let made = with_tables(&page);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    for (number, (there, wanted)) in page.lines().zip(made.lines()).enumerate() {
        assert_eq!(there, wanted, "docs/settings.md, line {}; to write it: UPDATE=1 cargo test settings_page", number + 1);
    }
    assert_eq!(page, made, "to write it: UPDATE=1 cargo test settings_page");
}

#[test]
fn each_variable_of_vault_has_a_twin_of_openbao_before_it() {
    for setting in SECTIONS.iter().flat_map(|(_, settings)| settings.iter()) {
        let with_twins: Vec<String> = shown(setting)
            .flat_map(|name| match name.strip_prefix("VAULT_") {
                Some(rest) => vec![format!("BAO_{rest}"), name.to_owned()],
                None => vec![name.to_owned()],
            })
            .collect();
        assert_eq!(setting.variables, with_twins);
    }
}

/// The page with the table of each section replaced.
fn with_tables(page: &str) -> String {
    let mut made = page.to_owned();
    for (title, settings) in SECTIONS {
        let section = made.find(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("the page has no section {title:?}"));
        let start = section + made[section..].find(HEAD).unwrap_or_else(|| panic!("section {title:?} has no table"));
        let end = start + made[start..].find("\n\n").map_or(made.len() - start, |end| end + 1);
        let rows: String = settings.iter().map(row).collect();
        made.replace_range(start..end, &format!("{HEAD}{rows}"));
    }
    made
}

fn row(setting: &Setting) -> String {
    let code = |name: Option<&str>| name.map_or_else(|| "–".to_owned(), |name| format!("`{name}`"));
    let mut row = format!("| {} |", code(setting.field));
    let variables: Vec<String> = shown(setting).map(|name| format!("`{name}`")).collect();
    let meaning = setting.meaning.trim();
    let _ = writeln!(row, " {} | {} | {} | {meaning} |", variables.join(", "), code(setting.property), setting.default);
    row
}

/// The variables that the page names; it says once for all that each `VAULT_` variable has a twin.
fn shown(setting: &Setting) -> impl Iterator<Item = &'static str> {
    setting.variables.iter().copied().filter(|name| !name.starts_with("BAO_"))
}
