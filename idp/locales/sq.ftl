service = Kyçja

claim-given_name = Emri
claim-family_name = Mbiemri
claim-birthdate = Data e lindjes
claim-personal_number = Numri personal

home-heading = Identiteti juaj digjital
home-lead = Këtu kyçeni në shërbimet publike me çelësin tuaj të kalimit, pa fjalëkalim.
home-logged-in = Jeni kyçur. Tani mund t'i përdorni shërbimet pa u kyçur përsëri, derisa të dilni ose të mos i përdorni për njëfarë kohe.
home-logged-out = Askush nuk është kyçur këtu. Hapeni shërbimin që ju nevojitet; ai ju sjell këtu për t'u kyçur.
home-safe-heading = Si të mbeteni të sigurt
home-safe-1 = Asnjë zyrtar publik nuk do t'jua kërkojë kurrë me telefon çelësin e kalimit, PIN-in ose ndonjë kod.
home-safe-2 = Çelësi juaj i kalimit funksionon vetëm në këtë adresë. Një faqe e falsifikuar nuk mund ta përdorë.
home-safe-3 = Në kompjuter të përbashkët, dilni kur të keni përfunduar.

login-title = Kyçuni
login-heading = Kyçuni në: { $service }
login-service = Shërbimi
login-address = Adresa e tij
login-data = Të dhënat që kërkon
login-data-none = Asnjë; vetëm që jeni i njëjti person si herën e kaluar
login-button = Kyçuni me çelës kalimi
login-hint = Pajisja juaj do të kërkojë gjurmën e gishtit, fytyrën, PIN-in ose çelësin e sigurisë. Asgjë për ju nuk dërgohet para se të pajtoheni.
login-cancel = Anuloni dhe kthehuni
login-refused = Ky çelës kalimi nuk u pranua. Ju lutemi provoni përsëri me çelësin që keni krijuar për këtë adresë.

consent-title = Pëlqimi juaj
consent-heading = { $service } kërkon të dhënat tuaja
consent-data = Do të dërgohen këto të dhëna
consent-nothing = Nuk do të dërgohet asnjë e dhënë për ju, vetëm që jeni i njëjti person si herën e kaluar.
consent-where = Nëse pajtoheni, { $service } ({ $address }) merr saktësisht këto dhe asgjë tjetër.
consent-pseudonym = Shërbimi merr edhe një identifikues tuajin të rastësishëm. Çdo shërbim merr një tjetër, prandaj shërbimet nuk mund të krahasojnë çfarë dinë për ju.
consent-allow = Pajtohem dhe vazhdoj
consent-deny = Nuk pajtohem
consent-remembered = Pëlqimin tuaj për këtë shërbim e mbajmë mend dhe ju pyesim përsëri vetëm nëse ai kërkon më shumë.

activate-title = Aktivizoni identitetin tuaj digjital
activate-heading = Mirë se erdhët, { $name }
activate-lead = Tani krijoni çelësin e kalimit me të cilin do të kyçeni. Zgjat rreth një minutë.
activate-step-1 = Përdorni një telefon ose kompjuter që është i juaji dhe që e ka të aktivizuar bllokimin e ekranit.
activate-step-2 = Shtypni butonin më poshtë.
activate-step-3 = Konfirmoni me gjurmën e gishtit, fytyrën, PIN-in ose çelësin e sigurisë.
activate-button = Krijo çelësin tim të kalimit
activate-hint = Lidhja që ju solli këtu funksionon vetëm një herë. Gjurma e gishtit ose fytyra juaj nuk del kurrë nga pajisja.
activate-refused = Çelësi i kalimit nuk u pranua. Ju lutemi provoni përsëri me bllokim të ekranit, gjurmë gishti ose PIN të aktivizuar.
activated-title = Çelësi i kalimit u krijua
activated-heading = Identiteti juaj digjital është aktiv
activated-done = Çelësi juaj i kalimit është gati. Nga tani kyçeni me të.
activated-next = Mund ta mbyllni këtë faqe. Hapni një shërbim publik dhe zgjidhni të kyçeni; ai do t'ju sjellë përsëri këtu.
activated-hint = Nëse e humbni këtë pajisje, shkoni në zyrën e regjistrimit me dokumentin tuaj të identifikimit.

logout-title = Dilni
logout-heading = Dëshironi të dilni?
logout-services = Me këtë sesion jeni kyçur në këto shërbime:
logout-button = Dilni
logout-stay = Qëndroni të kyçur
logout-hint = Një shërbim mund t'ju mbajë të kyçur në anën e vet derisa të dilni edhe atje.
logged-out-heading = Keni dalë
logged-out-done = Sesioni juaj këtu ka përfunduar.
logged-out-hint = Në kompjuter të përbashkët, mbylleni shfletuesin tani.

error-client-happened = Nuk e njohim shërbimin që ju dërgoi këtu
error-client-do = Ju lutemi kthehuni te shërbimi dhe filloni përsëri. Nëse ndodh prapë, njoftojeni shërbimin dhe jepni referencën më poshtë. Për sigurinë tuaj nuk ju dërguam më tej.
error-redirect-happened = Shërbimi që ju dërgoi këtu dha një adresë që nuk është e regjistruar
error-redirect-do = Ju lutemi mos vazhdoni nga ajo faqe. Hapeni shërbimin duke e shkruar vetë adresën e tij. Për sigurinë tuaj nuk ju dërguam më tej.
error-gone-happened = Kjo kyçje ka skaduar
error-gone-do = Ju lutemi kthehuni te shërbimi dhe filloni përsëri.
error-completed-happened = Kjo kyçje është përdorur tashmë
error-completed-do = Nëse nuk jeni kyçur te shërbimi, ju lutemi kthehuni te ai dhe filloni përsëri.
error-other-browser-happened = Kjo kyçje ka filluar në një shfletues tjetër
error-other-browser-do = Ju lutemi vazhdoni në shfletuesin ku keni filluar, ose filloni përsëri te shërbimi. Duhet të lejohen skedarët e tipit «cookie».
error-other-session-happened = Ndërkohë është kyçur dikush tjetër
error-other-session-do = Ju lutemi kthehuni te shërbimi dhe filloni përsëri.
error-activation-happened = Kjo lidhje aktivizimi nuk është e vlefshme
error-activation-do = Është përdorur tashmë, ka skaduar ose është e paplotë. Ju lutemi kontrolloni lidhjen ose kërkoni një të re në zyrën e regjistrimit.
error-logout-happened = Shërbimi dërgoi një kërkesë të pavlefshme për dalje
error-logout-do = Ju lutemi hapni faqen tonë kryesore dhe dilni atje.
