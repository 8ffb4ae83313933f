//! The list in `lib.rs` is the dependency order: a module may use only modules listed above it.

use std::path::{Path, PathBuf};

#[test]
fn modules_use_only_modules_listed_above_them() {
    let modules = modules();
    let mut violations = Vec::new();
    for (place, module) in modules.iter().enumerate() {
        for file in files_of(module) {
            let text = std::fs::read_to_string(&file).unwrap();
            let code: Vec<_> =
                text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let code = code.join("\n");
            for later in &modules[place + 1..] {
                if uses(&code, later) {
                    violations.push(format!("{} uses `{later}`", file.display()));
                }
            }
            // One module a line, so that this check sees all of them.
            for hidden in ["use crate::{", "super::super"] {
                if code.contains(hidden) {
                    violations.push(format!("{} has `{hidden}`", file.display()));
                }
            }
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn only_the_aws_client_knows_the_sdk_s_runtime() {
    let mut violations = Vec::new();
    for module in modules() {
        for file in files_of(&module) {
            let text = std::fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(source()).unwrap().to_string_lossy().into_owned();
            if text.contains("aws_smithy") && !name.starts_with("client/aws") {
                violations.push(format!("{name} imports the SDK's runtime"));
            }
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn modules() -> Vec<String> {
    let text = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    let modules =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ").or(line.strip_prefix("mod ")));
    let modules: Vec<_> = modules.map(|line| line.trim_end_matches(';').to_owned()).collect();
    assert!(modules.len() > 10, "lib.rs lists the modules as `pub mod name;`");
    modules
}

fn uses(code: &str, module: &str) -> bool {
    let path = format!("crate::{module}");
    code.match_indices(&path).any(|(start, _)| {
        let next = code[start + path.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
    })
}

/// `module.rs` and everything in `module/`.
fn files_of(module: &str) -> Vec<PathBuf> {
    let mut files = vec![source().join(format!("{module}.rs"))];
    let mut folders = vec![source().join(module)];
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
