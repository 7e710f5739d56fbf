#!/usr/bin/env python3
"""make.py OUT [--seed S]: small Llamas in GGUF files, and what the gguf package and transformers make of them.

  types/TYPE/model.gguf  a Llama of which every matrix has the type; the package gguf quantizes (Q4_0 ... Q8_0) or
                         rounds it. Rows of attn_q and attn_k are in the order of llama.cpp; the output layer is
                         tied, except in F32 and Q8_0
  types/TYPE.safetensors what the package gguf decodes it to, in F32, under the names and in the order of
                         transformers; transformers, which is asked about Q8_0, reads the same
  expected.safetensors   of types/Q8_0, in double precision: ids.i [T], logprob.i, top.i, toplogit.i of two texts
  train.safetensors      4 steps of LoRA (r 3, alpha 16, q_proj and v_proj; AdamW, lr 1e-3, weight decay 0.01) on it:
                         init.NAME, final.NAME, ids.i, lens.i, prompt.i, loss, gradnorm, logprob.first
  adapter/               what is trained there, as PEFT writes it

Norms and rotary positions are computed in float64 here, where transformers computes them in float32.
Made with gguf 0.19.0, torch 2.15, transformers 5.24, peft 0.21, safetensors."""
import argparse, os, numpy as np, gguf, torch, safetensors.torch as st
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from transformers.models.llama import modeling_llama as llama
from peft import LoraConfig, get_peft_model

ap = argparse.ArgumentParser()
ap.add_argument('out'); ap.add_argument('--seed', type=int, default=1)
a = ap.parse_args()
V, d, h, kv, hd, L, f, P, theta = 37, 32, 4, 2, 8, 2, 64, 40, 7000.
T = gguf.GGMLQuantizationType

def norm(self, x): return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))
def rotary(self, x, position_ids):
    angle = position_ids[..., None] * theta ** -(torch.arange(0, hd, 2, dtype=torch.float64) / hd)
    angle = torch.cat((angle, angle), -1)
    return angle.cos().to(x.dtype), angle.sin().to(x.dtype)

def model(tied):
    c = LlamaConfig(vocab_size=V, hidden_size=d, num_hidden_layers=L, num_attention_heads=h, num_key_value_heads=kv,
                    intermediate_size=f, max_position_embeddings=P, initializer_range=.15, rms_norm_eps=1e-5,
                    rope_theta=theta, tie_word_embeddings=tied, bos_token_id=0, eos_token_id=0)
    c._attn_implementation = 'sdpa'
    return LlamaForCausalLM(c).eval()

def permute(w, heads):  # as llama.cpp's convert_hf_to_gguf.py
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)

NAMES = {'self_attn.q_proj': 'attn_q', 'self_attn.k_proj': 'attn_k', 'self_attn.v_proj': 'attn_v',
         'self_attn.o_proj': 'attn_output', 'mlp.gate_proj': 'ffn_gate', 'mlp.up_proj': 'ffn_up',
         'mlp.down_proj': 'ffn_down', 'input_layernorm': 'attn_norm', 'post_attention_layernorm': 'ffn_norm'}
def gguf_name(k):
    k = k.removeprefix('model.').removesuffix('.weight')
    top = {'embed_tokens': 'token_embd', 'norm': 'output_norm', 'lm_head': 'output'}
    if k in top: return top[k] + '.weight'
    _, i, rest = k.split('.', 2)
    return f'blk.{i}.{NAMES[rest]}.weight'

