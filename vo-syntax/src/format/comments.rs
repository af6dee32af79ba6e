//! Comments: how they form groups, what becomes of their text, and where they go between two tokens.
//!
//! The comments of a file stand in [`Group`]s: comments with no token and no empty line between them. A group
//! that begins on the line of the token before belongs to that line alone. The pen writes whole groups, before
//! the first token behind them.

use super::align::Mark;
use super::doc;
use super::pen::{Gap, MAX_LINES, Pen, Place};
use crate::ast;
use crate::source::{Pos, SourceFile};
use crate::token::Token;

/// A comment's text and place.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    /// From `//` or `/*` on, without carriage returns.
    pub(super) text: String,
    pub(super) place: Place,
}

impl Comment {
    /// Whether it is of the kind that reaches to the line's end.
    pub(super) fn is_line(&self) -> bool {
        self.text.starts_with("//")
    }
}

/// A comment that has been written.
#[derive(Clone, Copy)]
struct Seen {
    place: Place,
    is_line: bool,
}

/// Comments that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) list: Vec<Comment>,
    /// Just past the last comment.
    pub(super) end: Place,
    /// Whether it stands alone, or behind a token.
    beside_token: bool,
    /// Whether it ends a line somewhere: then it cannot go where a line end is a semicolon.
    ends_line: bool,
}

impl Group {
    pub(super) fn start(&self) -> Place {
        self.list[0].place
    }
}

/// The comments of a file in groups.
pub(super) fn groups(src: &SourceFile, comments: &[ast::Comment]) -> Vec<Group> {
    let place = |pos: Pos| {
        let (line, col) = src.line_col(src.offset(pos));
        Place { offset: src.offset(pos).into(), line: line.into(), col: col.into() }
    };
    let mut groups: Vec<Group> = Vec::new();
    for comment in comments {
        let (start, end) = (place(comment.span.start), place(comment.span.end));
        let text = src.text(comment.span).replace('\r', "");
        let comment = Comment { text, place: start };
        if let Some(group) = groups.last_mut()
            && start.line <= group.end.line + i64::from(!group.beside_token)
            && blank_between(src, group.end, start)
        {
            group.list.push(comment);
            group.end = end;
            continue;
        }
        groups.push(Group {
            list: vec![comment],
            end,
            beside_token: beside_token(src, start),
            ends_line: false,
        });
    }
    for group in &mut groups {
        let line = group.start().line;
        let ends = |c: &Comment| c.place.line != line || c.is_line() || c.text.contains('\n');
        group.ends_line = group.list.iter().any(ends);
    }
    groups
}

fn blank_between(src: &SourceFile, from: Place, to: Place) -> bool {
    src.bytes()[from.offset as usize..to.offset as usize].trim_ascii().is_empty()
}

/// Whether a token (or another comment) stands before this place on its line.
fn beside_token(src: &SourceFile, place: Place) -> bool {
    let start = (place.offset - (place.col - 1)) as usize;
    !src.bytes()[start..place.offset as usize].trim_ascii().is_empty()
}

/// Whether a comment follows the node that ends at `end`, on its line, and ends that line.
pub(super) fn has_line_comment(src: &SourceFile, groups: &[Group], end: Place) -> bool {
    let next = groups.partition_point(|g| g.start().offset < end.offset);
    let Some(group) = groups.get(next) else { return false };
    let between = &src.bytes()[end.offset as usize..group.start().offset as usize];
    if group.start().line != end.line || between.iter().any(|b| !matches!(b, b' ' | b'\t' | b'\r' | b';')) {
        return false;
    }
    let rest = &src.bytes()[group.end.offset as usize..];
    let next = rest.iter().find(|b| !matches!(b, b' ' | b'\t' | b'\r'));
    matches!(next, None | Some(b'\n' | b';'))
}

/// Whether a comment documents what begins at `start`: it stands alone and ends on the line above.
pub(super) fn has_doc(groups: &[Group], start: Place) -> bool {
    let next = groups.partition_point(|g| g.start().offset < start.offset);
    next.checked_sub(1).is_some_and(|i| !groups[i].beside_token && groups[i].end.line + 1 == start.line)
}

