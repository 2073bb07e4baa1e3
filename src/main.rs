//! The program: everything it does stands in the library, so that tests can do it too.
fn main() -> std::process::ExitCode {
    chrak::cli::main()
}
