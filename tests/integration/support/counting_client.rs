//! A client that keeps with a call how often it was polled.

use std::sync::Arc;

use maitred::client::{Call, Client, Observation, Output, PreparedCall};
use maitred::clock::BoxFuture;
use serde_json::json;

/// Replies with the number of polls that it finds in what it has kept of the call: `{"Body": {"polls": 3}}`.
#[derive(Debug)]
pub(crate) struct CountingClient;

impl Client for CountingClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async { self.poll(call, &mut PreparedCall::default()).await })
    }

    fn poll<'a>(
        &'a self,
        _call: &'a Call,
        prepared: &'a mut PreparedCall,
    ) -> BoxFuture<'a, Observation> {
        let polls = prepared.get::<u64>().map_or(1, |polls| *polls + 1);
        prepared.keep(Arc::new(polls));
        let reply = json!({"StatusCode": 200, "Headers": {}, "Body": {"polls": polls}});
        Box::pin(async { Observation::Output(Output::from_json(reply)) })
    }
}
