"""strangers.py - for strangers.sh: what transformers and PEFT compute, beside what lowrank printed.

  golden DIR SEED   what tests/golden/strangers/make.py puts into DIR, against "lowrank logits"
  folder BASE ADAPTER MERGED TEXTS CSV LABELS PROBLEM
                    the same texts through PEFT (BASE with ADAPTER; "-": not that) and through
                    transformers (MERGED), against the logits in CSV, and what MERGED says of itself
  hidden MERGED TEXTS CSV
                    the last hidden states of AutoModel

Each line of standard input is such a command."""
import csv
import json
import os
import runpy
import subprocess
import sys

import torch
from peft import PeftModel
from transformers import (AutoConfig, AutoModel, AutoModelForSequenceClassification,
                          AutoTokenizer)

bad = 0


def no(text):
    global bad
    bad = 1
    print(text)


def near(what, want, got):
    if len(want) != len(got) or not all(abs(a - b) < 1e-4 for a, b in zip(want, got)):
        no("%s: %s from lowrank, but %s" % (what, got, want))


def printed(file, what):
    """Rows of lowrank's CSV: the values that are called WHAT."""
    return [[float(v) for k, v in row.items() if k.startswith(what)]
            for row in csv.DictReader(file)]


def texts_of(name):
    return [line.rstrip("\n").split("\t") for line in open(name)]


def golden(top, seed):
    sys.argv = ["make.py", top, "--seed", seed]
    runpy.run_path("tests/golden/strangers/make.py", run_name="__main__")
    for e in json.load(open(os.path.join(top, "expected.json"))):
        command = [os.environ["LOWRANK"], "logits", os.path.join(top, e["model"]), "--format", "csv"]
        text = e["text"]
        if e["adapter"]:
            command += ["--adapter", os.path.join(top, e["adapter"])]
        if e["what"] == "hidden":
            command += ["--hidden"]
        if e["pair"]:
            command += ["--pair"]
            text += "\t" + e["pair"]
        r = subprocess.run(command, input=text + "\n", capture_output=True, text=True)
        what = "%s %s '%s'" % (e["model"], e["adapter"], text)
        if r.returncode:
            no("%s: exit %d: %s" % (what, r.returncode, r.stderr))
        near(what, e["values"], sum(printed(r.stdout.splitlines(), e["what"]), []))


def folder(base, adapter, merged, texts, table, labels, problem):
    rows, labels = printed(open(table), "logit"), labels.split(",")
    nets = [("transformers", AutoModelForSequenceClassification.from_pretrained(merged),
             AutoTokenizer.from_pretrained(merged))]
    if adapter != "-":
        net = AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(labels),
                                                                 ignore_mismatched_sizes=True)
        nets.append(("PEFT", PeftModel.from_pretrained(net, adapter),
                     AutoTokenizer.from_pretrained(base)))
    for name, net, tok in nets:
        net.eval()
        for text, row in zip(texts_of(texts), rows, strict=True):
            with torch.no_grad():
                want = net(**tok(*text, return_tensors="pt")).logits[0].tolist()
            near("%s %s %s" % (name, merged, text), want, row)
    c = AutoConfig.from_pretrained(merged)
    if [c.id2label[i] for i in range(c.num_labels)] != labels or c.problem_type != problem:
        no("%s: %s, %s" % (merged, c.id2label, c.problem_type))
    if c.label2id != {n: i for i, n in enumerate(labels)}:
        no("%s: %s" % (merged, c.label2id))


def hidden(merged, texts, table):
    net, tok = AutoModel.from_pretrained(merged).eval(), AutoTokenizer.from_pretrained(merged)
    want = []
    for text in texts_of(texts):
        with torch.no_grad():
            want += net(**tok(*text, return_tensors="pt")).last_hidden_state[0].flatten().tolist()
    near("hidden states of %s" % merged, want, sum(printed(open(table), "hidden"), []))


for line in sys.stdin:
    word, *rest = line.rstrip("\n").split(" ")
    {"golden": golden, "folder": folder, "hidden": hidden}[word](*rest)
sys.exit(bad)
