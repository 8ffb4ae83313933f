//! What parity is measured with has to be right itself.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use crate::support::moto::Moto;
use crate::support::python;

#[test]
fn oracle_tells_what_botocore_does() {
    let output = Command::new(python::python())
        .arg(python::oracle("self_check.py"))
        .output()
        .expect("the interpreter of the tests runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn moto_answers_as_soon_as_it_is_started() {
    let moto = Moto::start();
    let address = moto.endpoint().strip_prefix("http://").expect("moto speaks HTTP");
    let mut stream = TcpStream::connect(address).expect("moto listens");
    write!(stream, "GET /moto-api/ HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
        .expect("the request is sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("the reply is text");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
}
