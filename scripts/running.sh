# Which Signum runs on the data folder $var, and whether it is ready. Sourced by ./run.
# shellcheck shell=bash disable=SC2154

# A fact of the Signum that runs on $var, from the file that it wrote there.
fact() { sed -n "s/^$1 = \"\(.*\)\"\$/\1/p" "$var/run/up.toml" 2>/dev/null; }

# Whether the Signum that runs on $var answers that it is ready. One that runs on another folder has another name.
ready() {
  local instance operator port answer
  instance=$(fact instance)
  operator=$(fact operator)
  if [ -z "$instance" ] || [ -z "$operator" ]; then return 1; fi
  port=${operator##*:}
  operator=${operator%:*}
  operator=${operator#[}
  operator=${operator%]}
  { exec 3<>"/dev/tcp/$operator/$port"; } 2>/dev/null || return 1
  printf 'GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
  answer=$(timeout 5 cat <&3 | tr -d '\0') || true
  exec 3>&-
  [[ $answer == 'HTTP/1.'?' 200 '* && $answer == *"\"$instance\""* ]]
}
