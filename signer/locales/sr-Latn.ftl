service = Šalter za potpisivanje

# Početna stranica
welcome-title = Potpišite dokumente
welcome-heading = Potpišite svoje dokumente elektronski
welcome-lead = Otpremate {"PDF"}, vidite šta je u pitanju i potpisujete ga svojim ključem za potpis. Niko drugi ne može da potpiše u Vaše ime, pa ni ova usluga.
welcome-log-in = Prijavite se
welcome-how-heading = Kako to radi
welcome-how-1 = Prijavljujete se svojim digitalnim identitetom.
welcome-how-2 = Prvi put pripremate potpisivanje: pravite ključ za potpis, a dva službenika za registraciju potvrđuju da je Vaš.
welcome-how-3 = Zatim potpisujete koliko god puta želite: jedan dokument, jedna potvrda na Vašem uređaju.
home-title = Vaši dokumenti
home-heading = Dobar dan, { $name }
home-sign-heading = Potpišite {"PDF"}
home-file = {"PDF"} dokument
home-file-hint = Do { $size } {"MB"}. Dokument ostaje kakav jeste; potpis se dodaje na njegov kraj.
home-file-choose = Izaberite {"PDF"}
home-file-none = još nijedan
home-upload = Nastavite
home-upload-next = Još se ništa ne potpisuje: u sledećem koraku vidite podatke o dokumentu i odlučujete.
home-documents-heading = Vaši dokumenti
home-documents-none = Ovde još ništa niste potpisali.
home-enrol-heading = Pripremite potpisivanje
home-enrol-lead = Pre prvog potpisa potrebni su Vam ključ za potpis i sertifikat na Vaše ime.
home-enrol-button = Pripremite potpisivanje
home-enrol-continue = Nastavite pripremu
home-ready = Možete da potpisujete. Vaš sertifikat: { $name }.
document-state-open = još nije potpisan
document-state-working = dovršava se
document-state-unfinished = potpisan, još bez vremenskog žiga
document-state-done = potpisan { $time }
document-state-failed = nije potpisan
document-keep = Molimo Vas da sačuvate potpisane dokumente: ovde ih čuvamo { $days } dana. Dokumenti koje ne potpišete brišu se posle { $minutes } minuta.

