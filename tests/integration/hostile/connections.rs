//! Connections: the text of a variable (a URI or JSON), and a `connections.toml`.

use std::sync::Arc;

use maitred::clock::SystemClock;
use maitred::connection::{ClientSettings, Connection, Connections, Environment, Origin};

pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    check_variable(text);
    check_file(text);
}

fn check_variable(text: &str) {
    let origin = Origin::Variable("MAITRED_CONN_C".to_owned());
    match Connection::parse("c", origin, text) {
        Ok(connection) => {
            assert!(connection.shown().is_object());
            drop(connection.host());
        }
        Err(error) => assert!(!error.to_string().is_empty(), "it is refused without a reason"),
    }
    // A reference could name any file of the machine.
    if text.contains("$secret") || text.contains('\0') {
        return;
    }
    let environment = Environment::fixed([("MAITRED_CONN_C", text), ("HOME", "/nowhere")]);
    let clients = maitred::clients(Connections::new(environment), Arc::new(SystemClock::new()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for service in ["redshift", "http"] {
        let opened = runtime.block_on(clients.open(service, &ClientSettings::of_connection("c")));
        if let Err(error) = opened {
            assert!(!error.to_string().is_empty(), "it is refused without a reason");
        }
    }
}

fn check_file(text: &str) {
    let name = format!("maitred-hostile-{}.toml", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).expect("a temporary file can be written");
    let connections = Connections::new(Environment::empty()).with_file(&path);
    match connections.list() {
        Ok(found) => found.into_iter().for_each(drop),
        Err(error) => assert!(!error.to_string().is_empty(), "it is refused without a reason"),
    }
    drop(std::fs::remove_file(&path));
}
