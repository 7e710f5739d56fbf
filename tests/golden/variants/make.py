#!/usr/bin/env python3
"""make.py BERT OUT: PEFT's LoRA-type methods on the random BERT of ../bert, in double precision.

  expected.safetensors   ids [n,T], lens, labels; for each method M: M.logits, M.loss, M.param.NAME (float32 numbers in
                         every tensor of the adapter, none at its initial value), M.grad.NAME of those that train; more
                         where a method does more than a forward and a backward pass (see below)
  adapters/M/            what PEFT's save_pretrained writes of those whose folders are read here
lora-plus: M.step.NAME after two steps of PEFT's optimiser, learning rate 1e-3, weight decay 0.1. pissa: lora_A0 and lora_B0, the factors as
PEFT drew them from W (float32), and M.delta.NAME, their product; the passes are with other factors over W - s B0 A0. adalora: loss and
gradients hold the regulariser; M.reg.NAME is its gradient alone; M.importance.NAME and M.lambda.NAME are PEFT's RankAllocator's
after the gradients of 1, 2 and 3 times the loss and the regulariser at steps 1, 2 and 3, of which the third allocates.
Versions: python 3.11.7, torch 2.15.0, transformers 5.24.0, peft 0.21.2.
Needs torch, transformers, peft and safetensors."""
import sys, os, torch, safetensors.torch as st, warnings
from transformers import BertForSequenceClassification
from peft import LoraConfig, VeraConfig, IA3Config, AdaLoraConfig, get_peft_model
from peft.optimizers import create_loraplus_optimizer
warnings.filterwarnings('ignore')

bert, out = sys.argv[1:]
os.makedirs(out, exist_ok=True)
lens = [13, 1, 7]; T = max(lens); n = len(lens)
torch.manual_seed(7)
ids = torch.zeros(n, T, dtype=torch.long); mask = torch.zeros_like(ids)
for i, l in enumerate(lens): ids[i, :l] = torch.randint(3, 96, (l,)); mask[i, :l] = 1
labels = torch.tensor([0, 2, 1])
x = dict(input_ids=ids, attention_mask=mask, labels=labels)
E = dict(ids=ids.int(), lens=torch.tensor(lens).int(), labels=labels.int())

# Names as they are in an adapter's file.
def short(k):
    k = k.replace('.default', '').replace('.modules_to_save', '').replace('base_model.model.', '')
    return k[k.rindex('.') + 1:] if k.endswith(('.vera_A', '.vera_B')) else k
def wanted(k): return any(s in k for s in ('lora_', 'vera_', 'ia3_')) and 'ranknum' not in k or '.modules_to_save.' in k

def make(method, cfg, fill=True):
    torch.manual_seed(11)
    net = BertForSequenceClassification.from_pretrained(bert, attn_implementation='eager').eval()
    pm = get_peft_model(net, cfg).double().eval()
    named = [(short(k), p) for k, p in list(pm.named_parameters()) + list(pm.named_buffers()) if wanted(k)]
    seen = set(); named = [(k, p) for k, p in named if not (id(p) in seen or seen.add(id(p)))]
    with torch.no_grad():
        for k, p in named:
            if not fill: p.copy_(p.float().double()); continue
            v = torch.randn_like(p)
            size = .4 if 'vera_' in k else .1
            p.copy_((p * (1 + v * .1) if 'magnitude' in k else v * size + ('ia3_' in k)).float().double())
    for k, p in named: E[f'{method}.param.{k}'] = p.detach().float()
    return pm, named

def passes(method, pm, named):
    o = pm.base_model(**x); o.loss.backward()  # AdaLoRA's adds the regulariser
    E[f'{method}.logits'], E[f'{method}.loss'] = o.logits.detach(), o.loss.detach().reshape(1)
    for k, p in named:
        if p.requires_grad: E[f'{method}.grad.{k}'] = p.grad.clone()

def save(method, pm):
    d = f'{out}/adapters/{method}'
    pm.save_pretrained(d)
    os.remove(d + '/README.md')
    path = d + '/adapter_model.safetensors'
    st.save_file({k: v.float().contiguous() for k, v in st.load_file(path).items()}, path, metadata={'format': 'pt'})

