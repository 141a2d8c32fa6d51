//! As much HTML as the trip needs: start tags with their attributes, forms, text. Tolerant, no tree.

use anyhow::{Context, Result};

/// A start or end tag and where it stands.
struct Tag {
    /// Lower case; end tags begin with `/`.
    name: String,
    attributes: Vec<(String, String)>,
    start: usize,
    end: usize,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A form of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// As written; empty when it leads to the page itself.
    pub action: String,
    /// Lower case; `get` when not said.
    pub method: String,
    /// Names and values of hidden and preset fields, and of no buttons.
    pub fields: Vec<(String, String)>,
}

/// Every form of a page.
pub fn forms(page: &str) -> Vec<Form> {
    let mut found = Vec::new();
    let mut open: Option<Form> = None;
    for tag in tags(page) {
        let attribute = |name| tag.attribute(name).unwrap_or_default().to_owned();
        match tag.name.as_str() {
            "form" => {
                let method = Some(attribute("method").to_ascii_lowercase()).filter(|method| !method.is_empty());
                let method = method.unwrap_or_else(|| "get".to_owned());
                open = Some(Form {
                    action: attribute("action"),
                    method,
                    fields: Vec::new(),
                });
            }
            "/form" => found.extend(open.take()),
            "input" if !matches!(attribute("type").as_str(), "submit" | "button" | "file") => {
                if let (Some(form), Some(name)) = (open.as_mut(), tag.attribute("name")) {
                    form.fields.push((name.to_owned(), attribute("value")));
                }
            }
            _ => {}
        }
    }
    found.extend(open);
    found
}

/// The page's `<meta name="csrf" content="...">`.
pub fn csrf(page: &str) -> Result<String> {
    tags(page)
        .into_iter()
        .filter(|tag| tag.name == "meta" && tag.attribute("name") == Some("csrf"))
        .find_map(|tag| tag.attribute("content").map(str::to_owned))
        .context("the page has no <meta name=\"csrf\">")
}

/// The text of the element with this `id` (up to the first end tag of its kind).
pub fn text_of(page: &str, id: &str) -> Option<String> {
    let tags = tags(page);
    let at = tags.iter().position(|tag| tag.attribute("id") == Some(id))?;
    let start = tags.get(at)?;
    let closing = format!("/{}", start.name);
    let end = tags.iter().skip(at + 1).find(|tag| tag.name == closing)?;
    Some(text(page.get(start.end..end.start)?))
}

/// All text, white space folded, the common entities decoded.
pub fn text(page: &str) -> String {
    let mut out = String::new();
    let mut from = 0;
    for tag in tags(page) {
        out.push_str(page.get(from..tag.start).unwrap_or_default());
        out.push(' ');
        from = tag.end;
    }
    out.push_str(page.get(from..).unwrap_or_default());
    decode(&out).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The content of the first `<h1>`.
pub fn heading(page: &str) -> Option<String> {
    let tags = tags(page);
    let start = tags.iter().find(|tag| tag.name == "h1")?;
    let end = tags.iter().find(|tag| tag.name == "/h1")?;
    Some(text(page.get(start.end..end.start)?))
}

/// Whether the page has script or style in itself, which our policy forbids.
pub fn has_inline_code(page: &str) -> bool {
    tags(page).iter().any(|tag| {
        tag.name == "style"
            || (tag.name == "script" && tag.attribute("src").is_none())
            || tag
                .attributes
                .iter()
                .any(|(name, _)| name == "style" || name.starts_with("on"))
    })
}

fn tags(page: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = page.get(from..).and_then(|rest| rest.find('<')).map(|at| from + at) {
        let rest = page.get(start + 1..).unwrap_or_default();
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            from = start + 1;
            continue;
        }
        let length = tag_length(rest);
        let inside = rest.get(..length).unwrap_or_default();
        let name_end = inside.find(|c: char| c.is_whitespace()).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(name_end);
        from = (start + 1 + length + 1).min(page.len());
        found.push(Tag {
            name: name.trim_end_matches('/').to_ascii_lowercase(),
            attributes: read_attributes(attributes),
            start,
            end: from,
        });
    }
    found
}

/// Octets up to the closing `>`, which inside quotation marks does not count.
fn tag_length(rest: &str) -> usize {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    rest.len()
}

fn read_attributes(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('=').map(str::trim_start) {
            None => ("", after),
            Some(value) => match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value.get(1..).and_then(|v| v.split_once(quote)).unwrap_or((value, "")),
                _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            },
        };
        if !name.is_empty() {
            found.push((name.to_ascii_lowercase(), decode(value)));
        }
        rest = if left.len() < rest.len() { left.trim_start() } else { "" };
    }
    found
}

fn decode(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    const PAGE: &str = r#"<!DOCTYPE html><html><head><META name="csrf" content="a&amp;b>c"></head><body><h1>Hyni <b>këtu</b></h1>
        <form method="POST" action='/consent?i=1'><input type="hidden" name="csrf" value="x"><input name=go value=2 />
        <button type="submit" name="decision" value="allow">Po &amp; po</button></form>
        <dl><dd id="since"><time datetime="2026">sot</time></dd></dl> 1 < 2</body></html>"#;

    #[test]
    fn the_csrf_value_of_the_page_is_found() {
        assert_eq!(csrf(PAGE).unwrap(), "a&b>c");
        assert!(csrf("<html>").is_err());
    }

    #[test]
    fn a_form_gives_its_address_and_fields_and_no_buttons() {
        let fields = vec![("csrf".to_owned(), "x".to_owned()), ("go".to_owned(), "2".to_owned())];
        assert_eq!(
            forms(PAGE),
            [Form {
                action: "/consent?i=1".into(),
                method: "post".into(),
                fields
            }]
        );
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        assert_eq!(heading(PAGE).unwrap(), "Hyni këtu");
        assert_eq!(text_of(PAGE, "since").unwrap(), "sot");
        assert_eq!(text_of(PAGE, "nowhere"), None);
        assert!(text(PAGE).ends_with("sot 1 < 2"));
    }

    #[test]
    fn code_inside_a_page_is_noticed() {
        assert!(!has_inline_code(PAGE));
        assert!(!has_inline_code("<script src=\"/passkey.js\"></script>"));
        for bad in [
            "<script>x</script>",
            "<p style=\"color:red\">",
            "<a onclick='x()'>",
            "<style>p{}</style>",
        ] {
            assert!(has_inline_code(bad), "{bad}");
        }
    }
}
