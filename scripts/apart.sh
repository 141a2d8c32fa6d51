# Three services as if on three machines: three processes, data folders and databases, the CA asked over HTTPS. Sourced by ./run.
# shellcheck shell=bash disable=SC2154

apart_pids=()

stop_apart() {
  local pid
  for pid in "${apart_pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${apart_pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  apart_pids=()
}

# start_apart SERVICE OPERATOR-PORT: starts one service in its folder and waits until it is ready.
start_apart() {
  local service=$1 var=$apart/$1 log=$apart/$1.log pid tries
  printf 'Starting signum serve %s ' "$service"
  SIGNUM__LISTEN__OPERATOR=127.0.0.1:$2 "$bin/signum" serve "$service" --var "$var" </dev/null >"$log" 2>&1 &
  pid=$!
  apart_pids=("$pid" "${apart_pids[@]}")
  for ((tries = 0; tries < 240; tries++)); do
    if ready; then
      say " ready"
      return 0
    fi
    if ! kill -0 "$pid" 2>/dev/null; then break; fi
    if ((tries % 4 == 3)); then printf '.'; fi
    sleep 0.25
  done
  say
  tail -n 20 "$log" >&2
  die "signum serve $service did not become ready"
}

# What operators carry from one machine to another: docs/OPERATIONS.md, "Services on machines of their own".
demo_apart() {
  local base=${SIGNUM_APART_PORT:-18080} machine
  apart=$var/apart
  rm -rf "$apart"
  (umask 077 && mkdir -p "$apart"/{ca,idp,signer}/{tls,ceremony,secrets})
  export SIGNUM__LISTEN__PKI=127.0.0.1:$((base + 4)) SIGNUM__LISTEN__IDP=127.0.0.1:$((base + 1)) \
    SIGNUM__LISTEN__SIGNER=127.0.0.1:$((base + 2)) SIGNUM__LISTEN__CONTRACT=127.0.0.1:$((base + 6)) \
    SIGNUM__DEMO__LISTEN=127.0.0.1:$((base + 3)) SIGNUM__CONTRACT__CA=https://127.0.0.1:$((base + 6))
  for machine in ca signer; do
    "$bin/signum" contract certificate --var "$apart/$machine" >"$apart/$machine.pem"
  done
  cp "$apart/signer.pem" "$apart/ca/tls/peers.pem"
  cp "$apart/ca.pem" "$apart/signer/tls/peers.pem"
  trap stop_apart EXIT
  trap 'exit 130' INT TERM
  start_apart ca $((base + 10))
  cp "$apart/ca/ceremony/"*.der "$apart/signer/ceremony/"
  start_apart idp $((base + 11))
  cp "$apart/idp/secrets/client-signer" "$apart/signer/secrets/"
  start_apart signer $((base + 12))
  cp "$apart/signer/ceremony/statement-key.der" "$apart/ca/ceremony/"
  "$bin/signum-demo" trip --var "$apart/ca" --out "$apart/result" \
    --idp "http://idp.localhost:$((base + 1))" --signer "http://sign.localhost:$((base + 2))" \
    --rp "http://demo.localhost:$((base + 3))" --pki "http://localhost:$((base + 4))" \
    --activation-file "$apart/idp/demo/activation-links.txt"
}
