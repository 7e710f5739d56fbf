#!/usr/bin/env python3
"""Make the golden files of byte-level BPE in tests/golden/bpe: a small vocabulary, trained on README.md of this
repository, and the token ids of transformers and of the tokenizers package in folders with different settings.

    python3 tests/golden/bpe/make.py train      writes vocab.json, merges.txt and model.gguf
    python3 tests/golden/bpe/make.py            writes cases.jsonl
    python3 tests/golden/bpe/make.py fuzz build/lowrank 2000 [TEXT]      compares many more strings, or lines of TEXT

Made with tokenizers 0.23, transformers 5.24, gguf 0.19. A line of cases.jsonl has the files of a folder and lists
[text, pair or null, limit of the length or 0, ids]. "@vocab", "@merges" and "@pairs" stand for the content of
vocab.json and of merges.txt, as strings and as pairs."""
import copy, json, os, random, subprocess, sys, tempfile
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>"]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")


def read(name):
    return open(os.path.join(HERE, name), encoding="utf-8").read()


def train():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train([os.path.join(HERE, "../../../README.md")], trainers.BpeTrainer(
        vocab_size=520, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=ROBERTA, show_progress=False))
    t.add_special_tokens(["<mask>", "<|endoftext|>"])
    model = json.loads(t.to_str())["model"]
    vocab = dict(model["vocab"]); vocab["<mask>"] = len(vocab); vocab["<|endoftext|>"] = len(vocab)
    json.dump(vocab, open(os.path.join(HERE, "vocab.json"), "w"), ensure_ascii=False)
    with open(os.path.join(HERE, "merges.txt"), "w", encoding="utf-8") as f:
        f.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in model["merges"]))
    import gguf
    w = gguf.GGUFWriter(os.path.join(HERE, "model.gguf"), "llama")
    w.add_tokenizer_model("gpt2"); w.add_tokenizer_pre("smollm"); w.add_token_list(list(vocab))
    w.add_token_types([3 if v.startswith("<") and v.endswith(">") and len(v) > 2 else 1 for v in vocab])
    w.add_token_merges([f"{a} {b}" for a, b in model["merges"]])
    w.add_bos_token_id(0); w.add_eos_token_id(2); w.add_pad_token_id(1); w.add_add_bos_token(True)
    w.add_tensor("token_embd.weight", __import__("numpy").zeros((2, 32), "float32"))
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()


def added(text, i, special=True, **on):
    return dict(dict(id=i, content=text, single_word=False, lstrip=False, rstrip=False, normalized=not special,
                     special=special), **on)


def byte_level(space=False, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": space, "trim_offsets": True, "use_regex": regex}


def split(pattern, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def template(single, pair, ids):
    part = lambda x: [{"Sequence": {"id": w, "type_id": t}} if w in "AB" else {"SpecialToken": {"id": w, "type_id": t}}
                      for w, t in x]
    return {"type": "TemplateProcessing", "single": part(single), "pair": part(pair),
            "special_tokens": {w: {"id": w, "ids": [i], "tokens": [w]} for w, i in ids.items()}}


def tokenizer(pre, post=None, tokens=(), merges="@merges", **model):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": list(tokens), "normalizer": None,
            "pre_tokenizer": pre, "post_processor": post, "decoder": byte_level(),
            "model": dict(dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None,
                               end_of_word_suffix=None, fuse_unk=False, byte_fallback=False, ignore_merges=False,
                               vocab="@vocab", merges=merges), **model)}


