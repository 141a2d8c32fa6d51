//! `signum-hsm-worker`: holds the PKCS#11 sessions of one token, apart from everything that speaks to a network.

fn main() -> std::process::ExitCode {
    signum_hsm_shim::worker::run()
}
