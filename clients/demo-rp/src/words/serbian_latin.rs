//! Serbian in Latin script.

use super::{Failures, Home, Me, Words};

pub(super) const WORDS: Words = Words {
    tag: "sr-Latn",
    own_name: "Srpski",
    municipality: "Opština Primer",
    service: "Usluge za stanovnike",
    demonstration: "Ovo je samo prikaz. Ova opština ne postoji i ništa što ovde uradite nema pravno dejstvo.",
    skip: "Pređi na sadržaj",
    choose_language: "Jezik",
    logged_out: "Odjavili ste se, i ovde i u sistemu Signum.",
    try_again: "Prijavite se ponovo",
    go_home: "Na početnu stranu",
    home: Home {
        title: "Vaša opština, bez čekanja u redu",
        text: "Prijavite se svojim digitalnim identitetom da vidite šta opština zna o vama.",
        log_in: "Prijavite se preko sistema Signum",
        my_page: "Na moju stranu",
        asked: "Šta ćemo tražiti od sistema Signum",
        items: [
            ("Vaše ime i prezime,", "da znamo kome pružamo uslugu."),
            ("Vaš datum rođenja,", "jer su neke usluge samo za punoletne."),
            (
                "Koliko ste pouzdano dokazali ko ste,",
                "jer neke usluge traže jak dokaz.",
            ),
        ],
        not_asked: "Ne tražimo vaš lični broj i nikada ne vidimo vaš pristupni ključ. Signum će vam ponovo pokazati \
                    ovaj spisak i zatražiti vašu saglasnost.",
    },
    me: Me {
        title: "Prijavljeni ste",
        text: "Ovo nam je Signum potvrdio o vama.",
        name: "Ime i prezime",
        birth_date: "Datum rođenja",
        level: "Nivo pouzdanosti",
        low: "Nizak: poznati ste, ali vaš identitet nije pouzdano dokazan",
        substantial: "Značajan: vaš identitet je dokazan",
        high: "Visok: vaš identitet je dokazan na najjači način",
        not_said: "Nije naveden",
        since: "Vreme prijave",
        log_out: "Odjavite se",
        checked: "Šta smo proverili",
        checks: [
            "Potvrdu je potpisao Signum i ona nije menjana na putu.",
            "Napravljena je za ovu uslugu i ni za jednu drugu.",
            "Odgovara prijavi koja je započeta u ovom pregledaču.",
            "Sveža je i nije istekla.",
        ],
        technical: "Za programere",
    },
    failures: Failures {
        access_denied: (
            "Niste se prijavili",
            "Vi ili Signum ste odbili da nam prosledite vaše podatke. Nismo primili ništa. Ako je to bila greška, \
             prijavite se ponovo.",
        ),
        not_begun_here: (
            "Ova prijava se ne može koristiti",
            "Započeta je u drugom pregledaču, starija je od deset minuta ili je već iskorišćena. Ništa se nije \
             dogodilo. Molimo vas da počnete ponovo ovde.",
        ),
        unverified: (
            "Odgovoru ne možemo verovati",
            "Odgovor na vašu prijavu nije prošao naše provere, pa niste prijavljeni. Pokušajte ponovo; ako se ponovi, \
             obavestite opštinu.",
        ),
        refused: (
            "Signum nije dovršio prijavu",
            "Signum je odgovorio greškom, pa niste prijavljeni. Pokušajte ponovo za nekoliko minuta.",
        ),
        provider_away: (
            "Prijava trenutno nije moguća",
            "Signum nije dostupan. Ostatak ovog sajta radi. Pokušajte ponovo za nekoliko minuta.",
        ),
        busy: (
            "Trenutno ima previše posetilaca",
            "Pokušajte ponovo za nekoliko minuta.",
        ),
        only_here: (
            "Odjavili ste se ovde",
            "Signum trenutno ne nudi odjavu, pa ste tamo možda još prijavljeni. Na zajedničkom računaru zatvorite sve \
             prozore pregledača.",
        ),
        not_found: (
            "Nema takve strane",
            "Adresa je možda pogrešno napisana ili stara. Početna strana vodi svuda.",
        ),
    },
};
