//! Documentation comments in their usual form.
//!
//! The text of a comment is split into blocks by indentation and empty lines: paragraphs, headings (`# …`),
//! lists, and code, which is indented. Each is written back in one form: code behind a tab, list items behind
//! `  - ` or a number, one empty line between blocks. Definitions of links go to the end, those that are used
//! first. Lines for programs (`//go:…`) follow the text.

use super::comments::Comment;
use std::ops::Range;

/// A documentation comment as it is to be; none if it stays. An empty list means that nothing is left of it.
pub(super) fn reformat(list: &[Comment]) -> Option<Vec<Comment>> {
    let place = list.first()?.place;
    let comment = |text: String| Comment { text, place };
    if let [one] = list
        && let Some(body) = one.text.strip_prefix("/*")
    {
        if !body.contains('\n') || is_column_of_stars(body) {
            return None;
        }
        let body = body.strip_suffix("*/").unwrap_or(body);
        return Some(vec![comment(format!("/*\n{}*/", Doc::parse(body).print()))]);
    }
    let mut text = String::new();
    let mut directives = Vec::new();
    for line in list {
        let body = line.text.strip_prefix("//")?;
        if is_directive(body) {
            directives.push(comment(line.text.clone()));
            continue;
        }
        text.push_str(body.strip_prefix(' ').unwrap_or(body));
        text.push('\n');
    }
    if text.is_empty() {
        return None;
    }
    let printed = Doc::parse(&text).print();
    let mut out: Vec<Comment> = printed
        .lines()
        .map(|line| {
            let gap = if line.is_empty() || line.starts_with('\t') { "" } else { " " };
            comment(format!("//{gap}{line}"))
        })
        .collect();
    if !directives.is_empty() {
        out.push(comment("//".to_owned()));
        out.append(&mut directives);
    }
    Some(out)
}

/// Whether a comment line speaks to a program: `line …`, `go:embed …`.
fn is_directive(text: &str) -> bool {
    if ["line ", "extern ", "export "].iter().any(|word| text.starts_with(word)) {
        return true;
    }
    let word = |s: &str| s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.split_once(':')
        .is_some_and(|(tool, rest)| !tool.is_empty() && word(tool) && rest.get(..1).is_some_and(word))
}

/// Whether every line of a block comment but the first begins with a star.
fn is_column_of_stars(body: &str) -> bool {
    body.split('\n').skip(1).all(|line| {
        let line = line.trim_start_matches([' ', '\t']);
        line.is_empty() || line.starts_with('*')
    })
}

/// A part of the text.
enum Block {
    Paragraph(String),
    Heading(String),
    /// Lines, which may be empty.
    Code(Vec<String>),
    List(List),
}

#[derive(Default)]
struct List {
    items: Vec<ListItem>,
    /// Whether an empty line stood before it.
    apart: bool,
    /// Whether there are empty lines in it.
    loose: bool,
}

struct ListItem {
    /// Empty for a bullet.
    number: String,
    paragraphs: Vec<String>,
}

struct LinkDef {
    text: String,
    url: String,
    used: bool,
}

#[derive(Default)]
struct Doc {
    blocks: Vec<Block>,
    links: Vec<LinkDef>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Heading,
    List,
    /// A heading that only looks like one: a line of its own that begins with a capital.
    PlainHeading,
    Paragraph,
}

impl Doc {
    fn parse(text: &str) -> Doc {
        let lines = unindent(&text.split('\n').collect::<Vec<_>>());
        let mut doc = Doc::default();
        let mut previous_end = 0;
        for (span, kind) in spans(&lines) {
            let part = &lines[span.clone()];
            let block = match kind {
                Kind::Code => Some(Block::Code(unindent(part).into_iter().map(str::to_owned).collect())),
                Kind::Heading => Some(Block::Heading(part[0][1..].trim().to_owned())),
                Kind::PlainHeading => Some(Block::Heading(part[0].trim().to_owned())),
                Kind::Paragraph => doc.paragraph(part).map(Block::Paragraph),
                Kind::List => Some(Block::List(doc.list(part, previous_end < span.start))),
            };
            doc.blocks.extend(block);
            previous_end = span.end;
        }
        doc.note_used_links();
        doc
    }