# Priprema potpisivanja
enrol-title = Pripremite potpisivanje
enrol-heading = Pripremite potpisivanje
enrol-lead = Ovo je potrebno samo jednom. Traje oko dva minuta; posle toga potvrđuju službenici za registraciju.
enrol-step-passkey = Ključ za potpis
enrol-step-officers = Potvrda
enrol-step-ready = Spremno
enrol-why-heading = Šta se dešava
enrol-why-1 = Vaš kriptografski ključ nastaje ovde, u zaštićenom uređaju. Može da se upotrebi samo uz Vaš ključ za potpis.
enrol-why-2 = Ključ za potpis pravite sada. To nije pristupni ključ kojim se prijavljujete.
enrol-why-3 = Dva službenika za registraciju potvrđuju, svaki za sebe, da je ključ Vaš.
enrol-why-4 = Dobijate sertifikat na svoje ime.
enrol-begin = Počnite
enrol-passkey-heading = Napravite svoj ključ za potpis
enrol-passkey-lead = Koristite uređaj koji je samo Vaš i koji ima zaključavanje ekrana. Ovim ključem ćete potvrđivati svaki potpis.
enrol-passkey-button = Napravi ključ za potpis
enrol-passkey-hint = Uređaj traži otisak prsta, lice, {"PIN"} ili bezbednosni ključ. Ništa od toga se ne šalje nama.
enrol-passkey-refused = Ključ nije prihvaćen. Molimo Vas da pokušate ponovo sa uključenim zaključavanjem ekrana, otiskom prsta ili {"PIN"}-om.
enrol-waiting-heading = Vaš ključ za potpis je napravljen
enrol-waiting-lead = Sada dva službenika za registraciju potvrđuju da je Vaš. Možete da zatvorite ovu stranicu i vratite se kasnije.
enrol-waiting = Čeka se potvrda …
enrol-fingerprint = Kod Vašeg ključa za potpis
enrol-fingerprint-hint = Svaki službenik Vam čita ovih pet grupa. Službenik sme da potvrdi samo ako su potpuno iste; ako se razlikuju, recite mu to.
enrol-fingerprint-elsewhere = Službenici pitaju za kod Vašeg ključa. Vidite ga u pregledaču u kojem ste napravili ključ: otvorite ovu stranicu tamo.
enrol-ready-heading = Sada možete da potpisujete
enrol-ready-lead = Vaš sertifikat je izdat. Otpremite {"PDF"} i potpišite ga svojim ključem za potpis.
enrol-ready-button = Potpišite dokument
enrol-failed-heading = Priprema potpisivanja nije uspela
enrol-failed-lead = Potvrda nije prihvaćena. Ništa nije izdato i niko ne može da potpiše u Vaše ime. Molimo Vas da počnete iznova; ako se ponovi, idite u kancelariju za registraciju sa ličnim dokumentom.
enrol-failed-away = Deo ove usluge predugo nije bio dostupan, pa ovo nije moglo da se završi. Niko ne može da potpiše u Vaše ime. Molimo Vas da počnete iznova.
enrol-failed-given-up = Ovo na našoj strani nije moglo da se završi ni posle više pokušaja. Niko ne može da potpiše u Vaše ime. Molimo Vas da počnete iznova, a ako se ponovi, da nam kažete šifru ispod.
enrol-failed-code = Šifra: { $code }
enrol-restart-link = Nemam više ovaj ključ za potpis
enrol-restart-title = Početak iznova
enrol-restart-heading = Počnite iznova sa novim ključem za potpis
enrol-restart-lead = Uradite ovo ako je Vaš ključ za potpis izgubljen ili je napravljen na uređaju koji više ne želite da koristite.
enrol-restart-means-heading = Šta to znači
enrol-restart-means-1 = Vaš sadašnji kriptografski ključ se uništava, a njegov sertifikat opoziva. To se ne može poništiti.
enrol-restart-means-2 = Ono što ste dosad potpisali ostaje potpisano i važeće.
enrol-restart-means-3 = Pravite nov ključ za potpis, a dva službenika za registraciju ga ponovo potvrđuju.
enrol-restart-button = Opozovite i počnite iznova
enrol-restart-cancel = Ostavite sve kako jeste
enrol-restart-log-in-lead = Za ovo treba da vidimo da ste to Vi. Molimo Vas da se ponovo prijavite.
enrol-restart-log-in = Prijavite se ponovo
error-restart-later-happened = Sada ne može da se počne iznova: upravo nastaje sertifikat ili potpis.
error-restart-later-do = Sačekajte minut, pa pokušajte ponovo.
enrol-again = Počnite iznova
fact-name = Ime
fact-certificate = Sertifikat važi do
fact-since = Od

# Potvrda
confirm-title = Potvrdite i potpišite
confirm-heading = Želite li da potpišete ovaj dokument?
confirm-name = Dokument
confirm-pages = Strane
confirm-size = Veličina
confirm-size-value = { $bytes ->
    [one] { $shown } bajt
    [few] { $shown } bajta
   *[other] { $shown } bajtova
 }
