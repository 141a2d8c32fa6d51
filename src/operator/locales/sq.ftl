service = Operimi
title = Gjendja e autoritetit të certifikimit
state-at = Gjendja më { $time }. Kohët janë në UTC.
no-alarms = Nuk ka alarme. Gjithçka që duhej përtërirë ose nënshkruar u përtëri dhe u nënshkrua me kohë.
none = Asnjë.

keys = Çelësat dhe certifikatat e veta
holder = Çelësi i
issuer = Lëshuar nga
key = Etiketa në token
valid-until = E vlefshme deri më
days-left = Ditë të mbetura

lists = Listat e revokimit
list = Lista
number = Numri
made = Krijuar
next-update = Tjetra më së voni

answer-due = Përgjigja OCSP që i vjen radha e para

relint-at = Shikimi i dytë i certifikatave të ruajtura
relint-findings = Gjetjet e tij

clocks = Orët
replica = Replika
looked-at = Shikuar më
off-by = Gabimi më i madh
off-unknown = i panjohur
off-unchecked = nuk kontrollohet
no-caa = Shënimet CAA nuk kërkohen: asnjë zgjidhës DNS nuk është konfiguruar (ca.caa_resolver). Certifikatat TLS lëshohen vetëm për emra nën ca.tls_domains.

waiting = Në pritje
intents = Certifikata të filluara dhe të papërfunduara
owed = Ndryshime statusi që ende nuk janë në regjistrin e auditimit
approvals = Kërkesa që presin një zyrtar të dytë

logs = Regjistrat e auditimit
log = Regjistri
entries = Shënime
unordered = Ende të parenditura
signed-up-to = Nënshkruar deri te shënimi
signed-at = Nënshkruar më

witnesses = Dëshmitarët e regjistrave të auditimit
witness = Dëshmitari
problem = Problemi

alarm-authority = Certifikata e autoritetit { $name } mbaron më { $time }. Përgatitni ceremoninë për pasuesin.
alarm-unit = Certifikata e { $name } mbaron më { $time } dhe nuk u përtëri. Shikoni nëse dështon puna ca.own_keys.
alarm-list = Lista e revokimit { $name } vlen deri më { $time } dhe nuk u pasua nga një e re. Shikoni nëse dështon puna ca.crl.
alarm-answers = Një përgjigje statusi e { $name } që vlen deri më { $time } nuk u nënshkrua përsëri. Shikoni nëse dështon puna ca.ocsp_presign.
alarm-intents = { $count } certifikata u filluan dhe nuk u përfunduan, më e vjetra më { $time }. Shikoni regjistrin e CA-së.
alarm-owed = { $count } ndryshime statusi nuk janë në regjistrin e auditimit. Shikoni nëse mund të shkruhet në regjistrin e auditimit të CA-së.
alarm-unsigned = Regjistri i auditimit { $name } ka shënime që nga { $time } që asnjë pikë kontrolli nuk i mbulon. Shikoni nëse dështon puna audit.sequence dhe nëse përgjigjet tokeni i auditimit.
alarm-log = Regjistri i auditimit { $name } nuk është i rregullt: { $problem }. Ekzekutoni signum audit verify.
alarm-witness = Dëshmitari { $name } nuk e nënshkroi regjistrin e auditimit { $service }: { $problem }.
alarm-relint = Shikimi i dytë më { $time } gjeti { $count } gabime në certifikatat e ruajtura. Ekzekutoni signum ca relint dhe shikoni regjistrin e auditimit.
alarm-relint-late = Shikimi i fundit i dytë i certifikatave të ruajtura ishte më { $time }. Shikoni nëse dështon puna ca.relint.
alarm-ceremony = Dy zyrtarë e revokuan autoritetin { $name } më { $time }, por lista e rrënjës jashtë rrjetit ende nuk e thotë. Mbani një ceremoni të llojit revoke dhe importojeni.
alarm-clock = Orës së replikës { $name } nuk mund t'i besohet që nga { $time }: { $problem }. Shikoni nëse chronyd punon aty dhe i arrin burimet e veta.
alarm-clock-late = Replika { $name } e shikoi orën e vet për herë të fundit më { $time }. Shikoni nëse punon ende.
