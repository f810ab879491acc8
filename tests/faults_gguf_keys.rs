//! GGUF files that are sound, and whose keys say what cannot be: of the model, or of its tokenizer.

use proptest::prelude::*;

use crate::faults_gguf::{FIXTURE, MODEL, VISION, any_word, spoilt};
use crate::fixtures::try_load;
use crate::gguf_file::{self as parts, F32, GgufFile, LIST, TEXT, TRUTH, U32};
use crate::program::Spoilt;

#[test]
fn other_models_and_missing_keys_are_named() {
    let architecture =
        |file: &str, name: &str| spoilt(file, |parts| parts.set("general.architecture", TEXT, parts::text(name)));
    let advice = "streamo runs qwen2_5_vl checkpoints (Streamo's own base)";
    assert_eq!(architecture(MODEL, "llama"), format!("{MODEL} describes a \"llama\" model; {advice}"));
    assert_eq!(
        architecture(VISION, "qwen2vl"),
        format!("{VISION} describes a \"qwen2vl\" model and no vision part; {advice}")
    );
    let projector = spoilt(VISION, |file| file.set("clip.projector_type", TEXT, parts::text("qwen2vl_merger")));
    assert_eq!(projector, format!("{VISION} describes a \"qwen2vl_merger\" vision part; {advice}"));

    let anew = "download it again, or convert the model anew";
    for (file, keys) in [
        (
            MODEL,
            &[
                "general.architecture",
                "qwen2vl.block_count",
                "qwen2vl.context_length",
                "qwen2vl.embedding_length",
                "qwen2vl.feed_forward_length",
                "qwen2vl.attention.head_count",
                "qwen2vl.attention.layer_norm_rms_epsilon",
                "tokenizer.ggml.tokens",
            ][..],
        ),
        (
            VISION,
            &[
                "general.architecture",
                "clip.projector_type",
                "clip.vision.block_count",
                "clip.vision.n_wa_pattern",
                "clip.vision.embedding_length",
                "clip.vision.feed_forward_length",
                "clip.vision.attention.head_count",
                "clip.vision.patch_size",
                "clip.vision.projection_dim",
            ],
        ),
    ] {
        for key in keys {
            let missing = spoilt(file, |parts| parts.remove(key));
            assert_eq!(missing, format!("{file} is inconsistent: it has no {key}; {anew}"));
            let other = spoilt(file, |parts| parts.set(key, TRUTH, vec![1]));
            assert!(other.starts_with(&format!("{file} is inconsistent: its {key} is not a ")), "{other}");
        }
    }
    for (key, value, reason) in [
        ("qwen2vl.block_count", 0_u32, "num_hidden_layers is 0"),
        ("qwen2vl.block_count", u32::MAX, "num_hidden_layers is 4294967295"),
        ("qwen2vl.attention.head_count_kv", 3, "4 heads cannot share 3 key/value heads"),
        ("qwen2vl.attention.key_length", 14, "mrope_section [2, 2, 2] does not fill half a head of 14"),
    ] {
        let message = spoilt(MODEL, |file| file.set(key, U32, value.to_le_bytes()));
        assert_eq!(message, format!("{MODEL} is inconsistent: {reason}; {anew}"));
    }
    let sections = spoilt(MODEL, |file| {
        file.set("qwen2vl.rope.dimension_sections", LIST, parts::whole_numbers(&[2, 2, 1, 1]));
    });
    assert!(sections.contains("its qwen2vl.rope.dimension_sections is [2, 2, 1, 1]"), "{sections}");
    let yarn = spoilt(MODEL, |file| file.set("qwen2vl.rope.scaling.type", TEXT, parts::text("yarn")));
    assert!(yarn.starts_with(&format!("{MODEL} asks for \"yarn\" scaling of positions, which streamo does not do")));
    let gelu = spoilt(VISION, |file| file.remove("clip.use_silu"));
    assert!(gelu.starts_with(&format!("{VISION} asks for the vision activation \"gelu\"")), "{gelu}");
    let narrow = spoilt(VISION, |file| file.set("clip.vision.projection_dim", U32, 44_u32.to_le_bytes()));
    assert!(narrow.contains("the vision part gives 44 features and the language part takes 48"), "{narrow}");
    let deviation = [F32.to_le_bytes().to_vec(), 3_u64.to_le_bytes().to_vec(), vec![0; 12]].concat();
    let deviation = spoilt(VISION, |file| file.set("clip.vision.image_std", LIST, deviation));
    assert!(deviation.starts_with(&format!("{VISION} is not valid: pixels cannot be normalised by ")), "{deviation}");
}

