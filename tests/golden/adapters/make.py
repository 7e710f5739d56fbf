#!/usr/bin/env python3
"""make.py [OUT]: the models of ../bert and ../gpt2 with each kind of adapter hooked in, in double precision.

  bert.safetensors, gpt2.safetensors   for METHOD in adapter-h, -l, -p, -d (the last on two layers: layer 0 dropped):
                                       METHOD/NAME (random values, float32), METHOD/loss, METHOD/grad.NAME (float64)

The batch is that of expected.safetensors beside the model. Rank 5. The adapters are written out here from the papers'
definitions and share nothing with any library of adapters. Needs torch, transformers and safetensors."""
import os, sys, torch, safetensors.torch as st
from torch.nn.functional import cross_entropy, layer_norm, linear, relu, silu
from transformers import BertForSequenceClassification, GPT2LMHeadModel

here = os.path.dirname(os.path.abspath(__file__)); out = sys.argv[1] if len(sys.argv) > 1 else here
R = 5

def adapter(v, name, d, act, norm, eps):
    """A function of u; its parameters go to V under NAME."""
    def new(what, *shape, at=0.):
        v[name + '.adapter.' + what] = p = (at + .3 * torch.randn(*shape)).float().double().requires_grad_()
        return p
    dw, db, uw, ub = new('down.weight', R, d), new('down.bias', R), new('up.weight', d, R), new('up.bias', d)
    g, b = (new('norm.weight', d, at=1.), new('norm.bias', d)) if norm else (None, None)
    return lambda u: linear(act(linear(layer_norm(u, (d,), g, b, eps) if norm else u, dw, db)), uw, ub)

def hook_bert(net, kind, new):
    def end(mod, a, kind, block=None):  # BertSelfOutput and BertOutput in evaluation: LN(dense(x) + input)
        def forward(x, res):
            h = mod.dense(x)
            if kind == 'h': h = h + a(h)
            if kind in 'pd': h = h + a(mod.LayerNorm(h + res))
            y = mod.LayerNorm(h + res)
            return y + a(y) if kind == 'l' else y
        mod.forward = forward
    for i, layer in enumerate(net.bert.encoder.layer):
        at = f'encoder.layer.{i}'
        if kind == 'd' and i == 0: continue
        if kind == 'h': end(layer.attention.output, new(at + '.attention.output'), kind)
        end(layer.output, new(at if kind == 'l' else at + '.output'), kind)

def hook_gpt2(net, kind, new):
    first = lambda o: o[0] if isinstance(o, tuple) else o
    put = lambda o, x: (x,) + tuple(o[1:]) if isinstance(o, tuple) else x
    def own(mod, a):
        mod.register_forward_hook(lambda m, i, o: put(o, first(o) + a(first(o))))
    def summed(block, a):  # the stream is what LayerNorm 2 reads
        seen = {}
        block.ln_2.register_forward_pre_hook(lambda m, i: seen.update(x=i[0]))
        block.mlp.register_forward_hook(lambda m, i, o: o + a(o + seen['x']))
    for i, block in enumerate(net.transformer.h):
        if kind == 'd' and i == 0: continue
        if kind == 'h': own(block.attn, new(f'h.{i}.attn'))
        if kind == 'h': own(block.mlp, new(f'h.{i}.mlp'))
        if kind in 'pd': summed(block, new(f'h.{i}.mlp'))
        if kind == 'l': own(block, new(f'h.{i}'))

def run(name, cls, hook, d, eps):
    E = {}
    for kind in 'hlpd':
        torch.manual_seed(ord(kind))
        x = st.load_file(f'{here}/../{name}/expected.safetensors')
        net = cls.from_pretrained(f'{here}/../{name}', attn_implementation='eager', dtype=torch.float64).eval()
        v = {}
        hook(net, kind, lambda at: adapter(v, at, d, silu if kind == 'h' else relu, kind == 'l', eps))
        mask = (torch.arange(x['ids'].shape[1]) < x['lens'][:, None]).long()
        z = net(input_ids=x['ids'], attention_mask=mask).logits
        loss = cross_entropy(z, x['labels']) if z.dim() == 2 else \
               cross_entropy(z[:, :-1].reshape(-1, z.shape[-1]), x['labels'][:, 1:].reshape(-1))
        loss.backward()
        E |= {f'adapter-{kind}/{k}': p.detach().float() for k, p in v.items()} | {f'adapter-{kind}/loss': loss.detach()}
        E |= {f'adapter-{kind}/grad.{k}': p.grad for k, p in v.items()}
    st.save_file({k: t.contiguous() for k, t in E.items()}, f'{out}/{name}.safetensors')

run('bert', BertForSequenceClassification, hook_bert, 48, 1e-12)
run('gpt2', GPT2LMHeadModel, hook_gpt2, 36, 1e-6)
