#!/usr/bin/env python3
"""make.py OUT [--seed S]: a random GPT-2 saved by transformers, a LoRA adapter saved by PEFT, and what PyTorch computes
with them in double precision. Another configuration than the usual: d_ffn is not 4 d, the vocabulary is odd, labels of
some tokens are ignored.

  config.json, model.safetensors, adapter/      as transformers and PEFT write them (float32); r 3, alpha 6
  expected.safetensors   ids [n,T], lens, labels [n,T]; hidden, logits, loss (base); logits_lora, loss_lora, grad.NAME
                         (with the adapter); adamw.NAME after 3 steps (lr 1e-2, weight decay 0.1); merged.NAME of the
                         first layer
  grad_full.safetensors  gradients of every base parameter without the adapter
The loss is written out here, because transformers computes it in float32 whatever the model is.
Needs torch, transformers, peft and safetensors."""
import argparse, os, torch, safetensors.torch as st
from transformers import GPT2Config, GPT2LMHeadModel
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

ap = argparse.ArgumentParser()
ap.add_argument('out'); ap.add_argument('--seed', type=int, default=1)
a = ap.parse_args()
V, d, h, L, f, P = 101, 36, 3, 2, 52, 31
os.makedirs(a.out + '/adapter', exist_ok=True); torch.manual_seed(a.seed)
cfg = GPT2Config(vocab_size=V, n_embd=d, n_layer=L, n_head=h, n_inner=f, n_positions=P, resid_pdrop=0., embd_pdrop=0.,
                 attn_pdrop=0., initializer_range=.2, layer_norm_epsilon=1e-6, bos_token_id=0, eos_token_id=0)
cfg._attn_implementation = 'eager'
net = GPT2LMHeadModel(cfg).eval()
with torch.no_grad():  # biases and norms away from their defaults
    for p in net.parameters():
        if p.dim() == 1: p.add_(torch.randn_like(p) * .1)
net.save_pretrained(a.out)
lens = [13, 1, 2, 29]; T = max(lens); ids = torch.zeros(4, T, dtype=torch.long); mask = torch.zeros(4, T, dtype=torch.long)
for i, l in enumerate(lens): ids[i, :l] = torch.randint(3, V, (l,)); mask[i, :l] = 1
labels = torch.where(mask.bool(), ids, -100); labels[0, :6] = -100; labels[3, 20] = -100
def forward(net):
    o = net(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    o.loss = torch.nn.functional.cross_entropy(o.logits[:, :-1].reshape(-1, V), labels[:, 1:].reshape(-1))
    return o
E = dict(ids=ids, lens=torch.tensor(lens), labels=labels)
net = net.double(); o = forward(net); o.loss.backward()
E |= dict(hidden=o.hidden_states[-1] * mask[..., None], logits=o.logits * mask[..., None], loss=o.loss)
st.save_file({k: p.grad.contiguous() for k, p in net.named_parameters() if p.grad is not None}, a.out + '/grad_full.safetensors')
for p in net.parameters(): p.grad = None
pm = get_peft_model(net, LoraConfig(r=3, lora_alpha=6, lora_dropout=0., fan_in_fan_out=True, task_type='CAUSAL_LM',
                                    target_modules=['c_attn', 'c_fc', 'mlp.c_proj'])).double()
with torch.no_grad():
    for k, p in pm.named_parameters():
        if 'lora_B' in k: p.copy_((torch.randn_like(p) * .1).float().double())
        elif p.requires_grad: p.copy_(p.float().double())
pm.save_pretrained(a.out + '/adapter')
st.save_file({k: v.float().contiguous() for k, v in get_peft_model_state_dict(pm).items()},
             a.out + '/adapter/adapter_model.safetensors', metadata={'format': 'pt'})
short = lambda k: k.replace('.default', '')
tr = [(short(k), p) for k, p in pm.named_parameters() if p.requires_grad]
opt = torch.optim.AdamW([p for _, p in tr], lr=1e-2, betas=(.9, .999), eps=1e-8, weight_decay=.1)
for s in range(3):
    o = forward(pm); opt.zero_grad(); o.loss.backward()
    if s == 0:
        E |= dict(logits_lora=o.logits * mask[..., None], loss_lora=o.loss.clone()) | {'grad.' + k: p.grad.clone() for k, p in tr}
        k, m = next((k, m) for k, m in pm.named_modules() if hasattr(m, 'get_delta_weight'))
        E['merged.' + k.replace('base_model.model.', '') + '.weight'] = m.base_layer.weight + m.get_delta_weight('default')
    opt.step()
E |= {'adamw.' + k: p.clone() for k, p in tr}
st.save_file({k: v.detach().clone().contiguous() for k, v in E.items()}, a.out + '/expected.safetensors')
