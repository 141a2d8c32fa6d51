# Korniza e faqes dhe përgjigjet e vetë platformës.
skip = Kaloni te përmbajtja
language-switch = Gjuha
platform = Identiteti digjital dhe nënshkrimi elektronik
signed-in-as = Jeni kyçur si { $name }
log-out = Dilni
reference = Kodi i referencës
reference-hint = Nëse na kontaktoni, ju lutemi tregojeni këtë kod. Ai na ndihmon ta gjejmë se çfarë ka ndodhur.
back-home = Te faqja kryesore
steps = Hapat
step-done = i kryer
step-now = tani
noscript = Kjo faqe ka nevojë për JavaScript që shfletuesi ta përdorë çelësin tuaj të kalimit. Ju lutemi aktivizojeni dhe hapeni faqen përsëri.

# Çfarë ka ndodhur dhe çfarë mund të bëhet.
error-bad-request-happened = Kërkesa nuk u kuptua
error-bad-request-do = Ju lutemi kthehuni dhe provoni përsëri. Nëse keni ndjekur një lidhje, ajo mund të jetë e paplotë.
error-forbidden-happened = Kërkesa nuk mund të pranohej
error-forbidden-do = Për sigurinë tuaj u ndalëm këtu. Ju lutemi hapeni faqen sërish dhe përsëriteni veprimin.
error-not-found-happened = Kjo faqe nuk ekziston
error-not-found-do = Ju lutemi kontrolloni adresën ose filloni nga faqja kryesore.
error-expired-happened = Kjo faqe nuk vlen më
error-expired-do = Ka kaluar shumë kohë ose faqja është përdorur një herë. Ju lutemi filloni nga e para.
error-too-large-happened = Skedari është tepër i madh
error-too-large-do = Ju lutemi zgjidhni një skedar më të vogël dhe provoni përsëri.
error-busy-happened = Tepër përpjekje
error-busy-do = Ju lutemi prisni pak dhe provoni përsëri.
error-unavailable-happened = Shërbimi nuk është i disponueshëm për momentin
error-unavailable-do = Ju lutemi provoni përsëri pas disa minutash. Asgjë nga ato që keni përfunduar nuk ka humbur.
error-internal-happened = Diçka shkoi keq nga ana jonë
error-internal-do = Ju lutemi provoni përsëri. Nëse përsëritet, na kontaktoni dhe tregojeni kodin më poshtë.

# Butonat e çelësit të kalimit.
passkey-working = Një çast …
passkey-waiting = Ju lutemi konfirmoni me pajisjen tuaj: gjurmën e gishtit, fytyrën, PIN-in ose çelësin e sigurisë.
passkey-finishing = Po kontrollohet …
passkey-cancelled = Nuk u krye asgjë: kërkesa u anulua ose zgjati tepër. Mund të provoni përsëri.
passkey-unsupported = Ky shfletues nuk mund të përdorë çelësa kalimi. Ju lutemi përditësojeni ose përdorni një shfletues a pajisje tjetër.
passkey-exists = Kjo pajisje e ka tashmë një çelës kalimi tuajin për këtë shërbim. Ju lutemi përdorni një pajisje tjetër ose kyçuni me të.
passkey-insecure = Shfletuesi nuk pranoi ta përdorë çelësin e kalimit në këtë adresë. Ju lutemi kontrolloni adresën dhe hapeni faqen përsëri.
passkey-expired = Kjo faqe nuk vlen më. Ju lutemi filloni nga e para.
passkey-refused = Çelësi i kalimit nuk u pranua. Ju lutemi provoni përsëri ose përdorni çelësin që keni regjistruar këtu.
passkey-network = Shërbimi nuk mund të arrihet. Ju lutemi kontrolloni lidhjen dhe provoni përsëri.
passkey-server = Diçka shkoi keq nga ana jonë. Ju lutemi provoni përsëri.
