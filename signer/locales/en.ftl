service = Signing desk

# Home
welcome-title = Sign documents
welcome-heading = Sign your documents electronically
welcome-lead = You upload a PDF, see what it is, and sign it with your signing passkey. Nobody else can sign in your name: not this service either.
welcome-log-in = Log in
welcome-how-heading = How it works
welcome-how-1 = You log in with your digital identity.
welcome-how-2 = The first time, you set up signing: you make a signing passkey, and two registration officers confirm that it is yours.
welcome-how-3 = Then you sign as often as you like: one document, one confirmation on your device.
home-title = Your documents
home-heading = Good day, { $name }
home-sign-heading = Sign a PDF
home-file = PDF document
home-file-hint = Up to { $size } MB. The document stays as it is; the signature is added at its end.
home-file-choose = Choose a PDF
home-file-none = none chosen yet
home-upload = Continue
home-upload-next = Nothing is signed yet: next you see the document's details and decide.
home-documents-heading = Your documents
home-documents-none = You have not signed anything here yet.
home-enrol-heading = Set up signing
home-enrol-lead = Before you sign for the first time you need a signing passkey and a certificate in your name.
home-enrol-button = Set up signing
home-enrol-continue = Continue setting up
home-ready = You can sign. Your certificate: { $name }.
document-state-open = not signed yet
document-state-working = is being completed
document-state-unfinished = signed, without a timestamp so far
document-state-done = signed on { $time }
document-state-failed = not signed
document-keep = Please save your signed documents: we keep them here for { $days } days. Documents that you do not sign are deleted after { $minutes } minutes.

# Setting up signing
enrol-title = Set up signing
enrol-heading = Set up signing
enrol-lead = You need this once. It takes about two minutes of your time; after that the registration officers confirm.
enrol-step-passkey = Signing passkey
enrol-step-officers = Officers
enrol-step-ready = Ready
enrol-why-heading = What happens
enrol-why-1 = Your signing key is made in a secured device here. It can be used with your signing passkey only.
enrol-why-2 = You make the signing passkey now. It is another one than the passkey you log in with.
enrol-why-3 = Two registration officers confirm, each on their own, that passkey and key belong to you.
enrol-why-4 = You receive a certificate in your name.
enrol-begin = Begin
enrol-passkey-heading = Make your signing passkey
enrol-passkey-lead = Use a device that is yours alone and that has a screen lock. With this passkey you will confirm every signature.
enrol-passkey-button = Make the signing passkey
enrol-passkey-hint = Your device asks for your fingerprint, your face, a PIN or a security key. None of that is sent to us.
enrol-passkey-refused = The passkey was not accepted. Please try again with screen lock, fingerprint or PIN turned on.
enrol-waiting-heading = Your signing passkey is made
enrol-waiting-lead = Two registration officers now confirm that it belongs to you. You may close this page and come back later.
enrol-waiting = Waiting for the confirmation …
enrol-fingerprint = Code of your signing passkey
enrol-fingerprint-hint = Each officer reads these five groups to you. The officer may confirm only if they are exactly the same; if they differ, say so.
enrol-fingerprint-elsewhere = Officers ask for the code of your passkey. You see it in the browser in which you made the passkey: please open this page there.
enrol-ready-heading = You can sign now
enrol-ready-lead = Your certificate was issued. Upload a PDF and sign it with your signing passkey.
enrol-ready-button = Sign a document
enrol-failed-heading = Setting up signing did not succeed
enrol-failed-lead = The confirmation was not accepted. Nothing was issued and nobody can sign in your name. Please start again; if it happens again, go to a registration office with your identity document.
enrol-again = Start again
fact-name = Name
fact-certificate = Certificate until
fact-since = Since

# Confirming
confirm-title = Confirm and sign
confirm-heading = Do you want to sign this document?
confirm-name = Document
confirm-pages = Pages
confirm-size = Size
confirm-size-value = { $bytes ->
    [one] { $shown } byte
   *[other] { $shown } bytes
 }
confirm-digest = Fingerprint (SHA-256)
confirm-signer = Signed by
confirm-format = Kind of signature
confirm-format-value = Electronic signature in the PDF with a trusted timestamp (PAdES, level B-T)
confirm-look = Have you read the document? You sign exactly the file that you uploaded. If you compute its fingerprint yourself, it must be the one shown here.
confirm-button = Sign with my signing passkey
confirm-cancel = Do not sign
confirm-hint = By confirming on your device you sign this document. Only then is your signing key used, and only once.
confirm-until = If you do not sign, the document is deleted automatically, at the latest on { $time }.
confirm-not-ready = You cannot sign at the moment: setting up signing is not complete.
sign-gesture = Your signing passkey's answer was not accepted; nothing was signed. Please try again with the signing passkey that you made here.
sign-expired = The time to confirm is over; nothing was signed. Please try again.
sign-too-old = The time to sign this document is over and it is being deleted; nothing was signed. Please upload it again.
sign-used = This request was used already. Please load the page again.
sign-altered = The document is no longer the one you agreed to. Nothing was signed. Please upload it again.
sign-status = Your certificate is not valid at the moment; nothing was signed. Please go to a registration office.
sign-refused = The signature was refused for your safety; nothing was signed. Please load the page again.
sign-away = A part of the service is away; nothing was signed. Please try again in a minute.

