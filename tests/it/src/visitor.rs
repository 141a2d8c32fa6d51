//! A person with a browser, as far as HTTP tells: cookies per host, hidden form fields, redirects one by one, passkeys.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value as Json;
use signum_demo::{browser::http_client, html};
use signum_softauth::SoftAuthenticator;
use url::Url;

/// What came back, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// The address asked, not the one redirected to.
    pub url: Url,
    /// Where it redirects to, absolute.
    pub location: Option<Url>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (status, url) = (response.status(), response.url().clone());
        let location = response
            .headers()
            .get("location")
            .and_then(|l| l.to_str().ok())
            .map(str::to_owned);
        let location = location.map(|l| url.join(&l).expect("Location is an address"));
        let headers = response.headers().clone();
        Self {
            status,
            url,
            location,
            headers,
            body: response.bytes().await.expect("a body").to_vec(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{}: {e}: {}", self.url, self.text()))
    }

    /// The last part of an RFC 9457 problem's type, `urn:signum:problem:<code>`.
    pub fn problem(&self) -> String {
        let json = self.json();
        json["type"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("urn:signum:problem:")
            .to_owned()
    }

    /// The value of `name` in the query of the redirect.
    pub fn redirect_parameter(&self, name: &str) -> Option<String> {
        self.location
            .as_ref()?
            .query_pairs()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Expects a status; shows the page otherwise.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} answered:\n{}", self.url, self.text());
        self
    }

    /// `<meta name="csrf" content="...">`
    pub fn csrf(&self) -> String {
        html::csrf(&self.text()).unwrap_or_else(|e| panic!("{}: {e}\n{}", self.url, self.text()))
    }

    /// The value of the first attribute of this name in the page, unescaped.
    pub fn attribute(&self, name: &str) -> String {
        let page = self.text();
        let value = page
            .split(&format!(" {name}=\""))
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        value
            .unwrap_or_else(|| panic!("{} has no {name}:\n{page}", self.url))
            .replace("&amp;", "&")
    }
}

/// One browser with one authenticator.
pub struct Visitor {
    client: Client,
    pub authenticator: SoftAuthenticator,
}

impl Default for Visitor {
    fn default() -> Self {
        Self::new()
    }
}

impl Visitor {
    pub fn new() -> Self {
        Self {
            client: http_client(true).expect("a client"),
            authenticator: SoftAuthenticator::new(),
        }
    }

    pub async fn get(&self, url: impl AsRef<str>) -> Answer {
        Answer::read(self.client.get(url.as_ref()).send().await.expect("an answer")).await
    }

    /// Follows redirects from `url` until a page or until the next address begins with `stop`.
    pub async fn follow(&self, url: impl AsRef<str>, stop: &str) -> Answer {
        let mut url = url.as_ref().to_owned();
        for _ in 0..12 {
            let answer = self.get(&url).await;
            match &answer.location {
                Some(next) if !next.as_str().starts_with(stop) => url = next.to_string(),
                _ => return answer,
            }
        }
        panic!("too many redirects, last {url}")
    }

    /// Submits a form of `page`'s site, with its csrf field.
    pub async fn form(&self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = page.csrf();
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        let url = page.url.join(action).expect("an address");
        let origin = page.url.origin().ascii_serialization();
        let request = self.client.post(url).header("origin", origin).form(&fields);
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// What a script of `page` posts.
    pub async fn post_json(&self, page: &Answer, action: &str, body: &Json) -> Answer {
        let url = page.url.join(action).expect("an address");
        let origin = page.url.origin().ascii_serialization();
        let request = self
            .client
            .post(url)
            .header("x-csrf-token", page.csrf())
            .header("origin", origin)
            .json(body);
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// Uploads a file in the form field `file`.
    pub async fn upload(&self, page: &Answer, action: &str, name: &str, bytes: Vec<u8>) -> Answer {
        let file = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let file = file.mime_str("application/pdf").expect("a media type");
        let form = reqwest::multipart::Form::new()
            .text("csrf", page.csrf())
            .part("file", file);
        let origin = page.url.origin().ascii_serialization();
        let request = self
            .client
            .post(page.url.join(action).expect("an address"))
            .header("origin", origin);
        Answer::read(request.multipart(form).send().await.expect("an answer")).await
    }

    /// A request without a page: as another program sends it.
    pub fn request(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        self.client.request(method, url)
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// Presses the page's passkey button: asks for options, lets the authenticator answer, posts the credential.
    pub async fn passkey(&mut self, page: &Answer) -> Answer {
        let credential = self.credential(page).await;
        self.post_json(page, &page.attribute("data-finish"), &credential).await
    }

    /// The passkey button up to the authenticator's answer; posting it is left to the caller.
    pub async fn credential(&mut self, page: &Answer) -> Json {
        let options = self.options(page).await.expect(200).json();
        let origin = page.url.origin().ascii_serialization();
        let answer = match page.attribute("data-passkey").as_str() {
            "create" => self.authenticator.create(&options, &origin),
            _ => self.authenticator.get(&options, &origin),
        };
        answer.expect("the authenticator answers")
    }

    /// What the passkey button asks for first.
    pub async fn options(&self, page: &Answer) -> Answer {
        self.post_json(
            page,
            &page.attribute("data-options"),
            &Json::Object(serde_json::Map::new()),
        )
        .await
    }
}
