# A throw-away PostgreSQL cluster on a free loopback port. Sourced by ./test.
# shellcheck shell=bash disable=SC2034

postgres_dir=
postgres_url=

# PostgreSQL refuses to run as root: then it runs as the user `postgres` that Debian's package makes.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups -- env HOME="$postgres_dir" "$@"
  else
    "$@"
  fi
}

postgres_bin() { find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort --version-sort | tail -n 1; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Makes and starts the cluster; sets postgres_url. Writes to the log file $1. No fsync, since the cluster lives for one run:
# $2 = on where durability is what is measured.
start_postgres() {
  local log=$1 fsync=${2-off} bin password port tries
  bin=$(postgres_bin)
  [ -n "$bin" ] || die "PostgreSQL's programs are not under /usr/lib/postgresql"
  postgres_dir=$(mktemp -d -t signum-postgres.XXXXXX)
  password=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
  printf '%s\n' "$password" >"$postgres_dir/password"
  if [ "$(id -u)" -eq 0 ]; then chown -R postgres:postgres "$postgres_dir"; fi
  (
    cd "$postgres_dir" || exit 1
    as_postgres "$bin/initdb" --pgdata="$postgres_dir/data" --username=signum --pwfile="$postgres_dir/password" \
      --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync
  ) >>"$log" 2>&1 || return 1
  for tries in 1 2 3; do
    port=$(free_port)
    if (
      cd "$postgres_dir" || exit 1
      as_postgres "$bin/pg_ctl" --pgdata="$postgres_dir/data" --wait --log="$postgres_dir/server.log" \
        --options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c fsync=$fsync -c max_connections=400" start
    ) >>"$log" 2>&1; then
      postgres_url="postgres://signum:$password@127.0.0.1:$port/postgres"
      return 0
    fi
    printf 'start %s on port %s failed\n' "$tries" "$port" >>"$log"
  done
  return 1
}

stop_postgres() {
  [ -n "$postgres_dir" ] || return 0
  if [ -f "$postgres_dir/data/postmaster.pid" ]; then
    (cd "$postgres_dir" && as_postgres "$(postgres_bin)/pg_ctl" --pgdata="$postgres_dir/data" --mode=immediate stop) >/dev/null 2>&1 || true
  fi
  rm -rf "$postgres_dir"
  postgres_dir=
}
