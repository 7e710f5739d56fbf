#!/usr/bin/env python3
"""corpus.py - writes the seeds of the fuzz targets, tests/fuzz/corpus/NAME/*, except those that are
plain files in the repository. Needs Python 3 alone; run it again after a format has changed."""
import base64
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
CUT = b"\xff"  # between the parts of an input (fuzz_part)


def seed(target, name, *parts):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    data = CUT.join(p.encode() if isinstance(p, str) else p for p in parts)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def safetensors(tensors, metadata=None):
    """The bytes of a file; TENSORS: name -> (dtype, shape, bytes)."""
    header, at = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(t[2] for t in tensors.values())


def floats(*x):
    return struct.pack("<%df" % len(x), *x)


def f32(shape, value=0.5):
    n = 1
    for k in shape:
        n *= k
    return "F32", list(shape), floats(*[value + 0.001 * (i % 7) for i in range(n)])


# --- files of tensors
kinds = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "I32": 4, "I64": 8, "F16": 2, "BF16": 2, "F32": 4, "F64": 8}
seed("safetensors", "empty", safetensors({}))
seed("safetensors", "kinds", safetensors({k: (k, [2], bytes(2 * n)) for k, n in kinds.items()}))
seed("safetensors", "shapes", safetensors({"scalar": f32([]), "none": f32([0, 3]), "m": f32([2, 3])}, {"format": "pt"}))
seed("safetensors", "nan", safetensors({"x": ("F32", [2], floats(float("nan"), float("inf")))}))
seed("safetensors", "order", struct.pack("<Q", 120) + (
    b'{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}').ljust(120) + b"xy")

# --- printed text
seed("json", "values", '{"a": [1, -2.5e3, true, null, "x\\u00e9\\n"], "b": {}}')
seed("json", "outside", '[NaN, -Infinity, 1e999, 123456789012345678901234567890, "\\ud800"]')
seed("json", "table", "1", "2.5", "text", "1e3", "-0", "0x10", "", "nan", "007")
seed("json", "numbers", ".5", "5.", "+1", " 1", "1e400", "12345678901234567890123")
seed("html", "text", "a<b> & \"c\" 'd'", "\u00e9\u4e2d", "caption", "1", "2.5 \u00b1 0.2 (3)", "x", "2", "3.1 (1), 1 diverged", "x")
seed("html", "word", "lowrank sweep 'it''s'", "a b", "c")
seed("html", "control", "\x01\x1b[31m\t\n\x7f\u009b\ufffe", "<script>", "c")
seed("table", "text", "name", "value", "c", "a|b*c_`<&>", "1.23456789", "{}%$#~^\\", "\"quoted\", comma", "2", "line\nend")
seed("table", "control", "\x1b[31m", "\u009b31m", "c", "\r", "\x7f", "\u202e", "\u4e2d\u56fd", "e\u0301", "\U0001f600")

# --- words of a command line
seed("settings", "lora", "rank=8\nalpha=16\nlr=1e-3\ntargets=q,v\ntrain_n=100")
seed("settings", "methods", "method=lora+prefix-embed\nrank=4\nprefix=10\nseed=2\nprecision=f32")
seed("settings", "flags", "--lr=0.1\n--batch\n32\n--epochs=3\nmodel=x\n-q")
seed("settings", "wrong", "rank=0\nlr=nan\nunknown=1\nseeds=3\nmethod=lorra")
for name in ("adalora", "topk", "adapter-h", "vera", "ia3", "prefix-kv", "dora", "bitfit"):
    seed("settings", name, "method=%s\nlr=2e-3\ndropout=0.1\nmax_len=32" % name)

# --- tokenizers: tokenizer.json, tokenizer_config.json, added_tokens.json, special_tokens_map.json,
# vocab.txt, text
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
pieces = special + ["the", "cat", "##s", "un", "##able", ",", "\u00e9", "\u4e2d"]
vocab_txt = "".join(p + "\n" for p in pieces)
full = {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [{"id": i, "content": p, "single_word": False, "lstrip": False, "rstrip": False,
                      "normalized": False, "special": True} for i, p in enumerate(special)],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                   "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing",
                       "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                                  {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                       "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                                {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
                                {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
                       "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                                          "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100, "vocab": {p: i for i, p in enumerate(pieces)}},
}
config = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": None, "model_max_length": 512,
          "added_tokens_decoder": {"0": {"content": "[PAD]", "special": True}, "13": {"content": "new", "special": False}}}