    /// The text of a paragraph; none if it consists of definitions of links, which are noted.
    fn paragraph(&mut self, lines: &[&str]) -> Option<String> {
        let links: Option<Vec<LinkDef>> = lines.iter().map(|line| link_def(line)).collect();
        match links {
            Some(links) => {
                self.links.extend(links);
                None
            }
            None => Some(lines.join("\n")),
        }
    }

    fn list(&mut self, lines: &[&str], apart: bool) -> List {
        let numbered = list_marker(lines[0]).is_some_and(|(number, _)| !number.is_empty());
        let mut list = List { apart, ..List::default() };
        let mut text: Vec<&str> = Vec::new();
        for &line in lines {
            let mut line = line;
            if let Some((number, rest)) = list_marker(line)
                && number.is_empty() != numbered
            {
                self.end_paragraph(&mut list, &mut text);
                list.items.push(ListItem { number: number.to_owned(), paragraphs: Vec::new() });
                line = rest;
            }
            let line = line.trim();
            if line.is_empty() {
                list.loose = true;
                self.end_paragraph(&mut list, &mut text);
            } else {
                text.push(line);
            }
        }
        self.end_paragraph(&mut list, &mut text);
        list.loose |= list.items.iter().any(|item| item.paragraphs.len() != 1);
        list
    }

    fn end_paragraph(&mut self, list: &mut List, text: &mut Vec<&str>) {
        if let Some(item) = list.items.last_mut() {
            item.paragraphs.extend(self.paragraph(text).filter(|p| !p.is_empty()));
        }
        text.clear();
    }

    fn paragraphs(&self) -> impl Iterator<Item = &String> {
        self.blocks.iter().flat_map(|block| match block {
            Block::Paragraph(text) => vec![text],
            Block::List(list) => list.items.iter().flat_map(|item| &item.paragraphs).collect(),
            Block::Heading(_) | Block::Code(_) => Vec::new(),
        })
    }

    fn note_used_links(&mut self) {
        let mut used = Vec::new();
        for text in self.paragraphs() {
            for (at, _) in text.match_indices(']') {
                let before = &text[..at];
                if let Some(open) = before.rfind(['[', ']'])
                    && before.as_bytes()[open] == b'['
                {
                    used.push(before[open + 1..].replace(['\n', '\t'], " "));
                }
            }
        }
        for i in 0..self.links.len() {
            // Of several definitions of one text, the first counts.
            let first = !self.links[..i].iter().any(|l| l.text == self.links[i].text);
            self.links[i].used = first && used.contains(&self.links[i].text);
        }
    }

    fn print(&self) -> String {
        let mut out = String::new();
        for (i, block) in self.blocks.iter().enumerate() {
            let joined = matches!(block, Block::List(list) if !list.apart && !list.loose);
            if i > 0 && !joined {
                out.push('\n');
            }
            print_block(&mut out, block);
        }
        for used in [true, false] {
            for (i, link) in self.links.iter().filter(|l| l.used == used).enumerate() {
                if i == 0 {
                    out.push('\n');
                }
                out.push_str(&format!("[{}]: {}\n", link.text, link.url));
            }
        }
        out
    }
}

fn print_block(out: &mut String, block: &Block) {
    match block {
        Block::Paragraph(text) => {
            out.push_str(&quotes(text));
            out.push('\n');
        }
        Block::Heading(text) => {
            out.push_str("# ");
            out.push_str(text);
            out.push('\n');
        }
        Block::Code(lines) => {
            for line in lines {
                if !line.is_empty() {
                    out.push('\t');
                    out.push_str(line);
                }
                out.push('\n');
            }
        }
        Block::List(list) => print_list(out, list),
    }
}

fn print_list(out: &mut String, list: &List) {
    for (i, item) in list.items.iter().enumerate() {
        if i > 0 && list.loose {
            out.push('\n');
        }
        match item.number.as_str() {
            "" => out.push_str("  - "),
            number => out.push_str(&format!(" {number}. ")),
        }
        for (i, paragraph) in item.paragraphs.iter().enumerate() {
            if i > 0 {
                out.push_str("\n    ");
            }
            out.push_str(&quotes(paragraph).replace('\n', "\n    "));
            out.push('\n');
        }
    }
}

// -----------------------------------------------------------------------------------------------------------
// Lines

