//! Upload, confirmation, gesture and result of one document.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use signum_core::Id;
use signum_core::http::Problem;

use super::enrol::id;
use super::home::leading_to_provider;
use super::problem;
use super::reader::Reader;
use crate::pages;
use crate::service::Signer;
use crate::sign::{self, Document, SignError, Stage, Upload};

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
        Err(error) => Err(problem::signing(error)),
    }
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
        Stage::Consumed | Stage::Signed(..) | Stage::Done(_) | Stage::Failed(_) => {
            Ok(Redirect::to(&format!("/documents/{}/done", document.id)).into_response())
        }
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
