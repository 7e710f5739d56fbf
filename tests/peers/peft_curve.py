#!/usr/bin/env python3
"""peft_curve.py LOWRANK MODEL_DIR E2E_DIR [--steps 60] [--batch 4]: the training curve of lowrank against that of
transformers and PEFT, on the same rows of E2E's training file in the same order, from the same adapter.

Both sides read the CSV, tokenize it, train LoRA r=8 alpha=16 on q and v of the GGUF model in MODEL_DIR in f32 (AdamW,
lr 1e-3, weight decay 0.01, no warm-up, no schedule, no dropout), and average the loss over the target tokens of a step.
Prints the losses of both and the largest relative difference; exit status 1 if that is above 1e-3.
Written for torch 2.15, transformers 5.24, peft 0.21, gguf 0.19. Not part of 'make check': it needs Python and a model."""
import argparse
import csv
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
parser = argparse.ArgumentParser()
parser.add_argument("lowrank")
parser.add_argument("model")
parser.add_argument("e2e")
parser.add_argument("--steps", type=int, default=60)
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()


def ours(adapter):
    """The losses of lowrank, starting from the adapter."""
    with tempfile.TemporaryDirectory() as home:
        words = {"model": os.path.abspath(args.model) + "/", "task": "e2e", "method": "lora", "rank": 8,
                 "alpha": 16, "targets": "q,v", "batch": args.batch, "steps": args.steps, "order": "file",
                 "lr": 1e-3, "warmup": 0, "schedule": "constant", "weight_decay": 0.01, "dev_n": 8,
                 "log_every": 1, "precision": "f32", "init_from": adapter}
        data = os.path.dirname(os.path.abspath(args.e2e))
        subprocess.run([args.lowrank, "run", *(f"{k}={v}" for k, v in words.items()), "--home", home,
                        "--data", data, "-t", str(args.threads)], check=True, stdout=subprocess.DEVNULL)
        store = sqlite3.connect(os.path.join(home, "lowrank.db"))
        return [v for v, in store.execute(
            "SELECT value FROM metric JOIN metric_name USING (metric_id) WHERE split = 'train' "
            "AND name = 'loss' ORDER BY step")]


def main():
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    gguf = [f for f in os.listdir(args.model) if f.endswith(".gguf")][0]
    tok = AutoTokenizer.from_pretrained(args.model, gguf_file=gguf)
    net = AutoModelForCausalLM.from_pretrained(args.model, gguf_file=gguf, dtype=torch.float32)
    net = get_peft_model(net, LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, task_type="CAUSAL_LM",
                                         target_modules=["q_proj", "v_proj"]))
    with tempfile.TemporaryDirectory() as adapter:
        net.save_pretrained(adapter)
        t0 = time.time()
        mine = ours(adapter)
        print(f"lowrank: {time.time() - t0:.0f} s")
    with open(os.path.join(args.e2e, "trainset.csv"), encoding="utf-8-sig", newline="") as f:
        rows = list(csv.reader(f))[1:]
    opt = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.01)
    net.train()
    worst, t0 = 0, time.time()
    for step in range(args.steps):
        part = rows[step * args.batch:(step + 1) * args.batch]
        pairs = [(tok(mr + " ||", add_special_tokens=False).input_ids,
                  tok(" " + ref, add_special_tokens=False).input_ids + [tok.eos_token_id]) for mr, ref in part]
        width = max(len(x) + len(y) for x, y in pairs)
        pad = [width - len(x) - len(y) for x, y in pairs]
        ids = torch.tensor([x + y + [0] * n for (x, y), n in zip(pairs, pad)])
        mask = torch.tensor([[1] * (width - n) + [0] * n for n in pad])
        labels = torch.tensor([[-100] * len(x) + y + [-100] * n for (x, y), n in zip(pairs, pad)])
        loss = net(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        opt.step()
        opt.zero_grad()
        away = abs(mine[step] - loss.item()) / loss.item()
        worst = max(worst, away)
        print(f"{step + 1:4d}  {mine[step]:.6f}  {loss.item():.6f}  {away:.1e}", flush=True)
    print(f"PEFT: {time.time() - t0:.0f} s; largest relative difference {worst:.1e}")
    return worst > 1e-3


if __name__ == "__main__":
    sys.exit(main())
