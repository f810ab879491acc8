//! Files of samples, read one at a time: a JSON list of any length, or JSON lines.
//!
//! Only where a sample ends is looked for byte by byte; what it says is for `serde_json`. So a sample that is broken
//! inside takes no other with it, and no more than one is ever in memory.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use serde_json::Value;
use thiserror::Error;

/// No sample takes more bytes: a day at a round a second takes a quarter of it.
pub const LONGEST_SAMPLE: usize = 64 << 20;

const BUFFER: usize = 64 << 10;

/// Why no more samples come.
#[derive(Debug, Error)]
pub enum SamplesError {
    /// The file gives no bytes.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// There are none.
    #[error("is empty: it is to have a JSON list of samples, or one a line")]
    Empty,
    /// Something else stands in the place of a sample.
    #[error("has {found} in line {line} where {due} is due: it is to have a JSON list of samples, or one a line")]
    Misplaced {
        /// What stands there.
        found: String,
        /// What should.
        due: &'static str,
        /// Where, from 1.
        line: u64,
    },
    /// The file ends too early.
    #[error("ends in the middle: {what} of line {line} is cut off; get the file again")]
    Cut {
        /// What has no end.
        what: &'static str,
        /// Where that begins, from 1.
        line: u64,
    },
    /// A sample has no end in sight.
    #[error("has a sample in line {line} of more than {} MB: it is no file of samples", LONGEST_SAMPLE >> 20)]
    TooLong {
        /// Where it begins, from 1.
        line: u64,
    },
}

/// A sample and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Its place among the samples, from 0.
    pub index: u64,
    /// The line in which it begins, from 1.
    pub line: u64,
    /// Its bytes in the file.
    pub bytes: Range<u64>,
    /// What stands there, or why that is no JSON.
    pub value: Result<Value, String>,
}

/// The samples of a file, one by one; after an error comes the end.
#[derive(Debug)]
pub struct Samples<R> {
    input: BufReader<R>,
    state: Position,
    line: u64,
    index: u64,
    /// Bytes that have been read.
    read: u64,
    /// The sample at hand.
    bytes: Vec<u8>,
}

/// Where the reader has got to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Start,
    /// In a list that began in this line.
    List {
        line: u64,
    },
    /// Between samples without a list.
    Lines,
    End,
}

impl<R: Read> Samples<R> {
    /// Of whatever bytes `input` gives.
    pub fn new(input: R) -> Self {
        let input = BufReader::with_capacity(BUFFER, input);
        Self { input, state: Position::Start, line: 1, index: 0, read: 0, bytes: Vec::new() }
    }

    fn advance(&mut self) -> Result<Option<Placed>, SamplesError> {
        if self.state == Position::Start {
            self.skip_mark()?;
            self.state = match self.peek()? {
                None => return Err(SamplesError::Empty),
                Some(b'[') => {
                    self.take(1);
                    Position::List { line: self.line }
                }
                Some(b'{') => Position::Lines,
                Some(other) => return Err(self.misplaced(other, "a sample")),
            };
        }
        match self.state {
            Position::List { line } => self.next_of_list(line),
            Position::Lines => match self.peek()? {
                Some(_) => self.sample().map(Some),
                None => Ok(None),
            },
            Position::Start | Position::End => Ok(None),
        }
    }

    fn next_of_list(&mut self, line: u64) -> Result<Option<Placed>, SamplesError> {
        let cut = SamplesError::Cut { what: "the list", line };
        let first = self.index == 0;
        match self.peek()?.ok_or(cut)? {
            b']' => {
                self.take(1);
                self.state = Position::End;
                return match self.peek()? {
                    None => Ok(None),
                    Some(other) => Err(self.misplaced(other, "the end of the file")),
                };
            }
            b',' if !first => self.take(1),
            _ if first => (),
            other => return Err(self.misplaced(other, "a comma")),
        }
        match self.peek()? {
            None => Err(SamplesError::Cut { what: "the list", line }),
            Some(_) => self.sample().map(Some),
        }
    }

