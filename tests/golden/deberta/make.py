#!/usr/bin/env python3
"""make.py OUT [--seed S]: random DeBERTa models saved by transformers, LoRA adapters saved by PEFT, and what PyTorch
computes with them in double precision. Heads of 9 values, 3 layers, and each of these configurations once:

  v2      convolution of width 5, 6 buckets, positions through the projections of queries and keys
  v3      without convolution, 8 buckets; heads of the pretraining tasks, and their table of positions, in the file
  own     positions with projections of their own and a row for each distance; absolute positions and token types as
          well; no LayerNorm of the table
  c2p     one term; a table shorter than the texts, so that far distances share its last rows
  p2c     the other term, with absolute positions and token types

  NAME/config.json, model.safetensors, adapter/      as transformers and PEFT write them (float32); r 3, alpha 6
  NAME/expected.safetensors   ids [n,T], type_ids, lens, labels [n]; hidden, logits, loss (base); logits_lora, loss_lora,
                              grad.NAME (with the adapter); adamw.NAME after 3 steps (lr 1e-2, weight decay 0.1)
  NAME/grad_full.safetensors  gradients of every base parameter without the adapter
transformers takes the root of the scale, and the loss, in float32, whatever the model is. They are written out here in
float64, so that the numbers are exact to 1e-12.
Needs torch, transformers, peft and safetensors (written with torch 2.15, transformers 5.24, peft 0.21)."""
import argparse, os, shutil, torch, safetensors.torch as st
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification
from transformers.models.deberta_v2 import modeling_deberta_v2 as deberta
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

ap = argparse.ArgumentParser()
ap.add_argument('out'); ap.add_argument('--seed', type=int, default=1)
a = ap.parse_args()
V, d, h, L, f, P, C = 61, 36, 4, 3, 40, 37, 3
deberta.scaled_size_sqrt = lambda q, n: torch.sqrt(torch.tensor(q.size(-1) * n, dtype=torch.float64))
usual = dict(relative_attention=True, norm_rel_ebd='layer_norm', share_att_key=True, pos_att_type=['p2c', 'c2p'],
             position_biased_input=False, max_relative_positions=-1, type_vocab_size=0)
kinds = {
    'v2': usual | dict(conv_kernel_size=5, conv_act='tanh', position_buckets=6),
    'v3': usual | dict(position_buckets=8),
    'own': usual | dict(share_att_key=False, position_biased_input=True, type_vocab_size=2, norm_rel_ebd='none'),
    'c2p': usual | dict(pos_att_type=['c2p'], max_relative_positions=11, pooler_hidden_act='tanh'),
    'p2c': usual | dict(pos_att_type=['p2c'], position_biased_input=True, type_vocab_size=2, max_relative_positions=11),
}
targets = {'v2': ['query_proj', 'key_proj', 'value_proj', 'intermediate.dense'], 'v3': ['query_proj', 'value_proj'],
           'own': ['query_proj', 'value_proj', 'attention.output.dense'], 'c2p': ['key_proj'],
           'p2c': ['query_proj', 'key_proj']}
lens = [17, 5, 1, 31]; n, T = len(lens), max(lens)

def make(name):
    out = a.out + '/' + name; shutil.rmtree(out, ignore_errors=True); os.makedirs(out + '/adapter'); torch.manual_seed(a.seed)
    cfg = DebertaV2Config(vocab_size=V, hidden_size=d, num_hidden_layers=L, num_attention_heads=h, intermediate_size=f,
                          max_position_embeddings=P, hidden_dropout_prob=0., attention_probs_dropout_prob=0.,
                          initializer_range=.2, num_labels=C, pooler_hidden_size=d, **kinds[name])
    net = DebertaV2ForSequenceClassification(cfg).eval()
    with torch.no_grad():  # biases and norms away from their defaults
        for p in net.parameters():
            if p.dim() == 1: p.add_(torch.randn_like(p) * .1)
    net.save_pretrained(out)
    if name == 'v3':  # what pretraining leaves in such files
        s = st.load_file(out + '/model.safetensors')
        for k in ('dense.weight', 'dense.bias', 'LayerNorm.weight', 'LayerNorm.bias', 'classifier.weight', 'classifier.bias'):
            s['mask_predictions.' + k] = torch.randn(4)
        s['lm_predictions.lm_head.bias'] = torch.randn(V)
        s['deberta.embeddings.position_embeddings.weight'] = torch.randn(P, d)
        st.save_file(s, out + '/model.safetensors', metadata={'format': 'pt'})
    ids = torch.zeros(n, T, dtype=torch.long); mask = torch.zeros(n, T, dtype=torch.long); types = torch.zeros(n, T, dtype=torch.long)
    for i, l in enumerate(lens): ids[i, :l] = torch.randint(3, V, (l,)); mask[i, :l] = 1; types[i, l // 2:l] = kinds[name]['type_vocab_size'] > 0
    labels = torch.randint(0, C, (n,))
    def forward(net):
        o = net(input_ids=ids, attention_mask=mask, token_type_ids=types, output_hidden_states=True)
        o.loss = torch.nn.functional.cross_entropy(o.logits, labels)
        return o
    E = dict(ids=ids, lens=torch.tensor(lens), labels=labels) | (dict(type_ids=types) if types.any() else {})
    net = net.double(); o = forward(net); o.loss.backward()
    E |= dict(hidden=o.hidden_states[-1] * mask[..., None], logits=o.logits, loss=o.loss)
    st.save_file({k: p.grad.contiguous() for k, p in net.named_parameters() if p.grad is not None}, out + '/grad_full.safetensors')
    for p in net.parameters(): p.grad = None
    pm = get_peft_model(net, LoraConfig(r=3, lora_alpha=6, lora_dropout=0., target_modules=targets[name], modules_to_save=['classifier'])).double()
    with torch.no_grad():
        for k, p in pm.named_parameters():
            if 'lora_B' in k: p.copy_((torch.randn_like(p) * .1).float().double())
            elif p.requires_grad: p.copy_(p.float().double())
    pm.save_pretrained(out + '/adapter')
    if os.path.exists(out + '/adapter/README.md'): os.remove(out + '/adapter/README.md')
    st.save_file({k: v.float().contiguous() for k, v in get_peft_model_state_dict(pm).items()}, out + '/adapter/adapter_model.safetensors',
                 metadata={'format': 'pt'})
    short = lambda k: k.replace('.default', '').replace('.modules_to_save', '')
    tr = [(short(k), p) for k, p in pm.named_parameters() if p.requires_grad]
    opt = torch.optim.AdamW([p for _, p in tr], lr=1e-2, betas=(.9, .999), eps=1e-8, weight_decay=.1)
    for s in range(3):
        o = forward(pm); opt.zero_grad(); o.loss.backward()
        if s == 0:
            E |= dict(logits_lora=o.logits.clone(), loss_lora=o.loss.clone()) | {'grad.' + k: p.grad.clone() for k, p in tr}
        opt.step()
    E |= {'adamw.' + k: p.clone() for k, p in tr}
    st.save_file({k: v.detach().clone().contiguous() for k, v in E.items()}, out + '/expected.safetensors')

for name in kinds: make(name)
