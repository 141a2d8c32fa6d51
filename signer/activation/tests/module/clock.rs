//! Deadlines, with the module in this process and a clock that a test moves.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use signum_activation::protocol::Refusal;
use signum_activation::{Module, process};
use signum_hsm_shim::token::Token;

use crate::people::enrol;
use crate::world::{Door, World};

const CHILD: &str = "SIGNUM_MODULE_TEST_CHILD";
const START: i64 = 1_800_000_000;

/// `SOFTHSM2_CONF` belongs to a whole process, so the test runs in a child that has it from its start.
pub fn in_own_process(test: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        return test();
    }
    let directory = tempfile::tempdir().unwrap();
    let conf = signum_hsm_shim::init::softhsm_conf(directory.path()).unwrap();
    let name = std::thread::current().name().unwrap().to_owned();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--nocapture"])
        .env(CHILD, Path::new("1"))
        .env("SOFTHSM2_CONF", conf)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{complained}"
    );
}

#[test]
fn after_its_deadline_a_transaction_is_over_and_an_answer_of_a_minute_ago_is_stale() {
    in_own_process(|| {
        let mut world = World::new();
        process::init(&world.config).unwrap();
        let time = Arc::new(AtomicI64::new(START));
        let clock = time.clone();
        let token = Arc::new(Token::open(world.config.token_config()).unwrap());
        let module = Module::new(
            world.config.clone(),
            token,
            Arc::new(move || clock.load(Ordering::SeqCst)),
        )
        .unwrap();
        let door = Door::Here(Box::new(module));
        let mut person = enrol(&mut world, &door, "PNOXK-1000000001");

        let ticket = door.begin();
        assert_eq!(ticket.deadline, START + 300);
        let commitment = person.commitment(&ticket);
        let activation = person.agree(&world, commitment.clone(), ticket.clone(), START + 300);
        time.store(START + 301, Ordering::SeqCst);
        assert_eq!(door.activate(&activation), Err(Refusal::Expired));
        time.store(START + 300, Ordering::SeqCst);
        let stale = person.agree(&world, commitment, ticket, START + 300 - 61);
        assert!(matches!(door.activate(&stale), Err(Refusal::Status(_))));
        assert!(door.activate(&activation).is_ok());
        assert_eq!(door.activate(&activation), Err(Refusal::Replayed));

        // Before the certificates' notBefore nothing is signed either.
        time.store(1_500_000_000, Ordering::SeqCst);
        let ticket = door.begin();
        let commitment = person.commitment(&ticket);
        let early = person.agree(&world, commitment, ticket, 1_500_000_000);
        assert_eq!(
            door.activate(&early),
            Err(Refusal::Commitment("certificate: not valid now".into()))
        );
    });
}
