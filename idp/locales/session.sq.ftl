continue-title = Vazhdoni
continue-heading = Vazhdoni te: { $service }
continue-person = Jeni kyçur si
continue-as = Vazhdo si { $name }
continue-switch = Përdor një llogari tjetër
continue-hint = Tashmë jeni kyçur këtu. Nëse merrni një llogari tjetër, më parë dilni kudo në këtë shfletues.
consent-person = Jeni kyçur si { $name }.

logged-out-services = Shërbimet që i kishit hapur me këtë sesion
logged-out-told = U njoftua; ju ka nxjerrë
logged-out-waiting = Nuk është përgjigjur ende; vazhdojmë të provojmë
logged-out-cannot = Nuk mund të njoftohet; dilni edhe atje
logged-out-gave-up = Nuk u përgjigj; dilni edhe atje
logged-out-again = Shiko përsëri

account-open = Shihni faqen tuaj
account-title = Identiteti juaj digjital
account-lead = Këtu shihni ku jeni kyçur, çfarë ka ndodhur me identitetin tuaj dhe kush merr të dhënat tuaja.
account-sessions = Ku jeni kyçur
account-device-unknown = Pajisje e panjohur
account-this-device = kjo pajisje
account-since = Që nga
account-last-seen = Përdorur së fundi
account-level = Niveli i sigurisë
account-used-for = Përdorur për
account-no-service = ende asnjë shërbim
account-end = Përfundoje këtë sesion
account-end-others = Përfundoji të gjitha sesionet e tjera
account-services = Shërbimet që marrin të dhënat tuaja
account-services-none = Nuk jeni pajtuar t'i jepni të dhënat tuaja asnjë shërbimi.
account-resources = Mund të veprojë në emrin tuaj te
account-agreed = Jeni pajtuar më
account-data = Të dhënat
account-withdraw = Tërhiqe pëlqimin
account-withdraw-hint = Tërheqja i jep fund menjëherë gjithçkaje që i është dhënë shërbimit. Herën tjetër kur e përdorni, ai ju pyet përsëri.
account-data-representation = për kë mund të veproni
account-data-offline = të dhëna të reja kur nuk jeni aty
account-lately = Çfarë ka ndodhur së fundi
account-all-activity = Gjithçka që ka ndodhur

level-low = i ulët
level-substantial = i konsiderueshëm
level-high = i lartë
means-passkey = çelës kalimi
means-card = letërnjoftim

activity-title = Çfarë ka ndodhur me identitetin tuaj
activity-lead = Çdo kyçje dhe çdo përdorim i të dhënave tuaja, më e reja e para. Këtë faqe e shihni vetëm ju.
activity-older = Më të vjetra
activity-back = Kthehuni te faqja juaj
activity-kept = Kjo listë shkon { $years } vjet prapa.
activity-none = Ende nuk ka ndodhur asgjë.
activity-logged_in = Kyçje
activity-login_refused = Një kyçje u refuzua
activity-tokens_issued = Kyçja juaj iu konfirmua shërbimit
activity-data_released = U dërguan të dhëna
activity-consent_given = U pajtuat
activity-consent_withdrawn = E tërhoqët pëlqimin
activity-mandate_used = Vepruat për dikë tjetër
activity-logged_out = Dalje
activity-session_ended = Një sesion u përfundua
activity-disowned = Lajmëruat një kyçje që nuk ishte juaja
activity-not-me = Nuk isha unë
activity-was-disowned = Keni lajmëruar se nuk ishit ju.

not-me-title = Nuk isha unë
not-me-lead = A është kyçur dikush tjetër me identitetin tuaj?
not-me-when = Kur
not-me-means = Me
not-me-then = Nëse e konfirmoni, kjo ndodh menjëherë
not-me-then-1 = Dilni në çdo pajisje dhe në çdo shërbim që mund ta njoftojmë.
not-me-then-2 = Shfuqizohet gjithçka që shërbimet kishin të drejtë të bënin në emrin tuaj.
not-me-then-3 = Mjeti i përdorur për këtë kyçje, si çelësi juaj i kalimit, nuk funksionon më. Një të ri e merrni në zyrën e regjistrimit.
not-me-button = Nuk isha unë: përfundoji të gjitha
not-me-cancel = Isha unë
not-me-done = Identiteti juaj është i mbrojtur
not-me-done-1 = Të gjitha sesionet tuaja kanë përfunduar dhe mjeti i kyçjes nuk mund të përdoret më.
not-me-done-2 = Ju lutemi shkoni në zyrën e regjistrimit me dokumentin tuaj të identifikimit. Atje merrni një mjet të ri kyçjeje dhe rasti shqyrtohet.
error-not-me-happened = Kjo lidhje nuk është e vlefshme
error-not-me-do = Është përdorur tashmë, është më e vjetër se dhjetë ditë ose e paplotë. Ju lutemi kyçuni dhe shihni çfarë ka ndodhur me identitetin tuaj.

busy-title = Ju lutemi prisni pak
busy-full = Pikërisht tani po kyçen shumë njerëz.
busy-away = Shërbimi nuk mund të përgjigjet pikërisht tani. Asgjë nga ato që keni përfunduar nuk ka humbur.
busy-itself = Nuk keni nevojë të bëni asgjë: kjo faqe provon vetë përsëri pas disa sekondash.
busy-address = Nga rrjeti juaj erdhën shumë kërkesa në kohë të shkurtër. Ju lutemi provoni përsëri pas { $minutes ->
    [one] një minute
   *[other] { $minutes } minutash
 }.
busy-again = Provo përsëri
busy-back = Ju lutemi kthehuni një faqe prapa dhe përsëriteni atë që bëtë.

consent-representation = { $service } merr vesh edhe për kë mund të veproni: fëmijë dhe kompani, me emër.
