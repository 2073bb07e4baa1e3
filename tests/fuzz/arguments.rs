//! What stands on the command line, for the fuzz engine.

/// Gives the engine what stands on the command line, as `cargo fuzz run` writes it there; `tests/fuzz/run` does so by itself.
#[cfg(fuzzing_libfuzzer)]
pub fn pass_on() {
    if std::env::var_os("BOLERO_LIBFUZZER_ARGS").is_none() {
        let words: Vec<String> = std::env::args().skip(1).collect();
        // SAFETY: there is one thread yet
        unsafe { std::env::set_var("BOLERO_LIBFUZZER_ARGS", words.join(" ")) };
    }
}

#[cfg(not(fuzzing_libfuzzer))]
pub fn pass_on() {}
