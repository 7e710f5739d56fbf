#!/usr/bin/env python3
"""make.py OUT: what generate() of transformers makes of the models in tests/golden/gpt2 and tests/golden/llama, with and
without their adapters, in float64 (transformers rounds the logits to float32 before a search). OUT/cases.json is a list
of {model, adapter, settings, prompts, ids, scores}: settings in the names of `lowrank generate`, ids with the end token,
scores of beam searches only.

Each prompt is generated alone, because transformers counts the padding of a batch among the tokens that no_repeat_ngram
forbids to repeat; how many cases without it differ in a padded batch is printed. The GNMT length penalty is not part of
transformers: an exponent that computes ((5 + n) / 6)^alpha takes the place of alpha.
Needs torch, transformers and peft."""
import argparse, itertools, json, os, random, warnings; warnings.filterwarnings('ignore')
import torch, transformers
from transformers import AutoModelForCausalLM
from peft import PeftModel

ap = argparse.ArgumentParser(); ap.add_argument('out'); a = ap.parse_args()
here = os.path.dirname(os.path.abspath(__file__)) + '/../'
transformers.logging.set_verbosity_error()


class Gnmt(float):
    def __rpow__(self, n): return ((5 + n) / 6) ** float(self)
    def __deepcopy__(self, memo): return self


def generate(net, prompts, s):
    T = max(map(len, prompts))
    ids = torch.tensor([[0] * (T - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (T - len(p)) + [1] * len(p) for p in prompts])
    alpha = s.get('length_penalty', 1.0)
    o = net.generate(input_ids=ids, attention_mask=mask, do_sample=False, num_beams=s.get('beams', 1),
                     length_penalty=Gnmt(alpha) if s.get('penalty') == 'gnmt' else alpha,
                     no_repeat_ngram_size=s.get('no_repeat_ngram', 0), min_new_tokens=s.get('min_new', 0),
                     max_new_tokens=s['max_new'], eos_token_id=s['end'] or None, pad_token_id=0,
                     early_stopping={'false': False, 'true': True, 'never': 'never'}[s.get('early_stopping', 'false')],
                     return_dict_in_generate=True, output_scores=True)
    out = []
    for row in o.sequences[:, T:].tolist():
        ends = [i for i, t in enumerate(row) if t in s['end']]
        out.append(row[:ends[0] + 1] if ends else row)
    scores = o.sequences_scores.tolist() if s.get('beams', 1) > 1 else None
    return out, scores


rng, cases, padded = random.Random(1), [], 0
for model in ('gpt2', 'llama'):
    base = AutoModelForCausalLM.from_pretrained(here + model, dtype=torch.float64, attn_implementation='eager').eval()
    V, P = base.config.vocab_size, base.config.max_position_embeddings
    for adapter in (False, True):
        net = PeftModel.from_pretrained(base, here + model + '/adapter').double().eval() if adapter else base
        rows = []
        for penalty, early in itertools.product(('length', 'gnmt'), ('false', 'true', 'never')):
            rows.append(dict(beams=rng.choice((2, 4, 10)), penalty=penalty, early_stopping=early,
                             length_penalty=rng.choice((-1.0, 0.0, 0.9, 2.0))))
        rows += [dict(beams=b, no_repeat_ngram=rng.choice((1, 2, 3))) for b in (1, 3, 10)]
        rows += [dict(beams=b, min_new=6) for b in (1, 3)] + [dict(beams=10, min_new=8, no_repeat_ngram=2), dict(beams=1)]
        for row in rows:
            s = dict(row, max_new=rng.choice((4, 7, 11)), end=rng.sample(range(V), rng.choice((0, 4, 12, 12))))
            s['max_new'] = max(s['max_new'], s.get('min_new', 0))
            prompts = [[rng.randrange(3, V) for _ in range(rng.choice((1, 2, 5, 11)))] for _ in range(3)]
            each = [generate(net, [p], s) for p in prompts]
            ids = [o[0][0] for o in each]
            padded += not s.get('no_repeat_ngram') and generate(net, prompts, s)[0] != ids
            cases.append(dict(model=model, adapter=adapter, settings=s, prompts=prompts, ids=ids,
                              scores=[o[1][0] for o in each] if s.get('beams', 1) > 1 else None))
with open(a.out + '/cases.json', 'w') as f:
    f.write('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
ended = sum(bool(i) and i[-1] in c['settings']['end'] for c in cases for i in c['ids'])
print(len(cases), 'cases,', sum(len(c['ids']) for c in cases), 'texts,', ended, 'of them ended;', padded, 'cases differ in a padded batch')
