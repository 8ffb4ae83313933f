//! What an operation tells of, in the singular.

use maitred_core::names::xform_name;
use maitred_model::OperationModel;
use maitred_model::ServiceModel;

/// The words with which the names of reads begin.
const VERBS: [&str; 9] =
    ["admin", "batch", "describe", "get", "head", "list", "lookup", "search", "view"];

/// After these a name says how the things are chosen.
const CHOSEN: [&str; 4] = ["by", "for", "from", "on"];

/// Words that only say that something is told of the thing before them.
const ABOUT: [&str; 9] = [
    "description",
    "detail",
    "info",
    "information",
    "metadata",
    "progress",
    "state",
    "status",
    "summary",
];

/// Plurals that follow no rule, and words that only look like one.
const IRREGULAR: [(&str, &str); 26] = [
    ("access", "access"),
    ("alias", "alias"),
    ("aliases", "alias"),
    ("atlas", "atlas"),
    ("aws", "aws"),
    ("caches", "cache"),
    ("canvas", "canvas"),
    ("data", "data"),
    ("dns", "dns"),
    ("gpus", "gpu"),
    ("https", "https"),
    ("indices", "index"),
    ("kubernetes", "kubernetes"),
    ("ldaps", "ldaps"),
    ("lens", "lens"),
    ("lenses", "lens"),
    ("matrices", "matrix"),
    ("menus", "menu"),
    ("movies", "movie"),
    ("news", "news"),
    ("os", "os"),
    ("series", "series"),
    ("sms", "sms"),
    ("species", "species"),
    ("tls", "tls"),
    ("vertices", "vertex"),
];

/// What the operation tells of: `DescribeStackSetOperation` is `stack_set_operation`, and
/// `DescribeInstanceStatus` tells of an `instance`.
pub(super) fn noun(operation: &str) -> String {
    let words = xform_name(operation, '_');
    let words = words.split('_').skip_while(|word| VERBS.contains(word));
    let mut words: Vec<_> = words.map(str::to_owned).collect();
    let chosen = words.iter().skip(1).position(|word| CHOSEN.contains(&word.as_str()));
    words.truncate(chosen.map_or(words.len(), |chosen| chosen + 1));
    let is_version =
        |word: &String| word.strip_prefix('v').is_some_and(|digits| digits.parse::<u8>().is_ok());
    let version = words.pop_if(|word| is_version(word));
    while let Some(last) = words.last_mut() {
        *last = singular(last);
        if words.len() < 2 || !words.last().is_some_and(|last| ABOUT.contains(&last.as_str())) {
            break;
        }
        words.pop();
    }
    words.extend(version.filter(|_| !words.is_empty()));
    if words.is_empty() { "thing".to_owned() } else { words.join("_") }
}

/// One of what `word` is the plural of; the word itself if it is none.
pub(super) fn singular(word: &str) -> String {
    let shorter = |less: usize| word[..word.len() - less].to_owned();
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        (*one).to_owned()
    } else if ends(&["ies"]) {
        shorter(3) + "y"
    } else if ends(&["yses"]) {
        shorter(2) + "is"
    } else if ends(&["sses", "xes", "ches", "shes"]) || (ends(&["uses"]) && !ends(&["ouses"])) {
        shorter(2)
    } else if ends(&["s"]) && !ends(&["ss", "us", "is"]) {
        shorter(1)
    } else {
        word.to_owned()
    }
}

/// Whether the operation tells what has happened, one event after the other, and not how something
/// stands.
pub(super) fn is_history(operation: &str) -> bool {
    let noun = noun(operation);
    let Some((_, last)) = noun.rsplit_once('_') else { return false };
    let several = xform_name(operation, '_').split('_').any(|word| word == format!("{last}s"));
    match last {
        "history" | "timeline" | "transcript" => true,
        "event" | "log" => several,
        _ => false,
    }
}

/// The reads of `service` that may describe what `operation` tells of, the likeliest first: the ones
/// of the same thing, or of the thing whose history or whose parts it lists.
#[must_use]
pub fn instead(service: &ServiceModel, operation: &OperationModel) -> Vec<String> {
    let own = noun(&operation.name);
    let own = ["_history", "_event", "_log", "_timeline", "_transcript"]
        .iter()
        .find_map(|end| own.strip_suffix(end).filter(|_| is_history(&operation.name)))
        .unwrap_or(&own);
    let within = |one: &str, other: &str| {
        one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let reads = service.operations.iter().filter(|name| {
        let one = ["Describe", "Get", "BatchGet", "BatchDescribe"];
        **name != operation.name && one.iter().any(|verb| name.starts_with(verb))
    });
    let related = reads.filter_map(|name| {
        let other = noun(name);
        let related = within(own, &other) || within(&other, own);
        let far = own.len().abs_diff(other.len());
        (related && !is_history(name)).then_some((far, name))
    });
    let mut related: Vec<_> = related.collect();
    related.sort_by_key(|(far, name)| (*far, name.len()));
    related.into_iter().map(|(_, name)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_named_in_the_singular() {
        for (operation, expected) in [
            ("DescribeImages", "image"),
            ("DescribeDBInstances", "db_instance"),
            ("DescribeInstanceStatus", "instance"),
            ("DescribeTrustedAdvisorCheckRefreshStatuses", "trusted_advisor_check_refresh"),
            ("DescribeAddresses", "address"),
            ("ListPolicies", "policy"),
            ("ListIndices", "index"),
            ("DescribeBotAlias", "bot_alias"),
            ("ListAliases", "alias"),
            ("ListAnalyses", "analysis"),
            ("ListDatabases", "database"),
            ("ListWarehouses", "warehouse"),
            ("DescribeFileCaches", "file_cache"),
            ("BatchGetBuildBatches", "build_batch"),
            ("ListClusterOperationsV2", "cluster_operation_v2"),
            ("DescribeDataSharesForConsumer", "data_share"),
            ("DescribeElasticGpus", "elastic_gpu"),
            ("GetTimeToLive", "time_to_live"),
            ("GetLens", "lens"),
            ("Get", "thing"),
        ] {
            assert_eq!(noun(operation), expected);
        }
    }

    #[test]
    fn a_history_is_no_state() {
        assert!(is_history("GetExecutionHistory"));
        assert!(is_history("DescribeStackEvents"));
        assert!(!is_history("DescribeEvents"));
        assert!(!is_history("GetHealthEvent"));
        assert!(!is_history("DescribeExecution"));
    }
}