seed("tokenizer", "vocab", "", "", "", "", vocab_txt, "The cats, unable")
seed("tokenizer", "config", "", json.dumps(config), '{"word": 14}', '{"cls_token": "[CLS]", "pad_token": {"content": "[PAD]", "lstrip": false}}', vocab_txt, "new word")
seed("tokenizer", "json", json.dumps(full), "", "", "", "", "the \u00e9\u4e2d cats")
bert = dict(full, post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]})
seed("tokenizer", "json_config", json.dumps(bert), json.dumps(config), "", "", "", "a")
bpe = {"version": "1.0", "added_tokens": [{"id": 0, "content": "<|endoftext|>", "special": True}],
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
       "model": {"type": "BPE", "vocab": {"<|endoftext|>": 0, "a": 1, "b": 2, "ab": 3}, "merges": ["a b"]}}
seed("tokenizer", "bpe", json.dumps(bpe), "", "", "", "", "abab")
seed("tokenizer", "crlf", "", "", "", "", vocab_txt.replace("\n", "\r\n"), "the")
seed("text", "words", "\x00The cats are un-able, ab abc. caf\u00e9 12")
seed("text", "chinese", "\x07\u4e2d\u56fd \U0001f600 e\u0301 [MASK] [CLS]")
seed("text", "added", "\x0fab ab xab  abcaf\u00e9 \u0130\u212a\ufb01")
seed("text", "bytes", b"\x05\xc3\x28\xed\xa0\x80\xf4\x90\x80\x80\xe2\x80\x8b\x00\x1f abc" + b"a" * 120)

# --- config.json, 1_Pooling/config.json, sentence_bert_config.json
bert = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_size": 48,
        "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 80, "vocab_size": 96,
        "max_position_embeddings": 40, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "initializer_range": 0.02, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "pad_token_id": 0,
        "problem_type": "regression", "id2label": {"0": "a", "1": "b"}, "classifier_dropout": None}
gpt2 = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 48, "n_layer": 2, "n_head": 4,
        "vocab_size": 96, "n_positions": 40, "activation_function": "gelu_new", "resid_pdrop": 0.1, "embd_pdrop": 0.1,
        "attn_pdrop": 0.1, "layer_norm_epsilon": 1e-5, "n_inner": None}
pooling = {"word_embedding_dimension": 48, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
           "pooling_mode_max_tokens": False}
seed("config", "bert", json.dumps(bert), json.dumps(pooling), '{"max_seq_length": 16, "do_lower_case": false}')
seed("config", "gpt2", json.dumps(gpt2))
seed("config", "old", '{"architectures": ["BertModel"], "hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,'
     ' "intermediate_size": 8, "vocab_size": 5, "max_position_embeddings": 8, "type_vocab_size": 1}', '{"pooling_mode": "cls"}',
     '{"max_seq_length": 1e30}')
def field(tag, value):
    """A field of a protocol buffer: a number, or bytes."""
    def varint(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)
    if isinstance(value, int):
        return varint(tag << 3) + varint(value)
    return varint(tag << 3 | 2) + varint(len(value)) + value


def piece(text, score=-1.0, kind=1):
    return field(1, field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + field(3, kind))


charsmap = base64.b64decode(json.load(open(os.path.join(HERE, "..", "golden", "unigram", "four", "tokenizer.json")))
                            ["normalizer"]["normalizers"][1]["precompiled_charsmap"])
