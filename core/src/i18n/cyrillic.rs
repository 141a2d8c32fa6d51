//! Serbian Cyrillic from Serbian Latin (one source for both scripts, so that they never fall out of step).
//!
//! `dž`, `lj`, `nj` are one letter each except where a prefix meets its word (`nad-živeti`, `in-jekcija`). A word with one of
//! the letters q, w, x, y is foreign and stays in Latin.

/// Beginnings of words in which a pair of letters is not a digraph; the bar says where the two part.
const PARTED: &[&str] = &[
    "in|jekc",
    "in|jekt",
    "kon|junk",
    "kon|jug",
    "kon|jukt",
    "van|jezi",
    "van|jadr",
    "tan|jug",
    "nad|živ",
    "nad|žup",
    "nad|žnj",
    "nad|ždr",
    "pod|žup",
    "pod|žan",
    "pod|žig",
    "pred|živ",
    "pred|žet",
    "od|žal",
    "od|živ",
    "od|žva",
    "od|žden",
];

/// `text` in Cyrillic, letter for letter, word by word.
pub fn from_latin(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut word = Vec::new();
    for c in text.chars() {
        if c.is_alphabetic() {
            word.push(c);
        } else {
            turn(&word, &mut out);
            word.clear();
            out.push(c);
        }
    }
    turn(&word, &mut out);
    out
}

/// Appends one word.
fn turn(word: &[char], out: &mut String) {
    if word.iter().any(|c| "qwxyQWXY".contains(*c)) {
        out.extend(word);
        return;
    }
    let parted_at = parted_at(word);
    let mut at = 0;
    while let Some(&first) = word.get(at) {
        let pair = word
            .get(at + 1)
            .filter(|_| parted_at != Some(at + 1))
            .and_then(|second| digraph(first, *second));
        match pair {
            Some(letter) => out.push(letter),
            None => out.push(single(first)),
        }
        at += if pair.is_some() { 2 } else { 1 };
    }
}

/// Where in this word two letters stand side by side without being one.
fn parted_at(word: &[char]) -> Option<usize> {
    let lower: String = word.iter().flat_map(|c| c.to_lowercase()).collect();
    PARTED.iter().find_map(|entry| {
        let (prefix, rest) = entry.split_once('|')?;
        lower.strip_prefix(prefix)?.strip_prefix(rest)?;
        Some(prefix.chars().count())
    })
}

fn digraph(first: char, second: char) -> Option<char> {
    Some(match (first, second.to_lowercase().next()?) {
        ('l', 'j') => 'љ',
        ('L', 'j') => 'Љ',
        ('n', 'j') => 'њ',
        ('N', 'j') => 'Њ',
        ('d', 'ž') => 'џ',
        ('D', 'ž') => 'Џ',
        _ => return None,
    })
}

fn single(latin: char) -> char {
    const LATIN: &str = "abcčćdđefghijklmnoprsštuvzžABCČĆDĐEFGHIJKLMNOPRSŠTUVZŽ";
    const CYRILLIC: &str = "абцчћдђефгхијклмнопрсштувзжАБЦЧЋДЂЕФГХИЈКЛМНОПРСШТУВЗЖ";
    let same = LATIN.chars().zip(CYRILLIC.chars()).find(|(l, _)| *l == latin);
    same.map_or(latin, |(_, cyrillic)| cyrillic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_goes_over_letter_for_letter() {
        let latin = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š";
        let cyrillic = "а б в г д ђ е ж з и ј к л љ м н њ о п р с т ћ у ф х ц ч џ ш";
        assert_eq!(from_latin(latin), cyrillic);
        let capitals = "A B V G D Đ E Ž Z I J K L Lj M N Nj O P R S T Ć U F H C Č Dž Š";
        assert_eq!(
            from_latin(capitals),
            "А Б В Г Д Ђ Е Ж З И Ј К Л Љ М Н Њ О П Р С Т Ћ У Ф Х Ц Ч Џ Ш"
        );
    }

    #[test]
    fn digraphs_become_one_letter_in_every_case() {
        for (latin, cyrillic) in [
            ("Njegoš", "Његош"),
            ("NJEGOŠ", "ЊЕГОШ"),
            ("konj", "коњ"),
            ("džep", "џеп"),
            ("Džep", "Џеп"),
            ("DŽEP", "ЏЕП"),
            ("Ljubav", "Љубав"),
            ("LJUBAV", "ЉУБАВ"),
            ("ključ", "кључ"),
            ("odjava", "одјава"),
        ] {
            assert_eq!(from_latin(latin), cyrillic);
        }
    }

    #[test]
    fn where_a_prefix_meets_its_word_the_letters_stay_two() {
        for (latin, cyrillic) in [
            ("injekcija", "инјекција"),
            ("Injekcija", "Инјекција"),
            ("INJEKCIJA", "ИНЈЕКЦИЈА"),
            ("nadživeti", "надживети"),
            ("Nadživeo", "Надживео"),
            ("konjunktura", "конјунктура"),
            ("podžupan", "поджупан"),
            ("odžaliti", "оджалити"),
            ("Tanjug", "Танјуг"),
        ] {
            assert_eq!(from_latin(latin), cyrillic);
        }
    }

    #[test]
    fn a_later_digraph_of_a_parted_word_is_still_one_letter() {
        assert_eq!(from_latin("nadživljavanje"), "надживљавање");
    }

    #[test]
    fn foreign_words_digits_and_marks_stay() {
        assert_eq!(
            from_latin("passkey, 2026. Windows – šta?"),
            "passkey, 2026. Windows – шта?"
        );
        assert_eq!(from_latin(""), "");
    }
}
