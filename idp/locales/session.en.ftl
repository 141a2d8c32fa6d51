continue-title = Continue
continue-heading = Continue to { $service }
continue-person = You are logged in as
continue-as = Continue as { $name }
continue-switch = Use another account
continue-hint = You are already logged in here. If you take another account, you are logged out everywhere in this browser first.
consent-person = You are logged in as { $name }.

logged-out-services = The services you had open with this session
logged-out-told = Told; it has logged you out
logged-out-waiting = Not answered yet; we keep trying
logged-out-cannot = Cannot be told; log out there as well
logged-out-gave-up = Did not answer; log out there as well
logged-out-again = Look again

account-open = See your own page
account-title = Your digital identity
account-lead = Here you see where you are logged in, what happened with your identity, and who receives your data.
account-sessions = Where you are logged in
account-device-unknown = Unknown device
account-this-device = this device
account-since = Since
account-last-seen = Last used
account-level = Level of assurance
account-used-for = Used for
account-no-service = no service yet
account-end = End this session
account-end-others = End all other sessions
account-services = Services that receive your data
account-services-none = You have not agreed to give any service your data.
account-resources = May act in your name at
account-agreed = You agreed
account-data = Data
account-withdraw = Withdraw consent
account-withdraw-hint = Withdrawing ends what the service was given, at once. It asks you again the next time you use it.
account-data-representation = for whom you may act
account-data-offline = fresh data while you are away
account-lately = What happened lately
account-all-activity = Everything that happened

level-low = low
level-substantial = substantial
level-high = high
means-passkey = passkey
means-card = identity card

activity-title = What happened with your identity
activity-lead = Every log-in and every use of your data, the latest first. Only you see this page.
activity-older = Older
activity-back = Back to your page
activity-kept = This list goes back { $years } years.
activity-none = Nothing has happened yet.
activity-logged_in = Logged in
activity-login_refused = A log-in was refused
activity-tokens_issued = Your log-in was confirmed to the service
activity-data_released = Data was sent
activity-consent_given = You agreed
activity-consent_withdrawn = You withdrew your consent
activity-mandate_used = You acted for somebody else
activity-logged_out = Logged out
activity-session_ended = A session was ended
activity-disowned = You reported a log-in that was not yours
activity-not-me = This wasn't me
activity-was-disowned = You reported that this was not you.

not-me-title = This wasn't me
not-me-lead = Did somebody else log in with your identity?
not-me-when = When
not-me-means = With
not-me-then = If you say so, this happens at once
not-me-then-1 = You are logged out on every device and of every service that we can tell.
not-me-then-2 = Everything that services were allowed to do in your name is revoked.
not-me-then-3 = The means used for this log-in, such as your passkey, no longer works. You get a new one at the registration office.
not-me-button = It was not me: end everything
not-me-cancel = It was me
not-me-done = Your identity is protected
not-me-done-1 = All your sessions have ended, and what logged in can no longer be used.
not-me-done-2 = Please go to the registration office with your identity document. There you get a new means of log-in, and the case is looked into.
error-not-me-happened = This link is not valid
error-not-me-do = It was already used, is older than ten days, or is incomplete. Please log in and look at what happened with your identity.

busy-title = Please wait a moment
busy-full = Very many people are logging in just now.
busy-away = The service cannot answer just now. Nothing that you had completed is lost.
busy-itself = You need not do anything: this page tries again by itself in a few seconds.
busy-address = Very many requests came from your network in a short time. Please try again in { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
 }.
busy-again = Try again
busy-back = Please go back one page and repeat what you did.

consent-representation = { $service } also learns for whom you may act: children and companies, by name.