def folders():
    """(name, files): a folder's files, of which JSON is written as JSON."""
    vocab = json.loads(read("vocab.json")); n = len(vocab)
    plain = {"vocab.json": "@vocab", "merges.txt": "@merges"}
    eot = vocab["<|endoftext|>"]
    yield "gpt2", plain | {"tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer"}}
    yield "gpt2 bos", plain | {"tokenizer_config.json": {"tokenizer_class": "GPT2TokenizerFast", "add_bos_token": True,
                               "add_prefix_space": True}}
    yield "gpt2 added", plain | {
        "tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", "pad_token": "<|pad|>"},
        "added_tokens.json": {"<|pad|>": n, "zq|z": n + 1}}
    yield "gpt2 decoder", plain | {"tokenizer_config.json": {
        "tokenizer_class": "GPT2Tokenizer", "eos_token": "</s>", "bos_token": "<s>", "unk_token": "<unk>",
        "added_tokens_decoder": {
            str(n): {k: v for k, v in added("  <x>", 0, False, lstrip=True, rstrip=True, normalized=True).items() if k != "id"},
            str(n + 1): {k: v for k, v in added("word", 0, False, single_word=True).items() if k != "id"}}}}
    yield "roberta", plain | {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer"}}
    yield "roberta by model", plain | {"config.json": {"model_type": "roberta", "architectures": ["RobertaModel"]}}
    yield "roberta space", plain | {"tokenizer_config.json": {
        "tokenizer_class": "RobertaTokenizer", "add_prefix_space": True,
        "mask_token": {k: v for k, v in added("<mask>", 0, lstrip=True).items() if k != "id"} | {"__type": "AddedToken"}}}
    special = [added(w, vocab[w]) for w in ROBERTA] + [added("<mask>", vocab["<mask>"], lstrip=True)]
    roberta = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True,
               "add_prefix_space": False}
    yield "json roberta", {"tokenizer.json": tokenizer(byte_level(), roberta, special)}
    yield "json smollm", {"tokenizer.json": tokenizer(
        sequence({"type": "Digits", "individual_digits": True}, byte_level()), byte_level(),
        [added("<|endoftext|>", eot), added(" sp ", n, False, lstrip=True), added("qab", n + 1, False, single_word=True),
         added("<r>", n + 2, rstrip=True)], "@pairs")}
    yield "json digits", {"tokenizer.json": tokenizer(
        sequence({"type": "Digits", "individual_digits": False}, byte_level(True)))}
    ends = template([("<s>", 0), ("A", 0)], [("<s>", 0), ("A", 0), ("<s>", 1), ("B", 1)], {"<s>": 0})
    yield "json llama", {"tokenizer.json": tokenizer(
        sequence(split(LLAMA3), byte_level(False, False)), {"type": "Sequence", "processors": [byte_level(), ends]},
        special, "@pairs", ignore_merges=True)}
    bert = template([("<s>", 0), ("A", 0), ("</s>", 0)], [("<s>", 0), ("A", 0), ("</s>", 0), ("B", 1), ("</s>", 1)],
                    {"<s>": 0, "</s>": 2})
    yield "json removed", {"tokenizer.json": tokenizer(
        sequence(split(r"[\p{L}\p{M}]+|\d", "Removed", True), split(".", "Removed", False, "String"), byte_level()), bert)}
    few = {k: v for k, v in vocab.items() if len(k) != 1 or k.isalnum()}
    few = {k: v for k, v in few.items() if "Ġ" not in k and "Ċ" not in k and not set(k) & set("-=|`'/.*_,>:()")} | {
        "<unk>": 3}
    pairs = [m.split(" ") for m in read("merges.txt").split("\n")[1:] if m]
    pairs = [m for m in pairs if m[0] in few and m[1] in few and "".join(m) in few]
    for fuse in False, True:
        yield f"json unk {fuse}", {"tokenizer.json": tokenizer(
            byte_level(), None, [added("<unk>", 3)], pairs, vocab=few, unk_token="<unk>", fuse_unk=fuse)}
    yield "json dropped", {"tokenizer.json": tokenizer(byte_level(), None, [], pairs, vocab=few)}
    yield "openai", {"encoder.json": "@vocab", "vocab.bpe": "@merges"}
    yield "gguf", {"model.gguf": "@gguf"}


def filled(x):
    if isinstance(x, dict):
        return {k: filled(v) for k, v in x.items()}
    if isinstance(x, list):
        return [filled(v) for v in x]
    if x == "@vocab":
        return json.loads(read("vocab.json"))
    if x in ("@merges", "@pairs"):
        lines = [l for l in read("merges.txt").split("\n")[1:] if l]
        return lines if x == "@merges" else [l.split(" ") for l in lines]
    return x


def write(files, d):
    for name, content in files.items():
        path = os.path.join(d, name)
        if content == "@gguf":
            os.symlink(os.path.join(HERE, "model.gguf"), path)
        elif name in ("merges.txt", "vocab.bpe"):
            open(path, "w", encoding="utf-8").write(read("merges.txt"))
        else:
            json.dump(filled(content), open(path, "w", encoding="utf-8"), ensure_ascii=False)


