service = Sporteli i nënshkrimit

# Faqja kryesore
welcome-title = Nënshkruani dokumente
welcome-heading = Nënshkruani dokumentet tuaja në mënyrë elektronike
welcome-lead = Ngarkoni një PDF, shihni se çfarë është dhe e nënshkruani me çelësin tuaj të nënshkrimit. Askush tjetër nuk mund të nënshkruajë në emrin tuaj, as ky shërbim.
welcome-log-in = Kyçuni
welcome-how-heading = Si funksionon
welcome-how-1 = Kyçeni me identitetin tuaj digjital.
welcome-how-2 = Herën e parë e përgatitni nënshkrimin: krijoni një çelës nënshkrimi dhe dy zyrtarë të regjistrimit vërtetojnë se është i juaji.
welcome-how-3 = Pastaj nënshkruani sa herë që dëshironi: një dokument, një konfirmim në pajisjen tuaj.
home-title = Dokumentet tuaja
home-heading = Mirë se erdhët, { $name }
home-sign-heading = Nënshkruani një PDF
home-file = Dokumenti PDF
home-file-hint = Deri në { $size } MB. Dokumenti mbetet siç është; nënshkrimi shtohet në fund të tij.
home-file-choose = Zgjidhni një PDF
home-file-none = ende asnjë
home-upload = Vazhdoni
home-upload-next = Ende nuk nënshkruhet asgjë: në hapin tjetër i shihni të dhënat e dokumentit dhe vendosni.
home-documents-heading = Dokumentet tuaja
home-documents-none = Ende nuk keni nënshkruar asgjë këtu.
home-enrol-heading = Përgatitni nënshkrimin
home-enrol-lead = Para se të nënshkruani për herë të parë ju duhen një çelës nënshkrimi dhe një certifikatë në emrin tuaj.
home-enrol-button = Përgatitni nënshkrimin
home-enrol-continue = Vazhdoni përgatitjen
home-ready = Mund të nënshkruani. Certifikata juaj: { $name }.
document-state-open = ende i panënshkruar
document-state-working = po përfundohet
document-state-unfinished = nënshkruar, ende pa vulë kohore
document-state-done = nënshkruar më { $time }
document-state-failed = i panënshkruar
document-keep = Ju lutemi ruajini dokumentet e nënshkruara: këtu i mbajmë për { $days } ditë. Dokumentet që nuk i nënshkruani fshihen pas { $minutes } minutash.

# Përgatitja e nënshkrimit
enrol-title = Përgatitni nënshkrimin
enrol-heading = Përgatitni nënshkrimin
enrol-lead = Kjo bëhet vetëm një herë. Ju merr rreth dy minuta; pastaj e vërtetojnë zyrtarët e regjistrimit.
enrol-step-passkey = Çelësi i nënshkrimit
enrol-step-officers = Vërtetimi
enrol-step-ready = Gati
enrol-why-heading = Çfarë ndodh
enrol-why-1 = Çelësi juaj kriptografik krijohet këtu, në një pajisje të siguruar. Ai mund të përdoret vetëm me çelësin tuaj të nënshkrimit.
enrol-why-2 = Çelësin e nënshkrimit e krijoni tani. Ai është tjetër nga çelësi i kalimit me të cilin kyçeni.
enrol-why-3 = Dy zyrtarë të regjistrimit vërtetojnë, secili më vete, se çelësi është i juaji.
enrol-why-4 = Ju merrni një certifikatë në emrin tuaj.
enrol-begin = Filloni
enrol-passkey-heading = Krijoni çelësin tuaj të nënshkrimit
enrol-passkey-lead = Përdorni një pajisje që është vetëm e juaja dhe që ka bllokim të ekranit. Me këtë çelës do ta konfirmoni çdo nënshkrim.
enrol-passkey-button = Krijo çelësin e nënshkrimit
enrol-passkey-hint = Pajisja kërkon gjurmën e gishtit, fytyrën, PIN-in ose çelësin e sigurisë. Asgjë nga këto nuk na dërgohet.
enrol-passkey-refused = Çelësi nuk u pranua. Ju lutemi provoni përsëri me bllokim të ekranit, gjurmë gishti ose PIN të aktivizuar.
enrol-waiting-heading = Çelësi juaj i nënshkrimit u krijua
enrol-waiting-lead = Tani dy zyrtarë të regjistrimit vërtetojnë se është i juaji. Mund ta mbyllni këtë faqe dhe të ktheheni më vonë.
enrol-waiting = Po pritet vërtetimi …
enrol-fingerprint = Kodi i çelësit tuaj të nënshkrimit
enrol-fingerprint-hint = Secili zyrtar jua lexon këto pesë grupe. Zyrtari mund të vërtetojë vetëm nëse janë krejt të njëjta; nëse ndryshojnë, tregojani zyrtarit.
enrol-fingerprint-elsewhere = Zyrtarët pyesin për kodin e çelësit tuaj. Atë e shihni në shfletuesin ku e krijuat çelësin: ju lutemi hapeni këtë faqe aty.
enrol-ready-heading = Tani mund të nënshkruani
enrol-ready-lead = Certifikata juaj u lëshua. Ngarkoni një PDF dhe nënshkruajeni me çelësin tuaj të nënshkrimit.
enrol-ready-button = Nënshkruani një dokument
enrol-failed-heading = Përgatitja e nënshkrimit nuk pati sukses
enrol-failed-lead = Vërtetimi nuk u pranua. Nuk u lëshua asgjë dhe askush nuk mund të nënshkruajë në emrin tuaj. Ju lutemi filloni nga e para; nëse përsëritet, shkoni në zyrën e regjistrimit me dokumentin tuaj të identifikimit.
enrol-again = Filloni nga e para
fact-name = Emri
fact-certificate = Certifikata vlen deri më
fact-since = Që nga

