#![no_main]

#[path = "../../integration/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hostile::run("connections", input));
