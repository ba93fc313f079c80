//! The messages that docs/messages.md quotes are those of the code: tests/compatibility/quotes.txt lists the ones that Rust writes, for
//! the test of the page in Java, which knows those of its own. Read from the syntax of the code, not from its text.
//! `UPDATE=1 cargo test --test quotes` writes the list.

#![expect(clippy::panic, reason = "a test stops at the first surprise, with the name of what it read")]

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

#[test]
fn quotes_of_rust_are_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let literals: Vec<String> =
        ["src", "jni/src"].iter().flat_map(|folder| sources(&root.join(folder))).flat_map(literals).collect();
    assert!(literals.len() > 2_000, "only {} texts", literals.len());
    let page = fs::read_to_string(root.join("docs/messages.md")).unwrap_or_else(|e| panic!("docs/messages.md: {e}"));
    let said = |quote: &&str| quote.split('…').all(|part| literals.iter().any(|literal| literal.contains(part.trim())));
    let quotes: Vec<&str> = page.lines().flat_map(quotes_of).filter(said).collect();
    assert!(quotes.len() > 100, "only {} quotes", quotes.len());
    let list = quotes.join("\n") + "\n";
    let file = root.join("tests/compatibility/quotes.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &list).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(committed, list, "if this is wanted: UPDATE=1 cargo test --test quotes");
}

/// The messages in the first column of a row of the page's tables.
fn quotes_of(line: &str) -> Vec<&str> {
    let cell = line.strip_prefix("| `").and_then(|rest| rest.split_once("` |"));
    cell.map(|(quotes, _)| quotes.split("`, `").collect()).unwrap_or_default()
}

/// The files of a folder and of those in it, without tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.unwrap_or_else(|e| panic!("{}: {e}", folder.display())).path()) {
        match path.file_stem() {
            Some(stem) if stem == "tests" => {}
            _ if path.is_dir() => files.extend(sources(&path)),
            _ => files.push(path),
        }
    }
    files
}

/// The texts in a file, as they are when the program runs.
fn literals(file: PathBuf) -> Vec<String> {
    let source = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let tokens: TokenStream = source.parse().unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut found = Vec::new();
    collect(tokens, &mut found);
    found
}

/// Without comments, and without what is for tests only.
fn collect(tokens: TokenStream, found: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut for_tests = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Group(attribute)) = tokens.next_if(|next| matches!(next, TokenTree::Group(_))) {
                    let first = attribute.stream().into_iter().next();
                    match first.map(|name| name.to_string()).as_deref() {
                        Some("doc") => {}
                        Some("cfg") => for_tests |= attribute.stream().to_string().replace(' ', "") == "cfg(test)",
                        // `#[error("…")]`
                        _ => collect(attribute.stream(), found),
                    }
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => for_tests = false,
            TokenTree::Group(group) if for_tests => for_tests = group.delimiter() != Delimiter::Brace,
            TokenTree::Group(group) => collect(group.stream(), found),
            TokenTree::Literal(literal) if !for_tests => {
                found.extend(syn::parse_str::<syn::LitStr>(&literal.to_string()).map(|text| text.value()).ok());
            }
            _ => {}
        }
    }
}
