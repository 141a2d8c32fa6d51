# Okvir stranice i odgovori same platforme. Ćirilica nastaje od ovog teksta.
skip = Pređite na sadržaj
language-switch = Jezik
platform = Digitalni identitet i elektronski potpis
signed-in-as = Prijavljeni ste kao { $name }
log-out = Odjavite se
reference = Referentna oznaka
reference-hint = Ako nam se obratite, molimo Vas da navedete ovu oznaku. Ona nam pomaže da utvrdimo šta se dogodilo.
back-home = Na početnu stranicu
steps = Koraci
step-done = završeno
step-now = u toku
noscript = Ovoj stranici je potreban {"JavaScript"} da bi Vaš pregledač mogao da koristi pristupni ključ. Molimo Vas da ga uključite i ponovo otvorite stranicu.

# Šta se dogodilo i šta možete da učinite.
error-bad-request-happened = Zahtev nije razumljiv
error-bad-request-do = Molimo Vas da se vratite i pokušate ponovo. Ako ste pratili vezu, možda je nepotpuna.
error-forbidden-happened = Zahtev nije mogao da bude prihvaćen
error-forbidden-do = Zbog Vaše bezbednosti smo se ovde zaustavili. Molimo Vas da ponovo otvorite stranicu i ponovite postupak.
error-not-found-happened = Ova stranica ne postoji
error-not-found-do = Molimo Vas da proverite adresu ili krenete od početne stranice.
error-expired-happened = Ova stranica više ne važi
error-expired-do = Prošlo je previše vremena ili je stranica već iskorišćena. Molimo Vas da počnete iznova.
error-too-large-happened = Datoteka je prevelika
error-too-large-do = Molimo Vas da izaberete manju datoteku i pokušate ponovo.
error-busy-happened = Previše pokušaja
error-busy-do = Molimo Vas da sačekate malo i pokušate ponovo.
error-unavailable-happened = Usluga trenutno nije dostupna
error-unavailable-do = Molimo Vas da pokušate ponovo za nekoliko minuta. Ništa od onoga što ste završili nije izgubljeno.
error-internal-happened = Došlo je do greške na našoj strani
error-internal-do = Molimo Vas da pokušate ponovo. Ako se greška ponovi, obratite nam se i navedite oznaku ispod.

# Dugmad pristupnog ključa.
passkey-working = Samo trenutak …
passkey-waiting = Molimo Vas da potvrdite na svom uređaju: otiskom prsta, licem, {"PIN"}-om ili bezbednosnim ključem.
passkey-finishing = Provera je u toku …
passkey-cancelled = Ništa nije izvršeno: zahtev je otkazan ili je isteklo vreme. Možete da pokušate ponovo.
passkey-unsupported = Ovaj pregledač ne može da koristi pristupne ključeve. Molimo Vas da ga ažurirate ili upotrebite drugi pregledač ili uređaj.
passkey-exists = Na ovom uređaju već postoji Vaš pristupni ključ za ovu uslugu. Molimo Vas da upotrebite drugi uređaj ili se prijavite tim ključem.
passkey-insecure = Pregledač je odbio da koristi pristupni ključ na ovoj adresi. Molimo Vas da proverite adresu i ponovo otvorite stranicu.
passkey-expired = Ova stranica više ne važi. Molimo Vas da počnete iznova.
passkey-refused = Pristupni ključ nije prihvaćen. Molimo Vas da pokušate ponovo ili upotrebite ključ koji ste ovde registrovali.
passkey-network = Usluga nije dostupna. Molimo Vas da proverite vezu i pokušate ponovo.
passkey-server = Došlo je do greške na našoj strani. Molimo Vas da pokušate ponovo.
