//! English.

use super::{Doctor, Words};

pub static WORDS: Words = Words {
    title: "eID card",
    go: "Continue",
    cancel: "Cancel",
    log_in: "{origin}\nasks you to log in as {name}.\nEnter PIN1 only if this is the address you mean to log in at.",
    show: "{origin}\nasks to see the signing certificate of {name}. It holds your name and your personal number.",
    sign: "{origin}\nasks for the qualified signature of {name}. It counts as your handwritten one.\n\nFingerprint of what you sign ({function}):\n{digest}",
    tries: "Tries left: {left}",
    prompt: "{secret} ({fewest} to {most} digits):",
    wrong: "{secret} was wrong. Nothing was signed.",
    form: "{secret} has {fewest} to {most} digits. No try was spent.",
    last_try: "One try is left for {secret}. If it is wrong, the card is blocked until you unblock it with the PUK. Do you want to try?",
    blocked: "{secret} is blocked. Unblock it with the PUK of your letter, or ask at a registration desk.",
    insert: "Put your eID card into the reader, then continue.\nIf it is there: `card-agent doctor` says what is missing.",
    which: "Use the card of {name}, number {number}?",
    doctor: Doctor {
        service: "The smart card service runs.",
        no_service: "The smart card service does not run. On Debian and Ubuntu: sudo apt-get install pcscd, then sudo systemctl enable --now pcscd.socket",
        reader: "Reader: {name}",
        no_reader: "There is no card reader. Plug one in. If it is: sudo apt-get install libccid, then plug it in again.",
        card: "eID card: {name}, number {number}",
        no_card: "There is no card in a reader. Put it in with the chip first, facing up.",
        unknown_card: "This card is of a kind that this program does not know (ATR {answer}). Look for a newer version.",
        unreadable: "The card cannot be read: {why}. Wipe the chip with a dry cloth and put it in again.",
        tries: "{secret}: tries left {left}",
        blocked: "{secret} is blocked. Unblock it with the PUK of your letter, or ask at a registration desk.",
        window: "The PIN window (pinentry) is installed.",
        no_window: "There is no PIN window. On Debian and Ubuntu: sudo apt-get install pinentry-gnome3 or pinentry-qt",
        browser: "{browser} knows this program.",
        stale: "{browser} knows another place of this program. Run: card-agent install",
        no_browser: "No browser knows this program. Run: card-agent install",
    },
};