spm = b"".join(piece(t) for t in ("\u2581", "a", "\u2581a", "low", "\u65e5")) + piece("?", 0.0, 2)
seed("spm", "map", "low x y \u65e5\ufb01\u2026 a", spm + piece("x y", 0.0, 4) + field(3, field(2, charsmap)))
seed("spm", "bytes", " \ufb01  a", spm + piece("<0xEF>", 0.0, 6) + field(2, field(35, 1)) + field(3, field(3, 0) + field(4, 0)))
seed("spm", "bpe", "a", spm + field(2, field(3, 2)))
seed("vocab", "words", vocab_txt)
seed("vocab", "gaps", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n\n[MASK]\na\na\n##\n\u00c9\nxy z\n")

# --- YAML files as they are in the repository
ROOT = os.path.join(HERE, "..", "..")


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


for name in ("mrpc", "stsb", "supersense"):
    seed("task", name, read("experiments/tasks/%s.yaml" % name))
seed("task", "card", read("experiments/models/minilm.yaml"))
seed("task", "card_of_parts", read("experiments/models/mpnet.yaml"))
seed("task", "jsonl", "task: t\nkind: regression\ndir: d\nformat: jsonl\ncolumns: {text: a, pair: b, label: c}\n"
     "range: [0, 5]\nsplits: {train: a, dev: b, test: c}\nmetrics: [pearson, spearman]\nskip_bad_rows: 3\n")
for name in ("rank_flat", "latency_merged", "alpha_optimum", "phi_rank"):
    text = read("results/claims/%s.yaml" % name)
    seed("claim", name, text.replace("claim: " + name, "claim: x"))
seed("claim", "numbers", "claim: x\nsentence: s\nsection: s\nfamily: f\nkind: better\nstudy: rank\n"
     "paper: [{table: T5, rows: [Wq], cols: [MNLI]}]\nmargin: 0.01\n")
for name in ("params", "methods", "phi_rank", "bench_history"):
    seed("template", name, read("plots/%s.gp" % name), read("plots/params.gp"))
seed("template", "like", "# A caption.\n# size: 8 x 6\n# like: other\n# make: lowrank sweep rank\n# runs: fig_runs(study=rank)\n"
     "# text: study fig_study(study=rank)\n# data: run fig_rank(a=b) by series: x, y\nset key\n", "# x\nplot 1\n")

# --- data files; the first byte: format, 4 header, 8 pair, 16 regression, 32 skipped rows, 64 subset, 128 selection
seed("data", "tsv", "\x0ctext\tpair\tlabel\na b\tthe\t0\nb\ta\t1\n")
seed("data", "csv", '\x0dtext,pair,label\r\n"a ""b"", c",the,"yes, sir"\r\n"two\nlines",x,0\r\n')
seed("data", "jsonl", '\x0a{"text": "a", "pair": "b", "label": 0, "other": [1e999]}\n{"text": "\\u00e9", "pair": "", "label": "yes, sir"}\n')
seed("data", "numbers", "\x10a\t0.5\nb\t-1\nthe\t5e0\n")
seed("data", "selection", b"\x80a\t0\nb\t1\nthe\t0\na b\t1\nb b\t0\na a\t1\n")
seed("data", "skipped", "\x60\ufeffa\t0\nb\nthe\t1\t2\nb\t1\n")
seed("data", "skipped_jsonl", '\x22{"text": "a", "label": 1}\n{"text": \n[]\n{"text": "b", "label": true}\n')

# --- SQL and the values of :a, :b, ...
for i, sql in enumerate((
        "SELECT * FROM run", "SELECT rank, avg(value) FROM final WHERE which = 'best' GROUP BY rank",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n",
        "SELECT j.key, j.value FROM run r, json_each(r.config) j WHERE r.state = :a LIMIT 3",
        "INSERT INTO run(run_key) VALUES ('x')", "UPDATE run SET state = 'failed' RETURNING run_id", "DELETE FROM run",
        "DROP TABLE run", "CREATE TABLE t(x)", "CREATE TEMP TABLE t(x)", "ATTACH 'x.db' AS x", "VACUUM INTO 'x.db'",
        "PRAGMA journal_mode = DELETE", "PRAGMA user_version = 7", "PRAGMA table_info(run)", "PRAGMA writable_schema = 1",
        "BEGIN", "SAVEPOINT a", "EXPLAIN QUERY PLAN SELECT 1", "REINDEX", "ANALYZE",
        "SELECT load_extension('x')", "SELECT writefile('x', 'y'), readfile('/etc/passwd')", "SELECT 1; SELECT 2",
        "SELECT zeroblob(1000), x'00ff', 1e999, -1e999, 'a' || char(0, 27, 155)", "VALUES (1, 'a'), (2.5, NULL)",
        "SELECT count(*) OVER (ORDER BY run_id) FROM run WHERE config LIKE '%rank%'", "SELECT * FROM pragma_table_info('run')",
        "SELECT * FROM pragma_wal_checkpoint", "SELECT fts5(1), sqlite_source_id()", "SELECT edit('x')",
        "SELECT * FROM sqlite_dbpage", "SELECT name, sql FROM sqlite_schema")):
    seed("sql", "%02d" % i, sql)
seed("sql", "parameters", "SELECT :a + 1, :b, :c, typeof(:a)", "41", "text", "")

# --- hypotheses, then one or two files of references
seed("score", "one", "the cat sat on the mat .\nit's 3,000 dogs\n", "the cat sat on a mat\nits 3000 dogs\n")
seed("score", "groups", "a b c\nd e\n", "a b c\na c b\n\nd e f\n")
seed("score", "two", "a b c d e\nx\n", "a b c d e f\nx y\n", "\nx\n")
seed("score", "hollow", " \t\n\n", "a\nb\n")
seed("score", "bytes", b"\xef\xbb\xbf\xc3\xa9 \xe4\xb8\xad \x00 \x80\r\n", "\u00e9 \u4e2d\r\n")
seed("score", "sql", "SELECT COUNT a FROM table WHERE b = 'c'\n", "select count A from table where B = \"c\"\n")
seed("score", "lengths", "a\nb\n", "a\n")
seed("score", "shift", "d e f a b c\na b c d a b c d\n", "a b c d e f\nd a b c d a b c\n")

# --- prompts and targets; the first byte: format, 8 cut to a length
XML = ('<benchmark><entries>\n<entry category="City" eid="1" size="1"><modifiedtripleset>\n'
       "<mtriple>sun | the | r&amp;n</mtriple></modifiedtripleset>\n"
       '<lex comment="good">the sun</lex>\n<lex comment="good">sun \u00e9</lex>\n</entry></entries></benchmark>')
seed("prompts", "webnlg", "\x00" + XML)
seed("prompts", "webnlg_cut", "\x08" + XML)
seed("prompts", "json", '\x01[{"a": "the \\u00e9", "b": " x\\n"}, {"b": "y", "a": "the \\u00e9"}]')
seed("prompts", "wikisql", '\x02{"table_id": "1", "question": "how?", "sql": {"sel": "c d", "agg": "COUNT", '
     '"conds": [["e", "=", "f"], ["g", ">", 2.5]]}}\n{"table_id": "1", "question": "x", '
     '"sql": {"sel": "g", "agg": "", "conds": []}}\n')
seed("prompts", "csv", '\x03a,b\r\n"name[x], ""y""",the the\r\nname[z],"two\nlines"\r\n')
seed("prompts", "dart", '\x04[{"tripleset": [["a", "B_C", "d"]], "subtree_was_extended": false, '
     '"annotations": [{"source": "x", "text": "the d"}, {"source": "y", "text": "d"}]}]')
seed("prompts", "jsonl", '\x05{"a": "the", "b": "<|endoftext|>"}\n{"a": "the", "b": "aaa"}\n')
seed("prompts", "tsv_cut", "\x0ethe the the\taaa aaa aaa aaa aaa\nb\tc\n")

# --- damage of a database: flags, query, then patches of three bytes offset, length - 1, bytes
seed("store", "none", b"\x00\x00")
seed("store", "header", b"\x00\x05" + b"\x00\x00\x12\x01\x02\x02")
seed("store", "page", b"\x00\x06" + b"\x00\x10\x00\x03\x0d\x00\x00\xff")
seed("store", "cut", b"\x02\x01" + b"\x00\x50\x00\x00\x00")
seed("store", "write", b"\x04\x02" + b"\x01\x00\x00\x00\x41")
seed("store", "verify", b"\x08\x00" + b"\x00\x40\x00\x01\x41\x42")
seed("store", "verify_none", b"\x08\x00")
seed("store", "alone", b"\x01\x00SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20")

# --- training checkpoints; the first byte: 1 mends the checksum, 2 is the older generation
REAL, VALUES = 4, 12


def ckpt(step=5, key=b"key", n=4):
    head = struct.pack("<8sIIIIQ128s", b"LOWRANKC", 1, REAL, 8 * 5 + 8 * 4 + 8 * 9, 3, n, key)
    body = struct.pack("<5q4d9d", step, 40, 8, 1, 4, 0.5, 1000.0, 2.0, 1.0, *[0.1] * 9)
    return head + body + floats(*[0.25] * VALUES) + bytes(16)


seed("ckpt", "new", b"\x01" + ckpt())
seed("ckpt", "old", b"\x03" + ckpt())
seed("ckpt", "other", b"\x01" + ckpt(key=b"other"))
seed("ckpt", "damaged", b"\x00" + ckpt())

# --- cached tokens; the first byte: 1 mends key and checksum, 2 is a regression
def tokens(regression):
    ids = [2, 5, 6, 3, 2, 6, 3, 2, 5, 5, 5, 3]
    head = struct.pack("<8sII64s8q", b"LOWRANKT", 2, 0x01020304, bytes(64), 3, len(ids), 5, 0, 0, 0, 0, regression)
    body = struct.pack("<4Q3q", 0, 4, 7, 12, 1, 2, 3)
    if regression:
        body += struct.pack("<3d", 0, 1, 1)
    body += struct.pack("<%di3i" % len(ids), *ids, 4, 3, 5)
    if not regression:
        body += struct.pack("<3i", 0, 1, 1)
    return head + body + bytes(16)


seed("tokens", "labels", b"\x01" + tokens(0))
seed("tokens", "targets", b"\x03" + tokens(1))
seed("tokens", "damaged", b"\x00" + tokens(0))

# --- GGUF files: keys (name, type, bytes) and tensors (name, shape with the row first, type, bytes)
def gguf_text(x):
    return struct.pack("<Q", len(x)) + x.encode()


def gguf(keys=(), tensors=(), version=3):
    out, at, data = struct.pack("<4sIQQ", b"GGUF", version, len(tensors), len(keys)), 0, b""
    for name, kind, value in keys:
        out += gguf_text(name) + struct.pack("<I", kind) + value
    for name, shape, kind, value in tensors:
        out += gguf_text(name) + struct.pack("<I%dQIQ" % len(shape), len(shape), *shape, kind, len(data))
        data += value + bytes(-len(value) % 32)
    return out + bytes(-len(out) % 32) + data


def u32(x):
    return struct.pack("<I", x)


blocks = {0: 128, 1: 64, 30: 64, 2: 18, 3: 20, 6: 22, 7: 24, 8: 34}
llama = {"block_count": 1, "embedding_length": 32, "attention.head_count": 2, "feed_forward_length": 32, "context_length": 8}
keys = [("general.architecture", 8, gguf_text("llama"))] + [("llama." + k, 4, u32(v)) for k, v in llama.items()]
keys += [("llama.attention.layer_norm_rms_epsilon", 6, floats(1e-5))]
tokens = 9, u32(8) + struct.pack("<Q", 2) + gguf_text("a") + gguf_text("bc")
seed("gguf", "empty", gguf())
seed("gguf", "types", gguf((), [("t%d" % k, [32], k, bytes(range(n))) for k, n in blocks.items()]))
seed("gguf", "model", gguf(keys + [("tokenizer.ggml.tokens", *tokens)], [("token_embd.weight", [32, 2], 8, bytes(68))], 2))
seed("gguf", "alignment", gguf([("general.alignment", 4, u32(64))], [("x", [2, 3], 0, bytes(24))]))
seed("gguf", "numbers", gguf([("k%d" % t, t, bytes(n)) for t, n in zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), (1, 1, 2, 2, 4, 4, 4, 1, 8, 8, 8))]))
seed("gguf", "array", gguf([("a", 9, u32(5) + struct.pack("<Q3i", 3, 1, 2, -3))]))

