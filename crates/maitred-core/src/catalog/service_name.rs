//! The service of a waiter file.

use std::path::Path;

/// The service of a file that has no key `service`: its file name, or in botocore's layout
/// `<service>/<api-version>/waiters-2.json`, with or without the version, the name of the folder.
#[must_use]
pub fn file_service(path: &Path) -> String {
    let in_layout = path.file_name().is_some_and(|name| name == "waiters-2.json");
    let is_version = |folder: &&Path| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(|c: char| c.is_ascii_digit())
    };
    let parent = path.parent();
    let folder = parent.filter(is_version).and_then(Path::parent).or(parent);
    if let (true, Some(folder)) = (in_layout, folder.and_then(Path::file_name)) {
        return folder.to_string_lossy().into_owned();
    }
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The value of the key `service` in the outermost object of a waiter file, even if the rest of the text is
/// not valid.
pub(super) fn service_in_text(text: &str) -> Option<String> {
    let (mut depth, mut rest) = (0_usize, text);
    while let Some(at) = rest.find(['{', '[', '}', ']', '"']) {
        let (sign, after) = rest[at..].split_at(1);
        rest = after;
        match sign {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {
                let (key, after) = quoted(rest)?;
                rest = after;
                let value = rest.trim_start().strip_prefix(':').map(str::trim_start);
                if depth == 1
                    && key == "service"
                    && let Some(value) = value.and_then(|value| value.strip_prefix('"'))
                {
                    return quoted(value).map(|(service, _)| service.to_owned());
                }
            }
        }
    }
    None
}

/// The raw text up to the closing quote, and the text after it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((&text[..end], &text[end + 1..]))
}
