use crate::weights::Part;
use crate::weights::names::{Join, Names};

/// Under which names llama.cpp's converter writes `tensor` of `part`: alternatives, each of one or several fragments.
///
/// Nothing is permuted on the way: Qwen2's rotary positions turn the two halves of a head in ggml too. What is one
/// tensor in a checkpoint and several here are the vision part's queries, keys and values, and the two frames of its
/// patch embedding (`Qwen2VLVisionModel` in `conversion/qwenvl.py`, `tools/mtmd/clip-impl.h`).
pub(in crate::weights) fn names(part: Part, tensor: &str) -> Vec<Names> {
    let one = |name: String| vec![Names { fragments: vec![name], join: Join::Rows }];
    match part {
        Part::Head => one(format!("output.{tensor}")),
        Part::Language => match tensor.strip_prefix("layers.").and_then(|layer| layer.split_once('.')) {
            Some((index, rest)) => one(format!("blk.{index}.{}", renamed(rest, &LAYER))),
            None => one(renamed(tensor, &[("embed_tokens", "token_embd"), ("norm", "output_norm")])),
        },
        Part::Vision => match tensor.strip_prefix("blocks.").and_then(|block| block.split_once('.')) {
            Some((index, rest)) => {
                let name = |rest: &str| format!("v.blk.{index}.{rest}");
                let Some(kind) = rest.strip_prefix("attn.qkv.") else {
                    return one(name(&renamed(rest, &BLOCK)));
                };
                let split = ["q", "k", "v"].map(|which| name(&format!("attn_{which}.{kind}")));
                let fused = one(name(&format!("attn_qkv.{kind}")));
                [vec![Names { fragments: split.to_vec(), join: Join::Rows }], fused].concat()
            }
            None if tensor == "patch_embed.proj.weight" => {
                let frames = ["", ".1"].map(|frame| format!("v.patch_embd.weight{frame}"));
                vec![Names { fragments: frames.to_vec(), join: Join::Frames }]
            }
            None => one(renamed(tensor, &[("merger.ln_q", "v.post_ln"), ("merger.mlp", "mm")])),
        },
    }
}

const LAYER: [(&str, &str); 9] = [
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];

const BLOCK: [(&str, &str); 6] = [
    ("norm1", "ln1"),
    ("norm2", "ln2"),
    ("attn.proj", "attn_out"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];

/// `tensor` with its beginning as ggml has it.
fn renamed(tensor: &str, table: &[(&str, &str)]) -> String {
    let found = table.iter().find_map(|(ours, theirs)| Some(format!("{theirs}{}", tensor.strip_prefix(ours)?)));
    found.unwrap_or_else(|| tensor.to_owned())
}