confirm-digest = Digitalni otisak ({"SHA-256"})
confirm-signer = Potpisuje
confirm-format = Vrsta potpisa
confirm-format-value = Elektronski potpis u {"PDF"}-u sa pouzdanim vremenskim žigom ({"PAdES"}, nivo {"B-T"})
confirm-look = Da li ste pročitali dokument? Potpisujete tačno onu datoteku koju ste otpremili. Ako sami izračunate njen digitalni otisak, mora biti isti kao ovaj.
confirm-button = Potpisujem svojim ključem
confirm-cancel = Ne potpisujem
confirm-hint = Potvrdom na svom uređaju potpisujete ovaj dokument. Tek tada se upotrebljava Vaš kriptografski ključ, i to samo jednom.
confirm-until = Ako ne potpišete, dokument se automatski briše, najkasnije { $time }.
confirm-not-ready = Trenutno ne možete da potpisujete: priprema potpisivanja nije završena.
sign-gesture = Odgovor ključa za potpis nije prihvaćen; ništa nije potpisano. Molimo Vas da pokušate ponovo ključem za potpis koji ste ovde napravili.
sign-expired = Vreme za potvrdu je isteklo; ništa nije potpisano. Molimo Vas da pokušate ponovo.
sign-too-old = Vreme za potpisivanje ovog dokumenta je isteklo i on se briše; ništa nije potpisano. Molimo Vas da ga ponovo otpremite.
sign-used = Ovaj zahtev je već iskorišćen. Molimo Vas da ponovo otvorite stranicu.
sign-altered = Dokument više nije onaj na koji ste pristali. Ništa nije potpisano. Molimo Vas da ga ponovo otpremite.
sign-status = Vaš sertifikat trenutno ne važi; ništa nije potpisano. Molimo Vas da se obratite kancelariji za registraciju.
sign-refused = Potpis je odbijen radi Vaše bezbednosti; ništa nije potpisano. Molimo Vas da ponovo otvorite stranicu.
sign-away = Jedan deo usluge nije dostupan; ništa nije potpisano. Molimo Vas da pokušate ponovo za minut.

# Gotovo
done-title = Potpisano
done-heading = Vaš dokument je potpisan
done-lead = Potpis i pouzdani vremenski žig nalaze se u {"PDF"}-u. Svako može da ih proveri, i bez nas.
done-download = Preuzmite potpisani {"PDF"}
done-evidence = Dokaz o Vašoj potvrdi ({"JSON"})
done-time = Vreme vremenskog žiga
done-means-heading = Šta to znači
done-means-1 = Ako se kasnije promeni makar jedno slovo dokumenta, svaki program za proveru to pokazuje.
done-means-2 = Datoteku prosledite takvu kakva jeste. Odštampan primerak ne nosi potpis.
done-means-3 = Dokaz tačno pokazuje šta ste potvrdili. Čuvajte ga uz dokument ako je stvar važna.
done-another = Potpišite još jedan dokument
working-title = Potpisano, još malo
working-heading = Potpisali ste; sledi vremenski žig
working-lead = Vaš potpis je sačuvan. Ne morate ponovo da potvrđujete.
working = Čeka se vremenski žig …
unknown-title = Provera je u toku
unknown-heading = Proveravamo da li je Vaš potpis nastao
unknown-lead = Potvrdili ste, ali odgovor modula za potpisivanje nije stigao. Molimo Vas da ne otpremate dokument ponovo: pitamo modul dok ne saznamo. Ništa se ne potpisuje dvaput. Možete da zatvorite ovu stranicu i vratite se kasnije.
unknown-waiting = Čeka se modul za potpisivanje …
unfinished-title = Potpisano, bez vremenskog žiga
unfinished-heading = Potpisali ste; vremenski žig još nedostaje
unfinished-lead = Vaš potpis je sačuvan i neće se izgubiti; molimo Vas da ne potpisujete ponovo. Vremenski žig dosad nije mogao da se doda i naše osoblje je obavešteno. Možete da zatražite novi pokušaj.
unfinished-again = Pokušajte ponovo
failed-title = Nije potpisano
failed-heading = Dokument nije potpisan
failed-lead = Rad je prekinut ili dokument nije bio onaj na koji ste pristali. Ništa nije izdato u Vaše ime. Molimo Vas da ponovo otpremite dokument.
failed-lost = Odgovor modula za potpisivanje nije stigao i više se ne može utvrditi da li je potpis nastao. Mi nemamo nijedan i nijedan nismo izdali. Možete ponovo da otpremite dokument i potpišete ga.
failed-again = Ponovo otpremite dokument
size-pages = { $pages ->
    [one] { $pages } strana
    [few] { $pages } strane
   *[other] { $pages } strana
 }

