#!/usr/bin/env python3
"""make.py WHEEL - writes segments.tsv and totals.tsv: what other programs compute for hyp.txt and refs.txt.

WHEEL is pycocoevalcap-1.2 unpacked: its PTBTokenizer (CoreNLP 3.4.1) and meteor-1.5.jar run under Java 17; its ROUGE-L
and CIDEr under Python. Others: sacrebleu 2.6.0, rouge-score 0.1.2 with nltk 3.10. mteval's BLEU is sacrebleu's in lower
case; NIST and the segments of e2e-metrics are written down here again from their definition.
"""
import math, os, re, subprocess, sys, tempfile
from collections import Counter
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sacrebleu.metrics import BLEU, CHRF, TER
from rouge_score import rouge_scorer

wheel = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
H = open(here + '/hyp.txt', encoding='utf8').read()[:-1].split('\n')
R = [g.split('\n') for g in open(here + '/refs.txt', encoding='utf8').read()[:-1].split('\n\n')]
assert len(H) == len(R), (len(H), len(R))
columns, totals = {}, {}

# --- the COCO scripts
sys.path.insert(0, os.path.dirname(wheel))
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.cider.cider import Cider
DROP = set("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split())


def ptb(lines):
    with tempfile.NamedTemporaryFile('w', encoding='utf8', delete=False) as f:
        f.write('\n'.join(lines))
    out = subprocess.run(['java', '-cp', wheel + '/tokenizer/stanford-corenlp-3.4.1.jar',
                          'edu.stanford.nlp.process.PTBTokenizer', '-preserveLines', '-lowerCase', f.name],
                         capture_output=True, check=True).stdout.decode().split('\n')
    os.remove(f.name)
    return [' '.join(w for w in line.rstrip().split(' ') if w not in DROP) for line in out]


def meteor(hyps, refs):
    def run(text):
        return subprocess.run(['java', '-Xmx2G', '-jar', 'meteor-1.5.jar', '-', '-', '-stdio', '-l', 'en', '-norm'],
                              cwd=wheel + '/meteor', input=text.encode(), capture_output=True,
                              check=True).stdout.decode().strip().split('\n')
    stats = run(''.join('SCORE ||| %s ||| %s\n' % (' ||| '.join(r), h) for h, r in zip(hyps, refs)))
    values = [float(x) for x in run('EVAL' + ''.join(' ||| ' + s for s in stats) + '\n')]
    return values[:-1], values[-1]


flat = iter(ptb([r for g in R for r in g]))
TR, TH = [[next(flat) for _ in g] for g in R], ptb(H)
gts, res = dict(enumerate(TR)), {i: [h] for i, h in enumerate(TH)}
columns['e2e_meteor'], totals['e2e_meteor'] = meteor(TH, TR)
columns['webnlg_meteor'], totals['webnlg_meteor'] = meteor(H, R)
for name, scorer in (('e2e_rouge_l', Rouge()), ('e2e_cider', Cider())):
    totals[name], columns[name] = scorer.compute_score(gts, res)

# --- e2e-metrics
def tokens(s, lower):
    s = Tokenizer13a()(s)
    return (s.lower() if lower else s.translate({c: c + 32 for c in range(65, 91)})).split()


def grams(w, n):
    return Counter(tuple(w[i:i + n]) for i in range(len(w) - n + 1))


def best(refs, n):
    out = Counter()
    for r in refs:
        out |= grams(r, n)
    return out


def penalty(ratio):
    return 1 if ratio >= 1 else 0 if ratio <= 0 else math.exp(math.log(.5) / math.log(1.5) ** 2 * math.log(ratio) ** 2)


def bleu(h, refs, add):
    h = h or ['']
    closest = min((abs(len(r) - len(h)), len(r)) for r in refs)[1]
    logs = 0
    for n in range(1, 5):
        hits = sum((grams(h, n) & best(refs, n)).values())
        logs += math.log(max(hits + add, 1e-15) / max(len(h) + 1 - n + add, 1e-9)) / 4
    return math.exp(logs) * (math.exp(1 - closest / len(h)) if len(h) <= closest else 1)


def nist(hyps, refs, perl):
    """Totals over segments; PERL: mteval's, else pymteval's for one segment."""
    count, words, total = Counter(), 0, 0
    for group in refs:
        for r in group:
            words += len(r)
            for n in range(1, 6):
                count += grams(r, n)
    for n in range(1, 6):
        gain, size = 0, 0
        for h, group in zip(hyps, refs):
            size += max(len(h) + 1 - n, 0) if perl else len(h) + 1 - n
            for g, k in (grams(h, n) & best(group, n)).items():
                gain += k * math.log2((count[g[:-1]] if n > 1 and not (perl and g[:-1] == ('0',)) else words) / count[g])
        total += gain / (max(size, 1) if perl else size or 1)
    return total * penalty(sum(map(len, hyps)) / (words / (sum(map(len, refs)) / len(refs)) if perl else
                                                 sum(sum(map(len, g)) / len(g) for g in refs)))


PH, PR = [tokens(h, True) for h in H], [[tokens(r, True) for r in g] for g in R]
columns['e2e_bleu'] = [bleu(h, g, 0) for h, g in zip(PH, PR)]
columns['e2e_sentbleu'] = [bleu(h, g, 1) for h, g in zip(PH, PR)]
columns['e2e_nist'] = [nist([h or ['']], [g], False) for h, g in zip(PH, PR)]
totals['e2e_nist'] = nist([tokens(h, False) for h in H], [[tokens(r, False) for r in g] for g in R], True)

# --- sacrebleu and rouge-score
by_rank = [[g[i] if i < len(g) else None for g in R] for i in range(max(map(len, R)))]
totals['e2e_bleu'] = BLEU(lowercase=True).corpus_score(H, by_rank).score / 100
for name, corpus, one in (('sacre_bleu', BLEU(), BLEU(effective_order=True)),
                          ('sacre_bleu_none', BLEU(tokenize='none', force=True),
                           BLEU(tokenize='none', force=True, effective_order=True)),
                          ('sacre_chrf', CHRF(), CHRF()), ('sacre_ter', TER(), TER()),
                          ('sacre_ter_norm', TER(normalized=True), TER(normalized=True))):
    totals[name] = corpus.corpus_score(H, by_rank).score
    columns[name] = [one.sentence_score(h, g).score for h, g in zip(H, R)]
for stem in (False, True):
    kinds = ['rouge1', 'rouge2', 'rougeL']
    scorer = rouge_scorer.RougeScorer(kinds, use_stemmer=stem)
    scores = [scorer.score_multi(g, h) for h, g in zip(H, R)]
    for k in kinds:
        name = k.lower() + ('_stem' if stem else '')
        columns[name] = [s[k].fmeasure for s in scores]
        totals[name] = sum(columns[name]) / len(H)

with open(here + '/segments.tsv', 'w') as f:
    f.write('\t'.join(columns) + '\n')
    for row in zip(*columns.values()):
        f.write('\t'.join('%.6f' % x for x in row) + '\n')
with open(here + '/totals.tsv', 'w') as f:
    for name, x in totals.items():
        f.write('%s\t%.6f\n' % (name, x))
