#!/usr/bin/env python3
"""make.py OUT: small unigram models trained by SentencePiece on text written here, and the ids that SentencePiece and the
tokenizers package give random texts.

  spm/spm.model         normalization nmt_nfkc, DeBERTa's special pieces
  rules/spm.model       normalization by a few rules of our own, byte fallback, two user-defined pieces, no unknown but <unk>
  raw/spm.model         no normalization, no space before a text, spaces kept
  five/tokenizer.json   as transformers 5 saves DeBERTa's tokenizer: Replace, NFC, Strip, Metaspace
  four/tokenizer.json   as transformers 4 did: Strip, Precompiled (the rules of rules/), Replace
  words/tokenizer.json  Lowercase, NFKD, Metaspace with prepend_scheme "first" and without split, byte fallback
  cases.jsonl           {"model", "text", "ids"}, without the special tokens around a text
transformers 5 ignores the normalization in spm.model when it makes a tokenizer.json of it; the ids of spm.model here are
those of SentencePiece, as in transformers 4. Needs sentencepiece, protobuf, and tokenizers (written with 0.2.3, 7.36, and
0.23)."""
import base64, json, os, random, sys
import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import Tokenizer

out = sys.argv[1]; random.seed(7)
words = '''a model learns a small change of large matrices the rank of the update is low and trained pieces are added to frozen
weights naïve café coöperate Straße 10 12 2024 low-rank adaptation, (text) "quoted" don't it's x=y+z; a/b 日本語 の テキスト Привет мир'''.split()
corpus = '\n'.join(' '.join(random.choice(words) for _ in range(12)) for _ in range(400))
open('/tmp/unigram.txt', 'w').write(corpus)
open('/tmp/unigram.tsv', 'w').write('FB01\t66 69\nFF21\t41\nBD\t31 2F 32\nA0\t20\n9\t20\n3000\t20\n200B\t\n65 301\tE9\n2026\t2E 2E 2E\n')
def train(name, **kw):
    os.makedirs(f'{out}/{name}', exist_ok=True)
    spm.SentencePieceTrainer.train(input='/tmp/unigram.txt', model_prefix=f'{out}/{name}/spm', minloglevel=2, **kw)
    os.remove(f'{out}/{name}/spm.vocab')
own = dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece='[PAD]', bos_piece='[CLS]', eos_piece='[SEP]', unk_piece='[UNK]')
train('spm', vocab_size=100, **own)
train('rules', vocab_size=360, byte_fallback=True, user_defined_symbols=['<ent>', 'x y'], normalization_rule_tsv='/tmp/unigram.tsv')
train('raw', vocab_size=95, normalization_rule_name='identity', add_dummy_prefix=False, remove_extra_whitespaces=False, **own)

def proto(name):
    m = pb.ModelProto(); m.ParseFromString(open(f'{out}/{name}/spm.model', 'rb').read()); return m
pieces = [[p.piece, p.score] for p in proto('spm').pieces]
token = lambda i, s: dict(id=i, content=s, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
sp = lambda s, t: {'SpecialToken': {'id': s, 'type_id': t}}
seq = lambda s, t: {'Sequence': {'id': s, 'type_id': t}}
def save(name, steps, metaspace, added=[], **model):
    j = dict(version='1.0', truncation=None, padding=None, added_tokens=[token(i, s) for i, s in enumerate(['[PAD]', '[CLS]', '[SEP]', '[UNK]'])] +
             [token(len(pieces), '[MASK]')] + added, normalizer=dict(type='Sequence', normalizers=steps),
             pre_tokenizer=dict(type='Metaspace', replacement='▁') | metaspace,
             post_processor=dict(type='TemplateProcessing', single=[sp('[CLS]', 0), seq('A', 0), sp('[SEP]', 0)],
                                 pair=[sp('[CLS]', 0), seq('A', 0), sp('[SEP]', 0), seq('B', 1), sp('[SEP]', 1)],
                                 special_tokens={s: dict(id=s, ids=[i], tokens=[s]) for i, s in ((1, '[CLS]'), (2, '[SEP]'))}),
             decoder=dict(type='Metaspace', replacement='▁') | metaspace,
             model=dict(type='Unigram', unk_id=3, vocab=pieces, byte_fallback=False) | model)
    os.makedirs(f'{out}/{name}', exist_ok=True)
    json.dump(j, open(f'{out}/{name}/tokenizer.json', 'w'), ensure_ascii=False)
replace = lambda regex: dict(type='Replace', pattern=dict(Regex=regex), content=' ')
strip = lambda left: dict(type='Strip', strip_left=left, strip_right=True)
save('five', [replace('\\s{2,}|[\\n\\r\\t]'), dict(type='NFC'), strip(False)], dict(prepend_scheme='always', split=True))
charsmap = base64.b64encode(proto('rules').normalizer_spec.precompiled_charsmap).decode()
save('four', [strip(True), dict(type='Precompiled', precompiled_charsmap=charsmap), replace(' {2,}')], dict(prepend_scheme='always', split=True))
save('words', [dict(type='Lowercase'), dict(type='NFKD')], dict(prepend_scheme='first', split=False),
     [dict(token(len(pieces) + 1, 'New Word'), normalized=True, special=False)], byte_fallback=True)

def text():
    r = random.random()
    if r < .3: return ' '.join(random.choice(words) for _ in range(random.randint(1, 8)))
    if r < .6: return ''.join(random.choice(' a b\té\nﬁＡ½…　\u00a0\u200b▁日の本e\u0301x y<ent>[]İß') for _ in range(random.randint(0, 20)))
    return ''.join(chr(random.choice([random.randint(32, 126), random.randint(160, 0x24f), random.randint(0x300, 0x36f), random.randint(0x2000, 0x206f),
                                      random.randint(0x3000, 0x30ff), random.randint(0xac00, 0xd7a3), random.randint(0x1f300, 0x1f6ff)])) for _ in range(random.randint(1, 12)))
texts = ['', ' ', '   ', 'a', ' a', 'a ', '▁', '▁a▁', '\u200b', '<ent>', 'x yx y', 'a<ent> b', 'New Word', 'a  NEW WORD b', 'ﬁ ½…', '日本語のテキスト', '\U0001f600\U0001f601 a', 'a\n\nb'] + [text() for _ in range(70)]
with open(f'{out}/cases.jsonl', 'w') as f:
    for name in ('spm', 'rules', 'raw'):
        m = spm.SentencePieceProcessor(model_file=f'{out}/{name}/spm.model')
        for t in texts: print(json.dumps(dict(model=name, text=t, ids=m.encode(t))), file=f)
    for name in ('five', 'four', 'words'):
        m = Tokenizer.from_file(f'{out}/{name}/tokenizer.json')
        for t in texts + ['a [MASK] b[SEP]c', '[MASK]']: print(json.dumps(dict(model=name, text=t, ids=m.encode(t, add_special_tokens=False).ids)), file=f)
