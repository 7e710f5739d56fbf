"""strangers_lm.py - for strangers_lm.sh: what transformers and PEFT compute of decoders.

  make DIR        DIR/gpt2 and DIR/llama as transformers writes them, the one with vocab.json and
                  merges.txt, the other with a tokenizer.json that begins texts with <s>, and DIR/KIND.peft, an adapter of PEFT
  check DIR TSV   logits of each adapter in DIR through PEFT against those of its merged model
                  through transformers and against lowrank's, and the loss over targets against
                  that in DIR/NAME.json"""
import json
import os
import shutil
import subprocess
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel,
                          LlamaConfig, LlamaForCausalLM)

SIZE = 522  # of the vocabulary in tests/golden/bpe
bad = 0


def no(text):
    global bad
    bad = 1
    print(text)


def begin_texts(path):
    """Let tokenizer.json put a token before every text, as Llama's does."""
    whole = json.load(open(path, encoding="utf-8"))
    bos = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    a, b = ({"Sequence": {"id": x, "type_id": 0}} for x in "AB")
    whole["post_processor"] = {
        "type": "TemplateProcessing", "single": [bos, a], "pair": [bos, a, bos, b],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [whole["model"]["vocab"]["<s>"]],
                                   "tokens": ["<s>"]}}}
    json.dump(whole, open(path, "w", encoding="utf-8"))


def make(top):
    torch.manual_seed(5)
    for kind in "gpt2", "llama":
        d = os.path.join(top, kind)
        os.makedirs(d)
        for name in "vocab.json", "merges.txt":
            shutil.copy(os.path.join("tests/golden/bpe", name), d)
        json.dump({"tokenizer_class": "GPT2Tokenizer"},
                  open(os.path.join(d, "tokenizer_config.json"), "w"))
        if kind == "gpt2":
            net = GPT2LMHeadModel(GPT2Config(vocab_size=SIZE, n_positions=96, n_embd=48, n_layer=2,
                                             n_head=4, initializer_range=.2, bos_token_id=521,
                                             eos_token_id=521))
            targets = ["c_attn", "mlp.c_proj"]
        else:
            net = LlamaForCausalLM(LlamaConfig(
                vocab_size=SIZE, hidden_size=48, intermediate_size=64, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=96,
                initializer_range=.2, tie_word_embeddings=False, bos_token_id=521,
                eos_token_id=521))
            targets = ["q_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
            AutoTokenizer.from_pretrained(d).save_pretrained(d)
            begin_texts(os.path.join(d, "tokenizer.json"))
            for name in "vocab.json", "merges.txt":
                if os.path.exists(os.path.join(d, name)):
                    os.remove(os.path.join(d, name))
        net.save_pretrained(d)
        p = get_peft_model(net, LoraConfig(r=3, lora_alpha=6, target_modules=targets,
                                           fan_in_fan_out=kind == "gpt2", task_type="CAUSAL_LM"))
        for name, x in p.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(x, std=.2)
        p.save_pretrained(d + ".peft")


def logits(net, tok, text):
    with torch.no_grad():
        return net(tok(text, return_tensors="pt").input_ids).logits[0].double()


def target_loss(net, tok, rows):
    """The mean loss over all tokens of targets and their ends."""
    total, n = 0., 0
    for a, b in rows:
        x = tok(a + ":").input_ids
        y = tok(" " + b, add_special_tokens=False).input_ids + [tok.eos_token_id]
        with torch.no_grad():
            z = net(torch.tensor([x + y])).logits[0].double().log_softmax(-1)
        total -= sum(float(z[len(x) - 1 + i, t]) for i, t in enumerate(y))
        n += len(y)
    return total / n


def check(top, tsv):
    rows = [line.rstrip("\n").split("\t") for line in open(tsv, encoding="utf-8")][1:]
    for name in sorted(os.listdir(top)):
        kind, _, method = name.partition(".")
        d = os.path.join(top, name)
        if kind not in ("gpt2", "llama") or not os.path.isdir(d + ".merged"):
            continue
        base = os.path.join(top, kind)
        tok = AutoTokenizer.from_pretrained(base)
        merged_tok = AutoTokenizer.from_pretrained(d + ".merged")
        net = AutoModelForCausalLM.from_pretrained(base)
        net = PeftModel.from_pretrained(net, d).eval()
        merged, info = AutoModelForCausalLM.from_pretrained(d + ".merged", output_loading_info=True)
        if any(info.values()):
            no("%s: transformers misses or does not know tensors: %s" % (name, info))
        for a, b in rows[:4]:
            text = a + ": " + b
            want, got = logits(net, tok, text), logits(merged.eval(), merged_tok, text)
            if want.shape != got.shape or float((want - got).abs().max()) > 1e-3:
                no("%s: merged: %s against %s for '%s'" % (name, got[-1][:4], want[-1][:4], text))
        own = subprocess.run([os.environ["LOWRANK"], "logits", base, "--adapter", d, "--format",
                              "json"], input="".join("%s: %s\n" % r for r in map(tuple, rows[:4])),
                             capture_output=True, text=True)
        for (a, b), line in zip(rows, own.stdout.splitlines() or [own.stderr]):
            ids = tok(a + ": " + b).input_ids
            p = logits(net, tok, a + ": " + b).log_softmax(-1)
            want = [float(p[i, t]) for i, t in enumerate(ids[1:])]
            got = json.loads(line)
            if (got["ids"] != ids or got["next"] != int(p[-1].argmax()) or
                    max(abs(x - y) for x, y in zip(want, got["logprobs"][1:])) > 1e-4):
                no("%s: logits: %s against %s" % (name, line[:200], want[:4]))
        if method != "peft":
            loss = target_loss(net, tok, rows)
            own = [r["value"] for r in json.load(open(d + ".json")) if r["which"] == "last"][0]
            if abs(loss - own) > 1e-6 * loss:
                no("%s: PEFT's loss is %.9g, lowrank's %.9g" % (name, loss, own))


make(sys.argv[2]) if sys.argv[1] == "make" else check(*sys.argv[2:4])
sys.exit(bad)