# Done
done-title = Signed
done-heading = Your document is signed
done-lead = The signature and a trusted timestamp are in the PDF. Anyone can check them, without us.
done-download = Download the signed PDF
done-evidence = Evidence of your confirmation (JSON)
done-time = Time of the timestamp
done-means-heading = What this means
done-means-1 = If one character of the document is changed later, every checking program shows it.
done-means-2 = Give the file on as it is. A print-out does not carry the signature.
done-means-3 = The evidence shows what exactly you confirmed. Keep it with the document if the matter is important.
done-another = Sign another document
working-title = Signed, almost done
working-heading = You have signed; the timestamp follows
working-lead = Your signature is stored. You do not have to confirm again.
working = Waiting for the timestamp …
unknown-title = Checking
unknown-heading = We are checking whether your signature was made
unknown-lead = You confirmed, but the signing module's answer has not arrived. Please do not upload the document again: we ask the module until we know. Nothing is ever signed twice. You may close this page and come back later.
unknown-waiting = Waiting for the signing module …
unfinished-title = Signed, without a timestamp
unfinished-heading = You have signed; the timestamp is still missing
unfinished-lead = Your signature is stored and stays so; please do not sign again. The timestamp could not be added so far, and our staff have been told. You can have it tried again.
unfinished-again = Try again now
failed-title = Not signed
failed-heading = The document was not signed
failed-lead = The work was interrupted or the document was not the one you agreed to. Nothing was given out in your name. Please upload the document again.
failed-lost = The signing module's answer did not arrive, and whether a signature was made can no longer be found out. We hold none and gave none out. You may upload the document again and sign it.
failed-again = Upload the document again
size-pages = { $pages ->
    [one] { $pages } page
   *[other] { $pages } pages
 }

# What went wrong
error-no-file-happened = No document was chosen
error-no-file-do = Please go back, choose a PDF and continue.
error-open-documents-happened = { $count } of your documents already wait for your signature
error-open-documents-do = Please sign them first. Documents that are not signed are deleted after { $minutes } minutes.
error-daily-upload-happened = You have uploaded { $size } MB today
error-daily-upload-do = More is not possible in one day. Please come back in { $hours } hours.
error-pdf-too-large-happened = The document is too large
error-pdf-too-large-do = Please choose a smaller PDF.
error-pdf-not-pdf-happened = This is not a PDF
error-pdf-not-pdf-do = Please save your document as a PDF and upload that.
error-pdf-malformed-happened = This PDF is damaged
error-pdf-malformed-do = Open it in your PDF program, save it under a new name and upload that. We never change your document ourselves.
error-pdf-too-complex-happened = This PDF takes too much work to read
error-pdf-too-complex-do = Print it into a new PDF with your PDF program and upload that.
error-pdf-encrypted-happened = This PDF is protected by a password or by permissions
error-pdf-encrypted-do = Save it without protection and upload that.
error-pdf-dynamic-form-happened = This PDF is a dynamic form (XFA)
error-pdf-dynamic-form-do = What such a form shows can change. Print it into a new PDF and upload that.
error-pdf-certified-happened = Its author has locked this PDF against every change
error-pdf-certified-do = It cannot take another signature. Please ask its author for a version that may be signed.
error-pdf-no-pages-happened = This PDF has no pages
error-pdf-no-pages-do = Please choose another PDF.
error-pdf-signature-too-large-happened = The signature does not fit into this PDF
error-pdf-signature-too-large-do = Please tell us the reference below.
error-login-not-begun-happened = This log-in was not begun here
error-login-not-begun-do = It took too long, or it was begun in another browser. Please log in again from the home page.
error-login-denied-happened = You did not log in
error-login-denied-do = To sign we need your name and personal number, because they stand in the certificate. You can try again from the home page.
error-login-refused-happened = The log-in was not accepted
error-login-refused-do = Please log in again from the home page. If it happens again, give us the reference below.
error-login-away-happened = Logging in is not possible at the moment
error-login-away-do = Please try again in a few minutes.
error-login-incomplete-happened = Your name or personal number is missing
error-login-incomplete-do = They stand in the certificate, so without them nobody can sign. Please log in again and agree that they are sent.
