//! The name of the resource that an operation describes.

use super::vocabulary::{VOCABULARY, is_in};
use maitred_core::names::xform_name;
use maitred_model::{OperationModel, ServiceModel};

/// The resource that an operation describes, in the singular: `stack_set_operation` for
/// `DescribeStackSetOperation`, and `instance` for `DescribeInstanceStatus`.
pub(super) fn resource_name(operation: &str) -> String {
    let words = xform_name(operation, '_');
    let words = words.split('_').skip_while(|word| is_in(&VOCABULARY.read_verbs, word));
    let mut words: Vec<_> = words.map(str::to_owned).collect();
    let chosen = words.iter().skip(1).position(|word| VOCABULARY.selectors.contains(word));
    words.truncate(chosen.map_or(words.len(), |chosen| chosen + 1));
    let is_version =
        |word: &String| word.strip_prefix('v').is_some_and(|digits| digits.parse::<u8>().is_ok());
    let version = words.pop_if(|word| is_version(word));
    while let Some(last) = words.last_mut() {
        *last = singular(last);
        if words.len() < 2 || !words.last().is_some_and(|last| VOCABULARY.aspects.contains(last)) {
            break;
        }
        words.pop();
    }
    words.extend(version.filter(|_| !words.is_empty()));
    if words.is_empty() { "thing".to_owned() } else { words.join("_") }
}

/// The singular of `word`.
pub(super) fn singular(word: &str) -> String {
    let shorter = |less: usize| word[..word.len() - less].to_owned();
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    if let Some(singular) = VOCABULARY.singulars.get(word) {
        singular.clone()
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

/// Whether the operation returns events rather than a state.
pub(super) fn is_history(operation: &str) -> bool {
    let resource = resource_name(operation);
    let Some((_, last)) = resource.rsplit_once('_') else { return false };
    let several = xform_name(operation, '_').split('_').any(|word| word == format!("{last}s"));
    match last {
        "history" | "timeline" | "transcript" => true,
        "event" | "log" => several,
        _ => false,
    }
}

/// Read-only operations of `service` that may return the state, the likeliest first: those for the same
/// resource, or for the one whose history or parts `operation` lists.
#[must_use]
pub fn instead(service: &ServiceModel, operation: &OperationModel) -> Vec<String> {
    let own = resource_name(&operation.name);
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
        let other = resource_name(name);
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
            assert_eq!(resource_name(operation), expected);
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
