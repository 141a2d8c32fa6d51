continue-title = Nastavite
continue-heading = Nastavite na: { $service }
continue-person = Prijavljeni ste kao
continue-as = Nastavi kao { $name }
continue-switch = Koristi drugi nalog
continue-hint = Već ste prijavljeni ovde. Ako uzmete drugi nalog, prvo ćete biti odjavljeni svuda u ovom pregledaču.
consent-person = Prijavljeni ste kao { $name }.

logged-out-services = Usluge koje ste otvorili u ovoj sesiji
logged-out-told = Obaveštena je i odjavila Vas je
logged-out-waiting = Još nije odgovorila; i dalje pokušavamo
logged-out-cannot = Ne može biti obaveštena; odjavite se i tamo
logged-out-gave-up = Nije odgovorila; odjavite se i tamo
logged-out-again = Pogledajte ponovo

account-open = Pogledajte svoju stranicu
account-title = Vaš digitalni identitet
account-lead = Ovde vidite gde ste prijavljeni, šta se dešavalo s Vašim identitetom i ko dobija Vaše podatke.
account-sessions = Gde ste prijavljeni
account-device-unknown = Nepoznat uređaj
account-this-device = ovaj uređaj
account-since = Od
account-last-seen = Poslednji put korišćeno
account-level = Nivo pouzdanosti
account-used-for = Korišćeno za
account-no-service = još nijednu uslugu
account-end = Završi ovu sesiju
account-end-others = Završi sve ostale sesije
account-services = Usluge koje dobijaju Vaše podatke
account-services-none = Niste se saglasili da ijedna usluga dobije Vaše podatke.
account-resources = Može da postupa u Vaše ime kod
account-agreed = Saglasili ste se
account-data = Podaci
account-withdraw = Povuci saglasnost
account-withdraw-hint = Povlačenjem odmah prestaje sve što je usluzi dato. Kada je sledeći put koristite, ponovo će Vas pitati.
account-data-representation = za koga smete da postupate
account-data-offline = sveži podaci dok niste tu
account-lately = Šta se nedavno dešavalo
account-all-activity = Sve što se dešavalo

level-low = nizak
level-substantial = značajan
level-high = visok
means-passkey = pristupni ključ
means-card = lična karta

activity-title = Šta se dešavalo s Vašim identitetom
activity-lead = Svaka prijava i svaka upotreba Vaših podataka, najnovija prva. Ovu stranicu vidite samo Vi.
activity-older = Starije
activity-back = Nazad na Vašu stranicu
activity-kept = Ovaj spisak obuhvata poslednjih { $years } godina.
activity-none = Još se ništa nije desilo.
activity-logged_in = Prijava
activity-login_refused = Jedna prijava je odbijena
activity-tokens_issued = Vaša prijava je potvrđena usluzi
activity-data_released = Poslati su podaci
activity-consent_given = Dali ste saglasnost
activity-consent_withdrawn = Povukli ste saglasnost
activity-mandate_used = Postupali ste za nekog drugog
activity-logged_out = Odjava
activity-session_ended = Jedna sesija je završena
activity-disowned = Prijavili ste da jedna prijava nije bila Vaša
activity-not-me = To nije moja prijava
activity-was-disowned = Javili ste da to niste bili Vi.

not-me-title = To nije moja prijava
not-me-lead = Da li se neko drugi prijavio Vašim identitetom?
not-me-when = Kada
not-me-means = Čime
not-me-then = Ako to potvrdite, odmah se dešava sledeće
not-me-then-1 = Odjavljeni ste na svakom uređaju i sa svake usluge koju možemo da obavestimo.
not-me-then-2 = Opoziva se sve što su usluge smele da čine u Vaše ime.
not-me-then-3 = Sredstvo upotrebljeno za ovu prijavu, na primer Vaš pristupni ključ, više ne radi. Novo dobijate u kancelariji za registraciju.
not-me-button = Nije moja: završi sve
not-me-cancel = To je moja prijava
not-me-done = Vaš identitet je zaštićen
not-me-done-1 = Sve Vaše sesije su završene i sredstvo prijave više ne može da se koristi.
not-me-done-2 = Molimo Vas, dođite u kancelariju za registraciju s ličnim dokumentom. Tamo dobijate novo sredstvo prijave i slučaj se ispituje.
error-not-me-happened = Ova veza nije važeća
error-not-me-do = Već je iskorišćena, starija je od deset dana ili je nepotpuna. Molimo Vas, prijavite se i pogledajte šta se dešavalo s Vašim identitetom.

busy-title = Molimo Vas, sačekajte malo
busy-full = Upravo se prijavljuje veoma mnogo ljudi.
busy-away = Usluga upravo sada ne može da odgovori. Ništa od onoga što ste završili nije izgubljeno.
busy-itself = Ne morate ništa da radite: ova stranica za nekoliko sekundi sama pokušava ponovo.
busy-address = Sa Vaše mreže je za kratko vreme stiglo veoma mnogo zahteva. Molimo Vas, pokušajte ponovo za { $minutes ->
    [one] { $minutes } minut
    [few] { $minutes } minuta
   *[other] { $minutes } minuta
 }.
busy-again = Pokušaj ponovo
busy-back = Molimo Vas, vratite se jednu stranicu nazad i ponovite šta ste radili.

consent-representation = { $service } saznaje i za koga smete da postupate: decu i firme, po imenu.