def write(path, net, kind):
    """The file, and by names of transformers what its tensors decode to."""
    w = gguf.GGUFWriter(path, 'llama'); decoded = {}
    w.add_block_count(L); w.add_context_length(P); w.add_embedding_length(d); w.add_feed_forward_length(f)
    w.add_head_count(h); w.add_head_count_kv(kv); w.add_rope_freq_base(theta); w.add_rope_dimension_count(hd)
    w.add_layer_norm_rms_eps(1e-5); w.add_vocab_size(V)
    w.add_token_list([f't{i}' for i in range(V)]); w.add_token_types([1] * V); w.add_token_merges(['t 1', 't 2'])
    for k, v in net.state_dict().items():
        if k == 'lm_head.weight' and net.config.tie_word_embeddings: continue
        x = v.numpy().astype(np.float32); heads = h if 'q_proj' in k else kv if 'k_proj' in k else 0
        y = permute(x, heads) if heads else x
        q = gguf.quants.quantize(np.ascontiguousarray(y), kind) if y.ndim > 1 else y
        w.add_tensor(gguf_name(k), q, raw_dtype=kind if y.ndim > 1 else None)
        back = gguf.quants.dequantize(q, kind).reshape(y.shape) if y.ndim > 1 else y
        if heads: back = back.reshape(heads, hd // 2, 2, -1).swapaxes(1, 2).reshape(x.shape)
        decoded[k] = torch.tensor(np.ascontiguousarray(back, np.float32))
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
    return decoded

def expected(net):
    E = {}
    g = torch.Generator().manual_seed(a.seed)
    with torch.no_grad():
        for i, n in enumerate((9, 23)):
            ids = torch.randint(0, V, (n,), generator=g); z = net(ids[None]).logits[0].double(); t = z.topk(5)
            E |= {f'ids.{i}': ids, f'top.{i}': t.indices.contiguous(), f'toplogit.{i}': t.values.contiguous(),
                  f'logprob.{i}': z.log_softmax(-1)[:-1].gather(1, ids[1:, None])[:, 0].contiguous()}
    return E

def train(net):
    m = get_peft_model(net, LoraConfig(r=3, lora_alpha=16, lora_dropout=0., target_modules=['q_proj', 'v_proj'])).double()
    short = lambda k: k.replace('.default', '')
    ps = [(short(k), p) for k, p in m.named_parameters() if p.requires_grad]; E = {}; loss, size = [], []
    for k, p in ps: p.data = (torch.randn_like(p) * .1).float().double(); E['init.' + k] = p.detach().float().clone()
    opt = torch.optim.AdamW([p for _, p in ps], lr=1e-3, weight_decay=.01); g = torch.Generator().manual_seed(a.seed + 1)
    for s in range(4):
        lens, prompt = torch.tensor([17, 8, 12]), torch.tensor([5, 7, 1]); n = int(lens.max())
        ids = torch.randint(0, V, (3, n), generator=g); mask = torch.arange(n)[None] < lens[:, None]; ids[~mask] = 0
        E |= {f'ids.{s}': ids, f'lens.{s}': lens.clone(), f'prompt.{s}': prompt.clone()}
        lp = m(input_ids=ids, attention_mask=mask.long()).logits[:, :-1].log_softmax(-1).gather(2, ids[:, 1:, None])[..., 0]
        on = mask[:, 1:] & (torch.arange(1, n)[None] >= prompt[:, None])
        if s == 0: E['logprob.first'] = lp[on].detach().clone()
        y = -lp[on].mean(); opt.zero_grad(); y.backward(); loss.append(y.item())
        size.append(torch.sqrt(sum((p.grad ** 2).sum() for _, p in ps)).item()); opt.step()
    for k, p in ps: E['final.' + k] = p.detach().clone()
    m.float().save_pretrained(a.out + '/adapter'); os.remove(a.out + '/adapter/README.md')
    return E | {'loss': torch.tensor(loss, dtype=torch.float64), 'gradnorm': torch.tensor(size, dtype=torch.float64)}

os.makedirs(a.out + '/types', exist_ok=True); torch.manual_seed(a.seed)
for kind in (T.F32, T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1):
    net = model(kind not in (T.F32, T.Q8_0))
    with torch.no_grad():
        for p in net.parameters():
            if p.dim() == 1: p.add_(torch.randn_like(p) * .1)
    os.makedirs(f'{a.out}/types/{kind.name}', exist_ok=True); path = f'{a.out}/types/{kind.name}/model.gguf'
    decoded = write(path, net, kind)
    st.save_file(decoded, f'{a.out}/types/{kind.name}.safetensors')
    if kind == T.Q8_0:
        net = AutoModelForCausalLM.from_pretrained(f'{a.out}/types/{kind.name}', gguf_file='model.gguf', dtype=torch.float32)
        for k, v in net.state_dict().items(): assert torch.equal(v, decoded[k]), k  # two readers agree
        llama.LlamaRMSNorm.forward, llama.LlamaRotaryEmbedding.forward = norm, rotary
        net = net.double().eval()
        st.save_file(expected(net), f'{a.out}/expected.safetensors'); st.save_file(train(net), f'{a.out}/train.safetensors')
