#!/usr/bin/env python3
"""make.py: what the three prefix methods compute, in double precision, into expected.safetensors beside this file.

  bert.METHOD   on ../bert with its ids: BERT written out below by the methods' definitions (Hu et al. 2021, sec. 5.1;
                Li & Liang 2021, sec. 4), checked against the logits that transformers computed without a method
  gpt2.embed, gpt2.layer   on ../gpt2: transformers with inputs_embeds, and with hooks that overwrite rows
  gpt2.kv       on ../gpt2: PEFT's PrefixTuning. It shifts the positions of tokens by the prefix, which the definition does
                not; so its model gets the table of positions shifted back. (On BERT this PEFT refuses: transformers 5's
                BERT takes no past_key_values.)

For each: values and gradients of what trains (NAME, grad.NAME), logits (out), loss; of bert.METHOD all but the values for
each pooling. The values are exact in float32.
Needs torch, transformers, peft and safetensors."""
import os, torch, safetensors.torch as st, torch.nn.functional as F
from transformers import GPT2LMHeadModel
from peft import PrefixTuningConfig, get_peft_model

here = os.path.dirname(os.path.abspath(__file__)); torch.manual_seed(3)
LP, LI, WIDTH = 5, 3, 16
E = {}
def new(*shape, by=.5): return (torch.randn(*shape) * by).double().requires_grad_()
def keep(name, params, loss, out, case=''):
    for p in params.values(): p.grad = None
    loss.backward(retain_graph=True)
    E.update({f'{name}{case}.loss': loss, f'{name}{case}.out': out})
    for k, p in params.items(): E.update({f'{name}.{k}': p.float(), f'{name}{case}.grad.{k}': p.grad.clone()})