# Šta se dogodilo
error-no-file-happened = Nije izabran nijedan dokument
error-no-file-do = Molimo Vas da se vratite, izaberete {"PDF"} i nastavite.
error-open-documents-happened = Već { $count } Vaših dokumenata čeka na potpis
error-open-documents-do = Molimo Vas da prvo njih potpišete. Nepotpisani dokumenti se brišu posle { $minutes } minuta.
error-daily-upload-happened = Danas ste već otpremili { $size } {"MB"}
error-daily-upload-do = Više od toga u jednom danu nije moguće. Molimo Vas da pokušate ponovo za { $hours } h.
error-pdf-too-large-happened = Dokument je prevelik
error-pdf-too-large-do = Molimo Vas da izaberete manji {"PDF"}.
error-pdf-not-pdf-happened = Ova datoteka nije {"PDF"}
error-pdf-not-pdf-do = Molimo Vas da sačuvate dokument kao {"PDF"} i otpremite njega.
error-pdf-malformed-happened = Ovaj {"PDF"} je oštećen
error-pdf-malformed-do = Otvorite ga u svom programu za {"PDF"}, sačuvajte pod novim imenom i otpremite njega. Mi nikada ne menjamo Vaš dokument.
error-pdf-too-complex-happened = Čitanje ovog {"PDF"}-a zahteva previše rada
error-pdf-too-complex-do = Odštampajte ga u novi {"PDF"} svojim programom i otpremite njega.
error-pdf-encrypted-happened = Ovaj {"PDF"} je zaštićen lozinkom ili dozvolama
error-pdf-encrypted-do = Sačuvajte ga bez zaštite i otpremite njega.
error-pdf-dynamic-form-happened = Ovaj {"PDF"} je dinamički obrazac ({"XFA"})
error-pdf-dynamic-form-do = Ono što takav obrazac prikazuje može da se menja. Odštampajte ga u novi {"PDF"} i otpremite njega.
error-pdf-certified-happened = Autor je zaključao ovaj {"PDF"} za svaku izmenu
error-pdf-certified-do = On ne može da primi još jedan potpis. Molimo Vas da od autora zatražite verziju koja sme da se potpiše.
error-pdf-no-pages-happened = Ovaj {"PDF"} nema strana
error-pdf-no-pages-do = Molimo Vas da izaberete drugi {"PDF"}.
error-pdf-signature-too-large-happened = Potpis ne može da stane u ovaj {"PDF"}
error-pdf-signature-too-large-do = Molimo Vas da nam navedete oznaku ispod.
error-login-not-begun-happened = Ova prijava nije započeta ovde
error-login-not-begun-do = Trajala je predugo ili je započeta u drugom pregledaču. Molimo Vas da se ponovo prijavite sa početne stranice.
error-login-denied-happened = Niste se prijavili
error-login-denied-do = Za potpisivanje su nam potrebni Vaše ime i lični broj, jer se navode u sertifikatu. Možete da pokušate ponovo sa početne stranice.
error-login-refused-happened = Prijava nije prihvaćena
error-login-refused-do = Molimo Vas da se ponovo prijavite sa početne stranice. Ako se ponovi, navedite nam oznaku ispod.
error-login-away-happened = Prijava trenutno nije moguća
error-login-away-do = Molimo Vas da pokušate ponovo za nekoliko minuta.
error-login-incomplete-happened = Nedostaje Vaše ime ili lični broj
error-login-incomplete-do = Oni se navode u sertifikatu, pa bez njih nije moguće potpisati. Molimo Vas da se ponovo prijavite i saglasite da se pošalju.
