use super::ModelConfig;
use crate::language::LanguageConfig;
use crate::vision::VisionConfig;

impl ModelConfig {
    /// The sizes of Qwen2.5-VL-3B, as its `config.json` has them.
    pub fn qwen2_5_vl_3b() -> Self {
        Self::qwen2_5_vl(LanguageConfig {
            vocabulary: 151_936,
            hidden: 2048,
            intermediate: 11_008,
            layers: 36,
            heads: 16,
            kv_heads: 2,
            tied: true,
            ..QWEN2_5
        })
    }

    /// The sizes of Qwen2.5-VL-7B, as its `config.json` has them.
    pub fn qwen2_5_vl_7b() -> Self {
        Self::qwen2_5_vl(LanguageConfig {
            vocabulary: 152_064,
            hidden: 3584,
            intermediate: 18_944,
            layers: 28,
            heads: 28,
            kv_heads: 4,
            tied: false,
            ..QWEN2_5
        })
    }

    fn qwen2_5_vl(language: LanguageConfig) -> Self {
        let vision = VisionConfig {
            depth: 32,
            hidden: 1280,
            intermediate: 3420,
            heads: 16,
            patch: 14,
            merge: 2,
            temporal: 2,
            window: 112,
            full_attention: vec![7, 15, 23, 31],
            output: language.hidden,
        };
        Self { vision, language }
    }
}

/// What both have in common.
const QWEN2_5: LanguageConfig = LanguageConfig {
    vocabulary: 0,
    hidden: 0,
    intermediate: 0,
    layers: 0,
    heads: 0,
    kv_heads: 0,
    head: 128,
    epsilon: 1e-6,
    theta: 1e6,
    sections: [16, 24, 24],
    tied: false,
    trained_context: 128_000,
};
