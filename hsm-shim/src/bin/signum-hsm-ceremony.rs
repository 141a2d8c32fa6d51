//! `signum-hsm-ceremony`: one look at a token, or one ceremony, in a process that speaks to no network and then ends.

fn main() -> std::process::ExitCode {
    signum_hsm_shim::ceremony::run()
}