impl Pen<'_> {
    /// Whether a comment is to be written before a token at `next`.
    pub(super) fn comment_before(&self, next: Place) -> bool {
        let group = self.groups.get(self.next_group);
        group.is_some_and(|g| g.start().offset < next.offset && !(self.implied_semi && g.ends_line))
    }

    /// The length of the comments before a place.
    pub(super) fn comment_size_before(&mut self, next: Place) -> usize {
        let first = self.next_group;
        let mut size = 0;
        while self.comment_before(next) {
            size += self.groups[self.next_group].list.iter().map(|c| c.text.len()).sum::<usize>();
            self.next_group += 1;
        }
        self.next_group = first;
        size
    }

    /// Writes the comments before the token at `next`, and the gaps around them. The answer is that of
    /// [`Pen::flush`].
    pub(super) fn intersperse(&mut self, next: Place, token: Token) -> (bool, bool) {
        let groups = self.groups;
        let mut last: Option<Seen> = None;
        while self.comment_before(next) {
            let group = &groups[self.next_group];
            self.next_group += 1;
            let documents = token != Token::Ident
                && token != Token::Import
                && group.start().col == 1
                && group.end.offset + 1 == next.offset;
            let new = if documents { doc::reformat(&group.list) } else { None };
            let list = new.as_deref().unwrap_or(&group.list);
            if list.is_empty() {
                // Empty comment lines document nothing.
                self.comment_prefix(group.start(), next, last, token);
                self.pos = next;
                self.last = next;
                return self.comment_suffix(false);
            }
            for comment in list {
                self.comment_prefix(comment.place, next, last, token);
                self.write_comment(comment);
                last = Some(Seen { place: comment.place, is_line: comment.is_line() });
            }
            if documents {
                last = group.list.last().map(|c| Seen { place: c.place, is_line: c.is_line() });
                self.pos = group.end;
                self.last = self.pos;
            }
        }
        let Some(last) = last else { panic!("internal error: no comment to write") };
        let mut needs_line = false;
        let tight_close = |close, open| token == close && self.open != Some(open);
        if !self.tight
            && !last.is_line
            && last.place.line == next.line
            && token != Token::Comma
            && !tight_close(Token::RParen, Token::LParen)
            && !tight_close(Token::RBrack, Token::LBrack)
        {
            let breaks = self.gaps.iter().any(|g| matches!(g, Gap::Line | Gap::Section));
            if breaks && !self.joined && self.literals == 0 {
                needs_line = true;
            } else {
                self.blank();
            }
        }
        needs_line |= last.is_line || token == Token::Eof || token == Token::RBrace && !self.joined;
        self.comment_suffix(needs_line)
    }

    /// Writes what goes before a comment at `place`; `previous` is the comment before it, if nothing else has
    /// been written since, `next` and `token` are what follows all comments.
    fn comment_prefix(&mut self, place: Place, next: Place, previous: Option<Seen>, token: Token) {
        if self.page.is_empty() {
            return;
        }
        if place.line == self.last.line && !previous.is_some_and(|c| c.is_line) {
            self.same_line_prefix(place, next, previous.is_some());
        } else {
            self.new_line_prefix(place, next, previous, token);
        }
    }

    /// A comment on the line of what was written last: at most one separator goes before it.
    fn same_line_prefix(&mut self, place: Place, next: Place, behind_comment: bool) {
        let mut separated = false;
        if !behind_comment {
            let mut n = 0;
            for (i, gap) in self.gaps.iter_mut().enumerate() {
                match gap {
                    Gap::Blank => {
                        *gap = Gap::None;
                        continue;
                    }
                    Gap::Cell => {
                        separated = true;
                        continue;
                    }
                    Gap::In => continue,
                    _ => {}
                }
                n = i;
                break;
            }
            self.write_gaps(n);
        }
        if separated {
            return;
        }
        // A comment at the end of a line is a cell of its own.
        if place.line == next.line {
            self.blank();
        } else {
            self.mark(Mark::Tab, 1);
        }
    }

    /// A comment on a line of its own, as many lines down as in the source.
    fn new_line_prefix(&mut self, place: Place, next: Place, previous: Option<Seen>, token: Token) {
        let mut dropped = false;
        let mut n = 0;
        for i in 0..self.gaps.len() {
            match self.gaps[i] {
                Gap::Blank | Gap::Cell => {
                    self.gaps[i] = Gap::None;
                    continue;
                }
                Gap::In => continue,
                // Of several steps outwards all but the last are taken. The last is taken too unless the
                // comment lines up with what follows (the closing brace apart).
                Gap::Out if self.gaps.get(i + 1) == Some(&Gap::Out) => continue,
                Gap::Out if token != Token::RBrace && place.col == next.col => continue,
                Gap::Line | Gap::Section => {
                    self.gaps[i] = Gap::None;
                    dropped = previous.is_none();
                }
                _ => {}
            }
            n = i;
            break;
        }
        self.write_gaps(n);
        let mut lines = if self.last.is_valid() { (place.line - self.last.line).max(0) } else { 0 };
        if self.indent == 0 && dropped {
            lines += 1;
        }
        if lines == 0 && previous.is_some_and(|c| c.is_line) {
            lines = 1;
        }
        if lines > 0 {
            self.mark(Mark::Section, lines.min(MAX_LINES));
        }
    }

    /// Deals with the gaps that still wait behind comments: one line end at most remains of them.
    fn comment_suffix(&mut self, mut needs_line: bool) -> (bool, bool) {
        let (mut wrote, mut dropped) = (false, false);
        for gap in &mut self.gaps {
            match gap {
                Gap::Blank | Gap::Cell => *gap = Gap::None,
                Gap::Line | Gap::Section if needs_line => {
                    needs_line = false;
                    wrote = true;
                }
                Gap::Line | Gap::Section => {
                    dropped |= *gap == Gap::Section;
                    *gap = Gap::None;
                }
                _ => {}
            }
        }
        self.write_gaps(self.gaps.len());
        if needs_line {
            self.mark(Mark::Line, 1);
            wrote = true;
        }
        (wrote, dropped)
    }

    fn write_comment(&mut self, comment: &Comment) {
        let indent = self.indent;
        // These have a meaning in the first column only.
        if comment.text.starts_with("//line ") && comment.place.col == 1 {
            self.indent = 0;
        }
        if comment.is_line() {
            self.write(comment.place, comment.text.trim_end());
        } else {
            self.write_block_comment(comment);
        }
        self.indent = indent;
    }

    fn write_block_comment(&mut self, comment: &Comment) {
        let mut lines: Vec<String> = comment.text.split('\n').map(str::to_owned).collect();
        if comment.place.col == 1 && self.indent > 0 {
            // The text moves to the right with its first line, and `/*` with it.
            lines[1..].iter_mut().for_each(|line| line.insert_str(0, "   "));
        }
        strip_common_prefix(&mut lines);
        let mut place = comment.place;
        for (i, line) in lines.iter().enumerate() {
            if i > 0 {
                self.mark(Mark::Section, 1);
                place = self.pos;
            }
            if !line.is_empty() {
                self.write(place, line.trim_end());
            }
        }
    }
}

