//! Whatever stands in a variable or a file, it is used or refused by name.

use aws_credential_types::provider::ProvideCredentials as _;

use super::credentials::{Machine, Source};
use super::*;

/// What no setting takes, and what some take in a place of its own.
const ODD: [&str; 22] = [
    " ",
    "\t",
    "\n",
    "x\ny",
    "\u{1}",
    "\u{0}",
    "\u{202e}x",
    "\u{9b}",
    "ünïcode",
    "'",
    "\"x",
    "a # b",
    "[x]",
    "a=b",
    "%(x)s",
    "../..",
    "-1",
    "0",
    "3 ",
    "999999999999999999999999",
    "true",
    "http://",
];

/// All variables that this crate and the SDK know.
const VARIABLES: [&str; 40] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_ACCOUNT_ID",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_AUTH_SCHEME_PREFERENCE",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_DISABLE_CLOCK_SKEW_CORRECTION",
    "AWS_DISABLE_REQUEST_COMPRESSION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_REDSHIFT",
    "AWS_EXECUTION_ENV",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_MAX_ATTEMPTS",
    "AWS_NEW_RETRIES_2026",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_RETRY_MODE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SDK_UA_APP_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_SIGV4A_SIGNING_REGION_SET",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// All keys of a profile that this crate and the SDK know.
const KEYS: [&str; 35] = [
    "account_id_endpoint_mode",
    "auth_scheme_preference",
    "aws_access_key_id",
    "aws_account_id",
    "aws_secret_access_key",
    "aws_session_token",
    "ca_bundle",
    "credential_source",
    "disable_clock_skew_correction",
    "disable_request_compression",
    "duration_seconds",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled",
    "endpoint_url",
    "external_id",
    "ignore_configured_endpoint_urls",
    "login_session",
    "max_attempts",
    "mfa_serial",
    "region",
    "request_checksum_calculation",
    "request_min_compression_size_bytes",
    "response_checksum_validation",
    "retry_mode",
    "role_arn",
    "role_session_name",
    "s3",
    "sdk_ua_app_id",
    "services",
    "source_profile",
    "sso_session",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "web_identity_token_file",
];

/// What asks somebody on the network, or runs something.
const ASKS: [&str; 3] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EC2_METADATA_DISABLED",
];

/// A configuration with this in its environment and its files, up to the credentials.
async fn configured(
    variables: &[(&str, &str)],
    config: &str,
    asks: bool,
) -> Result<(), AwsSettingsError> {
    let metadata = [("AWS_EC2_METADATA_DISABLED", "true")];
    let variables = metadata.iter().chain(variables).copied();
    let environment = AwsEnvironment::from_variables(variables).with_files(config, "");
    let config = AwsSettings::default().sdk_config_in(&environment).await?;
    if !asks && let Some(provider) = config.credentials_provider() {
        drop(provider.provide_credentials().await);
    }
    Ok(())
}

#[tokio::test]
async fn no_value_of_a_variable_is_a_panic_and_what_is_refused_is_named() {
    for name in VARIABLES {
        for value in ODD {
            let variables =
                [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), (name, value)];
            let asks = ASKS.contains(&name);
            for given in [&variables[..], &variables[2..]] {
                if let Err(bad) = configured(given, "", asks).await {
                    assert!(bad.to_string().contains(name), "{name}={value:?}: {bad}");
                }
            }
        }
    }
}

