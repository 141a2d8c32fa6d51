//! KEKs of several epochs: new keys take the newest that is pinned, older keys still sign, re-wrapped ones too.

use std::sync::Arc;

use signum_activation::config::ConfigError;
use signum_activation::module::{BINDING_KEY, wrapped};
use signum_activation::protocol::{Refusal, StoredKey};
use signum_activation::seal::SEAL_KEY;
use signum_activation::{Module, PinnedKek, process};
use signum_gesture::Assertion;
use signum_gesture::options::request_options;
use signum_hsm_shim::approval::{Approval, Approved, CeremonyFile, Deed, Quorum};
use signum_hsm_shim::backup::{Backup, Guard, transports_detail};
use signum_hsm_shim::init::{NewToken, create_pin_file, init_token};
use signum_hsm_shim::token::{Token, TokenConfig};
use signum_hsm_shim::{HsmError, PublicKey};

use crate::clock::in_own_process;
use crate::people::enrol;
use crate::world::{Door, ORIGIN, World, rp, system_now};

const SECOND: &str = "signum-backup";
const TRANSPORT: &str = "kek-transport";

impl World {
    /// Both officers approve.
    fn approved(&mut self, deed: Deed, token: &str, object: &str, detail: Option<(&str, String)>) -> Approved {
        let quorum = Quorum {
            needed: 2,
            journal: self.directory.path().join("ceremonies"),
            officers: self.config.officers.clone(),
        };
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).unwrap();
        let mut file = CeremonyFile::new(deed, token, object, system_now() + 60, nonce);
        if let Some((name, value)) = detail {
            file = file.detail(name, &value);
        }
        let options = request_options(&file.ceremony.challenge(), &rp(), &[]);
        for (n, device) in self.officers.iter_mut().enumerate() {
            let answer = device.get(&options, ORIGIN).unwrap();
            let approval = Approval::new(&format!("officer-{}", n + 1), &Assertion::from_json(&answer).unwrap());
            file.approvals.push(approval);
        }
        quorum.approve(&file, &file.ceremony, system_now()).unwrap()
    }

    fn door(&self) -> Result<Door, ConfigError> {
        let token = Arc::new(Token::open(self.config.token_config())?);
        let module = Module::new(self.config.clone(), token, Arc::new(system_now))?;
        Ok(Door::Here(Box::new(module)))
    }

    fn token(&self, label: &str) -> Token {
        let pin = |kind: &str| {
            let path = self.directory.path().join(format!("{label}.{kind}"));
            create_pin_file(&path, |bytes| getrandom::fill(bytes).unwrap()).unwrap()
        };
        let new = NewToken {
            module: self.config.module.clone(),
            label: label.into(),
            so_pin: pin("so"),
            user_pin: pin("pin"),
        };
        init_token(&new).unwrap();
        let config = TokenConfig {
            module: new.module,
            token: new.label,
            pin: new.user_pin,
            sessions: 2,
        };
        Token::open(config).unwrap()
    }

    fn back_up(&mut self, token: &Token, guard: Guard, object: &str, transport: &PublicKey) -> Backup {
        let places = std::slice::from_ref(transport);
        let detail = Some(("transports", transports_detail(places)));
        let approved = self.approved(Deed::BackupKek, token.label(), object, detail);
        token.generate_backed_up(approved, guard, object, places).unwrap()
    }

    fn restore(&mut self, token: &Token, backup: &Backup) {
        let detail = Some(("check", backup.check.to_string()));
        let approved = self.approved(Deed::RestoreKek, token.label(), &backup.object, detail);
        token.restore(approved, backup, TRANSPORT).unwrap();
    }
}

fn pinned(epoch: u32, backup: &Backup) -> PinnedKek {
    PinnedKek {
        epoch,
        check: backup.check,
    }
}

#[test]
fn new_keys_take_the_pinned_epoch_and_people_of_the_first_still_sign() {
    in_own_process(|| {
        let mut world = World::new();
        process::init(&world.config).unwrap();
        let mut first = enrol_at(&mut world, "PNOXK-1000000001");
        assert_eq!(first.key.epoch, 1);
        let token = Token::open(world.config.token_config()).unwrap();
        let approved = world.approved(Deed::RotateKek, token.label(), "people-kek.2", None);
        let made = token.rotate_kek(approved, "people-kek.2", &[]).unwrap();
        // Made is not pinned: nothing changes yet.
        assert_eq!(enrol_at(&mut world, "PNOXK-1000000002").key.epoch, 1);

        world.config.keks = vec![pinned(2, &made)];
        process::init(&world.config).unwrap();
        let door = world.door().unwrap();
        let mut second = enrol(&mut world, &door, "PNOXK-1000000003");
        assert_eq!(second.key.epoch, 2);
        for person in [&mut first, &mut second] {
            let activation = person.activation(&world, &door);
            door.activate(&activation).unwrap();
        }
        let mut relabelled = first.activation(&world, &door);
        relabelled.key.epoch = 2;
        assert!(matches!(door.activate(&relabelled), Err(Refusal::Key(_))));
        let mut unknown = first.activation(&world, &door);
        unknown.key.epoch = 3;
        let refused = Refusal::Key("of another KEK generation".into());
        assert_eq!(door.activate(&unknown), Err(refused));
    });
}

