//! Fluent messages in each language, and the check that they are whole (Project Fluent syntax 1.0).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::Lang;
use super::cyrillic::from_latin;

/// What stands in for a variable: `"text".into()`, `3.into()`.
pub type Value<'a> = fluent_bundle::FluentValue<'a>;

type Keys = BTreeMap<String, BTreeSet<String>>;

/// Messages of one service in every language.
pub struct Catalogue {
    bundles: BTreeMap<Lang, FluentBundle<FluentResource>>,
    /// By language: the variables of each key.
    keys: BTreeMap<Lang, Keys>,
    problems: Vec<String>,
}

impl Catalogue {
    /// Reads `(language, text of an .ftl file)` pairs; several files of one language add up. Serbian Cyrillic is made from
    /// the Latin text. Faults in the text are logged here and fail [`assert_complete`].
    pub fn new(files: &[(Lang, &'static str)]) -> Self {
        let mut catalogue = Self {
            bundles: BTreeMap::new(),
            keys: BTreeMap::new(),
            problems: Vec::new(),
        };
        for (lang, text) in files {
            catalogue.add(*lang, text);
            if *lang == Lang::SrLatn {
                catalogue.add(Lang::SrCyrl, text);
            }
        }
        for problem in &catalogue.problems {
            tracing::error!(%problem, "fault in a catalogue of words");
        }
        catalogue
    }

    fn add(&mut self, lang: Lang, text: &str) {
        let resource = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                self.problems
                    .extend(errors.iter().map(|error| format!("{}: {error}", lang.tag())));
                resource
            }
        };
        let keys = self.keys.entry(lang).or_default();
        for entry in resource.entries() {
            if let Entry::Message(message) = entry {
                let mut variables = BTreeSet::new();
                if let Some(pattern) = &message.value {
                    collect(pattern, &mut variables);
                }
                keys.insert(message.id.name.to_owned(), variables);
            }
        }
        let bundle = self.bundles.entry(lang).or_insert_with(|| new_bundle(lang));
        if let Err(errors) = bundle.add_resource(resource) {
            self.problems
                .extend(errors.iter().map(|error| format!("{}: {error}", lang.tag())));
        }
    }

    /// The message of `key`; the key in brackets when there is none.
    pub fn text(&self, lang: Lang, key: &str) -> String {
        self.text_with(lang, key, &[])
    }

    /// The message of `key` with its variables filled in.
    pub fn text_with<'a>(&self, lang: Lang, key: &str, values: &[(&'a str, Value<'a>)]) -> String {
        self.format(lang, key, values).unwrap_or_else(|| {
            tracing::error!(key, lang = lang.tag(), "no words for this key");
            format!("[{key}]")
        })
    }

    fn format<'a>(&self, lang: Lang, key: &str, values: &[(&'a str, Value<'a>)]) -> Option<String> {
        let bundle = self.bundles.get(&lang)?;
        let pattern = bundle.get_message(key)?.value()?;
        let arguments: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        let text = bundle
            .format_pattern(pattern, Some(&arguments), &mut errors)
            .into_owned();
        if !errors.is_empty() {
            tracing::error!(key, lang = lang.tag(), ?errors, "words with a variable missing");
        }
        Some(text)
    }

    /// What is wrong with the catalogue: syntax faults, keys or variables that some language lacks.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.problems.clone();
        let all: BTreeSet<&String> = self.keys.values().flat_map(BTreeMap::keys).collect();
        for key in all {
            let everywhere: BTreeSet<&String> = self.keys.values().filter_map(|k| k.get(key)).flatten().collect();
            for lang in Lang::ALL {
                match self.keys.get(&lang).and_then(|k| k.get(key)) {
                    None => faults.push(format!("{}: no words for {key}", lang.tag())),
                    Some(variables) => {
                        let missing = everywhere.iter().filter(|v| !variables.contains(**v));
                        faults.extend(missing.map(|v| format!("{}: {key} does not use ${v}", lang.tag())));
                    }
                }
            }
        }
        faults
    }
}

/// Fails the test unless every key exists in every language with the same variables.
pub fn assert_complete(catalogue: &Catalogue) {
    let faults = catalogue.faults();
    assert!(faults.is_empty(), "the words are not complete:\n{}", faults.join("\n"));
}

fn new_bundle(lang: Lang) -> FluentBundle<FluentResource> {
    let id = lang.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // No language here is written from right to left, and the isolation marks would end up in copied text.
    bundle.set_use_isolating(false);
    if lang == Lang::SrCyrl {
        // Applied to text alone, never to what a placeable brings in.
        bundle.set_transform(Some(|text| Cow::Owned(from_latin(text))));
    }
    bundle
}

/// Adds the variables that a pattern uses.
fn collect(pattern: &Pattern<&str>, into: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            collect_expression(expression, into);
        }
    }
}

fn collect_expression(expression: &Expression<&str>, into: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => collect_inline(inline, into),
        Expression::Select { selector, variants } => {
            collect_inline(selector, into);
            variants.iter().for_each(|variant| collect(&variant.value, into));
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, into: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            into.insert(id.name.to_owned());
        }
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments
                .positional
                .iter()
                .for_each(|argument| collect_inline(argument, into));
        }
        InlineExpression::Placeable { expression } => collect_expression(expression, into),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sq: &'static str, sr: &'static str, en: &'static str) -> Catalogue {
        Catalogue::new(&[(Lang::Sq, sq), (Lang::SrLatn, sr), (Lang::En, en)])
    }

    #[test]
    fn a_missing_key_shows_itself_in_brackets() {
        assert_eq!(words("a = A", "a = A", "a = A").text(Lang::En, "b"), "[b]");
    }

    #[test]
    fn a_key_or_a_variable_that_a_language_lacks_is_named() {
        let faults = words("a = { $x }\nb = B", "a = A", "a = { $x }\nb = B").faults();
        assert!(faults.contains(&"sr-Latn: no words for b".to_owned()), "{faults:?}");
        assert!(faults.contains(&"sr-Cyrl: a does not use $x".to_owned()), "{faults:?}");
    }

    #[test]
    fn broken_syntax_and_a_key_given_twice_are_faults() {
        assert!(!words("a = { $", "a = A", "a = A").faults().is_empty());
        assert!(!words("a = A\na = B", "a = A", "a = A").faults().is_empty());
    }

    #[test]
    fn cyrillic_comes_from_latin_and_leaves_placeables_alone() {
        let c = words("a = x", "a = Potpišite { $name } kao {\"PDF\"}-dokument", "a = x");
        let text = c.text_with(Lang::SrCyrl, "a", &[("name", "Ugovor nj.pdf".into())]);
        assert_eq!(text, "Потпишите Ugovor nj.pdf као PDF-документ");
        assert_eq!(
            c.text_with(Lang::SrLatn, "a", &[("name", "U".into())]),
            "Potpišite U kao PDF-dokument"
        );
    }

    #[test]
    fn serbian_plurals_follow_the_language_in_both_scripts() {
        let sr = "a = { $n ->\n    [one] { $n } strana\n    [few] { $n } strane\n   *[other] { $n } strana\n }";
        let c = words("a = { $n }", sr, "a = { $n }");
        assert_eq!(c.text_with(Lang::SrLatn, "a", &[("n", 3.into())]), "3 strane");
        assert_eq!(c.text_with(Lang::SrCyrl, "a", &[("n", 21.into())]), "21 страна");
        assert_eq!(c.text_with(Lang::SrCyrl, "a", &[("n", 5.into())]), "5 страна");
    }
}