#[tokio::test]
async fn no_value_of_a_key_is_a_panic_and_what_is_refused_is_named() {
    for key in KEYS {
        for value in ODD {
            for config in [
                format!("[default]\n{key} = {value}\n"),
                format!("[default]\n{key} =\n  {value}\n"),
                format!(
                    "[default]\nrole_arn = r\nsource_profile = p\n[profile p]\n{key} = {value}\n"
                ),
            ] {
                if let Err(bad) = configured(&[], &config, false).await {
                    let said = bad.to_string();
                    let is_named = said.contains(key) || said.contains(", line ");
                    assert!(is_named, "{config:?}: {said}");
                }
            }
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_variable_that_is_not_utf_8_is_named_if_it_is_read() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;

    for name in VARIABLES {
        let bytes = OsString::from_vec(vec![b'x', 0xff]);
        let environment = AwsEnvironment::from_variables([(name, bytes)]).with_files("", "");
        if let Err(bad) = AwsSettings::default().sdk_config_in(&environment).await {
            assert_eq!(bad.to_string(), format!("{name} is not UTF-8"));
        }
    }
    let bytes = OsString::from_vec(vec![0xff]);
    let environment = AwsEnvironment::from_variables([("AWS_REGION", bytes)]).with_files("", "");
    assert!(AwsSettings::default().sdk_config_in(&environment).await.is_err());
}

#[tokio::test]
async fn a_variable_or_a_value_that_is_empty_is_not_set() {
    for name in VARIABLES {
        configured(&[(name, "")], "", false).await.unwrap();
    }
    for key in KEYS {
        configured(&[], &format!("[default]\n{key} =\n"), false).await.unwrap();
    }
}

async fn attempts(variables: &[(&str, &str)], config: &str) -> Result<u32, String> {
    let environment =
        AwsEnvironment::from_variables(variables.iter().copied()).with_files(config, "");
    let found = AwsSettings::default().sdk_config_in(&environment).await;
    found.map(|found| found.retry_config().unwrap().max_attempts()).map_err(|bad| bad.to_string())
}

#[tokio::test]
async fn attempts_and_the_mode_of_retries_are_read_as_botocore_reads_them() {
    assert_eq!(attempts(&[("AWS_MAX_ATTEMPTS", "7")], "[default]\nmax_attempts=2").await, Ok(7));
    assert_eq!(attempts(&[("AWS_MAX_ATTEMPTS", "")], "[default]\nmax_attempts=2").await, Ok(2));
    for mode in ["legacy", "standard", "adaptive", ""] {
        assert_eq!(attempts(&[("AWS_RETRY_MODE", mode)], "").await, Ok(3), "{mode}");
        assert_eq!(attempts(&[], &format!("[default]\nretry_mode={mode}")).await, Ok(3), "{mode}");
    }
    for wrong in ["abc", "0", "-1", "3 ", "2.5", " ", "4294967296"] {
        let said = attempts(&[("AWS_MAX_ATTEMPTS", wrong)], "").await.unwrap_err();
        assert!(said.starts_with("AWS_MAX_ATTEMPTS must be a whole number"), "{said}");
    }
    for wrong in ["0", "five"] {
        let said = attempts(&[], &format!("[default]\n\nmax_attempts={wrong}")).await.unwrap_err();
        assert!(said.starts_with("`max_attempts` of profile `default` ("), "{said}");
        assert!(said.contains(", line 3) must be"), "{said}");
    }
    let said = attempts(&[("AWS_RETRY_MODE", "Standard")], "").await.unwrap_err();
    assert!(said.starts_with("AWS_RETRY_MODE must be `standard`"), "{said}");
}

async fn place(settings: &AwsSettings, variables: &[(&str, &str)]) -> (String, bool) {
    let environment = AwsEnvironment::from_variables(variables.iter().copied()).with_files("", "");
    let config = settings.sdk_config_in(&environment).await.unwrap();
    (config.region().unwrap().to_string(), config.use_fips() == Some(true))
}

#[tokio::test]
async fn a_region_that_asks_for_fips_is_botocore_s() {
    for (name, region, fips) in [
        ("fips-us-east-1", "us-east-1", true),
        ("us-east-1-fips", "us-east-1", true),
        ("us-fips-east-1", "us-east-1", true),
        ("us-gov-west-1-fips", "us-gov-west-1", true),
        ("fips-aws-global", "aws-global", true),
        ("aws-global", "aws-global", false),
    ] {
        let found = place(&AwsSettings::default(), &[("AWS_REGION", name)]).await;
        assert_eq!(found, (region.to_owned(), fips), "{name}");
        let given = AwsSettings { region: Some(name.to_owned()), ..AwsSettings::default() };
        let off = [("AWS_USE_FIPS_ENDPOINT", "false")];
        assert_eq!(place(&given, &off).await, (region.to_owned(), fips), "{name}");
    }
}

async fn key_of(settings: &AwsSettings, variables: &[(&str, &str)], files: [&str; 2]) -> String {
    let environment = AwsEnvironment::from_variables(variables.iter().copied());
    let environment = environment.with_files(files[0], files[1]);
    let config = match settings.sdk_config_in(&environment).await {
        Ok(config) => config,
        Err(bad) => return bad.to_string(),
    };
    let provider = config.credentials_provider().unwrap();
    match provider.provide_credentials().await {
        Ok(found) => found.access_key_id().to_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_profile_that_is_named_wins_over_keys_of_the_environment() {
    let variables = [("AWS_ACCESS_KEY_ID", "ENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let credentials = "[my prof]\naws_access_key_id = FILE\naws_secret_access_key = s\n";
    let named = AwsSettings { profile: Some("my prof".to_owned()), ..AwsSettings::default() };
    assert_eq!(key_of(&named, &variables, ["", credentials]).await, "FILE");
    let of_variable = [&variables[..], &[("AWS_PROFILE", "my prof")]].concat();
    assert_eq!(key_of(&AwsSettings::default(), &of_variable, ["", credentials]).await, "ENV");
}

#[tokio::test]
async fn what_a_profile_refers_to_exists() {
    let role = "[default]\nrole_arn = r\n";
    for (more, said) in [
        ("source_profile = nope", "names the source_profile `nope`, which does not exist"),
        ("", "does not say whose credentials to assume it with"),
        ("source_profile = a\ncredential_source = Environment", "has both `source_profile` and"),
        ("credential_source = Nope", "has the credential_source `Nope`"),
        (
            "source_profile = a\n[profile a]\nrole_arn = r\nsource_profile = default",
            "the profile `default` is its own source",
        ),
        (
            "source_profile = a\n[profile a]\nsso_session = nope",
            "names the sso_session `nope`, which does not exist",
        ),
    ] {
        let found = key_of(&AwsSettings::default(), &[], [&format!("{role}{more}\n"), ""]).await;
        assert!(found.contains(said), "{more}: {found}");
    }
    let said = key_of(&AwsSettings::default(), &[], ["[default]\nservices = nope", ""]).await;
    assert!(said.starts_with("there is no section [services nope], which `services` of"), "{said}");
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_told_with_its_line() {
    for (text, said) in [
        (&b"\xef\xbb\xbf[default]\n"[..], "line 1: begins with a byte order mark"),
        (b"[default]\nregion = a\n# caf\xe9\n", "line 3: has a byte that is not UTF-8"),
        (b"[default]\nregion\n", "line 2: is not `KEY = VALUE`"),
        (b"\nregion = a\n", "line 2: there must be a section before it"),
        (b"[default]\n= a\n", "line 2: there is no key before the `=`"),
        (b"[default]\na = 1\r\n[profile p\r\n", "line 3: the `]` is missing"),
        (b"[a]\n[a]\n", "line 2: there is a section [a] already"),
        (b"[a]\nx = 1\nX = 2\n", "line 3: there is a `x` in [a] already"),
        (b"[a]\ns3 =\n  x\n", "line 2: a line below `s3` is not `KEY = VALUE`"),
    ] {
        for [config, credentials] in [[text, b""], [b"", text]] {
            let variables = [("AWS_CONFIG_FILE", "/c"), ("AWS_SHARED_CREDENTIALS_FILE", "/c")];
            let environment =
                AwsEnvironment::from_variables(variables).with_files(config, credentials);
            let found = AwsSettings::default().sdk_config_in(&environment).await.unwrap_err();
            assert!(found.to_string().starts_with(&format!("/c, {said}")), "{found}");
        }
    }
}

#[tokio::test]
async fn half_of_the_keys_of_the_environment_is_refused_and_the_other_half_named() {
    let said = key_of(&AwsSettings::default(), &[("AWS_ACCESS_KEY_ID", "A")], ["", ""]).await;
    assert_eq!(said, "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not");
}

#[tokio::test]
async fn a_role_that_wants_a_code_is_refused_and_its_mfa_serial_named() {
    let config = "[default]\nrole_arn = r\nsource_profile = p\nmfa_serial = m\n[profile p]\n\
                  aws_access_key_id = A\naws_secret_access_key = s\n";
    let said = key_of(&AwsSettings::default(), &[], [config, ""]).await;
    assert!(said.contains("line 4) has an `mfa_serial`"), "{said}");
}

#[tokio::test]
async fn a_security_token_is_the_session_token() {
    let token = async |variables: &[(&str, &str)], config: &str| {
        let environment =
            AwsEnvironment::from_variables(variables.iter().copied()).with_files(config, "");
        let config = AwsSettings::default().sdk_config_in(&environment).await.unwrap();
        let found = config.credentials_provider().unwrap().provide_credentials().await.unwrap();
        found.session_token().map(str::to_owned)
    };
    let keys = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let both = [("AWS_SECURITY_TOKEN", "first"), ("AWS_SESSION_TOKEN", "second")];
    for (tokens, expected) in [(&both[..], "first"), (&both[..1], "first"), (&both[1..], "second")]
    {
        let variables = [&keys[..], tokens].concat();
        assert_eq!(token(&variables, "").await.as_deref(), Some(expected));
    }
    let config =
        "[default]\naws_access_key_id = A\naws_secret_access_key = s\naws_security_token = t\n";
    assert_eq!(token(&[], config).await.as_deref(), Some("t"));
}

/// The source of credentials, in short.
fn source(named: Option<&str>, variables: &[(&str, &str)], config: &str) -> String {
    fn shown(source: &Source) -> String {
        match source {
            Source::Keys(keys) => keys.access_key_id().to_owned(),
            Source::Process { command, .. } => format!("process {command}"),
            Source::Role(role, Some(source)) => format!("{} with {}", role.arn, shown(source)),
            Source::Role(role, None) => format!("{} with a token", role.arn),
            Source::Machine(Machine::Any) => "machine".to_owned(),
            Source::Machine(Machine::Container) => "container".to_owned(),
            Source::Machine(Machine::Instance) => "instance".to_owned(),
            Source::Missing(reason) => format!("nothing: {reason}"),
            #[cfg(feature = "sso")]
            Source::Sso(_) => "sso".to_owned(),
        }
    }
    let environment = AwsEnvironment::from_variables(variables.iter().copied());
    let environment = environment.with_files(config, "");
    let settings = AwsSettings { profile: named.map(str::to_owned), ..AwsSettings::default() };
    let profiles = environment.profiles().unwrap();
    let lookup = settings.lookup(&environment, &profiles).unwrap();
    shown(&settings.source(&lookup, &profiles).unwrap().unwrap())
}

#[test]
fn credentials_come_from_where_the_environment_and_the_profile_say() {
    let keys = [("AWS_ACCESS_KEY_ID", "ENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "t").unwrap();
    let token = ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap());
    let web = [("AWS_ROLE_ARN", "w"), token];
    let none = &[][..];
    let role = "[default]\nrole_arn = r\n";
    let of_keys = "aws_access_key_id = KEY\naws_secret_access_key = s\n";
    for (variables, config, expected) in [
        (&keys[..], String::new(), "ENV"),
        (none, String::new(), "machine"),
        (&web[..], String::new(), "w with a token"),
        (&web[..], format!("[default]\n{of_keys}"), "KEY"),
        (none, "[default]\ncredential_process = x\n".to_owned(), "process x"),
        (none, format!("{role}source_profile = a\n[profile a]\n{of_keys}"), "r with KEY"),
        (none, format!("{role}source_profile = default\n{of_keys}"), "r with KEY"),
        (none, format!("{role}credential_source = EcsContainer"), "r with container"),
        (none, format!("{role}credential_source = Ec2InstanceMetadata"), "r with instance"),
        (
            none,
            format!(
                "{role}source_profile = a\n[profile a]\nrole_arn = b\nsource_profile = c\n[profile c]\n{of_keys}"
            ),
            "r with b with KEY",
        ),
        (
            none,
            format!("{role}source_profile = a\n[profile a]\n"),
            "r with nothing: the source of `default` has none",
        ),
    ] {
        assert_eq!(source(None, variables, &config), expected, "{config}");
    }
    let of_environment = format!("{role}credential_source = Environment");
    assert_eq!(source(Some("default"), &keys, &of_environment), "r with ENV");
    let without_keys = source(Some("default"), none, &of_environment);
    assert!(without_keys.starts_with("r with nothing"), "{without_keys}");
    assert_eq!(source(Some("default"), &web, "[default]"), "machine");
}

#[test]
fn a_profile_with_half_of_its_credentials_does_not_give_way_to_the_machine() {
    for (given, lacking) in [
        ("aws_access_key_id", "aws_secret_access_key"),
        ("aws_secret_access_key", "aws_access_key_id"),
        ("aws_session_token", "aws_access_key_id"),
        ("web_identity_token_file", "role_arn"),
    ] {
        let source = source(None, &[], &format!("[default]\n{given} = x\n"));
        assert!(source.contains(&format!("has `{given}` and lacks `{lacking}`")), "{source}");
    }
    for key in ["sso_account_id", "sso_role_name", "sso_start_url"] {
        let source = source(None, &[], &format!("[default]\n{key} = x\n"));
        assert!(source.starts_with("nothing: the profile `default`"), "{key}: {source}");
    }
    let process = "[default]\naws_access_key_id = x\ncredential_process = x\n";
    assert_eq!(source(None, &[], process), "process x");
}
