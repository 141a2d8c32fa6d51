# The page shell and the kit's own answers.
skip = Skip to the content
language-switch = Language
platform = Digital identity and electronic signature
signed-in-as = Logged in as { $name }
log-out = Log out
reference = Reference
reference-hint = If you contact us, please give this reference. It helps us find what happened.
back-home = To the home page
steps = Steps
step-done = done
step-now = now
noscript = This page needs JavaScript so that your browser can use your passkey. Please turn it on and open the page again.

# What went wrong, and what to do.
error-bad-request-happened = We could not understand this request
error-bad-request-do = Please go back and try again. If you followed a link, it may be incomplete.
error-forbidden-happened = This request could not be accepted
error-forbidden-do = For your safety we stopped here. Please open the page again and repeat what you did.
error-not-found-happened = This page does not exist
error-not-found-do = Please check the address, or start from the home page.
error-expired-happened = This page is no longer valid
error-expired-do = Too much time has passed, or it was already used. Please start again.
error-too-large-happened = The file is too large
error-too-large-do = Please choose a smaller file and try again.
error-busy-happened = Too many attempts
error-busy-do = Please wait a little and then try again.
error-unavailable-happened = The service is not available at the moment
error-unavailable-do = Please try again in a few minutes. Nothing that you had completed is lost.
error-internal-happened = Something went wrong on our side
error-internal-do = Please try again. If it happens again, contact support and give the reference below.

# Passkey buttons.
passkey-working = One moment …
passkey-waiting = Please confirm with your device: fingerprint, face, PIN or security key.
passkey-finishing = Checking …
passkey-cancelled = Nothing was done: the request was cancelled or took too long. You can try again.
passkey-unsupported = This browser cannot use passkeys. Please update it, or use another browser or device.
passkey-exists = This device already holds a passkey for you here. Please use another device or log in with it.
passkey-insecure = The browser refused to use a passkey at this address. Please check the address and open the page again.
passkey-expired = This page is no longer valid. Please start again.
passkey-refused = The passkey was not accepted. Please try again, or use the passkey that you registered here.
passkey-network = The service cannot be reached. Please check your connection and try again.
passkey-server = Something went wrong on our side. Please try again.
