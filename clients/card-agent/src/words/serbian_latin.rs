//! Serbian in Latin letters.

use super::{Doctor, Words};

pub static WORDS: Words = Words {
    title: "eID kartica",
    go: "Nastavi",
    cancel: "Otkaži",
    log_in: "{origin}\ntraži da se prijavite kao {name}.\nUnesite PIN1 samo ako je to adresa na koju želite da se prijavite.",
    show: "{origin}\ntraži da vidi sertifikat za potpis: {name}. U njemu su vaše ime i vaš lični broj.",
    sign: "{origin}\ntraži kvalifikovani potpis: {name}. On važi kao vaš svojeručni.\n\nOtisak onoga što potpisujete ({function}):\n{digest}",
    tries: "Preostalo pokušaja: {left}",
    prompt: "{secret} ({fewest} do {most} cifara):",
    wrong: "{secret} je bio pogrešan. Ništa nije potpisano.",
    form: "{secret} ima {fewest} do {most} cifara. Pokušaj nije potrošen.",
    last_try: "Za {secret} je ostao jedan pokušaj. Ako je pogrešan, kartica se blokira dok je ne deblokirate PUK-om. Želite li da pokušate?",
    blocked: "{secret} je blokiran. Deblokirajte ga PUK-om iz vašeg pisma ili pitajte na šalteru za registraciju.",
    insert: "Stavite eID karticu u čitač, pa nastavite.\nAko je tu: `card-agent doctor` kaže šta nedostaje.",
    which: "Da li da se koristi kartica: {name}, broj {number}?",
    doctor: Doctor {
        service: "Servis za kartice radi.",
        no_service: "Servis za kartice ne radi. Na Debian-u i Ubuntu-u: sudo apt-get install pcscd, zatim sudo systemctl enable --now pcscd.socket",
        reader: "Čitač: {name}",
        no_reader: "Nema čitača kartica. Priključite ga. Ako je priključen: sudo apt-get install libccid, pa ga priključite ponovo.",
        card: "eID kartica: {name}, broj {number}",
        no_card: "U čitaču nema kartice. Stavite je čipom napred i nagore.",
        unknown_card: "Ova kartica je vrste koju ovaj program ne poznaje (ATR {answer}). Potražite noviju verziju.",
        unreadable: "Kartica se ne može pročitati: {why}. Obrišite čip suvom krpom i stavite je ponovo.",
        tries: "{secret}: preostalo pokušaja {left}",
        blocked: "{secret} je blokiran. Deblokirajte ga PUK-om iz vašeg pisma ili pitajte na šalteru za registraciju.",
        window: "Prozor za PIN (pinentry) je instaliran.",
        no_window: "Nema prozora za PIN. Na Debian-u i Ubuntu-u: sudo apt-get install pinentry-gnome3 ili pinentry-qt",
        browser: "{browser} poznaje ovaj program.",
        stale: "{browser} poznaje drugo mesto ovog programa. Pokrenite: card-agent install",
        no_browser: "Nijedan pregledač ne poznaje ovaj program. Pokrenite: card-agent install",
    },
};
