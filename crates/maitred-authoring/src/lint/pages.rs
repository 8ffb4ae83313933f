//! Rules about lists: of which resources, and of which pages.

use super::context::LintContext;
use super::rule;
use maitred_core::config::{AcceptorConfig, MatcherKind};
use maitred_core::expression::{Comparator, Expression, Node};
use maitred_model::{Member, OperationModel, Pagination, ShapeKind};

/// Checks the lists that acceptors read.
pub(super) fn check(context: &mut LintContext<'_>, operation: Option<&OperationModel>) {
    let Some(operation) = operation else { return };
    check_narrowed(context, operation);
    let merged = context.waiter.all_pages == Some(true);
    match &operation.pagination {
        Some(pagination) if !merged => check_first_page(context, operation, pagination),
        None if merged => {
            let message = format!("`{}` is not paginated", operation.name);
            context.report(&rule::USELESS_KEY, "/allPages", message);
        }
        Some(_) | None => {}
    }
}

/// Whether a member of the input is only about paging.
fn is_paging(operation: &OperationModel, name: &str) -> bool {
    let named = operation.pagination.as_ref().is_some_and(|pagination| {
        let limit = pagination.limit_key.as_ref();
        pagination.input_token.iter().chain(limit).any(|paging| paging == name)
    });
    let name = name.to_ascii_lowercase();
    named
        || name.contains("token")
        || name.contains("marker")
        || name.starts_with("max")
        || matches!(name.as_str(), "limit" | "pagesize" | "dryrun")
}

fn check_narrowed(context: &mut LintContext<'_>, operation: &OperationModel) {
    let members = operation.input_members();
    let narrows = |name: &str| !is_paging(operation, name);
    let narrowed = members.iter().any(|member| member.required)
        || context.waiter.input.keys().any(|name| narrows(name));
    let on_list = |acceptor: &AcceptorConfig| {
        matches!(acceptor.matcher, MatcherKind::PathAll | MatcherKind::PathAny)
    };
    let list = context.waiter.acceptors.iter().position(on_list);
    let Some(list) = list.filter(|_| !narrowed) else { return };
    let place = format!("/acceptors/{list}/argument");
    let narrowing: Vec<_> =
        members.iter().map(|member| member.name.as_str()).filter(|name| narrows(name)).collect();
    let shown = narrowing.iter().take(6).copied().collect::<Vec<_>>().join(" or ");
    if !narrowing.is_empty() {
        let message = format!("unless the caller gives {shown}, this looks at everything there is");
        context.report(&rule::UNNARROWED_LIST, &place, message);
    }
}

/// Checks for lists of which there may be another page.
fn check_first_page(
    context: &mut LintContext<'_>,
    operation: &OperationModel,
    pagination: &Pagination,
) {
    let lists: Vec<_> =
        pagination.result_key.iter().filter_map(|key| key.split('.').next()).collect();
    let given = &context.waiter.input;
    let narrowed = operation.input_members().iter().any(|member| {
        !is_paging(operation, &member.name)
            && (member.required || given.contains_key(&member.name))
            && (is_one_of(operation, member, &lists) || !member.required)
    });
    if narrowed {
        return;
    }
    let acceptors = context.waiter.acceptors.iter();
    let reads = |acceptor: &AcceptorConfig| {
        let argument = acceptor.argument.as_deref().unwrap_or_default();
        Expression::compile(argument).is_ok_and(|argument| {
            !is_emptiness(argument.node()) && lists.iter().any(|list| argument.reads(list))
        })
    };
    let place = acceptors.clone().position(|acceptor| {
        !matches!(acceptor.matcher, MatcherKind::Status | MatcherKind::Error) && reads(acceptor)
    });
    let Some(place) = place else { return };
    let message = format!("`{}` is paginated, and only its first page is polled", operation.name);
    let help = "narrow the input, so that a page is enough, or add \"allPages\": true";
    context.advise(&rule::FIRST_PAGE, &format!("/acceptors/{place}/argument"), message, help);
}

/// Whether a member of the input selects elements of the lists: `StackName` of `Stacks`, `InstanceIds`, but not
/// the `ClusterId` of `Steps`.
fn is_one_of(operation: &OperationModel, member: &Member, lists: &[&str]) -> bool {
    if matches!(operation.shape(&member.target).kind, ShapeKind::List(_)) {
        return true;
    }
    let name = member.name.to_ascii_lowercase();
    let suffixes = ["identifier", "id", "name", "arn"];
    let stem = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(&name);
    let of = |list: &&str| {
        let list = list.to_ascii_lowercase();
        // `Stacks`, `DBClusters`, `policies`
        list.starts_with(stem) && list.len() <= stem.len() + 3
            || stem.strip_suffix('y').is_some_and(|stem| list.strip_suffix("ies") == Some(stem))
    };
    stem.is_empty() || lists.iter().any(of)
}

/// Whether the expression only tests whether a list is empty, for which the first page suffices.
fn is_emptiness(node: &Node) -> bool {
    if let Node::Comparison(Comparator::Equal, left, right) = node {
        return matches!(&**left, Node::Call(function, _) if function.name() == "length")
            && matches!(&**right, Node::Literal(value) if *value == 0);
    }
    matches!(node, Node::Not(_))
}