/// The lines without the white space that all of them begin with, and without empty ones at both ends.
fn unindent<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let lines = trim_empty(lines);
    let leading = |line: &'a str| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    let mut indents = lines.iter().filter(|l| !l.is_empty()).map(|line| leading(line));
    let first = indents.next().unwrap_or("");
    let prefix = indents.fold(first, |prefix, indent| {
        let same = prefix.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b).count();
        &prefix[..same]
    });
    let cut = |line: &&'a str| {
        let line = line.strip_prefix(prefix).unwrap_or(line);
        if line.trim().is_empty() { "" } else { line }
    };
    trim_empty(&lines.iter().map(cut).collect::<Vec<_>>()).to_vec()
}

fn trim_empty<'s, 'a>(mut lines: &'s [&'a str]) -> &'s [&'a str] {
    while let ["", rest @ ..] | [rest @ .., ""] = lines {
        lines = rest;
    }
    lines
}

fn indented(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

/// Splits lines into blocks. Usually indentation tells code and lists from paragraphs. Two exceptions bear with
/// text that was not written for it: a list, or code behind `{` or `\`, may begin without indentation and go on
/// with it; and a `}` without indentation still belongs to the code before it.
fn spans(lines: &[&str]) -> Vec<(Range<usize>, Kind)> {
    let mut spans = Vec::new();
    let mut at = 0;
    // Lines before this one count as indented.
    let mut forced = 0;
    loop {
        at += lines[at..].iter().take_while(|line| line.is_empty()).count();
        if at >= lines.len() {
            return spans;
        }
        let start = at;
        if start < forced || indented(lines[start]) {
            let end = indented_end(lines, start, forced);
            let kind = if list_marker(lines[start]).is_some() { Kind::List } else { Kind::Code };
            spans.push((start..end, kind));
            at = end;
            continue;
        }
        let plain = |line: &&&str| !line.is_empty() && !indented(line);
        let behind = start + 1 + lines[start + 1..].iter().take_while(plain).count();
        let mut end = behind;
        let is_list = |i: usize| list_marker(lines[i]).is_some();
        if behind < lines.len() && !lines[behind].is_empty() && !is_list(behind) {
            if is_list(behind - 1) {
                forced = behind;
                end -= 1;
                while end > start && is_list(end - 1) {
                    end -= 1;
                }
            } else if lines[behind - 1].ends_with(['{', '\\']) {
                forced = behind;
                end -= 1;
            }
            if end == start {
                continue;
            }
        }
        let kind = match end - start {
            1 if is_heading(lines[start]) => Kind::Heading,
            1 if is_plain_heading(lines, start) => Kind::PlainHeading,
            _ => Kind::Paragraph,
        };
        spans.push((start..end, kind));
        at = end;
    }
}

/// Where a block of indented lines ends.
fn indented_end(lines: &[&str], start: usize, forced: usize) -> usize {
    let is_list = |i: usize| list_marker(lines[i]).is_some();
    let mut unindented_items = is_list(start) && start < forced;
    let mut at = start + 1;
    while at < lines.len()
        && (lines[at].is_empty() || at < forced || indented(lines[at]) || unindented_items && is_list(at))
    {
        unindented_items &= !lines[at].is_empty();
        at += 1;
    }
    while at > start && lines[at - 1].is_empty() {
        at -= 1;
    }
    if lines.get(at).is_some_and(|line| line.starts_with('}')) {
        at += 1;
    }
    at
}

fn is_heading(line: &str) -> bool {
    let mark = line.strip_prefix('#');
    mark.is_some_and(|rest| rest.starts_with([' ', '\t']) && !rest.trim().is_empty())
}

/// Whether a line between empty lines, with a paragraph behind it, reads like a heading: it begins with a
/// capital, ends in a letter or digit, and has no punctuation that only sentences have.
fn is_plain_heading(lines: &[&str], at: usize) -> bool {
    let between = at > 0
        && lines[at - 1].is_empty()
        && lines.get(at + 1).is_some_and(|line| line.is_empty())
        && lines.get(at + 2).is_some_and(|line| !indented(line));
    let line = lines[at].trim();
    let first = line.chars().next().is_some_and(|c| c.is_alphabetic() && c.is_uppercase());
    let last = line.chars().next_back().is_some_and(|c| c.is_alphabetic() || c.is_numeric());
    between
        && first
        && last
        && !line.contains([
            ';', ':', '!', '?', '+', '*', '/', '=', '[', ']', '{', '}', '_', '^', '°', '&', '§', '~', '%',
            '#', '@', '<', '"', '>', '\\',
        ])
        && line.split('\'').skip(1).all(|rest| rest == "s" || rest.starts_with("s "))
        && line.split('.').skip(1).all(|rest| !rest.is_empty() && !rest.starts_with(' '))
}

/// The number of a list item (empty for a bullet) and its text.
fn list_marker(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = if digits > 0 {
        (&line[..digits], line[digits..].strip_prefix(['.', ')'])?)
    } else {
        ("", line.strip_prefix(['•', '*', '+', '-'])?)
    };
    (indented(rest) && !rest.trim().is_empty()).then_some((number, rest))
}

/// `[text]: url`
fn link_def(line: &str) -> Option<LinkDef> {
    let (text, rest) = line.strip_prefix('[')?.split_once("]:")?;
    if !rest.starts_with([' ', '\t']) || rest.len() < 2 {
        return None;
    }
    let url = rest[1..].trim();
    let (scheme, _) = url.split_once("://")?;
    is_scheme(scheme).then(|| LinkDef { text: text.to_owned(), url: url.to_owned(), used: false })
}

fn is_scheme(word: &str) -> bool {
    matches!(word, "file" | "ftp" | "gopher" | "http" | "https" | "mailto" | "nntp")
}

// -----------------------------------------------------------------------------------------------------------
// Text

/// Text with typographic quotes for doubled ones, except in addresses.
fn quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let url = if out.ends_with(|c: char| c.is_alphanumeric() || c == '_') { 0 } else { url_length(rest) };
        let length = if url > 0 {
            url
        } else if rest.starts_with("```") {
            rest.len() - rest.trim_start_matches('`').len()
        } else if rest.starts_with("``") {
            out.push('“');
            rest = &rest[2..];
            continue;
        } else if rest.starts_with("''") {
            out.push('”');
            rest = &rest[2..];
            continue;
        } else {
            c.len_utf8()
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// The length of the address that the text begins with; zero if it begins with none.
fn url_length(text: &str) -> usize {
    let Some((scheme, rest)) = text.split_once("://") else { return 0 };
    let starts_host = |c: char| c.is_ascii_alphanumeric() || "_@-[]".contains(c);
    if !is_scheme(scheme) || !rest.starts_with(starts_host) {
        return 0;
    }
    let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
    let address = rest[..end].trim_end_matches(['.', ',', ':', ';', '?', '!', '\'', '`', ')']);
    scheme.len() + 3 + address.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> String {
        Doc::parse(text).print()
    }

    #[test]
    fn blocks_have_one_form() {
        assert_eq!(form("Text\nmore.\n\n\nNext.\n"), "Text\nmore.\n\nNext.\n");
        assert_eq!(
            form("Like so:\n    code\n      deeper\nText.\n"),
            "Like so:\n\n\tcode\n\t  deeper\n\nText.\n"
        );
        assert_eq!(form("A list:\n - a\n - b\n   more\n"), "A list:\n  - a\n  - b\n    more\n");
        assert_eq!(form("A list:\n\n  1) a\n  2) b\n"), "A list:\n\n 1. a\n 2. b\n");
        assert_eq!(form("#  Title\nText.\n"), "#  Title\nText.\n");
        assert_eq!(form("#  Title\n\nText.\n"), "# Title\n\nText.\n");
        assert_eq!(form("Text.\n\nA Heading\n\nText.\n"), "Text.\n\n# A Heading\n\nText.\n");
    }

    #[test]
    fn links_go_to_the_end() {
        let text = "[b]: http://b\n[a]: http://a\n\nSee [a].\n";
        assert_eq!(form(text), "See [a].\n\n[a]: http://a\n\n[b]: http://b\n");
    }

    #[test]
    fn quotes_are_typographic() {
        assert_eq!(form("Say ``x''.\n"), "Say “x”.\n");
        assert_eq!(form("Say ```x```.\n"), "Say ```x```.\n");
        assert_eq!(form("At http://x.org/a''b.\n"), "At http://x.org/a''b.\n");
    }

    #[test]
    fn directives_are_not_text() {
        for line in ["go:embed x", "line foo.go:1", "lint:ignore", "export f"] {
            assert!(is_directive(line), "{line}");
        }
        for line in [" go:embed", "Note: x", "a: b", "http://x"] {
            assert!(!is_directive(line), "{line}");
        }
    }
}
