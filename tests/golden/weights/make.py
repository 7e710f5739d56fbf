#!/usr/bin/env python3
"""make.py OUT [--seed S]: one small BertForSequenceClassification in the files that people have it
in. All of them hold the same values, multiples of 1/64 below 4, which every float type represents.

  single        model.safetensors
  sharded       three safetensors files and model.safetensors.index.json
  bin           pytorch_model.bin, protocol 2
  bin_sharded   two files of torch.save and pytorch_model.bin.index.json
  old           pytorch_model.bin, protocol 5: gamma and beta, position_ids, token_type_ids, the
                heads of BertForPreTraining, nn.Parameter, views with offsets and strides of shared
                storages
  types         pytorch_model.bin, protocol 4: F16, BF16, F64
  adapter adapter_bin   a LoRA adapter of it for PEFT, as safetensors and as adapter_model.bin
  view.bin      tensors with strides, offsets, no dimensions, no values, and of every type
  legacy.bin    the format from before PyTorch 1.6
  script.bin    a TorchScript program
  training.bin  a training checkpoint: a state dict under 'model', and a number
  complex.bin   a tensor of complex numbers

Needs torch, transformers, peft, safetensors."""
import argparse
import collections
import os
import shutil
import warnings

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification

warnings.filterwarnings("ignore")
args = argparse.ArgumentParser()
args.add_argument("out")
args.add_argument("--seed", type=int, default=1)
args = args.parse_args()
torch.manual_seed(args.seed)
WORDS = ("[PAD] [UNK] [CLS] [SEP] [MASK] the a good bad cat dog sat on mat it is not very ##s ##ly "
         ". , ? !").split()


def path(name):
    return os.path.join(args.out, name)


def folder(name):
    os.makedirs(path(name), exist_ok=True)
    with open(path(name + "/vocab.txt"), "w") as f:
        f.write("\n".join(WORDS) + "\n")
    if name != "single":
        shutil.copy(path("single/config.json"), path(name))


def coarse(x):
    return torch.clamp(torch.round(x * 64), -255, 255) / 64


net = BertForSequenceClassification(BertConfig(
    vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=12, max_position_embeddings=16, initializer_range=0.4, pad_token_id=0,
    num_labels=3)).eval()
with torch.no_grad():
    for name, p in net.named_parameters():
        p.copy_(coarse(p + torch.randn_like(p) * 0.3 if p.dim() == 1 else p))
state = net.state_dict()

folder("single")
net.save_pretrained(path("single"))
folder("sharded")
net.save_pretrained(path("sharded"), max_shard_size=1600)
folder("bin")
torch.save(state, path("bin/pytorch_model.bin"))

folder("bin_sharded")
names = list(state)
halves = [names[:9], names[9:]]
files = ["pytorch_model-0000%d-of-00002.bin" % (i + 1) for i in range(2)]
for half, file in zip(halves, files):
    torch.save({n: state[n] for n in half}, path("bin_sharded/" + file))
with open(path("bin_sharded/pytorch_model.bin.index.json"), "w") as f:
    f.write('{"metadata": {"total_size": 1}, "weight_map": {%s}}\n' % ", ".join(
        '"%s": "%s"' % (n, file) for half, file in zip(halves, files) for n in half))

folder("old")
old = collections.OrderedDict()
shared = torch.cat([state["bert.encoder.layer.0.attention.self.%s.bias" % m]
                    for m in ("query", "key", "value")])
for n, x in state.items():
    if n.endswith("dense.weight"):
        x = x.t().contiguous().t()  # stored transposed
    if n.endswith("position_embeddings.weight"):
        x = torch.cat([torch.ones(3, x.shape[1]), x])[3:]  # an offset in its storage
    for i, m in enumerate(("query", "key", "value")):
        if n.endswith("self.%s.bias" % m):
            x = shared[8 * i:8 * i + 8]
    n = n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    old[n] = torch.nn.Parameter(x) if n.endswith("gamma") else x
old["bert.embeddings.position_ids"] = torch.arange(16).expand((1, -1))
old["bert.embeddings.token_type_ids"] = torch.zeros(1, 16, dtype=torch.int64)
old["cls.predictions.bias"] = torch.zeros(len(WORDS))
old["cls.predictions.decoder.weight"] = old["bert.embeddings.word_embeddings.weight"]
old["cls.seq_relationship.weight"] = torch.zeros(2, 8)
torch.save(old, path("old/pytorch_model.bin"), pickle_protocol=5)

folder("types")
kinds = [torch.float16, torch.bfloat16, torch.float64]
torch.save({n: x.to(kinds[i % 3]) for i, (n, x) in enumerate(state.items())},
           path("types/pytorch_model.bin"), pickle_protocol=4)

peft = get_peft_model(net, LoraConfig(r=2, lora_alpha=4, target_modules=["query", "value"],
                                      task_type="SEQ_CLS", base_model_name_or_path="single"))
with torch.no_grad():
    for name, p in peft.named_parameters():
        if "lora_" in name:
            p.copy_(torch.randn_like(p) * 0.3)
peft.save_pretrained(path("adapter"))
os.makedirs(path("adapter_bin"), exist_ok=True)
shutil.copy(path("adapter/adapter_config.json"), path("adapter_bin"))
os.remove(path("adapter/README.md"))
torch.save(load_file(path("adapter/adapter_model.safetensors")),
           path("adapter_bin/adapter_model.bin"))

base = torch.arange(24.0).reshape(4, 6)
view = collections.OrderedDict(
    plain=base, transposed=base.t(), column=base[:, 2], row=base[1], block=base[1:3, 2:5],
    expanded=torch.tensor([5.0]).expand(2, 3), permuted=torch.arange(24.0).reshape(2, 3, 4)
    .permute(2, 0, 1), scalar=torch.tensor(7.0), empty=torch.zeros(0, 3),
    f16=torch.tensor([1.5, -2], dtype=torch.float16),
    bf16=torch.tensor([1.5, -2], dtype=torch.bfloat16),
    f64=torch.tensor([1.5, -2], dtype=torch.float64), i64=torch.tensor([1, -2]),
    i32=torch.tensor([1, -2], dtype=torch.int32), i16=torch.tensor([1, -2], dtype=torch.int16),
    i8=torch.tensor([1, -2], dtype=torch.int8), u8=torch.tensor([1, 2], dtype=torch.uint8),
    bool=torch.tensor([True, False]))
torch.save(view, path("view.bin"))
save_file({n: x.contiguous().clone() for n, x in view.items()}, path("view.safetensors"))
torch.save({"w": base}, path("legacy.bin"), _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), path("script.bin"))
torch.save({"epoch": 3, "model": {"w": base}}, path("training.bin"))
torch.save({"c": torch.zeros(2, dtype=torch.complex64)}, path("complex.bin"))