def oracle(files, d):
    """A function (text, pair, limit) -> ids."""
    if "tokenizer.json" in files:
        t = Tokenizer.from_file(os.path.join(d, "tokenizer.json"))
    elif "encoder.json" in files or "model.gguf" in files:  # by their definition
        gguf = "model.gguf" in files
        pre = sequence({"type": "Digits", "individual_digits": True}, byte_level()) if gguf else byte_level()
        vocab = json.loads(read("vocab.json"))
        names = [v for v in vocab if v[0] == "<" and v[-1] == ">" and len(v) > 2] if gguf else []
        bos = template([("<s>", 0), ("A", 0)], [("<s>", 0), ("A", 0), ("<s>", 1), ("B", 1)], {"<s>": 0})
        t = Tokenizer.from_str(json.dumps(filled(tokenizer(pre, bos if gguf else None, [added(v, vocab[v]) for v in names]))))
    else:
        if not os.path.exists(os.path.join(d, "config.json")):
            json.dump({"model_type": "gpt2"}, open(os.path.join(d, "config.json"), "w"))
        auto = AutoTokenizer.from_pretrained(d)

        def ask(text, pair, limit):
            return auto(text, pair, truncation="longest_first" if limit else False, max_length=limit or None)["input_ids"]
        return ask

    def encode(text, pair, limit):
        t.no_truncation()
        if limit:
            t.enable_truncation(limit, strategy="longest_first")
        return t.encode(text, pair).ids
    return encode


WORDS = """lowrank adapter the The model's we'll I'VE don't it'd 'S rank=8 r LoRA <s> </s> <pad> <mask> <unk> <|endoftext|>
 <x> word qab qabc sp <r> zq|z 1 12 123 1234 3.14 \u0663\u0664 \u2167 \u00bd caf\u00e9 CAF\u00c9 na\u00efve \u017ft \u00df
 \u4f60\u597d \u65e5\u672c \ud55c\uad6d \U0001f600 \U0001f468\u200d\U0001f469 e\u0301 \u0301 \u00ad \u200b \u180e \u2028 \u3000
 \u00a0 \u0085 \x1c \x00 \x7f . , ! ... -- | `x` ** == /usr/bin --rank [8,16] {a} ( ) _ \u0130 \ufb01 \u01c5 \ue000 \U000e0001
 \ufffd \u0378 \U0010ffff 10^-3 a.b.c""".split(" ")
GAPS = ["", "", "", " ", " ", "  ", "   ", "\n", "\n\n", " \n", "\t", "\r\n", "\u00a0", "\u3000 ", " \u2028"]


def texts(rng, n):
    """Frozen cases have only old characters: which new ones are letters depends on the version of PCRE2."""
    for _ in range(n):
        new = [rng.randrange(0x530, 0xd800), rng.randrange(0xe000, 0x10ffff)] if sys.argv[1:2] == ["fuzz"] else []
        s = "".join(rng.choice(GAPS) + (rng.choice(WORDS).strip("\n") if rng.random() < .85 else chr(rng.choice(
            [rng.randrange(0, 128), rng.randrange(128, 0x530)] + new))) for _ in range(rng.randrange(0, 9)))
        yield s + rng.choice(GAPS)


def cases(rng, n, ask):
    for s in texts(rng, n):
        pair = rng.choice([None, None] + list(texts(rng, 1))) or None  # transformers takes "" for None
        limit = rng.choice([0, 0, 0, 5, 8, 12])
        if pair is None:
            limit = 0 if limit == 5 else limit
        yield s, pair, limit, ask(s, pair, limit)


def compare(lowrank, lines, files, d, ask):
    bad = 0
    out = subprocess.run([lowrank, "tokenize", d, "--json", "-q"], input="".join(json.dumps(s) + "\n" for s in lines),
                         capture_output=True, encoding="utf-8")
    if out.returncode:
        raise SystemExit(out.stderr)
    for s, got in zip(lines, out.stdout.split("\n")):
        a, b = s if isinstance(s, list) else (s, None)
        want = ask(a, b, 0)
        if json.loads(got)["ids"] != want:
            bad += 1
            if bad < 4:
                print(repr(s), "\n  ", got, "\n  ", want)
    return bad


def main():
    if sys.argv[1:] == ["train"]:
        return train()
    fuzz = sys.argv[1:2] == ["fuzz"]
    rng = random.Random(1 if not fuzz else None)
    out = None if fuzz else open(os.path.join(HERE, "cases.jsonl"), "w")
    total = 0
    for name, files in folders():
        with tempfile.TemporaryDirectory() as d:
            write(files, d)
            ask = oracle(copy.deepcopy(files), d)
            if not fuzz:
                out.write(json.dumps({"name": name, "files": files, "cases": list(cases(rng, 12, ask))}) + "\n")
                continue
            if len(sys.argv) > 4:
                lines = open(sys.argv[4], encoding="utf-8", errors="replace").read().split("\n")[:int(sys.argv[3])]
            else:
                lines = list(texts(rng, int(sys.argv[3])))
                lines += [[a, b] for a, b in zip(lines[::7], lines[::5]) if b]
            bad = compare(sys.argv[2], lines, files, d, ask)
            total += bad
            print(f"{name}: {len(lines)} lines, {bad} differ")
    sys.exit(total > 0)


main()
