service = Log-in

claim-given_name = Given name
claim-family_name = Family name
claim-birthdate = Date of birth
claim-personal_number = Personal number

home-heading = Your digital identity
home-lead = Here you log in to public services with your passkey, without a password.
home-logged-in = You are logged in. You can now use your services without logging in again, until you log out or stop using them for a while.
home-logged-out = Nobody is logged in here. Open the service that you need; it brings you here to log in.
home-safe-heading = How to stay safe
home-safe-1 = Nobody from a public authority will ever ask you for your passkey, your PIN or a code by telephone.
home-safe-2 = Your passkey works only at this address. A copied page cannot use it.
home-safe-3 = On a shared computer, log out when you are done.

login-title = Log in
login-heading = Log in to { $service }
login-service = Service
login-address = Its address
login-data = Data it asks for
login-data-none = None; only that you are the same person as last time
login-button = Log in with passkey
login-hint = Your device will ask for your fingerprint, your face, a PIN or your security key. Nothing about you is sent before you agree.
login-cancel = Cancel and go back
login-refused = This passkey was not accepted. Please try again with the passkey that you made for this address.

consent-title = Your consent
consent-heading = { $service } asks for your data
consent-data = This will be sent
consent-nothing = No data about you will be sent, only that you are the same person as last time.
consent-where = If you agree, { $service } ({ $address }) receives exactly this, and nothing else.
consent-pseudonym = The service also receives a random identifier of yours. Every service gets a different one, so services cannot compare what they know about you.
consent-allow = Agree and continue
consent-deny = Do not agree
consent-remembered = We remember your consent for this service and ask again only if it wants more.

activate-title = Activate your digital identity
activate-heading = Welcome, { $name }
activate-lead = You now make the passkey with which you will log in. It takes about a minute.
activate-step-1 = Use a phone or computer that belongs to you and has a screen lock.
activate-step-2 = Press the button below.
activate-step-3 = Confirm with your fingerprint, your face, a PIN or your security key.
activate-button = Make my passkey
activate-hint = The link that brought you here works once. Your fingerprint or face never leaves your device.
activate-refused = The passkey was not accepted. Please try again with screen lock, fingerprint or PIN turned on.
activated-title = Passkey made
activated-heading = Your digital identity is active
activated-done = Your passkey is ready. From now on you log in with it.
activated-next = You can close this page. Open a public service and choose to log in; it will bring you back here.
activated-hint = If you lose this device, go to the registration office with your identity document.

logout-title = Log out
logout-heading = Do you want to log out?
logout-services = You are logged in to these services with this session:
logout-button = Log out
logout-stay = Stay logged in
logout-hint = A service may keep you logged in on its own side until you log out there as well.
logged-out-heading = You are logged out
logged-out-done = Your session here has ended.
logged-out-hint = On a shared computer, close the browser now.

error-client-happened = We do not know the service that sent you here
error-client-do = Please go back to the service and start again. If it happens again, tell the service and give the reference below. For your safety we did not send you on.
error-redirect-happened = The service that sent you here gave an address that is not registered
error-redirect-do = Please do not continue from that page. Open the service by typing its address yourself. For your safety we did not send you on.
error-gone-happened = This log-in has expired
error-gone-do = Please go back to the service and start again.
error-completed-happened = This log-in has already been used
error-completed-do = If you are not logged in at the service, please go back to it and start again.
error-other-browser-happened = This log-in began in another browser
error-other-browser-do = Please continue in the browser where you began, or start again at the service. Cookies have to be allowed.
error-other-session-happened = Somebody else has logged in in the meantime
error-other-session-do = Please go back to the service and start again.
error-activation-happened = This activation link is not valid
error-activation-do = It was already used, has expired, or is incomplete. Please check the link, or ask the registration office for a new one.
error-logout-happened = The service sent an invalid request to log out
error-logout-do = Please open our home page and log out there.