#[test]
fn tokenizers_that_cannot_be_are_refused() {
    let refused = |change: &dyn Fn(&mut GgufFile)| spoilt(MODEL, change);
    let line =
        |reason: &str| format!("{MODEL} has no tokenizer that streamo can use: {reason}; convert the model anew");
    for (key, value, usual) in [("tokenizer.ggml.model", "llama", "gpt2"), ("tokenizer.ggml.pre", "llama-bpe", "qwen2")]
    {
        let message = refused(&|file| file.set(key, TEXT, parts::text(value)));
        assert_eq!(message, line(&format!("its {key} is {value:?}, and Qwen2's is {usual:?}")));
    }
    for key in ["tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.token_type", "tokenizer.ggml.merges"] {
        assert_eq!(refused(&|file| file.remove(key)), line(&format!("it has no {key}")));
    }
    let short = refused(&|file| file.set("tokenizer.ggml.token_type", LIST, parts::whole_numbers(&[1; 500])));
    assert_eq!(short, line("it has 536 tokens and 500 kinds of tokens"));
    let mut kinds = [5; 536];
    kinds[7] = 9;
    let kind = refused(&|file| file.set("tokenizer.ggml.token_type", LIST, parts::whole_numbers(&kinds)));
    assert_eq!(kind, line("its token 7 is of kind 9"));
    for merge in ["Ġ", "", "a b c", "Ġ nothing", "zq zq"] {
        let message = refused(&|file| file.set("tokenizer.ggml.merges", LIST, parts::texts(&[merge])));
        assert_eq!(message, line(&format!("its merge {merge:?} does not make a token of two")));
    }
    let same = refused(&|file| {
        file.set("tokenizer.ggml.tokens", LIST, parts::texts(&["same"; 536]));
        file.set("tokenizer.ggml.token_type", LIST, parts::whole_numbers(&[1; 536]));
    });
    assert_eq!(same, line("its tokens 0 and 1 are both \"same\""));
    let unused = refused(&|file| file.set("tokenizer.ggml.token_type", LIST, parts::whole_numbers(&[5; 536])));
    assert_eq!(unused, line("its merge \"h e\" does not make a token of two"));
    let states = refused(&|file| {
        file.set("tokenizer.ggml.token_type", LIST, parts::whole_numbers(&[1; 536]));
    });
    assert!(states.starts_with("the tokenizer has no special token <|im_start|>"), "{states}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_keys_are_read_or_refused(
        vision: bool,
        changes in prop::collection::vec((0_usize..64, any_value()), 1..4),
    ) {
        let model = Spoilt::copy_of(FIXTURE);
        let file = if vision { VISION } else { MODEL };
        let mut parts = GgufFile::of(&model.file(file));
        let count = parts.keys.len();
        for (place, (kind, value)) in changes {
            (parts.keys[place % count].1, parts.keys[place % count].2) = (kind, value);
        }
        model.write(file, parts.bytes());
        if let Err(error) = try_load(model.path()) {
            prop_assert!(error.to_string().len() > 20, "{}", error);
        }
    }
}

fn any_value() -> impl Strategy<Value = (u32, Vec<u8>)> {
    prop_oneof![
        any_word().prop_map(|word| (U32, word.to_le_bytes()[..4].to_vec())),
        any_word().prop_map(|word| (10, word.to_le_bytes().to_vec())),
        any::<i64>().prop_map(|word| (11, word.to_le_bytes().to_vec())),
        any::<f32>().prop_map(|word| (F32, word.to_le_bytes().to_vec())),
        any::<bool>().prop_map(|truth| (TRUTH, vec![truth.into()])),
        "[a-z_2]{0,8}".prop_map(|text| (TEXT, parts::text(&text))),
        prop::collection::vec("[a-z ]{0,4}", 0..9).prop_map(|list| (LIST, parts::texts(&list))),
        prop::collection::vec(0..9, 0..9).prop_map(|list: Vec<i32>| (LIST, parts::whole_numbers(&list))),
    ]
}
