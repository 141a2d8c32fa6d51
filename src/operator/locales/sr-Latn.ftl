service = Upravljanje
title = Stanje sertifikacionog tela
state-at = Stanje u { $time }. Vremena su u {"UTC"}.
no-alarms = Nema alarma. Sve što je trebalo obnoviti ili potpisati obnovljeno je i potpisano na vreme.
none = Nema.

keys = Sopstveni ključevi i sertifikati
holder = Ključ za
issuer = Izdao
key = Oznaka u tokenu
valid-until = Važi do
days-left = Preostalo dana

lists = Liste opoziva
list = Lista
number = Broj
made = Napravljena
next-update = Sledeća najkasnije

answer-due = {"OCSP"} odgovor koji je prvi na redu

relint-at = Drugi pregled sačuvanih sertifikata
relint-findings = Nalazi pregleda

clocks = Satovi
replica = Replika
looked-at = Pogledano u
off-by = Najveća greška
off-unknown = nepoznata
off-unchecked = ne proverava se
no-caa = {"CAA"} zapisi se ne traže: {"DNS"} razrešivač nije podešen ({"ca.caa_resolver"}). {"TLS"} sertifikati se izdaju samo za imena ispod {"ca.tls_domains"}.

waiting = Na čekanju
intents = Započeti a nezavršeni sertifikati
owed = Promene statusa kojih još nema u revizorskom dnevniku
approvals = Zahtevi koji čekaju drugog službenika

logs = Revizorski dnevnici
log = Dnevnik
entries = Zapisi
unordered = Još bez redosleda
signed-up-to = Potpisano do zapisa
signed-at = Potpisano u

witnesses = Svedoci revizorskih dnevnika
witness = Svedok
problem = Problem

alarm-authority = Sertifikat tela { $name } ističe u { $time }. Pripremite ceremoniju za naslednika.
alarm-unit = Sertifikat za { $name } ističe u { $time } i nije obnovljen. Proverite da li posao {"ca.own_keys"} ne uspeva.
alarm-list = Lista opoziva { $name } važi do { $time } i nije je sledila nova. Proverite da li posao {"ca.crl"} ne uspeva.
alarm-answers = Odgovor o statusu za { $name } koji važi do { $time } nije ponovo potpisan. Proverite da li posao {"ca.ocsp_presign"} ne uspeva.
alarm-intents = Započeto je a nije završeno sertifikata: { $count }, najstariji u { $time }. Pogledajte dnevnik tela.
alarm-owed = Promena statusa kojih nema u revizorskom dnevniku: { $count }. Proverite da li se u dnevnik tela može pisati.
alarm-unsigned = Revizorski dnevnik { $name } ima zapise od { $time } koje nijedna kontrolna tačka ne pokriva. Proverite da li posao {"audit.sequence"} ne uspeva i da li token odgovara.
alarm-log = Revizorski dnevnik { $name } nije ispravan: { $problem }. Pokrenite {"signum audit verify"}.
alarm-witness = Svedok { $name } nije potpisao revizorski dnevnik { $service }: { $problem }.
alarm-relint = Drugi pregled u { $time } našao je grešaka u sačuvanim sertifikatima: { $count }. Pokrenite {"signum ca relint"} i pogledajte revizorski dnevnik.
alarm-relint-late = Poslednji drugi pregled sačuvanih sertifikata bio je u { $time }. Proverite da li posao {"ca.relint"} ne uspeva.
alarm-ceremony = Dva službenika su opozvala telo { $name } u { $time }, a lista korena van mreže to još ne kaže. Održite ceremoniju vrste {"revoke"} i uvezite je.
alarm-clock = Satu replike { $name } ne može se verovati od { $time }: { $problem }. Proverite da li tamo radi {"chronyd"} i da li doseže svoje izvore.
alarm-clock-late = Replika { $name } je poslednji put pogledala svoj sat u { $time }. Proverite da li još radi.
