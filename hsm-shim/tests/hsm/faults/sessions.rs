//! Session, login or initialisation lost underneath a worker: made good within the call, by the same process.

use super::patient::Patient;

/// The breakable module does it just before the next `C_SignInit`.
async fn lost_underneath(command: &str) {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    let process = service.workers.process_ids();
    for n in 0..3 {
        patient.order(command);
        service.sign(n).await.unwrap();
        assert!(patient.order_is_done(), "{command}");
    }
    service.sign(9).await.unwrap();
    assert_eq!(service.workers.process_ids(), process, "{command}");
    service.workers.stop().await;
}

#[tokio::test]
async fn a_session_closed_underneath_costs_the_caller_nothing() {
    lost_underneath("close").await;
}

#[tokio::test]
async fn all_sessions_closed_underneath_cost_the_caller_nothing() {
    lost_underneath("closeall").await;
}

#[tokio::test]
async fn a_logout_underneath_costs_the_caller_nothing() {
    lost_underneath("logout").await;
}

#[tokio::test]
async fn a_module_finalised_underneath_costs_the_caller_nothing() {
    lost_underneath("finalize").await;
}

#[tokio::test]
async fn an_operation_left_active_costs_the_caller_nothing() {
    lost_underneath("active").await;
}
