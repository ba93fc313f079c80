//! Imports run downwards only, as [`FLOORS`] draws them, and no files import each other in a circle. Read from the syntax of every module, not from its text; what is compiled
//! for tests only does not count.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise, with the name of what it read")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The modules of the library from top to bottom: each may import those below it and, without circles, those beside it.
const FLOORS: &[&[&str]] = &[
    &["service"],
    &["engine"],
    &["reference"],
    &["auth"],
    &["cloud"],
    &["diagnosis"],
    &["client"],
    &["tls"],
    &["settings", "value"],
    &["single_flight"],
    &["vault", "error", "host", "event"],
    &["secret", "text", "time", "jwt", "clock", "file", "resource"],
];

#[test]
fn imports_lead_downwards() {
    let library = Library::read();
    let mut upwards = Vec::new();
    for (from, targets) in library.imports() {
        for to in targets {
            let (Some(here), Some(there)) = (floor(&library.modules[from]), floor(&library.modules[to])) else {
                panic!("{} or {} is on no floor", library.modules[from].name(), library.modules[to].name());
            };
            if there < here {
                upwards.push(format!("{} imports {}", library.modules[from].name(), library.modules[to].name()));
            }
        }
    }
    assert!(upwards.is_empty(), "these imports lead upwards:\n{}", upwards.join("\n"));
}

