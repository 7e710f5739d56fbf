#!/usr/bin/env python3
"""make.py OUT ARCH [--seed S]: a random RoBERTa or MPNet saved by transformers, a LoRA adapter saved by PEFT, and what
PyTorch computes with them in double precision. Other configurations than the usual: three layers, five heads of seven
values, two token types (RoBERTa), a text longer than the last bucket's distance of 128 (MPNet), tokens of padding
within a text, which take no position. torch leaves the rows of padding out of the gradients of both tables of
embeddings, so that these are not here.

    for a in roberta mpnet; do python3 tests/golden/encoders/make.py tests/golden/encoders/$a $a; done

  config.json, model.safetensors, adapter/      as transformers and PEFT write them (float32); r 3, alpha 6
  expected.safetensors   ids [n,T], lens, type_ids, labels; hidden, logits, loss (base); logits_lora, loss_lora,
                         grad.NAME (with the adapter); adamw.NAME after 3 steps (lr 1e-2, weight decay 0.1);
                         merged.NAME of the first layer
  grad_full.safetensors  gradients of the base parameters without the adapter
Written with torch 2.15, transformers 5.24, peft 0.21, safetensors."""
import argparse, os, torch, safetensors.torch as st
from transformers import AutoModelForSequenceClassification, MPNetConfig, RobertaConfig
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

ap = argparse.ArgumentParser()
ap.add_argument('out'); ap.add_argument('arch', choices=['roberta', 'mpnet']); ap.add_argument('--seed', type=int, default=1)
a = ap.parse_args()
V, d, h, L, f, P = 61, 35, 5, 3, 44, 166
os.makedirs(a.out + '/adapter', exist_ok=True); torch.manual_seed(a.seed)
common = dict(vocab_size=V, hidden_size=d, num_hidden_layers=L, num_attention_heads=h, intermediate_size=f,
              max_position_embeddings=P, initializer_range=.2, layer_norm_eps=1e-5, hidden_dropout_prob=0.,
              attention_probs_dropout_prob=0., num_labels=3)
cfg = RobertaConfig(type_vocab_size=2, pad_token_id=1, **common) if a.arch == 'roberta' else \
    MPNetConfig(pad_token_id=1, **common)
net = AutoModelForSequenceClassification.from_config(cfg).eval()
with torch.no_grad():  # norms and biases away from their defaults
    for p in net.parameters():
        if p.dim() == 1: p.add_(torch.randn_like(p) * .1)
    for k, p in net.named_parameters():  # row 1 of the tables, which starts as 0
        if 'embeddings.weight' in k and len(p) > 1: p[1] = torch.randn(d) * .2
net.save_pretrained(a.out)
lens = [160, 1, 2, 40]; T = max(lens); ids = torch.ones(4, T, dtype=torch.long); mask = torch.zeros(4, T, dtype=torch.long)
for i, l in enumerate(lens): ids[i, :l] = torch.randint(2, V, (l,)); mask[i, :l] = 1
ids[0, 50] = ids[0, 51] = ids[3, 7] = 1
types = (torch.arange(T)[None] > torch.tensor(lens)[:, None] // 2).long() * mask
labels = torch.tensor([2, 0, 1, 1])
given = dict(input_ids=ids, attention_mask=mask, labels=labels) | (dict(token_type_ids=types) if a.arch == 'roberta' else {})
forward = lambda net: net(output_hidden_states=True, **given)
E = dict(ids=ids, lens=torch.tensor(lens), labels=labels) | (dict(type_ids=types) if a.arch == 'roberta' else {})
net = net.double(); o = forward(net); o.loss.backward()
E |= dict(hidden=o.hidden_states[-1] * mask[..., None], logits=o.logits, loss=o.loss)
pads = [k for k, p in net.named_parameters() if 'word_embeddings' in k or 'position_embeddings' in k]
grads = {k: p.grad.contiguous() for k, p in net.named_parameters() if p.grad is not None}
st.save_file({k: g for k, g in grads.items() if k not in pads}, a.out + '/grad_full.safetensors')
for p in net.parameters(): p.grad = None
names = ['query', 'value', 'attention.output.dense', 'intermediate.dense'] if a.arch == 'roberta' else \
    ['attn.q', 'attn.v', 'attn.o', 'intermediate.dense']
pm = get_peft_model(net, LoraConfig(r=3, lora_alpha=6, lora_dropout=0., task_type='SEQ_CLS', target_modules=names)).double()
with torch.no_grad():
    for k, p in pm.named_parameters():
        if 'lora_B' in k: p.copy_((torch.randn_like(p) * .1).float().double())
        elif p.requires_grad: p.copy_((p + torch.randn_like(p) * .01 * ('classifier' in k)).float().double())
pm.save_pretrained(a.out + '/adapter')
st.save_file({k: v.float().contiguous() for k, v in get_peft_model_state_dict(pm).items()},
             a.out + '/adapter/adapter_model.safetensors', metadata={'format': 'pt'})
os.remove(a.out + '/adapter/README.md')
short = lambda k: k.replace('.default', '').replace('modules_to_save.', '')
tr = [(short(k), p) for k, p in pm.named_parameters() if p.requires_grad]
opt = torch.optim.AdamW([p for _, p in tr], lr=1e-2, betas=(.9, .999), eps=1e-8, weight_decay=.1)
for s in range(3):
    o = forward(pm); opt.zero_grad(); o.loss.backward()
    if s == 0:
        E |= dict(logits_lora=o.logits, loss_lora=o.loss.clone()) | {'grad.' + k: p.grad.clone() for k, p in tr}
        k, m = next((k, m) for k, m in pm.named_modules() if hasattr(m, 'get_delta_weight'))
        E['merged.' + k.replace('base_model.model.', '') + '.weight'] = m.base_layer.weight + m.get_delta_weight('default')
    opt.step()
E |= {'adamw.' + k: p.clone() for k, p in tr}
st.save_file({k: v.detach().clone().contiguous() for k, v in E.items()}, a.out + '/expected.safetensors')
