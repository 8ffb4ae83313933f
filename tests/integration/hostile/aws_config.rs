//! `~/.aws/config` and, after a line `---`, `~/.aws/credentials`: what they say is used, or refused with
//! its place.

use maitred::client::aws::{AwsEnvironment, AwsSettings};

/// What some inputs name, so that more of them than the default profile is read.
const PROFILES: [Option<&str>; 3] = [None, Some("p"), Some("my prof")];

pub(crate) fn check(input: &[u8]) {
    let divider = b"\n---\n";
    let at = input.windows(divider.len()).position(|window| window == divider);
    let (config, credentials) = match at {
        Some(at) => (&input[..=at], &input[at + divider.len()..]),
        None => (input, &[][..]),
    };
    let environment = AwsEnvironment::from_variables([
        ("AWS_CONFIG_FILE", "/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/credentials"),
        ("AWS_ENDPOINT_URL", ""),
    ]);
    let environment = environment.with_files(config, credentials);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for profile in PROFILES {
        let mut settings = AwsSettings::default();
        settings.profile = profile.map(str::to_owned);
        match runtime.block_on(settings.sdk_config_in(&environment)) {
            Ok(config) => {
                let region = config.region().map(ToString::to_string);
                let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
                assert!(region.is_none_or(|region| region.chars().all(good)), "a region is a name");
                assert!(config.retry_config().is_some_and(|retry| retry.max_attempts() > 0));
            }
            Err(bad) => check_message(&format!("{bad} {}", bad.help().unwrap_or_default())),
        }
    }
    drop(environment.ca_bundle());
}

/// Whoever shows it shows one line.
fn check_message(message: &str) {
    assert!(!message.trim().is_empty(), "it is refused without a reason");
    assert!(!message.contains(char::is_control), "{message:?} garbles a terminal");
}
