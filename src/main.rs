//! The program: everything it does stands in the library, so that tests can do it too.

/// A third of the CPU time of an answer went into the C library's allocator, whose threads wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    chrak::cli::main()
}
