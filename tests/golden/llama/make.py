#!/usr/bin/env python3
"""make.py OUT [--seed S]: a random Llama saved by transformers, a LoRA adapter saved by PEFT, and what PyTorch computes
with them in double precision. Another configuration than the usual: all query heads share one head of keys and values,
the heads together are wider than the model, the output layer is a tensor of its own, the vocabulary is odd, labels
of some tokens are ignored.

  config.json, model.safetensors, adapter/      as transformers and PEFT write them (float32); r 3, alpha 6
  expected.safetensors   ids [n,T], lens, labels [n,T]; hidden, logits, loss (base); logits_lora, loss_lora, grad.NAME
                         (with the adapter); adamw.NAME after 3 steps (lr 1e-2, weight decay 0.1); merged.NAME of the
                         first layer
  grad_full.safetensors  gradients of every base parameter without the adapter
transformers computes RMSNorm, rotary positions and a decoder's loss in float32, whatever the model is. They are written
out here in float64, so that the numbers are exact to 1e-12.
Needs torch, transformers, peft and safetensors."""
import argparse, os, torch, safetensors.torch as st
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama import modeling_llama as llama
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

ap = argparse.ArgumentParser()
ap.add_argument('out'); ap.add_argument('--seed', type=int, default=1)
a = ap.parse_args()
V, d, h, hd, L, f, P, theta = 101, 40, 4, 12, 3, 52, 31, 5000.
def norm(self, x): return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))
def rotary(self, x, position_ids):
    angle = position_ids[..., None] * theta ** -(torch.arange(0, hd, 2, dtype=torch.float64) / hd)
    angle = torch.cat((angle, angle), -1)
    return angle.cos().to(x.dtype), angle.sin().to(x.dtype)
llama.LlamaRMSNorm.forward, llama.LlamaRotaryEmbedding.forward = norm, rotary
os.makedirs(a.out + '/adapter', exist_ok=True); torch.manual_seed(a.seed)
cfg = LlamaConfig(vocab_size=V, hidden_size=d, num_hidden_layers=L, num_attention_heads=h, num_key_value_heads=1,
                  head_dim=hd, intermediate_size=f, max_position_embeddings=P, initializer_range=.2, rms_norm_eps=1e-5,
                  rope_theta=theta, tie_word_embeddings=False, bos_token_id=0, eos_token_id=0)
cfg._attn_implementation = 'sdpa'
net = LlamaForCausalLM(cfg).eval()
with torch.no_grad():  # norms away from their defaults
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
pm = get_peft_model(net, LoraConfig(r=3, lora_alpha=6, lora_dropout=0., task_type='CAUSAL_LM',
                                    target_modules=['q_proj', 'v_proj', 'o_proj', 'gate_proj', 'down_proj'])).double()
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
