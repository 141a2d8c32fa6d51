//! The crate `openidconnect`, unpatched: discovery, PKCE, ID token, userinfo, refresh, client credentials, log-out. (It
//! asks for revocation over https alone.)

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreUserInfoClaims};
use openidconnect::{
    AccessToken, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndSessionUrl, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, Scope, TokenResponse,
};
use reqwest::redirect::Policy;

use super::party::Party;
use super::stand::{CALLBACK, LOGGED_OUT, Stand};

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

async fn discovered(party: &Party<'_>, http: &reqwest::Client) -> (Client, EndSessionUrl) {
    let issuer = IssuerUrl::new(party.issuer().to_owned()).unwrap();
    let metadata = ProviderMetadataWithLogout::discover_async(issuer, http).await.unwrap();
    let leave = metadata.additional_metadata().end_session_endpoint.clone().unwrap();
    let secret = ClientSecret::new(party.client["client_secret"].as_str().unwrap().to_owned());
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(party.id().to_owned()), Some(secret))
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
    (client, leave)
}

async fn name_of(client: &Client, http: &reqwest::Client, token: &AccessToken) -> Option<(String, String)> {
    let asked = client.user_info(token.clone(), None).unwrap();
    let about: CoreUserInfoClaims = asked.request_async(http).await.ok()?;
    let family = about.family_name()?.get(None)?.to_string();
    Some((about.subject().to_string(), family))
}

#[tokio::test]
async fn the_crate_openidconnect_logs_in_refreshes_and_logs_out() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let (client, leave) = discovered(&party, &http).await;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let back = party.answered(url.as_str()).await;
    assert_eq!(back.sent("state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(back.sent("code").unwrap());
    let exchange = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
    let tokens = exchange.request_async(&http).await.unwrap();
    let id_token = tokens.id_token().unwrap();
    let subject = id_token
        .claims(&client.id_token_verifier(), &nonce)
        .unwrap()
        .subject()
        .to_string();
    let told = name_of(&client, &http, tokens.access_token()).await;
    assert_eq!(told, Some((subject.clone(), "Çështja".to_owned())));

    let refresh = client.exchange_refresh_token(tokens.refresh_token().unwrap()).unwrap();
    let fresh = refresh.request_async(&http).await.unwrap();
    let told = name_of(&client, &http, fresh.access_token()).await;
    assert_eq!(told.map(|(subject, _)| subject), Some(subject));

    let own = client
        .exchange_client_credentials()
        .unwrap()
        .add_scope(Scope::new("registry:read".to_owned()));
    let own = own.request_async(&http).await.unwrap();
    assert!(own.refresh_token().is_none() && name_of(&client, &http, own.access_token()).await.is_none());

    let leave = LogoutRequest::from(leave)
        .set_id_token_hint(fresh.id_token().unwrap_or(id_token))
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(LOGGED_OUT.to_owned()).unwrap())
        .set_state(CsrfToken::new("s-0123456789".to_owned()))
        .http_get_url();
    let left = party.browse(leave.as_str()).await;
    assert_eq!(left.location, format!("{LOGGED_OUT}?state=s-0123456789"), "{left:?}");
    let silent = party.browse(&(url.to_string() + "&prompt=none")).await;
    assert_eq!(silent.error, "login_required");
    stand.stop().await;
}
