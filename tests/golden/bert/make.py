#!/usr/bin/env python3
"""make.py OUT [--seed S] [--odd]: a random BERT classifier saved by transformers, a LoRA adapter saved by PEFT, and what
PyTorch computes with them in double precision. --odd: 3 layers, d 60, 5 heads.

  config.json, model.safetensors, adapter/      as transformers and PEFT write them (float32); r 3, alpha 6
  expected.safetensors   ids [n,T], lens, labels; hidden, logits (base); logits_lora, loss_lora, grad.NAME (with the
                         adapter); adamw.NAME after 3 steps (lr 1e-2, weight decay 0.1); merged.NAME of the first layer
  grad_full.safetensors  gradients of every base parameter without the adapter
Needs torch, transformers, peft and safetensors."""
import argparse, os, torch, safetensors.torch as st
from transformers import BertConfig, BertForSequenceClassification
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

ap = argparse.ArgumentParser()
ap.add_argument('out'); ap.add_argument('--seed', type=int, default=1); ap.add_argument('--odd', action='store_true')
a = ap.parse_args()
V, d, h, L, f, P = (113, 60, 5, 3, 100, 33) if a.odd else (96, 48, 4, 2, 80, 40)
os.makedirs(a.out + '/adapter', exist_ok=True); torch.manual_seed(a.seed)
cfg = BertConfig(vocab_size=V, hidden_size=d, num_hidden_layers=L, num_attention_heads=h, intermediate_size=f,
                 hidden_dropout_prob=0., attention_probs_dropout_prob=0., classifier_dropout=0., initializer_range=.2,
                 max_position_embeddings=P, num_labels=3, pad_token_id=0)
cfg._attn_implementation = 'eager'
net = BertForSequenceClassification(cfg).eval()
with torch.no_grad():  # biases and norms away from their defaults
    for p in net.parameters():
        if p.dim() == 1: p.add_(torch.randn_like(p) * .1)
net.save_pretrained(a.out)
lens = [17, 5, 1, 29]; T = max(lens); ids = torch.zeros(4, T, dtype=torch.long); mask = torch.zeros(4, T, dtype=torch.long)
for i, l in enumerate(lens): ids[i, :l] = torch.randint(3, V, (l,)); mask[i, :l] = 1
labels = torch.randint(0, 3, (4,)); x = dict(input_ids=ids, attention_mask=mask, labels=labels)
E = dict(ids=ids, lens=torch.tensor(lens), labels=labels)
net = net.double(); o = net(**x, output_hidden_states=True); o.loss.backward()
E |= dict(hidden=o.hidden_states[-1] * mask[..., None], logits=o.logits, loss=o.loss)
st.save_file({k: p.grad.contiguous() for k, p in net.named_parameters() if p.grad is not None}, a.out + '/grad_full.safetensors')
for p in net.parameters(): p.grad = None
pm = get_peft_model(net, LoraConfig(r=3, lora_alpha=6, lora_dropout=0., modules_to_save=['classifier'],
                                    target_modules=['query', 'key', 'value', 'attention.output.dense'])).double()
with torch.no_grad():
    for k, p in pm.named_parameters():
        if 'lora_B' in k: p.copy_((torch.randn_like(p) * .1).float().double())
        elif p.requires_grad: p.copy_(p.float().double())
pm.save_pretrained(a.out + '/adapter')
st.save_file({k: v.float().contiguous() for k, v in get_peft_model_state_dict(pm).items()},
             a.out + '/adapter/adapter_model.safetensors', metadata={'format': 'pt'})
short = lambda k: k.replace('.default', '').replace('.modules_to_save', '')
tr = [(short(k), p) for k, p in pm.named_parameters() if p.requires_grad]
opt = torch.optim.AdamW([p for _, p in tr], lr=1e-2, betas=(.9, .999), eps=1e-8, weight_decay=.1)
for s in range(3):
    o = pm(**x); opt.zero_grad(); o.loss.backward()
    if s == 0:
        E |= dict(logits_lora=o.logits.clone(), loss_lora=o.loss.clone()) | {'grad.' + k: p.grad.clone() for k, p in tr}
        k, m = next((k, m) for k, m in pm.named_modules() if hasattr(m, 'get_delta_weight'))
        E['merged.' + k.replace('base_model.model.', '') + '.weight'] = m.base_layer.weight + m.get_delta_weight('default')
    opt.step()
E |= {'adamw.' + k: p.clone() for k, p in tr}
st.save_file({k: v.detach().clone().contiguous() for k, v in E.items()}, a.out + '/expected.safetensors')
