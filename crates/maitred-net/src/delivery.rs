//! Whether a call has reached its service.

use std::error::Error;

use super::error_chain::chain;

/// Whether a request that failed with `error` certainly did not reach the server: there was no connection,
/// the connection closed before the request was written, or an HTTP/2 server did not process it.
pub fn is_never_sent(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(says_unsent)
}

fn says_unsent(error: &(dyn Error + 'static)) -> bool {
    let connect = error.downcast_ref::<hyper_util::client::legacy::Error>();
    let unwritten = error.downcast_ref::<hyper::Error>();
    let refused = error.downcast_ref::<h2::Error>();
    connect.is_some_and(hyper_util::client::legacy::Error::is_connect)
        || unwritten.is_some_and(hyper::Error::is_canceled)
        || refused.is_some_and(|error| {
            // RFC 9113, section 8.7: both promise that the request was not processed.
            let unprocessed =
                error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM);
            error.is_remote() && unprocessed
        })
}

#[cfg(test)]
mod tests {
    use std::io;

    use h2::Reason;

    use super::*;

    /// The error that a client of HTTP/2 sees if the server resets its request for this reason.
    async fn reset(reason: Reason) -> h2::Error {
        let (ours, theirs) = tokio::io::duplex(4096);
        let server = tokio::spawn(async move {
            let mut server = h2::server::handshake(theirs).await.unwrap();
            let (_, mut respond) = server.accept().await.unwrap().unwrap();
            respond.send_reset(reason);
            while server.accept().await.is_some() {}
        });
        let (client, connection) = h2::client::handshake(ours).await.unwrap();
        tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        let request = hyper::Request::post("http://localhost/").body(()).unwrap();
        let (reply, _) = client.send_request(request, true).unwrap();
        let error = reply.await.unwrap_err();
        server.abort();
        error
    }

    #[tokio::test]
    async fn a_request_that_an_http2_server_did_not_process_is_not_sent() {
        let refused = reset(Reason::REFUSED_STREAM).await;
        assert!(is_never_sent(&io::Error::other(refused)));
        for reason in [Reason::INTERNAL_ERROR, Reason::CANCEL] {
            assert!(!is_never_sent(&reset(reason).await), "{reason:?}");
        }
    }
}