fn is_blank(s: &str) -> bool {
    s.bytes().all(|b| b <= b' ')
}

/// What two lines begin with in common, as far as it is white space and stars.
fn common_prefix<'a>(a: &'a str, b: &str) -> &'a str {
    let same = |&(x, y): &(u8, u8)| x == y && (x <= b' ' || x == b'*');
    &a[..a.bytes().zip(b.bytes()).take_while(same).count()]
}

/// Takes from the lines of a block comment the white space that all of them begin with, so that they can be
/// indented anew. The first line, which begins with `/*`, stays; a column of stars keeps its place.
fn strip_common_prefix(lines: &mut [String]) {
    let count = lines.len();
    if count < 2 {
        return;
    }
    let prefix = prefix_to_strip(lines);
    let last = &lines[count - 1];
    let before = last.rfind("*/").map_or(last.as_str(), |at| &last[..at]);
    let (mut prefix, stars) = prefix;
    if is_blank(before) {
        lines[count - 1] = format!("{prefix}{}", if stars { " */" } else { "*/" });
    } else {
        prefix = common_prefix(&prefix, last).to_owned();
    }
    for line in &mut lines[1..] {
        if !line.is_empty() {
            line.drain(..prefix.len());
        }
    }
}

/// The prefix, and whether it is a column of stars.
fn prefix_to_strip(lines: &mut [String]) -> (String, bool) {
    let count = lines.len();
    let mut common: Option<String> = None;
    for line in &mut lines[1..count - 1] {
        if is_blank(line) {
            line.clear();
            continue;
        }
        let known = common.as_deref().unwrap_or(line);
        common = Some(common_prefix(known, line).to_owned());
    }
    let last = &lines[count - 1];
    let prefix = common.unwrap_or_else(|| common_prefix(last, last).to_owned());
    if let Some((before, _)) = prefix.split_once('*') {
        return (before.strip_suffix(' ').unwrap_or(before).to_owned(), true);
    }
    let first = &lines[0];
    if is_blank(&first[2..]) {
        // Only `/*` on the first line: the text may be indented against it by up to three blanks or a tab.
        let trimmed = (0..3).fold(prefix.as_str(), |p, _| p.strip_suffix(' ').unwrap_or(p));
        let trimmed = match trimmed.strip_suffix('\t') {
            Some(shorter) if trimmed.len() == prefix.len() => shorter,
            _ => trimmed,
        };
        return (trimmed.to_owned(), false);
    }
    // Text on the first line: what stands before it is as wide as what lines it up with the others.
    let gap = first[2..].bytes().take_while(|&b| b <= b' ').count();
    let gap = &first[2..2 + gap];
    let aligned = if gap.starts_with('\t') { gap.to_owned() } else { format!("  {gap}") };
    let prefix = prefix.strip_suffix(aligned.as_str()).unwrap_or(&prefix).to_owned();
    (prefix, false)
}
