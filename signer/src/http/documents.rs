//! Upload, confirmation, gesture and result of one document.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Form, Multipart, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use signum_core::Id;
use signum_core::http::Problem;

use super::enrol::id;
use super::home::leading_to_provider;
use super::problem;
use super::reader::Reader;
use crate::pages;
use crate::service::Signer;
use crate::sign::{self, Document, Quota, SignError, Stage, Upload};

/// `POST /documents`
pub(crate) async fn upload(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    multipart: Multipart,
) -> Result<Response, Problem> {
    reader.logged_in()?;
    let (csrf, file) = read(multipart).await?;
    let session = reader.acting(&signer, Some(csrf.as_deref().unwrap_or_default()))?;
    let Some(file) = file.filter(|file| !file.bytes.is_empty()) else {
        return Ok(reader.error(StatusCode::BAD_REQUEST, "no-file"));
    };
    match sign::upload(&signer, &session.person.reference, file).await {
        Ok(document) => Ok(Redirect::to(&format!("/documents/{document}")).into_response()),
        Err(SignError::NotEnrolled) => Ok(Redirect::to("/enrol").into_response()),
        Err(SignError::Pdf(refused)) => {
            tracing::warn!(why = refused.code(), "a PDF was refused");
            Ok(reader.error(StatusCode::UNPROCESSABLE_ENTITY, &format!("pdf-{}", refused.code())))
        }
        Err(SignError::Quota(quota)) => Ok(over_quota(&signer, &reader, quota)),
        Err(error) => Err(problem::signing(error)),
    }
}

/// 429 as a page or a problem, with the time after which it is worth trying again.
fn over_quota(signer: &Signer, reader: &Reader, quota: Quota) -> Response {
    let mut response = match (reader.wants_page(), quota) {
        (false, _) => problem::signing(quota.into()).into_response(),
        (true, Quota::OpenDocuments(limit)) => {
            tracing::warn!(%quota, "an upload was refused");
            let minutes = signer.config.document_seconds.div_ceil(60);
            let values = [("count", limit.into()), ("minutes", minutes.into())];
            reader.error_with(StatusCode::TOO_MANY_REQUESTS, "open-documents", &values)
        }
        (true, Quota::Octets { limit, again_in }) => {
            tracing::warn!(%quota, "an upload was refused");
            let hours = again_in.as_secs().div_ceil(3600);
            let values = [("size", (limit / (1024 * 1024)).into()), ("hours", hours.into())];
            reader.error_with(StatusCode::TOO_MANY_REQUESTS, "daily-upload", &values)
        }
    };
    if let Quota::Octets { again_in, .. } = quota {
        let seconds = HeaderValue::from(again_in.as_secs());
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// The fields `csrf` and `file`; others are passed over.
async fn read(mut multipart: Multipart) -> Result<(Option<String>, Option<Upload>), Problem> {
    let broken = |error: axum::extract::multipart::MultipartError| Problem::of_status(error.status());
    let (mut csrf, mut file) = (None, None);
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        match field.name() {
            Some("csrf") => csrf = Some(field.text().await.map_err(broken)?),
            Some("file") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                let bytes = field.bytes().await.map_err(broken)?.to_vec();
                file = Some(Upload { name, bytes });
            }
            _ => {}
        }
    }
    Ok((csrf, file))
}

async fn find(signer: &Signer, reader: &Reader, document: &str) -> Result<Document, Problem> {
    let session = reader.logged_in()?;
    sign::find(&signer.cx, id(document)?, &session.person.reference)
        .await
        .map_err(problem::signing)
}

/// `GET /documents/{id}`: what will be signed, by whom; the person decides.
pub(crate) async fn confirm(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(document): Path<String>,
) -> Result<Response, Problem> {
    if reader.session.is_none() {
        return Ok(Redirect::to("/login").into_response());
    }
    let document = find(&signer, &reader, &document).await?;
    match document.stage {
        Stage::Prepared | Stage::Digested(_) => Ok(leading_to_provider(
            &signer,
            pages::document::confirm(&signer, &reader, &document),
        )),
        Stage::Consumed
        | Stage::Unknown
        | Stage::Signed(..)
        | Stage::Unfinished
        | Stage::Done(_)
        | Stage::Failed(_) => Ok(Redirect::to(&format!("/documents/{}/done", document.id)).into_response()),
    }
}

/// `POST /documents/{id}/options`: the challenge is C.
pub(crate) async fn options(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(document): Path<String>,
) -> Result<Json<Value>, Problem> {
    let session = reader.acting(&signer, None)?;
    let options = sign::options(&signer, id(&document)?, &session.person.reference).await;
    Ok(Json(options.map_err(problem::signing)?))
}

/// `POST /documents/{id}/sign`
pub(crate) async fn sign(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(document): Path<String>,
    Json(credential): Json<Value>,
) -> Result<Json<Value>, Problem> {
    let session = reader.acting(&signer, None)?;
    let document: Id<Document> = id(&document)?;
    sign::sign(&signer, document, &session.person.reference, &credential)
        .await
        .map_err(problem::signing)?;
    Ok(Json(json!({ "next": format!("/documents/{document}/done") })))
}

/// `POST /documents/{id}/again`: the timestamp of a signature is tried once more.
pub(crate) async fn again(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(document): Path<String>,
    Form(form): Form<Again>,
) -> Result<Response, Problem> {
    reader.acting(&signer, Some(form.csrf.as_deref().unwrap_or_default()))?;
    let document = find(&signer, &reader, &document).await?;
    sign::try_again(&signer, &document).await.map_err(problem::signing)?;
    Ok(Redirect::to(&format!("/documents/{}/done", document.id)).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Again {
    csrf: Option<String>,
}

/// `GET /documents/{id}/done`: the result.
pub(crate) async fn done(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(document): Path<String>,
) -> Result<Response, Problem> {
    if reader.session.is_none() {
        return Ok(Redirect::to("/login").into_response());
    }
    let document = find(&signer, &reader, &document).await?;
    if let Stage::Prepared | Stage::Digested(_) = document.stage {
        return Ok(Redirect::to(&format!("/documents/{}", document.id)).into_response());
    }
    Ok(leading_to_provider(
        &signer,
        pages::document::done(&signer, &reader, &document),
    ))
}

/// `GET /documents/{id}/status`
pub(crate) async fn status(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(document): Path<String>,
) -> Result<Json<Value>, Problem> {
    let document = find(&signer, &reader, &document).await?;
    Ok(Json(json!({ "state": document.stage.word() })))
}

/// `GET /documents/{id}/signed.pdf`
pub(crate) async fn signed(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(document): Path<String>,
) -> Result<Response, Problem> {
    let session = reader.logged_in()?;
    let (name, pdf) = sign::signed_pdf(&signer.cx, id(&document)?, &session.person.reference)
        .await
        .map_err(problem::signing)?;
    let disposition = HeaderValue::from_str(&pages::document::disposition(&name));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("application/pdf");
    Ok((
        [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)],
        pdf,
    )
        .into_response())
}

/// `GET /documents/{id}/evidence.json`
pub(crate) async fn evidence(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(document): Path<String>,
) -> Result<Json<Value>, Problem> {
    let session = reader.logged_in()?;
    let evidence = sign::evidence(&signer.cx, id(&document)?, &session.person.reference).await;
    Ok(Json(evidence.map_err(problem::signing)?))
}
