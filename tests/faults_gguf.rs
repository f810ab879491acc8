//! GGUF files that are damaged, incomplete, hostile, or of something else.

use proptest::prelude::*;

use crate::fixtures::{refusal, try_load};
use crate::gguf_file::{self as parts, F32, GgufFile, I32, LIST, TEXT, TRUTH, Tensor, U32};
use crate::program::{Spoilt, fails, json_lines, streamo};

pub const FIXTURE: &str = "gguf/late-question";
pub const MODEL: &str = "tiny-F16.gguf";
pub const VISION: &str = "mmproj-tiny-F16.gguf";
/// The tensors that are spoilt: f32, 48 numbers, and f16, 48 × 48.
const NORM: &str = "output_norm.weight";
const QUERIES: &str = "blk.0.attn_q.weight";

/// The message with which the model is refused after `change` of one of its files.
#[track_caller]
pub fn spoilt(file: &str, change: impl FnOnce(&mut GgufFile)) -> String {
    let model = Spoilt::copy_of(FIXTURE);
    let mut parts = GgufFile::of(&model.file(file));
    change(&mut parts);
    model.write(file, parts.bytes());
    refusal(&model)
}

fn damaged(reason: &str) -> String {
    format!("{MODEL} is damaged: {reason}; download it again")
}

#[test]
fn taking_a_file_apart_changes_nothing() {
    let model = Spoilt::copy_of(FIXTURE);
    for file in [MODEL, VISION] {
        assert_eq!(GgufFile::of(&model.file(file)).bytes(), std::fs::read(model.file(file)).unwrap());
    }
    try_load(model.path()).unwrap();
}

#[test]
fn a_directory_without_both_parts_says_which_it_lacks() {
    let model = Spoilt::copy_of(FIXTURE);
    let place = model.path().display();
    let two = "the GGUF files of a model are a language model and its vision part, mmproj-….gguf";
    std::fs::rename(model.file(VISION), model.file("kept")).unwrap();
    assert_eq!(fails(&mut model.watch()), format!("{place} has no vision part: {two}"));
    let named = model.file(MODEL).display().to_string();
    assert_eq!(try_load(&model.file(MODEL)).unwrap_err().to_string(), format!("{named} has no vision part: {two}"));
    std::fs::rename(model.file("kept"), model.file(VISION)).unwrap();

    std::fs::copy(model.file(MODEL), model.file("other.gguf")).unwrap();
    let several = format!(
        "{place} has several language models, other.gguf and tiny-F16.gguf: name one, as in --model DIR/FILE.gguf"
    );
    assert_eq!(fails(&mut model.inspect()), several);
    model.remove("other.gguf").remove(MODEL);
    assert_eq!(refusal(&model), format!("{place} has no language model: {two}"));
    let mut named = streamo(["inspect"]);
    let missing = model.file(MODEL).display().to_string();
    assert_eq!(fails(named.arg(&missing)), format!("cannot read {missing}: entity not found"));

    let model = Spoilt::copy_of(FIXTURE);
    std::fs::copy(model.file(VISION), model.file("mmproj-F32.gguf")).unwrap();
    let several = refusal(&model);
    assert!(
        several.ends_with("several vision parts, mmproj-F32.gguf and mmproj-tiny-F16.gguf: keep one of them there")
    );
}

#[test]
fn a_split_model_needs_all_of_its_files() {
    let model = Spoilt::copy_of("gguf/sharded-f32");
    try_load(model.path()).unwrap();
    std::fs::rename(model.file("tiny-F32-00002-of-00003.gguf"), model.file("kept")).unwrap();
    let place = model.path().display();
    let missing = "has no tiny-F32-00002-of-00003.gguf, a shard of the checkpoint: it is incomplete, download it again";
    assert_eq!(fails(&mut model.inspect()), format!("{place} {missing}"));
    std::fs::copy(model.file("tiny-F32-00003-of-00003.gguf"), model.file("tiny-F32-00002-of-00003.gguf")).unwrap();
    let twice = refusal(&model);
    let complaint = "tiny-F32-00003-of-00003.gguf is damaged: another shard holds ";
    assert!(twice.starts_with(complaint) && twice.ends_with(" too; download it again"), "{twice}");
}