common = dict(r=3, lora_alpha=6, lora_dropout=0., modules_to_save=['classifier'])
qv, mixed = ['query', 'value'], ['query', 'key', 'attention.output.dense', 'intermediate.dense']

for method, cfg in dict(rslora=LoraConfig(**common, target_modules=qv, use_rslora=True),
                        dora=LoraConfig(**common, target_modules=mixed, use_dora=True)).items():
    pm, named = make(method, cfg); passes(method, pm, named); save(method, pm)

pm, named = make('lora-fa', LoraConfig(**common, target_modules=mixed))
for k, p in named:
    if 'lora_A' in k: p.requires_grad_(False)
passes('lora-fa', pm, named)

pm, named = make('lora-plus', LoraConfig(**common, target_modules=qv))
opt = create_loraplus_optimizer(pm, torch.optim.AdamW, lr=1e-3, loraplus_lr_ratio=16., weight_decay=.1)
bias = next(p for k, p in named if k == 'classifier.bias')  # PEFT gives every vector B's rate; the head has A's here
for group in opt.param_groups:
    group['weight_decay'] = .1; group['params'] = [p for p in group['params'] if p is not bias]
opt.param_groups[0]['params'].append(bias)
for s in range(2):
    for _, p in named: p.grad = None
    if s == 0: passes('lora-plus', pm, named)
    else: pm(**x).loss.backward()
    opt.step()
for k, p in named: E['lora-plus.step.' + k] = p.detach().clone()

pm, named = make('pissa', LoraConfig(**common, target_modules=qv, init_lora_weights='pissa'), fill=False)
for k, m in pm.named_modules():
    if hasattr(m, 'lora_A') and 'layer.0' in k:
        E['pissa.delta.' + short(k) + '.weight'] = m.get_delta_weight('default').detach().clone()

# The same again with W exact in float64 and moved factors, as the residual is defined: W - s B0 A0.
first = {k: p.detach().clone() for k, p in named}
with torch.no_grad():
    plain = BertForSequenceClassification.from_pretrained(bert).double().state_dict()
    for k, m in pm.named_modules():
        if hasattr(m, 'lora_A'): m.base_layer.weight.copy_(plain[short(k) + '.weight'] - m.get_delta_weight('default'))
    for k, p in named:
        E['pissa.param.' + k.replace('.weight', '0.weight')] = first[k].float()
        p.add_(torch.randn_like(p).mul(.1).float().double()); p.copy_(p.float().double()); E['pissa.param.' + k] = p.float()
passes('pissa', pm, named)

pm, named = make('vera', VeraConfig(r=5, target_modules=mixed, modules_to_save=['classifier'], save_projection=True))
passes('vera', pm, named)

pm, named = make('ia3', IA3Config(target_modules=['key', 'value', r'layer.0.output.dense', r'layer.1.output.dense'],
                                  feedforward_modules=[r'layer.0.output.dense', r'layer.1.output.dense'],
                                  modules_to_save=['classifier']))
passes('ia3', pm, named)

ada = AdaLoraConfig(init_r=4, target_r=2, tinit=2, tfinal=3, deltaT=1, total_step=10, lora_alpha=6, lora_dropout=0.,
                    orth_reg_weight=.5, target_modules=mixed, modules_to_save=['classifier'])
pm, named = make('adalora', ada); passes('adalora', pm, named)
for _, p in named: p.grad = None
plain_loss = pm.base_model.model(**x).loss; (pm.base_model(**x).loss - plain_loss).backward()
for k, p in named: E['adalora.reg.' + k] = torch.zeros_like(p) if p.grad is None else p.grad.clone()
alloc = pm.base_model.rankallocator
for step in range(1, 4):
    for _, p in named: p.grad = None
    (pm.base_model(**x).loss + (step - 1) * pm.base_model.model(**x).loss).backward()
    pm.base_model.update_and_allocate(step)
for k, p in pm.named_parameters():
    if 'layer.0' in k and 'lora_' in k and 'ranknum' not in k:
        E['adalora.importance.' + short(k)] = alloc._element_score(k.replace('base_model.model.', '')).clone()
    if 'lora_E' in k: E['adalora.lambda.' + short(k)] = p.detach().clone()

st.save_file({k: v.detach().clone().contiguous() for k, v in E.items()}, out + '/expected.safetensors')
