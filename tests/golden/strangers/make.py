#!/usr/bin/env python3
"""make.py OUT [--seed S]: small folders as transformers and PEFT write them, and what these compute
from text.

  encoder          BertModel, with the files of sentence-transformers (mean pooling)
  classifier       BertForSequenceClassification, three named labels
  regression       BertForSequenceClassification, one label
  pretraining      BertForPreTraining
  lora rslora dora score    SEQ_CLS adapters of encoder: 3, 3, 3 labels and 1 label
  features         FEATURE_EXTRACTION adapter of encoder
  own              adapter of classifier without modules_to_save
  usual/NAME       SEQ_CLS adapters of encoder with other settings: see USUAL below
  mpnet roberta    MPNetModel, with the files of sentence-transformers (mean pooling), and RobertaForMaskedLM
  mpnet-classifier roberta-classifier   ...ForSequenceClassification, three named labels
  mpnet-KIND roberta-KIND    SEQ_CLS adapters of these with other settings, features without a head
  expected.json    [{model, adapter, what: logit | embedding | hidden, text, pair, values}]

Values are computed in float32. Needs torch, transformers, peft."""
import argparse
import json
import os

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (AutoModel, AutoModelForSequenceClassification, AutoTokenizer, BertConfig,
                          BertForPreTraining, BertForSequenceClassification, BertModel,
                          BertTokenizer, MPNetConfig, MPNetModel, RobertaConfig, RobertaForMaskedLM)

args = argparse.ArgumentParser()
args.add_argument("out")
args.add_argument("--seed", type=int, default=1)
args = args.parse_args()
torch.manual_seed(args.seed)
WORDS = ("[PAD] [UNK] [CLS] [SEP] [MASK] the a good bad cat dog sat on mat it is not very ##s ##ly "
         ". , ? !").split()
TEXTS = [("the good cat", None), ("a very bad dog sat on the mat .", None), ("", None),
         ("Cats , dogs ?", None), ("the cat sat", "it is not bad !")]
expected = []


def path(name):
    return os.path.join(args.out, name)


def config(**more):
    return BertConfig(vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=2,
                      num_attention_heads=2, intermediate_size=12, max_position_embeddings=24,
                      initializer_range=0.4, pad_token_id=0, **more)


def shake(model):
    """Biases, norms and B of LoRA away from their defaults; with an adapter only what it trains."""
    adapted = any("lora_" in name for name, _ in model.named_parameters())
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.requires_grad if adapted else p.dim() == 1:
                p.add_(torch.randn_like(p) * 0.3)
    return model.eval()


def write_json(value, name):
    with open(path(name), "w") as f:
        json.dump(value, f)


