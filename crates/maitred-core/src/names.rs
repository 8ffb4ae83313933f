//! Spellings of the names of operations and waiters.

use std::sync::LazyLock;

use crate::diagnostic::fold;
use crate::word_tables::WordTables;

mod alias;

pub use alias::{other_names, service_named};

/// A CamelCase name with its words separated, as in botocore's method names and the AWS CLI's commands:
/// `describe-clusters` for `DescribeClusters` and `-`.
///
/// A name that contains the separator is returned unchanged. The rules, including special cases, are those of
/// `botocore.xform_name`.
#[must_use]
pub fn xform_name(name: &str, separator: char) -> String {
    if name.contains(separator) {
        return name.to_owned();
    }
    let mut name = name.to_owned();
    // Special cases.
    for (written, word) in [
        ("iSCSI", "Iscsi"),
        ("HITsFor", "HitsFor"),
        ("PartiQL", "Partiql"),
        ("WhatsApp", "Whatsapp"),
        ("OTel", "Otel"),
    ] {
        name = name.replace(written, word);
    }
    let name = split_plural_acronym(&name, separator);
    let name = split_before_words(&name, separator);
    split_after_lower(&name, separator).to_lowercase()
}

/// The name of a waiter in snake case, as used by `maitred wait`: `services_stable` for `ServicesStable` and
/// `services-stable`.
#[must_use]
pub fn snake_name(name: &str) -> String {
    let words = name.split(['-', '_', ' ']).filter(|word| !word.is_empty());
    words.map(|word| xform_name(word, '_')).collect::<Vec<_>>().join("_")
}

/// A plural acronym at the end is one word: `ListWebACLs`.
fn split_plural_acronym(name: &str, separator: char) -> String {
    let Some(singular) = name.strip_suffix('s') else { return name.to_owned() };
    let capitals = singular.bytes().rev().take_while(u8::is_ascii_uppercase).count();
    if capitals < 2 {
        return name.to_owned();
    }
    let (head, acronym) = name.split_at(singular.len() - capitals);
    format!("{head}{separator}{}", acronym.to_lowercase())
}

/// A word starts at a capital that a lower-case letter follows.
fn split_before_words(name: &str, separator: char) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut split = String::with_capacity(name.len() + 8);
    let mut index = 0;
    while let Some(&first) = chars.get(index) {
        split.push(first);
        index += 1;
        let starts_word = chars.get(index).is_some_and(char::is_ascii_uppercase)
            && chars.get(index + 1).is_some_and(char::is_ascii_lowercase);
        if !starts_word {
            continue;
        }
        split.push(separator);
        split.push(chars[index]);
        index += 1;
        while let Some(letter) = chars.get(index).filter(|letter| letter.is_ascii_lowercase()) {
            split.push(*letter);
            index += 1;
        }
    }
    split
}

/// A word starts at a capital that follows a lower-case letter or a digit.
fn split_after_lower(name: &str, separator: char) -> String {
    let mut split = String::with_capacity(name.len() + 8);
    let mut previous = separator;
    for letter in name.chars() {
        let after = previous.is_ascii_lowercase() || previous.is_ascii_digit();
        if after && letter.is_ascii_uppercase() {
            split.push(separator);
        }
        split.push(letter);
        previous = letter;
    }
    split
}

/// Returns whether both are spellings of the same name, such as `ClusterAvailable`, `cluster_available` and
/// `cluster-available`.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    fold(one) == fold(other)
}

/// The first words of the names of read-only operations.
static READ_VERBS: LazyLock<Vec<Vec<String>>> =
    LazyLock::new(|| READ_TABLES.section("verbs").map(words).collect());

/// Read-only operations with other names, as `service:Operation`.
static READS: LazyLock<Vec<&str>> = LazyLock::new(|| READ_TABLES.section("reads").collect());

/// Operations that are named like read-only ones but create a user, an identity or a report if there is none.
static WRITES: LazyLock<Vec<&str>> = LazyLock::new(|| READ_TABLES.section("writes").collect());

const READ_TABLES: WordTables = WordTables(include_str!("names/reads.txt"));

/// Returns whether an operation is read-only, so that polling it changes nothing. The name may have any
/// casing: `GetJob`, `getJob`, `get-job` and `get_job` are the same. For service `http`, the operation is the method.
#[must_use]
pub fn is_read(service: &str, operation: &str) -> bool {
    if service == "http" {
        return ["GET", "HEAD"].iter().any(|method| method.eq_ignore_ascii_case(operation));
    }
    let is = |known: &&str| {
        known.split_once(':').is_some_and(|(of, name)| of == service && same_name(name, operation))
    };
    if WRITES.iter().any(is) {
        return false;
    }
    let name = words(operation);
    READS.iter().any(is) || READ_VERBS.iter().any(|verb| name.starts_with(verb))
}

/// The words of a name in any casing, in lower case.
fn words(name: &str) -> Vec<String> {
    let parts = name.split(['-', '_']).map(|part| xform_name(part, '-'));
    parts.flat_map(|part| part.split('-').map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_as_botocore_splits_them() {
        for (name, expected) in [
            ("DescribeClusters", "describe-clusters"),
            ("GetClusterCredentialsWithIAM", "get-cluster-credentials-with-iam"),
            ("ListWebACLs", "list-web-acls"),
            ("DescribeDBInstances", "describe-db-instances"),
            ("CreateCachediSCSIVolume", "create-cached-iscsi-volume"),
            ("ListHITsForQualificationType", "list-hits-for-qualification-type"),
            ("GetOTelEnrichment", "get-otel-enrichment"),
            ("ExecutePartiQLBatch", "execute-partiql-batch"),
            ("InferICD10CM", "infer-icd10-cm"),
            ("describe-clusters", "describe-clusters"),
            ("", ""),
        ] {
            assert_eq!(xform_name(name, '-'), expected);
        }
    }

    #[test]
    fn one_name_in_any_casing_is_the_same() {
        assert!(same_name("ClusterAvailable", "cluster_available"));
        assert!(same_name("ClusterAvailable", "cluster-available"));
        assert!(same_name("DescribeDBInstances", "describe-db-instances"));
        assert!(!same_name("ClusterAvailable", "ClusterDeleted"));
    }

    #[test]
    fn a_read_is_told_by_its_first_word() {
        assert!(is_read("redshift", "DescribeClusters"));
        assert!(is_read("s3", "HeadBucket"));
        assert!(is_read("codebuild", "BatchGetBuilds"));
        assert!(is_read("dynamodb", "Scan"));
        assert!(!is_read("redshift", "PauseCluster"));
        assert!(!is_read("license-manager", "CheckoutLicense"));
        assert!(!is_read("redshift", "GetClusterCredentials"));
        assert!(!is_read("x", "Getaway"));
        assert!(!is_read("x", "getaway"));
    }

    #[test]
    fn a_read_is_told_in_any_casing() {
        for name in ["getKnowledgeBase", "get-knowledge-base", "get_knowledge_base"] {
            assert!(is_read("bedrock-agent", name), "{name}");
        }
        for name in ["getClusterCredentials", "get-cluster-credentials", "pauseCluster"] {
            assert!(!is_read("redshift", name), "{name}");
        }
        assert!(is_read("dynamodb", "scan"));
        assert!(is_read("codebuild", "batchGetBuilds"));
    }
}
