service = Officers of the certification authority
result = To be taken along

key-title = Make an officer's key
key-lead = Your device makes a passkey for this host alone. Its public half is shown afterwards: take it to whoever writes the list of officers. It is worth nothing until administrators have agreed to a list with it.
key-button = Make a passkey
key-made-title = The public half of your key
key-made-lead = Give this text to whoever writes the list of officers, and compare it together. The private half stays on your device.

gesture-title = Make a gesture
gesture-lead = A command asked for your agreement. Compare these digits with those that the command shows; if a single one differs, do not go on.
gesture-none = Open the address that the command shows: it says what is asked.
gesture-host = Key for
gesture-challenge = What you agree to
gesture-button = Agree with the passkey
gesture-made-title = Your gesture
gesture-made-lead = Save this text in a file and hand it to the command. It agrees to those digits and to nothing else.

agree-title = A request that waits for you
agree-lead = Another officer asked for this. Agree only if you know it from the papers yourself.
agree-kind = Kind
agree-what = What is to be done
agree-asked-by = Asked for by
agree-until = Good until
agree-given-by = Agreed to by
agree-hash = Hash of the request
agree-who = Who are you?
agree-nobody = Nobody else can agree to it: everybody who may has done so.
agree-button = Agree with the passkey

kind-ca-key-use = Use of a key of the authority
kind-profile-change = Change of settings that shape certificates
kind-ca-revocation = Revocation or end of an authority
kind-bulk-action = Change of many certificates