# Konfirmimi
confirm-title = Konfirmoni dhe nënshkruani
confirm-heading = Dëshironi ta nënshkruani këtë dokument?
confirm-name = Dokumenti
confirm-pages = Faqet
confirm-size = Madhësia
confirm-size-value = { $bytes ->
    [one] { $shown } bajt
   *[other] { $shown } bajt
 }
confirm-digest = Gjurma digjitale (SHA-256)
confirm-signer = Nënshkruan
confirm-format = Lloji i nënshkrimit
confirm-format-value = Nënshkrim elektronik në PDF me vulë kohore të besuar (PAdES, niveli B-T)
confirm-look = A e keni lexuar dokumentin? Nënshkruani pikërisht skedarin që keni ngarkuar. Nëse e llogaritni vetë gjurmën e tij digjitale, ajo duhet të jetë kjo që shihni këtu.
confirm-button = Nënshkruaj me çelësin tim të nënshkrimit
confirm-cancel = Mos nënshkruaj
confirm-hint = Duke konfirmuar në pajisjen tuaj e nënshkruani këtë dokument. Vetëm atëherë përdoret çelësi juaj kriptografik, dhe vetëm një herë.
confirm-until = Nëse nuk nënshkruani, dokumenti fshihet automatikisht, më së voni më { $time }.
confirm-not-ready = Për momentin nuk mund të nënshkruani: përgatitja e nënshkrimit nuk ka përfunduar.
sign-gesture = Përgjigjja e çelësit të nënshkrimit nuk u pranua; nuk u nënshkrua asgjë. Ju lutemi provoni përsëri me çelësin e nënshkrimit që keni krijuar këtu.
sign-expired = Koha për konfirmim ka kaluar; nuk u nënshkrua asgjë. Ju lutemi provoni përsëri.
sign-too-old = Koha për ta nënshkruar këtë dokument ka kaluar dhe ai po fshihet; nuk u nënshkrua asgjë. Ju lutemi ngarkojeni përsëri.
sign-used = Kjo kërkesë është përdorur tashmë. Ju lutemi hapeni faqen përsëri.
sign-altered = Dokumenti nuk është më ai për të cilin jeni pajtuar. Nuk u nënshkrua asgjë. Ju lutemi ngarkojeni përsëri.
sign-status = Certifikata juaj nuk vlen për momentin; nuk u nënshkrua asgjë. Ju lutemi shkoni në zyrën e regjistrimit.
sign-refused = Nënshkrimi u refuzua për sigurinë tuaj; nuk u nënshkrua asgjë. Ju lutemi hapeni faqen përsëri.
sign-away = Një pjesë e shërbimit nuk është e disponueshme; nuk u nënshkrua asgjë. Ju lutemi provoni përsëri pas një minute.

# Përfundimi
done-title = U nënshkrua
done-heading = Dokumenti juaj është nënshkruar
done-lead = Nënshkrimi dhe vula kohore e besuar janë në PDF. Çdokush mund t'i kontrollojë, edhe pa ne.
done-download = Shkarkoni PDF‑në e nënshkruar
done-evidence = Dëshmia e konfirmimit tuaj (JSON)
done-time = Koha e vulës kohore
done-means-heading = Çfarë do të thotë kjo
done-means-1 = Nëse më vonë ndryshohet qoftë edhe një shkronjë e dokumentit, çdo program kontrolli e tregon këtë.
done-means-2 = Jepeni skedarin ashtu siç është. Versioni i shtypur në letër nuk e bart nënshkrimin.
done-means-3 = Dëshmia tregon saktësisht se çfarë keni konfirmuar. Ruajeni bashkë me dokumentin nëse çështja është e rëndësishme.
done-another = Nënshkruani një dokument tjetër
working-title = U nënshkrua, edhe pak
working-heading = Keni nënshkruar; vula kohore vjen menjëherë pas kësaj
working-lead = Nënshkrimi juaj është ruajtur. Nuk keni nevojë të konfirmoni përsëri.
working = Po pritet vula kohore …
unknown-title = Po verifikohet
unknown-heading = Po verifikojmë nëse nënshkrimi juaj u krijua
unknown-lead = Ju konfirmuat, por përgjigjja e modulit të nënshkrimit nuk ka mbërritur. Ju lutemi mos e ngarkoni dokumentin përsëri: ne e pyesim modulin derisa ta dimë. Asgjë nuk nënshkruhet dy herë. Mund ta mbyllni këtë faqe dhe të ktheheni më vonë.
unknown-waiting = Po pritet moduli i nënshkrimit …
unfinished-title = U nënshkrua, pa vulë kohore
unfinished-heading = Keni nënshkruar; ende mungon vula kohore
unfinished-lead = Nënshkrimi juaj është ruajtur dhe nuk humbet; ju lutemi mos nënshkruani përsëri. Vula kohore deri tani nuk mund të shtohej dhe personeli ynë është njoftuar. Mund të kërkoni të provohet përsëri.
unfinished-again = Provoni përsëri tani
failed-title = Nuk u nënshkrua
failed-heading = Dokumenti nuk u nënshkrua
failed-lead = Puna u ndërpre ose dokumenti nuk ishte ai për të cilin jeni pajtuar. Nuk u dha asgjë në emrin tuaj. Ju lutemi ngarkojeni dokumentin përsëri.
failed-lost = Përgjigjja e modulit të nënshkrimit nuk mbërriti dhe nuk mund të dihet më nëse u krijua nënshkrim. Ne nuk kemi asnjë dhe nuk kemi dhënë asnjë. Mund ta ngarkoni dokumentin përsëri dhe ta nënshkruani.
failed-again = Ngarkoni dokumentin përsëri
size-pages = { $pages ->
    [one] { $pages } faqe
   *[other] { $pages } faqe
 }

