#!/usr/bin/env python3
"""Make vocab.txt and cases.jsonl here: texts, alone and in pairs, through MPNetTokenizer of transformers 5.24.

    python3 tests/golden/tok/mpnet/make.py

The vocabulary is that of tests/golden/tok with MPNet's special tokens."""
import json, os
from transformers import MPNetTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
words = [w for w in open(HERE + '/../vocab.txt', encoding='utf-8').read().split('\n') if w]
old = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
vocab = ['<s>', '<pad>', '</s>', '[UNK]'] + [w for w in words if w not in old] + ['<mask>']
open(HERE + '/vocab.txt', 'w', encoding='utf-8').write('\n'.join(vocab) + '\n')
t = MPNetTokenizer(vocab={w: i for i, w in enumerate(vocab)})
some = ' '.join(w for w in vocab if w.isalpha())[:120]
texts = ['', ' ', some, some.upper(), 'a <mask> b', 'a<mask>b', '<s> a </s>', 'a <pad> b', '[CLS] a [SEP]', 'ÀÉ 你a', '\u00ada']
with open(HERE + '/cases.jsonl', 'w', encoding='utf-8') as out:
    for i, a in enumerate(texts):
        for b in (None, texts[(3 * i + 2) % len(texts)]):
            out.write(json.dumps(dict(text=a, pair=b, ids=t(a, b)['input_ids'])) + '\n')
