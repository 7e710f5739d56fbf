#!/usr/bin/env python3
"""make_bert_train.py MODEL OUT: six steps of LoRA training of a small BERT classifier in float64, as a training
that 'lowrank parity' checks (core/train/parity.h). bert_train.safetensors is its output for golden/tiny/bert.
Needs torch, transformers, peft and safetensors."""
import sys, torch, safetensors.torch as st
from transformers import BertForSequenceClassification
from peft import LoraConfig, get_peft_model

torch.manual_seed(3)
net = BertForSequenceClassification.from_pretrained(sys.argv[1])
cfg = LoraConfig(r=2, lora_alpha=16, lora_dropout=0., target_modules=['query', 'intermediate.dense'], modules_to_save=['classifier'])
pm = get_peft_model(net, cfg).double()
short = lambda k: k.replace('.default', '').replace('.modules_to_save', '')
tr = [(short(k), p) for k, p in pm.named_parameters() if p.requires_grad]
E, loss, norm = {}, [], []
for k, p in tr:
    p.data = p.data.float().double()
    E['init.' + k] = p.detach().float().clone()
opt = torch.optim.AdamW([p for _, p in tr], lr=1e-3, betas=(.9, .999), eps=1e-8, weight_decay=.01)
for s in range(6):
    lens = torch.randint(1, 20, (5,)); T = int(lens.max())
    mask = (torch.arange(T) < lens[:, None]).long()
    ids = torch.randint(3, net.config.vocab_size, (5, T)) * mask; ty = (torch.arange(T) >= lens[:, None] // 2).long() * mask
    y = torch.randint(0, 3, (5,))
    E |= {f'ids.{s}': ids.int(), f'type_ids.{s}': ty.int(), f'lens.{s}': lens.int(), f'labels.{s}': y.int()}
    for g in opt.param_groups: g['lr'] = 1e-3 * min((s + 1) / 4, (40 - s) / 36)
    o = pm(input_ids=ids, attention_mask=mask, token_type_ids=ty, labels=y); opt.zero_grad(); o.loss.backward()
    loss.append(o.loss.item()); norm.append(torch.sqrt(sum((p.grad**2).sum() for _, p in tr)).item())
    if s == 0: E['logits.first'] = o.logits.detach().clone()
    if s == 5: E['logits.last'] = o.logits.detach().clone()
    opt.step()
for k, p in tr: E['final.' + k] = p.detach().float().clone()
E['loss'] = torch.tensor(loss, dtype=torch.float64); E['gradnorm'] = torch.tensor(norm, dtype=torch.float64)
st.save_file({k: v.contiguous() for k, v in E.items()}, sys.argv[2])
