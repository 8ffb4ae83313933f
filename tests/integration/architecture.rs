//! Between crates, Cargo holds the order. Within a crate, the list in its `lib.rs` is the order: a module uses
//! only modules listed above it.

use std::path::{Path, PathBuf};

#[test]
fn modules_use_only_modules_listed_above_them() {
    let mut violations = Vec::new();
    for source in sources() {
        let modules = modules(&source);
        for (place, module) in modules.iter().enumerate() {
            for file in files_of(&source, module) {
                let code = code(&file);
                for later in &modules[place + 1..] {
                    if uses(&code, later) {
                        violations.push(format!("{} uses `{later}`", file.display()));
                    }
                }
                if code.contains("super::super") {
                    violations.push(format!("{} has `super::super`", file.display()));
                }
            }
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// The `src` folders of all crates.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = std::fs::read_dir(root.join("crates")).unwrap();
    let sources = crates.map(|entry| entry.unwrap().path().join("src"));
    sources.chain([root.join("src")]).collect()
}

/// The modules that a crate's `lib.rs` lists.
fn modules(source: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    let modules =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ").or(line.strip_prefix("mod ")));
    modules.filter_map(|line| line.strip_suffix(';')).map(str::to_owned).collect()
}

/// A file without its comments.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn uses(code: &str, module: &str) -> bool {
    let path = format!("crate::{module}");
    code.match_indices(&path).any(|(start, _)| {
        let next = code[start + path.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
    })
}

/// `module.rs` and everything in `module/`.
fn files_of(source: &Path, module: &str) -> Vec<PathBuf> {
    let mut files = vec![source.join(format!("{module}.rs"))];
    let mut folders = vec![source.join(module)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}
