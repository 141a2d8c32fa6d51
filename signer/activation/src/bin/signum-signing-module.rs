//! `signum-signing-module`: the only process that can use a person's signing key.

fn main() -> std::process::ExitCode {
    signum_activation::process::run()
}