# Çfarë ka ndodhur
error-no-file-happened = Nuk keni zgjedhur dokument
error-no-file-do = Ju lutemi kthehuni, zgjidhni një PDF dhe vazhdoni.
error-open-documents-happened = Tashmë { $count } dokumente tuaja presin nënshkrimin
error-open-documents-do = Ju lutemi nënshkruani së pari ato. Dokumentet e panënshkruara fshihen pas { $minutes } minutash.
error-daily-upload-happened = Sot keni ngarkuar tashmë { $size } MB
error-daily-upload-do = Brenda një dite nuk mund të ngarkohet më shumë. Ju lutemi kthehuni pas { $hours } orësh.
error-pdf-too-large-happened = Dokumenti është tepër i madh
error-pdf-too-large-do = Ju lutemi zgjidhni një PDF më të vogël.
error-pdf-not-pdf-happened = Ky skedar nuk është PDF
error-pdf-not-pdf-do = Ju lutemi ruajeni dokumentin si PDF dhe ngarkojeni atë.
error-pdf-malformed-happened = Kjo PDF është e dëmtuar
error-pdf-malformed-do = Hapeni me programin tuaj për PDF, ruajeni me emër të ri dhe ngarkojeni atë. Ne vetë nuk e ndryshojmë kurrë dokumentin tuaj.
error-pdf-too-complex-happened = Kjo PDF kërkon tepër punë për t'u lexuar
error-pdf-too-complex-do = Shtypeni në një PDF të re me programin tuaj për PDF dhe ngarkojeni atë.
error-pdf-encrypted-happened = Kjo PDF është e mbrojtur me fjalëkalim ose me leje
error-pdf-encrypted-do = Ruajeni pa mbrojtje dhe ngarkojeni atë.
error-pdf-dynamic-form-happened = Kjo PDF është formular dinamik (XFA)
error-pdf-dynamic-form-do = Ajo që tregon një formular i tillë mund të ndryshojë. Shtypeni në një PDF të re dhe ngarkojeni atë.
error-pdf-certified-happened = Autori e ka mbyllur këtë PDF për çdo ndryshim
error-pdf-certified-do = Ajo nuk mund të marrë nënshkrim tjetër. Ju lutemi kërkoni nga autori një version që mund të nënshkruhet.
error-pdf-no-pages-happened = Kjo PDF nuk ka faqe
error-pdf-no-pages-do = Ju lutemi zgjidhni një PDF tjetër.
error-pdf-signature-too-large-happened = Nënshkrimi nuk ka vend në këtë PDF
error-pdf-signature-too-large-do = Ju lutemi na e tregoni kodin më poshtë.
error-login-not-begun-happened = Kjo kyçje nuk ka filluar këtu
error-login-not-begun-do = Ka zgjatur tepër ose ka filluar në një shfletues tjetër. Ju lutemi kyçuni përsëri nga faqja kryesore.
error-login-denied-happened = Nuk jeni kyçur
error-login-denied-do = Për të nënshkruar na duhen emri dhe numri juaj personal, sepse ato shënohen në certifikatë. Mund të provoni përsëri nga faqja kryesore.
error-login-refused-happened = Kyçja nuk u pranua
error-login-refused-do = Ju lutemi kyçuni përsëri nga faqja kryesore. Nëse përsëritet, na e tregoni kodin më poshtë.
error-login-away-happened = Për momentin nuk mund të kyçeni
error-login-away-do = Ju lutemi provoni përsëri pas disa minutash.
error-login-incomplete-happened = Mungon emri ose numri juaj personal
error-login-incomplete-do = Ato shënohen në certifikatë, prandaj pa to nuk mund të nënshkruhet. Ju lutemi kyçuni përsëri dhe pajtohuni që ato të dërgohen.