# --- byte-level BPE; the first byte: an odd one is followed by a GGUF file, an even one by vocab.json, merges.txt,
# tokenizer.json, tokenizer_config.json, and a text
def gguf_texts(*x):
    return 9, u32(8) + struct.pack("<Q", len(x)) + b"".join(map(gguf_text, x))


bytes_of = {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "\u0120a": 4, "<s>": 5}
seed("bpe", "gpt2", "0" + json.dumps(bytes_of), "#version: 0.2\na b\n\u0120 a\n", "", '{"add_prefix_space": true}', "ab a<s> 12")
seed("bpe", "roberta", "0" + json.dumps(bytes_of), "a b\r\n", "", '{"tokenizer_class": "RobertaTokenizer"}', "a <mask>")
steps = [{"type": "Digits", "individual_digits": True}, {"type": "Split", "pattern": {"Regex": "\\s+|[^\\s]b?"}, "behavior": "Isolated"},
         {"type": "Split", "pattern": {"String": "."}, "behavior": "Removed", "invert": False}, {"type": "ByteLevel", "use_regex": False}]
post = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}]}
seed("bpe", "json", "0", "", json.dumps({
    "added_tokens": [{"id": 5, "content": "<s>", "special": True, "lstrip": True}, {"id": 6, "content": "new", "rstrip": True}],
    "normalizer": None, "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps}, "post_processor": post,
    "model": {"type": "BPE", "unk_token": "a", "fuse_unk": True, "ignore_merges": True, "vocab": bytes_of, "merges": ["a b", ["\u0120", "a"]]}}),
    "", "ab new <s> 1.2")
