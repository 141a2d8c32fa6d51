//! DER as a tree of tags and contents (X.690 section 8.1), also inside OCTET STRINGs and BIT STRINGs that hold DER, so that a
//! change deep inside leaves every length around it right.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub tag: u8,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Octets(Vec<u8>),
    /// The nodes after `prefix`, which is the octet of unused bits of a BIT STRING.
    Nodes {
        prefix: Vec<u8>,
        nodes: Vec<Node>,
    },
    /// Octets in place of length and content: not DER any more.
    Raw(Vec<u8>),
}

const OCTET_STRING: u8 = 0x04;
const BIT_STRING: u8 = 0x03;
const CONSTRUCTED: u8 = 0x20;
/// Deeper than any certificate, CRL or token.
const DEEPEST: usize = 40;

/// All of `der` as a row of nodes, or `None` where it is none.
pub fn parse(der: &[u8]) -> Option<Vec<Node>> {
    row(der, 0)
}

fn row(mut rest: &[u8], depth: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while let [tag, after @ ..] = rest {
        let (length, after) = length(after)?;
        let (content, after) = after.split_at_checked(length)?;
        nodes.push(Node {
            tag: *tag,
            content: read(*tag, content, depth)?,
        });
        rest = after;
    }
    Some(nodes)
}

fn read(tag: u8, content: &[u8], depth: usize) -> Option<Content> {
    let inside = |prefix: &[u8], content: &[u8]| {
        let nodes = row(content, depth + 1).filter(|nodes| !nodes.is_empty() || content.is_empty())?;
        Some(Content::Nodes {
            prefix: prefix.to_vec(),
            nodes,
        })
    };
    if depth >= DEEPEST {
        return Some(Content::Octets(content.to_vec()));
    }
    if tag & CONSTRUCTED != 0 {
        return inside(&[], content);
    }
    let nested = match (tag, content) {
        (OCTET_STRING, [_, _, ..]) => inside(&[], content),
        (BIT_STRING, [0, inner @ ..]) if inner.len() > 1 => inside(&[0], inner),
        _ => None,
    };
    Some(nested.unwrap_or_else(|| Content::Octets(content.to_vec())))
}

fn length(rest: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = rest.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let count = usize::from(first & 0x7f);
    let (octets, rest) = rest.split_at_checked(count).filter(|_| (1..=4).contains(&count))?;
    Some((
        octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)),
        rest,
    ))
}

pub fn encode(nodes: &[Node]) -> Vec<u8> {
    nodes.iter().flat_map(Node::encode).collect()
}

impl Node {
    pub fn encode(&self) -> Vec<u8> {
        let content = match &self.content {
            Content::Octets(octets) => octets.clone(),
            Content::Nodes { prefix, nodes } => [prefix.clone(), encode(nodes)].concat(),
            Content::Raw(octets) => return [&[self.tag], octets.as_slice()].concat(),
        };
        let mut out = vec![self.tag];
        let length = content.len().to_be_bytes();
        let significant: Vec<u8> = length.into_iter().skip_while(|octet| *octet == 0).collect();
        match significant.as_slice() {
            [] => out.push(0),
            [short] if *short < 0x80 => out.push(*short),
            long => {
                out.push(0x80 | u8::try_from(long.len()).unwrap_or(0x7e));
                out.extend_from_slice(long);
            }
        }
        out.extend(content);
        out
    }

    /// How many nodes this is, itself and those inside.
    pub fn count(&self) -> usize {
        match &self.content {
            Content::Nodes { nodes, .. } => 1 + count(nodes),
            _ => 1,
        }
    }
}

pub fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(Node::count).sum()
}

/// The row that holds the node with a number (in reading order) and its place there.
pub fn find(nodes: &mut Vec<Node>, mut number: usize) -> Option<(&mut Vec<Node>, usize)> {
    let mut place = None;
    for (index, node) in nodes.iter().enumerate() {
        let size = node.count();
        if number < size {
            place = Some(index);
            break;
        }
        number -= size;
    }
    let index = place?;
    if number == 0 {
        return Some((nodes, index));
    }
    match &mut nodes.get_mut(index)?.content {
        Content::Nodes { nodes, .. } => find(nodes, number - 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    /// SEQUENCE { INTEGER 1, OCTET STRING { NULL }, BIT STRING { SEQUENCE {} } }
    const NESTED: &[u8] = &[0x30, 0x0c, 2, 1, 1, 4, 2, 5, 0, 3, 3, 0, 0x30, 0];

    #[test]
    fn what_is_read_is_written_alike() {
        let nodes = parse(NESTED).unwrap();
        assert_eq!(count(&nodes), 6);
        assert_eq!(encode(&nodes), NESTED);
    }

    #[test]
    fn a_change_inside_leaves_the_lengths_around_it_right() {
        let mut nodes = parse(NESTED).unwrap();
        let (row, place) = find(&mut nodes, 3).unwrap();
        assert_eq!(row[place].tag, 5);
        row[place].content = Content::Octets(vec![9; 200]);
        let der = encode(&nodes);
        assert_eq!(parse(&der).unwrap(), nodes);
        assert_eq!(der.len(), NESTED.len() + 200 + 1 + 1 + 1);
    }

    #[test]
    fn what_is_no_der_is_not_read() {
        for octets in [
            &[0x30][..],
            &[0x30, 5, 0],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 1, 0],
        ] {
            assert_eq!(parse(octets), None);
        }
    }
}
