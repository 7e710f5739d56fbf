"""Writes text.txt, and the merges and vocabulary that tokenizers 0.23.3 learns from it.

    python make.py

BpeTrainer with the ByteLevel pre-tokenizer and alphabet, one sequence a document (documents end with
a blank line). The words are made of few letters, so that counts tie often."""
import pathlib
import random

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).parent
VOCAB = 1000


def word(rng):
    parts = ["ab", "ba", "abc", "bc", "aa", "th", "he", "the", "in", "ing", "ion", "tion", "ä", "né", "语", "😀"]
    return "".join(rng.choice(parts) for _ in range(rng.randint(1, 6)))


def text():
    rng = random.Random(11)
    words = [word(rng) for _ in range(1500)] + ["don't", "we're", "I'll", "1066", "3.14", "—", "...", "C11"]
    documents = []
    for _ in range(70):
        lines = []
        for _ in range(rng.randint(1, 6)):
            line = [rng.choice(words[: rng.choice([20, 300, len(words)])]) for _ in range(rng.randint(3, 20))]
            lines.append((" " * rng.choice([1, 1, 1, 2, 3])).join(line) + rng.choice([".", "!", "", "  "]))
        documents.append("\n".join(lines))
    return documents


documents = text()
(HERE / "text.txt").write_text("\n\n".join(documents), encoding="utf-8")
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
trainer = trainers.BpeTrainer(vocab_size=VOCAB, min_frequency=2, show_progress=False,
                              special_tokens=["<|endoftext|>"],
                              initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
tokenizer.train_from_iterator(documents, trainer)
tokenizer.model.save(str(HERE))
merges = (HERE / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
print(len((HERE / "text.txt").read_bytes()), tokenizer.get_vocab_size(), len(merges), len(set(merges)))