seed("bpe", "gguf", b"1" + gguf([
    ("tokenizer.ggml.model", 8, gguf_text("gpt2")), ("tokenizer.ggml.pre", 8, gguf_text("smollm")),
    ("tokenizer.ggml.tokens", *gguf_texts(*bytes_of)), ("tokenizer.ggml.merges", *gguf_texts("a b", "\u0120 a")),
    ("tokenizer.ggml.token_type", 9, u32(5) + struct.pack("<Q6i", 6, 1, 1, 1, 1, 4, 3)), ("tokenizer.ggml.bos_token_id", 4, u32(5)),
    ("tokenizer.ggml.add_bos_token", 7, b"\1")], [("token_embd.weight", [1, 2], 0, bytes(8))]))

# --- adapter folders: adapter_config.json, lowrank_adapter.json, adapter_model.safetensors
peft = {"peft_type": "LORA", "task_type": "SEQ_CLS", "r": 2, "lora_alpha": 4, "lora_dropout": 0.1, "bias": "none",
        "target_modules": ["query", "value"], "modules_to_save": ["classifier"], "init_lora_weights": True,
        "fan_in_fan_out": False, "use_rslora": False, "use_dora": False}
record = {"n_labels": 2, "pooling": "mean", "pool_scale": 4.0, "problem_type": "single_label_classification",
          "labels": ["no", "yes"], "max_length": 16}
