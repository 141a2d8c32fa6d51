//! Every piece of the page shell on a few sample pages, to look at: `cargo run -p signum-core --example pages`.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use maud::html;
use signum_core::http::{Frame, Problem, bind, serve};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Notice, Page, Passkey, PasskeyKind, User};
use signum_core::{OsRandom, Timestamp};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = bind("127.0.0.1:8090".parse()?, false, "example").await?;
    let routes = Router::new()
        .route("/", get(confirm))
        .route("/pieces", get(pieces))
        .route(
            "/gone",
            get(async || Problem::new(StatusCode::GONE, "expired", "Expired")),
        )
        .route(
            "/options",
            post(async || Problem::new(StatusCode::FORBIDDEN, "sample", "This is a sample")),
        );
    let app = Frame::new("sample", "http://localhost:8090".parse()?, Arc::new(OsRandom)).around(routes);
    serve("sample", listener, app, CancellationToken::new()).await?;
    Ok(())
}

/// The page on which somebody confirms a document, as the signing desk will show it.
async fn confirm(Locale(lang): Locale) -> Response {
    let [title, service, step_names, question, document, pages, time, label] = words(lang);
    let steps: Vec<&str> = step_names.split('|').collect();
    let digest = "3f1a 9c07 55de 81b2 6a90 4c3e d7f8 1b25 90aa 6e41 c8d3 72f0 15bb 4d96 e8a1 7c0f";
    let facts = [
        (document, html! { "Kontrata_e_qirasë_2026.pdf" }),
        (pages, html! { "12" }),
        ("SHA-256", html! { span.code { (digest) } }),
        (time, html! { (lang.date_time(Timestamp::from_seconds(1_790_000_000))) }),
    ];
    let passkey = Passkey {
        kind: PasskeyKind::Get,
        options: "/options",
        finish: "/finish",
        label,
        messages: &[],
    };
    let body = html! {
        (ui::steps(lang, 1, &steps))
        h1 { (title) }
        p.lead { (question) }
        (ui::card(html! { (ui::facts(&facts)) (passkey.markup(lang)) }))
    };
    Page {
        title,
        service,
        path: "/",
        csrf: Some("token"),
        scripts: &["passkey.js"],
        user: Some(User {
            name: "Test Arbëri",
            log_out: "/logout",
        }),
        ..Page::new(lang, body)
    }
    .render()
}

async fn pieces(Locale(lang): Locale) -> Response {
    let body = html! {
        h1 { "Pieces" }
        (ui::notice(Notice::Information, "Information: the certificate is valid until next year."))
        (ui::notice(Notice::Success, "Success: the document is signed."))
        (ui::notice(Notice::Warning, "Warning: this is a demonstration system."))
        (ui::notice(Notice::Failure, "Failure: the document was changed."))
        (ui::card(html! {
            h2 { "A form" }
            (ui::upload_form("/x", Some("t"), html! {
                (ui::field("name", "Name", "As in your identity document", ""))
                (ui::file_field("file", "application/pdf", ui::FileWords {
                    label: "Document",
                    hint: "PDF, at most 20 MB",
                    choose: "Choose a PDF",
                    none: "none chosen yet",
                }))
                (ui::primary_button("Continue"))
            }))
        }))
        (ui::actions(html! { (ui::decision_button(true, "decision", "allow", "Allow")) (ui::link_button(false, "/", "Cancel")) }))
        (ui::poll("/status", "waiting", "Two registration officers are confirming your request …"))
    };
    Page {
        title: "Pieces",
        service: "Sample",
        path: "/pieces",
        scripts: &["poll.js"],
        ..Page::new(lang, body)
    }
    .render()
}

fn words(lang: Lang) -> [&'static str; 8] {
    match lang {
        Lang::Sq => [
            "Nënshkruani dokumentin",
            "Tryeza e nënshkrimit",
            "Zgjidhni dokumentin|Kontrolloni dhe konfirmoni|Merrni dokumentin",
            "Kontrolloni nëse ky është dokumenti që dëshironi ta nënshkruani.",
            "Dokumenti",
            "Faqe",
            "Vlen deri më",
            "Nënshkruani me çelësin e kalimit",
        ],
        Lang::SrLatn => [
            "Potpišite dokument",
            "Sto za potpisivanje",
            "Izaberite dokument|Proverite i potvrdite|Preuzmite dokument",
            "Proverite da li je ovo dokument koji želite da potpišete.",
            "Dokument",
            "Broj strana",
            "Važi do",
            "Potpišite pristupnim ključem",
        ],
        Lang::SrCyrl => [
            "Потпишите документ",
            "Сто за потписивање",
            "Изаберите документ|Проверите и потврдите|Преузмите документ",
            "Проверите да ли је ово документ који желите да потпишете.",
            "Документ",
            "Број страна",
            "Важи до",
            "Потпишите приступним кључем",
        ],
        Lang::En => [
            "Sign the document",
            "Signing desk",
            "Choose the document|Check and confirm|Take the document",
            "Check that this is the document you want to sign.",
            "Document",
            "Pages",
            "Valid until",
            "Sign with your passkey",
        ],
    }
}