    /// The sample that begins with the next byte.
    fn sample(&mut self) -> Result<Placed, SamplesError> {
        let (line, start) = (self.line, self.read);
        self.bytes.clear();
        let mut extent = Extent::default();
        let mut ended = false;
        while !ended {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                // What has no brackets ends with the file.
                if extent.inside() || self.bytes.is_empty() {
                    return Err(SamplesError::Cut { what: "the sample", line });
                }
                break;
            }
            let mut taken = 0;
            for &byte in chunk {
                match extent.step(byte) {
                    Step::On => taken += 1,
                    Step::Last => (taken, ended) = (taken + 1, true),
                    Step::Beyond => ended = true,
                }
                if ended {
                    break;
                }
            }
            self.line += newlines(&chunk[..taken]);
            self.bytes.extend_from_slice(&chunk[..taken]);
            self.take(taken);
            if self.bytes.len() > LONGEST_SAMPLE {
                return Err(SamplesError::TooLong { line });
            }
        }
        if self.bytes.is_empty() {
            let found = self.peek()?.unwrap_or_default();
            return Err(self.misplaced(found, "a sample"));
        }
        let index = self.index;
        self.index += 1;
        let value = serde_json::from_slice(&self.bytes).map_err(|error| self.broken(line, &error));
        // A single long sample does not keep its room from then on.
        self.bytes.shrink_to(BUFFER);
        Ok(Placed { index, line, bytes: start..self.read, value })
    }

    fn broken(&self, line: u64, error: &serde_json::Error) -> String {
        let line = line + (error.line() as u64).saturating_sub(1);
        let said = error.to_string();
        let reason = said.split(" at line ").next().unwrap_or(&said);
        let holds = |word: &[u8]| self.bytes.windows(word.len()).any(|bytes| bytes == word);
        let hint = if holds(b"NaN") || holds(b"Infinity") { "; NaN and Infinity are no JSON" } else { "" };
        format!("is no JSON: {reason} in line {line}{hint}")
    }

    /// The next byte that is no space, without taking it.
    fn peek(&mut self) -> Result<Option<u8>, SamplesError> {
        loop {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let spaces = chunk.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let found = chunk.get(spaces).copied();
            self.line += newlines(&chunk[..spaces]);
            self.take(spaces);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Some editors begin a file of UTF-8 with a mark.
    fn skip_mark(&mut self) -> Result<(), SamplesError> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if fill(&mut self.input)?.starts_with(MARK) {
            self.take(MARK.len());
        }
        Ok(())
    }

    fn take(&mut self, bytes: usize) {
        self.input.consume(bytes);
        self.read += bytes as u64;
    }

    fn misplaced(&self, found: u8, due: &'static str) -> SamplesError {
        let found = if found.is_ascii_graphic() {
            format!("{:?}", char::from(found))
        } else {
            format!("the byte {found:#04x}")
        };
        SamplesError::Misplaced { found, due, line: self.line }
    }
}

impl<R: Read> Iterator for Samples<R> {
    type Item = Result<Placed, SamplesError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == Position::End {
            return None;
        }
        let next = self.advance().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.state = Position::End;
        }
        next
    }
}

fn fill<R: Read>(input: &mut BufReader<R>) -> io::Result<&[u8]> {
    // A signal is no reason to stop; asking twice is how the borrow ends in between.
    while let Err(error) = input.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(input.buffer())
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// How far a JSON value goes.
#[derive(Debug, Default)]
struct Extent {
    depth: u64,
    in_text: bool,
    escaped: bool,
}

enum Step {
    /// The byte belongs to the value, and more comes.
    On,
    /// The byte is its last.
    Last,
    /// The byte comes after its last.
    Beyond,
}

impl Extent {
    fn inside(&self) -> bool {
        self.in_text || self.depth > 0
    }

    fn step(&mut self, byte: u8) -> Step {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => (),
            }
            return if self.inside() { Step::On } else { Step::Last };
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth == 0 => return Step::Beyond,
            b'}' | b']' => {
                self.depth -= 1;
                return if self.depth == 0 { Step::Last } else { Step::On };
            }
            b',' if self.depth == 0 => return Step::Beyond,
            _ if self.depth == 0 && byte.is_ascii_whitespace() => return Step::Beyond,
            _ => (),
        }
        Step::On
    }
}

#[cfg(test)]
mod tests;
