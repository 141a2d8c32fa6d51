//! Forms of the provider's pages, found by the ids of their elements, as a program without JavaScript finds them.

/// A form as it would be sent when the button with this id is pressed.
#[derive(Debug)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    pub fn set(&mut self, name: &str, value: &str) {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }
}

pub fn with_button(page: &str, id: &str) -> Option<Form> {
    at(page, page.find(&format!(" id=\"{id}\""))?, Some(id))
}

/// The form that goes to `path`.
pub fn with_action(page: &str, path: &str) -> Option<Form> {
    at(page, page.find(&format!(" action=\"{path}"))?, None)
}

fn at(page: &str, at: usize, id: Option<&str>) -> Option<Form> {
    let from = page[..at].rfind("<form")?;
    let form = &page[from..at + page[at..].find("</form>")?];
    let mut fields = Vec::new();
    for tag in form
        .split('<')
        .filter(|tag| tag.starts_with("input") || tag.starts_with("button"))
    {
        let pressed = id.is_some() && attribute(tag, "id").as_deref() == id;
        if let Some(name) = attribute(tag, "name").filter(|_| pressed || tag.starts_with("input")) {
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        }
    }
    Some(Form {
        action: attribute(form, "action")?,
        fields,
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let escaped = rest.split('"').next()?;
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    Some(
        marks
            .iter()
            .fold(escaped.to_owned(), |text, (name, mark)| text.replace(name, mark)),
    )
}

#[test]
fn a_form_is_sent_with_the_pressed_button_alone() {
    let page = r#"<form action="/other"></form><form method="post" action="/x?a=1&amp;b=2"><input name="csrf" value="c">
        <button id="yes" name="decision" value="allow"></button><button id="no" name="decision" value="deny"></button></form>"#;
    let form = with_button(page, "no").unwrap();
    assert_eq!(form.action, "/x?a=1&b=2");
    assert_eq!(
        form.fields,
        [
            ("csrf".to_owned(), "c".to_owned()),
            ("decision".to_owned(), "deny".to_owned())
        ]
    );
    assert!(with_button(page, "maybe").is_none());
}