#[test]
fn other_versions_and_files_are_named() {
    let model = Spoilt::copy_of(FIXTURE);
    let whole = std::fs::read(model.file(MODEL)).unwrap();
    let version = |bytes: [u8; 4]| {
        model.write(MODEL, [&whole[..4], &bytes, &whole[8..]].concat());
        refusal(&model)
    };
    let advice = "which streamo does not read: convert the model anew with llama.cpp";
    for other in [0_u32, 1, 4, u32::MAX] {
        let expected = format!("{MODEL} is a GGUF file of version {other}, {advice}");
        assert_eq!(version(other.to_le_bytes()), expected);
    }
    assert_eq!(version(3_u32.to_be_bytes()), format!("{MODEL} is a big-endian GGUF file, {advice}"));
    model.write(MODEL, [&whole[..4], &2_u32.to_le_bytes(), &whole[8..]].concat());
    try_load(model.path()).unwrap();
    model.write(MODEL, b"PK\x03\x04 and so on");
    assert_eq!(refusal(&model), damaged("it does not begin with GGUF"));
}

#[test]
fn a_file_cut_anywhere_is_damaged() {
    let model = Spoilt::copy_of(FIXTURE);
    for file in [MODEL, VISION] {
        let whole = std::fs::read(model.file(file)).unwrap();
        let edges = [0, 3, 4, 7, 8, 15, 16, 23, 24, 25, 31, whole.len() - 33];
        for cut in edges.into_iter().chain((0..whole.len() - 33).step_by(4_999)) {
            model.write(file, &whole[..cut]);
            let message = refusal(&model);
            assert!(message.starts_with(&format!("{file} is damaged: ")), "cut at {cut}: {message}");
            assert!(message.ends_with("; download it again"), "cut at {cut}: {message}");
        }
        model.write(file, &whole);
    }
    model.write(MODEL, &std::fs::read(model.file(MODEL)).unwrap()[..100]);
    assert!(fails(&mut model.watch()).contains(" is damaged: "));
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let list = |kind: u32, count: u64| [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat();
    let most = u64::MAX.to_le_bytes().to_vec();
    for (kind, value, complaint) in [
        (TEXT, most.clone(), format!("needs {} bytes", u64::MAX)),
        (TEXT, (1_u64 << 40).to_le_bytes().to_vec(), format!("needs {} bytes", 1_u64 << 40)),
        (TEXT, [&2_u64.to_le_bytes()[..], b"\xff\xfe"].concat(), "is not UTF-8".to_owned()),
        (LIST, list(TEXT, u64::MAX), format!("needs {} bytes", u64::MAX)),
        (LIST, list(F32, 1 << 62), format!("needs {} bytes", u64::MAX)),
        (LIST, list(LIST, 1), "is a list of lists, which no model has".to_owned()),
        (LIST, list(13, 0), "is of type 13, which does not exist".to_owned()),
        (99, vec![], "is of type 99, which does not exist".to_owned()),
        (TRUTH, vec![2], "is neither true nor false but 2".to_owned()),
    ] {
        let message = spoilt(MODEL, |file| file.keys.push(("some".to_owned(), kind, value)));
        assert!(message.starts_with(&format!("{MODEL} is damaged: its key some {complaint}")), "{message}");
    }
    let twice = spoilt(MODEL, |file| file.keys.push(("general.type".to_owned(), TRUTH, vec![1])));
    assert_eq!(twice, damaged("it has two keys general.type"));
    let long = "k".repeat(65_536);
    let long = spoilt(MODEL, |file| file.keys.push((long, TRUTH, vec![1])));
    assert_eq!(long, damaged("a key has a name of 65536 bytes"));
    for alignment in [0_u32, 3, 1 << 31] {
        let message = spoilt(MODEL, |file| file.set("general.alignment", U32, alignment.to_le_bytes()));
        assert_eq!(message, damaged(&format!("its general.alignment is {alignment}")));
    }
    assert!(spoilt(MODEL, |file| file.set("general.alignment", TEXT, parts::text("32"))).contains("is not a count"));
    let model = Spoilt::copy_of(FIXTURE);
    let whole = std::fs::read(model.file(MODEL)).unwrap();
    for (at, what) in [(8, "tensors"), (16, "keys")] {
        for count in [65_537, 1 << 40, u64::MAX] {
            let mut bytes = whole.clone();
            bytes[at..at + 8].copy_from_slice(&count.to_le_bytes());
            model.write(MODEL, bytes);
            assert_eq!(refusal(&model), damaged(&format!("it announces {count} {what}")));
        }
    }
}

#[test]
fn tensors_that_cannot_be_are_refused() {
    let change = |change: &dyn Fn(&mut Tensor)| spoilt(MODEL, |file| change(file.tensor(QUERIES)));
    for (axes, reason) in [
        (vec![48; 5], format!("tensor {QUERIES} has 5 axes")),
        (
            vec![1 << 40, 1 << 40],
            format!("tensor {QUERIES} has the shape [{0}, {0}], which is no tensor's", 1_u64 << 40),
        ),
    ] {
        assert_eq!(change(&|tensor| tensor.axes = axes.clone()), damaged(&reason));
    }
    let large = change(&|tensor| tensor.axes = vec![48, 1 << 32]);
    assert!(large.contains(&format!("tensor {QUERIES} has {} bytes from ", 96_u64 << 32)), "{large}");
    let advice = "take a file with Q4_0, Q4_1, Q4_K, Q5_0, Q6_K, Q8_0, F16, BF16 or F32 only, or make one with \
                  llama-quantize (Q4_K_M, Q8_0)";
    for (kind, name) in
        [(10, "Q2_K"), (13, "Q5_K"), (23, "IQ4_XS"), (24, "I8"), (4, "type 4"), (u32::MAX, "type 4294967295")]
    {
        assert_eq!(change(&|tensor| tensor.kind = kind), format!("tensor {QUERIES} is stored as {name}: {advice}"));
    }
    for (kind, block) in [(2, 32), (14, 256)] {
        let reason = format!("tensor {QUERIES} has rows of 48 numbers in blocks of {block}");
        assert_eq!(change(&|tensor| tensor.kind = kind), damaged(&reason));
    }
    let misplaced = change(&|tensor| tensor.offset += 2);
    assert!(misplaced.contains(&format!("tensor {QUERIES} begins at ")), "{misplaced}");
    for offset in [1_u64 << 40, u64::MAX - 31] {
        let outside = change(&|tensor| tensor.offset = offset);
        assert!(
            outside.contains(&format!("tensor {QUERIES} has 4608 bytes from {offset} on, and there are ")),
            "{outside}"
        );
    }
    let over = change(&|tensor| tensor.offset -= 32);
    assert!(over.contains(&format!(" and {QUERIES} overlap; download it again")), "{over}");
    let twice = spoilt(MODEL, |file| file.tensor(QUERIES).name = NORM.to_owned());
    assert_eq!(twice, damaged(&format!("it has two tensors {NORM}")));
    let both = spoilt(VISION, |file| file.tensor("v.post_ln.weight").name = NORM.to_owned());
    assert_eq!(both, format!("{VISION} is damaged: another shard holds {NORM} too; download it again"));
}

#[test]
fn tensors_that_do_not_fit_are_named_as_their_file_does() {
    let missing =
        |name: &str| format!("the checkpoint has no tensor {name}: it is incomplete or of another architecture");
    let renamed = |file: &str, name: &str| spoilt(file, |parts| parts.tensor(name).name = "elsewhere".to_owned());
    assert_eq!(renamed(MODEL, QUERIES), missing(QUERIES));
    for piece in
        ["v.patch_embd.weight.1", "v.blk.1.attn_v.weight", "v.blk.0.attn_k.bias", "mm.2.bias", "v.post_ln.weight"]
    {
        assert_eq!(renamed(VISION, piece), missing(piece));
    }
    let shape = spoilt(MODEL, |file| file.tensor(QUERIES).axes = vec![24, 96]);
    assert_eq!(shape, format!("tensor {QUERIES} has shape [96, 24] where the configuration asks for [48, 48]"));
    let scalar = spoilt(MODEL, |file| file.tensor(NORM).axes = vec![]);
    assert_eq!(scalar, format!("tensor {NORM} has shape [] where the configuration asks for [48]"));
    for axes in [vec![12, 48], vec![]] {
        let message = spoilt(VISION, |file| file.tensor("v.blk.0.attn_k.weight").axes = axes);
        assert!(message.starts_with("tensor v.blk.0.attn_k.weight has shape "), "{message}");
    }
    let not_finite = spoilt(MODEL, |file| {
        let at = file.tensor(NORM).offset as usize + 4 * 37;
        file.weights[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert_eq!(not_finite, format!("tensor {NORM} holds NaN at element 37: the checkpoint is broken, export it again"));
    // The queries, keys and values of a vision block are one tensor here; what is wrong is said of the piece.
    let piece = spoilt(VISION, |file| {
        let at = file.tensor("v.blk.1.attn_v.weight").offset as usize + 2 * 5;
        file.weights[at..at + 2].copy_from_slice(&[0, 0x7c]);
    });
    assert!(piece.starts_with("tensor v.blk.1.attn_v.weight holds inf at element 5: "), "{piece}");
}

/// What headers claim, and sparse files have, is not allocated: the program may have half a gibibyte.
#[cfg(target_os = "linux")]
#[test]
fn what_a_header_claims_is_not_allocated() {
    const CLAIM: u64 = 1 << 33;
    let model = Spoilt::copy_of(FIXTURE);
    let whole = GgufFile::of(&model.file(MODEL));
    let inspect = |file: &GgufFile| {
        let mut bytes = file.bytes();
        bytes.truncate(bytes.len() - file.weights.len());
        let end = bytes.len() as u64 + file.weights.len() as u64 + CLAIM;
        bytes.extend(&file.weights);
        model.write(MODEL, &bytes);
        std::fs::OpenOptions::new().write(true).open(model.file(MODEL)).unwrap().set_len(end).unwrap();
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "ulimit -v 524288 && exec \"$0\" inspect --json \"$1\"", env!("CARGO_BIN_EXE_streamo")]);
        shell.arg(model.path());
        shell
    };
    // A tensor that is as large as it says is not read.
    let mut large = whole.clone();
    large.tensors.push(Tensor {
        name: "more".to_owned(),
        axes: vec![CLAIM / 8, 4],
        kind: 1,
        offset: (whole.weights.len() as u64).next_multiple_of(32),
    });
    let [report] = json_lines(&mut inspect(&large)).try_into().unwrap();
    assert!(report["weight_bytes"].as_u64().unwrap() > CLAIM);
    let list = |kind: u32, count: u64| [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat();
    for (kind, value) in [
        (TEXT, (CLAIM / 2).to_le_bytes().to_vec()),
        (TEXT, (50_u64 << 20).to_le_bytes().to_vec()),
        (LIST, list(0, CLAIM / 2)),
        (LIST, list(I32, 12 << 20)),
        (LIST, list(TEXT, CLAIM / 16)),
        (LIST, list(TEXT, 6 << 20)),
    ] {
        let mut lying = whole.clone();
        lying.keys.push(("some".to_owned(), kind, value));
        let message = fails(&mut inspect(&lying));
        assert!(message.starts_with(&format!("{MODEL} is damaged: ")), "{message}");
    }
    let mut deep = whole;
    for _ in 0..10_000 {
        deep.keys.push(("deep".to_owned(), LIST, list(LIST, 1).repeat(2)));
    }
    assert!(fails(&mut inspect(&deep)).contains("its key deep is a list of lists"));
}

#[test]
fn a_key_with_its_own_words_makes_one_line() {
    let model = Spoilt::copy_of(FIXTURE);
    let mut file = GgufFile::of(&model.file(MODEL));
    file.keys.push((format!("\u{1b}[2J\r\nerror: all is well\n{}", "x".repeat(10_000)), 99, vec![]));
    model.write(MODEL, file.bytes());
    let line = fails(&mut model.watch());
    assert!(line.starts_with(&format!("{MODEL} is damaged: its key ")), "{line:?}");
    assert!(!line.contains(char::is_control), "{line:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Most of it in the header: most flips in the weights are only other weights.
    #[test]
    fn flipped_overwritten_and_cut_files_never_panic(
        vision: bool,
        flips in prop::collection::vec((0_usize..1 << 16, 1_u8..=255), 0..4),
        words in prop::collection::vec((0_usize..1 << 16, any_word()), 0..3),
        cut in prop::option::weighted(0.2, 0_usize..1 << 16),
    ) {
        let model = Spoilt::copy_of(FIXTURE);
        let file = if vision { VISION } else { MODEL };
        let mut bytes = std::fs::read(model.file(file)).unwrap();
        let reach = bytes.len() - GgufFile::of(&model.file(file)).weights.len();
        for (place, flip) in flips {
            bytes[place % reach] ^= flip;
        }
        for (place, word) in words {
            let place = place % (reach - 8);
            bytes[place..place + 8].copy_from_slice(&word.to_le_bytes());
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut % reach));
        model.write(file, bytes);
        if let Err(error) = try_load(model.path()) {
            prop_assert!(error.to_string().len() > 20, "{}", error);
        }
    }
}

/// Words at which something may turn over.
pub fn any_word() -> impl Strategy<Value = u64> {
    prop_oneof![(0_u32..64).prop_map(|bits| 1 << bits), (0_u32..64).prop_map(|bits| u64::MAX >> bits), 0_u64..600]
}
