//! Other names of services, from the AWS CLI, other tools and common use.

use std::sync::LazyLock;

use crate::diagnostic::fold;

/// Pairs of an alias and the name, in lower case and without dashes.
static ALIASES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("aliases.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// The normalised name of a service: `stepfunctions` for `Step Functions` and `step-functions`, without the
/// provider's prefix.
fn plain(name: &str) -> String {
    let name = name.to_lowercase();
    let name = name.strip_prefix("aws ").or_else(|| name.strip_prefix("amazon ")).unwrap_or(&name);
    fold(name)
}

/// The service of `known` that `name` means: its name in any spelling, or an alias of it.
///
/// ```
/// use maitred_core::names::service_named;
///
/// let known = ["codedeploy", "stepfunctions"].map(str::to_owned);
/// assert_eq!(service_named("Step Functions", &known), Some("stepfunctions"));
/// assert_eq!(service_named("sfn", &known), Some("stepfunctions"));
/// assert_eq!(service_named("deploy", &known), Some("codedeploy"));
/// assert_eq!(service_named("s3api", &known), None);
/// ```
#[must_use]
pub fn service_named<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let exact = known.iter().find(|service| *service == name);
    let wanted = plain(name);
    let spelt = || known.iter().find(|service| plain(service) == wanted);
    let meant = || {
        let (_, service) = ALIASES.iter().find(|(alias, _)| *alias == wanted)?;
        known.iter().find(|known| known == service)
    };
    exact.or_else(spelt).or_else(meant).map(String::as_str)
}

/// The other names of `service`.
pub fn other_names(service: &str) -> impl Iterator<Item = &'static str> {
    ALIASES.iter().filter(move |(_, known)| *known == service).map(|(alias, _)| *alias)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_name_is_written_plainly_and_once() {
        for (index, (alias, _)) in ALIASES.iter().enumerate() {
            assert_eq!(plain(alias), *alias);
            assert!(ALIASES[..index].iter().all(|(other, _)| other != alias), "{alias}");
        }
    }
}
