//! Polls: a call that is sent again and again is prepared once.

use maitred::client::PreparedCall;

use super::*;

fn replies(count: usize) -> Vec<Act> {
    vec![Act::reply(200, REPLY); count]
}

async fn poll(client: &AwsClient, call: &Call, prepared: &mut PreparedCall) {
    client.poll(call, prepared).await.into_result().unwrap();
}

#[tokio::test]
async fn a_call_is_checked_and_serialised_once_for_all_its_polls() {
    let server = Server::start(replies(2)).await;
    let (client, mut prepared) = (client(&server), PreparedCall::default());
    poll(&client, &describe(), &mut prepared).await;
    // This is no longer read.
    let unread = call("NoSuchOperation", &json!({ "ClusterIdentifier": 7 }));
    poll(&client, &unread, &mut prepared).await;
    let [first, second] = &server.requests()[..] else { panic!("two requests") };
    assert_eq!(first.body, second.body);
    let id = |request: &server::Request| {
        request.header("amz-sdk-invocation-id").map(str::to_owned).unwrap()
    };
    assert_ne!(id(first), id(second));
}

#[tokio::test]
async fn a_client_prepares_anew_what_another_one_has_prepared() {
    let (first, second) = (Server::start(replies(1)).await, Server::start(replies(1)).await);
    let mut prepared = PreparedCall::default();
    poll(&client(&first), &describe(), &mut prepared).await;
    poll(&client(&second), &describe(), &mut prepared).await;
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_generated_token_is_for_one_poll() {
    let reply = Act::reply(200, "{}");
    let server = Server::start(vec![reply; 2]).await;
    let create = Call::new("secretsmanager", "CreateSecret", [("Name", "a")]);
    let (client, mut prepared) = (client(&server), PreparedCall::default());
    poll(&client, &create, &mut prepared).await;
    poll(&client, &create, &mut prepared).await;
    let [first, second] = &server.requests()[..] else { panic!("two requests") };
    assert!(first.body.contains("ClientRequestToken"), "{}", first.body);
    assert_ne!(first.body, second.body);
}
