//! Single use under a race: of 64 equal requests that come together, exactly one succeeds. On SQLite at one provider, on
//! PostgreSQL at three replicas. `SIGNUM_RACES=1000` (`./test races`) repeats each kind a thousand times.

mod at_the_token_endpoint;
mod devices;
mod field;
mod pushed;

use field::Field;

/// Requests that come together.
const WIDTH: usize = 64;

/// How many things of each kind are raced for.
fn rounds() -> usize {
    let wanted = std::env::var("SIGNUM_RACES").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or(10)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_requests_that_spend_the_same_thing_exactly_one_succeeds_on_every_replica() {
    let field = Field::open().await;
    at_the_token_endpoint::codes(&field).await;
    at_the_token_endpoint::refresh_tokens(&field).await;
    at_the_token_endpoint::proofs(&field).await;
    at_the_token_endpoint::assertions(&field).await;
    pushed::request_uris(&field).await;
    pushed::request_objects(&field).await;
    devices::device_codes(&field).await;
}