#[test]
fn a_kek_that_is_not_the_pinned_one_ends_the_start() {
    in_own_process(|| {
        let mut world = World::new();
        process::init(&world.config).unwrap();
        let token = Token::open(world.config.token_config()).unwrap();
        let second = world.approved(Deed::RotateKek, token.label(), "people-kek.2", None);
        let second = token.rotate_kek(second, "people-kek.2", &[]).unwrap();
        let third = world.approved(Deed::RotateKek, token.label(), "people-kek.3", None);
        token.rotate_kek(third, "people-kek.3", &[]).unwrap();
        world.config.keks = vec![pinned(3, &second)];
        assert!(matches!(
            world.door().err(),
            Some(ConfigError::Hsm(HsmError::PublicKeyMismatch(_)))
        ));
        world.config.keks = vec![pinned(4, &second)];
        assert!(matches!(
            world.door().err(),
            Some(ConfigError::Hsm(HsmError::KeyNotFound(_)))
        ));
        world.config.keks = vec![pinned(2, &second), pinned(2, &second)];
        assert!(matches!(world.door().err(), Some(ConfigError::Wrong(_))));
    });
}

#[test]
fn a_person_signs_after_their_key_was_wrapped_anew_and_after_the_token_was_lost() {
    in_own_process(|| {
        let mut world = World::new();
        let (people, second) = (world.token("signum-people"), world.token(SECOND));
        world.config.pin_file = world.directory.path().join("signum-people.pin");
        let transport = second.make_transport_key(TRANSPORT).unwrap();
        let old = world.back_up(&people, Guard::Kek, "people-kek.1", &transport);
        let binding = world.back_up(&people, Guard::Mac, BINDING_KEY, &transport);
        let seals = world.back_up(&people, Guard::Mac, SEAL_KEY, &transport);
        world.config.keks = vec![pinned(1, &old)];
        world.config.binding_key_check = Some(binding.check);
        world.config.seal_key_check = Some(seals.check);
        process::init(&world.config).unwrap();
        let mut person = enrol_at(&mut world, "PNOXK-1000000001");

        let places = transports_detail(std::slice::from_ref(&transport));
        let approved = world.approved(
            Deed::RotateKek,
            people.label(),
            "people-kek.2",
            Some(("transports", places)),
        );
        let new = people.rotate_kek(approved, "people-kek.2", &[transport]).unwrap();
        for backup in [&new, &binding, &seals] {
            world.restore(&second, backup);
        }
        let detail = Some(("check", old.check.to_string()));
        let approved = world.approved(Deed::Rewrap, SECOND, "people-kek.1", detail);
        let from = second.load_for_rewrapping(&approved, &old, TRANSPORT).unwrap();
        let to = second.pinned_kek("people-kek", 2, &new.check).unwrap();
        let moved = second.rewrap(&from, &to, BINDING_KEY, &wrapped(&person.key)).unwrap();

        world.config.keks.push(pinned(2, &new));
        let mut sign = |world: &World| {
            let door = world.door().unwrap();
            let activation = person.activation(world, &door);
            door.activate(&activation).unwrap();
            person.key = StoredKey {
                epoch: moved.owner.epoch,
                blob: moved.blob.clone(),
                binding: moved.binding.clone(),
                ..person.key.clone()
            };
            let activation = person.activation(world, &door);
            door.activate(&activation).unwrap();
        };
        sign(&world);
        // The backup token serves in place of the lost one; it has no KEK of epoch 1 and needs none.
        world.config.token = SECOND.into();
        world.config.pin_file = world.directory.path().join(format!("{SECOND}.pin"));
        world.config.keks.remove(0);
        process::init(&world.config).unwrap();
        let door = world.door().unwrap();
        let activation = person.activation(&world, &door);
        door.activate(&activation).unwrap();
    });
}

fn enrol_at(world: &mut World, number: &'static str) -> crate::people::Person {
    let door = world.door().unwrap();
    enrol(world, &door, number)
}
