//! vpcd's wire.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use super::Bench;
use crate::{ATR, Trace, vpcd};

fn reader(mut bench: Bench) -> (TcpStream, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let card = std::thread::spawn(move || {
        // Whole, so that the folder lives as long as the card.
        let bench = &mut bench;
        let mut nowhere: Trace<Vec<u8>> = Trace::new(None);
        vpcd::serve(TcpStream::connect(address).unwrap(), &mut bench.card, &mut nowhere)
    });
    (listener.accept().unwrap().0, card)
}

fn tell(reader: &mut TcpStream, body: &[u8]) {
    reader
        .write_all(&u16::try_from(body.len()).unwrap().to_be_bytes())
        .unwrap();
    reader.write_all(body).unwrap();
}

fn told(reader: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    reader.read_exact(&mut length).unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
    reader.read_exact(&mut body).unwrap();
    body
}

#[test]
fn power_answer_to_reset_and_commands_go_over_the_wire() {
    let (mut reader, card) = reader(Bench::whole());
    tell(&mut reader, &[1]);
    tell(&mut reader, &[4]);
    assert_eq!(told(&mut reader), ATR);
    let verify = hex::decode("002000010c31323334ffffffffffffffff").unwrap();
    tell(&mut reader, &verify);
    assert_eq!(told(&mut reader), [0x90, 0]);
    tell(&mut reader, &[0, 0x20, 0, 1]);
    assert_eq!(told(&mut reader), [0x90, 0]);
    // A reset forgets.
    tell(&mut reader, &[2]);
    tell(&mut reader, &[0, 0x20, 0, 1]);
    assert_eq!(told(&mut reader), [0x63, 0xc3]);
    drop(reader);
    card.join().unwrap().unwrap();
}

#[test]
fn what_is_no_message_of_vpcd_ends_the_card() {
    let (mut reader, card) = reader(Bench::whole());
    tell(&mut reader, &[9]);
    assert!(card.join().unwrap().is_err());
}