def byte_pairs():
    """The bytes as GPT-2 writes them, and two merges."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    chars = [chr(b) for b in keep] + [chr(256 + i) for i in range(256 - len(keep))]
    return ["<s>", "<pad>", "</s>", "<unk>", *chars, "th", "the", "<mask>"], ["t h", "th e"]


def write_tokenizer(name):
    if name.startswith("roberta"):
        pieces, merges = byte_pairs()
        write_json({t: i for i, t in enumerate(pieces)}, name + "/vocab.json")
        with open(path(name + "/merges.txt"), "w") as f:
            f.write("#version: 0.2\n" + "\n".join(merges) + "\n")
        write_json({"tokenizer_class": "RobertaTokenizer"}, name + "/tokenizer_config.json")
        return
    if name.startswith("mpnet"):
        with open(path(name + "/vocab.txt"), "w") as f:
            f.write("\n".join(["<s>", "<pad>", "</s>", "[UNK]"] + WORDS[5:] + ["<mask>"]) + "\n")
        write_json({"tokenizer_class": "MPNetTokenizer"}, name + "/tokenizer_config.json")
        return
    with open(path(name + "/vocab.txt"), "w") as f:
        f.write("\n".join(WORDS) + "\n")
    with open(path(name + "/tokenizer_config.json"), "w") as f:
        json.dump({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}, f)


def save(model, name):
    model.save_pretrained(path(name))
    write_tokenizer(name)
    return model


def expect(net, model, adapter, what):
    tok = AutoTokenizer.from_pretrained(path(model))
    for text, pair in TEXTS:
        x = tok(text, pair, return_tensors="pt")
        with torch.no_grad():
            o = net(**x)
        if what == "logit":
            v = o.logits[0]
        elif what == "hidden":
            v = o.last_hidden_state[0].flatten()
        else:
            v = torch.nn.functional.normalize(o.last_hidden_state[0].mean(0), dim=0)
        expected.append({"model": model, "adapter": adapter, "what": what, "text": text,
                         "pair": pair, "values": [round(t, 7) for t in v.tolist()]})


def adapt(net, name, model, what, **more):
    settings = {"r": 2, "lora_alpha": 6, "target_modules": ["query", "value"], **more}
    net = shake(get_peft_model(net, LoraConfig(**settings)))
    net.save_pretrained(path(name))
    if os.path.exists(path(name + "/README.md")):
        os.remove(path(name + "/README.md"))
    expect(net, model, name, what)


os.makedirs(args.out, exist_ok=True)
encoder = save(shake(BertModel(config())), "encoder")
os.makedirs(path("encoder/1_Pooling"), exist_ok=True)
with open(path("encoder/1_Pooling/config.json"), "w") as f:
    json.dump({"word_embedding_dimension": 8, "pooling_mode_cls_token": False,
               "pooling_mode_mean_tokens": True}, f)
expect(encoder, "encoder", None, "embedding")
expect(encoder, "encoder", None, "hidden")
names = ["anger", "joy", "fear"]
labels = {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}}
classifier = save(shake(BertForSequenceClassification(config(**labels))), "classifier")
expect(classifier, "classifier", None, "logit")
expect(save(shake(BertForSequenceClassification(config(num_labels=1))), "regression"), "regression",
       None, "logit")
pretraining = save(shake(BertForPreTraining(config())), "pretraining")
expect(pretraining.bert, "pretraining", None, "hidden")


def fresh(n):
    return BertForSequenceClassification.from_pretrained(path("encoder"), num_labels=n)


adapt(fresh(3), "lora", "encoder", "logit", task_type=TaskType.SEQ_CLS)
adapt(fresh(3), "rslora", "encoder", "logit", task_type=TaskType.SEQ_CLS, use_rslora=True)
adapt(fresh(3), "dora", "encoder", "logit", task_type=TaskType.SEQ_CLS, use_dora=True)
adapt(fresh(1), "score", "encoder", "logit", task_type=TaskType.SEQ_CLS)
adapt(BertModel.from_pretrained(path("encoder")), "features", "encoder", "embedding",
      task_type=TaskType.FEATURE_EXTRACTION)
adapt(BertForSequenceClassification.from_pretrained(path("classifier")), "own", "classifier",
      "logit")
# Every setting that says which matrices are adapted, and with what rank and scale. PEFT takes the
# first key of a pattern that matches, and saves the keys in alphabetical order.
SIX = ["query", "key", "value", "attention.output.dense", "intermediate.dense",
       r"layer.0.output.dense"]
USUAL = {
    "all-linear": {"target_modules": "all-linear"},
    "all-linear-dora": {"target_modules": "all-linear", "use_dora": True, "use_rslora": True},
    "exclude": {"target_modules": "all-linear", "exclude_modules": ["pooler.dense", "key"]},
    "exclude-regex": {"target_modules": SIX, "exclude_modules": r".*layer\.1\..*(query|dense)"},
    "regex": {"target_modules": r"bert\.encoder\.layer\.\d\.attention\.self\.(query|value)"},
    "every-layer": {"layers_to_transform": [0, 1]},
    "one-layer": {"target_modules": SIX, "layers_to_transform": 1, "layers_pattern": "layer"},
    "whole-names": {"target_modules": ["bert.encoder.layer.0.attention.self.query",
                                       "layer.1.attention.self.value", "pooler.dense"]},
    "patterns": {"target_modules": SIX, "alpha_pattern": {"query": 3, r"layer\.0\.output.dense": 9},
                 "rank_pattern": {r".*1\..*\.(query|value)": 1, "attention.output.dense": 3,
                                  "layer.0.attention.self.query": 4, "query": 5}},
    "patterns-rs": {"use_rslora": True, "rank_pattern": {"value": 5}, "alpha_pattern": {"value": 7}},
    "patterns-dora": {"use_dora": True, "rank_pattern": {"1.attention.self.value": 3},
                      "layers_to_transform": [1], "alpha_pattern": {"query": 0.5}},
    "rsdora": {"use_dora": True, "use_rslora": True, "target_modules": SIX},
    "pooler": {"modules_to_save": ["classifier", "pooler"], "target_modules": "all-linear"},
    "orthogonal": {"init_lora_weights": "orthogonal", "lora_dropout": 0.1},
}
for name, more in USUAL.items():
    adapt(fresh(3), "usual/" + name, "encoder", "logit", task_type=TaskType.SEQ_CLS, **more)

# The same for RoBERTa and MPNet, whose heads have a dense layer.
SHAPE = {"hidden_size": 10, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 12, "max_position_embeddings": 80, "initializer_range": 0.4}
NAMED = {"mpnet": ("attn.q", "attn.o"), "roberta": ("query", "attention.output.dense")}
CONFIG = {"mpnet": MPNetConfig(vocab_size=len(WORDS), **SHAPE),
          "roberta": RobertaConfig(vocab_size=len(byte_pairs()[0]), type_vocab_size=1, **SHAPE)}
for name, kind in ("mpnet", MPNetModel), ("roberta", RobertaForMaskedLM):
    base = save(shake(kind(CONFIG[name])), name)
    expect(base if name == "mpnet" else base.roberta, name, None, "hidden")
    c = CONFIG[name].from_pretrained(path(name), **labels)
    net = shake(AutoModelForSequenceClassification.from_config(c))
    expect(save(net, name + "-classifier"), name + "-classifier", None, "logit")
    for kind, more in {"lora": {}, "linear": {"target_modules": "all-linear"},
                       "dora": {"use_dora": True, "use_rslora": True}}.items():
        adapt(AutoModelForSequenceClassification.from_pretrained(path(name), num_labels=3),
              name + "-" + kind, name, "logit", task_type=TaskType.SEQ_CLS,
              **{"target_modules": list(NAMED[name]), **more})
    adapt(AutoModel.from_pretrained(path(name)), name + "-features", name, "hidden",
          task_type=TaskType.FEATURE_EXTRACTION, target_modules=list(NAMED[name]))
os.makedirs(path("mpnet/1_Pooling"), exist_ok=True)
write_json({"word_embedding_dimension": 10, "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True}, "mpnet/1_Pooling/config.json")
expect(AutoModel.from_pretrained(path("mpnet")), "mpnet", None, "embedding")
with open(path("expected.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(e) for e in expected) + "\n]\n")
