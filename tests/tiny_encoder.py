"""An encoder small enough for tests: two layers, a few words, drawn at random."""

import json

import numpy as np

from listener.training.encoder_weights import Array, Encoder, Layer

SIZE, HEADS, WIDE, PLACES = 16, 2, 32, 160
WORDS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "user", "http", "my", "order", "parcel", "never", "came", "broken"),
    *("thanks", "lovely", "day", "again", "late", "refund", "##s", "##ed", ".", "!", "face", "pouting"),
)


def tiny_encoder(seed: int = 0) -> Encoder:
    """The same for the same seed."""
    drawn = np.random.default_rng(seed)

    def some(*shape: int) -> Array:
        return drawn.normal(0, 0.3, shape).astype(np.float32)

    def layer() -> Layer:
        return {
            "asked": some(SIZE, 3 * SIZE),
            "asked_bias": some(3 * SIZE),
            "mixed": some(SIZE, SIZE),
            "mixed_bias": some(SIZE),
            "gain": 1 + some(SIZE),
            "shift": some(SIZE),
            "wide": some(SIZE, WIDE),
            "wide_bias": some(WIDE),
            "narrow": some(WIDE, SIZE),
            "narrow_bias": some(SIZE),
            "last_gain": 1 + some(SIZE),
            "last_shift": some(SIZE),
        }

    return Encoder(
        name="tiny",
        words=some(len(WORDS), SIZE),
        places=some(PLACES, SIZE),
        gain=1 + some(SIZE),
        shift=some(SIZE),
        layers=(layer(), layer()),
        heads=HEADS,
        epsilon=1e-12,
        tokenizer=tokenizer(),
    )


def tokenizer() -> str:
    """``tokenizer.json`` of a BERT with these words."""
    special = {"[CLS]": 2, "[SEP]": 3}
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [],
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": True,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [
                    {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}},
                    {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
                ],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {
                    name: {"id": name, "ids": [number], "tokens": [name]} for name, number in special.items()
                },
            },
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": {word: number for number, word in enumerate(WORDS)},
            },
        }
    )