root = "base_model.model."
lora = {}
for layer in range(2):
    for name in ("query", "value"):
        module = root + "bert.encoder.layer.%d.attention.self.%s." % (layer, name)
        lora[module + "lora_A.weight"] = f32([2, 48])
        lora[module + "lora_B.weight"] = f32([48, 2])
lora[root + "classifier.weight"] = f32([2, 48])
lora[root + "classifier.bias"] = f32([2])
seed("adapter", "lora", json.dumps(peft), json.dumps(record), safetensors(lora))
seed("adapter", "rslora", json.dumps(dict(peft, use_rslora=True, target_modules=".*(query|value)")), "", safetensors(lora))
one = {k: v for k, v in lora.items() if "query" in k or "classifier" in k}
seed("adapter", "one", json.dumps(dict(peft, target_modules=["query"], r=2, init_lora_weights="gaussian")), json.dumps(record), safetensors(one))

# --- studies
base = "base: {model: tiny, task: t, method: lora, rank: 2, epochs: 1, batch: 2, max_len: 8}\n"
seed("study", "axes", "study: s\n" + base + "axes:\n  rank: [1, 2]\n  targets: [[q], [q, v]]\nnuisance: {lr: [1e-3, 2e-3]}\nseeds: 2\nmetric: accuracy\n")
seed("study", "search", "study: s\n" + base + "axes: {rank: [1, 2]}\nsearch: {lr: {log: [1e-3, 1e-1]}, alpha: {grid: [1, 2]},\n"
     "  trials: 4, seeds: [7, 8], halving: 3, extend: 1}\nseeds: 2\n")
seed("study", "zip", "study: s\ntitle: t\nsource: x\n" + base + "zip: {rank: [1, 4], alpha: [2, 8]}\nseeds: [3, 4]\nfull: {seeds: 3}\n")
seed("study", "when", "study: s\n" + base + "axes: {method: [lora, ft, bitfit]}\nwhen:\n  - if: {method: ft}\n    set: {lr: 1e-4}\n"
     "exclude:\n  - {method: [bitfit], rank: [2]}\nonly:\n  - {method: [lora, ft]}\n")
seed("study", "budget", "study: s\n" + base + "axes: {targets: [[q], [v], [q, k]]}\nbudget: {params: 2000}\n")
seed("study", "run", "model: tiny\ntask: t\nmethod: dora\nrank: 2\nseed: 3\n")
for name in ("rank", "methods", "choice"):
    seed("study", name, read("ablations/%s.yaml" % name).replace("minilm", "tiny").replace("supersense", "t"))

# --- packed weights: flags, entries to mend, then the head and entries of the file
def packs(n):
    head = struct.pack("<8sII64s3Q", b"LOWRANKP", 1, 0x01020304, bytes(64), n, 0, 0)
    return head + b"".join(struct.pack("<2i4Q", i, 0, 4096 * (i + 1), 100, 0, 0) for i in range(n))


seed("packs", "none", b"\x01\xff")
seed("packs", "two", b"\x01\xff" + packs(2))
seed("packs", "damaged", b"\x00\x00" + packs(1))
