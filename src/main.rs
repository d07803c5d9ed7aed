//! The `psfleet` program; everything is in the library.

fn main() -> std::process::ExitCode {
    psfleet::cli::main()
}
