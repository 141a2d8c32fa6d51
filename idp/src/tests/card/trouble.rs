//! The page for trouble with the card, and what the log-in page remembers.

use super::desk::Desk;
use crate::tests::world::authorize_query;

#[tokio::test]
async fn the_page_for_trouble_is_there_in_every_language_with_a_reference_and_without_scripts() {
    let desk = Desk::open().await;
    let mut browser = desk.world.browser();
    for (lang, words) in [
        ("sq", "Letërnjoftimi juaj nuk funksionon?"),
        ("sr-Latn", "Vaša lična karta ne radi?"),
        ("sr-Cyrl", "Ваша лична карта не ради?"),
        ("en", "Your identity card does not work?"),
    ] {
        let page = browser.get(&format!("/eid/help?ui_locales={lang}")).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains(words), "{lang}");
        let reference = page.headers["x-request-id"].to_str().unwrap().to_owned();
        assert!(page.body.contains(&reference), "{lang}");
        assert!(page.body.contains("<noscript>") && page.body.contains("data-card-look"));
    }
}

#[tokio::test]
async fn the_means_that_was_used_last_comes_first_on_the_page() {
    let desk = Desk::open().await;
    let (mut door, reply) = desk.attempt(&desk.card, |_| ()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(door.browser.cookies["idp_means"], "card");
    let card_first = async |browser: &mut crate::tests::browser::Browser| {
        let query = format!("/authorize?{}", authorize_query(&[("prompt", "login")]));
        let login = browser.get(&query).await.location();
        let page = browser.get(&login).await.body;
        page.find("data-card ").unwrap() < page.find("data-passkey=").unwrap()
    };
    assert!(card_first(&mut door.browser).await);
    let mut elsewhere = desk.world.browser();
    assert!(!card_first(&mut elsewhere).await);
    elsewhere.cookies.insert("idp_means".to_owned(), "nonsense".to_owned());
    assert!(!card_first(&mut elsewhere).await);
}

#[tokio::test]
async fn a_refusal_over_the_other_port_is_told_in_words_and_nothing_of_the_address_gets_into_the_page() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let page = |why: &str| format!("/login?i={}&ui_locales=en&refused=card.{why}", door.i);
    let (known, unknown) = (page("card_revoked"), page("%3Cscript%3E"));
    // Once among the words of the script, and once more in the notice.
    let told = |body: &str| body.matches("The card is blocked.").count();
    assert_eq!(told(&door.browser.get(&known).await.body), 2);
    let body = door.browser.get(&unknown).await.body;
    assert!(!body.contains("<script>") && told(&body) == 1);
}
