service = Prijava

claim-given_name = Ime
claim-family_name = Prezime
claim-birthdate = Datum rođenja
claim-personal_number = Lični broj

home-heading = Vaš digitalni identitet
home-lead = Ovde se prijavljujete na javne usluge svojim pristupnim ključem, bez lozinke.
home-logged-in = Prijavljeni ste. Sada možete koristiti usluge bez ponovnog prijavljivanja, dok se ne odjavite ili ih neko vreme ne koristite.
home-logged-out = Ovde niko nije prijavljen. Otvorite uslugu koja Vam je potrebna; ona će Vas dovesti ovamo da se prijavite.
home-safe-heading = Kako da ostanete bezbedni
home-safe-1 = Niko iz javne uprave Vam nikada neće telefonom tražiti pristupni ključ, {"PIN"} ili kod.
home-safe-2 = Vaš pristupni ključ radi samo na ovoj adresi. Lažna stranica ne može da ga upotrebi.
home-safe-3 = Na zajedničkom računaru odjavite se kada završite.

login-title = Prijavite se
login-heading = Prijavite se na: { $service }
login-service = Usluga
login-address = Njena adresa
login-data = Podaci koje traži
login-data-none = Nijedan; samo da ste ista osoba kao prošli put
login-button = Prijavite se pristupnim ključem
login-hint = Vaš uređaj će zatražiti otisak prsta, lice, {"PIN"} ili bezbednosni ključ. Ništa o Vama se ne šalje pre nego što se saglasite.
login-cancel = Odustanite i vratite se
login-refused = Ovaj pristupni ključ nije prihvaćen. Molimo Vas, pokušajte ponovo ključem koji ste napravili za ovu adresu.

consent-title = Vaša saglasnost
consent-heading = { $service } traži Vaše podatke
consent-data = Biće poslato sledeće
consent-nothing = Neće biti poslat nijedan podatak o Vama, samo da ste ista osoba kao prošli put.
consent-where = Ako se saglasite, { $service } ({ $address }) dobija tačno ovo i ništa drugo.
consent-pseudonym = Usluga dobija i jednu Vašu nasumičnu oznaku. Svaka usluga dobija drugu, pa usluge ne mogu da porede šta znaju o Vama.
consent-allow = Dajem saglasnost i nastavljam
consent-deny = Ne dajem saglasnost
consent-remembered = Vašu saglasnost za ovu uslugu pamtimo i pitamo Vas ponovo samo ako ona zatraži više.

activate-title = Aktivirajte svoj digitalni identitet
activate-heading = Dobro došli, { $name }
activate-lead = Sada pravite pristupni ključ kojim ćete se prijavljivati. Traje oko jednog minuta.
activate-step-1 = Koristite telefon ili računar koji je Vaš i koji ima zaključavanje ekrana.
activate-step-2 = Pritisnite dugme ispod.
activate-step-3 = Potvrdite otiskom prsta, licem, {"PIN"}-om ili bezbednosnim ključem.
activate-button = Napravi moj pristupni ključ
activate-hint = Veza koja Vas je dovela ovamo važi samo jednom. Vaš otisak prsta ili lice nikada ne napušta uređaj.
activate-refused = Pristupni ključ nije prihvaćen. Molimo Vas, pokušajte ponovo sa uključenim zaključavanjem ekrana, otiskom prsta ili {"PIN"}-om.
activated-title = Pristupni ključ je napravljen
activated-heading = Vaš digitalni identitet je aktivan
activated-done = Vaš pristupni ključ je spreman. Od sada se prijavljujete njime.
activated-next = Možete zatvoriti ovu stranicu. Otvorite neku javnu uslugu i izaberite prijavu; ona će Vas vratiti ovamo.
activated-hint = Ako izgubite ovaj uređaj, dođite u kancelariju za registraciju sa ličnim dokumentom.

logout-title = Odjava
logout-heading = Želite li da se odjavite?
logout-services = U ovoj sesiji ste prijavljeni na ove usluge:
logout-button = Odjavite se
logout-stay = Ostanite prijavljeni
logout-hint = Usluga Vas može držati prijavljenim na svojoj strani dok se ne odjavite i tamo.
logged-out-heading = Odjavljeni ste
logged-out-done = Vaša sesija ovde je završena.
logged-out-hint = Na zajedničkom računaru sada zatvorite pregledač.

error-client-happened = Ne poznajemo uslugu koja Vas je poslala ovamo
error-client-do = Molimo Vas, vratite se na uslugu i počnite ponovo. Ako se ponovi, obavestite uslugu i navedite oznaku ispod. Radi Vaše bezbednosti nismo Vas poslali dalje.
error-redirect-happened = Usluga koja Vas je poslala ovamo navela je adresu koja nije registrovana
error-redirect-do = Molimo Vas, ne nastavljajte sa te stranice. Otvorite uslugu tako što ćete sami upisati njenu adresu. Radi Vaše bezbednosti nismo Vas poslali dalje.
error-gone-happened = Ova prijava je istekla
error-gone-do = Molimo Vas, vratite se na uslugu i počnite ponovo.
error-completed-happened = Ova prijava je već iskorišćena
error-completed-do = Ako niste prijavljeni na usluzi, molimo Vas da se vratite na nju i počnete ponovo.
error-other-browser-happened = Ova prijava je započeta u drugom pregledaču
error-other-browser-do = Molimo Vas, nastavite u pregledaču u kojem ste počeli ili počnite ponovo na usluzi. Kolačići moraju biti dozvoljeni.
error-other-session-happened = U međuvremenu se prijavio neko drugi
error-other-session-do = Molimo Vas, vratite se na uslugu i počnite ponovo.
error-activation-happened = Ova veza za aktivaciju nije važeća
error-activation-do = Već je iskorišćena, istekla je ili je nepotpuna. Molimo Vas, proverite vezu ili zatražite novu u kancelariji za registraciju.
error-logout-happened = Usluga je poslala neispravan zahtev za odjavu
error-logout-do = Molimo Vas, otvorite našu početnu stranicu i odjavite se tamo.
