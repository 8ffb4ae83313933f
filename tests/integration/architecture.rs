//! Between crates, Cargo holds the order. Within a crate, no file imports, directly or through others, a file that
//! imports it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[test]
fn no_file_imports_a_file_that_imports_it() {
    let mut circles = Vec::new();
    for source in sources() {
        for circle in Crate::read(&source).circles() {
            circles.push(format!("{}: {}", source.display(), circle.join(", ")));
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn a_circle_of_three_files_is_found_and_a_hub_that_only_re_exports_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\n");
    write("a.rs", "use crate::b::{self, B};\npub struct A(B);\n");
    write("b.rs", "pub struct B;\npub fn f() { super::c::g() }\n");
    write("c.rs", "pub fn g() {}\n");
    assert_eq!(Crate::read(folder.path()).circles(), Vec::<Vec<String>>::new());
    // Through the re-export of the root.
    write("c.rs", "use crate::A;\npub fn g(_: A) {}\n");
    assert_eq!(Crate::read(folder.path()).circles(), [["a", "b", "c"]]);
}

/// The `src` folders of all crates.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = std::fs::read_dir(root.join("crates")).unwrap();
    let sources = crates.map(|entry| entry.unwrap().path().join("src"));
    sources.chain([root.join("src")]).collect()
}

/// The files of a crate by their modules, `""` for the root.
struct Crate {
    codes: BTreeMap<String, String>,
    /// What a module has imported, by the name that it has there.
    imports: BTreeMap<String, BTreeMap<String, String>>,
}

impl Crate {
    fn read(source: &Path) -> Self {
        let mut codes = BTreeMap::new();
        let mut folders = vec![source.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs")
                    && !path.ends_with("tests.rs")
                {
                    let module = path.strip_prefix(source).unwrap().with_extension("");
                    let module = module.to_string_lossy().replace('/', "::");
                    let module = if module == "lib" { String::new() } else { module };
                    codes.insert(module, code(&std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        let mut read = Self { codes, imports: BTreeMap::new() };
        for (module, code) in &read.codes {
            let uses = statements(code).into_iter().flat_map(|(statement, _)| leaves(&statement));
            let imports =
                uses.filter_map(|(path, name)| Some((name, read.absolute(module, &path)?)));
            let imports = imports.collect();
            read.imports.insert(module.clone(), imports);
        }
        read
    }

    /// The path from the root of what `path` means in `module`; `None` for what is of another crate.
    fn absolute(&self, module: &str, path: &str) -> Option<String> {
        let mut parts: Vec<&str> = path.split("::").collect();
        let mut from: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
        match parts[0] {
            "crate" => from.clear(),
            "self" => {}
            "super" => {
                while parts.first() == Some(&"super") {
                    from.pop();
                    parts.remove(0);
                }
                parts.insert(0, "super");
            }
            child if self.codes.contains_key(&join(&from, child)) => parts.insert(0, "self"),
            _ => return None,
        }
        from.extend(&parts[1..]);
        Some(from.join("::"))
    }

    /// The file in which the item at `path` is defined, whoever re-exports it.
    fn file_of(&self, path: &str, depth: usize) -> Option<(String, String)> {
        let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
        let length =
            (0..=parts.len()).rev().find(|&n| self.codes.contains_key(&parts[..n].join("::")))?;
        let module = parts[..length].join("::");
        let item = parts.get(length).copied().unwrap_or_default();
        match self.imports.get(&module).and_then(|imports| imports.get(item)) {
            Some(target) if depth < 10 && target != path => self.file_of(target, depth + 1),
            _ => Some((module, item.to_owned())),
        }
    }

    /// The files that a file uses. What a file re-exports and does not use itself does not count.
    fn used_by(&self, module: &str) -> BTreeSet<String> {
        let code = &self.codes[module];
        let mut body = code.clone();
        for (_, statement) in statements(code).into_iter().rev() {
            body.replace_range(statement, "");
        }
        let imported = self.imports[module].iter().filter(|(name, _)| has_word(&body, name));
        let mut paths: Vec<String> = imported.map(|(_, path)| path.clone()).collect();
        paths.extend(paths_in(&body).iter().filter_map(|path| self.absolute(module, path)));
        let files = paths.iter().filter_map(|path| self.file_of(path, 0));
        // A module by itself, as in `super::`, has nothing that could be used.
        let files = files.filter(|(file, item)| file != module && !item.is_empty());
        files.map(|(file, _)| file).collect()
    }

    /// The files that import each other in circles.
    fn circles(&self) -> Vec<Vec<String>> {
        let used: BTreeMap<_, _> =
            self.codes.keys().map(|module| (module.as_str(), self.used_by(module))).collect();
        let reached: BTreeMap<_, _> =
            used.keys().map(|module| (*module, reach(&used, module))).collect();
        let mut circles = BTreeSet::new();
        for (module, all) in &reached {
            let back = |other: &&String| reached[other.as_str()].contains(*module);
            let circle: BTreeSet<_> = all.iter().filter(back).cloned().collect();
            if circle.contains(*module) {
                circles.insert(circle.into_iter().collect());
            }
        }
        circles.into_iter().collect()
    }
}

/// All files that a file uses, directly or through others.
fn reach(used: &BTreeMap<&str, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(module) = next.pop() {
        for file in &used[module.as_str()] {
            if reached.insert(file.clone()) {
                next.push(file.clone());
            }
        }
    }
    reached
}

/// A text without its comments and its unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    // `pub(in path)` imports nothing.
    lines.collect::<Vec<_>>().join("\n").replace("pub(in crate::", "pub(in ")
}

/// The `use` statements of a code, and where they are.
fn statements(code: &str) -> Vec<(String, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find("use ").map(|at| at + from) {
        from = at + 4;
        let begins = code[..at].chars().next_back().is_none_or(|before| " \n)".contains(before));
        let line = code[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_statement = line.is_empty() || line.starts_with("pub");
        if let (true, true, Some(end)) = (begins, is_statement, code[at..].find(';')) {
            found.push((code[at + 4..at + end].to_owned(), at..at + end + 1));
            from = at + end;
        }
    }
    found
}

/// The paths that a `use` brings in, each with its name.
fn leaves(statement: &str) -> Vec<(String, String)> {
    let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((prefix, group)) = statement.split_once('{') else {
        let (path, name) = statement.split_once(" as ").unwrap_or((&statement, ""));
        let path = path.trim().trim_end_matches("::self");
        let name = if name.is_empty() { path.rsplit("::").next().unwrap_or(path) } else { name };
        return vec![(path.to_owned(), name.to_owned())];
    };
    let group = group.trim().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut items) = (0, vec![String::new()]);
    for sign in group.chars() {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        match sign {
            ',' if depth == 0 => items.push(String::new()),
            _ => items.last_mut().unwrap().push(sign),
        }
    }
    let items = items.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
    items.flat_map(|item| leaves(&format!("{prefix}{item}"))).collect()
}

/// The paths in a code that begin with `crate`, `super`, `self` or a module.
fn paths_in(body: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = body.split(|c| !is_part(c)).filter(|word| word.contains("::"));
    words
        .map(|word| word.trim_end_matches(':').to_owned())
        .filter(|word| !word.starts_with(':'))
        .collect()
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) =
            (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn join(module: &[&str], child: &str) -> String {
    module.iter().copied().chain([child]).collect::<Vec<_>>().join("::")
}
