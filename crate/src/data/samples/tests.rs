use proptest::prelude::*;
use serde_json::json;

use super::*;

fn values(bytes: impl AsRef<[u8]>) -> Vec<Value> {
    Samples::new(bytes.as_ref()).map(|placed| placed.unwrap().value.unwrap()).collect()
}

/// The samples before the error, and the error.
fn fails(bytes: impl AsRef<[u8]>) -> (usize, String) {
    let mut samples = 0;
    for placed in Samples::new(bytes.as_ref()) {
        match placed {
            Ok(_) => samples += 1,
            Err(error) => return (samples, error.to_string()),
        }
    }
    panic!("{:?} is read", String::from_utf8_lossy(bytes.as_ref()));
}

#[test]
fn lists_lines_and_single_objects_are_read() {
    let expected = vec![json!({ "a": "x]},\"\\" }), json!({ "b": [1, { "c": [] }] })];
    let [one, two] = [expected[0].to_string(), expected[1].to_string()];
    for written in [
        format!("[{one},{two}]"),
        format!("\u{feff}[\n  {one} ,\n{two}\n]\n\n"),
        format!("{one}\n{two}"),
        format!("\r\n{one}\r\n\r\n{two}\r\n"),
        serde_json::to_string_pretty(&expected).unwrap(),
    ] {
        assert_eq!(values(&written), expected, "{written}");
    }
    assert_eq!(values(&two), expected[1..]);
    assert_eq!(values("[]"), Vec::<Value>::new());
    assert_eq!(values("[1, null,\"a\"]"), [json!(1), json!(null), json!("a")]);
}

#[test]
fn lines_are_counted() {
    let placed = |bytes: &str| -> Vec<(u64, u64)> {
        Samples::new(bytes.as_bytes()).map(|placed| placed.map(|placed| (placed.index, placed.line)).unwrap()).collect()
    };
    assert_eq!(placed("[\n{\n},\n\n{}]"), [(0, 2), (1, 5)]);
    assert_eq!(placed("{}\n{}\n\n{}"), [(0, 1), (1, 2), (2, 4)]);
}

#[test]
fn a_broken_sample_takes_no_other_with_it() {
    let read: Vec<Placed> = Samples::new(&b"[{\"a\": 1},\n{\"time\":\nNaN}, {\"a\" 1}, \xff, {\"a\": 2}]"[..])
        .map(Result::unwrap)
        .collect();
    let reasons: Vec<&str> = read.iter().filter_map(|placed| placed.value.as_ref().err()).map(String::as_str).collect();
    assert_eq!(read.len(), 5);
    assert_eq!(reasons[0], "is no JSON: expected value in line 3; NaN and Infinity are no JSON");
    assert_eq!(reasons[1], "is no JSON: expected `:` in line 3");
    assert_eq!((reasons.len(), read[4].value.clone()), (3, Ok(json!({ "a": 2 }))));
}

#[test]
fn files_that_are_none_are_refused_in_a_line() {
    let advice = "it is to have a JSON list of samples, or one a line";
    assert_eq!(fails(""), (0, format!("is empty: {advice}")));
    assert_eq!(fails(" \n\t"), (0, format!("is empty: {advice}")));
    assert_eq!(fails("hello"), (0, format!("has 'h' in line 1 where a sample is due: {advice}")));
    assert_eq!(fails(b"\x1f\x8b\x08"), (0, format!("has the byte 0x1f in line 1 where a sample is due: {advice}")));
    assert_eq!(fails("[{} {}]"), (1, format!("has '{{' in line 1 where a comma is due: {advice}")));
    assert_eq!(fails("[{},\n]"), (1, format!("has ']' in line 2 where a sample is due: {advice}")));
    assert_eq!(fails("[{}]\n{}"), (1, format!("has '{{' in line 2 where the end of the file is due: {advice}")));
    assert_eq!(fails("{}]"), (1, format!("has ']' in line 1 where a sample is due: {advice}")));
    let cut = |what, line| format!("ends in the middle: {what} of line {line} is cut off; get the file again");
    assert_eq!(fails("\n[{}"), (1, cut("the list", 2)));
    assert_eq!(fails("[{},"), (1, cut("the list", 1)));
    assert_eq!(fails("[{},\n{\"a\": \"}]"), (1, cut("the sample", 2)));
    assert_eq!(fails("{}\n{\"a\": [1"), (1, cut("the sample", 2)));
}

#[test]
fn a_sample_without_end_is_given_up() {
    let endless = b"{\"a\": \"".chain(io::repeat(b'x'));
    let error = Samples::new(endless).next().unwrap().unwrap_err().to_string();
    assert_eq!(error, "has a sample in line 1 of more than 64 MB: it is no file of samples");
    let deep = Samples::new(&b"[".repeat(100_000)[..]).next().unwrap().unwrap_err();
    assert!(matches!(deep, SamplesError::Cut { line: 1, .. }));
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert!(Samples::new(&deep[..]).next().unwrap().unwrap().value.unwrap_err().contains("recursion limit"));
}

/// A list of samples that is made while it is read.
struct Generated {
    samples: u64,
    made: u64,
    piece: Vec<u8>,
    handed_out: usize,
}

impl Generated {
    fn sample(index: u64) -> String {
        format!("{{\"index\":{index},\"text\":\"{}\"}}", "x".repeat((index % 977) as usize))
    }
}

impl Read for Generated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && self.made <= self.samples {
            let before = if self.made == 0 { "[" } else { "," };
            self.piece = match self.made {
                made if made == self.samples => b"]".to_vec(),
                made => format!("{before}\n{}", Self::sample(made)).into_bytes(),
            };
            self.made += 1;
        }
        let count = buffer.len().min(self.piece.len());
        buffer[..count].copy_from_slice(&self.piece[..count]);
        self.piece.drain(..count);
        self.handed_out += count;
        Ok(count)
    }
}

#[test]
fn a_long_list_is_never_in_memory() {
    const SAMPLES: u64 = 100_000;
    let mut samples = Samples::new(Generated { samples: SAMPLES, made: 0, piece: Vec::new(), handed_out: 0 });
    let mut read = 0;
    for index in 0..SAMPLES {
        let placed = samples.next().unwrap().unwrap();
        assert_eq!((placed.index, placed.value.unwrap()["index"].as_u64()), (index, Some(index)));
        read += Generated::sample(index).len() + 2;
        let ahead = samples.input.get_ref().handed_out - read;
        assert!(ahead <= BUFFER && samples.bytes.capacity() <= BUFFER, "{ahead} bytes are held");
    }
    assert!(samples.next().is_none());
    assert!(samples.input.get_ref().handed_out > 50_000_000, "the list is long");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "[\\[\\]{}\",:\\\\ \n1aN]{0,60}".prop_map(String::into_bytes),
    ]) {
        let mut read = 0;
        for placed in Samples::new(&bytes[..]) {
            read += 1;
            if let Ok(Placed { value: Ok(value), .. }) = placed {
                let _ = super::super::Sample::read(value);
            }
        }
        prop_assert!(read <= bytes.len() + 1);
    }

    #[test]
    fn whatever_is_written_is_read(texts in prop::collection::vec(any::<String>(), 0..8), lines in any::<bool>()) {
        let samples: Vec<Value> = texts.into_iter().map(|text| json!({ &text: [&text, { "b": &text }] })).collect();
        let written = match lines {
            true => samples.iter().map(|sample| format!("{sample}\n")).collect(),
            false => Value::from(samples.clone()).to_string(),
        };
        if !written.is_empty() {
            prop_assert_eq!(values(&written), samples);
        }
    }
}