#[test]
fn imports_are_written_from_the_root_of_the_crate() {
    let library = Library::read();
    let relative: Vec<String> = library
        .modules
        .iter()
        .flat_map(|module| module.paths.iter().map(move |(_, path)| (module, path)))
        // `pub(super)` has a path of one part.
        .filter(|(_, path)| path.len() > 1 && path[0] == "super")
        .map(|(module, path)| format!("{} has {}", module.name(), path.join("::")))
        .collect();
    assert!(relative.is_empty(), "write crate::… instead:\n{}", relative.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let library = Library::read();
    let imports = library.imports();
    let circles: Vec<String> = circles(&imports)
        .into_iter()
        .map(|circle| {
            let edges = circle.iter().flat_map(|from| {
                imports[from]
                    .iter()
                    .filter(|to| circle.contains(to))
                    .map(|to| format!("{} → {}", library.modules[*from].name(), library.modules[*to].name()))
            });
            edges.collect::<Vec<_>>().join("\n  ")
        })
        .collect();
    assert!(circles.is_empty(), "{} circles:\n  {}", circles.len(), circles.join("\n\n  "));
}

#[test]
fn every_floor_is_there_and_is_seen() {
    let library = Library::read();
    for module in FLOORS.concat() {
        assert!(library.modules.iter().any(|known| known.path == [module]), "there is no module {module}");
    }
    // What a test that sees nothing would miss: a use, a path in an expression, and one inside a macro's arguments.
    for (from, to) in [("service", "engine"), ("engine", "error"), ("client", "tls")] {
        let found = library.imports().iter().any(|(here, targets)| {
            library.modules[*here].top() == Some(from) && targets.iter().any(|there| library.modules[*there].top() == Some(to))
        });
        assert!(found, "{from} imports nothing of {to}?");
    }
}

/// The circles: each a set of files of which every one can be reached from every other.
fn circles(imports: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<BTreeSet<usize>> {
    let reachable = |start: usize| {
        let mut seen = BTreeSet::new();
        let mut next = vec![start];
        while let Some(from) = next.pop() {
            next.extend(imports.get(&from).into_iter().flatten().filter(|to| seen.insert(**to)));
        }
        seen
    };
    let from: BTreeMap<usize, BTreeSet<usize>> = imports.keys().map(|start| (*start, reachable(*start))).collect();
    let mut circles: Vec<BTreeSet<usize>> = from
        .iter()
        .filter(|(start, seen)| seen.contains(start))
        .map(|(start, seen)| {
            seen.iter().copied().filter(|other| from.get(other).is_some_and(|seen| seen.contains(start))).collect()
        })
        .collect();
    circles.dedup();
    circles.sort();
    circles.dedup();
    circles
}

/// How far down a module is; the crate's root is on top. `None` for one that is on no floor.
fn floor(module: &Module) -> Option<usize> {
    match module.top() {
        None => Some(0),
        Some(top) => FLOORS.iter().position(|floor| floor.contains(&top)).map(|floor| floor + 1),
    }
}

/// The library's modules, each of which is a file; the first is the crate's root.
struct Library {
    modules: Vec<Module>,
}

/// A file.
struct Module {
    /// `["client", "proxy"]`; empty for the root.
    path: Vec<String>,
    /// What it declares with `mod x;`: the number of each file.
    children: BTreeMap<String, usize>,
    /// What a name stands for that `use` brings in, as the path is written.
    names: BTreeMap<String, Vec<String>>,
    /// The items that stand in it.
    defined: BTreeSet<String>,
    /// Modules of which `use` brings in everything.
    globs: Vec<Vec<String>>,
    /// All paths in it. `true`: it is passed on (`pub use`).
    paths: BTreeSet<(bool, Vec<String>)>,
    /// The first part of each path that its own items name.
    used: BTreeSet<String>,
}

impl Module {
    fn name(&self) -> String {
        if self.path.is_empty() { "lib".to_owned() } else { self.path.join("/") }
    }

    fn top(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }
}

impl Library {
    fn read() -> Self {
        let mut library = Self { modules: Vec::new() };
        library.add(Vec::new(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
        assert!(library.modules.len() > 50, "only {} files", library.modules.len());
        library
    }

    /// Reads a file and those that it declares; its number.
    fn add(&mut self, path: Vec<String>, file: &Path) -> usize {
        let source = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let syntax = syn::parse_file(&source).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut reader = Reader::default();
        reader.visit_file(&syntax);
        let number = self.modules.len();
        let Reader { declared, names, defined, globs, paths, used } = reader;
        self.modules.push(Module { path: path.clone(), children: BTreeMap::new(), names, defined, globs, paths, used });
        for name in declared {
            let mut child = path.clone();
            child.push(name.clone());
            let child_number = self.add(child, &file_of(file, path.is_empty(), &name));
            self.modules[number].children.insert(name, child_number);
        }
        number
    }

    /// Which files each file imports.
    fn imports(&self) -> BTreeMap<usize, BTreeSet<usize>> {
        (0..self.modules.len())
            .map(|from| {
                let targets = self.modules[from].paths.iter().filter_map(|(passed_on, path)| {
                    let to = self.resolve(from, path, 0)?;
                    // A module that only passes on what is in the files below it does not depend on them.
                    let below = self.modules[to].path.starts_with(&self.modules[from].path);
                    let only_passed_on = *passed_on && path.last().is_none_or(|name| !self.modules[from].used.contains(name));
                    (to != from && !(only_passed_on && below)).then_some(to)
                });
                (from, targets.collect())
            })
            .collect()
    }

    /// The file that defines what `path` means in the file `module`; `None` for what another crate defines.
    fn resolve(&self, module: usize, path: &[String], depth: usize) -> Option<usize> {
        assert!(depth < 20, "{path:?} leads nowhere");
        let (first, rest) = path.split_first()?;
        let here = &self.modules[module];
        match first.as_str() {
            "crate" => self.descend(0, rest, depth),
            "self" => self.descend(module, rest, depth),
            "super" => {
                let parent = self.modules.iter().position(|other| other.children.values().any(|child| *child == module))?;
                self.descend(parent, rest, depth)
            }
            name if here.children.contains_key(name) || here.names.contains_key(name) => self.descend(module, path, depth),
            _ => None,
        }
    }

    /// The same for a path that begins in the file `module`.
    fn descend(&self, module: usize, path: &[String], depth: usize) -> Option<usize> {
        let Some((first, rest)) = path.split_first() else { return Some(module) };
        let here = &self.modules[module];
        if let Some(child) = here.children.get(first) {
            return self.descend(*child, rest, depth);
        }
        match here.names.get(first) {
            Some(named) if named == std::slice::from_ref(first) => None, // the name of a crate
            Some(named) => self.resolve(module, &[named, rest].concat(), depth + 1),
            None if first == "super" => self.resolve(module, path, depth + 1),
            None if here.defined.contains(first) => Some(module),
            // What is brought in by a glob, if there is one.
            None => here.globs.iter().find_map(|glob| self.resolve(module, glob, depth + 1)).or(Some(module)),
        }
    }
}

/// Where `mod name;` in `file` is.
fn file_of(file: &Path, is_root: bool, name: &str) -> PathBuf {
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = if is_root || stem == "mod" { folder } else { folder.join(stem) };
    [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")]
        .into_iter()
        .find(|candidate| candidate.exists())
        .unwrap_or_else(|| panic!("{} declares {name}, which is no file", file.display()))
}

/// Collects what a file declares and names.
#[derive(Default)]
struct Reader {
    declared: Vec<String>,
    names: BTreeMap<String, Vec<String>>,
    defined: BTreeSet<String>,
    globs: Vec<Vec<String>>,
    paths: BTreeSet<(bool, Vec<String>)>,
    used: BTreeSet<String>,
}

impl Reader {
    fn tree(&mut self, passed_on: bool, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| {
            let mut path = before.to_vec();
            if name != "self" || before.is_empty() {
                path.push(name.to_string());
            }
            path
        };
        match tree {
            syn::UseTree::Path(path) => self.tree(passed_on, &with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => {
                let path = with(&name.ident);
                self.names.extend(path.last().map(|last| (last.clone(), path.clone())));
                self.paths.insert((passed_on, path));
            }
            syn::UseTree::Rename(rename) => {
                let path = with(&rename.ident);
                self.names.insert(rename.rename.to_string(), path.clone());
                self.paths.insert((passed_on, path));
            }
            syn::UseTree::Glob(_) => {
                self.globs.push(before.to_vec());
                self.paths.insert((passed_on, before.to_vec()));
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(passed_on, before, tree)),
        }
    }

    /// Paths among the arguments of a macro, which are no syntax yet.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        self.used.extend(path.first().cloned());
        if path.len() > 1 {
            self.paths.insert((false, std::mem::take(path)));
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let (name, attributes) = name_and_attributes(item);
        if !for_tests(attributes) {
            self.defined.extend(name.map(ToString::to_string));
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        match module.content {
            Some(_) => visit::visit_item_mod(self, module),
            None => self.declared.push(module.ident.to_string()),
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(!matches!(item.vis, syn::Visibility::Inherited), &[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.used.extend(path.segments.first().map(|segment| segment.ident.to_string()));
        if path.segments.len() > 1 {
            self.paths.insert((false, path.segments.iter().map(|segment| segment.ident.to_string()).collect()));
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::a)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}

/// `#[cfg(test)]`, `#[cfg(any(test, fuzzing))]`, or a test itself.
fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return attribute.path().is_ident("test") };
        list.path.is_ident("cfg") && matches!(list.tokens.to_string().as_str(), "test" | "any (test , fuzzing)")
    })
}

fn name_and_attributes(item: &syn::Item) -> (Option<&syn::Ident>, &[syn::Attribute]) {
    match item {
        syn::Item::Const(item) => (Some(&item.ident), &item.attrs),
        syn::Item::Enum(item) => (Some(&item.ident), &item.attrs),
        syn::Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
        syn::Item::Impl(item) => (None, &item.attrs),
        syn::Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
        syn::Item::Mod(item) => (None, &item.attrs),
        syn::Item::Static(item) => (Some(&item.ident), &item.attrs),
        syn::Item::Struct(item) => (Some(&item.ident), &item.attrs),
        syn::Item::Trait(item) => (Some(&item.ident), &item.attrs),
        syn::Item::Type(item) => (Some(&item.ident), &item.attrs),
        syn::Item::Use(item) => (None, &item.attrs),
        _ => (None, &[]),
    }
}
