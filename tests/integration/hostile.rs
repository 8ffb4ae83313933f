//! Hostile input: what comes from files and from the network is answered by a value or an error,
//! whatever it is. The functions here are the targets of `tests/fuzz`; the test runs them on what the
//! fuzzer has found worth keeping.

// The paths are written out because the fuzzer's programs include this file too.
#[path = "hostile/archive.rs"]
mod archive;
#[path = "hostile/aws_config.rs"]
mod aws_config;
#[path = "hostile/connections.rs"]
mod connections;
#[path = "hostile/expression.rs"]
mod expression;
#[path = "hostile/input.rs"]
mod input;
#[path = "hostile/reply.rs"]
mod reply;
#[path = "hostile/waiter_file.rs"]
mod waiter_file;

/// Panics if it finds something.
type Check = fn(&[u8]);

/// What is fuzzed, by name.
const TARGETS: [(&str, Check); 7] = [
    ("waiter_file", waiter_file::check),
    ("expression", expression::check),
    ("xml_reply", reply::check_xml),
    ("json_reply", reply::check_json),
    ("archive", archive::check),
    ("aws_config", aws_config::check),
    ("connections", connections::check),
];

/// Runs a target on one input.
pub(crate) fn run(target: &str, input: &[u8]) {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target's name");
    check(input);
}

#[test]
fn every_input_that_the_fuzzer_kept_is_survived() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (target, _) in TARGETS {
        let files: Vec<_> = std::fs::read_dir(corpus.join(target)).unwrap().collect();
        assert!(!files.is_empty(), "{target} has no corpus");
        for file in files {
            let path = file.unwrap().path();
            let input = std::fs::read(&path).unwrap();
            let survived = std::panic::catch_unwind(|| run(target, &input));
            assert!(survived.is_ok(), "{} is not survived", path.display());
        }
    }
}