# --- BERT
W = {k: v.double() for k, v in st.load_file(here + '/../bert/model.safetensors').items()}
G = st.load_file(here + '/../bert/expected.safetensors')
L, d, H = 2, W['bert.pooler.dense.bias'].shape[0], 4
lin = lambda x, n: x @ W[n + '.weight'].T + W[n + '.bias']
ln = lambda x, n: F.layer_norm(x, (d,), W[n + '.weight'], W[n + '.bias'], 1e-12)
heads = lambda x: x.view(len(x), H, d // H).transpose(0, 1)
def bert(ids, rows=None, lp=0, over=None, mem=None):
    """Hidden states of one sequence's own tokens. ROWS: embeddings to insert, LP of them after the first token and the rest
    at the end; OVER: what overwrites them after each block but the last; MEM [L, 2, l_p, d]: keys and values."""
    e = W['bert.embeddings.word_embeddings.weight'][ids]
    n = 0 if rows is None else len(rows)
    if n: e = torch.cat([e[:1], rows[:lp], e[1:], rows[lp:]])
    T = len(e); at = list(range(1, 1 + lp)) + list(range(T - n + lp, T)) if n else []
    own = [i for i in range(T) if i not in at]
    x = ln(e + W['bert.embeddings.position_embeddings.weight'][:T] + W['bert.embeddings.token_type_embeddings.weight'][0],
           'bert.embeddings.LayerNorm')
    for i in range(L):
        p = f'bert.encoder.layer.{i}.'
        q, k, v = (lin(x, p + 'attention.self.' + s) for s in ('query', 'key', 'value'))
        if mem is not None: k, v = torch.cat([mem[i, 0], k]), torch.cat([mem[i, 1], v])
        a = (heads(q) @ heads(k).transpose(1, 2) / (d // H) ** .5).softmax(-1) @ heads(v)
        y = ln(x + lin(a.transpose(0, 1).reshape(T, d), p + 'attention.output.dense'), p + 'attention.output.LayerNorm')
        x = ln(y + lin(F.gelu(lin(y, p + 'intermediate.dense')), p + 'output.dense'), p + 'output.LayerNorm')
        if over is not None and i < L - 1:
            x = x.clone(); x[at] = over[i]
    return x[own]
def logits(pooling, **kw):
    h = [bert(G['ids'][s, :n], **kw) for s, n in enumerate(G['lens'])]
    z = torch.stack([torch.tanh(lin(x[0], 'bert.pooler.dense')) if pooling == 'cls' else x.mean(0) for x in h])
    return z @ head['classifier.weight'].T + head['classifier.bias']
head = {k: W[k].requires_grad_() for k in ('classifier.weight', 'classifier.bias')}
assert (logits('cls') - G['logits']).abs().max() < 1e-12
def mlp(P): return torch.tanh(F.linear(P['prefix.embedding.weight'], P['prefix.transform.0.weight'], P['prefix.transform.0.bias'])) \
    @ P['prefix.transform.2.weight'].T + P['prefix.transform.2.bias']
def params(method, d, L, n):
    if method != 'kv':
        P = {'prefix.embedding.weight': new(n, d)}
        return P | {f'prefix.layer.{i}.weight': new(n, d) for i in range(L - 1) if method == 'layer'}
    return {'prefix.embedding.weight': new(n, d), 'prefix.transform.0.weight': new(WIDTH, d, by=.2), 'prefix.transform.0.bias': new(WIDTH),
            'prefix.transform.2.weight': new(2 * L * d, WIDTH), 'prefix.transform.2.bias': new(2 * L * d)}
for method in ('embed', 'layer', 'kv'):
    P = params(method, d, L, LP if method == 'kv' else LP + LI)
    rows = dict(rows=P['prefix.embedding.weight'], lp=LP)
    for pooling in ('cls', 'mean'):
        kw = dict(mem=mlp(P).view(LP, L, 2, d).permute(1, 2, 0, 3)) if method == 'kv' else rows
        if method == 'layer': kw = rows | dict(over=[P[f'prefix.layer.{i}.weight'] for i in range(L - 1)])
        z = logits(pooling, **kw)
        keep('bert.' + method, P | head, F.cross_entropy(z, G['labels']), z, '.' + pooling)

# --- GPT-2: every token but the last predicts the next one; the mean over them
lens = [11, 1, 6]; ids = [torch.randint(0, 101, (n,)) for n in lens]
E |= {'gpt2.ids': torch.cat(ids), 'gpt2.lens': torch.tensor(lens)}
def nll(z): return sum(F.cross_entropy(x[:-1], i[1:], reduction='sum') for x, i in zip(z, ids) if len(i) > 1) / sum(n - 1 for n in lens)
net = GPT2LMHeadModel.from_pretrained(here + '/../gpt2', attn_implementation='eager').double().eval()
for p in net.parameters(): p.requires_grad_(False)
d, L = net.config.n_embd, net.config.n_layer
for method in ('embed', 'layer'):
    P = params(method, d, L, LP)
    def overwrite(i):
        def hook(_, __, out):
            x = (out if torch.is_tensor(out) else out[0]).clone(); x[:, :LP] = P[f'prefix.layer.{i}.weight']
            return x if torch.is_tensor(out) else (x,) + out[1:]
        return hook
    hooks = [net.transformer.h[i].register_forward_hook(overwrite(i)) for i in range(L - 1) if method == 'layer']
    z = [net(inputs_embeds=torch.cat([P['prefix.embedding.weight'], net.transformer.wte(i)])[None]).logits[0, LP:] for i in ids]
    for h in hooks: h.remove()
    keep('gpt2.' + method, P, nll(z), torch.cat(z))
pm = get_peft_model(net, PrefixTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=LP, prefix_projection=True,
                                            encoder_hidden_size=WIDTH)).double().eval()
wpe = net.transformer.wpe.weight.data; wpe[LP:] = wpe[:-LP].clone()
P = params('kv', d, L, LP)
theirs = {k.replace('prompt_encoder.default', 'prefix'): p for k, p in pm.named_parameters() if p.requires_grad}
assert set(theirs) == set(P)
for k, p in theirs.items(): p.data.copy_(P[k])
z = [pm(input_ids=i[None], attention_mask=torch.ones(1, len(i))).logits[0] for i in ids]
keep('gpt2.kv', theirs, nll(z), torch.cat(z))
st.save_file({k: v.detach().clone().contiguous() for k, v in E.items()}, here + '/expected.safetensors')
