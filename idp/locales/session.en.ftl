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
