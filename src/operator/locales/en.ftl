service = Operations
title = State of the certification authority
state-at = State at { $time }. Times are in UTC.
no-alarms = No alarms. Everything that must be renewed or signed was renewed and signed in time.
none = None.

keys = Own keys and certificates
holder = Key of
issuer = Issued by
key = Label in the token
valid-until = Valid until
days-left = Days left

lists = Revocation lists
list = List
number = Number
made = Made
next-update = Next at the latest

answer-due = OCSP answer that is due first

relint-at = Second look at stored certificates
relint-findings = Findings of it

clocks = Clocks
replica = Replica
looked-at = Looked at
off-by = Off by at most
off-unknown = not known
off-unchecked = not checked
no-caa = CAA records are not looked up: no resolver is configured (ca.caa_resolver). TLS certificates are issued for names below ca.tls_domains alone.

waiting = Waiting
intents = Certificates begun and not ended
owed = Status changes not yet in the audit log
approvals = Requests that wait for a second officer

logs = Audit logs
log = Log
entries = Entries
unordered = Not in order yet
signed-up-to = Signed up to entry
signed-at = Signed at

witnesses = Witnesses of the audit logs
witness = Witness
problem = Problem

alarm-authority = The certificate of the authority { $name } ends at { $time }. Prepare the ceremony for its successor.
alarm-unit = The certificate of { $name } ends at { $time } and was not renewed. See whether the job ca.own_keys fails.
alarm-list = The revocation list { $name } holds until { $time } and was not followed by a new one. See whether the job ca.crl fails.
alarm-answers = A status answer of { $name } that holds until { $time } was not signed anew. See whether the job ca.ocsp_presign fails.
alarm-intents = { $count } certificates were begun and not ended, the oldest at { $time }. See the log of the CA.
alarm-owed = { $count } changes of status are not in the audit log. See whether the CA's audit log can be written.
alarm-unsigned = The audit log { $name } has entries since { $time } that no checkpoint covers. See whether the job audit.sequence fails and the audit token answers.
alarm-log = The audit log { $name } does not hold: { $problem }. Run signum audit verify.
alarm-witness = The witness { $name } did not sign the audit log { $service }: { $problem }.
alarm-relint = The second look at { $time } found { $count } faults in stored certificates. Run signum ca relint and see the audit log.
alarm-relint-late = The last second look at stored certificates was at { $time }. See whether the job ca.relint fails.
alarm-ceremony = Two officers revoked the authority { $name } at { $time }, and the list of the offline root does not say so yet. Hold a ceremony of kind revoke and import it.
alarm-clock = The clock of the replica { $name } cannot be believed since { $time }: { $problem }. See whether chronyd runs there and reaches its sources.
alarm-clock-late = The replica { $name } last looked at its clock at { $time }. See whether it still runs.
